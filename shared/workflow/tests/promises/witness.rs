//! A witness never vouches for two histories, whatever dies, comes twice or comes beside another.

use ed25519_dalek::{Signer as _, SigningKey};
use model::time::Time;
use record::checkpoint::{self, Checkpoint};
use record::note::{Kind, Signature, VerifierKey};
use record::proof::Consistency;
use record::tile::grow;
use record::tree::{Edge, Hash};
use record::witness::{Refusal, Submission};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use workflow::ports::{CheckpointFound, Clock, Fault, Put, Sign, Submissions, WitnessSettings};
use workflow::witness::{Outcome, take};

const ORIGIN: &str = "countersign.111111111111.us-east-1/countersign";
const NAME: &str = "countersign.555555555555.us-east-1/witness";
const NOW: &str = "2026-11-21T21:00:00Z";
const MEMORY: &str = "witness/checkpoint";

/// At which call the worker dies, and whether the call took effect before.
#[derive(Clone, Copy)]
struct Death {
    at: usize,
    done: bool,
}

struct World {
    objects: Mutex<BTreeMap<String, (Vec<u8>, u64)>>,
    key: SigningKey,
    own: VerifierKey,
    logs: Vec<VerifierKey>,
    calls: AtomicUsize,
    death: Mutex<Option<Death>>,
    /// What somebody else has remembered by the time this one wants to.
    beside: Mutex<Option<String>>,
}

fn verifier(name: &str, kind: Kind, key: &SigningKey) -> VerifierKey {
    VerifierKey::new(name, kind, key.verifying_key().as_bytes()).unwrap()
}

fn log_key() -> SigningKey {
    SigningKey::from_bytes(&[1; 32])
}

impl World {
    fn new() -> Self {
        let key = SigningKey::from_bytes(&[2; 32]);
        Self {
            objects: Mutex::default(),
            own: verifier(NAME, Kind::Cosignature, &key),
            key,
            logs: vec![verifier(ORIGIN, Kind::Ed25519, &log_key())],
            calls: AtomicUsize::new(0),
            death: Mutex::new(None),
            beside: Mutex::new(None),
        }
    }

    /// One call: dead before it, dead after it, or neither.
    fn call<T>(&self, effect: impl FnOnce() -> T) -> Result<T, Fault> {
        let n = self.calls.fetch_add(1, Ordering::Relaxed);
        let dies = self.death.lock().unwrap().filter(|death| death.at == n);
        match dies {
            Some(Death { done: false, .. }) => Err(Fault::new("live", "died")),
            Some(Death { done: true, .. }) => {
                effect();
                Err(Fault::new("live", "died"))
            }
            None => Ok(effect()),
        }
    }

    fn get(&self, key: &str) -> Option<(Vec<u8>, u64)> {
        self.objects.lock().unwrap().get(key).cloned()
    }

    fn text(&self, key: &str) -> Option<String> {
        self.get(key).map(|(bytes, _)| String::from_utf8(bytes).unwrap())
    }

    fn put(&self, key: &str, bytes: &[u8], over: Option<u64>) -> bool {
        let mut objects = self.objects.lock().unwrap();
        let version = objects.get(key).map(|(_, version)| *version);
        if version != over {
            return false;
        }
        objects.insert(key.to_owned(), (bytes.to_vec(), version.unwrap_or(0) + 1));
        true
    }

    /// Whom the answer to `size` is of, and what it says; the memory is that of the newest.
    fn cosigned(&self, size: u64) -> Option<(u64, Hash)> {
        let note = self.text(&format!("cosigned/{size:020}"))?;
        let keys = [self.logs.clone(), vec![self.own.clone()]].concat();
        let signed = checkpoint::open(note.as_bytes(), &keys).unwrap();
        assert_eq!(signed.cosigned.len(), 1, "{note}");
        assert_eq!(signed.cosigned[0].key, self.own);
        Some((signed.checkpoint.size(), *signed.checkpoint.root()))
    }

    async fn asked(&self, submission: &Submission) -> Result<Outcome, Fault> {
        let size = Checkpoint::parse(submission.note.text()).map_or(0, |checkpoint| checkpoint.size());
        let key = format!("submissions/{size:020}");
        self.put(&key, submission.to_string().as_bytes(), None);
        take(self, &key).await
    }
}

impl Submissions for World {
    async fn submission(&self, key: &str) -> Result<Option<Vec<u8>>, Fault> {
        self.call(|| self.get(key).map(|(bytes, _)| bytes))
    }

