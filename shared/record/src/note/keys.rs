//! A file of keys: who is trusted to vouch for a log.

use super::{Kind, VerifierKey};

/// Most lines of a file of keys: none is ever taken away, and a log has few.
const MOST_LINES: usize = 1_000;

/// A line of a file of keys that is not understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("line {line} is neither `log <verifier key>`, with or without `until <leaves>`, nor `witness <verifier key>`")]
pub struct NotKeys {
    /// Which line, from 1.
    pub line: usize,
}

/// Reads a line `log <verifier key>`, `log <verifier key> until <leaves>` or `witness <verifier key>`, each with a key of that
/// kind. A log's key with `until` was retired: it speaks for trees of at most so many leaves. `None`: it is something else.
pub fn read_key(line: &str) -> Option<VerifierKey> {
    let mut words = line.split(' ');
    let (whose, key) = (words.next()?, words.next()?.parse::<VerifierKey>().ok()?);
    let rest: Vec<&str> = words.collect();
    match (whose, key.kind(), rest.as_slice()) {
        ("log", Kind::Ed25519, []) | ("witness", Kind::Cosignature, []) => Some(key),
        ("log", Kind::Ed25519, ["until", size]) => {
            let digits = size.bytes().all(|byte| byte.is_ascii_digit());
            size.parse().ok().filter(|_| digits).map(|size| key.until(size))
        }
        _ => None,
    }
}

/// Reads a file of keys: lines as of [`read_key`]. Empty lines and those that begin with `#` say nothing.
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
        keys.push(read_key(text).filter(|_| line <= MOST_LINES).ok_or(NotKeys { line })?);
    }
    Ok(keys)
}
