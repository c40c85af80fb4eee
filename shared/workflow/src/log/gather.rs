//! What is to be logged: read from the outboxes and chains of some streams, checked, and put in order.
//!
//! What is broken in one stream stops neither that one nor others: bytes that are there are logged as they are, and what
//! is wrong with them is an event.

use super::MOST_LEAVES;
use crate::ports::{Fault, Outbox, ReadOutbox, ReadStreams, Unlogged};
use futures_util::StreamExt as _;
use model::stream::{Place, Stream};
use model::system::{Defect, DefectCode};
use model::time::Time;
use record::chain::Head;
use record::entry::{Entry, EntryHash, LONGEST_ENTRY};
use std::collections::{BTreeMap, BTreeSet};

/// Outboxes that are read at the same time.
const AT_ONCE: usize = 64;

/// Places of one stream that are read at once.
const PLACES: u32 = 500;

/// Bytes of one batch, at most.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// How long after its commit something may be missing only because reads of several items are not of one moment, in
/// seconds. Source: DynamoDB developer guide, isolation of transactions and queries.
const YOUNG: u64 = 60;

/// The code of a fault that trying again does not mend: what is stored is damaged.
pub(super) const UNREADABLE: &str = "unreadable_state";

/// Why a stream is looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Hint {
    /// Up to which place there was news of it: if it is logged that far, its outbox is not read. 0: nothing was said.
    pub(super) told: u64,
    /// Up to which place it is known to reach, whatever its outbox says; 0: nothing is known.
    pub(super) reaches: u64,
}

/// The streams to look at.
pub(super) type Hints = BTreeMap<Stream, Hint>;

/// An entry that is to be a leaf.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Leaf {
    pub(super) place: Place,
    /// When it was committed: never before those of its stream that it follows.
    pub(super) at: Time,
    pub(super) bytes: Vec<u8>,
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    /// In the order in which they go into the log.
    pub(super) leaves: Vec<Leaf>,
    /// Streams that had more than a batch takes.
    pub(super) rest: BTreeSet<Stream>,
    /// What is wrong.
    pub(super) defects: Vec<Defect>,
    /// Places that there is no entry for.
    pub(super) gone: Vec<Place>,
    /// Why a stream could not be read. The others were.
    pub(super) fault: Option<Fault>,
}

/// Reads what `streams` have that is not in the log. The head was read before, and all that it has is marked: whoever logs
/// meanwhile has moved it, and then this comes to nothing. What is wrong is looked at once more before it is believed: it
/// goes on record for ever, and a reading can be wrong, too.
///
/// # Errors
/// If nothing could be read.
pub(super) async fn gather<P: ReadOutbox + ReadStreams>(
    ports: &P,
    streams: &Hints,
    now: Time,
) -> Result<Gathered, Fault> {
    let found = Box::pin(read(ports, streams, now)).await?;
    if found.defects.is_empty() && found.gone.is_empty() {
        Ok(found)
    } else {
        Box::pin(read(ports, streams, now)).await
    }
}

async fn read<P: ReadOutbox + ReadStreams>(ports: &P, streams: &Hints, now: Time) -> Result<Gathered, Fault> {
    let mut all = Gathered::default();
    let mut open = open(ports, streams, &mut all).await?;
    // A beginning of each stream, as times never fall within one.
    let mut wanted: Vec<(Time, &Place)> =
        open.iter().flat_map(|one| &one.wanted).map(|(at, place)| (*at, place)).collect();
    wanted.sort();
    let chosen: Vec<Place> = wanted.into_iter().take(MOST_LEAVES).map(|(_, place)| place.clone()).collect();
    let entries = if chosen.is_empty() { Vec::new() } else { ports.entries_at(&chosen).await? };
    let mut entries: BTreeMap<Place, Option<Vec<u8>>> = chosen.into_iter().zip(entries).collect();
    for one in &mut open {
        let before = one.wanted.len();
        one.wanted.retain(|(_, place)| entries.contains_key(place));
        one.is_cut = one.wanted.len() < before;
        one.bytes = one.wanted.iter().filter_map(|(_, place)| entries.remove(place)).collect();
    }
    let reads: Vec<_> = open.into_iter().map(|one| one.read(ports, now)).collect();
    let read: Vec<Result<Gathered, Fault>> = futures_util::stream::iter(reads).buffered(AT_ONCE).collect().await;
    for one in read {
        match one {
            Ok(mut one) => {
                all.leaves.append(&mut one.leaves);
                all.defects.append(&mut one.defects);
                all.gone.append(&mut one.gone);
                all.rest.append(&mut one.rest);
            }
            Err(fault) => all.missed(fault),
        }
    }
    // Within a stream times never fall, so this is the order of places, too; and the batch takes a beginning of each.
    all.leaves.sort_by(|one, other| (one.at, &one.place).cmp(&(other.at, &other.place)));
    let mut bytes: usize = 0;
    let fits = all.leaves.iter().take_while(|leaf| {
        bytes = bytes.saturating_add(leaf.bytes.len());
        bytes <= MOST_BYTES
    });
    let fits = fits.count();
    all.rest.extend(all.leaves.drain(fits..).map(|leaf| leaf.place.stream));
    Ok(all)
}

