//! `audit verify`, on a log that one key signed.

use crate::stand_in::StandIn;
use ed25519_dalek::{Signer as _, SigningKey};
use record::checkpoint::Checkpoint;
use record::entry::EntryHash;
use record::note::{Kind, Signature, VerifierKey};
use record::tile::{TileReader, grow};
use record::tree::Hash;
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};

const ORIGIN: &str = "countersign.111111111111.us-east-1/countersign";

struct Nothing;

impl TileReader for Nothing {
    type Error = std::convert::Infallible;
    fn read(&self, _: &str) -> Result<Option<Vec<u8>>, Self::Error> {
        Ok(None)
    }
}

/// A log of one entry in a folder, and a file of its keys.
fn log(home: &Path) -> (PathBuf, PathBuf) {
    let entry = json!({
        "at": "2026-11-20T12:00:00Z", "cause": {"kind": "system", "part": "audit"},
        "event": {"data": {"key": "k", "origin": ORIGIN}, "type": "logStarted"},
        "prev": EntryHash::NONE.to_string(), "request": "sys_log", "seq": 1, "v": 1,
    });
    let entry = record::canonical::to_bytes(&entry).unwrap();
    let secret = SigningKey::from_bytes(&[1; 32]);
    let key = VerifierKey::new(ORIGIN, Kind::Ed25519, secret.verifying_key().as_bytes()).unwrap();
    let growth = grow(&Nothing, 0, &Hash::EMPTY, &[entry]).unwrap();
    let note = Checkpoint::new(ORIGIN, 1, growth.edge.root()).unwrap().note().unwrap();
    let signature = secret.sign(note.text().as_bytes()).to_bytes();
    let note = note.with(Signature::ed25519(&key, &signature)).unwrap();
    let folder = home.join("folder");
    for file in growth.files {
        let path = folder.join("log").join(file.tile.to_string());
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, file.bytes).unwrap();
    }
    fs::write(folder.join("log/checkpoint"), note.to_string()).unwrap();
    let keys = home.join("keys");
    fs::write(&keys, format!("# from Dave, by hand\nlog {key}\n")).unwrap();
    (folder, keys)
}

#[tokio::test]
async fn a_log_that_is_intact_is_said_to_be() {
    let api = StandIn::start().await;
    let (folder, keys) = log(api.home.path());
    let (folder, keys) = (folder.to_str().unwrap(), keys.to_str().unwrap());
    let said = api.run(&["audit", "verify", folder, "--keys", keys]).await;
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.starts_with("intact: 0 broken, 0 doubtful, 2 notes\n"), "{}", said.out);
    assert!(
        said.out.contains("no_witness") && said.out.contains("1 entries, newest 2026-11-20T12:00:00Z"),
        "{}",
        said.out
    );
    let said = api
        .run(&["audit", "verify", folder, "--keys", keys, "--as-of", "2026-11-21T12:00:00Z", "--output", "json"])
        .await;
    assert_eq!((said.code, &said.json()["outcome"]), (1, &json!("doubtful")), "{said:?}");
    assert!(api.came().is_empty());
}

#[tokio::test]
async fn what_was_changed_is_named_with_its_place() {
    let api = StandIn::start().await;
    let (folder, keys) = log(api.home.path());
    let bundle = folder.join("log/tile/entries/000.p/1");
    let text = String::from_utf8(fs::read(&bundle).unwrap()).unwrap().replace("logStarted", "logStopped");
    fs::write(&bundle, text).unwrap();
    let (folder, keys) = (folder.to_str().unwrap(), keys.to_str().unwrap());
    let said = api.run(&["audit", "verify", folder, "--keys", keys, "--output", "json"]).await;
    assert_eq!(said.code, 1, "{said:?}");
    let verdict = said.json();
    assert_eq!(verdict["outcome"], "broken");
    let found = |code: &str| {
        let findings = verdict["findings"].as_array().unwrap();
        findings.iter().find(|finding| finding["code"] == code).cloned().unwrap_or_default()
    };
    assert_eq!(found("tile_differs")["index"], 0);
    assert_eq!(found("root_mismatch")["path"], "log/checkpoint");
    let human = api.run(&["audit", "verify", folder, "--keys", keys]).await;
    assert!(human.out.starts_with("broken: 2 broken, 1 doubtful, 2 notes\n"), "{}", human.out);
}

