//! Trail files, read through the front door: what is found in them, in one piece or in many, whole or broken.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::string_slice,
    reason = "a test that can't go on has failed"
)]

mod broken;
mod forged;
mod generated;
mod real;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::Write as _;
use trail::scan::{Bounds, Breakage, Found, Reading, Report, Sink};

/// The id of a grant's request.
const REQUEST: &str = "req_0190f3c2a1b27def8123456789abcdef";

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Record {
    offset: u64,
    bytes: Vec<u8>,
    after_damage: bool,
}

impl Record {
    fn value(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap()
    }
}

/// Keeps what it is given. Learns the keys that records with `"opened"` tell of.
#[derive(Debug, Default)]
struct Keeper {
    wanted: BTreeSet<String>,
    found: Vec<Record>,
}

impl Sink for Keeper {
    fn wants_key(&self, id: &str) -> bool {
        self.wanted.contains(id)
    }

    fn record(&mut self, found: Found<'_>) {
        let Found { offset, bytes, after_damage } = found;
        let record = Record { offset, bytes: bytes.to_vec(), after_damage };
        // Half a surrogate is JSON, though no text: of such a record nothing can be learned.
        let value: Value = serde_json::from_slice(bytes).unwrap_or_default();
        if let Some(opened) = value["opened"].as_str() {
            self.wanted.insert(opened.to_owned());
        }
        self.found.push(record);
    }
}

/// Reads an object in pieces of so many bytes.
fn read_in(pieces: usize, object: &[u8], wanted: &[&str]) -> (Report, Vec<Record>) {
    read_within(Bounds::default(), pieces, object, wanted)
}

fn read_within(bounds: Bounds, pieces: usize, object: &[u8], wanted: &[&str]) -> (Report, Vec<Record>) {
    let wanted = wanted.iter().map(|id| (*id).to_owned()).collect();
    let mut keeper = Keeper { wanted, found: Vec::new() };
    let mut reading = Reading::new(&mut keeper, bounds);
    for piece in object.chunks(pieces.max(1)) {
        reading.feed(piece);
    }
    let report = reading.finish();
    assert_eq!(report.found, keeper.found.len() as u64);
    (report, keeper.found)
}

/// Reads an object in one piece.
fn read(object: &[u8]) -> (Report, Vec<Record>) {
    read_in(usize::MAX, object, &[])
}

/// As gzip, in members of so many bytes.
fn packed(text: &[u8], member: usize) -> Vec<u8> {
    let members = text.chunks(member.max(1)).map(|part| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(part).unwrap();
        encoder.finish().unwrap()
    });
    members.collect::<Vec<_>>().concat()
}

/// A record of a grant, told from others by a name.
fn of_grant(name: &str) -> String {
    format!(
        r#"{{"eventVersion":"1.11","userIdentity":{{"principalId":"AROAEXAMPLE:{REQUEST}"}},"eventName":"{name}"}}"#
    )
}

/// A record that is nobody's.
fn of_nobody(name: &str) -> String {
    format!(r#"{{"eventVersion":"1.11","userIdentity":{{"principalId":"AROAEXAMPLE:somebody"}},"eventName":"{name}"}}"#)
}

/// A file of these records.
fn file(records: &[String]) -> String {
    format!(r#"{{"Records":[{}]}}"#, records.join(","))
}

/// The names of what was found.
fn names(found: &[Record]) -> Vec<String> {
    found.iter().map(|record| record.value()["eventName"].as_str().unwrap_or("?").to_owned()).collect()
}

/// What was broken, in order.
fn codes(report: &Report) -> Vec<Breakage> {
    report.broken.iter().map(|one| one.code).collect()
}
