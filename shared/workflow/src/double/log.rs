//! The log's part of the table, its bucket, its key and its anchors. The key is one of software, and signs as AWS's does.

use super::pace::{Wait, Waits};
use super::{Inner, Verb, World};
use crate::ports::{
    Anchor, Anchors, Batch, CheckpointFound, CommitError, CommitSystem, Fault, FindUnlogged, KeepAnchor, LoadSystem,
    LogHead, LogObjects, LogSettings, Logged, MarkLogged, MoveLog, Outbox, Put, ReadLog, ReadOutbox, ReadStreams, Sign,
    SignAsFormer, StoredSystem, Submissions, SystemCommit, Unlogged,
};
use ed25519_dalek::{Signer as _, SigningKey};
use model::stream::{Place, Stream, SystemStream};
use model::time::Time;
use record::chain::{Head, Link};
use record::entry::EntryHash;
use record::note::{Kind, Signature, VerifierKey};
use record::tree::Hash;
use record::witness::{Submission, judge};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::LazyLock;
use std::sync::atomic::Ordering;

/// What the log is called.
pub const ORIGIN: &str = "countersign.111111111111.us-east-1/countersign";

/// What its witness is called.
pub const WITNESS: &str = "witness.222222222222.us-east-1/countersign";

static LOG_KEY: LazyLock<String> = LazyLock::new(|| verifier(ORIGIN, Kind::Ed25519, &signing(1)).to_string());
static NEXT_KEY: LazyLock<String> = LazyLock::new(|| verifier(ORIGIN, Kind::Ed25519, &signing(3)).to_string());
static WITNESS_KEY: LazyLock<String> = LazyLock::new(|| verifier(WITNESS, Kind::Cosignature, &signing(2)).to_string());

/// Which keys sign.
#[derive(Debug, Clone, Copy)]
#[repr(u8)]
enum Keys {
    /// The first alone.
    First,
    /// The next, and the first as well.
    Both,
    /// The next alone.
    Next,
}

fn signing(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

#[expect(clippy::expect_used, reason = "the names are fixed here; a slip fails the first test")]
fn verifier(name: &str, kind: Kind, key: &SigningKey) -> VerifierKey {
    VerifierKey::new(name, kind, key.verifying_key().as_bytes()).expect("a verifier key")
}

/// An item of the outbox.
#[derive(Debug, Clone)]
struct Out {
    at: Time,
    hash: EntryHash,
    /// Where the entry is in the log.
    index: Option<u64>,
    /// Whether the index of what is to be logged shows it.
    listed: bool,
    /// Whether its entry is gone, and that is on record.
    passed: bool,
    /// When it was committed, in microseconds of [`World::elapsed`].
    moment: u64,
}

/// An entry that was committed, as the table's stream of changes tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Which entry.
    pub place: Place,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// When it was committed, by AWS's clock.
    pub at: Time,
    /// Which of the calls that took effect committed it, from 1.
    pub order: u64,
}

/// What the log's ports are on.
#[derive(Debug, Default, Clone)]
pub(super) struct Log {
    outs: BTreeMap<Place, Out>,
    /// What the index of what is to be logged shows, those first that wait longest.
    listed: BTreeSet<(Time, Place)>,
    logged: BTreeMap<Stream, Head>,
    /// Streams of which there are only entries.
    loose: BTreeMap<Stream, (Head, Time, Vec<Vec<u8>>)>,
    /// What the table's stream tells of, if anybody listens.
    pub(super) told: Option<VecDeque<(u64, Place)>>,
    pub(super) waits: Waits,
    head: Option<LogHead>,
    batches: BTreeMap<u64, Batch>,
    anchor: Option<Anchor>,
    /// Whether access depends on the anchor; not so by default: it is as fresh as can be.
    gated: bool,
    lag_seconds: u64,
    objects: BTreeMap<String, Vec<u8>>,
    checkpoint: Option<(String, u64)>,
    anchors: BTreeMap<String, Vec<u8>>,
    /// Every body that was signed, in order.
    signed: Vec<String>,
    /// What the witness remembers, and which version of it that is.
    remembered: Option<(String, u64)>,
    /// The last tree that the witness vouched for.
    witnessed: Option<(u64, Hash)>,
    systems: BTreeMap<SystemStream, (StoredSystem, Vec<Vec<u8>>)>,
    /// Entries that somebody changed or took out past the gate.
    tampered: BTreeMap<Place, Option<Vec<u8>>>,
    /// Streams of which nobody can read where they end.
    damaged: BTreeSet<Stream>,
    /// Streams of which nobody can read up to where they are logged.
    unmarked: BTreeSet<Stream>,
    /// What the table's stream has not told of yet; nothing is kept until somebody listens.
    changes: Option<Vec<Change>>,
}

