//! Keys that verify notes.

use super::{SIGNATURE_LENGTH, Signed, cosigned_message};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::VerifyingKey;
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::str::FromStr;

/// Longest name of a key, in bytes. Source: C2SP tlog-cosignature, whose newer form counts a name's bytes with 8 bits.
const LONGEST_NAME: usize = 255;

/// Latest time of a cosignature. Source: C2SP tlog-cosignature, "Format".
const LATEST: u64 = i64::MAX.unsigned_abs();

/// What a key's signatures are over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// The note's text: a log's key.
    Ed25519,
    /// The text and a time: a witness's key.
    Cosignature,
}

impl Kind {
    /// Source: C2SP signed-note, "Signature types".
    const fn byte(self) -> u8 {
        match self {
            Self::Ed25519 => 1,
            Self::Cosignature => 4,
        }
    }
}

/// A key that verifies signatures of notes. As text, C2SP's verifier key: `<name>+<id>+<base64>`.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    kind: Kind,
    key: VerifyingKey,
    /// Of how many leaves the largest tree is that it speaks for: of a log's key that was retired.
    until: Option<u64>,
}

/// It is no key that verifies notes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a verifier key: expected <name>+<8 hexadecimal digits>+<base64 of an Ed25519 key>")]
pub struct NotAKey;

/// If a key can have this name: not empty, no white space, no plus, no control character. Source: C2SP signed-note.
pub(crate) fn is_name(name: &str) -> bool {
    let fits = (1..=LONGEST_NAME).contains(&name.len());
    fits && !name.chars().any(|c| c == '+' || c.is_whitespace() || c.is_control())
}

impl VerifierKey {
    /// The key of this name and kind, from the 32 bytes of RFC 8032.
    ///
    /// # Errors
    /// It can't have that name, or the bytes are no key, or one that verifies what its holder did not sign.
    pub fn new(name: &str, kind: Kind, key: &[u8; 32]) -> Result<Self, NotAKey> {
        let key = VerifyingKey::from_bytes(key).map_err(|_| NotAKey)?;
        if !is_name(name) || key.is_weak() {
            return Err(NotAKey);
        }
        Ok(Self { name: name.to_owned(), kind, key, until: None })
    }

    /// The same key, which was retired: it speaks for trees of at most `size` leaves.
    #[must_use]
    pub fn until(self, size: u64) -> Self {
        Self { until: Some(size), ..self }
    }

    /// For how many leaves it speaks at most, if it was retired.
    pub const fn retired_at(&self) -> Option<u64> {
        self.until
    }

    /// Whether it speaks for a tree of `size` leaves.
    pub fn speaks_for(&self, size: u64) -> bool {
        self.until.is_none_or(|until| size <= until)
    }

    /// Whether it is the same key, whatever each speaks for.
    pub fn is(&self, other: &Self) -> bool {
        (&self.name, self.kind, self.as_bytes()) == (&other.name, other.kind, other.as_bytes())
    }

    /// Its name: the log's origin, or the witness's.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What its signatures are over.
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// The 32 bytes of RFC 8032.
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.key.as_bytes()
    }

    /// What signatures name it by, beside its name. Short: no proof of anything.
    pub fn id(&self) -> [u8; 4] {
        let hash: [u8; 32] = Sha256::new()
            .chain_update(&self.name)
            .chain_update([b'\n', self.kind.byte()])
            .chain_update(self.as_bytes())
            .finalize()
            .into();
        let [a, b, c, d, ..] = hash;
        [a, b, c, d]
    }

    /// If it signed `text`, what it says; `bytes` are those of the line, without the id.
    pub(super) fn signed(&self, text: &str, bytes: &[u8]) -> Option<Signed<'_>> {
        match self.kind {
            Kind::Ed25519 => self.made(text, bytes).then_some(Signed { key: self, time: None }),
            Kind::Cosignature => {
                let (time, signature) = bytes.split_first_chunk()?;
                let time = u64::from_be_bytes(*time);
                let made = time <= LATEST && self.made(&cosigned_message(text, time), signature);
                made.then_some(Signed { key: self, time: Some(time) })
            }
        }
    }

    fn made(&self, message: &str, signature: &[u8]) -> bool {
        let signature = <&[u8; SIGNATURE_LENGTH]>::try_from(signature).map(ed25519_dalek::Signature::from_bytes);
        // Strict: no second signature of the same message can be made from one by who does not hold the key.
        signature.is_ok_and(|signature| self.key.verify_strict(message.as_bytes(), &signature).is_ok())
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = STANDARD.encode([&[self.kind.byte()], self.as_bytes().as_slice()].concat());
        write!(f, "{}+{}+{key}", self.name, hex::encode(self.id()))
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifierKey({self})")
    }
}

impl FromStr for VerifierKey {
    type Err = NotAKey;
    fn from_str(text: &str) -> Result<Self, NotAKey> {
        // The base64 may have a plus of its own.
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(_), Some(encoded)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(NotAKey);
        };
        let bytes = STANDARD.decode(encoded).map_err(|_| NotAKey)?;
        let (kind, key) = bytes.split_first().ok_or(NotAKey)?;
        let kind = [Kind::Ed25519, Kind::Cosignature].into_iter().find(|known| known.byte() == *kind).ok_or(NotAKey)?;
        let key = Self::new(name, kind, key.try_into().map_err(|_| NotAKey)?)?;
        // The id in the middle follows from the rest: another one is a mistake or a trick.
        if key.to_string() == text { Ok(key) } else { Err(NotAKey) }
    }
}
