//! What tests look at, past the gate.

use super::Change;
use crate::double::World;
use crate::ports::{Anchor, Batch, LogHead, StoredSystem};
use model::stream::{Place, Stream, SystemStream};
use std::collections::BTreeMap;

impl World {
    /// What was committed since this was asked the last time, in order. The first time begins it.
    pub fn take_changes(&self) -> Vec<Change> {
        self.lock().log.changes.replace(Vec::new()).unwrap_or_default()
    }

    /// Where the log is, past the gate.
    pub fn log(&self) -> Option<LogHead> {
        self.lock().log.head.clone()
    }

    /// The batches that are staged or logged, in order.
    pub fn batches(&self) -> Vec<Batch> {
        self.lock().log.batches.values().cloned().collect()
    }

    /// What is anchored, past the gate.
    pub fn anchored_up_to(&self) -> Option<Anchor> {
        self.lock().log.anchor.clone()
    }

    /// The log's files by path, its checkpoint among them.
    pub fn log_files(&self) -> BTreeMap<String, Vec<u8>> {
        let log = &self.lock().log;
        let checkpoint = log.checkpoint.iter().map(|(note, _)| ("checkpoint".to_owned(), note.clone().into_bytes()));
        log.objects.clone().into_iter().chain(checkpoint).collect()
    }

    /// What is in the bucket of anchors, by key.
    pub fn anchor_files(&self) -> BTreeMap<String, Vec<u8>> {
        self.lock().log.anchors.clone()
    }

    /// What was signed with the log's key, in order.
    pub fn signed_checkpoints(&self) -> Vec<String> {
        self.lock().log.signed.clone()
    }

    /// Where an entry is in the log, as the outbox has it; `None`: it is not, or the outbox has nothing.
    pub fn logged_at(&self, place: &Place) -> Option<u64> {
        self.lock().log.outs.get(place)?.index
    }

    /// Every stream that has entries.
    pub fn streams(&self) -> Vec<Stream> {
        let inner = self.lock();
        let systems = inner.log.systems.keys().map(|stream| Stream::System(*stream));
        inner.store.streams().into_iter().chain(systems).chain(inner.log.loose.keys().cloned()).collect()
    }

    /// The bytes of a stream's entries as they were committed, in order, past the gate.
    pub fn stream_chain(&self, stream: &Stream) -> Vec<Vec<u8>> {
        self.lock().chain_of(stream).unwrap_or_default()
    }

    /// What is known of one of the system's streams, past the gate.
    pub fn stored_system(&self, stream: SystemStream) -> Option<StoredSystem> {
        self.lock().log.systems.get(&stream).map(|(stored, _)| stored.clone())
    }
}
