//! An entry, read strictly: the bytes of the one form that it has, or nothing.

use crate::time::seconds;
use record::canonical;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

/// An entry's content.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    /// The stream it says it is of.
    pub(crate) stream: String,
    /// The place in it that it says, from 1.
    pub(crate) seq: u64,
    /// The hash that it names as that of the entry before it.
    pub(crate) prev: [u8; 32],
    /// When, in seconds since 1970.
    pub(crate) at: i64,
    /// Who or what caused it.
    pub(crate) cause: Value,
    /// The event's name.
    pub(crate) kind: String,
    /// What the event says.
    pub(crate) data: Value,
}

impl Entry {
    /// Reads a leaf.
    ///
    /// # Errors
    /// Why it is none.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, &'static str> {
        let value: Value = serde_json::from_slice(bytes).map_err(|_| "it is not JSON")?;
        if canonical::to_bytes(&value).map_err(|_| "a number in it is not whole")? != bytes {
            return Err("it is not in canonical form");
        }
        let Value::Object(mut fields) = value else { return Err("it is not an object") };
        let (version, stream, seq) = (fields.remove("v"), text(&mut fields, "request"), fields.remove("seq"));
        let (prev, at, cause) = (text(&mut fields, "prev"), text(&mut fields, "at"), fields.remove("cause"));
        let event = fields.remove("event");
        if !fields.is_empty() {
            return Err("it has fields that entries don't have");
        }
        if version != Some(Value::from(1)) {
            return Err("it is of another version than 1");
        }
        let seq = seq.as_ref().and_then(Value::as_u64).filter(|seq| *seq > 0).ok_or("it has no place")?;
        let prev = prev.as_deref().and_then(hash).ok_or("it names no hash of an entry before it")?;
        let at = at.as_deref().and_then(seconds).ok_or("its time is not one in UTC with whole seconds")?;
        let cause = cause.filter(Value::is_object).ok_or("it has no cause")?;
        let Some(Value::Object(mut event)) = event else { return Err("it holds no event") };
        let kind = text(&mut event, "type").ok_or("its event has no name")?;
        let data = event.remove("data").unwrap_or_else(|| Value::Object(Map::new()));
        if !event.is_empty() || !data.is_object() {
            return Err("its event is not of the form that events have");
        }
        let stream = stream.ok_or("it names no stream")?;
        Ok(Self { stream, seq, prev, at, cause, kind, data })
    }

    /// The person who caused it; `None`: a part of the system did.
    pub(crate) fn by(&self) -> Option<&str> {
        let is_person = self.cause.get("kind").and_then(Value::as_str) == Some("person");
        self.cause.get("person").and_then(Value::as_str).filter(|_| is_person)
    }

    /// A text of its event.
    pub(crate) fn text(&self, field: &str) -> Option<&str> {
        self.data.get(field).and_then(Value::as_str)
    }

    /// A time of its event, in seconds since 1970.
    pub(crate) fn time(&self, field: &str) -> Option<i64> {
        self.text(field).and_then(seconds)
    }

    /// A list of texts of its event; `None`: it is none.
    pub(crate) fn list(&self, field: &str) -> Option<Vec<String>> {
        texts(self.data.get(field)?)
    }
}

fn text(fields: &mut Map<String, Value>, name: &str) -> Option<String> {
    match fields.remove(name) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
}

/// The texts of a list; `None`: it is not a list of texts alone.
pub(crate) fn texts(value: &Value) -> Option<Vec<String>> {
    value.as_array()?.iter().map(|item| item.as_str().map(str::to_owned)).collect()
}

/// The 32 bytes behind 64 hexadecimal digits in lower case.
pub(crate) fn hash(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    let lower = text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    (lower && hex::decode_to_slice(text, &mut bytes).is_ok()).then_some(bytes)
}

/// The hash of an entry's bytes, by which the next one names it.
pub(crate) fn hash_of(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"{"at":"2026-11-20T12:00:00Z","cause":{"kind":"system","part":"grant"},"event":{"data":{},"type":"x"},"prev":"0000000000000000000000000000000000000000000000000000000000000000","request":"req_a","seq":1,"v":1}"#;

    #[test]
    fn one_form_and_no_other() {
        let entry = Entry::read(GOOD.as_bytes()).unwrap();
        assert_eq!((entry.stream.as_str(), entry.seq, entry.kind.as_str()), ("req_a", 1, "x"));
        for (from, to) in [
            ("\"seq\":1", "\"seq\":0"),
            ("\"seq\":1", "\"seq\": 1"),
            ("\"seq\":1", "\"seq\":1.0"),
            ("\"seq\":1", "\"seq\":1,\"seq\":1"),
            ("\"v\":1", "\"v\":2"),
            ("\"v\":1", "\"v\":1,\"w\":1"),
            ("12:00:00Z", "12:00:00.5Z"),
            ("\"prev\":\"00", "\"prev\":\"0A"),
            ("\"data\":{}", "\"data\":[]"),
            ("\"type\":\"x\"", "\"type\":\"x\",\"u\":1"),
            ("\"kind\"", "\"kin\\u0064\""),
        ] {
            assert!(Entry::read(GOOD.replace(from, to).as_bytes()).is_err(), "{from} {to}");
        }
    }
}
