//! DynamoDB's own exports to S3: items in DynamoDB JSON, one a line, full or incremental.
//!
//! Source: DynamoDB developer guide, "DynamoDB table export output format". A full export's line is `{"Item": {…}}`, an
//! incremental one's `{"Metadata": …, "Keys": {…}, "OldImage": {…}, "NewImage": {…}}` without a new image where the item
//! was deleted. Binary is base64.

use crate::source::{Beside, Given, Said};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Longest line, in bytes: two images of an item of 400 KB each, binary and escapes included.
pub const LONGEST_LINE: usize = 4 * 1024 * 1024;

/// A line that is none of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a line of a DynamoDB export")]
pub struct NotALine;

/// What does not fit in what was exported.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Conflict {
    /// One place of a stream has two contents: one of them was written over the other.
    #[error("{stream}/{seq} is there with two contents")]
    Rewritten {
        /// Its stream.
        stream: String,
        /// Its place.
        seq: u64,
    },
    /// An entry was deleted.
    #[error("{stream}/{seq} was deleted")]
    Deleted {
        /// Its stream.
        stream: String,
        /// Its place.
        seq: u64,
    },
    /// An item of an entry without an entry's bytes.
    #[error("the item of {stream}/{seq} holds no entry")]
    Unreadable {
        /// Its stream.
        stream: String,
        /// Its place.
        seq: u64,
    },
}

impl Conflict {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Rewritten { .. } => "entry_rewritten",
            Self::Deleted { .. } => "entry_deleted",
            Self::Unreadable { .. } => "entry_unreadable",
        }
    }
}

/// The end of a stream, as its state's item says.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct StreamHead {
    /// How many entries it has.
    pub version: u64,
    /// The hash of the last one.
    pub head: String,
}

impl StreamHead {
    /// Its file in `table/states`.
    pub fn to_file(&self) -> String {
        json!({"version": self.version, "head": self.head}).to_string()
    }

    /// Reads such a file. `None` if it is none.
    pub fn of_file(text: &[u8]) -> Option<Self> {
        serde_json::from_slice(text).ok()
    }

    /// Whether the stream had ended there before it ended where `other` says: streams only grow.
    pub fn is_before(&self, other: &Self) -> bool {
        self.version < other.version
    }
}

/// An entry that was read.
#[derive(Debug)]
struct Kept {
    /// Its leaf's index in the log, if whoever read it before knew it.
    index: Option<u64>,
    bytes: Vec<u8>,
    words: Beside,
}

/// What was read of a table: the entries and heads of all streams, and the order of leaves. Fed with any number of exports,
/// in any order, any of them twice.
#[derive(Debug, Default)]
pub struct Exported {
    entries: BTreeMap<(String, u64), Kept>,
    heads: BTreeMap<String, StreamHead>,
    /// `stream/seq` by first index, of each batch of the log.
    batches: BTreeMap<u64, Vec<String>>,
    deleted: Vec<(String, u64)>,
    conflicts: Vec<Conflict>,
    items: u64,
}

impl Exported {
    /// One line of a data file.
    ///
    /// # Errors
    /// If it is none.
    pub fn line(&mut self, line: &str) -> Result<(), NotALine> {
        if line.trim().is_empty() {
            return Ok(());
        }
        let value: Value = serde_json::from_str(line).map_err(|_| NotALine)?;
        self.items = self.items.saturating_add(1);
        if let Some(item) = value.get("Item") {
            return self.item(item);
        }
        let keys = value.get("Keys").ok_or(NotALine)?;
        // What was there before is evidence too: an entry never changes.
        for image in ["OldImage", "NewImage"] {
            if let Some(item) = value.get(image) {
                self.item(item)?;
            }
        }
        if value.get("NewImage").is_none()
            && let Some(place) = entry_of(&text(keys, "pk").ok_or(NotALine)?, &text(keys, "sk").ok_or(NotALine)?)
        {
            self.deleted.push(place);
        }
        Ok(())
    }

    fn item(&mut self, item: &Value) -> Result<(), NotALine> {
        let (pk, sk) = (text(item, "pk").ok_or(NotALine)?, text(item, "sk").ok_or(NotALine)?);
        if pk == "LOG" {
            if let Some(first) = sk.strip_prefix("BATCH#").and_then(|first| first.parse().ok()) {
                self.batches.insert(first, texts(item, "refs"));
            }
            return Ok(());
        }
        let Some(stream) = stream_of(&pk) else { return Ok(()) };
        if sk == "STATE" {
            if let Some(head) = head(item)
                && self.heads.get(&stream).is_none_or(|known| known.is_before(&head))
            {
                self.heads.insert(stream, head);
            }
            return Ok(());
        }
        let Some((stream, seq)) = entry_of(&pk, &sk) else { return Ok(()) };
        let Some(bytes) = binary(item, "event") else {
            self.conflicts.push(Conflict::Unreadable { stream, seq });
            return Ok(());
        };
        self.keep(Given { index: None, stream, seq, bytes, words: words(item) });
        Ok(())
    }

