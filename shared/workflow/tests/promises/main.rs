//! The promises of the design, held against the steps of `workflow` in an in-memory world: with
//! crashes at every call, unknown outcomes, workers that stand still, and everything twice.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::wildcard_enum_match_arm,
    reason = "a test that can't go on has failed"
)]

mod activity;
mod asking_again;
mod broken;
mod crashes;
mod drift;
mod erasure;
mod full;
mod histories;
mod invariants;
mod limits;
mod log;
mod narrowing;
mod observation;
mod on_call;
mod once;
mod orphans;
mod overlap;
mod races;
mod rebuild;
mod round_trips;
mod shared_role;
mod standing;
mod support;
mod sweeps;
mod verification;
mod witness;
mod zombies;
