//! The bucket that checkpoints are anchored in, from the log's side.

use super::bucket::LONGEST_NOTE;
use super::objects::Objects;
use workflow::ports::{Anchors, Fault, Put};

/// The bucket that nobody can take anything out of.
#[derive(Debug, Clone)]
pub struct AnchorBucket(Objects);

impl AnchorBucket {
    /// The bucket `name`, of our own account or another one.
    pub(crate) fn new(client: aws_sdk_s3::Client, name: &str) -> Self {
        Self(Objects::new(client, name))
    }
}

impl Anchors for AnchorBucket {
    async fn put_anchor(&self, key: &str, bytes: &[u8]) -> Result<Put, Fault> {
        self.0.put(key, bytes, None).await
    }

    async fn anchored(&self, key: &str) -> Result<Option<Vec<u8>>, Fault> {
        Ok(self.0.get(key, LONGEST_NOTE).await?.map(|found| found.bytes))
    }
}
