//! Whether a record could concern a grant, judged from its raw text.
//!
//! What a grant's sessions do is recorded with the request's id in it, or with an access key that came out of one. Both
//! are searched for as bytes. What could hide them, letters written as `\u0041`, CloudTrail does not write; a record that
//! has such letters is looked at rather than skipped.

use super::Sink;
use memchr::memmem::Finder;

/// Hexadecimal digits of a request's id.
const DIGITS: usize = 32;

/// Most of a key that is kept. IAM's are at most 128 letters.
const MOST_KEPT: usize = 128;

/// The searches, made ready once.
#[derive(Debug)]
pub(super) struct Interest {
    request: Finder<'static>,
    key: Finder<'static>,
    escape: Finder<'static>,
    /// The last key that was not wanted: calls with one key come in rows.
    unwanted: Vec<u8>,
}

impl Interest {
    pub(super) fn new() -> Self {
        Self {
            request: Finder::new("req_"),
            key: Finder::new("\"accessKeyId\""),
            escape: Finder::new("\\u00"),
            unwanted: Vec::new(),
        }
    }

    /// Whether a record is worth being looked at. `has_escapes`: whether there is a backslash in it.
    pub(super) fn concerns(&mut self, record: &[u8], has_escapes: bool, sink: &dyn Sink) -> bool {
        let concerns = self.request(record).is_some()
            || self.wants_key(record, sink)
            || (has_escapes && self.hides_letters(record));
        if concerns {
            // The sink may want other keys when it has seen it.
            self.unwanted.clear();
        }
        concerns
    }

    /// The first id of a request in a text.
    pub(super) fn request<'a>(&self, text: &'a [u8]) -> Option<&'a str> {
        self.request.find_iter(text).find_map(|at| {
            let id = text.get(at..at.wrapping_add(4).wrapping_add(DIGITS))?;
            let digits = id.get(4..)?;
            let is_id = digits.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
            is_id.then(|| str::from_utf8(id).ok()).flatten()
        })
    }

    /// Whether the text of a key `accessKeyId` is wanted.
    fn wants_key(&mut self, record: &[u8], sink: &dyn Sink) -> bool {
        for at in self.key.find_iter(record) {
            if is_escaped(record, at) {
                continue;
            }
            let behind = record.get(at.saturating_add(self.key.needle().len())..).unwrap_or_default();
            let Some(id) = text_of(behind).filter(|id| **id != *self.unwanted) else { continue };
            if str::from_utf8(id).is_ok_and(|id| sink.wants_key(id)) {
                return true;
            }
            self.unwanted.clear();
            self.unwanted.extend_from_slice(id.get(..MOST_KEPT).unwrap_or(id));
        }
        false
    }

    /// Whether a letter, a digit or `_` is written as an escape.
    fn hides_letters(&self, record: &[u8]) -> bool {
        self.escape.find_iter(record).any(|at| {
            if is_escaped(record, at) {
                return false;
            }
            let digits = record.get(at.wrapping_add(4)..at.wrapping_add(6));
            let code = digits.and_then(|digits| u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok());
            code.is_some_and(|code| code.is_ascii_alphanumeric() || code == b'_')
        })
    }
}

/// The text that follows a key, as written.
fn text_of(behind: &[u8]) -> Option<&[u8]> {
    let value = behind.trim_ascii_start().strip_prefix(b":")?.trim_ascii_start().strip_prefix(b"\"")?;
    value.get(..memchr::memchr(b'"', value)?)
}

/// Whether a byte is escaped: by a backslash that is not escaped itself.
fn is_escaped(text: &[u8], at: usize) -> bool {
    let before = text.get(..at).unwrap_or_default();
    before.iter().rev().take_while(|byte| **byte == b'\\').count() & 1 == 1
}