impl Log {
    /// Whether somebody took the entry there out of the table.
    pub(super) fn is_taken_out(&self, place: &Place) -> bool {
        self.tampered.get(place).is_some_and(Option::is_none)
    }

    /// What a commit of entries at `moment` puts into the outbox.
    pub(super) fn put_out(&mut self, stream: &Stream, links: &[Link], at: Time, moment: u64) {
        for link in links {
            let place = Place { stream: stream.clone(), seq: link.seq };
            if let Some(told) = &mut self.told {
                told.push_back((moment, place.clone()));
            }
            if let Some(changes) = &mut self.changes {
                let (place, bytes) = (place.clone(), link.bytes.clone());
                changes.push(Change { place, bytes, at: Time::EPOCH, order: 0 });
            }
            let out = Out { at, hash: link.hash, index: None, listed: true, passed: false, moment };
            self.put(place, out);
        }
    }

    /// Puts an item into the outbox. Gives back what was there.
    fn put(&mut self, place: Place, out: Out) -> Option<Out> {
        if let Some(before) = self.outs.get(&place) {
            self.listed.remove(&(before.at, place.clone()));
        }
        if out.listed {
            self.listed.insert((out.at, place.clone()));
        }
        self.outs.insert(place, out)
    }

    /// How long an entry waited until `moment`.
    fn waited(&self, place: &Place, moment: u64) -> Option<Wait> {
        let since = self.outs.get(place)?.moment;
        Some(Wait { since, waited: moment.saturating_sub(since) })
    }

    /// Whether what begins access may be stored.
    pub(super) fn lets_begin(&self, not_before: Time) -> bool {
        !self.gated || self.anchor.as_ref().is_some_and(|anchor| anchor.at >= not_before)
    }
}

impl World {
    /// From now on access depends on the log's anchor.
    pub fn gate_by_anchor(&self) {
        self.lock().log.gated = true;
    }

    /// From now on the index of what is to be logged is behind by so many seconds.
    pub fn set_outbox_lag(&self, seconds: u64) {
        self.lock().log.lag_seconds = seconds;
    }

    /// Changes the log's key, as whoever deploys does. While `both`, the former one signs as well.
    pub fn change_log_key(&self, both: bool) {
        self.log_key.store(if both { Keys::Both } else { Keys::Next } as u8, Ordering::Relaxed);
    }

    /// The log's first key, as a verifier key.
    pub fn first_log_key(&self) -> &str {
        &LOG_KEY
    }

    /// From now on a checkpoint is anchored only once it is cosigned.
    pub fn set_witness(&self, present: bool) {
        self.witness.store(present, Ordering::Relaxed);
    }

    /// The witness looks at what was submitted and not answered, in order.
    pub fn witness_answers(&self) {
        let log = &mut self.lock().log;
        let submitted: Vec<(String, Vec<u8>)> = log
            .anchors
            .iter()
            .filter_map(|(key, bytes)| Some((key.strip_prefix("submissions/")?.to_owned(), bytes.clone())))
            .collect();
        for (size, bytes) in submitted {
            let (cosigned, refused) = (format!("cosigned/{size}"), format!("refused/{size}"));
            if log.anchors.contains_key(&cosigned) || log.anchors.contains_key(&refused) {
                continue;
            }
            let keys: Vec<VerifierKey> = [&LOG_KEY, &NEXT_KEY].into_iter().filter_map(|key| key.parse().ok()).collect();
            let judged = Submission::parse(&bytes).and_then(|submission| judge(log.witnessed, &submission, &keys));
            match judged {
                Ok(cosign) => {
                    log.witnessed = Some((cosign.checkpoint().size(), *cosign.checkpoint().root()));
                    let time = 1_795_201_200;
                    let signature = signing(2).sign(cosign.message(time).as_bytes()).to_bytes();
                    let key = verifier(WITNESS, Kind::Cosignature, &signing(2));
                    let note = cosign.signed.note.with(Signature::cosignature(&key, time, &signature));
                    log.anchors.extend(note.map(|note| (cosigned, note.to_string().into_bytes())));
                }
                Err(refusal) => {
                    let answer = format!("{} {}", refusal.status(), refusal.body());
                    log.anchors.insert(refused, answer.into_bytes());
                }
            }
        }
    }

