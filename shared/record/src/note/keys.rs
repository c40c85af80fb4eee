//! A file of keys: who is trusted to vouch for a log.

use super::{Kind, VerifierKey};

/// Most lines of a file of keys: none is ever taken away, and a log has few.
const MOST_LINES: usize = 1_000;

/// A line of a file of keys that is not understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("line {line} is neither `log <verifier key>` nor `witness <verifier key>`")]
pub struct NotKeys {
    /// Which line, from 1.
    pub line: usize,
}

/// Reads a file of keys: lines `log <verifier key>` and `witness <verifier key>`, each with a key of that kind. Empty
/// lines and those that begin with `#` say nothing.
///
/// # Errors
/// The first line that is something else, or one too many: who is trusted is not guessed.
pub fn read_keys(text: &str) -> Result<Vec<VerifierKey>, NotKeys> {
    let mut keys = Vec::new();
    for (line, text) in (1..).zip(text.lines()) {
        let text = text.trim_end();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        let wanted = text.split_once(' ').and_then(|(whose, key)| match whose {
            "log" => Some((Kind::Ed25519, key)),
            "witness" => Some((Kind::Cosignature, key)),
            _ => None,
        });
        let key = wanted.and_then(|(kind, key)| key.parse().ok().filter(|key: &VerifierKey| key.kind() == kind));
        keys.push(key.filter(|_| line <= MOST_LINES).ok_or(NotKeys { line })?);
    }
    Ok(keys)
}
