//! The log's bucket.

use crate::double::{Verb, World};
use crate::ports::{CheckpointFound, Fault, LogObjects, Put};

impl LogObjects for World {
    async fn tile(&self, path: &str) -> Result<Option<Vec<u8>>, Fault> {
        self.call(Verb::Tile, path, "", |inner| Ok(inner.log.objects.get(path).cloned())).await
    }

    async fn put_tile(&self, path: &str, bytes: &[u8]) -> Result<Put, Fault> {
        self.call(Verb::PutTile, path, "", |inner| {
            if inner.log.objects.contains_key(path) {
                return Ok(Put::Exists);
            }
            inner.log.objects.insert(path.to_owned(), bytes.to_vec());
            Ok(Put::Written)
        })
        .await
    }

    async fn checkpoint(&self) -> Result<Option<CheckpointFound>, Fault> {
        self.call(Verb::Checkpoint, "", "", |inner| {
            let found = inner.log.checkpoint.clone();
            Ok(found.map(|(note, version)| CheckpointFound { note, version: version.to_string() }))
        })
        .await
    }

    async fn put_checkpoint(&self, note: &str, instead_of: Option<&str>) -> Result<bool, Fault> {
        self.call(Verb::PutCheckpoint, "", "", |inner| {
            let version = inner.log.checkpoint.as_ref().map(|(_, version)| version.to_string());
            if version.as_deref() != instead_of {
                return Ok(false);
            }
            let next = inner.log.checkpoint.as_ref().map_or(1, |(_, version)| version.saturating_add(1));
            inner.log.checkpoint = Some((note.to_owned(), next));
            let (moment, log) = (inner.elapsed(), &mut inner.log);
            let batch =
                log.head.as_ref().filter(|head| head.note == note).and_then(|head| log.batches.get(&head.batch));
            let places = batch.iter().flat_map(|batch| &batch.places);
            let waited = places.filter_map(|place| log.waited(place, moment)).collect::<Vec<_>>();
            log.waits.readable.extend(waited);
            Ok(true)
        })
        .await
    }
}
