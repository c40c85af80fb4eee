//! Signed notes: a text and who signed it. C2SP signed-note, with the two kinds of keys that are used here: Ed25519 of a
//! log, and a witness's cosignature (C2SP tlog-cosignature).

mod key;
mod keys;

pub use key::{Kind, NotAKey, VerifierKey};
pub use keys::{NotKeys, read_key, read_keys};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt;

/// Longest note, in bytes. Source: C2SP signed-note asks for a limit that leaves room for 16 signatures of 5 kB.
pub const LONGEST_NOTE: usize = 131_072;

/// Most signatures of a note. Source: as for [`LONGEST_NOTE`]; at least 16.
pub const MOST_SIGNATURES: usize = 64;

/// Bytes of an Ed25519 signature. Source: RFC 8032.
pub const SIGNATURE_LENGTH: usize = 64;

/// How a line with a signature begins: a dash of the length of an `m`, and a space.
const DASH: &str = "— ";

/// One signature of a note, of whatever kind; it says nothing until it is verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    name: String,
    id: [u8; 4],
    bytes: Vec<u8>,
}

impl Signature {
    /// Of a log's key, from the 64 bytes that Ed25519 gives for the note's text.
    pub fn ed25519(key: &VerifierKey, signature: &[u8; SIGNATURE_LENGTH]) -> Self {
        Self { name: key.name().to_owned(), id: key.id(), bytes: signature.to_vec() }
    }

    /// Of a witness's key, from when it signed, in seconds of POSIX, and the 64 bytes that Ed25519 gives for
    /// [`cosigned_message`] of that time.
    pub fn cosignature(key: &VerifierKey, time: u64, signature: &[u8; SIGNATURE_LENGTH]) -> Self {
        let bytes = [time.to_be_bytes().as_slice(), signature].concat();
        Self { name: key.name().to_owned(), id: key.id(), bytes }
    }

    /// The name of the key that is said to have signed.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// That key's id.
    pub const fn id(&self) -> [u8; 4] {
        self.id
    }

    /// Reads a line of a note, without its end.
    ///
    /// # Errors
    /// It is not `— <name> <base64>`.
    pub fn parse(line: &str) -> Result<Self, NoteError> {
        let read = || {
            let (name, encoded) = line.strip_prefix(DASH)?.split_once(' ')?;
            let bytes = STANDARD.decode(encoded).ok()?;
            let (id, bytes) = bytes.split_first_chunk()?;
            let fits = key::is_name(name) && !bytes.is_empty();
            fits.then(|| Self { name: name.to_owned(), id: *id, bytes: bytes.to_vec() })
        };
        read().ok_or(NoteError::Malformed)
    }
}

/// The line as it stands in a note, without its end.
impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{DASH}{} {}", self.name, STANDARD.encode([self.id.as_slice(), &self.bytes].concat()))
    }
}

/// What a witness signs: that at `time`, in seconds of POSIX, it knew no larger tree than that of the checkpoint with
/// this text. Source: C2SP tlog-cosignature, "Ed25519 signed message".
pub fn cosigned_message(text: &str, time: u64) -> String {
    format!("cosignature/v1\ntime {time}\n{text}")
}

/// A note that says nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// It is not of a note's form.
    #[error("not a signed note")]
    Malformed,
    /// It is longer than [`LONGEST_NOTE`], or has more than [`MOST_SIGNATURES`].
    #[error("a note of more than {LONGEST_NOTE} bytes or {MOST_SIGNATURES} signatures")]
    TooLong,
    /// A key that is known is said to have signed, and did not.
    #[error("the signature of {name} does not verify")]
    Forged {
        /// The key's name.
        name: String,
    },
    /// No key that is known signed.
    #[error("no key that is known signed it")]
    NoneKnown,
}

/// A text with signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<Signature>,
}

/// A signature that was verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signed<'k> {
    /// By which key.
    pub key: &'k VerifierKey,
    /// When, in seconds of POSIX, as the signer says: only of a cosignature.
    pub time: Option<u64>,
}

impl Note {
    /// A text that is to be signed: lines, each with its end.
    ///
    /// # Errors
    /// It does not end with the end of a line, is too long, or has control characters in it.
    pub fn new(text: impl Into<String>) -> Result<Self, NoteError> {
        let text = text.into();
        if text.len() > LONGEST_NOTE {
            return Err(NoteError::TooLong);
        }
        if !text.ends_with('\n') || has_controls(&text) {
            return Err(NoteError::Malformed);
        }
        Ok(Self { text, signatures: Vec::new() })
    }

    /// Reads a note.
    ///
    /// # Errors
    /// It is none, or too long.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        if bytes.len() > LONGEST_NOTE {
            return Err(NoteError::TooLong);
        }
        let all = std::str::from_utf8(bytes).map_err(|_| NoteError::Malformed)?;
        // The last empty line: there may be others in the text.
        let (text, lines) = all.rsplit_once("\n\n").ok_or(NoteError::Malformed)?;
        let mut note = Self::new(format!("{text}\n"))?;
        let lines = lines.strip_suffix('\n').ok_or(NoteError::Malformed)?;
        if has_controls(lines) {
            return Err(NoteError::Malformed);
        }
        for line in lines.split('\n') {
            if note.signatures.len() >= MOST_SIGNATURES {
                return Err(NoteError::TooLong);
            }
            note.signatures.push(Signature::parse(line)?);
        }
        Ok(note)
    }

    /// The same with one more signature; the same again if it has that one.
    ///
    /// # Errors
    /// It has [`MOST_SIGNATURES`].
    pub fn with(mut self, signature: Signature) -> Result<Self, NoteError> {
        if !self.signatures.contains(&signature) {
            if self.signatures.len() >= MOST_SIGNATURES {
                return Err(NoteError::TooLong);
            }
            self.signatures.push(signature);
        }
        Ok(self)
    }

    /// What is signed, ends of lines and all. Nothing to go by before [`Self::verify`].
    pub fn text(&self) -> &str {
        &self.text
    }

    /// All signatures, verified or not.
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// Who of `keys` signed it. Signatures of others are passed over: they may be of witnesses or keys to come.
    ///
    /// # Errors
    /// A signature of a known key does not verify, or there is none of a known key.
    pub fn verify<'k>(&self, keys: &'k [VerifierKey]) -> Result<Vec<Signed<'k>>, NoteError> {
        let mut found: Vec<Signed<'k>> = Vec::new();
        for signature in &self.signatures {
            let signs = |key: &&VerifierKey| key.name() == signature.name && key.id() == signature.id;
            // Two keys may share both, name and id: one of them has to have signed.
            let mut known = keys.iter().filter(signs).peekable();
            if known.peek().is_none() {
                continue;
            }
            let forged = || NoteError::Forged { name: signature.name.clone() };
            let signed = known.find_map(|key| key.signed(&self.text, &signature.bytes)).ok_or_else(forged)?;
            if !found.contains(&signed) {
                found.push(signed);
            }
        }
        if found.is_empty() { Err(NoteError::NoneKnown) } else { Ok(found) }
    }
}

/// The note as it is kept and sent.
impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|signature| writeln!(f, "{signature}"))
    }
}

fn has_controls(text: &str) -> bool {
    text.bytes().any(|byte| byte < b' ' && byte != b'\n')
}

#[cfg(test)]
mod tests;
