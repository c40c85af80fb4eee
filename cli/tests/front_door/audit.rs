//! What the log proves, without any cloud.

use crate::stand_in::{ID, Ran, StandIn};
use ed25519_dalek::{Signer as _, SigningKey};
use record::chain::{Head, append};
use record::checkpoint::Checkpoint;
use record::note::{Kind, Signature, VerifierKey, cosigned_message};
use record::tile::{self, grow};
use record::tree::Edge;
use serde_json::json;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

pub(crate) const ORIGIN: &str = "countersign.111111111111.us-east-1/countersign";
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/log/verify.py");

/// A key in software, and what verifies it.
pub(crate) fn key(name: &str, kind: Kind, seed: u8) -> (SigningKey, VerifierKey) {
    let key = SigningKey::from_bytes(&[seed; 32]);
    let verifier = VerifierKey::new(name, kind, key.verifying_key().as_bytes()).unwrap();
    (key, verifier)
}

/// The chains of two requests, in turns.
fn entries(count: u64) -> Vec<Vec<u8>> {
    let mut heads = [Head::START; 2];
    let streams = [ID, "req_0198c0ffee0070000000000000000005"];
    let mut entries = Vec::new();
    for (_, nth) in (0..count).zip([0, 1].into_iter().cycle()) {
        let (stream, head) = (streams.get(nth).unwrap(), heads.get_mut(nth).unwrap());
        let cause = json!({"kind": "person", "person": "bob\u{1b}[2J"});
        let event = json!({"type": "step", "data": {"said": "Order 4711 hangs\u{202e}"}});
        let (link, next) = append(*head, stream, "2026-11-20T19:35:05Z", cause, event).unwrap();
        entries.push(link.bytes);
        *head = next;
    }
    entries
}

/// A log of 300 entries, the first 260 of which a witness vouches for, in a folder of the stand-in's.
fn written(api: &StandIn) -> PathBuf {
    let (log, log_key) = key(ORIGIN, Kind::Ed25519, 1);
    let (witness, witness_key) = key("log-archive.222222222222.us-east-1/witness", Kind::Cosignature, 2);
    let all = entries(300);
    let (mut tiles, mut edge) = (BTreeMap::new(), Edge::EMPTY);
    let folder = api.home.path().join("export");
    let put = |path: &str, bytes: &[u8]| {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    };
    for size in [260, 300] {
        let next = all.get(usize::try_from(edge.size()).unwrap()..size).unwrap();
        let growth = grow(&tiles, edge.size(), &edge.root(), next).unwrap();
        tiles.extend(growth.files.into_iter().map(|file| (file.tile.to_string(), file.bytes)));
        edge = growth.edge;
        let note = Checkpoint::new(ORIGIN, edge.size(), edge.root()).unwrap().note().unwrap();
        let signature = log.sign(note.text().as_bytes()).to_bytes();
        let note = note.with(Signature::ed25519(&log_key, &signature)).unwrap();
        put("log/checkpoint", note.to_string().as_bytes());
        if size == 260 {
            let time = 1_795_000_000;
            let signature = witness.sign(cosigned_message(note.text(), time).as_bytes()).to_bytes();
            let note = note.with(Signature::cosignature(&witness_key, time, &signature)).unwrap();
            put("cosigned/00000000000000000260", note.to_string().as_bytes());
        }
    }
    // Freshly fetched: nothing is there that the tree had only before.
    for tile in tile::written(0, 300) {
        let path = tile.to_string();
        put(&format!("log/{path}"), tiles.get(&path).unwrap());
    }
    put("keys", format!("log {log_key}\nwitness {witness_key}\n").as_bytes());
    folder
}

fn code(ran: &Ran) -> (i32, String) {
    let said: serde_json::Value = serde_json::from_str(&ran.err).unwrap_or_default();
    (ran.code, said.get("code").and_then(|code| code.as_str()).unwrap_or_default().to_owned())
}

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    *bytes.get_mut(at).unwrap() ^= 1;
    fs::write(path, bytes).unwrap();
}

#[tokio::test]
async fn an_entry_is_proven_by_a_file_and_the_keys_alone() {
    let api = StandIn::start().await;
    let folder = written(&api);
    let keys = folder.join("keys");
    let proven = api.run(&["audit", "prove", "export", &format!("{ID}/3")]).await;
    assert_eq!(proven.code, 0, "{proven:?}");
    let file = api.home.path().join(format!("{ID}-3.tlog-proof"));
    assert!(proven.out.starts_with(&format!("written: {ID}-3.tlog-proof\n")), "{}", proven.out);
    // Again is the same; another entry under its name is not.
    assert_eq!(api.run(&["audit", "prove", "export", &format!("{ID}/3")]).await.code, 0);
    let other = ["audit", "prove", "export", "5", "--to", file.to_str().unwrap(), "--output", "json"];
    assert_eq!(code(&api.run(&other).await), (1, "file_exists".to_owned()));

    // What reads the specifications, and shares no code with this, agrees.
    let mut script = Command::new("python3");
    let ran = script.args(["-B", SCRIPT]).arg(&folder).arg("--proof").arg(&file).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stdout));

    // On another machine: the proof and the keys.
    let away = api.home.path().join("away");
    fs::create_dir(&away).unwrap();
    fs::rename(&file, away.join("proof")).unwrap();
    fs::copy(&keys, away.join("keys")).unwrap();
    fs::remove_dir_all(&folder).unwrap();
    let check = ["audit", "check", "away/proof", "--keys", "away/keys", "--witnessed"];
    let checked = api.run(&check).await;
    assert_eq!(checked.code, 0, "{checked:?}");
    for told in
        ["proven\n", ID, "4 of 260, in the log", "at 2026-11-18T", "log-archive.222222222222", "step", "Order 4711"]
    {
        assert!(checked.out.contains(told), "{told}: {}", checked.out);
    }
    assert!(!checked.out.contains(['\u{1b}', '\u{202e}']), "{:?}", checked.out);
    let checked = api.run(&[check.as_slice(), &["--output", "json"]].concat()).await.json();
    assert_eq!((checked["proven"].as_bool(), checked["index"].as_u64()), (Some(true), Some(4)));
    assert_eq!(checked["entry"]["event"]["type"], "step");
    assert!(api.came().is_empty());
}

