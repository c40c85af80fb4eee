//! The calls of a grant as they are kept: each once, in slots of ten minutes, and a summary of all of them.
//!
//! Whatever comes in whatever order, how often, and split however: in the end the same entries are there and the same
//! numbers. What makes that so: a call is known by region and id; of two records of it one always wins; and a map that is
//! full keeps the names that come first in an order of the names themselves, so none that is kept was ever let go.
//!
//! Two things can't be had so. Beyond [`MOST_ENTRIES`] entries, which ones are kept is a matter of which came first. And
//! if a record is replaced by one that says something else (an update of CloudTrail's own), what was only true of the old
//! one may stay in the first or last time of a name, or a name may miss that had no place: then [`Merged::rebuild`] is
//! set, and [`Summary::of`] all entries is right again. Totals are right in any case.

mod bounded;
mod count;
mod page;
mod part;

use crate::call::Call;
use crate::entry::{Entry, Origin};
use crate::summary::Summary;
use model::time::Time;
use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, BTreeSet};

pub use page::{BadCursor, Cursor, Filter, Page, page};
pub use part::{BadPart, LARGEST_PART, PartKey, decode, encode};

/// Most entries that are kept of one grant. Every call is counted beyond that, too.
pub const MOST_ENTRIES: u64 = 100_000;

/// How much time a slot spans, in seconds.
pub const SLOT: i64 = 600;

/// What came of merging.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    /// The summary with what came.
    pub summary: Summary,
    /// Parts that are not as they were stored, whole. Empty, if everything was known.
    pub changed: BTreeMap<PartKey, Vec<Entry>>,
    /// Calls that were not known before, also those that are not kept.
    pub added: Vec<Entry>,
    /// Calls that were known and of which a record now says something else, as they are now.
    pub replaced: Vec<Entry>,
    /// Whether the summary can be made more exact by making it anew of all entries.
    pub rebuild: bool,
}

/// The beginning of the ten minutes that a call is in.
pub fn slot_of(call: &Call) -> Time {
    let second = call.at.as_second();
    Time::from_second(second.saturating_sub(second.rem_euclid(SLOT))).unwrap_or(Time::EPOCH)
}

/// The slots that have to be loaded, with all their parts, to merge these.
pub fn slots_of(entries: &[Entry]) -> BTreeSet<Time> {
    entries.iter().map(|entry| slot_of(&entry.call)).collect()
}

/// Merges calls into what is stored. `stored` has to hold every part of [`slots_of`] `incoming`; others may be there.
pub fn merge(summary: Summary, stored: &BTreeMap<PartKey, Vec<Entry>>, incoming: Vec<Entry>) -> Merged {
    merge_within(MOST_ENTRIES, summary, stored, incoming)
}

fn merge_within(
    most: u64,
    mut summary: Summary,
    stored: &BTreeMap<PartKey, Vec<Entry>>,
    incoming: Vec<Entry>,
) -> Merged {
    let mut slots: BTreeMap<Time, Slot> = BTreeMap::new();
    for slot in slots_of(&incoming) {
        slots.insert(slot, Slot::load(slot, stored));
    }
    let (mut new, mut replaced) = (BTreeMap::new(), BTreeMap::new());
    let mut beyond = Vec::new();
    let mut rebuild = false;
    for entry in incoming {
        let Some(slot) = slots.get_mut(&slot_of(&entry.call)) else { continue };
        let key = Key::of(&entry);
        match slot.at.get(&key) {
            Some(place) => {
                let Some(known) = slot.parts.get_mut(&place.0).and_then(|part| part.get_mut(place.1)) else { continue };
                if compare(&entry, known) != Ordering::Greater {
                    continue;
                }
                rebuild |= summary.replace(known, &entry);
                if known.call != entry.call && !new.contains_key(&key) {
                    replaced.insert(key.clone(), entry.clone());
                }
                if let Some(added) = new.get_mut(&key) {
                    *added = entry.clone();
                }
                *known = entry;
                slot.changed.insert(place.0);
            }
            None if summary.calls.saturating_sub(summary.not_kept) >= most => {
                summary.apply(&entry);
                summary.not_kept = summary.not_kept.saturating_add(1);
                beyond.push(entry);
            }
            None => {
                summary.apply(&entry);
                new.insert(key.clone(), entry.clone());
                slot.add(key, entry);
            }
        }
    }
    let changed = slots.into_iter().flat_map(|(at, slot)| slot.into_changed(at)).collect();
    let added = new.into_values().chain(beyond).collect();
    Merged { summary, changed, added, replaced: replaced.into_values().collect(), rebuild }
}

