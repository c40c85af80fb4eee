//! One entry of the record: an event of a request with its place in the chain.

use crate::canonical::{self, NotCanonical};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::str::FromStr;

/// Longest entry, in bytes. A transparency log's entries hold at most 65,535 bytes.
/// Source: C2SP tlog-tiles.
pub const LONGEST_ENTRY: usize = 60_000;

/// SHA-256 of an entry's bytes, as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EntryHash([u8; 32]);

impl EntryHash {
    /// What the first entry of a chain names as the one before it.
    pub const NONE: Self = Self([0; 32]);

    /// The hash of an entry's bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

impl fmt::Display for EntryHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for EntryHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EntryHash({self})")
    }
}

/// The text is not 64 lower-case hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a hash: expected 64 hexadecimal digits in lower case")]
pub struct NotAHash;

impl FromStr for EntryHash {
    type Err = NotAHash;
    fn from_str(text: &str) -> Result<Self, NotAHash> {
        let mut bytes = [0; 32];
        if text.chars().any(|c| c.is_ascii_uppercase()) || hex::decode_to_slice(text, &mut bytes).is_err() {
            return Err(NotAHash);
        }
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for EntryHash {
    type Error = NotAHash;
    fn try_from(text: String) -> Result<Self, NotAHash> {
        text.parse()
    }
}

impl From<EntryHash> for String {
    fn from(hash: EntryHash) -> Self {
        hash.to_string()
    }
}

/// An entry's content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Version of this form: 1.
    pub v: u32,
    /// The request it belongs to.
    pub request: String,
    /// Its place, from 1, without gaps.
    pub seq: u64,
    /// The hash of the entry before it; [`EntryHash::NONE`] for the first.
    pub prev: EntryHash,
    /// When, as RFC 3339 in UTC with whole seconds.
    pub at: String,
    /// Who or what caused it.
    pub cause: Value,
    /// The event: its `type` and its `data`.
    pub event: Value,
}

/// An entry that can't be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// It has no canonical form.
    #[error(transparent)]
    NotCanonical(#[from] NotCanonical),
    /// Longer than [`LONGEST_ENTRY`].
    #[error("the entry would have {length} bytes; at most {LONGEST_ENTRY} are taken")]
    TooLong {
        /// Its length in bytes.
        length: usize,
    },
}

impl Entry {
    /// The bytes to be kept for ever.
    ///
    /// # Errors
    /// If it holds a number that is not whole, or is too long.
    pub fn to_bytes(&self) -> Result<Vec<u8>, EntryError> {
        let value = serde_json::to_value(self).map_err(|_| NotCanonical)?;
        let bytes = canonical::to_bytes(&value)?;
        if bytes.len() > LONGEST_ENTRY {
            return Err(EntryError::TooLong { length: bytes.len() });
        }
        Ok(bytes)
    }

    /// The event's name.
    pub fn event_name(&self) -> &str {
        self.event.get("type").and_then(Value::as_str).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn entry(data: &str) -> Entry {
        let event = json!({"type": "requestSubmitted", "data": data});
        let at = "2026-11-20T19:00:00Z".to_owned();
        Entry { v: 1, request: "req_a".to_owned(), seq: 1, prev: EntryHash::NONE, at, cause: json!({}), event }
    }

    #[test]
    fn an_entry_is_as_long_as_it_may_be_and_no_longer() {
        let around = entry("").to_bytes().unwrap().len();
        let longest = entry(&"x".repeat(LONGEST_ENTRY - around)).to_bytes().unwrap();
        assert_eq!(longest.len(), LONGEST_ENTRY);
        let longer = entry(&"x".repeat(LONGEST_ENTRY - around + 1)).to_bytes();
        assert_eq!(longer, Err(EntryError::TooLong { length: LONGEST_ENTRY + 1 }));
    }

    #[test]
    fn an_event_has_a_name_and_a_hash_shows_its_digits() {
        assert_eq!(entry("").event_name(), "requestSubmitted");
        let digits = "0".repeat(64);
        assert_eq!(format!("{:?} {}", EntryHash::NONE, EntryHash::NONE), format!("EntryHash({digits}) {digits}"));
    }
}
