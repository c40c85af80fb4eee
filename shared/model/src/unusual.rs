//! What is out of the ordinary about a request, held against what the same person asked for before.
//!
//! Hints for whoever countersigns. They decide nothing, and a person who asks for the first time has done nothing wrong.

use crate::amount::display_duration;
use crate::names::EntitlementName;
use crate::request::Request;
use crate::time::Time;

/// Earlier requests that are looked at, the newest.
pub const LOOKED_AT: u32 = 25;

/// How many earlier requests it takes to know somebody's usual hours.
const ENOUGH_FOR_HOURS: usize = 8;

/// Hours around the clock that count as the same part of the day.
const SAME_PART_OF_DAY: u8 = 3;

/// How many earlier requests for one entitlement it takes to know how long is usual.
const ENOUGH_FOR_DURATIONS: usize = 3;

/// Requests for the same thing within a day that are worth mentioning, this one included.
const REPEATED: usize = 3;

/// A day, in seconds.
const DAY: u64 = 86_400;

/// An earlier request, as far as it is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earlier {
    /// What was asked for.
    pub entitlement: EntitlementName,
    /// When.
    pub submitted_at: Time,
    /// For how long, in seconds.
    pub duration_seconds: u64,
}

impl From<&Request> for Earlier {
    fn from(request: &Request) -> Self {
        Self {
            entitlement: request.entitlement.clone(),
            submitted_at: request.submitted_at,
            duration_seconds: request.duration_seconds,
        }
    }
}

/// What is unusual about `request`, in sentences of our own: no words of a person are in them. `earlier` are the same
/// person's requests before it, and `all` says whether these are all there are.
pub fn observe(request: &Request, earlier: &[Earlier], all: bool) -> Vec<String> {
    let same: Vec<&Earlier> = earlier.iter().filter(|past| past.entitlement == request.entitlement).collect();
    let mut unusual = Vec::new();
    if earlier.is_empty() && all {
        unusual.push("The first request of this person at all.".to_owned());
    } else if same.is_empty() {
        unusual.push(if all {
            format!("The first time that this person asks for {}.", request.entitlement)
        } else {
            format!("None of this person's last {} requests was for {}.", earlier.len(), request.entitlement)
        });
    }
    let within_a_day = same
        .iter()
        .filter(|past| past.submitted_at.seconds_until(request.submitted_at) < DAY)
        .count()
        .saturating_add(1);
    if within_a_day >= REPEATED {
        unusual.push(format!("Request number {within_a_day} for this within 24 hours."));
    }
    let longest = same.iter().map(|past| past.duration_seconds).max().unwrap_or(0);
    if same.len() >= ENOUGH_FOR_DURATIONS && request.duration_seconds > longest {
        unusual.push(format!(
            "Longer than any of the last {} for this, which were for {} at most.",
            same.len(),
            display_duration(longest)
        ));
    }
    let hour = request.submitted_at.hour();
    let strange = |past: &Earlier| apart(past.submitted_at.hour(), hour) > SAME_PART_OF_DAY;
    if earlier.len() >= ENOUGH_FOR_HOURS && earlier.iter().all(strange) {
        unusual.push(format!(
            "At an unusual hour: it is {hour:02} o'clock UTC, and none of the last {} requests came near it.",
            earlier.len()
        ));
    }
    unusual
}

/// Hours between two hours of the day, the shorter way round the clock.
fn apart(one: u8, other: u8) -> u8 {
    let there = one.abs_diff(other);
    there.min(24u8.saturating_sub(there))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::RequestFacts;
    use crate::samples::{facts, noon};

    fn request(change: impl FnOnce(&mut RequestFacts)) -> Request {
        let mut facts = facts("orders-db-debug");
        change(&mut facts);
        Request::new(facts)
    }

    fn before(entitlement: &str, seconds: u64) -> Earlier {
        let submitted_at =
            Time::from_second(noon().as_second().checked_sub(i64::try_from(seconds).unwrap()).unwrap()).unwrap();
        Earlier { entitlement: entitlement.parse().unwrap(), submitted_at, duration_seconds: 1_800 }
    }

    #[test]
    fn a_first_time_is_said() {
        let ours = request(|_| {});
        assert_eq!(observe(&ours, &[], true), ["The first request of this person at all."]);
        let others = [before("logs-read", 90_000)];
        assert_eq!(observe(&ours, &others, true), ["The first time that this person asks for orders-db-debug."]);
        assert_eq!(observe(&ours, &others, false), ["None of this person's last 1 requests was for orders-db-debug."]);
        assert_eq!(observe(&ours, &[before("orders-db-debug", 90_000)], true), [""; 0]);
    }

    #[test]
    fn repeats_within_a_day_are_counted() {
        let again =
            [before("orders-db-debug", 60), before("orders-db-debug", 3_600), before("orders-db-debug", 90_000)];
        assert_eq!(observe(&request(|_| {}), &again, true), ["Request number 3 for this within 24 hours."]);
        assert_eq!(observe(&request(|_| {}), &again[1..], true), [""; 0]);
    }

    #[test]
    fn longer_than_ever_is_said() {
        let usual: Vec<Earlier> = (1..=3).map(|day| before("orders-db-debug", day * 90_000)).collect();
        assert_eq!(observe(&request(|facts| facts.duration_seconds = 1_801), &usual, true).len(), 1);
        assert_eq!(observe(&request(|facts| facts.duration_seconds = 1_800), &usual, true), [""; 0]);
    }

    #[test]
    fn an_hour_that_is_nobodys_habit_is_said() {
        // All at noon; this one fifteen hours later, or four, or three.
        let usual: Vec<Earlier> = (2..=9).map(|day| before("orders-db-debug", day * 86_400)).collect();
        let at = |hours: u64| observe(&request(|facts| facts.submitted_at = noon().plus(hours * 3_600)), &usual, true);
        assert!(at(15)[0].starts_with("At an unusual hour: it is 03 o'clock UTC"));
        assert_eq!(at(4).len(), 1);
        assert_eq!(at(3), [""; 0]);
        assert_eq!(apart(23, 1), 2);
    }
}
