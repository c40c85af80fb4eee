//! Judges what was recorded of a history, by what is promised alone: it knows neither the state machine, nor the steps,
//! nor what writes documents. What it reads are calls, entries' bytes, documents' text, and checkpoints.
//!
//! Names of invariants: `INV-1` … are those of the plan of simulation; `P1` … the promises of `ARCHITECTURE.md`.

mod access;
mod activity;
mod doors;
mod iam;
mod log;
mod order;
mod record;
mod story;

use crate::recording::Recording;
use std::fmt;
use story::Story;

/// A promise that was broken.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    /// Which.
    pub promise: &'static str,
    /// Of which request, or other stream; empty: of none.
    pub of: String,
    /// How.
    pub how: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} {}", self.promise, self.of, self.how)
    }
}

/// What is judged, in order.
pub const PROMISES: [&str; 14] = [
    "INV-1/P1 approved by enough others who may, of what they saw",
    "INV-2/P2 no access outside the window",
    "INV-3/P3 the way out before the way in",
    "INV-4/P7 revoked is final",
    "INV-6/P6 nothing of ours is left, and nothing of others is touched",
    "INV-7/P4 the record is whole",
    "INV-8/P12 one log, and it only grows",
    "INV-10/P9 nothing enters that nobody may send",
    "INV-11/P5 once is once",
    "INV-12 everything comes to rest",
    "INV-15 every call has its intent",
    "P8 no secret is said",
    "P10 a grant can't outgrow itself",
    "P11 what was done is told exactly",
];

/// What is found of one history.
#[derive(Debug, Default)]
pub(crate) struct Findings(Vec<Violation>);

impl Findings {
    fn add(&mut self, promise: usize, of: &str, how: impl Into<String>) {
        self.0.push(Violation { promise: PROMISES[promise], of: of.to_owned(), how: how.into() });
    }
}

/// Everything that is broken in `recording`, the same once.
pub fn check(recording: &Recording) -> Vec<Violation> {
    let mut found = Findings::default();
    let stories = Story::all(recording);
    record::judge(recording, &stories, &mut found);
    log::judge(recording, &stories, &mut found);
    order::judge(recording, &stories, &mut found);
    access::judge(recording, &stories, &mut found);
    doors::judge(recording, &stories, &mut found);
    activity::judge(recording, &stories, &mut found);
    for left in &recording.unfinished {
        found.add(9, "", left);
    }
    found.0.sort();
    found.0.dedup();
    found.0
}
