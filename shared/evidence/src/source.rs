//! What comes in: entries as they lie in the record, with the words of people beside them, if they are still there.

use crate::moment::Moment;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use record::entry::{Entry, EntryHash, LONGEST_ENTRY};
use record::words;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use record::words::{Beside, Said};

/// One entry as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// Its leaf's index in the log, if that is known.
    pub index: Option<u64>,
    /// Its stream: `req_…`, `swp_…`, `acc_…`, `sys_…`.
    pub stream: String,
    /// Its place in the stream, from 1.
    pub seq: u64,
    /// Its frozen bytes.
    pub bytes: Vec<u8>,
    /// What people said in it, as far as it was not erased.
    pub words: Beside,
}

/// An entry in a file: in `table/streams/<stream>/<seq>.json`, or, with its stream and place, in a pack's `entries.jsonl`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Filed {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    index: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stream: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seq: Option<u64>,
    event: String,
    #[serde(default, skip_serializing_if = "Beside::is_empty")]
    words: Beside,
}

/// Why an entry can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{stream}/{seq}: {fault}")]
pub struct Unreadable {
    /// Its stream, as it is called where it was found.
    pub stream: String,
    /// Its place, as it is called where it was found.
    pub seq: u64,
    /// What is wrong.
    pub fault: Fault,
}

/// What can be wrong with an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Its file has another form.
    #[error("its file is not one of an entry")]
    NotAFile,
    /// Its bytes have another form.
    #[error("its bytes are not those of an entry")]
    NotAnEntry,
    /// It says another stream or place than it was found at.
    #[error("it says another stream or place than where it lies")]
    Elsewhere,
    /// Words beside it are not those that it holds the hash of.
    #[error("words beside it are not those that it holds the hash of")]
    OtherWords,
}

impl Given {
    /// The entry's file in `table/streams`.
    pub fn to_file(&self) -> String {
        let filed = Filed {
            index: self.index,
            stream: None,
            seq: None,
            event: STANDARD.encode(&self.bytes),
            words: self.words.clone(),
        };
        serde_json::to_value(filed).unwrap_or_default().to_string()
    }

    /// The entry on a line of its own, with its place.
    pub fn to_line(&self) -> String {
        let filed = Filed {
            index: self.index,
            stream: Some(self.stream.clone()),
            seq: Some(self.seq),
            event: STANDARD.encode(&self.bytes),
            words: self.words.clone(),
        };
        format!("{}\n", serde_json::to_value(filed).unwrap_or_default())
    }

    /// Reads the file of entry `seq` of `stream`.
    ///
    /// # Errors
    /// If it has another form.
    pub fn of_file(stream: &str, seq: u64, text: &[u8]) -> Result<Self, Unreadable> {
        let unreadable = || Unreadable { stream: stream.to_owned(), seq, fault: Fault::NotAFile };
        let filed: Filed = serde_json::from_slice(text).map_err(|_| unreadable())?;
        let bytes = STANDARD.decode(&filed.event).map_err(|_| unreadable())?;
        Ok(Self { index: filed.index, stream: stream.to_owned(), seq, bytes, words: filed.words })
    }

    /// Reads a line of [`Given::to_line`].
    ///
    /// # Errors
    /// If it has another form; its place is then the line's number.
    pub fn of_line(number: u64, text: &str) -> Result<Self, Unreadable> {
        let unreadable = || Unreadable { stream: "line".to_owned(), seq: number, fault: Fault::NotAFile };
        let filed: Filed = serde_json::from_str(text).map_err(|_| unreadable())?;
        let bytes = STANDARD.decode(&filed.event).map_err(|_| unreadable())?;
        let (stream, seq) = filed.stream.zip(filed.seq).ok_or_else(unreadable)?;
        Ok(Self { index: filed.index, stream, seq, bytes, words: filed.words })
    }

    /// What it says.
    ///
    /// # Errors
    /// If it is no entry, or not the one of this place, or its words are others.
    pub fn read(&self) -> Result<Event, Unreadable> {
        let unreadable = |fault| Unreadable { stream: self.stream.clone(), seq: self.seq, fault };
        if self.bytes.len() > LONGEST_ENTRY {
            return Err(unreadable(Fault::NotAnEntry));
        }
        let entry: Entry = serde_json::from_slice(&self.bytes).map_err(|_| unreadable(Fault::NotAnEntry))?;
        if entry.request != self.stream || entry.seq != self.seq {
            return Err(unreadable(Fault::Elsewhere));
        }
        if self.words.iter().any(|(hash, said)| !words::is(said, hash)) {
            return Err(unreadable(Fault::OtherWords));
        }
        let at = entry.at.parse().map_err(|_| unreadable(Fault::NotAnEntry))?;
        let name = entry.event_name().to_owned();
        if entry.v != 1 || name.is_empty() {
            return Err(unreadable(Fault::NotAnEntry));
        }
        let data = entry.event.get("data").cloned().unwrap_or_default();
        Ok(Event {
            index: self.index,
            stream: self.stream.clone(),
            seq: self.seq,
            at,
            hash: EntryHash::of(&self.bytes).to_string(),
            cause: filled(entry.cause, &self.words),
            name,
            data: filled(data, &self.words),
        })
    }
}