    /// What was committed since this was asked the last time, in order. The first time begins it.
    pub fn take_changes(&self) -> Vec<Change> {
        self.lock().log.changes.replace(Vec::new()).unwrap_or_default()
    }

    /// What is submitted to the witness and not answered, by key.
    pub fn submitted(&self) -> Vec<String> {
        let log = &self.lock().log;
        let names = log.anchors.keys().filter_map(|key| key.strip_prefix("submissions/"));
        let answered = |name: &&str| {
            ["cosigned", "refused"].iter().any(|answer| log.anchors.contains_key(&format!("{answer}/{name}")))
        };
        names.filter(|name| !answered(name)).map(|name| format!("submissions/{name}")).collect()
    }

    /// Where the log is, past the gate.
    pub fn log(&self) -> Option<LogHead> {
        self.lock().log.head.clone()
    }

    /// The batches that are staged or logged, in order.
    pub fn batches(&self) -> Vec<Batch> {
        self.lock().log.batches.values().cloned().collect()
    }

    /// What is anchored, past the gate.
    pub fn anchored_up_to(&self) -> Option<Anchor> {
        self.lock().log.anchor.clone()
    }

    /// The log's files by path, its checkpoint among them.
    pub fn log_files(&self) -> BTreeMap<String, Vec<u8>> {
        let log = &self.lock().log;
        let checkpoint = log.checkpoint.iter().map(|(note, _)| ("checkpoint".to_owned(), note.clone().into_bytes()));
        log.objects.clone().into_iter().chain(checkpoint).collect()
    }

    /// What is in the bucket of anchors, by key.
    pub fn anchor_files(&self) -> BTreeMap<String, Vec<u8>> {
        self.lock().log.anchors.clone()
    }

    /// What was signed with the log's key, in order.
    pub fn signed_checkpoints(&self) -> Vec<String> {
        self.lock().log.signed.clone()
    }

    /// Where an entry is in the log, as the outbox has it; `None`: it is not, or the outbox has nothing.
    pub fn logged_at(&self, place: &Place) -> Option<u64> {
        self.lock().log.outs.get(place)?.index
    }

    /// Every stream that has entries.
    pub fn streams(&self) -> Vec<Stream> {
        let inner = self.lock();
        let systems = inner.log.systems.keys().map(|stream| Stream::System(*stream));
        inner.store.streams().into_iter().chain(systems).chain(inner.log.loose.keys().cloned()).collect()
    }

    /// The bytes of a stream's entries as they were committed, in order, past the gate.
    pub fn stream_chain(&self, stream: &Stream) -> Vec<Vec<u8>> {
        self.lock().chain_of(stream).unwrap_or_default()
    }

    /// What is known of one of the system's streams, past the gate.
    pub fn stored_system(&self, stream: SystemStream) -> Option<StoredSystem> {
        self.lock().log.systems.get(&stream).map(|(stored, _)| stored.clone())
    }

    /// Puts other bytes where an entry is, or takes it out, as somebody with all rights to the table could.
    pub fn tamper(&self, place: &Place, bytes: Option<Vec<u8>>) {
        self.lock().log.tampered.insert(place.clone(), bytes);
    }

    /// Damages the state of a stream so that where it ends can't be read, likewise.
    pub fn damage_end(&self, stream: &Stream) {
        self.lock().log.damaged.insert(stream.clone());
    }

    /// Damages the mark up to where a stream is logged, likewise.
    pub fn damage_logged(&self, stream: &Stream) {
        self.lock().log.unmarked.insert(stream.clone());
    }

