//! A bucket to be copied: what is in it, and what that is.

use super::objects::Objects;
use crate::fault::fault;
use aws_sdk_s3::Client;
use workflow::ports::{Fault, Page};

const LIST: &str = "list objects";

/// A bucket, read only.
#[derive(Debug, Clone)]
pub struct SourceBucket {
    client: Client,
    bucket: String,
    objects: Objects,
}

impl SourceBucket {
    /// The bucket `name`.
    pub(crate) fn new(client: Client, name: &str) -> Self {
        Self { objects: Objects::new(client.clone(), name), client, bucket: name.to_owned() }
    }

    /// Keys that begin with `prefix`, in order, page by page.
    ///
    /// # Errors
    /// If S3 does not answer.
    pub async fn keys(&self, prefix: &str, cursor: Option<&str>) -> Result<Page<String>, Fault> {
        let list = self.client.list_objects_v2().bucket(&self.bucket).prefix(prefix);
        let list = list.set_continuation_token(cursor.map(str::to_owned));
        let mut answer = list.send().await.map_err(|error| fault(LIST, &error))?;
        let keys = answer.contents.take().unwrap_or_default();
        Ok(Page {
            items: keys.into_iter().filter_map(|object| object.key).collect(),
            cursor: answer.next_continuation_token,
        })
    }

    /// The object at `key`, of at most `longest` bytes.
    ///
    /// # Errors
    /// If S3 does not answer, or it is longer (`too_long`).
    pub async fn object(&self, key: &str, longest: usize) -> Result<Option<Vec<u8>>, Fault> {
        Ok(self.objects.get(key, longest).await?.map(|found| found.bytes))
    }
}
