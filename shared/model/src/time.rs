//! Time as the record knows it: UTC, whole seconds.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A point in time, UTC, whole seconds. Displayed as RFC 3339: `2026-11-20T19:00:00Z`, which is
/// also the form IAM's date conditions take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Time(i64);

/// The text or number is not a time this system can hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a time in RFC 3339 with whole seconds between the years 1970 and 9999")]
pub struct TimeError;

/// By how much a worker's clock may differ from AWS's, in seconds, before it is refused: nothing is decided by it then.
pub const CLOCK_TOLERANCE: u64 = 2;

/// 9999-12-31T00:00:00Z. IAM and RFC 3339 both end with four-digit years.
const LAST_SECOND: i64 = 253_402_214_400;

impl Time {
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Self(0);

    /// The time `seconds` after 1970-01-01T00:00:00Z.
    ///
    /// # Errors
    /// If it lies before 1970 or after the year 9999.
    pub fn from_second(seconds: i64) -> Result<Self, TimeError> {
        if (0..=LAST_SECOND).contains(&seconds) { Ok(Self(seconds)) } else { Err(TimeError) }
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    pub fn as_second(self) -> i64 {
        self.0
    }

    /// This time and `seconds` more; stays at the last representable second.
    #[must_use]
    pub fn plus(self, seconds: u64) -> Self {
        let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
        Self(self.0.saturating_add(seconds).min(LAST_SECOND))
    }

    /// Seconds from `self` until `later`; 0 if it is not later.
    pub fn seconds_until(self, later: Self) -> u64 {
        u64::try_from(later.0.saturating_sub(self.0)).unwrap_or(0)
    }

    /// The form a one-time schedule takes, always in UTC: `2026-11-20T19:00:00`.
    /// Source: EventBridge Scheduler user guide, schedule types.
    pub fn for_schedule(self) -> String {
        self.to_string().trim_end_matches('Z').to_owned()
    }

    /// Hour of the day in UTC, 0 to 23.
    pub fn hour(self) -> u8 {
        u8::try_from(self.0.rem_euclid(86_400).div_euclid(3_600)).unwrap_or(0)
    }

    /// Day of the week in UTC, 1 (Monday) to 7 (Sunday).
    pub fn weekday(self) -> u8 {
        // 1970-01-01 was a Thursday.
        u8::try_from(self.0.div_euclid(86_400).saturating_add(3).rem_euclid(7).saturating_add(1)).unwrap_or(1)
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_second(self.0) {
            Ok(timestamp) => write!(f, "{timestamp}"),
            Err(_) => Err(fmt::Error),
        }
    }
}

impl FromStr for Time {
    type Err = TimeError;
    fn from_str(text: &str) -> Result<Self, TimeError> {
        let timestamp: jiff::Timestamp = text.parse().map_err(|_| TimeError)?;
        if timestamp.subsec_nanosecond() != 0 {
            return Err(TimeError);
        }
        Self::from_second(timestamp.as_second())
    }
}

impl TryFrom<String> for Time {
    type Error = TimeError;
    fn try_from(text: String) -> Result<Self, TimeError> {
        text.parse()
    }
}

impl From<Time> for String {
    fn from(time: Time) -> Self {
        time.to_string()
    }
}

/// When access exists: from `starts_at` on, until `expires_at`, which is no longer inside.
///
/// INVARIANT (finite window): `starts_at < expires_at`; there is no way to build an open end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "StoredWindow", into = "StoredWindow")]
pub struct Window {
    starts_at: Time,
    expires_at: Time,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct StoredWindow {
    starts_at: Time,
    expires_at: Time,
}

impl Window {
    /// The window that starts at `starts_at` and lasts `seconds`.
    ///
    /// # Errors
    /// If it would be empty or reach past the last representable second.
    pub fn starting(starts_at: Time, seconds: u64) -> Result<Self, TimeError> {
        let expires_at = starts_at.plus(seconds);
        if seconds == 0 || starts_at.seconds_until(expires_at) != seconds {
            return Err(TimeError);
        }
        Ok(Self { starts_at, expires_at })
    }

    /// First second of access.
    pub fn starts_at(self) -> Time {
        self.starts_at
    }

    /// First second without access.
    pub fn expires_at(self) -> Time {
        self.expires_at
    }

    /// Whether `now` is inside.
    pub fn contains(self, now: Time) -> bool {
        self.starts_at <= now && now < self.expires_at
    }
}

impl TryFrom<StoredWindow> for Window {
    type Error = TimeError;
    fn try_from(stored: StoredWindow) -> Result<Self, TimeError> {
        Self::starting(stored.starts_at, stored.starts_at.seconds_until(stored.expires_at))
    }
}

impl From<Window> for StoredWindow {
    fn from(window: Window) -> Self {
        Self { starts_at: window.starts_at, expires_at: window.expires_at }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn written_as_iam_and_scheduler_read_it() {
        let time: Time = "2026-11-20T19:00:00Z".parse().unwrap();
        assert_eq!(time.to_string(), "2026-11-20T19:00:00Z");
        assert_eq!(time.for_schedule(), "2026-11-20T19:00:00");
        assert_eq!((time.hour(), time.weekday()), (19, 5));
        assert!("2026-11-20T19:00:00.5Z".parse::<Time>().is_err());
    }

    #[test]
    fn a_stored_window_without_an_end_is_refused() {
        for bad in [
            r#"{"startsAt":"2026-11-20T19:00:00Z"}"#,
            r#"{"startsAt":"2026-11-20T19:00:00Z","expiresAt":"2026-11-20T19:00:00Z"}"#,
            r#"{"startsAt":"2026-11-20T19:00:00Z","expiresAt":"2026-11-20T18:00:00Z"}"#,
        ] {
            assert!(serde_json::from_str::<Window>(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn text_order_is_time_order(a in 0..LAST_SECOND, b in 0..LAST_SECOND) {
            let (a, b) = (Time::from_second(a).unwrap(), Time::from_second(b).unwrap());
            prop_assert_eq!(a.cmp(&b), a.to_string().cmp(&b.to_string()));
            prop_assert_eq!(a.to_string().parse::<Time>().unwrap(), a);
        }

        #[test]
        fn every_window_is_finite_and_as_long_as_asked(start in 0..LAST_SECOND, seconds in 0u64..u64::MAX) {
            if let Ok(window) = Window::starting(Time::from_second(start).unwrap(), seconds) {
                prop_assert!(window.starts_at() < window.expires_at());
                prop_assert_eq!(window.starts_at().seconds_until(window.expires_at()), seconds);
                prop_assert!(!window.contains(window.expires_at()));
                prop_assert!(window.contains(window.starts_at()));
            }
        }
    }
}