impl Gathered {
    fn missed(&mut self, fault: Fault) {
        tracing::error!(error.code = %fault.code, "a stream could not be read for the log: {fault}");
        self.fault = Some(fault);
    }
}

/// What a stream has to be logged, and what of it is read.
struct Open {
    stream: Stream,
    outbox: Outbox,
    /// The last place that there may be.
    last: u64,
    /// The last place that is looked at this time, unless the batch is full before.
    until: u64,
    /// When what lies at each place was committed, as far as the outbox says, and never before what it follows.
    wanted: Vec<(Time, Place)>,
    /// Whether there was no room for all of that.
    is_cut: bool,
    /// What lies at these places.
    bytes: Vec<Option<Vec<u8>>>,
}

/// What each stream has open. Outboxes of which it is known that all that was told of is logged are not read.
async fn open<P: ReadOutbox>(ports: &P, streams: &Hints, all: &mut Gathered) -> Result<Vec<Open>, Fault> {
    let names: Vec<Stream> = streams.keys().cloned().collect();
    let logged = if names.is_empty() { Vec::new() } else { ports.logged_up_to(&names).await? };
    let mut reads = Vec::new();
    for ((stream, hint), logged) in streams.iter().zip(logged) {
        match logged {
            Some(logged) if hint.told > 0 && logged.seq >= hint.told.max(hint.reaches) => {}
            Some(logged) => reads.push(async move {
                let outbox = ports.outbox(stream, logged, PLACES.saturating_add(1)).await?;
                Ok(Open::of(stream, outbox, hint.reaches))
            }),
            None => all.missed(Fault::new("read what is to be logged", "unreadable_log")),
        }
    }
    let read: Vec<Result<Option<Open>, Fault>> = futures_util::stream::iter(reads).buffered(AT_ONCE).collect().await;
    let mut open = Vec::new();
    for one in read {
        match one {
            Ok(one) => open.extend(one),
            Err(fault) => all.missed(fault),
        }
    }
    Ok(open)
}

impl Open {
    /// `None`: nothing is.
    fn of(stream: &Stream, outbox: Outbox, reaches: u64) -> Option<Self> {
        let last = outbox.open.last().map_or(0, |last| last.seq).max(reaches);
        let from = outbox.logged.seq.saturating_add(1);
        if last < from {
            return None;
        }
        let most = u64::from(PLACES).saturating_sub(1);
        let until = last.min(from.saturating_add(most));
        let passed: BTreeSet<u64> = outbox.passed.iter().copied().collect();
        let times: BTreeMap<u64, Time> = outbox.open.iter().map(|open| (open.seq, open.at)).collect();
        let mut at = Time::EPOCH;
        let wanted = (from..=until).filter(|seq| !passed.contains(seq)).map(|seq| {
            at = times.get(&seq).copied().unwrap_or(at).max(at);
            (at, Place { stream: stream.clone(), seq })
        });
        let wanted = wanted.collect();
        Some(Self { stream: stream.clone(), outbox, last, until, wanted, is_cut: false, bytes: Vec::new() })
    }

    /// Where the stream ends is asked only if something is not as it mostly is.
    async fn read<P: ReadStreams>(self, ports: &P, now: Time) -> Result<Gathered, Fault> {
        let Self { stream, outbox, last, until, wanted, is_cut, bytes } = self;
        let goes_on = last == until || outbox.open.iter().any(|open| open.seq == until.saturating_add(1));
        let is_odd = bytes.iter().any(Option::is_none) || !goes_on;
        // What is there as far as was looked is no reason to doubt what comes next: it is looked at in its turn.
        let ends_at = if is_odd { end(ports, &stream, last).await? } else { last };
        let mut reader = Reader::new(&outbox, ends_at, now);
        let mut whole = true;
        for ((_, place), bytes) in wanted.into_iter().zip(bytes) {
            whole = reader.take(place, bytes);
            if !whole {
                break;
            }
        }
        // A place in the outbox that the stream never reached, far beyond all others: there is nothing in between.
        for beyond in outbox.open.iter().filter(|open| open.seq > until && open.seq > ends_at) {
            reader.foreign(Place { stream: stream.clone(), seq: beyond.seq }, beyond.at);
        }
        let mut found = reader.found;
        let limited =
            outbox.open.len().saturating_add(outbox.passed.len()) > usize::try_from(PLACES).unwrap_or(usize::MAX);
        if is_cut || (whole && (limited || until < last.min(ends_at))) {
            found.rest.insert(stream);
        }
        Ok(found)
    }
}

