//! The store of the system's own streams.

use super::{CommitError, Fault};
use model::stream::SystemStream;
use model::system::Known;
use model::time::Time;
use record::chain::{Head, Link};
use std::future::Future;

/// One of the system's streams as stored: what is known, the end of its chain, and when it last changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSystem {
    /// What is known.
    pub known: Known,
    /// The end of its chain; `head.seq` is the version that a write is conditioned on.
    pub head: Head,
    /// The time of its last event.
    pub at: Time,
}

/// One change of the system: events and what is known after them, all or nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SystemCommit {
    /// Which stream.
    pub stream: SystemStream,
    /// The version the change was decided on; 0: the stream must be empty.
    pub expected: u64,
    /// The new entries of its chain. Never empty.
    pub links: Vec<Link>,
    /// What is known after them.
    pub next: StoredSystem,
}

port! {
    /// Reads one of the system's streams, strongly consistent.
    LoadSystem {
        /// What is known, if anything.
        fn load_system(stream: SystemStream) -> Result<Option<StoredSystem>, Fault>;
    }
}

port! {
    /// Stores one change of the system.
    CommitSystem {
        /// Stores it, if every condition holds. [`CommitError::Conflict`]: it changed meanwhile.
        fn commit_system(commit: SystemCommit) -> Result<(), CommitError>;
    }
}
