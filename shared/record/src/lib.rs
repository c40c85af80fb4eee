//! The bytes of the record. An event's bytes are frozen when it is written; hashes are over those
//! bytes and never over something serialized again.
//!
//! What this crate must never do: decide anything about requests, or know AWS. The offline
//! verifier uses it, and shares no code with what wrote the record beyond this.
//!
//! Start reading at [`entry`], then [`chain`]: one stream; [`words`] is what lies beside its bytes. [`tree`], [`tile`] and
//! [`proof`] are the log over all streams; [`note`], [`checkpoint`] and [`witness`] are who vouches for it.

pub mod canonical;
pub mod chain;
pub mod checkpoint;
pub mod entry;
pub mod note;
pub mod proof;
pub mod tile;
pub mod tree;
pub mod witness;
pub mod words;

#[cfg(test)]
mod sample;
