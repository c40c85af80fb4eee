//! The record's entries, as they are chained, filed and exported.

use super::text;
use evidence::dynamodb::Exported;
use evidence::source::Given;
use record::canonical;
use record::chain::verify;
use record::entry::EntryHash;
use record::words::{fill, is, split};
use serde_json::Value;

/// Entries, one on each line. What verifies as a chain is canonical and linked; canonical bytes stay so; words that are
/// taken apart from what holds them can be put back.
pub(crate) fn record_entry(data: &[u8]) {
    let lines: Vec<Vec<u8>> = data.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    let first: Option<Value> = lines.first().and_then(|line| serde_json::from_slice(line).ok());
    let request = first.as_ref().and_then(|value| value.get("request")?.as_str()).unwrap_or("req_").to_owned();
    if let Ok(entries) = verify(&request, &lines, None) {
        let mut before = EntryHash::NONE;
        for (entry, bytes) in entries.iter().zip(&lines) {
            assert_eq!(entry.to_bytes().ok().as_ref(), Some(bytes), "an entry has one spelling");
            assert_eq!(entry.prev, before);
            before = EntryHash::of(bytes);
        }
        assert_eq!(entries.len(), lines.len());
    }
    for line in &lines {
        let Ok(value) = serde_json::from_slice::<Value>(line) else { continue };
        if let Ok(bytes) = canonical::to_bytes(&value) {
            let again: Option<Value> = serde_json::from_slice(&bytes).ok();
            assert_eq!(again.as_ref(), Some(&value), "canonical bytes say something else");
            assert_eq!(canonical::to_bytes(&value).ok(), Some(bytes));
        }
        let (hashed, words) = split(value.clone());
        assert!(words.iter().all(|(hash, said)| is(said, hash)), "words beside another hash");
        // An object of a text and a salt that is none stays as it is.
        assert_eq!(fill(hashed, &words), value, "words can't be put back");
    }
}

/// A line of an export, or of a pack's entries; or the file of an entry. What is read is written back so that it is read
/// the same.
pub(crate) fn record_export(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let mut exported = Exported::default();
    for (number, line) in (1..).zip(text.lines()) {
        let _ = exported.line(line);
        if let Ok(given) = Given::of_line(number, line) {
            let written = given.to_line();
            let again = Given::of_line(number, written.trim_end());
            assert_eq!(again.as_ref().ok(), Some(&given));
            if let Ok(event) = given.read() {
                assert_eq!((event.stream.as_str(), event.seq), (given.stream.as_str(), given.seq));
            }
        }
    }
    if let Ok(given) = Given::of_file("req_0198c0ffee00700080000000deadbeef", 1, data) {
        let again = Given::of_file("req_0198c0ffee00700080000000deadbeef", 1, given.to_file().as_bytes());
        assert_eq!(again.ok(), Some(given));
    }
    let (entries, conflicts) = (exported.entries(), exported.conflicts());
    assert!(u64::try_from(entries.len()).unwrap_or(u64::MAX) <= exported.items());
    assert!(conflicts.iter().all(|conflict| !conflict.code().is_empty()));
}