    async fn remembered(&self) -> Result<Option<CheckpointFound>, Fault> {
        self.call(|| {
            self.get(MEMORY).map(|(bytes, version)| CheckpointFound {
                note: String::from_utf8(bytes).unwrap(),
                version: version.to_string(),
            })
        })
    }

    async fn remember(&self, note: &str, instead_of: Option<&str>) -> Result<bool, Fault> {
        if let Some(other) = self.beside.lock().unwrap().take() {
            let version = self.get(MEMORY).map(|(_, version)| version);
            assert!(self.put(MEMORY, other.as_bytes(), version));
        }
        self.call(|| self.put(MEMORY, note.as_bytes(), instead_of.map(|version| version.parse().unwrap())))
    }

    async fn answer(&self, key: &str, bytes: &[u8]) -> Result<Put, Fault> {
        self.call(|| if self.put(key, bytes, None) { Put::Written } else { Put::Exists })
    }
}

impl Sign for World {
    async fn sign(&self, message: &[u8]) -> Result<[u8; 64], Fault> {
        self.call(|| self.key.sign(message).to_bytes())
    }
}

impl Clock for World {
    fn now(&self) -> Time {
        NOW.parse().unwrap()
    }

    async fn pause(&self, _: u64) {}
}

impl WitnessSettings for World {
    fn own_key(&self) -> &VerifierKey {
        &self.own
    }

    fn log_keys(&self) -> &[VerifierKey] {
        &self.logs
    }
}

/// A log in memory; another `word` makes another history.
struct Log {
    files: BTreeMap<String, Vec<u8>>,
    edges: BTreeMap<u64, Edge>,
}

impl Log {
    fn of(word: &str, largest: u64) -> Self {
        let (mut files, mut edge) = (BTreeMap::new(), Edge::EMPTY);
        let mut edges = BTreeMap::from([(0, Edge::EMPTY)]);
        for n in 0..largest {
            let growth = grow(&files, edge.size(), &edge.root(), &[format!("{word} {n}")]).unwrap();
            files.extend(growth.files.into_iter().map(|file| (file.tile.to_string(), file.bytes)));
            edge = growth.edge;
            edges.insert(edge.size(), edge.clone());
        }
        Self { files, edges }
    }

    fn submits(&self, old: u64, new: u64) -> Submission {
        self.signed(old, new, ORIGIN, &log_key())
    }

    fn signed(&self, old: u64, new: u64, origin: &str, key: &SigningKey) -> Submission {
        let note = Checkpoint::new(origin, new, self.edges[&new].root()).unwrap().note().unwrap();
        let signature = key.sign(note.text().as_bytes()).to_bytes();
        let note = note.with(Signature::ed25519(&verifier(origin, Kind::Ed25519, key), &signature)).unwrap();
        let proof =
            if old == 0 || old == new { Vec::new() } else { Consistency::read(&self.files, old, new).unwrap().path };
        Submission { old, proof, note }
    }

    fn at(&self, size: u64) -> (u64, Hash) {
        (size, self.edges[&size].root())
    }
}

#[tokio::test]
async fn what_goes_on_is_cosigned() {
    let (world, log) = (World::new(), Log::of("a", 9));
    for (old, new) in [(0, 3), (3, 4), (4, 9)] {
        assert_eq!(world.asked(&log.submits(old, new)).await, Ok(Outcome::Cosigned { size: new }));
        assert_eq!(world.cosigned(new), Some(log.at(new)));
    }
}

#[tokio::test]
async fn another_history_is_refused_and_changes_nothing() {
    let (world, log, fork) = (World::new(), Log::of("a", 9), Log::of("b", 9));
    world.asked(&log.submits(0, 4)).await.unwrap();
    let before = world.text(MEMORY);
    for submission in [fork.submits(4, 9), fork.submits(4, 4)] {
        world.objects.lock().unwrap().remove(&format!("submissions/{:020}", 4));
        assert_eq!(world.asked(&submission).await, Ok(Outcome::Refused(Refusal::Inconsistent)));
    }
    assert_eq!(world.text(MEMORY), before);
    assert_eq!(world.cosigned(9), None);
    assert_eq!(
        world.text("refused/00000000000000000009").as_deref(),
        Some("422 the tree does not go on from the one the witness knows\n")
    );
}

