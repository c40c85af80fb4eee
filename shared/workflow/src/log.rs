//! The transparency log: every entry of every stream becomes a leaf of one tree, exactly once and in the order of its
//! stream, and each state of the tree is signed.
//!
//! What a batch takes: the head is read; what the outboxes of some streams hold is gathered and put in order; the batch is
//! staged in the table and read anew; the root is computed from what lies there and signed; one conditional transaction
//! makes it the head; then files and checkpoint are written, and the outboxes marked. A worker may die anywhere: the next
//! one finishes what was begun, and nothing is signed but the one batch that is staged for its place. Nobody who asks,
//! countersigns or ends access waits for any of it.
//!
//! Start reading at [`sequence`], then [`minute`].

mod anchoring;
mod apply;
mod deployments;
mod gather;
mod sequencing;
mod summary;
mod timer;

pub use anchoring::{Anchored, anchor};
pub use deployments::{Looking, look};
pub use sequencing::{Ran, sequence};
pub use timer::minute;

use crate::ports::{
    Anchors, Clock, CommitSystem, Fault, FindChanged, FindSweeps, FindUnlogged, KeepAnchor, ListRequests, LoadSystem,
    LogObjects, LogSettings, MarkLogged, MoveLog, ReadLog, ReadOutbox, ReadStreams, Sign, SignAsFormer,
};
use record::note::VerifierKey;

/// The part of the system that this is, in the record's causes.
pub(crate) const PART: &str = "audit";

/// Leaves of one batch, at most: one item has the order of all of them, at some 80 bytes for each, and holds 400 KB. Source:
/// DynamoDB developer guide, service quotas.
pub const MOST_LEAVES: usize = 2_000;

crate::together! {
    /// What it takes to bring entries into the log.
    pub Sequencing: LogSettings, Clock, ReadLog, MoveLog, FindUnlogged, ReadOutbox, ReadStreams, MarkLogged, Sign,
        SignAsFormer, LogObjects, LoadSystem, CommitSystem,
}

crate::together! {
    /// What it takes to anchor the log.
    pub Anchoring: LogSettings, Clock, ReadLog, KeepAnchor, Anchors, LogObjects,
}

crate::together! {
    /// What it takes to keep the log.
    pub Keeping: Sequencing, Anchoring, Looking, ListRequests, FindSweeps, FindChanged,
}

/// Something is not as the log left it, and nothing that rests on it is done. People have to look.
fn broken(doing: &'static str, code: &'static str, what: &str) -> Fault {
    tracing::error!(error.code = code, alarm = "log_defect", "the log stands still: {what}");
    Fault::new(doing, code)
}

fn key(text: &str) -> Result<VerifierKey, Fault> {
    text.parse().map_err(|_| Fault::new("read the log's settings", "invalid_verifier_key"))
}

/// The log's key, and the one before it while that signs as well.
fn keys<P: LogSettings>(ports: &P) -> Result<Vec<VerifierKey>, Fault> {
    std::iter::once(ports.log_key()).chain(ports.former_key()).map(key).collect()
}
