//! The store of sweeps, and of who is barred.

use super::{CommitError, Fault, StoredEntry};
use model::names::{PersonId, SweepId};
use model::stream::Stream;
use model::sweep::Sweep;
use model::time::Time;
use record::chain::{Head, Link};
use std::future::Future;

/// A sweep as stored: where it is, the end of its chain, and when it last changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSweep {
    /// Where it is.
    pub sweep: Sweep,
    /// The end of its chain; `head.seq` is the version that a write is conditioned on.
    pub head: Head,
    /// The time of its last event.
    pub at: Time,
}

/// That a person is, or was, barred.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bar {
    /// By which sweep.
    pub sweep: SweepId,
    /// Whether they were let back in.
    pub lifted: bool,
}

/// What a commit does to a person's bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Barring {
    /// Puts it there, if they are not barred.
    Bar,
    /// Lifts it. It stays, so that it shows.
    Lift,
}

/// One state change of a sweep: events, state and bar, all or nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SweepCommit {
    /// Which sweep.
    pub id: SweepId,
    /// The version the change was decided on; 0: the sweep must not exist.
    pub expected: u64,
    /// The new entries of its chain. Never empty.
    pub links: Vec<Link>,
    /// The state after them.
    pub next: StoredSweep,
    /// Who is barred or let back in with it.
    pub bar: Option<(PersonId, Barring)>,
}

port! {
    /// Reads one sweep, strongly consistent.
    LoadSweep {
        /// The sweep, if it exists.
        fn load_sweep(id: &SweepId) -> Result<Option<StoredSweep>, Fault>;
    }
}

port! {
    /// Reads a sweep's chain, strongly consistent.
    LoadSweepEntries {
        /// Up to `limit` entries after place `after`, in order.
        fn sweep_entries(id: &SweepId, after: u64, limit: u32) -> Result<Vec<StoredEntry>, Fault>;
    }
}

port! {
    /// Finds streams of sweeps and accounts by when they changed last, over or not. An index may lag.
    FindChanged {
        /// Up to `limit` of them that changed at `since` or later, those that changed last first.
        fn changed(since: Time, limit: u32) -> Result<Vec<Stream>, Fault>;
    }
}

port! {
    /// Stores one state change of a sweep.
    CommitSweep {
        /// Stores it, if every condition holds. [`CommitError::Conflict`]: the sweep, or the bar, changed.
        fn commit_sweep(commit: SweepCommit) -> Result<(), CommitError>;
    }
}

port! {
    /// Finds the sweeps that are being carried out. An index may lag.
    FindSweeps {
        /// Up to `limit` of them, the oldest first.
        fn running_sweeps(limit: u32) -> Result<Vec<SweepId>, Fault>;
    }
}

port! {
    /// Reads whether a person is barred, strongly consistent.
    ReadBar {
        /// Their bar, if they ever were.
        fn bar(person: &PersonId) -> Result<Option<Bar>, Fault>;
    }
}