#[tokio::test]
async fn what_is_late_is_told_the_size() {
    let (world, log) = (World::new(), Log::of("a", 9));
    world.asked(&log.submits(0, 6)).await.unwrap();
    assert_eq!(world.asked(&log.submits(0, 9)).await, Ok(Outcome::Refused(Refusal::Stale { known: 6 })));
    assert_eq!(world.text("refused/00000000000000000009").as_deref(), Some("409 6\n"));
    assert_eq!(world.asked(&log.submits(0, 3)).await, Ok(Outcome::Refused(Refusal::Stale { known: 6 })));
}

#[tokio::test]
async fn what_the_log_did_not_sign_is_refused() {
    let (world, log) = (World::new(), Log::of("a", 3));
    let other = SigningKey::from_bytes(&[3; 32]);
    assert_eq!(world.asked(&log.signed(0, 1, ORIGIN, &other)).await, Ok(Outcome::Refused(Refusal::NotSigned)));
    assert_eq!(world.asked(&log.signed(0, 2, "another", &other)).await, Ok(Outcome::Refused(Refusal::UnknownOrigin)));
    assert_eq!(world.text(MEMORY), None);
}

#[tokio::test]
async fn what_is_no_submission_is_refused_or_nothing() {
    let (world, log) = (World::new(), Log::of("a", 3));
    for bytes in [b"".as_slice(), b"old x\n\n", b"\xff", &vec![b'a'; 200_000]] {
        world.objects.lock().unwrap().clear();
        world.put("submissions/00000000000000000001", bytes, None);
        let outcome = take(&world, "submissions/00000000000000000001").await;
        assert_eq!(outcome, Ok(Outcome::Refused(Refusal::Malformed)));
    }
    // Of another size than its name says: the answer would be found for a tree that it is not of.
    world.put("submissions/00000000000000000002", log.submits(0, 3).to_string().as_bytes(), None);
    let outcome = take(&world, "submissions/00000000000000000002").await;
    assert_eq!(outcome, Ok(Outcome::Refused(Refusal::Malformed)));
    for key in ["anchors/00000000000000000001", "submissions/1", "submissions/0000000000000000000x", "submissions/"] {
        assert_eq!(take(&world, key).await, Ok(Outcome::Nothing), "{key}");
    }
    assert_eq!(take(&world, "submissions/00000000000000000009").await, Ok(Outcome::Nothing), "nothing is there");
}

#[tokio::test]
async fn whoever_dies_is_made_up_for_when_the_event_comes_again() {
    let log = Log::of("a", 7);
    for done in [false, true] {
        for at in 0..5 {
            let world = World::new();
            world.asked(&log.submits(0, 3)).await.unwrap();
            world.calls.store(0, Ordering::Relaxed);
            *world.death.lock().unwrap() = Some(Death { at, done });
            world.asked(&log.submits(3, 7)).await.unwrap_err();
            *world.death.lock().unwrap() = None;
            assert_eq!(world.asked(&log.submits(3, 7)).await, Ok(Outcome::Cosigned { size: 7 }), "{at} {done}");
            assert_eq!(world.cosigned(7), Some(log.at(7)));
        }
    }
}

#[tokio::test]
async fn nothing_is_signed_that_is_not_remembered() {
    let log = Log::of("a", 7);
    for at in 0..5 {
        let world = World::new();
        *world.death.lock().unwrap() = Some(Death { at, done: true });
        let _ = world.asked(&log.submits(0, 7)).await;
        let remembered = world.text(MEMORY).is_some_and(|note| note.starts_with(&format!("{ORIGIN}\n7\n")));
        assert!(world.cosigned(7).is_none() || remembered, "{at}");
    }
}

#[tokio::test]
async fn of_two_histories_beside_each_other_one_is_cosigned() {
    let (world, log, fork) = (World::new(), Log::of("a", 9), Log::of("b", 9));
    // While this one is judged by an empty memory, the other one is remembered.
    *world.beside.lock().unwrap() = Some(fork.submits(0, 5).note.to_string());
    assert_eq!(world.asked(&log.submits(0, 9)).await, Ok(Outcome::Refused(Refusal::Stale { known: 5 })));
    assert_eq!(world.cosigned(9), None);
}

#[tokio::test]
async fn a_memory_that_can_not_be_read_is_no_empty_one() {
    let (world, log) = (World::new(), Log::of("a", 3));
    world.put(MEMORY, b"gone", None);
    let fault = world.asked(&log.submits(0, 3)).await.unwrap_err();
    assert_eq!(fault.code, "unreadable");
    assert_eq!(world.cosigned(3), None);
}