    /// One entry that was read elsewhere.
    pub fn keep(&mut self, given: Given) {
        let Given { index, stream, seq, bytes, words } = given;
        match self.entries.get_mut(&(stream.clone(), seq)) {
            None => {
                self.entries.insert((stream, seq), Kept { index, bytes, words });
            }
            Some(kept) if kept.bytes != bytes => self.conflicts.push(Conflict::Rewritten { stream, seq }),
            Some(kept) => {
                kept.index = kept.index.or(index);
                // Words may be erased between two exports: what one of them lacks is not brought back from the other,
                // whichever is read first.
                kept.words.retain(|hash, _| words.contains_key(hash));
            }
        }
    }

    /// How many items were read.
    pub fn items(&self) -> u64 {
        self.items
    }

    /// The heads of streams, by stream.
    pub fn heads(&self) -> &BTreeMap<String, StreamHead> {
        &self.heads
    }

    /// What does not fit.
    pub fn conflicts(&self) -> Vec<Conflict> {
        let deleted = self.deleted.iter().map(|(stream, seq)| Conflict::Deleted { stream: stream.clone(), seq: *seq });
        let mut all: Vec<Conflict> = self.conflicts.iter().cloned().chain(deleted).collect();
        all.sort();
        all.dedup();
        all
    }

    /// All entries, by stream and place, with the index of their leaves as far as the log's batches say, or said when the
    /// entries were read before.
    pub fn entries(&self) -> Vec<Given> {
        let mut indexes: BTreeMap<&str, u64> = BTreeMap::new();
        for (first, refs) in &self.batches {
            for (n, place) in (*first..).zip(refs) {
                indexes.insert(place, n);
            }
        }
        let given = |((stream, seq), kept): (&(String, u64), &Kept)| Given {
            index: indexes.get(format!("{stream}/{seq}").as_str()).copied().or(kept.index),
            stream: stream.clone(),
            seq: *seq,
            bytes: kept.bytes.clone(),
            words: kept.words.clone(),
        };
        self.entries.iter().map(given).collect()
    }
}

/// The stream whose partition this is.
fn stream_of(pk: &str) -> Option<String> {
    let (kind, id) = pk.split_once('#')?;
    let sound =
        !id.is_empty() && id.len() <= 64 && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b));
    let known = matches!(kind, "REQ" | "SWEEP" | "SYSTEM" | "ACCOUNT");
    // A stream's name is a folder's: nothing in it leads elsewhere.
    (known && sound && !id.starts_with('.')).then(|| match kind {
        "ACCOUNT" if !id.starts_with("acc_") => format!("acc_{id}"),
        _ => id.to_owned(),
    })
}

/// The entry whose key this is.
fn entry_of(pk: &str, sk: &str) -> Option<(String, u64)> {
    let seq = sk.strip_prefix("EVENT#").filter(|seq| seq.len() == 6)?;
    Some((stream_of(pk)?, seq.parse().ok()?))
}

fn text(item: &Value, name: &str) -> Option<String> {
    item.get(name)?.get("S")?.as_str().map(str::to_owned)
}

fn texts(item: &Value, name: &str) -> Vec<String> {
    let all = item.get(name).and_then(|value| value.get("L")).and_then(Value::as_array);
    all.into_iter().flatten().filter_map(|one| one.get("S")?.as_str().map(str::to_owned)).collect()
}

fn binary(item: &Value, name: &str) -> Option<Vec<u8>> {
    STANDARD.decode(item.get(name)?.get("B")?.as_str()?).ok()
}

fn head(item: &Value) -> Option<StreamHead> {
    let version = item.get("version")?.get("N")?.as_str()?.parse().ok()?;
    Some(StreamHead { version, head: text(item, "head")? })
}

fn words(item: &Value) -> Beside {
    let all = item.get("words").and_then(|value| value.get("M")).and_then(Value::as_object);
    let one = |(hash, value): (&String, &Value)| {
        let said = value.get("M")?;
        Some((hash.clone(), Said { salt: text(said, "salt")?, text: text(said, "text")? }))
    };
    all.into_iter().flatten().filter_map(one).collect()
}
