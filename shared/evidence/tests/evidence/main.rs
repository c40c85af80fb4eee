//! Tables and packs, of records that production code wrote in memory.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that can't go on has failed")]

mod exported;
mod logged;
mod packs;
mod story;
mod tabled;
mod tampered;