/// What makes two records ones of the same call.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    region: String,
    /// Records of two accounts have ids of their own, and one that they share.
    is_shared: bool,
    id: String,
}

impl Key {
    fn of(entry: &Entry) -> Self {
        let Call { region, id, shared, .. } = &entry.call;
        Self { region: region.clone(), is_shared: shared.is_some(), id: shared.as_ref().unwrap_or(id).clone() }
    }
}

/// Which of two records of a call is kept, by nothing but what they say: the greater one.
fn compare(one: &Entry, other: &Entry) -> Ordering {
    // An update says more than what it updates, wherever either came from.
    let rank = |entry: &Entry| (entry.call.update.clone(), completeness(&entry.origin), !entry.call.incomplete);
    rank(one)
        .cmp(&rank(other))
        .then_with(|| Reverse(one.rule).cmp(&Reverse(other.rule)))
        .then_with(|| Reverse(&one.origin).cmp(&Reverse(&other.origin)))
        .then_with(|| {
            if one == other {
                return Ordering::Equal;
            }
            let text = |entry: &Entry| serde_json::to_string(entry).unwrap_or_default();
            text(one).cmp(&text(other))
        })
}

fn completeness(origin: &Origin) -> u8 {
    match origin {
        Origin::Trail { .. } => 3,
        Origin::Logs { .. } => 2,
        Origin::Lookup {} => 1,
        Origin::Bus {} => 0,
    }
}

/// All that is kept of ten minutes.
#[derive(Default)]
struct Slot {
    parts: BTreeMap<u32, Vec<Entry>>,
    at: BTreeMap<Key, (u32, usize)>,
    changed: BTreeSet<u32>,
}

impl Slot {
    fn load(slot: Time, stored: &BTreeMap<PartKey, Vec<Entry>>) -> Self {
        let range = PartKey { slot, part: 0 }..=PartKey { slot, part: u32::MAX };
        let parts: BTreeMap<u32, Vec<Entry>> =
            stored.range(range).map(|(key, entries)| (key.part, entries.clone())).collect();
        let at = parts.iter().flat_map(|(part, entries)| {
            entries.iter().enumerate().map(move |(place, entry)| (Key::of(entry), (*part, place)))
        });
        Self { at: at.collect(), parts, changed: BTreeSet::new() }
    }

    /// To the last part: one that is full is split when all is in.
    fn add(&mut self, key: Key, entry: Entry) {
        let last = self.parts.last_key_value().map_or(0, |(part, _)| *part);
        let entries = self.parts.entry(last).or_default();
        self.at.insert(key, (last, entries.len()));
        entries.push(entry);
        self.changed.insert(last);
    }

    fn into_changed(mut self, slot: Time) -> impl Iterator<Item = (PartKey, Vec<Entry>)> {
        let mut changed = BTreeMap::new();
        let mut next = self.parts.last_key_value().map_or(0, |(part, _)| *part).saturating_add(1);
        for part in self.changed {
            let mut pieces = part::split(self.parts.remove(&part).unwrap_or_default()).into_iter();
            if let Some(first) = pieces.next() {
                changed.insert(PartKey { slot, part }, first);
            }
            for piece in pieces {
                changed.insert(PartKey { slot, part: next }, piece);
                next = next.saturating_add(1);
            }
        }
        changed.into_iter()
    }
}

#[cfg(test)]
mod tests;
