//! The store: requests with their chains, marks, notes, and the news of what was committed.

mod commit;

use super::misread::link;
use super::{Verb, World};
use crate::ports::{
    Bar, Claim, EraseWords, Fault, FindByKey, FindDue, ListRequests, Listing, LoadEntries, LoadRequest, LoadRequests,
    Note, Page, RememberNotes, Sent, Stored, StoredAccount, StoredEntry, StoredSweep,
};
use model::digest::Digest;
use model::lifecycle::State;
use model::limits::{Held, Slot};
use model::names::{AccountId, IdempotencyKey, PersonId, RequestId, SweepId};
use model::request::Status;
use model::stream::{Place, Stream};
use model::time::Time;
use record::chain::Head;
use record::words::Beside;
use std::collections::BTreeMap;

/// How long a claim on a message holds, in seconds.
const CLAIM_SECONDS: u64 = 60;

/// One committed entry, on its way to the bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    /// The request.
    pub id: RequestId,
    /// The entry's place.
    pub seq: u64,
    /// The event's name.
    pub name: String,
    /// The entry's bytes.
    pub bytes: Vec<u8>,
}

#[derive(Debug, Default, Clone)]
pub(super) struct Store {
    requests: BTreeMap<RequestId, Row>,
    replays: BTreeMap<Digest, Time>,
    keys: BTreeMap<(PersonId, IdempotencyKey), KeyMark>,
    slots: BTreeMap<(PersonId, Slot), (RequestId, Time)>,
    notes: BTreeMap<(RequestId, u64, String), Claimed>,
    pub(super) sweeps: BTreeMap<SweepId, (StoredSweep, Vec<StoredEntry>)>,
    pub(super) bars: BTreeMap<PersonId, Bar>,
    pub(super) accounts: BTreeMap<AccountId, (StoredAccount, Vec<Vec<u8>>)>,
    news: Vec<News>,
    /// How far the indexes are behind, in seconds.
    pub(super) index_lag: u64,
    pub(super) index_behind: u64,
}

#[derive(Debug, Clone)]
struct Row {
    /// As read back from the text that the table would hold.
    stored: Stored,
    entries: Vec<StoredEntry>,
    /// What the indexes held before, each with when it was replaced; nothing, if they are never behind.
    before: Vec<(Time, Option<State>)>,
}

impl Row {
    /// The state that the indexes show at `now`; `None`: none yet.
    fn indexed(&self, now: Time, lag: u64) -> Option<&State> {
        let shown = self.before.iter().find(|(replaced, _)| lag > 0 && replaced.plus(lag) > now);
        match shown {
            Some((_, state)) => state.as_ref(),
            None => Some(&self.stored.state),
        }
    }

    fn bytes(&self) -> Vec<Vec<u8>> {
        self.entries.iter().map(|entry| entry.bytes.clone()).collect()
    }
}

#[derive(Debug, Clone)]
struct KeyMark {
    id: RequestId,
    payload: Digest,
    forget_at: Time,
}

#[derive(Debug, Clone, Default)]
struct Claimed {
    claimed_at: Option<Time>,
    sent: Option<Sent>,
}

impl World {
    /// A request as it is now, past the gate.
    pub fn stored(&self, id: &RequestId) -> Option<Stored> {
        self.lock().store.requests.get(id).map(|row| row.stored.clone())
    }

    /// All requests, in order.
    pub fn ids(&self) -> Vec<RequestId> {
        self.lock().store.requests.keys().cloned().collect()
    }

    /// The bytes of a request's chain, in order, past the gate.
    pub fn chain(&self, id: &RequestId) -> Vec<Vec<u8>> {
        self.lock().store.requests.get(id).map(Row::bytes).unwrap_or_default()
    }

    /// What persons said in a request's chain, past the gate.
    pub fn words(&self, id: &RequestId) -> Beside {
        let words = |row: &Row| row.entries.iter().flat_map(|entry| entry.words.clone()).collect();
        self.lock().store.requests.get(id).map(words).unwrap_or_default()
    }

