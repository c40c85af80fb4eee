//! The steps of Countersign: load, decide, store, act.
//!
//! What this crate must never do: name an AWS type, read a clock, or hold a rule. Rules are in
//! `model`; everything outside is behind a [`ports`] trait, so that this same code runs in a
//! Lambda function, in a test with crashes at every call, and in a simulation.
//!
//! Start reading at [`command`] (how a command is carried out), then [`provision`] and [`ending`].

pub mod activity;
pub mod command;
pub mod credentials;
pub mod decisions;
#[cfg(any(test, feature = "double"))]
pub mod double;
pub mod drift;
pub mod ending;
pub mod erasure;
pub(crate) mod limits;
mod loading;
pub mod log;
pub mod notes;
pub mod observation;
pub mod overview;
pub mod ports;
pub mod provision;
pub mod reading;
pub mod rebuild;
pub mod reconcile;
pub mod submission;
pub mod sweep;
pub mod system;
pub mod verification;
pub mod views;
pub mod witness;
