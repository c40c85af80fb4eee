//! The bucket that checkpoints are anchored in, from the witness's side.

use super::bucket::{LONGEST_NOTE, text};
use super::objects::Objects;
use workflow::ports::{CheckpointFound, Fault, Put, Submissions};

/// Where the witness keeps what it cosigned last. Every earlier version of it stays.
const MEMORY: &str = "witness/checkpoint";

/// What a witness is asked, what it remembers, and where it answers.
#[derive(Debug, Clone)]
pub struct WitnessBucket(Objects);

impl WitnessBucket {
    /// The bucket `name`.
    pub(crate) fn new(client: aws_sdk_s3::Client, name: &str) -> Self {
        Self(Objects::new(client, name))
    }
}

impl Submissions for WitnessBucket {
    async fn submission(&self, key: &str) -> Result<Option<Vec<u8>>, Fault> {
        Ok(self.0.get(key, LONGEST_NOTE).await?.map(|found| found.bytes))
    }

    async fn remembered(&self) -> Result<Option<CheckpointFound>, Fault> {
        let Some(found) = self.0.get(MEMORY, LONGEST_NOTE).await? else { return Ok(None) };
        let note = text(found.bytes)?;
        Ok(Some(CheckpointFound { note, version: found.version }))
    }

    async fn remember(&self, note: &str, instead_of: Option<&str>) -> Result<bool, Fault> {
        Ok(self.0.put(MEMORY, note.as_bytes(), instead_of).await? == Put::Written)
    }

    async fn answer(&self, key: &str, bytes: &[u8]) -> Result<Put, Fault> {
        self.0.put(key, bytes, None).await
    }
}
