//! Times of answers, and what they come to.

use std::fmt;

use serde_json::Value;

/// The times of one act's answers.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    milliseconds: Vec<u64>,
    failed: usize,
}

impl Figures {
    /// Notes an outcome, as the local Slack tells it. One that Slack could not use counts as failed; its time counts too.
    pub(crate) fn note(&mut self, outcome: &Value) {
        self.milliseconds.push(outcome.get("durationMs").and_then(Value::as_u64).unwrap_or_default());
        if outcome.get("ok") != Some(&Value::Bool(true)) {
            self.failed = self.failed.saturating_add(1);
        }
    }

    /// The time within which `percent` of the answers came: the smallest that so many do not exceed.
    fn percentile(&self, percent: usize) -> Option<u64> {
        let mut sorted = self.milliseconds.clone();
        sorted.sort_unstable();
        let rank = sorted.len().saturating_mul(percent).div_ceil(100);
        sorted.get(rank.saturating_sub(1)).copied()
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |percent| self.percentile(percent).map_or_else(|| "-".to_owned(), |time| time.to_string());
        write!(formatter, "{:>6} {:>6} {:>6} {:>6}", shown(50), shown(99), self.milliseconds.len(), self.failed)
    }
}
