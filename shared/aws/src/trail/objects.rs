//! Files of a trail, in S3.

use crate::fault::fault;
use aws_sdk_s3::Client;
use aws_sdk_s3::operation::get_object::GetObjectError;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write as _;
use workflow::ports::{Fault, KeepCopies, ObjectFacts, ReadObject, TakeBytes};

const READ: &str = "read a file of the trail";
const COPY: &str = "keep a copy of records";

/// How often the rest of an object is asked for after its stream broke.
const ATTEMPTS: u32 = 4;

/// Objects of S3.
#[derive(Debug, Clone)]
pub struct Objects {
    client: Client,
    copies: Option<String>,
}

impl Objects {
    /// Objects of the Region and account of `client`; copies go into the bucket `copies`, if there is one.
    pub(crate) fn new(client: Client, copies: Option<String>) -> Self {
        Self { client, copies }
    }
}

impl KeepCopies for Objects {
    async fn keep_copy(&self, name: &str, text: &[u8]) -> Result<(), Fault> {
        let Some(bucket) = &self.copies else { return Ok(()) };
        let unwritable = |_| Fault::new(COPY, "unwritable");
        let mut packed = GzEncoder::new(Vec::new(), Compression::default());
        packed.write_all(text).map_err(unwritable)?;
        let body = packed.finish().map_err(unwritable)?.into();
        let put = self.client.put_object().bucket(bucket).key(name).content_type("application/gzip").body(body).send();
        put.await.map(|_| ()).map_err(|error| fault(COPY, &error))
    }
}

impl ReadObject for Objects {
    async fn read_object<T: TakeBytes>(
        &self,
        bucket: &str,
        key: &str,
        take: &mut T,
    ) -> Result<Option<ObjectFacts>, Fault> {
        let mut read: u64 = 0;
        let mut version: Option<String> = None;
        let mut last = Fault::new(READ, "stream_broken");
        for _ in 0..ATTEMPTS {
            let mut get = self.client.get_object().bucket(bucket).key(key);
            if read > 0 {
                // The same bytes go on, or none: an object that was replaced meanwhile is another one.
                get = get.range(format!("bytes={read}-")).set_if_match(version.clone());
            }
            let mut object = match get.send().await {
                Ok(object) => object,
                Err(error) => {
                    let gone = |error: &GetObjectError| error.is_no_such_key();
                    return if error.as_service_error().is_some_and(gone) {
                        Ok(None)
                    } else {
                        Err(fault(READ, &error))
                    };
                }
            };
            version = object.e_tag.take();
            let metadata = object.metadata.take().unwrap_or_default();
            let facts = ObjectFacts {
                metadata: metadata.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect(),
            };
            loop {
                match object.body.next().await {
                    None => return Ok(Some(facts)),
                    Some(Ok(piece)) => {
                        read = read.saturating_add(u64::try_from(piece.len()).unwrap_or(u64::MAX));
                        if !take.take(&piece).await? {
                            return Ok(Some(facts));
                        }
                    }
                    Some(Err(error)) => {
                        tracing::warn!(s3.bucket = bucket, s3.key = key, error = %error, read,
                            "the stream of an object broke after {read} bytes; the rest is asked for");
                        last = Fault::new(READ, "stream_broken");
                        break;
                    }
                }
            }
        }
        Err(last)
    }
}
