//! What was decided, decided anew from the leaves alone: who countersigned what, what was granted, for how long, and how
//! it ended. The rules are those of `docs/record.md`; no type and no code of the program that wrote the record takes part.

pub(crate) mod digest;
pub(crate) mod path;
pub(crate) mod persons;
pub(crate) mod request;
mod steps;
pub(crate) mod sweep;
pub(crate) mod system;
mod terms;

/// How far the clocks of two workers may differ, in seconds.
pub(crate) const CLOCKS_DIFFER: i64 = 5;

/// How long after the last countersignature access may still be made, in seconds.
pub(crate) const APPROVAL_HOLDS: i64 = 900;

/// How long a deny outlasts the window, and how long one stays before anything is taken out, in seconds.
pub(crate) const QUARANTINE: i64 = 75;
