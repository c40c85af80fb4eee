//! A copy of the table beside the log: what was edited, is missing, was set back or never logged; and people's words, which
//! lie beside the entries that hold their hashes.

use crate::codes::Code;
use crate::entry::{Entry, hash, hash_of};
use crate::finding::{At, Found, shown};
use crate::folder::Folder;
use crate::streams::{Chain, Streams};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;

/// How long an entry may take into the log, in seconds.
const LOGGED_WITHIN: i64 = 900;

/// What the hash of words begins with.
const WORDS: &[u8] = b"countersign.words.v1\n";

/// Until when there is something, in seconds since 1970.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ends {
    /// The newest time in the log.
    pub(crate) logged: i64,
    /// When the folder was fetched, if that is known.
    pub(crate) fetched: Option<i64>,
}

impl Ends {
    /// Whether what says this time can be too new for the log, and is of no time that was not there yet.
    fn is_newer(self, at: i64) -> bool {
        let latest = self.fetched.map_or(self.logged, |fetched| fetched.max(self.logged));
        self.logged <= at.saturating_add(LOGGED_WITHIN) && at <= latest.saturating_add(LOGGED_WITHIN)
    }
}

/// The files of the copy.
#[derive(Debug, Default)]
pub(crate) struct Table {
    /// Whether there is one.
    given: bool,
    /// Those of entries that no leaf was held against yet, by stream and place.
    entries: HashMap<String, HashMap<u64, String>>,
}

impl Table {
    /// Lists what there is.
    pub(crate) fn read<F: Folder>(folder: &F, found: &mut Found) -> Result<Self, F::Error> {
        let mut table = Self::default();
        for path in folder.list("table/streams/")? {
            table.given = true;
            let rest = path.strip_prefix("table/streams/").and_then(|rest| rest.strip_suffix(".json"));
            let place = rest.and_then(|rest| rest.split_once('/'));
            match place.and_then(|(stream, seq)| Some((stream.to_owned(), seq.parse::<u64>().ok()?))) {
                Some((stream, seq)) => drop(table.entries.entry(stream).or_default().insert(seq, path)),
                None => found.add(Code::TableUnreadable, At::path(&path), "It is named as no entry is."),
            }
        }
        Ok(table)
    }

    /// Holds what the table has against a leaf.
    pub(crate) fn compare<F: Folder>(
        &mut self,
        folder: &F,
        entry: &Entry,
        leaf: &[u8],
        index: u64,
        found: &mut Found,
    ) -> Result<(), F::Error> {
        if !self.given {
            return Ok(());
        }
        let at = At::entry(index, &entry.stream, entry.seq);
        let path = self.entries.get_mut(&entry.stream).and_then(|places| places.remove(&entry.seq));
        let Some(path) = path else {
            found.add(Code::TableMissing, at, "The table does not hold it any more.");
            return Ok(());
        };
        let bytes = folder.read(&path)?.unwrap_or_default();
        let Some((event, words)) = item(&bytes) else {
            found.add(Code::TableUnreadable, At { path: Some(path), ..at }, "It can't be read.");
            return Ok(());
        };
        found.figures.table_entries = found.figures.table_entries.saturating_add(1);
        if event != leaf {
            found.add(Code::TableEdited, at.clone(), "The table holds other bytes for it than the log.");
        }
        let mut hashes = Vec::new();
        hashed(&entry.data, &mut hashes);
        for said in &hashes {
            match words.get(said) {
                Some(beside) if matches(said, beside) => {
                    found.figures.words_checked = found.figures.words_checked.saturating_add(1);
                }
                Some(_) => {
                    found.add(Code::WordsDiffer, at.clone(), "The text beside it is not the one whose hash it holds.");
                }
                None => found.figures.words_erased = found.figures.words_erased.saturating_add(1),
            }
        }
        if words.as_object().is_some_and(|words| words.keys().any(|said| !hashes.contains(said))) {
            found.add(Code::WordsDiffer, at, "A text lies beside it whose hash it does not hold.");
        }
        Ok(())
    }