#[tokio::test]
async fn what_is_not_proven_fails_and_says_why() {
    let api = StandIn::start().await;
    let folder = written(&api);
    assert_eq!(api.run(&["audit", "prove", "export", "299", "--to", "proof"]).await.code, 0);
    let proof = api.home.path().join("proof");
    let check = ["audit", "check", "proof", "--keys", "export/keys", "--output", "json"];
    let whole = fs::read_to_string(&proof).unwrap();
    assert_eq!(api.run(&check).await.code, 0);
    // No witness saw the last ones.
    let witnessed = [check.as_slice(), &["--witnessed"]].concat();
    assert_eq!(code(&api.run(&witnessed).await), (1, "not_witnessed".to_owned()));

    let edited = [
        (whole.replace("index 299", "index 298"), "not_included"),
        (whole.replace("\n300\n", "\n301\n"), "forged_signature"),
        (whole.replace("tlog-proof@v1", "tlog-proof@v2"), "malformed_proof"),
        (whole.replace("index 299", "index 0299"), "malformed_proof"),
        (whole.replace(ORIGIN, "another/log"), "unknown_signer"),
        ("x".repeat(300_000), "no_file"),
    ];
    for (text, expected) in edited {
        fs::write(&proof, text).unwrap();
        let ran = api.run(&check).await;
        assert_eq!(code(&ran), (1, expected.to_owned()), "{}", ran.err);
    }
    fs::write(&proof, &whole).unwrap();
    let keys = api.home.path().join("others");
    let (_, other) = key(ORIGIN, Kind::Ed25519, 9);
    for (text, expected) in [
        (format!("log {other}\n"), "unknown_signer"),
        (format!("{other}\n"), "invalid_keys"),
        (String::new(), "invalid_keys"),
    ] {
        fs::write(&keys, text).unwrap();
        let ran = api.run(&["audit", "check", "proof", "--keys", "others", "--output", "json"]).await;
        assert_eq!(code(&ran), (1, expected.to_owned()));
    }

    let prove = async |entry: &str| code(&api.run(&["audit", "prove", "export", entry, "--output", "json"]).await);
    assert_eq!(prove("300").await, (4, "no_such_entry".to_owned()));
    assert_eq!(prove(&format!("{ID}/151")).await, (4, "no_such_entry".to_owned()));
    assert_eq!(prove("req_x/../1").await.0, 2);
    flip(&folder.join("log/tile/entries/000"), 100);
    assert_eq!(prove("0").await, (1, "not_included".to_owned()));
    fs::remove_file(folder.join("log/tile/0/000")).unwrap();
    assert_eq!(prove("1").await, (1, "damaged_log".to_owned()));
    flip(&folder.join("log/checkpoint"), 5);
    assert_eq!(prove("1").await.0, 1);
    assert!(api.came().is_empty());
}

#[tokio::test]
async fn nothing_but_files_of_the_folder_is_read() {
    let api = StandIn::start().await;
    let folder = written(&api);
    let away = api.home.path().join("away");
    fs::create_dir(&away).unwrap();
    let is_refused = async |commands: &[&[&str]]| {
        for command in commands {
            let ran = api.run(&[*command, &["--output", "json"]].concat()).await;
            assert_eq!(code(&ran), (1, "no_file".to_owned()), "{command:?} {ran:?}");
        }
    };
    let prove = ["audit", "prove", "export", "0"];
    let all: [&[&str]; 3] = [&prove, &["audit", "rebuild", "export"], &["audit", "verify", "export"]];
    // A folder that is a link.
    let (log, elsewhere) = (folder.join("log"), away.join("log"));
    fs::rename(&log, &elsewhere).unwrap();
    symlink(&elsewhere, &log).unwrap();
    is_refused(&all).await;
    fs::remove_file(&log).unwrap();
    fs::rename(&elsewhere, &log).unwrap();
    // A pipe, which nobody ever writes to.
    let checkpoint = log.join("checkpoint");
    fs::rename(&checkpoint, away.join("checkpoint")).unwrap();
    assert!(Command::new("mkfifo").arg(&checkpoint).status().unwrap().success());
    is_refused(&all).await;
    fs::remove_file(&checkpoint).unwrap();
    fs::rename(away.join("checkpoint"), &checkpoint).unwrap();
    // The folder's own keys.
    fs::rename(folder.join("keys"), away.join("keys")).unwrap();
    symlink(away.join("keys"), folder.join("keys")).unwrap();
    is_refused(&[&prove]).await;
    // Whoever calls may name what they like.
    let named = [&prove[..], &["--keys", "export/keys"]].concat();
    assert_eq!(api.run(&named).await.code, 0);
}