/// An entry, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its leaf's index in the log, if that is known.
    pub index: Option<u64>,
    /// Its stream.
    pub stream: String,
    /// Its place in the stream.
    pub seq: u64,
    /// When.
    pub at: Moment,
    /// SHA-256 of its bytes.
    pub hash: String,
    /// Who or what caused it.
    pub cause: Value,
    /// The event's name: `approvalGiven`.
    pub name: String,
    /// What it says: words of people as texts, erased ones as `null`.
    pub data: Value,
}

impl Event {
    /// The text at this place of its data.
    pub fn text(&self, pointer: &str) -> Option<String> {
        self.data.pointer(pointer)?.as_str().map(str::to_owned)
    }

    /// The number at this place of its data.
    pub fn number(&self, pointer: &str) -> Option<u64> {
        self.data.pointer(pointer)?.as_u64()
    }

    /// The flag at this place of its data.
    pub fn flag(&self, pointer: &str) -> Option<bool> {
        self.data.pointer(pointer)?.as_bool()
    }

    /// The time at this place of its data.
    pub fn time(&self, pointer: &str) -> Option<Moment> {
        self.data.pointer(pointer)?.as_str()?.parse().ok()
    }

    /// The texts of the list at this place of its data.
    pub fn list(&self, pointer: &str) -> Vec<String> {
        let all = self.data.pointer(pointer).and_then(Value::as_array);
        all.into_iter().flatten().filter_map(|one| one.as_str().map(str::to_owned)).collect()
    }

    /// The person who caused it.
    pub fn person(&self) -> Option<String> {
        self.cause.get("person")?.as_str().map(str::to_owned)
    }

    /// The part of the system that caused it.
    pub fn part(&self) -> Option<String> {
        self.cause.get("part")?.as_str().map(str::to_owned)
    }
}

/// Whether this is a hash, in the form of the record.
fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

/// The value with the words of people in it as texts: those that lie beside, those that are told in place, and `null` for
/// those that were erased. What never was taken out stays.
fn filled(value: Value, words: &Beside) -> Value {
    match value {
        Value::Object(fields) => {
            let text = |name: &str| fields.get(name).and_then(Value::as_str);
            match (fields.len(), text("hash"), text("salt"), text("text")) {
                (1, Some(hash), None, None) if is_hash(hash) => {
                    words.get(hash).map_or(Value::Null, |said| Value::from(said.text.as_str()))
                }
                (2, None, Some(_), Some(text)) => Value::from(text),
                _ => fields.into_iter().map(|(name, value)| (name, filled(value, words))).collect(),
            }
        }
        Value::Array(items) => items.into_iter().map(|item| filled(item, words)).collect(),
        plain @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn said() -> Said {
        Said { salt: "000102030405060708090a0b0c0d0e0f".to_owned(), text: "orders are stuck".to_owned() }
    }

    fn given(reason: &Value, words: Beside) -> Given {
        let event = json!({"type": "requestDenied", "data": {"reason": reason, "by": "bob"}});
        let (at, cause) = ("2026-11-20T12:00:00Z".to_owned(), json!({"kind": "system"}));
        let entry = Entry { v: 1, request: "req_a".to_owned(), seq: 1, prev: EntryHash::NONE, at, cause, event };
        Given { index: Some(7), stream: "req_a".to_owned(), seq: 1, bytes: entry.to_bytes().unwrap(), words }
    }

    #[test]
    fn words_are_read_wherever_they_lie() {
        let hash = words::hash(&said()).unwrap();
        let beside = Beside::from([(hash.clone(), said())]);
        for (reason, words, read) in [
            (json!("orders are stuck"), Beside::new(), Some("orders are stuck")),
            (json!({"hash": hash}), beside.clone(), Some("orders are stuck")),
            (json!({"salt": said().salt, "text": "orders are stuck"}), Beside::new(), Some("orders are stuck")),
            (json!({"hash": hash}), Beside::new(), None),
        ] {
            let event = given(&reason, words).read().unwrap();
            assert_eq!(event.text("/reason").as_deref(), read);
            assert_eq!(event.text("/by").as_deref(), Some("bob"));
        }
    }

    #[test]
    fn other_words_other_places_and_other_bytes_are_refused() {
        let hash = words::hash(&said()).unwrap();
        let forged = Beside::from([(hash.clone(), Said { text: "all is well".to_owned(), ..said() })]);
        assert_eq!(given(&json!({"hash": hash}), forged).read().unwrap_err().fault, Fault::OtherWords);
        let sound = given(&json!("x"), Beside::new());
        assert_eq!(Given { seq: 2, ..sound.clone() }.read().unwrap_err().fault, Fault::Elsewhere);
        assert_eq!(Given { stream: "req_b".to_owned(), ..sound.clone() }.read().unwrap_err().fault, Fault::Elsewhere);
        assert_eq!(Given { bytes: b"{}".to_vec(), ..sound }.read().unwrap_err().fault, Fault::NotAnEntry);
    }

    #[test]
    fn files_and_lines_come_back_as_they_were() {
        let given =
            given(&json!({"hash": words::hash(&said())}), Beside::from([(words::hash(&said()).unwrap(), said())]));
        assert_eq!(Given::of_line(1, given.to_line().trim_end()).unwrap(), given);
        let file = Given::of_file("req_a", 1, given.to_file().as_bytes()).unwrap();
        assert_eq!(file, given);
        assert!(Given::of_file("req_a", 1, b"{\"event\": \"!\"}").is_err());
        assert!(Given::of_line(3, "{}").is_err());
    }
}