    /// What no leaf was held against, and where the states say that their streams end.
    pub(crate) fn finish<F: Folder>(
        &self,
        folder: &F,
        streams: &Streams,
        until: Ends,
        found: &mut Found,
    ) -> Result<(), F::Error> {
        let mut left: Vec<(&String, &u64, &String)> = self
            .entries
            .iter()
            .flat_map(|(stream, places)| places.iter().map(move |(seq, path)| (stream, seq, path)))
            .collect();
        left.sort();
        // Where streams end that go on in the table.
        let mut ends: HashMap<&str, (u64, [u8; 32])> = HashMap::new();
        for (stream, seq, path) in left {
            let bytes = folder.read(path)?.unwrap_or_default();
            let at = At { stream: Some(stream.clone()), seq: Some(*seq), ..At::path(path) };
            let Some((event, _)) = item(&bytes) else {
                found.add(Code::TableUnreadable, at, "It can't be read.");
                continue;
            };
            // In order: what is here is after what was before it, in the log or beside it.
            let chain = streams.chains.get(stream);
            let end = ends.entry(stream).or_insert_with(|| chain.map_or((0, [0; 32]), Chain::end));
            let next = end.0.checked_add(1) == Some(*seq);
            let entry = Entry::read(&event)
                .ok()
                .filter(|entry| next && entry.stream == *stream && entry.seq == *seq && entry.prev == end.1);
            *end = (*seq, hash_of(&event)).max(*end);
            match entry {
                Some(entry) if until.is_newer(entry.at) => {
                    found.add(Code::NotYetLogged, at, "It is too new to be in the log.");
                }
                Some(_) => found.add(Code::NotLogged, at, "The log does not hold it, and should by now."),
                None => found.add(Code::NotLogged, at, "The log does not hold it, nor is it what comes next there."),
            }
        }
        let states = folder.list("table/states/")?;
        for path in &states {
            let stream = path.strip_prefix("table/states/").and_then(|rest| rest.strip_suffix(".json"));
            let state = folder.read(path)?.and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
            let version = state.as_ref().and_then(|state| state.get("version")?.as_u64());
            let head = state.as_ref().and_then(|state| state.get("head")?.as_str());
            let (Some(stream), Some(version), Some(head)) = (stream, version, head) else {
                found.add(Code::TableUnreadable, At::path(path), "It is not of the form of a state.");
                continue;
            };
            let at = At { stream: Some(stream.to_owned()), seq: Some(version), ..At::path(path) };
            let chain = streams.chains.get(stream);
            let logged = chain.map_or(0, Chain::seq);
            let last = ends.get(stream).map_or(0, |(seq, _)| *seq).max(logged);
            let beside = ends.get(stream).filter(|(seq, _)| *seq == version).map(|(_, hash)| hash);
            let known = beside.or_else(|| chain.and_then(|chain| chain.hash(version))).map(hex::encode);
            if version < last {
                let sentence = format!("It is at {version}; its stream goes on to {last}: it was set back.");
                found.add(Code::StateBehind, at, sentence);
            } else if version > last {
                // Without entries beside it, it is only newer than the log.
                if self.given {
                    found.add(
                        Code::StateAhead,
                        at,
                        format!("It is at {version}; the copy of its stream ends at {last}."),
                    );
                }
            } else if known.as_deref() != Some(head) {
                found.add(Code::StateElsewhere, at, "It names another last entry than its stream has.");
            }
        }
        if !states.is_empty() {
            let named = |stream: &&String| !states.contains(&format!("table/states/{stream}.json"));
            let mut without: Vec<&String> = streams.chains.keys().filter(named).collect();
            without.sort();
            for stream in without {
                found.add(
                    Code::StateMissing,
                    At::stream(stream),
                    format!("{} has no state in the table.", shown(stream)),
                );
            }
        }
        Ok(())
    }
}

/// An entry's bytes and the words beside it, of a file of the copy.
fn item(bytes: &[u8]) -> Option<(Vec<u8>, Value)> {
    let value: Value = serde_json::from_slice(bytes).ok()?;
    let event = STANDARD.decode(value.get("event")?.as_str()?).ok()?;
    let words = value.get("words").cloned().unwrap_or_else(|| Value::Object(serde_json::Map::new()));
    Some((event, words))
}

/// All hashes of words in an event: objects with `hash` and nothing else.
fn hashed(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::Object(fields) => match fields.get("hash").and_then(Value::as_str) {
            Some(said) if fields.len() == 1 && hash(said).is_some() => out.push(said.to_owned()),
            _ => fields.values().for_each(|field| hashed(field, out)),
        },
        Value::Array(items) => items.iter().for_each(|item| hashed(item, out)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Whether `{salt, text}` is what was hashed.
fn matches(said: &str, beside: &Value) -> bool {
    let part = |name: &str| beside.get(name).and_then(Value::as_str);
    let (Some(salt), Some(text)) = (part("salt").and_then(|salt| hex::decode(salt).ok()), part("text")) else {
        return false;
    };
    let computed = Sha256::new().chain_update(WORDS).chain_update(&salt).chain_update(text.as_bytes()).finalize();
    salt.len() == 16 && hex::encode(computed) == said
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::collections::BTreeMap;

    const SALT: &str = "000102030405060708090a0b0c0d0e0f";

    fn said(text: &str) -> String {
        let salt = hex::decode(SALT).unwrap();
        hex::encode(Sha256::new().chain_update(WORDS).chain_update(salt).chain_update(text).finalize())
    }

    fn compared(words: &Value) -> Found {
        let leaf = json!({
            "at": "2026-11-20T12:00:00Z", "cause": {"kind": "system", "part": "grant"},
            "event": {"data": {"reason": {"hash": said("orders are stuck")}}, "type": "x"},
            "prev": "0".repeat(64), "request": "req_a", "seq": 1, "v": 1,
        });
        let leaf = record::canonical::to_bytes(&leaf).unwrap();
        let item = json!({"event": STANDARD.encode(&leaf), "words": words}).to_string().into_bytes();
        let folder = BTreeMap::from([("table/streams/req_a/000001.json".to_owned(), item)]);
        let mut found = Found::default();
        let mut table = Table::read(&folder, &mut found).unwrap();
        table.compare(&folder, &Entry::read(&leaf).unwrap(), &leaf, 0, &mut found).unwrap();
        found
    }

    #[test]
    fn words_are_what_was_said_or_erased() {
        let beside = |text: &str, salt: &str| json!({said("orders are stuck"): {"salt": salt, "text": text}});
        let verdict = compared(&beside("orders are stuck", SALT)).verdict();
        assert_eq!((verdict.findings.len(), verdict.figures.words_checked, verdict.figures.words_erased), (0, 1, 0));
        let verdict = compared(&json!({})).verdict();
        assert_eq!((verdict.findings.len(), verdict.figures.words_checked, verdict.figures.words_erased), (0, 0, 1));
        for bad in [
            beside("orders are fine", SALT),
            beside("orders are stuck", &SALT.replace('0', "1")),
            beside("orders are stuck", ""),
            json!({said("orders are stuck"): {"salt": SALT, "text": "orders are stuck"}, said("more"): {"salt": SALT, "text": "more"}}),
        ] {
            let codes: Vec<Code> = compared(&bad).verdict().findings.iter().map(|finding| finding.code).collect();
            assert_eq!(codes, [Code::WordsDiffer], "{bad}");
        }
    }
}
