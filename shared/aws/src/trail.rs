//! What others recorded: a trail's files in S3, CloudTrail's event history, and the keys its digests are signed with.

mod history;
mod objects;
mod signature;

pub use history::History;
pub use objects::Objects;
pub use signature::{Signatures, verifies};
