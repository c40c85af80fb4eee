//! An account that grants are made in, and what was found there that no request owns.
//!
//! Nothing is taken out of an account before it has been known for a while: what carries our path and
//! tags there may be of another installation, or of this one before its table was lost. Until then it
//! is only put on the record.

use crate::names::AccountId;
use crate::time::Time;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Finds of one account that are remembered, so that each is recorded once. While it is observed, more
/// are only logged; afterwards the oldest are forgotten.
pub const REMEMBERED: usize = 200;

/// What kind of thing was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    /// A role under our path.
    Role,
    /// A managed policy under our path.
    Policy,
}

impl Kind {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Role => "role",
            Self::Policy => "policy",
        }
    }
}

/// Something with our path and tags that no request owns.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Orphan {
    /// What it is.
    pub kind: Kind,
    /// Its name.
    pub name: String,
}

/// What is known of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    /// Which.
    pub id: AccountId,
    /// When reconciliation saw it first.
    pub known_since: Time,
    /// What was found there and left alone.
    pub observed: BTreeSet<Orphan>,
    /// What was found there later, to be taken out.
    pub taken_out: BTreeSet<Orphan>,
}

/// What finding something in an account comes to, and its event, unless that is recorded already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// It is left alone.
    Leave(Option<Event>),
    /// It is taken out, once the event is stored.
    TakeOut(Option<Event>),
}

/// What happened in an account.
///
/// INVARIANT (append-only schema): as for the events of requests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Event {
    /// Reconciliation looked into it for the first time.
    AccountFirstSeen {
        /// Which.
        account: AccountId,
        /// From when on what no request owns is taken out.
        observed_until: Time,
    },
    /// Something was found that would be taken out, had the account been known for long enough.
    OrphanObserved {
        /// Where.
        account: AccountId,
        /// What.
        orphan: Orphan,
        /// From when on it is taken out.
        observed_until: Time,
    },
    /// Something that no request owns is taken out: the intent.
    OrphanRemoved {
        /// Where.
        account: AccountId,
        /// What.
        orphan: Orphan,
    },
}

impl Event {
    /// The names of all of them, as in the record and on the bus.
    pub const NAMES: [&'static str; 3] = ["accountFirstSeen", "orphanObserved", "orphanRemoved"];
}

/// The event of looking into `id` for the first time.
pub fn first_seen(id: &AccountId, observe_seconds: u64, now: Time) -> Event {
    Event::AccountFirstSeen { account: id.clone(), observed_until: now.plus(observe_seconds) }
}

impl Account {
    /// From when on what no request owns is taken out.
    pub fn observed_until(&self, observe_seconds: u64) -> Time {
        self.known_since.plus(observe_seconds)
    }

    /// What finding `orphan` comes to.
    pub fn find(&self, orphan: &Orphan, observe_seconds: u64, now: Time) -> Finding {
        let (account, observed_until) = (self.id.clone(), self.observed_until(observe_seconds));
        if now >= observed_until {
            let is_new = !self.taken_out.contains(orphan);
            return Finding::TakeOut(is_new.then(|| Event::OrphanRemoved { account, orphan: orphan.clone() }));
        }
        let is_new = !self.observed.contains(orphan) && self.observed.len() < REMEMBERED;
        Finding::Leave(is_new.then(|| Event::OrphanObserved { account, orphan: orphan.clone(), observed_until }))
    }

    /// The account after `event`, which happened at `at`; `None`: the event can't follow.
    pub fn evolve(before: Option<Self>, event: &Event, at: Time) -> Option<Self> {
        match (before, event) {
            (None, Event::AccountFirstSeen { account, .. }) => {
                let (observed, taken_out) = (BTreeSet::new(), BTreeSet::new());
                Some(Self { id: account.clone(), known_since: at, observed, taken_out })
            }
            (Some(mut known), Event::OrphanObserved { account, orphan, .. }) if *account == known.id => {
                known.observed.insert(orphan.clone()).then_some(known)
            }
            (Some(mut known), Event::OrphanRemoved { account, orphan }) if *account == known.id => {
                known.observed.remove(orphan);
                known.taken_out.insert(orphan.clone());
                // Names begin with the time of their request.
                if known.taken_out.len() > REMEMBERED {
                    known.taken_out.pop_first();
                }
                Some(known)
            }
            (None | Some(_), _) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WEEK: u64 = 604_800;

    fn orphan(name: &str) -> Orphan {
        Orphan { kind: Kind::Role, name: name.to_owned() }
    }

    fn known(now: Time) -> Account {
        let id: AccountId = "111111111111".parse().unwrap();
        Account::evolve(None, &first_seen(&id, WEEK, now), now).unwrap()
    }

    /// The event of a finding.
    fn event(finding: Finding) -> Event {
        match finding {
            Finding::Leave(Some(event)) | Finding::TakeOut(Some(event)) => event,
            known @ (Finding::Leave(None) | Finding::TakeOut(None)) => panic!("{known:?}"),
        }
    }

    #[test]
    fn a_new_account_is_observed_and_a_known_one_is_tidied_up() {
        let now: Time = "2026-11-20T19:00:00Z".parse().unwrap();
        let account = known(now);
        let found = event(account.find(&orphan("req_1"), WEEK, now));
        assert!(matches!(found, Event::OrphanObserved { .. }));
        let account = Account::evolve(Some(account), &found, now).unwrap();
        assert_eq!(account.find(&orphan("req_1"), WEEK, now.plus(WEEK - 1)), Finding::Leave(None), "once");
        assert!(Account::evolve(Some(account.clone()), &found, now).is_none(), "once in the record, too");
        let later = event(account.find(&orphan("req_1"), WEEK, now.plus(WEEK)));
        assert!(matches!(later, Event::OrphanRemoved { .. }));
        let account = Account::evolve(Some(account), &later, now).unwrap();
        assert_eq!(account.find(&orphan("req_1"), WEEK, now.plus(WEEK)), Finding::TakeOut(None), "tried again");
        assert!(account.observed.is_empty());
        // Without a time of observation everything is taken out from the first run on.
        assert!(matches!(known(now).find(&orphan("req_1"), 0, now), Finding::TakeOut(Some(_))));
    }

    #[test]
    fn nobody_makes_an_accounts_record_grow_without_bound() {
        let now: Time = "2026-11-20T19:00:00Z".parse().unwrap();
        let mut account = known(now);
        for n in 0..REMEMBERED {
            let found = event(account.find(&orphan(&format!("req_{n}")), WEEK, now));
            account = Account::evolve(Some(account), &found, now).unwrap();
        }
        assert_eq!(account.find(&orphan("one-more"), WEEK, now), Finding::Leave(None));
        for n in 0..=REMEMBERED {
            let found = event(account.find(&orphan(&format!("req_9{n:04}")), 0, now));
            account = Account::evolve(Some(account), &found, now).unwrap();
        }
        assert_eq!(account.taken_out.len(), REMEMBERED);
    }

    #[test]
    fn events_are_named_as_they_are_written() {
        let now: Time = "2026-11-20T19:00:00Z".parse().unwrap();
        let (account, orphan) = ("111111111111".parse::<AccountId>().unwrap(), orphan("req_1"));
        let events = [
            first_seen(&account, WEEK, now),
            Event::OrphanObserved { account: account.clone(), orphan: orphan.clone(), observed_until: now },
            Event::OrphanRemoved { account, orphan },
        ];
        let names = events.map(|event| serde_json::to_value(event).unwrap()["type"].as_str().unwrap().to_owned());
        assert_eq!(names, Event::NAMES);
    }
}