    /// Takes an item out of the outbox, likewise.
    pub fn lose_out(&self, place: &Place) {
        let log = &mut self.lock().log;
        if let Some(out) = log.outs.remove(place) {
            log.listed.remove(&(out.at, place.clone()));
        }
    }

    /// Puts an item into the outbox for which there is no entry, likewise.
    pub fn plant_out(&self, place: &Place, at: Time) {
        let out = Out { at, hash: EntryHash::NONE, index: None, listed: true, passed: false, moment: 0 };
        self.lock().log.put(place.clone(), out);
    }

    /// Puts a file into the log's bucket, likewise.
    pub fn plant_log_file(&self, path: &str, bytes: Vec<u8>) {
        self.lock().log.objects.insert(path.to_owned(), bytes);
    }

    /// Makes another head, likewise.
    pub fn plant_log_head(&self, head: LogHead) {
        self.lock().log.head = Some(head);
    }
}

impl Inner {
    /// After a call took effect: when, and as which one, what it committed was committed.
    pub(super) fn date_changes(&mut self, order: u64) {
        let now = self.now;
        let undated = self.log.changes.iter_mut().flatten().filter(|change| change.order == 0);
        undated.for_each(|change| (change.at, change.order) = (now, order));
    }

    fn chain_of(&self, stream: &Stream) -> Option<Vec<Vec<u8>>> {
        if let Some((_, _, entries)) = self.log.loose.get(stream) {
            return Some(entries.clone());
        }
        match stream {
            Stream::System(stream) => self.log.systems.get(stream).map(|(_, entries)| entries.clone()),
            Stream::Account(_) | Stream::Request(_) | Stream::Sweep(_) => self.store.chain_of(stream),
        }
    }

    /// One entry, as it was committed.
    fn entry_at(&self, place: &Place) -> Option<&Vec<u8>> {
        let nth = nth(place.seq.checked_sub(1)?);
        if let Some((_, _, entries)) = self.log.loose.get(&place.stream) {
            return entries.get(nth);
        }
        match &place.stream {
            Stream::System(stream) => self.log.systems.get(stream)?.1.get(nth),
            Stream::Account(_) | Stream::Request(_) | Stream::Sweep(_) => self.store.entry_at(&place.stream, nth),
        }
    }

    /// Appends to a stream of which nothing but its entries is kept.
    pub(super) fn append_loose(&mut self, stream: &Stream, links: Vec<Link>) {
        let (at, moment) = (self.now, self.elapsed());
        self.log.put_out(stream, &links, at, moment);
        let kept = self.log.loose.entry(stream.clone()).or_insert((Head::START, at, Vec::new()));
        for link in links {
            kept.0 = Head { seq: link.seq, hash: link.hash };
            kept.2.push(link.bytes);
        }
        kept.1 = at;
    }
}

fn nth(index: u64) -> usize {
    usize::try_from(index).unwrap_or(usize::MAX)
}

impl LogSettings for World {
    fn origin(&self) -> &str {
        ORIGIN
    }

    fn log_key(&self) -> &str {
        if self.log_key.load(Ordering::Relaxed) == Keys::First as u8 { &LOG_KEY } else { &NEXT_KEY }
    }

    fn former_key(&self) -> Option<&str> {
        (self.log_key.load(Ordering::Relaxed) == Keys::Both as u8).then_some(LOG_KEY.as_str())
    }

    fn witness_key(&self) -> Option<&str> {
        self.witness.load(Ordering::Relaxed).then_some(WITNESS_KEY.as_str())
    }
}

impl Sign for World {
    async fn sign(&self, message: &[u8]) -> Result<[u8; 64], Fault> {
        self.call(Verb::Sign, "", "", |inner| {
            inner.log.signed.push(String::from_utf8_lossy(message).into_owned());
            let is_first = self.log_key.load(Ordering::Relaxed) == Keys::First as u8;
            Ok(signing(if is_first { 1 } else { 3 }).sign(message).to_bytes())
        })
        .await
    }
}

impl SignAsFormer for World {
    async fn sign_as_former(&self, message: &[u8]) -> Result<[u8; 64], Fault> {
        self.call(Verb::SignAsFormer, "", "", |_| Ok(signing(1).sign(message).to_bytes())).await
    }
}