    /// What was committed and not yet taken, in order.
    pub fn take_news(&self) -> Vec<News> {
        std::mem::take(&mut self.lock().store.news)
    }

    /// When the next request is due.
    pub fn next_due(&self) -> Option<Time> {
        self.lock().store.requests.values().filter_map(|row| row.stored.state.due_at()).min()
    }
}

impl Store {
    /// The account of a request.
    pub(super) fn account_of(&self, id: &RequestId) -> Option<AccountId> {
        self.requests.get(id).map(|row| row.stored.state.request.account.clone())
    }

    /// All streams of requests, sweeps and accounts.
    pub(super) fn streams(&self) -> Vec<Stream> {
        let requests = self.requests.keys().cloned().map(Stream::Request);
        let sweeps = self.sweeps.keys().cloned().map(Stream::Sweep);
        requests.chain(sweeps).chain(self.accounts.keys().cloned().map(Stream::Account)).collect()
    }

    /// The entries of such a stream.
    pub(super) fn chain_of(&self, stream: &Stream) -> Option<Vec<Vec<u8>>> {
        match stream {
            Stream::Request(id) => self.requests.get(id).map(Row::bytes),
            Stream::Sweep(id) => self.sweeps.get(id).map(|(_, entries)| super::sweeps::bytes(entries)),
            Stream::Account(id) => self.accounts.get(id).map(|(_, entries)| entries.clone()),
            Stream::System(_) => None,
        }
    }

    /// The entry of such a stream at this place, from 0.
    pub(super) fn entry_at(&self, stream: &Stream, nth: usize) -> Option<&Vec<u8>> {
        match stream {
            Stream::Request(id) => self.requests.get(id)?.entries.get(nth).map(|entry| &entry.bytes),
            Stream::Sweep(id) => self.sweeps.get(id)?.1.get(nth).map(|entry| &entry.bytes),
            Stream::Account(id) => self.accounts.get(id)?.1.get(nth),
            Stream::System(_) => None,
        }
    }

    /// Where such a stream ends, and since when.
    pub(super) fn end_of(&self, stream: &Stream) -> Option<(Head, Time)> {
        match stream {
            Stream::Request(id) => self.requests.get(id).map(|row| (row.stored.head, row.stored.at)),
            Stream::Sweep(id) => self.sweeps.get(id).map(|(stored, _)| (stored.head, stored.at)),
            Stream::Account(id) => self.accounts.get(id).map(|(stored, _)| (stored.head, stored.at)),
            Stream::System(_) => None,
        }
    }

    /// Counts what the next list does not show as it is.
    fn count_behind(&mut self, now: Time) {
        let (lag, rows) = (self.index_lag, self.requests.values());
        let behind = rows.filter(|row| lag > 0 && row.before.iter().any(|(replaced, _)| replaced.plus(lag) > now));
        self.index_behind = self.index_behind.saturating_add(u64::try_from(behind.count()).unwrap_or(u64::MAX));
    }

    fn listed(&mut self, listing: &Listing, now: Time) -> Vec<RequestId> {
        let is_in = |state: &State| match listing {
            Listing::Requester(person) => state.request.requester == *person,
            Listing::Status(status) => state.status() == *status,
            Listing::Queue(entitlement) => {
                state.status() == Status::Pending && state.request.entitlement == *entitlement
            }
        };
        self.count_behind(now);
        let shown = self.requests.iter().filter_map(|(id, row)| Some((id, row.indexed(now, self.index_lag)?)));
        let found = shown.filter(|(_, state)| is_in(state)).map(|(id, _)| id.clone());
        match listing {
            Listing::Requester(_) | Listing::Status(_) => found.rev().collect(),
            Listing::Queue(_) => found.collect(),
        }
    }
}

