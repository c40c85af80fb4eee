//! The transparency log outside the table: the key that signs its checkpoints in KMS, its bucket, the bucket that it is
//! anchored in, and what a witness remembers and answers there.

mod anchors;
mod bucket;
mod copying;
mod key;
mod objects;
#[cfg(test)]
mod tests;
mod witness;

pub use anchors::AnchorBucket;
pub use bucket::LogBucket;
pub use copying::SourceBucket;
pub use key::{FormerKey, SigningKey};
pub use witness::WitnessBucket;