impl LogObjects for World {
    async fn tile(&self, path: &str) -> Result<Option<Vec<u8>>, Fault> {
        self.call(Verb::Tile, path, "", |inner| Ok(inner.log.objects.get(path).cloned())).await
    }

    async fn put_tile(&self, path: &str, bytes: &[u8]) -> Result<Put, Fault> {
        self.call(Verb::PutTile, path, "", |inner| {
            if inner.log.objects.contains_key(path) {
                return Ok(Put::Exists);
            }
            inner.log.objects.insert(path.to_owned(), bytes.to_vec());
            Ok(Put::Written)
        })
        .await
    }

    async fn checkpoint(&self) -> Result<Option<CheckpointFound>, Fault> {
        self.call(Verb::Checkpoint, "", "", |inner| {
            let found = inner.log.checkpoint.clone();
            Ok(found.map(|(note, version)| CheckpointFound { note, version: version.to_string() }))
        })
        .await
    }

    async fn put_checkpoint(&self, note: &str, instead_of: Option<&str>) -> Result<bool, Fault> {
        self.call(Verb::PutCheckpoint, "", "", |inner| {
            let version = inner.log.checkpoint.as_ref().map(|(_, version)| version.to_string());
            if version.as_deref() != instead_of {
                return Ok(false);
            }
            let next = inner.log.checkpoint.as_ref().map_or(1, |(_, version)| version.saturating_add(1));
            inner.log.checkpoint = Some((note.to_owned(), next));
            let (moment, log) = (inner.elapsed(), &mut inner.log);
            let batch =
                log.head.as_ref().filter(|head| head.note == note).and_then(|head| log.batches.get(&head.batch));
            let places = batch.iter().flat_map(|batch| &batch.places);
            let waited = places.filter_map(|place| log.waited(place, moment)).collect::<Vec<_>>();
            log.waits.readable.extend(waited);
            Ok(true)
        })
        .await
    }
}

impl Anchors for World {
    async fn put_anchor(&self, key: &str, bytes: &[u8]) -> Result<Put, Fault> {
        self.call(Verb::PutAnchor, key, "", |inner| {
            if inner.log.anchors.contains_key(key) {
                return Ok(Put::Exists);
            }
            inner.log.anchors.insert(key.to_owned(), bytes.to_vec());
            Ok(Put::Written)
        })
        .await
    }

    async fn anchored(&self, key: &str) -> Result<Option<Vec<u8>>, Fault> {
        self.call(Verb::Anchored, key, "", |inner| Ok(inner.log.anchors.get(key).cloned())).await
    }
}

impl Submissions for World {
    async fn submission(&self, key: &str) -> Result<Option<Vec<u8>>, Fault> {
        self.call(Verb::Submission, key, "", |inner| Ok(inner.log.anchors.get(key).cloned())).await
    }

    async fn remembered(&self) -> Result<Option<CheckpointFound>, Fault> {
        self.call(Verb::Remembered, "", "", |inner| {
            let found = inner.log.remembered.clone();
            Ok(found.map(|(note, version)| CheckpointFound { note, version: version.to_string() }))
        })
        .await
    }

    async fn remember(&self, note: &str, instead_of: Option<&str>) -> Result<bool, Fault> {
        self.call(Verb::Remember, "", "", |inner| {
            let version = inner.log.remembered.as_ref().map(|(_, version)| version.to_string());
            if version.as_deref() != instead_of {
                return Ok(false);
            }
            let next = inner.log.remembered.as_ref().map_or(1, |(_, version)| version.saturating_add(1));
            inner.log.remembered = Some((note.to_owned(), next));
            Ok(true)
        })
        .await
    }

    async fn answer(&self, key: &str, bytes: &[u8]) -> Result<Put, Fault> {
        self.call(Verb::Answer, key, "", |inner| {
            if inner.log.anchors.contains_key(key) {
                return Ok(Put::Exists);
            }
            inner.log.anchors.insert(key.to_owned(), bytes.to_vec());
            Ok(Put::Written)
        })
        .await
    }
}