impl LoadRequest for World {
    async fn load(&self, id: &RequestId) -> Result<Option<Stored>, Fault> {
        self.call(Verb::Load, id, "", |inner| {
            let Some(row) = inner.store.requests.get(id) else { return Ok(None) };
            row.stored.state.check().map_err(|_| Fault::new("read the request", "unsound_state"))?;
            let stored = row.stored.clone();
            inner.as_read(stored, |reader, how, stored| reader.request(how, stored)).map(Some)
        })
        .await
    }
}

impl LoadRequests for World {
    async fn load_many(&self, ids: &[RequestId]) -> Result<Vec<Stored>, Fault> {
        self.call(Verb::LoadMany, "", ids.len(), |inner| {
            let rows: Vec<&Row> = ids.iter().filter_map(|id| inner.store.requests.get(id)).collect();
            let unsound = |_| Fault::new("read requests", "unsound_state");
            rows.iter().try_for_each(|row| row.stored.state.check().map_err(unsound))?;
            let rows = rows.into_iter().map(|row| row.stored.clone()).collect();
            inner.one_as_read(rows, |reader, how, stored| reader.request(how, stored))
        })
        .await
    }
}

impl LoadEntries for World {
    async fn entries(&self, id: &RequestId, after: u64, limit: u32) -> Result<Vec<StoredEntry>, Fault> {
        self.call(Verb::Entries, id, "", |inner| {
            let take = usize::try_from(limit).unwrap_or(usize::MAX);
            let stream = Stream::Request(id.clone());
            let is_there = |seq| !inner.log.is_taken_out(&Place { stream: stream.clone(), seq });
            let row = inner.store.requests.get(id).into_iter();
            let behind = row.flat_map(|row| &row.entries).filter(|entry| entry.seq > after && is_there(entry.seq));
            let entries = behind.take(take).cloned().collect();
            inner.one_as_read(entries, |reader, how, entry| reader.entry(how, &stream, &link(entry)))
        })
        .await
    }
}

impl EraseWords for World {
    async fn erase_words(&self, place: &Place) -> Result<(), Fault> {
        self.call(Verb::EraseWords, place.stream.clone(), place.seq, |inner| {
            let refused = || Fault::new("erase words", "ConditionalCheckFailedException");
            let nth = place.seq.checked_sub(1).and_then(|nth| usize::try_from(nth).ok()).ok_or_else(refused)?;
            let entry = match &place.stream {
                Stream::Request(id) => inner.store.requests.get_mut(id).and_then(|row| row.entries.get_mut(nth)),
                Stream::Sweep(id) => inner.store.sweeps.get_mut(id).and_then(|(_, entries)| entries.get_mut(nth)),
                // Nobody says anything there.
                Stream::Account(_) | Stream::System(_) => {
                    let there = inner.chain_of(&place.stream).is_some_and(|entries| nth < entries.len());
                    return if there { Ok(()) } else { Err(refused()) };
                }
            };
            entry.ok_or_else(refused)?.words.clear();
            Ok(())
        })
        .await
    }
}

/// A cursor after `id`, written so that only this listing takes it.
fn cursor(listing: &Listing, id: &str) -> String {
    match listing {
        Listing::Requester(person) => format!("requester.{person}.{id}"),
        Listing::Status(status) => format!("status.{status}.{id}"),
        Listing::Queue(entitlement) => format!("queue.{entitlement}.{id}"),
    }
}

impl ListRequests for World {
    async fn list(&self, listing: &Listing, from: Option<&str>, limit: u32) -> Result<Page<RequestId>, Fault> {
        self.call(Verb::List, "", "", |inner| {
            let all = inner.store.listed(listing, inner.now);
            let limit = usize::try_from(limit).unwrap_or(usize::MAX);
            let after = match from {
                None => 0,
                // A place among the keys, whether or not there is still something at it.
                Some(from) => match from.strip_prefix(&cursor(listing, "")).and_then(|id| id.parse::<RequestId>().ok())
                {
                    Some(from) if matches!(listing, Listing::Queue(_)) => all.iter().filter(|id| **id <= from).count(),
                    Some(from) => all.iter().filter(|id| **id >= from).count(),
                    None => return Ok(Page { items: Vec::new(), cursor: None }),
                },
            };
            let items: Vec<RequestId> = all.iter().skip(after).take(limit).cloned().collect();
            let more = all.len() > after.saturating_add(limit);
            let cursor = items.last().filter(|_| more).map(|id| cursor(listing, id.as_str()));
            Ok(Page { items, cursor })
        })
        .await
    }
}