/// Keys of a log whose key is being changed, one by one; who of them signed is said.
#[tokio::test]
async fn several_keys_of_one_log_count_and_who_signed_is_said() {
    let api = StandIn::start().await;
    let (folder, keys) = log(api.home.path());
    let folder = folder.to_str().unwrap();
    let line = fs::read_to_string(keys).unwrap().lines().last().unwrap().to_owned();
    let key = line.strip_prefix("log ").unwrap();
    let other = SigningKey::from_bytes(&[9; 32]);
    let other = VerifierKey::new(ORIGIN, Kind::Ed25519, other.verifying_key().as_bytes()).unwrap().to_string();
    let said = api.run(&["audit", "verify", folder, "--key", &other, "--key", key, "--output", "json"]).await;
    assert_eq!(said.code, 0, "{said:?}");
    let id = key.split('+').nth(1).unwrap();
    assert_eq!(said.json()["figures"]["signedBy"], json!([format!("{ORIGIN} ({id})")]));
    let said = api.run(&["audit", "verify", folder, "--key", &line]).await;
    assert!(said.out.contains(&format!("its checkpoint is signed by {ORIGIN} ({id})")), "{}", said.out);
    // The one alone that did not sign, and the one that was retired before.
    for keys in [[&*other, &*other], [&*other, &format!("{line} until 0")]] {
        let said = api.run(&["audit", "verify", folder, "--key", keys[0], "--key", keys[1], "--output", "json"]).await;
        let code = if keys[0] == keys[1] { "checkpoint_unsigned" } else { "retired_key" };
        assert_eq!((said.code, &said.json()["findings"][0]["code"]), (1, &json!(code)), "{said:?}");
    }
    let said = api.run(&["audit", "verify", folder, "--key", "nonsense"]).await;
    assert_eq!(said.code, 2, "{said:?}");
}

/// What was seen of a log once is held against it.
#[tokio::test]
async fn a_size_and_a_root_that_were_written_down_are_held_against_the_log() {
    let api = StandIn::start().await;
    let (folder, keys) = log(api.home.path());
    let note = fs::read_to_string(folder.join("log/checkpoint")).unwrap();
    let root = note.lines().nth(2).unwrap();
    let (folder, keys) = (folder.to_str().unwrap(), keys.to_str().unwrap());
    let verify = async |known: String| {
        api.run(&["audit", "verify", folder, "--keys", keys, "--known", &known, "--output", "json"]).await
    };
    assert_eq!(verify(format!("1:{root}")).await.code, 0);
    let said = verify(format!("1:{}", Hash::new([7; 32]))).await;
    let codes: Vec<_> = said.json()["findings"].as_array().unwrap().iter().map(|one| one["code"].clone()).collect();
    assert!(
        said.code == 1 && codes.contains(&json!("two_roots")) && codes.contains(&json!("inconsistent")),
        "{codes:?}"
    );
    assert_eq!(verify("1".to_owned()).await.code, 2);
}

#[tokio::test]
async fn without_a_key_or_a_folder_there_is_no_verdict() {
    let api = StandIn::start().await;
    let (folder, keys) = log(api.home.path());
    let said = api.run(&["audit", "verify", folder.to_str().unwrap()]).await;
    assert_eq!(said.code, 2, "{said:?}");
    assert!(said.err.contains("no_key"), "{said:?}");
    let said = api.run(&["audit", "verify", "nowhere", "--keys", keys.to_str().unwrap()]).await;
    assert_eq!(said.code, 1, "{said:?}");
    let said = api.run(&["audit", "verify", folder.to_str().unwrap(), "--keys", "nowhere"]).await;
    assert!(said.code == 1 && said.err.contains("no_file"), "{said:?}");
}
