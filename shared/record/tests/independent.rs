//! A log as this crate writes it, read by `tests/log/verify.py`: another language, from the specifications' text.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that can't go on has failed"
)]

use ed25519_dalek::{Signer as _, SigningKey};
use record::checkpoint::Checkpoint;
use record::note::{Kind, Signature, VerifierKey, cosigned_message};
use record::proof::{Consistency, Inclusion, TlogProof};
use record::tile::grow;
use record::tree::Edge;
use record::witness::{Submission, judge};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

const ORIGIN: &str = "countersign.111111111111.us-east-1/countersign";
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/log/verify.py");

/// How the log grows: within a tile, to its end, over it, over two.
const SIZES: [u64; 5] = [0, 3, 256, 300, 700];

/// Places that proofs are made of.
const PROVEN: [u64; 6] = [0, 255, 256, 511, 512, 699];

fn entry(index: u64) -> Vec<u8> {
    format!(r#"{{"at":"2026-11-20T19:00:00Z","request":"req_a","seq":{index}}}"#).into_bytes()
}

struct Key(SigningKey, VerifierKey);

impl Key {
    fn new(name: &str, kind: Kind, seed: u8) -> Self {
        let key = SigningKey::from_bytes(&[seed; 32]);
        let verifier = VerifierKey::new(name, kind, key.verifying_key().as_bytes()).unwrap();
        Self(key, verifier)
    }

    fn sign(&self, message: &str) -> [u8; 64] {
        self.0.sign(message.as_bytes()).to_bytes()
    }
}

/// A folder as the log and its anchors leave it: what is in it, by path.
fn folder() -> BTreeMap<String, Vec<u8>> {
    let log = Key::new(ORIGIN, Kind::Ed25519, 11);
    let witness = Key::new("log-archive.222222222222.us-east-1/witness", Kind::Cosignature, 12);
    let (mut tiles, mut all, mut edge) = (BTreeMap::new(), BTreeMap::new(), Edge::EMPTY);
    for size in SIZES {
        let old = edge;
        let entries: Vec<Vec<u8>> = (old.size()..size).map(entry).collect();
        let growth = grow(&tiles, old.size(), &old.root(), &entries).unwrap();
        edge = growth.edge;
        tiles.extend(growth.files.into_iter().map(|file| (file.tile.to_string(), file.bytes)));
        let checkpoint = Checkpoint::new(ORIGIN, size, edge.root()).unwrap().note().unwrap();
        let signature = log.sign(checkpoint.text());
        let note = checkpoint.with(Signature::ed25519(&log.1, &signature)).unwrap();
        let proof = Consistency::read(&tiles, old.size(), size).unwrap().path;
        let submission = Submission { old: old.size(), proof, note: note.clone() };
        let cosign = judge(Some((old.size(), old.root())), &submission, std::slice::from_ref(&log.1)).unwrap();
        let time = 1_795_000_000;
        assert_eq!(cosign.message(time), cosigned_message(note.text(), time));
        let cosigned = Signature::cosignature(&witness.1, time, &witness.sign(&cosign.message(time)));
        for (place, text) in [
            ("anchors", note.to_string()),
            ("cosigned", note.clone().with(cosigned).unwrap().to_string()),
            ("submissions", submission.to_string()),
        ] {
            all.insert(format!("{place}/{size:020}"), text.into_bytes());
        }
        all.insert("log/checkpoint".to_owned(), note.to_string().into_bytes());
    }
    for index in PROVEN {
        let path = Inclusion::read(&tiles, index, edge.size()).unwrap().path;
        let checkpoint = String::from_utf8(all["log/checkpoint"].clone()).unwrap();
        let proof = TlogProof { entry: entry(index), index, path, checkpoint };
        proof.check(std::slice::from_ref(&log.1)).unwrap();
        all.insert(format!("{index}.tlog-proof"), proof.to_string().into_bytes());
    }
    all.extend(tiles.into_iter().map(|(path, bytes)| (format!("log/{path}"), bytes)));
    all.insert("keys".to_owned(), format!("log {}\nwitness {}\n", log.1, witness.1).into_bytes());
    all
}

/// The script's exit code and what it printed.
fn verified(folder: &BTreeMap<String, Vec<u8>>) -> (Option<i32>, String) {
    let place = tempfile::tempdir().unwrap();
    for (path, bytes) in folder {
        let path = place.path().join(path);
        fs::create_dir_all(path.parent().unwrap_or(Path::new("/"))).unwrap();
        fs::write(path, bytes).unwrap();
    }
    let mut script = Command::new("python3");
    script.args(["-B", SCRIPT]).arg(place.path());
    for index in PROVEN {
        script.arg("--proof").arg(place.path().join(format!("{index}.tlog-proof")));
    }
    let ran = script.output().expect("this test needs Python 3, as `python3`");
    (ran.status.code(), String::from_utf8(ran.stdout).unwrap() + &String::from_utf8(ran.stderr).unwrap())
}

#[test]
fn another_reading_of_the_specifications_agrees() {
    let (code, told) = verified(&folder());
    // 5 checkpoints twice; the tiles and bundles that five sizes leave behind.
    assert_eq!((code, told.as_str()), (Some(0), "checkpoints 10, entries 700, proofs 6, submissions 5, tiles 12\n"));
}

/// A change of a file's content.
type Change = fn(&mut Vec<u8>);

#[test]
fn another_reading_finds_what_was_changed() {
    let flip: Change = |bytes| bytes[20] ^= 1;
    let changes: [(&str, Change, &str); 9] = [
        ("log/tile/entries/001", flip, "log/checkpoint has another root than the entries give"),
        ("log/tile/entries/001.p/44", flip, "tile/entries/001.p/44 is not what the entries give"),
        ("log/tile/0/000", flip, "tile/0/000 is not what the entries give"),
        ("log/tile/1/000.p/1", flip, "tile/1/000.p/1 is not what the entries give"),
        ("log/checkpoint", |bytes| bytes.truncate(90), "log: not a note"),
        ("anchors/00000000000000000300", flip, "anchors/00000000000000000300: "),
        ("cosigned/00000000000000000256", |bytes| bytes[200] ^= 1, "cosigned/00000000000000000256: "),
        ("submissions/00000000000000000700", |bytes| bytes[10] ^= 1, "submissions/00000000000000000700: "),
        ("511.tlog-proof", |bytes| bytes[40] ^= 1, "511.tlog-proof: it does not hold"),
    ];
    for (path, change, expected) in changes {
        let mut edited = folder();
        change(edited.get_mut(path).unwrap());
        let (code, told) = verified(&edited);
        assert_eq!(code, Some(1), "{path}: {told}");
        assert!(told.contains(expected), "{path}: {told}");
    }
    let mut missing = folder();
    missing.remove("log/tile/1/000.p/2").unwrap();
    assert_eq!(verified(&missing).1.lines().next(), Some("log/tile/1/000 is missing"));
}
