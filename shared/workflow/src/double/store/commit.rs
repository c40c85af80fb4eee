//! One change of a request: stored if every condition holds, and refused in the table's words if not.

use super::super::log::Log;
use super::super::{Inner, Verb, World};
use super::{KeyMark, News, Row, Store};
use crate::ports::{Commit, CommitError, CommitRequest, Fault, Guard, Stored, StoredEntry};
use model::lifecycle::State;
use model::limits::Slot;
use model::names::{IdempotencyKey, PersonId};
use model::stream::Stream;
use model::time::Time;
use record::chain::Head;
use std::collections::BTreeSet;

const STORE: &str = "store the change";

/// Parts of one transaction. Source: DynamoDB API reference, `TransactWriteItems`.
const MOST_ITEMS: usize = 100;

/// The item that a guard is about.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Item<'a> {
    Mark(String),
    Bar(&'a PersonId),
    Anchor,
    Key(&'a PersonId, &'a IdempotencyKey),
    Slot(&'a PersonId, Slot),
}

impl<'a> Item<'a> {
    fn of(guard: &'a Guard) -> Self {
        match guard {
            Guard::Replay { key, .. } => Self::Mark(key.to_string()),
            Guard::NotBarred { person } => Self::Bar(person),
            Guard::Anchored { .. } => Self::Anchor,
            Guard::Idempotency { person, key, .. } => Self::Key(person, key),
            Guard::Slot { person, slot, .. } => Self::Slot(person, *slot),
        }
    }
}

/// What of a commit DynamoDB would not even look at.
fn unsendable(commit: &Commit) -> Option<&'static str> {
    let parts = commit.links.len().saturating_mul(2).saturating_add(commit.guards.len());
    if parts >= MOST_ITEMS {
        return Some("too_many_events");
    }
    // Source: DynamoDB API reference, `TransactWriteItems`: no two parts may be about one item.
    let items: BTreeSet<Item<'_>> = commit.guards.iter().map(Item::of).collect();
    (items.len() < commit.guards.len()).then_some("ValidationException")
}

/// What of a commit's conditions does not hold; the table is told of all of them at once.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "any of them may be true at once: one transaction, several reasons")]
struct Unmet {
    changed: bool,
    replayed: bool,
    key_used: bool,
    barred: Option<PersonId>,
    not_anchored: bool,
    slot_taken: bool,
}

impl Unmet {
    /// Which of them is told, as `aws` has it: what was done before is said before that somebody else was faster.
    fn told(self) -> Option<CommitError> {
        if self.replayed {
            return Some(CommitError::Replayed);
        }
        if self.key_used {
            return Some(CommitError::KeyUsed);
        }
        if let Some(person) = self.barred {
            return Some(CommitError::Barred(person));
        }
        if self.changed {
            return Some(CommitError::Conflict);
        }
        if self.not_anchored {
            return Some(CommitError::NotAnchored);
        }
        self.slot_taken.then_some(CommitError::SlotTaken)
    }
}

impl Store {
    fn commit(&mut self, commit: Commit, now: Time, moment: u64, log: &mut Log) -> Result<(), CommitError> {
        if let Some(code) = unsendable(&commit) {
            return Err(Fault::new(STORE, code).into());
        }
        if let Some(error) = self.unmet(&commit, now, log).told() {
            return Err(error);
        }
        let state = snapshot(&commit.next.state)?;
        for guard in commit.guards {
            match guard {
                Guard::Replay { key, forget_at } => {
                    self.replays.insert(key, forget_at);
                }
                Guard::NotBarred { .. } | Guard::Anchored { .. } => {}
                Guard::Idempotency { person, key, payload, forget_at } => {
                    self.keys.insert((person, key), KeyMark { id: commit.id.clone(), payload, forget_at });
                }
                Guard::Slot { person, slot, until, .. } => {
                    self.slots.insert((person, slot), (commit.id.clone(), until));
                }
            }
        }
        log.put_out(&Stream::Request(commit.id.clone()), &commit.links, commit.next.at, moment);
        self.news.extend(commit.links.iter().map(|link| News {
            id: commit.id.clone(),
            seq: link.seq,
            name: link.name.clone(),
            bytes: link.bytes.clone(),
        }));
        let row = self.requests.remove(&commit.id);
        let (mut entries, mut before, shown) = match row {
            Some(row) => (row.entries, row.before, Some(row.stored.state)),
            None => (Vec::new(), Vec::new(), None),
        };
        if self.index_lag > 0 {
            before.retain(|(replaced, _)| replaced.plus(self.index_lag) > now);
            before.push((now, shown));
        }
        entries.extend(commit.links.into_iter().map(StoredEntry::from));
        let row = Row { stored: Stored { state, ..commit.next }, entries, before };
        self.requests.insert(commit.id, row);
        Ok(())
    }

