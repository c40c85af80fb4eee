//! What auditors ask for, made from the entries of the record alone: flat tables that can be queried, and evidence packs
//! whose every number can be computed again from the pack.
//!
//! Bytes come in ([`source`], [`dynamodb`]), rows come out ([`tables`]), and are written as text ([`jsonl`], [`csv`]) or, for
//! the command line, as Parquet. A pack ([`pack`]) is a function of entries and parameters: the same ones give the same
//! bytes, and so a pack is checked by making it again.
//!
//! What this crate must never do: read a clock or a file, or decide about access. It believes the entries; whether they are
//! whole and unedited is what chains, proofs and `countersign audit verify` say.
//!
//! Start reading at [`tables`].

pub mod control;
pub mod csv;
pub mod dynamodb;
pub mod figures;
pub mod jsonl;
mod life;
pub mod logged;
pub mod moment;
pub mod pack;
#[cfg(feature = "parquet")]
pub mod parquet;
mod report;
pub mod sample;
pub mod schema;
pub mod source;
pub mod tables;
pub mod tests_of_control;