impl FindUnlogged for World {
    async fn unlogged(&self, limit: u32) -> Result<Vec<Stream>, Fault> {
        self.call(Verb::Unlogged, "", "", |inner| {
            let (now, lag) = (inner.now, inner.log.lag_seconds);
            let seen = inner.log.listed.iter().take_while(|(at, _)| at.plus(lag) <= now);
            let mut found: BTreeSet<&Stream> = BTreeSet::new();
            let first = seen.map(|(_, place)| &place.stream).filter(|stream| found.insert(stream));
            Ok(first.take(nth(u64::from(limit))).cloned().collect())
        })
        .await
    }
}

impl ReadOutbox for World {
    async fn logged_up_to(&self, streams: &[Stream]) -> Result<Vec<Option<Head>>, Fault> {
        self.call(Verb::LoggedUpTo, "", streams.len(), |inner| {
            let log = &inner.log;
            let logged = |stream: &Stream| log.logged.get(stream).copied().unwrap_or(Head::START);
            let readable = |stream: &Stream| !log.unmarked.contains(stream);
            Ok(streams.iter().map(|stream| readable(stream).then(|| logged(stream))).collect())
        })
        .await
    }

    async fn outbox(&self, stream: &Stream, logged: Head, limit: u32) -> Result<Outbox, Fault> {
        self.call(Verb::Outbox, stream, "", |inner| {
            let log = &inner.log;
            let from = Place { stream: stream.clone(), seq: logged.seq.saturating_add(1) };
            let beyond = log.outs.range(from..).take_while(|(place, _)| place.stream == *stream);
            let beyond = beyond.filter(|(_, out)| out.index.is_none());
            let (mut open, mut passed) = (Vec::new(), Vec::new());
            for (place, out) in beyond.take(nth(u64::from(limit))) {
                if out.passed {
                    passed.push(place.seq);
                } else {
                    open.push(Unlogged { seq: place.seq, at: out.at, hash: out.hash });
                }
            }
            Ok(Outbox { logged, open, passed })
        })
        .await
    }
}

impl ReadStreams for World {
    async fn entries_at(&self, places: &[Place]) -> Result<Vec<Option<Vec<u8>>>, Fault> {
        self.call(Verb::EntriesAt, "", places.len(), |inner| {
            let lies = |place: &Place| match inner.log.tampered.get(place) {
                Some(bytes) => bytes.clone(),
                None => inner.entry_at(place).cloned(),
            };
            Ok(places.iter().map(lies).collect())
        })
        .await
    }

    async fn stream_end(&self, stream: &Stream) -> Result<Option<(Head, Time)>, Fault> {
        self.call(Verb::StreamEnd, stream, "", |inner| {
            if inner.log.damaged.contains(stream) {
                return Err(Fault::new("read entries of streams", "unreadable_state"));
            }
            if let Some((head, at, _)) = inner.log.loose.get(stream) {
                return Ok(Some((*head, *at)));
            }
            Ok(match stream {
                Stream::System(stream) => inner.log.systems.get(stream).map(|(stored, _)| (stored.head, stored.at)),
                Stream::Account(_) | Stream::Request(_) | Stream::Sweep(_) => inner.store.end_of(stream),
            })
        })
        .await
    }
}

impl ReadLog for World {
    async fn log_head(&self) -> Result<Option<LogHead>, Fault> {
        self.call(Verb::LogHead, "", "", |inner| Ok(inner.log.head.clone())).await
    }

    async fn batch(&self, first: u64) -> Result<Option<Batch>, Fault> {
        self.call(Verb::Batch, first, "", |inner| Ok(inner.log.batches.get(&first).cloned())).await
    }

    async fn anchor(&self) -> Result<Option<Anchor>, Fault> {
        self.call(Verb::Anchor, "", "", |inner| Ok(inner.log.anchor.clone())).await
    }
}

impl MoveLog for World {
    async fn stage(&self, batch: &Batch) -> Result<bool, Fault> {
        self.call(Verb::Stage, batch.first, "", |inner| {
            if let Some(staged) = inner.log.batches.get(&batch.first) {
                return Ok(staged == batch);
            }
            inner.log.batches.insert(batch.first, batch.clone());
            Ok(true)
        })
        .await
    }

