//! The log's bucket: C2SP tlog-tiles.

use super::objects::Objects;
use workflow::ports::{CheckpointFound, Fault, LogObjects, Put};

/// Where the newest checkpoint is.
const CHECKPOINT: &str = "checkpoint";

/// The longest tile, in bytes: a bundle of 256 entries of 65,535 bytes with two bytes before each. Source: C2SP tlog-tiles.
const LONGEST_TILE: usize = 256 * (65_535 + 2);

/// The longest checkpoint that is read, in bytes; one with some signatures has some hundreds.
pub(super) const LONGEST_NOTE: usize = 64 * 1024;

/// The log's bucket.
#[derive(Debug, Clone)]
pub struct LogBucket(Objects);

impl LogBucket {
    /// The bucket `name`.
    pub(crate) fn new(client: aws_sdk_s3::Client, name: &str) -> Self {
        Self(Objects::new(client, name))
    }
}

impl LogObjects for LogBucket {
    async fn tile(&self, path: &str) -> Result<Option<Vec<u8>>, Fault> {
        Ok(self.0.get(path, LONGEST_TILE).await?.map(|found| found.bytes))
    }

    async fn put_tile(&self, path: &str, bytes: &[u8]) -> Result<Put, Fault> {
        self.0.put(path, bytes, None).await
    }

    async fn checkpoint(&self) -> Result<Option<CheckpointFound>, Fault> {
        let Some(found) = self.0.get(CHECKPOINT, LONGEST_NOTE).await? else { return Ok(None) };
        let note = text(found.bytes)?;
        Ok(Some(CheckpointFound { note, version: found.version }))
    }

    async fn put_checkpoint(&self, note: &str, instead_of: Option<&str>) -> Result<bool, Fault> {
        Ok(self.0.put(CHECKPOINT, note.as_bytes(), instead_of).await? == Put::Written)
    }
}

/// A note is text.
pub(super) fn text(bytes: Vec<u8>) -> Result<String, Fault> {
    String::from_utf8(bytes).map_err(|_| Fault::new("read a checkpoint", "unreadable"))
}
