//! The words of Countersign as types, and every rule about them.
//!
//! What this crate must never do: talk to AWS or Slack, read a clock, draw a random number, or
//! touch a file. `now` is always an argument, so every decision can be replayed and tested.
//!
//! Start reading at [`lifecycle`] (what may happen to a request), then [`policy`] (who may ask
//! and who countersigns), then [`documents`] (what is written into IAM).

pub mod account;
pub mod actions;
pub mod activity;
pub mod amount;
pub mod catalog;
pub mod digest;
pub mod documents;
pub mod event;
pub mod findings;
pub mod identity;
pub mod lifecycle;
pub mod limits;
pub mod names;
pub mod notices;
pub mod policy;
pub mod refusal;
pub mod request;
pub mod risk;
#[cfg(test)]
mod samples;
pub mod scope;
pub mod seeded;
pub mod stream;
pub mod submission;
pub mod sweep;
pub mod system;
pub mod terms;
pub mod text;
pub mod time;
pub mod unusual;
pub mod words;
