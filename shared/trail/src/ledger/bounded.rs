//! Maps with a bound that come out the same in whatever order names arrive.
//!
//! A full map keeps the names that are first in their order. One that is among them in the end has been among them ever
//! since it came, for there were only fewer names before; so its count is exact, and so is the count of all that found no
//! place.

use crate::summary::{ActionSeen, MOST_NAMES, Seen};
use std::collections::BTreeMap;

/// Something counted under a name.
pub(super) trait Counted {
    /// How often.
    fn times(&self) -> u64;
    /// Adds what another one counted.
    fn join(&mut self, more: Self);
    /// Takes away what was counted. Returns whether what is left is as if it had never been there.
    fn part(&mut self, less: &Self) -> bool;
}

impl Counted for u64 {
    fn times(&self) -> u64 {
        *self
    }
    fn join(&mut self, more: Self) {
        *self = self.saturating_add(more);
    }
    fn part(&mut self, less: &Self) -> bool {
        *self = self.saturating_sub(*less);
        true
    }
}

impl Counted for Seen {
    fn times(&self) -> u64 {
        self.times
    }
    fn join(&mut self, more: Self) {
        self.times = self.times.saturating_add(more.times);
        self.denied = self.denied.saturating_add(more.denied);
        self.failed = self.failed.saturating_add(more.failed);
        self.first = self.first.min(more.first);
        self.last = self.last.max(more.last);
    }
    fn part(&mut self, less: &Self) -> bool {
        self.times = self.times.saturating_sub(less.times);
        self.denied = self.denied.saturating_sub(less.denied);
        self.failed = self.failed.saturating_sub(less.failed);
        // The next one isn't known.
        self.first < less.first && less.last < self.last
    }
}

impl Counted for ActionSeen {
    fn times(&self) -> u64 {
        self.seen.times()
    }
    fn join(&mut self, more: Self) {
        self.seen.join(more.seen);
        // Calls of one name agree in these, as far as anybody knows. If not, no order decides.
        self.action = match (self.action.take(), more.action) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        self.read_only &= more.read_only;
    }
    fn part(&mut self, less: &Self) -> bool {
        let agrees = self.action == less.action && self.read_only == less.read_only;
        self.seen.part(&less.seen) && agrees
    }
}

/// Counts under a name. Returns how many calls lost their place, or found none.
pub(super) fn put<V: Counted>(map: &mut BTreeMap<String, V>, most: usize, name: String, value: V) -> u64 {
    if let Some(known) = map.get_mut(&name) {
        known.join(value);
        return 0;
    }
    map.insert(name, value);
    let mut dropped = 0_u64;
    while map.len() > most || bytes(map) > MOST_NAMES {
        let Some(last) = map.keys().max_by_key(|name| rank(name)).cloned() else { break };
        let value = map.remove(&last);
        dropped = dropped.saturating_add(value.map_or(0, |value| value.times()));
    }
    dropped
}

/// Objects of S3 come last: a bulk read of them can't push what is rarer out.
fn rank(name: &str) -> (bool, &str) {
    let is_object = name.starts_with("arn:") && name.split(':').nth(2) == Some("s3") && name.contains('/');
    (is_object, name)
}

/// What is left after something was taken out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Left {
    /// How many calls were not there to be taken out: they had found no place.
    pub(super) missing: u64,
    /// Whether the map is as if it had never been there.
    pub(super) exact: bool,
}

/// Longest name there is, in bytes: an ARN of as many characters, of four bytes each.
const LONGEST_NAME: usize = 8 * 1024;

/// Takes a count out from under a name.
pub(super) fn cut<V: Counted>(map: &mut BTreeMap<String, V>, most: usize, name: &str, value: &V) -> Left {
    // Only a map that has no room for one more can have let a name go, which would now have its place.
    let has_room = map.len() < most && bytes(map).saturating_add(LONGEST_NAME) < MOST_NAMES;
    let Some(known) = map.get_mut(name) else { return Left { missing: value.times(), exact: true } };
    let exact = known.part(value);
    if known.times() == 0 {
        map.remove(name);
        return Left { missing: 0, exact: has_room };
    }
    Left { missing: 0, exact }
}

fn bytes<V>(map: &BTreeMap<String, V>) -> usize {
    map.keys().map(String::len).sum()
}
