//! Times, and what they come to.

use std::fmt;
use std::time::Duration;

/// The times of one thing that was done often.
#[derive(Debug, Default)]
pub(crate) struct Figures(Vec<Duration>);

impl Figures {
    /// One more.
    pub(crate) fn note(&mut self, time: Duration) {
        self.0.push(time);
    }

    /// The time within which `percent` of them came: the smallest that so many do not exceed.
    fn percentile(&self, percent: usize) -> Duration {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let rank = sorted.len().saturating_mul(percent).div_ceil(100);
        sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (half, most) = (self.percentile(50).as_millis(), self.percentile(99).as_millis());
        write!(formatter, "{half:>6} {most:>6} {:>6}", self.0.len())
    }
}
