//! Files that CloudTrail delivered.

use super::{Keeper, packed, read_in};
use flate2::read::GzDecoder;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;
use std::io::Read as _;
use std::path::Path;
use trail::scan::{Bounds, Reading};

/// Each file as it is stored, and what is in it.
fn files() -> Vec<(Vec<u8>, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/corpora/cloudtrail");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "gz"));
    paths.sort();
    let files = paths.iter().map(|path| {
        let stored = std::fs::read(path).unwrap();
        let mut text = Vec::new();
        GzDecoder::new(stored.as_slice()).read_to_end(&mut text).unwrap();
        (stored, text)
    });
    files.collect()
}

fn records(text: &[u8]) -> Vec<Value> {
    let mut document: Value = serde_json::from_slice(text).unwrap();
    document["Records"].as_array_mut().unwrap().drain(..).collect()
}

/// The values of all keys `accessKeyId`, at any depth.
fn keys(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                if let (true, Some(id)) = (name == "accessKeyId", value.as_str()) {
                    into.insert(id.to_owned());
                }
                keys(value, into);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| keys(value, into)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn holds(record: &Value, id: &str) -> bool {
    let mut found = BTreeSet::new();
    keys(record, &mut found);
    found.contains(id)
}

#[test]
fn the_corpus_is_there() {
    let files = files();
    assert_eq!(files.len(), 18);
    assert_eq!(files.iter().map(|(_, text)| records(text).len()).sum::<usize>(), 505);
}

#[test]
fn no_record_is_missed_and_none_is_built_that_is_nobodys() {
    for (stored, text) in files() {
        let all = records(&text);
        let (report, found) = read_in(8_192, &stored, &[]);
        assert_eq!((report.records, report.found), (all.len() as u64, 0));
        assert!(found.is_empty() && report.whole && report.broken.is_empty());
        assert_eq!((report.bytes_in, report.bytes_out), (stored.len() as u64, text.len() as u64));
        let mut keeper = Keeper::default();
        let mut reading = Reading::hashing(&mut keeper, Bounds::default());
        stored.chunks(1_000).for_each(|piece| reading.feed(piece));
        assert_eq!(reading.finish().sha256, Some(<[u8; 32]>::from(Sha256::digest(&text))));
    }
}

#[test]
fn each_key_finds_its_records_and_no_others() {
    for (stored, text) in files() {
        let all = records(&text);
        let mut ids = BTreeSet::new();
        for record in &all {
            keys(record, &mut ids);
        }
        for id in &ids {
            let expected: Vec<&Value> = all.iter().filter(|record| holds(record, id)).collect();
            let (report, found) = read_in(1_000, &stored, &[id]);
            assert_eq!((report.found, report.whole), (expected.len() as u64, true));
            let found_values: Vec<Value> = found.iter().map(super::Record::value).collect();
            assert_eq!(found_values.iter().collect::<Vec<_>>(), expected);
            for record in &found {
                let from = usize::try_from(record.offset).unwrap();
                assert_eq!(text[from..from + record.bytes.len()], record.bytes);
            }
        }
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let (report, _) = read_in(usize::MAX, &text, &ids);
        let keyed = all.iter().filter(|record| ids.iter().any(|id| holds(record, id))).count();
        assert_eq!(report.found, keyed as u64);
    }
}

/// All records in one file of several megabytes, so that records lie across every boundary there is.
#[test]
fn where_pieces_and_members_end_makes_no_difference() {
    let all: Vec<Value> = files().iter().flat_map(|(_, text)| records(text)).collect();
    let mut text = b"{\"Records\":[".to_vec();
    for nth in 0..6 {
        for (index, record) in all.iter().enumerate() {
            if text.len() > 12 {
                text.push(b',');
            }
            let mut record = record.clone();
            if index % 7 == nth {
                record["userIdentity"]["principalId"] = format!("AROAEXAMPLE:{}", super::REQUEST).into();
            }
            serde_json::to_writer(&mut text, &record).unwrap();
        }
    }
    text.extend_from_slice(b"]}");
    let expected: Vec<Value> =
        records(&text).into_iter().filter(|record| record.to_string().contains(super::REQUEST)).collect();
    assert!(expected.len() > 300);
    for (member, pieces) in [(usize::MAX, usize::MAX), (usize::MAX, 977), (50_000, 65_536), (4_999, 13)] {
        let (report, found) = read_in(pieces, &packed(&text, member), &[]);
        assert_eq!((report.records, report.whole), (all.len() as u64 * 6, true));
        assert!(found.iter().map(super::Record::value).eq(expected.iter().cloned()), "{member} {pieces}");
    }
}

/// What is held grows with the largest record, up to what one may have, and never with what is read.
#[test]
fn memory_stays_flat() {
    let large = |size: usize| format!(r#"{{"i":"{}","a":"{}"}}"#, super::REQUEST, "x".repeat(size));
    let mut keeper = Keeper::default();
    let mut reading = Reading::new(&mut keeper, Bounds::default());
    reading.feed(b"{\"Records\":[");
    let mut held = Vec::new();
    for size in [10, 1_000, 250_000, 300_000, 3_000_000, 10] {
        let record = large(size);
        for _ in 0..10 {
            reading.feed(record.as_bytes());
            reading.feed(b",");
        }
        held.push(reading.held());
    }
    let most = Bounds::default().record + 65 * 1024;
    assert!(held.iter().all(|held| *held <= most), "{held:?}");
    assert_eq!(held[0], held[1]);
}
