//! What the rules that count need to remember. Whatever comes in whatever order, the same is remembered, up to the bounds.

use super::address;
use super::named::{READS_SECRETS, among};
use crate::call::{Call, Category};
use crate::entry::{Entry, Rule};
use model::actions::{AccessLevel, level};
use model::time::Time;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// How finely reads and deletions are counted, in seconds. A rule looks at two such stretches that follow each other.
pub(super) const STRETCH: i64 = 300;

/// Two calls are close in time if no more than this lies between them, in seconds.
const CLOSE: i64 = 300;

/// Most stretches: a grant of 12 hours and its tail are fewer than this.
const MOST_STRETCHES: usize = 400;

/// Most addresses whose times are remembered: those that come first in the order of their texts, so that it doesn't matter
/// which came first in time.
const MOST_ADDRESSES: usize = 20;

/// Most secrets that are told apart: as many as it takes to find that there were many.
const MOST_SECRETS: usize = 64;

/// Everything remembered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Tallies {
    /// Calls refused for want of permission, without those that the console makes by itself.
    pub denied: u64,
    /// Reads of data, by stretch of five minutes since 1970.
    pub reads: BTreeMap<i64, u64>,
    /// Deletions, by stretch of five minutes since 1970.
    pub deletions: BTreeMap<i64, u64>,
    /// The secrets that were read, each as the beginning of the SHA-256 of its name.
    pub secrets: BTreeSet<String>,
    /// When each address was used, in seconds since 1970: stretches in which no two calls are further apart than five minutes.
    pub addresses: BTreeMap<String, Vec<(i64, i64)>>,
}

impl Tallies {
    /// Counts one entry. To be called once for each: it cannot know whether it has seen one before.
    pub fn add(&mut self, entry: &Entry) {
        let call = &entry.call;
        // Who opens a session works for the grant, not under it.
        if entry.rule == Rule::Opening {
            return;
        }
        if is_refusal(call) {
            self.denied = self.denied.saturating_add(1);
        }
        if is_data_read(call) {
            count(&mut self.reads, call.at);
        }
        if is_deletion(call) {
            count(&mut self.deletions, call.at);
        }
        self.remember(call);
    }

    /// Counts a call as another record of it says. An address or a secret that only the old one named stays.
    pub fn replace(&mut self, known: &Entry, better: &Entry) {
        let call = &known.call;
        if known.rule != Rule::Opening {
            self.denied = self.denied.saturating_sub(u64::from(is_refusal(call)));
            if is_data_read(call) {
                uncount(&mut self.reads, call.at);
            }
            if is_deletion(call) {
                uncount(&mut self.deletions, call.at);
            }
        }
        self.add(better);
    }

    fn remember(&mut self, call: &Call) {
        if call.error.is_none() && call.action.as_deref().is_some_and(|action| among(&READS_SECRETS, action)) {
            self.secrets.extend(secret_names(call));
            while self.secrets.len() > MOST_SECRETS {
                self.secrets.pop_last();
            }
        }
        if let Some(address) = somebody(call) {
            join(self.addresses.entry(address).or_default(), call.at.as_second());
            if self.addresses.len() > MOST_ADDRESSES {
                self.addresses.pop_last();
            }
        }
    }

    /// Pairs of addresses that were used within five minutes of each other.
    pub(super) fn at_once(&self) -> impl Iterator<Item = (&str, &str)> {
        self.addresses.iter().flat_map(move |(one, used)| {
            let later = self.addresses.range::<String, _>((std::ops::Bound::Excluded(one), std::ops::Bound::Unbounded));
            later.filter_map(move |(other, also)| {
                // Stretches that overlap hold two calls that are close, as no two of a stretch are further apart.
                let close = |a: &(i64, i64)| also.iter().any(|b| are_close(*a, *b));
                (address::same_family(one, other) && used.iter().any(close)).then_some((one.as_str(), other.as_str()))
            })
        })
    }
}

/// The most in any two stretches that follow each other, and when the first of them began.
pub(super) fn most(counts: &BTreeMap<i64, u64>) -> Option<(u64, Time)> {
    let both = |(stretch, count): (&i64, &u64)| {
        let next = counts.get(&stretch.saturating_add(1)).copied().unwrap_or(0);
        let from = Time::from_second(stretch.saturating_mul(STRETCH)).unwrap_or(Time::EPOCH);
        (count.saturating_add(next), from)
    };
    counts.iter().map(both).max_by_key(|(count, from)| (*count, std::cmp::Reverse(*from)))
}

/// Whether a call was refused and says something about who made it. The console asks for all that its pages show,
/// allowed or not.
pub(super) fn is_refusal(call: &Call) -> bool {
    call.is_denied() && !(call.caller.console && call.read_only)
}

/// Whether a call read data: what is in things, not that there are some.
pub(super) fn is_data_read(call: &Call) -> bool {
    let action = call.action.as_deref();
    let reads = match call.category {
        Category::Data => call.read_only && action.and_then(level).is_none_or(|level| level != AccessLevel::List),
        Category::Management | Category::NetworkActivity => action.is_some_and(|action| among(&READS_SECRETS, action)),
        Category::Kubernetes => false,
    };
    reads && call.error.is_none()
}

/// Whether a call deleted something.
pub(super) fn is_deletion(call: &Call) -> bool {
    const BEGINNINGS: [&str; 6] = ["BatchDelete", "Delete", "Deregister", "Purge", "ScheduleKeyDeletion", "Terminate"];
    let deletes = match call.category {
        Category::Kubernetes => call.name.starts_with("delete"),
        Category::Data | Category::Management | Category::NetworkActivity => {
            BEGINNINGS.iter().any(|beginning| call.name.starts_with(beginning))
        }
    };
    deletes && !call.read_only && call.error.is_none()
}

/// The address of whoever made a call; `None` where a service made it for them.
pub(super) fn somebody(call: &Call) -> Option<String> {
    if call.caller.invoked_by.is_empty() { address::of_somebody(&call.address) } else { None }
}

fn secret_names(call: &Call) -> impl Iterator<Item = String> {
    call.resources.iter().map(|name| hex::encode(Sha256::digest(name).iter().copied().take(6).collect::<Vec<u8>>()))
}

fn count(counts: &mut BTreeMap<i64, u64>, at: Time) {
    let stretch = at.as_second().div_euclid(STRETCH);
    if counts.len() < MOST_STRETCHES || counts.contains_key(&stretch) {
        let count = counts.entry(stretch).or_default();
        *count = count.saturating_add(1);
    }
}

fn uncount(counts: &mut BTreeMap<i64, u64>, at: Time) {
    let stretch = at.as_second().div_euclid(STRETCH);
    if let Some(count) = counts.get_mut(&stretch) {
        *count = count.saturating_sub(1);
    }
    counts.retain(|_, count| *count > 0);
}

fn are_close(one: (i64, i64), other: (i64, i64)) -> bool {
    one.0.saturating_sub(other.1) <= CLOSE && other.0.saturating_sub(one.1) <= CLOSE
}

/// Adds a second to stretches in order of time, and joins those that come to be close.
fn join(used: &mut Vec<(i64, i64)>, second: i64) {
    let mut joined = (second, second);
    used.retain(|stretch| {
        let close = are_close(*stretch, joined);
        if close {
            joined = (joined.0.min(stretch.0), joined.1.max(stretch.1));
        }
        !close
    });
    let place = used.partition_point(|stretch| *stretch < joined);
    used.insert(place, joined);
}
