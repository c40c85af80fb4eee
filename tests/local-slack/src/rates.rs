//! Rate limits: so many calls a minute, with a tolerance for bursts.

use std::collections::HashMap;

use crate::clock::Micros;

/// One limit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limit {
    /// Calls per minute in the long run.
    pub(crate) per_minute: u32,
    /// Calls at once after a pause.
    pub(crate) burst: u32,
}

/// Where each limited thing stands: the time at which its allowance is whole again.
#[derive(Debug, Default)]
pub(crate) struct Rates {
    whole_at: HashMap<String, Micros>,
    /// Until when whoever was refused was told to wait.
    refused_until: HashMap<String, Micros>,
}

impl Rates {
    /// Counts one call of `key`, or says after how many whole seconds to try again.
    pub(crate) fn take(&mut self, key: &str, limit: Limit, now: Micros) -> Result<(), u64> {
        let interval = Micros::from(60_000_000_u32.checked_div(limit.per_minute).unwrap_or(u32::MAX));
        let tolerance = interval.saturating_mul(Micros::from(limit.burst.saturating_sub(1)));
        let whole_at = self.whole_at.get(key).copied().unwrap_or(0).max(now);
        let wait = whole_at.saturating_sub(tolerance).saturating_sub(now);
        if wait > 0 {
            let seconds = wait.div_ceil(1_000_000).max(1);
            self.refused_until.insert(key.to_owned(), now.saturating_add(seconds.saturating_mul(1_000_000)));
            return Err(seconds);
        }
        self.whole_at.insert(key.to_owned(), whole_at.saturating_add(interval));
        Ok(())
    }

    /// What was refused and is still to be waited for, and until when.
    pub(crate) fn refused(&self, now: Micros) -> impl Iterator<Item = (&str, Micros)> {
        self.refused_until.iter().filter(move |(_, until)| **until > now).map(|(key, until)| (key.as_str(), *until))
    }
}

#[cfg(test)]
mod tests {
    use super::{Limit, Rates};

    #[test]
    fn one_a_second_after_a_burst_of_three() {
        let limit = Limit { per_minute: 60, burst: 3 };
        let mut rates = Rates::default();
        let start = 1_000_000_000;
        for _ in 0..3 {
            assert_eq!(rates.take("C1", limit, start), Ok(()));
        }
        assert_eq!(rates.take("C1", limit, start), Err(1));
        assert_eq!(rates.refused(start).collect::<Vec<_>>(), [("C1", start + 1_000_000)]);
        assert_eq!(rates.refused(start + 1_000_000).count(), 0);
        assert_eq!(rates.take("C2", limit, start), Ok(()), "another channel has its own allowance");
        assert_eq!(rates.take("C1", limit, start + 1_000_000), Ok(()));
        assert_eq!(rates.take("C1", limit, start + 1_000_001), Err(1));
    }
}
