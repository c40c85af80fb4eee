//! A deterministic simulation: every function of Countersign, as it runs in AWS, beside every other in one thread, over
//! simulated ports, from one seed.
//!
//! A history has phases: persons, attackers, messages and timers do what a seed draws while calls fail, workers die and
//! stand still, and AWS shows what was long ago ([`history`]); then everything heals; then the clock runs on until nothing
//! is left to be done. Whatever was called, committed and written meanwhile is data by then, and [`check`] judges it:
//! code that knows neither the state machine nor the steps.
//!
//! Besides, the edge is put under [`load`], in a clock that its caller has.
//!
//! What must never be in here: a clock, chance that is not the seed's, or a map whose order is not its keys'.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::wildcard_enum_match_arm,
    reason = "a simulation that can't go on has failed"
)]

pub mod check;
pub mod coverage;
mod damage;
mod dice;
pub mod history;
pub mod load;
mod mail;
mod people;
pub mod plan;
mod policies;
mod recording;
pub mod run;
mod site;
mod worker;
