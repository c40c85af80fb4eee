//! Times, as the record has them: UTC, whole seconds.

use jiff::Timestamp;
use std::fmt;
use std::str::FromStr;

/// Seconds of a day.
pub const DAY: i64 = 86_400;

/// A time in UTC, in whole seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(Timestamp);

/// The text is no time of the record's form, nor a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a time in UTC such as 2026-11-20T19:00:00Z, or a day such as 2026-11-20")]
pub struct NotAMoment;

impl Moment {
    /// Seconds since 1970.
    pub fn as_second(self) -> i64 {
        self.0.as_second()
    }

    /// So many seconds since 1970; `None`: outside the years that can be written.
    pub fn from_second(seconds: i64) -> Option<Self> {
        Timestamp::from_second(seconds).ok().map(Self)
    }

    /// Seconds from `earlier` to this; 0 if it is the later one.
    pub fn since(self, earlier: Self) -> u64 {
        u64::try_from(self.as_second().saturating_sub(earlier.as_second())).unwrap_or(0)
    }

    /// This many seconds later, or the last time there is.
    #[must_use]
    pub fn plus(self, seconds: u64) -> Self {
        let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
        Self::from_second(self.as_second().saturating_add(seconds)).unwrap_or(Self(Timestamp::MAX))
    }

    /// Its day: `2026-11-20`.
    pub fn day(self) -> String {
        self.to_string().chars().take(10).collect()
    }
}

impl FromStr for Moment {
    type Err = NotAMoment;
    fn from_str(text: &str) -> Result<Self, NotAMoment> {
        let whole = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
        let moment = whole.parse().map(Self).map_err(|_| NotAMoment)?;
        // One text for one time: no offsets, no fractions.
        if moment.to_string() == whole && whole.len() == 20 { Ok(moment) } else { Err(NotAMoment) }
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_text_for_one_time() {
        let time: Moment = "2026-11-20T19:00:05Z".parse().unwrap();
        assert_eq!((time.to_string().as_str(), time.day().as_str()), ("2026-11-20T19:00:05Z", "2026-11-20"));
        assert_eq!("2026-11-20".parse::<Moment>().unwrap().plus(68_405), time);
        for other in
            ["", "2026-11-20T19:00:05+00:00", "2026-11-20T19:00:05.5Z", "2026-11-20 19:00:05Z", "20261120T190005Z"]
        {
            assert_eq!(other.parse::<Moment>(), Err(NotAMoment), "{other}");
        }
    }
}
