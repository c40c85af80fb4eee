//! The time, and Slack's way to write it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Microseconds since the epoch: the grain of Slack's message timestamps.
pub(crate) type Micros = u64;

/// Now.
#[expect(clippy::disallowed_methods, reason = "Slack has a clock of its own, which this stands for")]
pub(crate) fn now() -> Micros {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, micros)
}

/// A length of time in microseconds.
pub(crate) fn micros(length: Duration) -> Micros {
    Micros::try_from(length.as_micros()).unwrap_or(Micros::MAX)
}

/// Whole seconds since the epoch.
pub(crate) fn seconds(at: Micros) -> i64 {
    i64::try_from(at / 1_000_000).unwrap_or(i64::MAX)
}

/// Slack's `ts`: seconds, a point and six digits.
pub(crate) fn ts(at: Micros) -> String {
    format!("{}.{:06}", at / 1_000_000, at % 1_000_000)
}
