//! How much one person may ask for, and countersign, so that those who countersign go on reading.

use crate::amount::display_duration;
use crate::names::RequestId;
use crate::time::Time;
use serde::{Deserialize, Serialize};

/// The time in which requests are counted, in seconds.
pub const HOUR: u64 = 3_600;

/// How much one person may ask for, and countersign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Requests within any hour, whatever becomes of them.
    pub requests_per_hour: u32,
    /// Requests that wait for countersignatures at the same time.
    pub open_requests: u32,
    /// Countersignatures within any hour.
    pub approvals_per_hour: u32,
}

impl Default for Limits {
    /// More than a person needs in an incident, and less than makes approvers stop reading; and no more
    /// countersignatures than one a minute.
    fn default() -> Self {
        Self { requests_per_hour: 30, open_requests: 10, approvals_per_hour: 60 }
    }
}

/// What a slot is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SlotKind {
    /// Requests within an hour.
    Hour,
    /// Requests that wait.
    Open,
    /// Countersignatures within an hour.
    Vote,
}

/// One of the places that a limit leaves to a person, by its number from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Slot {
    /// Of which limit.
    pub kind: SlotKind,
    /// Which one.
    pub number: u32,
}

/// A slot that a request took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Which slot.
    pub slot: Slot,
    /// By which request.
    pub request: RequestId,
    /// Until when at the latest; not at this time any more.
    pub until: Time,
}

/// A person has asked for, or countersigned, as much as they may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TooMany {
    /// As often within an hour as the catalog lets them.
    #[error(
        "you asked {limit} times within {}, which is as often as the catalog allows; ask again after {again_at}",
        display_duration(HOUR)
    )]
    PerHour {
        /// How often they may.
        limit: u32,
        /// When they may again.
        again_at: Time,
    },
    /// As many wait as the catalog lets them have.
    #[error(
        "{limit} requests of yours wait to be countersigned, which is as many as the catalog allows; cancel one that you need no more, or wait until one is decided"
    )]
    Open {
        /// How many may wait.
        limit: u32,
    },
    /// As often within an hour as the catalog lets them countersign.
    #[error(
        "you countersigned {limit} times within {}, which is as often as the catalog allows, so that each is read; leave this one to somebody else, or come back after {again_at}",
        display_duration(HOUR)
    )]
    Votes {
        /// How often they may.
        limit: u32,
        /// When they may again.
        again_at: Time,
    },
}

impl TooMany {
    /// The stable code.
    pub const CODE: &'static str = "too_many_requests";
}

impl Limits {
    /// How many slots of `kind` there are.
    pub fn of(self, kind: SlotKind) -> u32 {
        match kind {
            SlotKind::Hour if crate::seeded!("a-limit-of-one-more") => self.requests_per_hour.saturating_add(1),
            SlotKind::Hour => self.requests_per_hour,
            SlotKind::Open => self.open_requests,
            SlotKind::Vote => self.approvals_per_hour,
        }
    }

    /// A slot that may be free, for a request of this id: found without a look at those that are held.
    pub fn guess(self, kind: SlotKind, id: &RequestId) -> Slot {
        let digits = id.as_str().get(28..).unwrap_or_default();
        let drawn = u32::from_str_radix(digits, 16).unwrap_or(0);
        Slot { kind, number: drawn.checked_rem(self.of(kind)).unwrap_or(0) }
    }

