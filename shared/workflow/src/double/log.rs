//! The log's part of the table, its bucket, its key and its anchors. The key is one of software, and signs as AWS's does.

mod anchors;
mod bucket;
mod keys;
mod moving;
mod outbox;
mod seen;
mod streams;
mod tampering;

use super::pace::{Wait, Waits};
use super::{Inner, World};
use crate::ports::{Anchor, Batch, LogHead, StoredSystem};
use model::stream::{Place, Stream, SystemStream};
use model::time::Time;
use record::chain::{Head, Link};
use record::entry::EntryHash;
use record::tree::Hash;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// What the log is called.
pub const ORIGIN: &str = "countersign.111111111111.us-east-1/countersign";

/// What its witness is called.
pub const WITNESS: &str = "witness.222222222222.us-east-1/countersign";

/// An item of the outbox.
#[derive(Debug, Clone)]
struct Out {
    at: Time,
    hash: EntryHash,
    /// Where the entry is in the log.
    index: Option<u64>,
    /// Whether the index of what is to be logged shows it.
    listed: bool,
    /// Whether it says that its entry is gone.
    passed: bool,
    /// When it was committed, in microseconds of [`World::elapsed`].
    moment: u64,
}

/// An entry that was committed, as the table's stream of changes tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Which entry.
    pub place: Place,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// When it was committed, by AWS's clock.
    pub at: Time,
    /// Which of the calls that took effect committed it, from 1.
    pub order: u64,
}

/// What the log's ports are on.
#[derive(Debug, Default, Clone)]
pub(super) struct Log {
    outs: BTreeMap<Place, Out>,
    /// What the index of what is to be logged shows, those first that wait longest.
    listed: BTreeSet<(Time, Place)>,
    logged: BTreeMap<Stream, Head>,
    /// Places of which it is on record that there is no entry.
    passed_over: BTreeSet<Place>,
    /// Streams of which there are only entries.
    loose: BTreeMap<Stream, (Head, Time, Vec<Vec<u8>>)>,
    /// What the table's stream tells of, if anybody listens.
    pub(super) told: Option<VecDeque<(u64, Place)>>,
    pub(super) waits: Waits,
    head: Option<LogHead>,
    batches: BTreeMap<u64, Batch>,
    anchor: Option<Anchor>,
    /// What the copies say that access is conditioned on.
    anchored_at: Option<Time>,
    /// Whether access depends on the anchor; not so by default: it is as fresh as can be.
    gated: bool,
    lag_seconds: u64,
    /// How many entries a list of what is to be logged did not show that were there.
    behind: u64,
    objects: BTreeMap<String, Vec<u8>>,
    checkpoint: Option<(String, u64)>,
    anchors: BTreeMap<String, Vec<u8>>,
    /// Every body that was signed, in order.
    signed: Vec<String>,
    /// What the witness remembers, and which version of it that is.
    remembered: Option<(String, u64)>,
    /// The last tree that the witness vouched for.
    witnessed: Option<(u64, Hash)>,
    systems: BTreeMap<SystemStream, (StoredSystem, Vec<Vec<u8>>)>,
    /// Entries that somebody changed or took out past the gate.
    tampered: BTreeMap<Place, Option<Vec<u8>>>,
    /// Streams of which nobody can read where they end.
    damaged: BTreeSet<Stream>,
    /// Streams of which nobody can read up to where they are logged.
    unmarked: BTreeSet<Stream>,
    /// What the table's stream has not told of yet; nothing is kept until somebody listens.
    changes: Option<Vec<Change>>,
}

impl Log {
    /// Whether somebody took the entry there out of the table.
    pub(super) fn is_taken_out(&self, place: &Place) -> bool {
        self.tampered.get(place).is_some_and(Option::is_none)
    }

    /// What a commit of entries at `moment` puts into the outbox.
    pub(super) fn put_out(&mut self, stream: &Stream, links: &[Link], at: Time, moment: u64) {
        for link in links {
            let place = Place { stream: stream.clone(), seq: link.seq };
            if let Some(told) = &mut self.told {
                told.push_back((moment, place.clone()));
            }
            if let Some(changes) = &mut self.changes {
                let (place, bytes) = (place.clone(), link.bytes.clone());
                changes.push(Change { place, bytes, at: Time::EPOCH, order: 0 });
            }
            let out = Out { at, hash: link.hash, index: None, listed: true, passed: false, moment };
            self.put(place, out);
        }
    }

    /// Puts an item into the outbox. Gives back what was there.
    fn put(&mut self, place: Place, out: Out) -> Option<Out> {
        if let Some(before) = self.outs.get(&place) {
            self.listed.remove(&(before.at, place.clone()));
        }
        if out.listed {
            self.listed.insert((out.at, place.clone()));
        }
        self.outs.insert(place, out)
    }

    /// How long an entry waited until `moment`.
    fn waited(&self, place: &Place, moment: u64) -> Option<Wait> {
        let since = self.outs.get(place)?.moment;
        Some(Wait { since, waited: moment.saturating_sub(since) })
    }

    /// Whether what begins access may be stored.
    pub(super) fn lets_begin(&self, not_before: Time) -> bool {
        !self.gated || self.anchored_at.is_some_and(|at| at >= not_before)
    }
}

impl World {
    /// From now on access depends on the log's anchor.
    pub fn gate_by_anchor(&self) {
        self.lock().log.gated = true;
    }

    /// From now on the index of what is to be logged is behind by so many seconds.
    pub fn set_outbox_lag(&self, seconds: u64) {
        self.lock().log.lag_seconds = seconds;
    }

    /// How many entries that index did not show though they were there.
    pub fn outbox_behind(&self) -> u64 {
        self.lock().log.behind
    }
}

impl Inner {
    /// After a call took effect: when, and as which one, what it committed was committed.
    pub(super) fn date_changes(&mut self, order: u64) {
        let now = self.now;
        let undated = self.log.changes.iter_mut().flatten().filter(|change| change.order == 0);
        undated.for_each(|change| (change.at, change.order) = (now, order));
    }
}

fn nth(index: u64) -> usize {
    usize::try_from(index).unwrap_or(usize::MAX)
}