    fn unmet(&self, commit: &Commit, now: Time, log: &Log) -> Unmet {
        let mut unmet = Unmet::default();
        let stored = self.requests.get(&commit.id).map_or(0, |row| row.stored.head.seq);
        unmet.changed = stored != commit.expected;
        // What is not forgotten yet, by the time of the change: DynamoDB itself deletes late.
        let at = commit.next.at;
        for guard in &commit.guards {
            match guard {
                // Counts for as long as it is there. DynamoDB deletes it some time after this; here, at once.
                Guard::Replay { key, .. } => {
                    unmet.replayed |= self.replays.get(key).is_some_and(|forget_at| *forget_at > now);
                }
                Guard::Anchored { not_before } => unmet.not_anchored |= !log.lets_begin(*not_before),
                Guard::NotBarred { person } => {
                    if self.bars.get(person).is_some_and(|bar| !bar.lifted) {
                        unmet.barred = Some(person.clone());
                    }
                }
                Guard::Idempotency { person, key, .. } => {
                    let mark = self.keys.get(&(person.clone(), key.clone()));
                    unmet.key_used |= mark.is_some_and(|mark| mark.forget_at >= at);
                }
                Guard::Slot { person, slot, instead_of, .. } => {
                    let held = self.slots.get(&(person.clone(), *slot));
                    unmet.slot_taken |= held.is_some_and(|(by, until)| *until > at && instead_of.as_ref() != Some(by));
                }
            }
        }
        unmet
    }

    /// What is wrong with a commit by itself, whatever is stored.
    fn malformed(commit: &Commit) -> Option<&'static str> {
        let gapless = (commit.expected.saturating_add(1)..).zip(&commit.links).all(|(seq, link)| link.seq == seq);
        let Some(last) = commit.links.last() else { return Some("a commit without events") };
        if !gapless {
            Some("a commit whose entries have gaps")
        } else if commit.next.head != (Head { seq: last.seq, hash: last.hash }) {
            Some("a commit whose head is not its last entry")
        } else if commit.next.state.request.id != commit.id {
            Some("a commit to another request")
        } else {
            None
        }
    }
}

/// The state as a table that holds it as text would give it back.
fn snapshot(state: &State) -> Result<State, Fault> {
    let unreadable = |_| Fault::new(STORE, "unreadable");
    let text = serde_json::to_string(state).map_err(unreadable)?;
    serde_json::from_str(&text).map_err(unreadable)
}

impl CommitRequest for World {
    async fn commit(&self, commit: Commit) -> Result<(), CommitError> {
        let names: Vec<&str> = commit.links.iter().map(|link| link.name.as_str()).collect();
        let (on, detail) = (commit.id.clone(), names.join(","));
        let begins = commit.guards.iter().any(|guard| matches!(guard, Guard::Anchored { .. }));
        let held = if begins { Some(self.hold_copy(&commit.id).await?) } else { None };
        let stored = self.call(Verb::Commit, on, detail, |inner: &mut Inner| {
            if let Some(breach) = Store::malformed(&commit) {
                inner.breaches.push(format!("{}: {breach}", commit.id));
                return Err(Fault::new(STORE, "malformed").into());
            }
            let moment = inner.elapsed();
            let Inner { now, store, log, .. } = inner;
            store.commit(commit, *now, moment, log)
        });
        let stored = stored.await;
        drop(held);
        stored
    }
}
