//! The log's part of the table: what is to be logged, where the log is, and what of it is anchored.

use super::{CommitError, Fault};
use model::names::RequestId;
use model::stream::{Place, Stream};
use model::time::Time;
use record::chain::Head;
use record::entry::EntryHash;
use record::tree::{Edge, Hash};
use std::future::Future;

/// An entry that was committed and is not in the log, as the outbox has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unlogged {
    /// Its place in its stream.
    pub seq: u64,
    /// When it was committed.
    pub at: Time,
    /// The hash of its bytes.
    pub hash: EntryHash,
}

/// What of a stream is logged, and what is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outbox {
    /// The last entry of it that is in the log; [`Head::START`]: none.
    pub logged: Head,
    /// What the outbox holds beyond that, in order.
    pub open: Vec<Unlogged>,
    /// Places beyond it that are passed over, as their entries are gone.
    pub passed: Vec<u64>,
}

/// Leaves that go into the log together, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// The index of the first.
    pub first: u64,
    /// Which entries they are.
    pub places: Vec<Place>,
    /// Their hashes as leaves.
    pub leaves: Vec<Hash>,
    /// The root over all leaves before the first of these.
    pub before: Hash,
    /// The root over all leaves up to the last of these.
    pub root: Hash,
    /// When it was put together.
    pub at: Time,
    /// The signed checkpoint of that root, once it is the log's.
    pub note: Option<String>,
}

impl Batch {
    /// How many leaves the log has with it.
    pub fn size(&self) -> u64 {
        self.first.saturating_add(u64::try_from(self.places.len()).unwrap_or(u64::MAX))
    }
}

/// Where the log is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogHead {
    /// What it is called.
    pub origin: String,
    /// The edge of its tree, and with it its size.
    pub edge: Edge,
    /// The newest signed checkpoint. What the next one is conditioned on.
    pub note: String,
    /// When that was made.
    pub at: Time,
    /// The index of the first leaf of the last batch.
    pub batch: u64,
    /// Whether everybody can read that batch: its tiles, and the checkpoint.
    pub applied: bool,
}

/// Where an entry is in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logged {
    /// Which entry.
    pub place: Place,
    /// The hash of its bytes.
    pub hash: EntryHash,
    /// When it was committed.
    pub at: Time,
    /// Its leaf's index.
    pub index: u64,
}

/// What of the log is anchored where nobody can take it out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchor {
    /// How many leaves the anchored checkpoint has.
    pub size: u64,
    /// When it was known to be anchored.
    pub at: Time,
    /// Whether a witness cosigned it.
    pub cosigned: bool,
    /// How many leaves the last checkpoint has that was put there; the witness, if there is one, may not have answered.
    pub submitted: u64,
}

port! {
    /// Finds streams that have something to be logged. An index may lag, and stream records may be lost.
    FindUnlogged {
        /// Up to `limit` of them, those that have waited longest first.
        fn unlogged(limit: u32) -> Result<Vec<Stream>, Fault>;
    }
}

port! {
    /// Reads what of a stream is to be logged, strongly consistent.
    ReadOutbox {
        /// Up to where each of `streams` is logged, in the same order: [`Head::START`], if nothing is. `None`: what says so
        /// can't be read.
        fn logged_up_to(streams: &[Stream]) -> Result<Vec<Option<Head>>, Fault>;
        /// What its outbox holds beyond `logged`, up to `limit` places.
        fn outbox(stream: &Stream, logged: Head, limit: u32) -> Result<Outbox, Fault>;
    }
}

port! {
    /// Reads entries of any streams, and where the streams end, each strongly consistent.
    ReadStreams {
        /// The bytes at each of `places`, in the same order; `None`: there is nothing.
        fn entries_at(places: &[Place]) -> Result<Vec<Option<Vec<u8>>>, Fault>;
        /// Where `stream` ends, and when it last changed; `None`: there is no such stream.
        fn stream_end(stream: &Stream) -> Result<Option<(Head, Time)>, Fault>;
    }
}

port! {
    /// Reads where the log is, strongly consistent.
    ReadLog {
        /// Where it is; `None`: it holds nothing yet.
        fn log_head() -> Result<Option<LogHead>, Fault>;
        /// The batch that begins at leaf `first`, staged or logged.
        fn batch(first: u64) -> Result<Option<Batch>, Fault>;
        /// What of it is anchored.
        fn anchor() -> Result<Option<Anchor>, Fault>;
    }
}

port! {
    /// Moves the log on.
    MoveLog {
        /// Stages a batch, unless one that begins at the same leaf is. `false`: another one is.
        fn stage(batch: &Batch) -> Result<bool, Fault>;
        /// Makes `next`, with the batch that was staged, the head of the log in the place of that with the note `before`.
        /// [`CommitError::Conflict`]: the log is elsewhere by now.
        fn move_head(next: &LogHead, batch: &Batch, before: Option<&str>) -> Result<(), CommitError>;
        /// Notes that everybody can read what `head` is about. `false`: the log is elsewhere by now.
        fn applied(head: &LogHead) -> Result<bool, Fault>;
    }
}

port! {
    /// Takes entries out of the outbox, by writing over them that they are logged. Nothing is deleted.
    MarkLogged {
        /// They are in the log, at these places. May be told again.
        fn mark_logged(logged: &[Logged], at: Time) -> Result<(), Fault>;
        /// The entry at `place` is gone, and that is on record.
        fn pass_over(place: &Place) -> Result<(), Fault>;
    }
}

/// In how many copies is kept when the log was anchored last. A transaction holds what it is conditioned on, too, and one
/// that names the same item meanwhile is cancelled; so many make that rare. Source: DynamoDB developer guide, transaction
/// conflict handling.
pub const ANCHOR_COPIES: u8 = 64;

/// The copy that what begins a request's access is conditioned on: by the end of its id, which is random.
pub fn anchor_copy(of: &RequestId) -> u8 {
    let id = of.as_str();
    let end = id.get(id.len().saturating_sub(2)..).unwrap_or_default();
    u8::from_str_radix(end, 16).unwrap_or(0).checked_rem(ANCHOR_COPIES).unwrap_or(0)
}

port! {
    /// Notes what is anchored: what begins access is conditioned on it.
    KeepAnchor {
        /// Tells every copy when that was, and puts `anchor` in the place of `before`. `false`: another one is there by now.
        /// In that order: what a copy says is true already, and who dies in between tells all of them again.
        fn keep_anchor(anchor: &Anchor, before: Option<&Anchor>) -> Result<bool, Fault>;
    }
}
