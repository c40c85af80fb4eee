//! A proof as a file of its own, which needs nothing else but the keys: C2SP tlog-proof.

use super::{Inclusion, ProofError};
use crate::checkpoint::{self, OpenError, SignedCheckpoint};
use crate::note::{LONGEST_NOTE, VerifierKey};
use crate::tile::LONGEST_ENTRY;
use crate::tree::{Hash, leaf};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt;

/// The first line.
const FORM: &str = "c2sp.org/tlog-proof@v1";

/// Most hashes of a proof. Source: C2SP tlog-witness; a tree of [`crate::tree::LARGEST_SIZE`] needs 62.
const MOST_HASHES: usize = 63;

/// Longest file, in bytes: the longest note, the longest entry in base64, the most hashes.
pub const LONGEST_PROOF: usize = LONGEST_NOTE.saturating_add(98_304);

/// That an entry is in a log: its bytes, its place, the way to the root, and the checkpoint with that root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlogProof {
    /// The entry's bytes. They are data of the file's own, and believed only because the rest proves them.
    pub entry: Vec<u8>,
    /// Its place, from 0.
    pub index: u64,
    /// The hashes beside the way to the root.
    pub path: Vec<Hash>,
    /// The signed checkpoint, as it was found.
    pub checkpoint: String,
}

/// A file that proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// It is not of a proof's form, or lacks the entry.
    #[error("not a proof of an entry: expected {FORM} with the entry's bytes")]
    Malformed,
    /// Its checkpoint is not to be believed.
    #[error(transparent)]
    Checkpoint(#[from] OpenError),
    /// The entry is not where it is said to be.
    #[error(transparent)]
    Proof(#[from] ProofError),
}

impl FileError {
    /// A stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed => "malformed_proof",
            Self::Checkpoint(error) => error.code(),
            Self::Proof(_) => "not_included",
        }
    }
}

/// What a file proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// The checkpoint that the entry is under.
    pub signed: SignedCheckpoint,
    /// The entry's hash as a leaf.
    pub leaf: Hash,
}

impl TlogProof {
    /// Reads a file. Nothing in it is checked yet.
    ///
    /// # Errors
    /// It is not of the form, or too long.
    pub fn parse(bytes: &[u8]) -> Result<Self, FileError> {
        if bytes.len() > LONGEST_PROOF {
            return Err(FileError::Malformed);
        }
        Self::read(bytes).ok_or(FileError::Malformed)
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let (head, checkpoint) = text.split_once("\n\n")?;
        let mut lines = head.split('\n');
        if lines.next()? != FORM {
            return None;
        }
        let entry = STANDARD.decode(lines.next()?.strip_prefix("extra ")?).ok()?;
        let index = lines.next()?.strip_prefix("index ")?.parse().ok()?;
        let path = lines.map(|line| Hash::from_base64(line).ok()).take(MOST_HASHES.saturating_add(1));
        let read = Self { entry, index, path: path.collect::<Option<_>>()?, checkpoint: checkpoint.to_owned() };
        let fits = read.entry.len() <= LONGEST_ENTRY && read.path.len() <= MOST_HASHES;
        // One spelling for each: what is written back is what was read.
        (fits && read.to_string() == text).then_some(read)
    }

    /// Checks all of it: that a log of `keys` signed the checkpoint, and that the entry is under it.
    ///
    /// # Errors
    /// Something is not so.
    pub fn check(&self, keys: &[VerifierKey]) -> Result<Checked, FileError> {
        let signed = checkpoint::open(self.checkpoint.as_bytes(), keys)?;
        let leaf = leaf(&self.entry);
        let path = self.path.clone();
        let inclusion = Inclusion { index: self.index, size: signed.checkpoint.size(), path };
        inclusion.check(&leaf, signed.checkpoint.root())?;
        Ok(Checked { signed, leaf })
    }
}

/// The file.
impl fmt::Display for TlogProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{FORM}\nextra {}\nindex {}\n", STANDARD.encode(&self.entry), self.index)?;
        self.path.iter().try_for_each(|hash| writeln!(f, "{}", hash.to_base64()))?;
        write!(f, "\n{}", self.checkpoint)
    }
}
