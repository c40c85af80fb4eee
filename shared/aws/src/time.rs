//! The machine's clock, waiting, new ids and salts.

use model::names::{RequestId, SweepId};
use model::time::Time;
use model::words::Salt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use uuid::Uuid;
use workflow::ports::{Clock, Identifiers};

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one door for the time of day")]
    fn now(&self) -> Time {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let mut seconds = i64::try_from(since).unwrap_or(0);
        loop {
            match Time::from_second(seconds) {
                Ok(time) => return time,
                // Past the year 9999: a clock so wrong that 1970, when no grant was open, is safer.
                Err(_) => seconds = 0,
            }
        }
    }

    async fn pause(&self, milliseconds: u64) {
        tokio::time::sleep(jittered(milliseconds)).await;
    }
}

/// Between half of and one and a half times `milliseconds`.
pub(crate) fn jittered(milliseconds: u64) -> Duration {
    // The lower half of a UUIDv7 is random.
    let (_, random) = Uuid::now_v7().as_u64_pair();
    let extra = random.checked_rem(milliseconds.saturating_add(1)).unwrap_or(0);
    Duration::from_millis(milliseconds.div_euclid(2).saturating_add(extra))
}

/// Request ids from `UUIDv7`, which sort by time; salts that are random altogether.
#[derive(Debug, Clone, Copy, Default)]
pub struct UuidIds;

impl Identifiers for UuidIds {
    fn request_id(&self) -> RequestId {
        loop {
            // Never repeated: 32 hexadecimal digits in lower case are what a request id takes.
            if let Ok(id) = format!("req_{}", Uuid::now_v7().simple()).parse() {
                return id;
            }
        }
    }

    fn sweep_id(&self) -> SweepId {
        loop {
            // Likewise.
            if let Ok(id) = format!("swp_{}", Uuid::now_v7().simple()).parse() {
                return id;
            }
        }
    }

    fn salt(&self) -> Salt {
        let mut bytes = [0; 16];
        loop {
            // Likewise: what TLS draws its keys from.
            if aws_lc_rs::rand::fill(&mut bytes).is_ok() {
                return Salt::new(bytes);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_new_and_sort_by_time() {
        let ids: Vec<RequestId> = (0..1_000).map(|_| UuidIds.request_id()).collect();
        let mut sorted = ids.clone();
        sorted.sort();
        sorted.dedup();
        assert_eq!(ids, sorted);
    }

    #[test]
    fn no_two_salts_are_the_same() {
        let salts: std::collections::BTreeSet<String> = (0..1_000).map(|_| UuidIds.salt().into()).collect();
        assert_eq!(salts.len(), 1_000);
    }

    #[test]
    fn waits_differ_and_stay_near_what_was_asked() {
        let waits: Vec<u128> = (0..200).map(|_| jittered(100).as_millis()).collect();
        assert!(waits.iter().all(|wait| (50..=150).contains(wait)));
        assert!(waits.iter().any(|wait| wait != &waits[0]));
        assert_eq!(jittered(0), Duration::ZERO);
    }

    #[test]
    fn the_clock_is_somewhere_in_this_century() {
        assert!(SystemClock.now() > "2025-01-01T00:00:00Z".parse().unwrap());
    }
}