    async fn move_head(&self, next: &LogHead, batch: &Batch, before: Option<&str>) -> Result<(), CommitError> {
        self.call(Verb::MoveHead, next.edge.size(), "", |inner| {
            let moment = inner.elapsed();
            let log = &mut inner.log;
            let staged = log.batches.get(&batch.first).is_some_and(|staged| staged.root == batch.root);
            let stands = log.head.as_ref().is_none_or(|head| head.applied);
            if log.head.as_ref().map(|head| head.note.as_str()) != before || !staged || !stands {
                return Err(CommitError::Conflict);
            }
            log.head = Some(next.clone());
            log.batches.insert(batch.first, batch.clone());
            let waited = batch.places.iter().filter_map(|place| log.waited(place, moment)).collect::<Vec<_>>();
            log.waits.signed.extend(waited);
            Ok(())
        })
        .await
    }

    async fn applied(&self, head: &LogHead) -> Result<bool, Fault> {
        self.call(Verb::Applied, head.edge.size(), "", |inner| match &mut inner.log.head {
            Some(now) if now.note == head.note => {
                now.applied = true;
                Ok(true)
            }
            Some(_) | None => Ok(false),
        })
        .await
    }
}

impl MarkLogged for World {
    async fn mark_logged(&self, logged: &[Logged], _at: Time) -> Result<(), Fault> {
        let streams: BTreeSet<&Stream> = logged.iter().map(|logged| &logged.place.stream).collect();
        self.call(Verb::MarkLogged, streams.len(), logged.len(), |inner| {
            for Logged { place, hash, at, index } in logged {
                let moment = inner.log.outs.get(place).map_or(0, |before| before.moment);
                let out = Out { at: *at, hash: *hash, index: Some(*index), listed: false, passed: false, moment };
                let before = inner.log.put(place.clone(), out);
                if before.and_then(|before| before.index).is_some_and(|before| before != *index) {
                    inner.breaches.push(format!("{place} was logged before, elsewhere than at {index}"));
                }
                let last = inner.log.logged.entry(place.stream.clone()).or_insert(Head::START);
                if last.seq < place.seq {
                    *last = Head { seq: place.seq, hash: *hash };
                }
            }
            Ok(())
        })
        .await
    }

    async fn pass_over(&self, place: &Place) -> Result<(), Fault> {
        self.call(Verb::PassOver, place, "", |inner| {
            let now = inner.now;
            let out = Out { at: now, hash: EntryHash::NONE, index: None, listed: false, passed: true, moment: 0 };
            inner.log.put(place.clone(), out);
            Ok(())
        })
        .await
    }
}

impl KeepAnchor for World {
    async fn keep_anchor(&self, anchor: &Anchor, before: Option<&Anchor>) -> Result<bool, Fault> {
        self.call(Verb::KeepAnchor, anchor.size, "", |inner| {
            if inner.log.anchor.as_ref() != before {
                return Ok(false);
            }
            inner.log.anchor = Some(anchor.clone());
            Ok(true)
        })
        .await
    }
}

impl LoadSystem for World {
    async fn load_system(&self, stream: SystemStream) -> Result<Option<StoredSystem>, Fault> {
        self.call(Verb::LoadSystem, stream.as_str(), "", |inner| {
            Ok(inner.log.systems.get(&stream).map(|(stored, _)| stored.clone()))
        })
        .await
    }
}

impl CommitSystem for World {
    async fn commit_system(&self, commit: SystemCommit) -> Result<(), CommitError> {
        let names: Vec<String> = commit.links.iter().map(|link| link.name.clone()).collect();
        self.call(Verb::CommitSystem, commit.stream.as_str(), names.join(","), |inner| {
            let moment = inner.elapsed();
            let log = &mut inner.log;
            let version = log.systems.get(&commit.stream).map_or(0, |(stored, _)| stored.head.seq);
            if version != commit.expected {
                return Err(CommitError::Conflict);
            }
            log.put_out(&Stream::System(commit.stream), &commit.links, commit.next.at, moment);
            let mut entries = log.systems.remove(&commit.stream).map(|(_, entries)| entries).unwrap_or_default();
            entries.extend(commit.links.into_iter().map(|link| link.bytes));
            log.systems.insert(commit.stream, (commit.next, entries));
            Ok(())
        })
        .await
    }
}