    /// A slot of `kind` that none of `held` holds at `now`; of the open ones, a request that is not among those that
    /// `wait` any more gives up its slot. With the request that gives it up, if one does.
    ///
    /// # Errors
    /// If there is none.
    pub fn free(
        self,
        kind: SlotKind,
        held: &[Held],
        wait: &[RequestId],
        now: Time,
    ) -> Result<(Slot, Option<RequestId>), TooMany> {
        let limit = self.of(kind);
        let taken: Vec<&Held> = held.iter().filter(|held| held.slot.kind == kind && held.until > now).collect();
        let counts = |held: &&Held| match kind {
            SlotKind::Hour | SlotKind::Vote => true,
            SlotKind::Open => wait.contains(&held.request),
        };
        let counted = taken.iter().copied().filter(counts).count();
        let enough = u32::try_from(counted).unwrap_or(u32::MAX) >= limit;
        let free = (0..limit).find(|number| taken.iter().all(|held| held.slot.number != *number));
        let given_up = taken.iter().find(|held| held.slot.number < limit && !counts(held));
        match (enough, free, given_up) {
            (false, Some(number), _) => Ok((Slot { kind, number }, None)),
            (false, None, Some(held)) => Ok((held.slot, Some(held.request.clone()))),
            (true, ..) | (false, None, None) => Err(match kind {
                SlotKind::Hour => {
                    let again_at = taken.iter().map(|held| held.until).min().unwrap_or(now);
                    TooMany::PerHour { limit, again_at }
                }
                SlotKind::Open => TooMany::Open { limit },
                SlotKind::Vote => {
                    let again_at = taken.iter().map(|held| held.until).min().unwrap_or(now);
                    TooMany::Votes { limit, again_at }
                }
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::noon;

    fn id(number: u32) -> RequestId {
        format!("req_0198c0ffee007000{number:016x}").parse().unwrap()
    }

    fn held(kind: SlotKind, number: u32, until: u64) -> Held {
        Held { slot: Slot { kind, number }, request: id(number), until: noon().plus(until) }
    }

    const LIMITS: Limits = Limits { requests_per_hour: 3, open_requests: 2, approvals_per_hour: 2 };

    #[test]
    fn a_guess_is_one_of_them() {
        for number in [0, 1, 7, 0xdead_beef] {
            assert_eq!(LIMITS.guess(SlotKind::Hour, &id(number)).number, number % 3);
            assert_eq!(LIMITS.guess(SlotKind::Open, &id(number)).number, number % 2);
        }
    }

    #[test]
    fn an_hour_has_so_many_slots_and_each_is_free_again_after_it() {
        let of = |untils: &[u64]| {
            let held: Vec<Held> = (0..).zip(untils).map(|(at, until)| held(SlotKind::Hour, at, *until)).collect();
            LIMITS.free(SlotKind::Hour, &held, &[], noon()).map(|(slot, instead)| (slot.number, instead))
        };
        assert_eq!(of(&[]), Ok((0, None)));
        assert_eq!(of(&[60, 60]), Ok((2, None)));
        assert_eq!(of(&[60, 0, 60]), Ok((1, None)), "its hour is over to the second");
        let again_at = noon().plus(30);
        assert_eq!(of(&[60, 30, 90]), Err(TooMany::PerHour { limit: 3, again_at }));
    }

    #[test]
    fn who_countersigned_often_enough_is_told_when_they_may_again() {
        let of = |number: u32| {
            let held: Vec<Held> = (0..number).map(|at| held(SlotKind::Vote, at, 60)).collect();
            LIMITS.free(SlotKind::Vote, &held, &[], noon())
        };
        assert_eq!(of(1), Ok((Slot { kind: SlotKind::Vote, number: 1 }, None)));
        let again_at = noon().plus(60);
        assert_eq!(of(2), Err(TooMany::Votes { limit: 2, again_at }));
    }

    #[test]
    fn what_is_decided_gives_up_its_place() {
        let both = [held(SlotKind::Open, 0, 60), held(SlotKind::Open, 1, 60), held(SlotKind::Hour, 1, 60)];
        let free = |wait: &[RequestId]| LIMITS.free(SlotKind::Open, &both, wait, noon());
        assert_eq!(free(&[id(0), id(1)]), Err(TooMany::Open { limit: 2 }));
        assert_eq!(free(&[id(0)]), Ok((both[1].slot, Some(id(1)))));
        assert_eq!(free(&[]), Ok((both[0].slot, Some(id(0)))));
        // A catalog that allows less than before.
        let less = Limits { open_requests: 1, ..LIMITS };
        assert_eq!(less.free(SlotKind::Open, &both, &[id(1)], noon()), Err(TooMany::Open { limit: 1 }));
    }
}
