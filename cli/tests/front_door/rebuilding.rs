//! `audit rebuild` of a folder: no cloud, no keys in AWS.

use crate::stand_in::StandIn;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use record::checkpoint::Checkpoint;
use record::note::{Kind, Signature, VerifierKey};
use record::tile::grow;
use record::tree::{Edge, Hash};
use serde_json::json;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

const ORIGIN: &str = "countersign.111111111111.us-east-1/countersign";

/// A log of `count` entries of one stream, and the table's copy of them.
fn written(folder: &Path, count: u64) {
    let entries: Vec<Vec<u8>> =
        (1..=count).map(|seq| format!(r#"{{"request":"sys_log","seq":{seq}}}"#).into_bytes()).collect();
    let growth = grow(&BTreeMap::new(), 0, &Edge::EMPTY.root(), &entries).unwrap();
    let put = |path: String, bytes: &[u8]| {
        let place = folder.join(path);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(place, bytes).unwrap();
    };
    for file in &growth.files {
        put(format!("log/{}", file.tile), &file.bytes);
    }
    // The key of the first test of RFC 8032, section 7.1; the signature is none of its.
    let key = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
    let key: Hash = key.parse().unwrap();
    let key = VerifierKey::new(ORIGIN, Kind::Ed25519, key.as_bytes()).unwrap();
    let note = Checkpoint::new(ORIGIN, growth.edge.size(), growth.edge.root()).unwrap().note().unwrap();
    put("log/checkpoint".to_owned(), note.with(Signature::ed25519(&key, &[0; 64])).unwrap().to_string().as_bytes());
    put("keys".to_owned(), format!("log {key}\n").as_bytes());
    for (entry, seq) in entries.iter().zip(1..) {
        let item = json!({"event": STANDARD.encode(entry), "words": {}});
        put(format!("table/streams/sys_log/{seq:06}.json"), item.to_string().as_bytes());
    }
}

#[tokio::test]
async fn a_folders_table_gives_the_tree_that_its_log_has() {
    let api = StandIn::start().await;
    let folder = api.home.path().join("copy");
    written(&folder, 300);
    let path = folder.to_str().unwrap();
    let ran = api.run(&["audit", "rebuild", path, "--output", "json"]).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!((&ran.json()["size"], &ran.json()["sound"]), (&json!(300), &json!(true)));
    let ran = api.run(&["audit", "rebuild", path]).await;
    assert!(ran.out.contains("no --keys were given") && !ran.out.contains("that was signed"), "{}", ran.out);
    // Nobody signed it: with keys that is seen.
    let keys = folder.join("keys");
    let ran = api.run(&["audit", "rebuild", path, "--keys", keys.to_str().unwrap()]).await;
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(api.came().is_empty());
}

#[tokio::test]
async fn what_is_edited_or_gone_is_named() {
    let api = StandIn::start().await;
    let folder = api.home.path().join("copy");
    written(&folder, 260);
    let entry = |seq: u64| folder.join(format!("table/streams/sys_log/{seq:06}.json"));
    fs::write(entry(7), json!({"event": STANDARD.encode(b"{}")}).to_string()).unwrap();
    fs::remove_file(entry(258)).unwrap();
    let ran = api.run(&["audit", "rebuild", folder.to_str().unwrap(), "--output", "json"]).await;
    assert_eq!(ran.code, 1, "{ran:?}");
    let said = ran.json();
    let found: Vec<(&str, &str)> = said["defects"]
        .as_array()
        .unwrap()
        .iter()
        .map(|defect| (defect["code"].as_str().unwrap(), defect["sentence"].as_str().unwrap()))
        .collect();
    assert_eq!(found[0], ("entry_edited", "leaf 6: the bytes in the table are not those that were logged"));
    assert_eq!(found[1], ("entry_missing", "leaf 257: the table has no such entry"));
    assert_eq!(found[2].0, "other_tree");
}
