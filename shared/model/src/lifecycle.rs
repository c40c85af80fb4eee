//! The state machine: the only code that changes a request, whichever door a command came by.
//!
//! [`decide`] says what a command does to a state: events, the next state, and the effects to
//! carry out once it is stored, or a [`Refusal`]. [`evolve`] rebuilds a state from its events;
//! `decide` uses it to find the next state, so the two can't disagree.
//!
//! From `provisioning` on there is one way out, through `revoking`: what may have been made is
//! always unmade. Terminal states absorb.

mod command;
mod decide;
mod evolve;
mod sound;
mod state;
#[cfg(test)]
mod tests;
mod verification;
mod words;

pub use command::{Command, Permission, Vote};
pub use decide::{Effect, Transition, decide, submit};
pub use evolve::{Inconsistent, evolve, is_over};
pub use sound::Unsound;
pub use state::{Approval, EndReason, Evidence, Phase, Plan, Residue, State};
pub use verification::Verification;

/// Shortest grant, in seconds. With less than [`SCHEDULE_MARGIN`] of the window left no schedule
/// is made and the grant ends at once, so anything shorter could never start.
pub const SHORTEST_GRANT: u64 = 65;

/// With less than this left of a window, in seconds, no schedule is made: the scheduler's
/// precision is 60 s, and a time in the past may be rejected. Source: EventBridge Scheduler user
/// guide, schedule types.
pub const SCHEDULE_MARGIN: u64 = 60;

/// How long a deny stays before anything is taken out, in seconds: longer than any worker that
/// was started earlier can live (function timeouts are at most 60 s; a test compares the template).
pub const QUARANTINE: u64 = 75;

/// How long a step may be under way before reconciliation takes it up, in seconds.
pub const STUCK_AFTER: u64 = 40;

/// How long after the last countersignature access may still be made, in seconds.
pub const APPROVAL_LIFETIME: u64 = 900;

/// Attempts at making a grant before it is ended as failed.
pub const PROVISIONING_ATTEMPTS: u32 = 5;

/// Failed attempts at ending a grant after which somebody is paged. The attempts go on.
pub const ATTEMPTS_BEFORE_ALARM: u32 = 6;

/// The same for an early end, whose window is still open.
pub const ATTEMPTS_BEFORE_ALARM_EARLY: u32 = 2;

/// Failed attempts at verifying an end after which it counts as unverified and somebody is paged:
/// two and a half minutes with their pauses, far longer than IAM takes to spread what was written.
/// The attempts go on.
pub const VERIFICATION_ATTEMPTS: u32 = 5;

/// Longest pause between two attempts at ending a grant or at verifying its end, in seconds.
pub const LONGEST_BACKOFF: u64 = 900;

/// Refused attempts that one request's record takes; later ones are only logged, so that nobody
/// can grow a record without bound.
pub const REFUSALS_RECORDED: u32 = 200;

/// Credentials handed out for one grant. A refresh every few minutes for twelve hours stays below.
pub const CREDENTIALS_PER_GRANT: u32 = 500;

/// A countersignature that is given sooner than this after it was asked for, in seconds, is shown as such: nobody reads
/// a request in less.
pub const HASTY: u64 = 3;

/// Pause before attempt `attempt + 1`, in seconds: 10, 20, 40 … [`LONGEST_BACKOFF`].
pub fn backoff(attempt: u32) -> u64 {
    let doubled = 10u64.saturating_mul(2u64.saturating_pow(attempt.saturating_sub(1).min(32)));
    doubled.min(LONGEST_BACKOFF)
}