impl FindDue for World {
    async fn due(&self, before: Time, limit: u32) -> Result<Vec<RequestId>, Fault> {
        self.call(Verb::Due, "", "", |inner| {
            let (now, lag) = (inner.now, inner.store.index_lag);
            inner.store.count_behind(now);
            let rows = inner.store.requests.iter();
            let mut due: Vec<(Time, &RequestId)> = rows
                .filter_map(|(id, row)| {
                    row.indexed(now, lag)?.due_at().filter(|due| *due < before).map(|due| (due, id))
                })
                .collect();
            due.sort();
            Ok(due.into_iter().take(usize::try_from(limit).unwrap_or(usize::MAX)).map(|(_, id)| id.clone()).collect())
        })
        .await
    }
}

impl FindByKey for World {
    async fn request_for_key(
        &self,
        person: &PersonId,
        key: &IdempotencyKey,
    ) -> Result<Option<(RequestId, Digest)>, Fault> {
        self.call(Verb::RequestForKey, key, "", |inner| {
            let mark = inner.store.keys.get(&(person.clone(), key.clone()));
            Ok(mark.map(|mark| (mark.id.clone(), mark.payload)))
        })
        .await
    }

    async fn slots(&self, person: &PersonId) -> Result<Vec<Held>, Fault> {
        self.call(Verb::Slots, person, "", |inner| {
            let theirs = inner.store.slots.iter().filter(|((of, _), _)| of == person);
            Ok(theirs
                .map(|((_, slot), (by, until))| Held { slot: *slot, request: by.clone(), until: *until })
                .collect())
        })
        .await
    }
}

impl RememberNotes for World {
    async fn claim(&self, id: &RequestId, seq: u64, target: &str, now: Time) -> Result<Claim, Fault> {
        self.call(Verb::Claim, id, target, |inner| {
            let note = inner.store.notes.entry((id.clone(), seq, target.to_owned())).or_default();
            match note.sent {
                Some(Sent::Posted { .. }) => return Ok(Claim::Posted),
                Some(Sent::Unreachable { .. }) => return Ok(Claim::Unreachable),
                None => {}
            }
            if note.claimed_at.is_some_and(|at| at.seconds_until(now) <= CLAIM_SECONDS) {
                return Ok(Claim::Held);
            }
            note.claimed_at = Some(now);
            Ok(Claim::Ours)
        })
        .await
    }

    async fn release(&self, id: &RequestId, seq: u64, target: &str, claimed_at: Time) -> Result<(), Fault> {
        self.call(Verb::Release, id, target, |inner| {
            if let Some(note) = inner.store.notes.get_mut(&(id.clone(), seq, target.to_owned()))
                && note.claimed_at == Some(claimed_at)
            {
                note.claimed_at = None;
            }
            Ok(())
        })
        .await
    }

    async fn note(&self, id: &RequestId, seq: u64, target: &str, sent: &Sent) -> Result<(), Fault> {
        self.call(Verb::Note, id, target, |inner| {
            let note = inner.store.notes.entry((id.clone(), seq, target.to_owned())).or_default();
            note.sent = Some(sent.clone());
            Ok(())
        })
        .await
    }

    async fn notes(&self, id: &RequestId) -> Result<Vec<Note>, Fault> {
        self.call(Verb::Notes, id, "", |inner| {
            let of_it = inner.store.notes.iter().filter(|((of, _, _), _)| of == id);
            Ok(of_it
                .filter_map(|((_, seq, target), claimed)| {
                    Some(Note { seq: *seq, target: target.clone(), sent: claimed.sent.clone()? })
                })
                .collect())
        })
        .await
    }
}
