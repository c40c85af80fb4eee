//! The tree over all entries, as RFC 6962 section 2.1 has it: a leaf is an entry's bytes, a root stands for all of them
//! and their order.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::str::FromStr;

/// The most leaves of a tree. Source: none; so that no sum of places in it overflows, and no proof is longer than the
/// 63 hashes that C2SP tlog-witness allows.
pub const LARGEST_SIZE: u64 = 1 << 62;

/// A hash of the tree: of a leaf, of a part, or of all of it. SHA-256; as text, 64 hexadecimal digits in lower case.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Hash([u8; Hash::LENGTH]);

/// The text is not a hash in the form that is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a hash of the tree")]
pub struct NotAHash;

impl Hash {
    /// Bytes of a hash.
    pub const LENGTH: usize = 32;

    /// The root of the tree without leaves: SHA-256 of nothing. Source: RFC 6962, section 2.1.
    pub const EMPTY: Self = Self([
        0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae,
        0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
    ]);

    /// These bytes.
    pub const fn new(bytes: [u8; Self::LENGTH]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }

    /// As checkpoints and proofs write it.
    pub fn to_base64(&self) -> String {
        STANDARD.encode(self.0)
    }

    /// Reads what [`Self::to_base64`] wrote, and no other spelling of it.
    ///
    /// # Errors
    /// It is not base64 of 32 bytes.
    pub fn from_base64(text: &str) -> Result<Self, NotAHash> {
        let bytes = STANDARD.decode(text).map_err(|_| NotAHash)?;
        bytes.try_into().map(Self).map_err(|_| NotAHash)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}

impl FromStr for Hash {
    type Err = NotAHash;
    fn from_str(text: &str) -> Result<Self, NotAHash> {
        let mut bytes = [0; Self::LENGTH];
        if text.chars().any(|c| c.is_ascii_uppercase()) || hex::decode_to_slice(text, &mut bytes).is_err() {
            return Err(NotAHash);
        }
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for Hash {
    type Error = NotAHash;
    fn try_from(text: String) -> Result<Self, NotAHash> {
        text.parse()
    }
}

impl From<Hash> for String {
    fn from(hash: Hash) -> Self {
        hash.to_string()
    }
}

/// The hash of a leaf. Its first byte differs from that of a [`node`], so that no leaf can pass for one.
pub fn leaf(entry: &[u8]) -> Hash {
    Hash(Sha256::new().chain_update([0]).chain_update(entry).finalize().into())
}

/// The hash of a part from those of its halves.
pub fn node(left: &Hash, right: &Hash) -> Hash {
    Hash(Sha256::new().chain_update([1]).chain_update(left.0).chain_update(right.0).finalize().into())
}

/// The hash over parts that lie beside each other, each at least twice the next: the last two are joined first.
pub(crate) fn join(parts: &[Hash]) -> Option<Hash> {
    parts.iter().rev().copied().reduce(|right, left| node(&left, &right))
}

/// The right edge of a tree: as much of it as is needed to append and to know the root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    size: u64,
    /// The hash of each full part, the largest first: one for each bit that is set in the size.
    peaks: Vec<Hash>,
}

/// There are [`LARGEST_SIZE`] leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the tree is full: it has {LARGEST_SIZE} leaves")]
pub struct Full;

impl Edge {
    /// Of the tree without leaves.
    pub const EMPTY: Self = Self { size: 0, peaks: Vec::new() };

    /// Of a tree of `size` leaves, from the hashes of its full parts, the largest first. `None` if there are not as many
    /// as such a tree has, or it is larger than [`LARGEST_SIZE`].
    pub fn new(size: u64, peaks: Vec<Hash>) -> Option<Self> {
        let fits = size <= LARGEST_SIZE && u32::try_from(peaks.len()) == Ok(size.count_ones());
        fits.then_some(Self { size, peaks })
    }

    /// How many leaves there are.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The hash of each full part, the largest first.
    pub fn peaks(&self) -> &[Hash] {
        &self.peaks
    }

    /// Appends a leaf, by its hash.
    ///
    /// # Errors
    /// The tree is full; it stays as it is.
    pub fn append(&mut self, leaf: Hash) -> Result<(), Full> {
        if self.size >= LARGEST_SIZE {
            return Err(Full);
        }
        // Each bit that the sum carries over is a part that has its other half now.
        let halves = usize::try_from(self.size.trailing_ones()).unwrap_or(usize::MAX);
        let rest = self.peaks.len().saturating_sub(halves);
        let whole = self.peaks.drain(rest..).rev().fold(leaf, |right, left| node(&left, &right));
        self.peaks.push(whole);
        self.size = self.size.saturating_add(1);
        Ok(())
    }

    /// The root.
    pub fn root(&self) -> Hash {
        join(&self.peaks).unwrap_or(Hash::EMPTY)
    }
}

#[cfg(test)]
mod tests;
