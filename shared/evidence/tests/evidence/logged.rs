//! Packs with proofs, of a log that a software key signed.

use crate::packs::{TOOL, numbers, parameters};
use crate::story::given;
use ed25519_dalek::{Signer as _, SigningKey};
use evidence::logged::{Places, proofs};
use evidence::pack::{Files, PROOFS, Parameters, check, make, wanted_proofs};
use record::checkpoint::Checkpoint;
use record::note::{Kind, Signature, VerifierKey};
use record::tile::grow;
use record::tree::Edge;

const ORIGIN: &str = "countersign.111111111111.us-east-1/countersign";

fn key(seed: u8) -> (SigningKey, VerifierKey) {
    let key = SigningKey::from_bytes(&[seed; 32]);
    let verifier = VerifierKey::new(ORIGIN, Kind::Ed25519, key.verifying_key().as_bytes()).unwrap();
    (key, verifier)
}

/// The day's log: its files, its size, and its signed checkpoint.
fn log() -> (Files, u64, String) {
    let leaves: Vec<Vec<u8>> = given().into_iter().map(|given| given.bytes).collect();
    let growth = grow(&Files::new(), 0, &Edge::EMPTY.root(), &leaves).unwrap();
    let size = growth.edge.size();
    let note = Checkpoint::new(ORIGIN, size, growth.edge.root()).unwrap().note().unwrap();
    let (signer, verifier) = key(1);
    let signature = Signature::ed25519(&verifier, &signer.sign(note.text().as_bytes()).to_bytes());
    let note = note.with(signature).unwrap().to_string();
    (growth.files.into_iter().map(|file| (file.tile.to_string(), file.bytes)).collect(), size, note)
}

fn proven() -> Files {
    let (files, size, note) = log();
    let places = Places::read(&files, size).unwrap();
    let parameters = Parameters { checkpoint: Some(note.clone()), ..parameters("soc2-cc6.1") };
    let mut given = given();
    for given in &mut given {
        given.index = places.of(given);
        assert!(given.index.is_some());
    }
    let wanted = wanted_proofs(&given, &parameters).unwrap();
    let proofs = proofs(&files, &places, &note, size, &wanted).unwrap();
    make(&given, &parameters, &proofs).unwrap()
}

#[test]
fn every_entry_of_the_sample_is_proven_to_be_in_the_log() {
    let pack = proven();
    let proofs = pack.keys().filter(|path| path.starts_with(PROOFS)).count();
    let sampled = given().iter().filter(|given| pack.contains_key(&format!("sample/{}.jsonl", given.stream))).count();
    assert_eq!((proofs, numbers(&pack)["proofs"].as_u64()), (sampled, u64::try_from(sampled).ok()));
    assert_eq!(check(&pack, TOOL, None), []);
    assert_eq!(check(&pack, TOOL, Some(&[key(1).1])), []);
}

#[test]
fn what_the_log_holds_and_the_entries_do_not_is_missed() {
    let (files, size, _) = log();
    let places = Places::read(&files, size).unwrap();
    let leaves: Vec<Vec<u8>> = given().into_iter().map(|given| given.bytes).collect();
    assert_eq!(*places.root(), grow(&Files::new(), 0, &Edge::EMPTY.root(), &leaves).unwrap().edge.root());
    assert_eq!(places.missing(&given()), [0u64; 0]);
    let all = given();
    let last = all.iter().rposition(|given| given.stream == all[0].stream).unwrap();
    let at = |place: usize| u64::try_from(place).unwrap();
    let mut cut = all.clone();
    cut.remove(last);
    assert_eq!(places.missing(&cut), [at(last)]);
    let mut changed = all.clone();
    changed[last].bytes.push(b' ');
    assert_eq!(places.missing(&changed), [at(last)]);
    let without: Vec<_> = all.iter().filter(|given| given.stream != all[0].stream).cloned().collect();
    assert_eq!(places.missing(&without), (0..=at(last)).collect::<Vec<_>>());
    // What is newer than the log is no fault of anybody's.
    let newer = changed[last].clone();
    assert_eq!(places.missing(&[all, vec![newer]].concat()), [0u64; 0]);
}

#[test]
fn a_proof_that_does_not_hold_is_found() {
    let codes = |pack: &Files, key: Option<VerifierKey>| {
        let keys = key.map(|key| vec![key]);
        let fails = check(pack, TOOL, keys.as_deref()).into_iter().filter(|one| one.code == "proof_fails");
        fails.map(|one| one.place).collect::<Vec<_>>()
    };
    let pack = proven();
    let places: Vec<String> = pack.keys().filter(|path| path.starts_with(PROOFS)).cloned().collect();
    assert_eq!(codes(&pack, Some(key(2).1)), places);
    let (first, second) = (&places[0], &places[1]);
    let mut swapped = pack.clone();
    swapped.insert(first.clone(), pack[second].clone());
    assert_eq!(codes(&swapped, None), vec![first.clone()]);
    let mut moved = pack.clone();
    let text = String::from_utf8(pack[first].clone()).unwrap();
    let index = text.lines().find(|line| line.starts_with("index ")).unwrap();
    moved.insert(first.clone(), text.replacen(index, "index 1", 1).into_bytes());
    let mut cut = pack.clone();
    cut.insert(second.clone(), b"x".to_vec());
    assert_eq!((codes(&moved, None), codes(&cut, None)), (vec![first.clone()], vec![second.clone()]));
}