/// Where a stream ends. A state that can't be read takes nothing from the entries, which are there or not: then it is
/// `last`.
async fn end<P: ReadStreams>(ports: &P, stream: &Stream, last: u64) -> Result<u64, Fault> {
    match ports.stream_end(stream).await {
        Ok(end) => Ok(end.map_or(0, |(head, _)| head.seq)),
        Err(fault) if fault.code == UNREADABLE => {
            tracing::error!(stream = %stream, alarm = "log_defect", "where {stream} ends can't be read");
            Ok(last)
        }
        Err(fault) => Err(fault),
    }
}

/// Goes through a stream's entries in order.
struct Reader<'a> {
    open: BTreeMap<u64, &'a Unlogged>,
    ends_at: u64,
    now: Time,
    /// The entry before, if it is known.
    before: Option<Head>,
    latest: Time,
    found: Gathered,
}

impl<'a> Reader<'a> {
    fn new(outbox: &'a Outbox, ends_at: u64, now: Time) -> Self {
        Self {
            open: outbox.open.iter().map(|open| (open.seq, open)).collect(),
            ends_at,
            now,
            before: Some(outbox.logged),
            latest: Time::EPOCH,
            found: Gathered::default(),
        }
    }

    fn is_young(&self, at: Time) -> bool {
        at.plus(YOUNG) > self.now
    }

    fn defect(&mut self, code: DefectCode, entry: &Place) {
        self.found.defects.push(Defect { code, entry: entry.clone() });
    }

    fn gone(&mut self, code: DefectCode, place: Place) {
        self.before = self.open.get(&place.seq).map(|open| Head { seq: open.seq, hash: open.hash });
        self.defect(code, &place);
        self.found.gone.push(place);
    }

    fn foreign(&mut self, place: Place, at: Time) {
        if !self.is_young(at) {
            self.gone(DefectCode::OutboxForeign, place);
        }
    }

    /// The entry at the next place. `false`: nothing behind it is taken this time.
    fn take(&mut self, place: Place, bytes: Option<Vec<u8>>) -> bool {
        let listed = self.open.get(&place.seq).copied();
        let Some(bytes) = bytes else {
            // What follows it was committed later: if that is young, this may be.
            let next = self.open.range(place.seq..).next().map(|(_, open)| open.at);
            if next.is_some_and(|at| self.is_young(at)) {
                return false;
            }
            if place.seq <= self.ends_at {
                self.gone(DefectCode::EntryMissing, place);
            } else if listed.is_some() {
                self.gone(DefectCode::OutboxForeign, place);
            }
            return true;
        };
        if bytes.len() > LONGEST_ENTRY {
            self.gone(DefectCode::NotAnEntry, place);
            return true;
        }
        let hash = EntryHash::of(&bytes);
        let entry: Option<Entry> = serde_json::from_slice(&bytes).ok();
        let said = entry.as_ref().and_then(|entry| entry.at.parse().ok());
        let at = listed.map(|listed| listed.at).or(said).unwrap_or(self.now);
        if let Some(code) = self.wrong(&place, listed, entry.as_ref(), hash, at) {
            self.defect(code, &place);
        }
        self.before = Some(Head { seq: place.seq, hash });
        self.latest = self.latest.max(at);
        if !(model::seeded!("a-leaf-is-left-out") && place.seq == 2) {
            self.found.leaves.push(Leaf { place, at: self.latest, bytes });
        }
        true
    }

    /// What is wrong with an entry that is there, if anything.
    fn wrong(
        &self,
        place: &Place,
        listed: Option<&Unlogged>,
        entry: Option<&Entry>,
        hash: EntryHash,
        at: Time,
    ) -> Option<DefectCode> {
        if listed.is_some_and(|listed| listed.hash != hash) {
            return Some(DefectCode::EntryChanged);
        }
        let Some(entry) = entry.filter(|entry| entry.request == place.stream.to_string() && entry.seq == place.seq)
        else {
            return Some(DefectCode::NotAnEntry);
        };
        let before = self.before.filter(|before| before.seq.saturating_add(1) == place.seq);
        if before.is_some_and(|before| before.hash != entry.prev) {
            return Some(DefectCode::LinkBroken);
        }
        (listed.is_none() && !self.is_young(at)).then_some(DefectCode::OutboxMissing)
    }
}
