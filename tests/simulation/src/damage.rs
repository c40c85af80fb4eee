//! Items of the table that are damaged when they are read, and what its own readers make of them.

use crate::plan::{Fault as Kind, Hits};
use aws::table::damage::{self, Damage};
use model::names::SweepId;
use model::stream::Stream;
use record::chain::Link;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use workflow::double::{Misread, Verb};
use workflow::ports::{Anchor, Fault, LogHead, Stored, StoredEntry, StoredSweep, Unlogged};

/// What reads single items that are damaged here.
pub(crate) const READS: [Verb; 8] = [
    Verb::Anchor,
    Verb::Entries,
    Verb::EntriesAt,
    Verb::Load,
    Verb::LoadMany,
    Verb::LoadSweep,
    Verb::LogHead,
    Verb::Outbox,
];

/// Reads damaged items, and keeps what they were mistaken for.
#[derive(Debug)]
pub(crate) struct Damaged {
    hits: Arc<Hits>,
    times: AtomicU64,
    mistaken: Mutex<Vec<String>>,
}

impl Damaged {
    pub(crate) fn new(hits: Arc<Hits>) -> Self {
        Self { hits, times: AtomicU64::new(0), mistaken: Mutex::default() }
    }

    /// How often something was damaged so far.
    pub(crate) fn times(&self) -> u64 {
        self.times.load(Ordering::Relaxed)
    }

    /// What was read as something that nobody had stored.
    pub(crate) fn mistaken(&self) -> Vec<String> {
        self.mistaken.lock().unwrap().clone()
    }

    fn by(&self, how: u64) -> Damage {
        self.hits.count(Kind::Damaged);
        self.times.fetch_add(1, Ordering::Relaxed);
        let bits = |from: u32, mask: u64| usize::try_from((how >> from) & mask).unwrap_or_default();
        Damage { attribute: bits(0, 0xFF), cut: (bits(8, 1) == 1).then(|| bits(9, 0xFFFF)) }
    }

    fn is<T: PartialEq>(&self, of: &impl ToString, read: Option<&T>, stored: &T) {
        if read.is_some_and(|read| read != stored) {
            self.mistaken.lock().unwrap().push(format!("{}: a damaged state was taken for another", of.to_string()));
        }
    }
}

impl Misread for Damaged {
    fn request(&self, how: u64, stored: &Stored) -> Result<Stored, Fault> {
        let read = damage::request(self.by(how), stored);
        self.is(&stored.state.request.id, read.as_ref().ok().map(|read| &read.state), &stored.state);
        read
    }

    fn sweep(&self, how: u64, id: &SweepId, stored: &StoredSweep) -> Result<StoredSweep, Fault> {
        let read = damage::sweep(self.by(how), id, stored);
        self.is(id, read.as_ref().ok().map(|read| &read.sweep), &stored.sweep);
        read
    }

    fn entry(&self, how: u64, stream: &Stream, link: &Link) -> Result<StoredEntry, Fault> {
        damage::entry(self.by(how), stream, link)
    }

    fn unlogged(&self, how: u64, stream: &Stream, out: &Unlogged) -> Unlogged {
        damage::unlogged(self.by(how), stream, out)
    }

    fn log_head(&self, how: u64, head: &LogHead) -> Result<LogHead, Fault> {
        damage::log_head(self.by(how), head)
    }

    fn anchor(&self, how: u64, anchor: &Anchor) -> Result<Anchor, Fault> {
        damage::anchor(self.by(how), anchor)
    }
}
