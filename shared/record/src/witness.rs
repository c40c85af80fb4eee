//! What a witness is asked and what it answers: C2SP tlog-witness, `add-checkpoint`. A witness knows the last tree it
//! vouched for, and vouches for no other that does not begin with all of that one.

use crate::checkpoint::{self, Checkpoint, OpenError, SignedCheckpoint};
use crate::note::{LONGEST_NOTE, Note, NoteError, VerifierKey, cosigned_message};
use crate::proof::{Consistency, ProofError};
use crate::tree::{Hash, LARGEST_SIZE};
use std::fmt;

/// Most lines of a proof. Source: C2SP tlog-witness.
const MOST_HASHES: usize = 63;

/// Longest submission, in bytes: the longest note, and a proof's lines.
pub const LONGEST_SUBMISSION: usize = LONGEST_NOTE.saturating_add(4_096);

/// A checkpoint with the proof that it goes on from an earlier one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    /// The size of the tree that the witness is thought to know; 0 if it knows none.
    pub old: u64,
    /// The proof from that tree to the checkpoint's.
    pub proof: Vec<Hash>,
    /// The signed checkpoint.
    pub note: Note,
}

impl Submission {
    /// Reads the body of a request.
    ///
    /// # Errors
    /// It is not of the form: the answer is to be [`Refusal::Malformed`].
    pub fn parse(bytes: &[u8]) -> Result<Self, Refusal> {
        Self::read(bytes).ok_or(Refusal::Malformed)
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        if bytes.len() > LONGEST_SUBMISSION {
            return None;
        }
        let text = std::str::from_utf8(bytes).ok()?;
        let (head, note) = text.split_once("\n\n")?;
        let mut lines = head.split('\n');
        let old = lines.next()?.strip_prefix("old ")?.parse().ok()?;
        let proof = lines.map(|line| Hash::from_base64(line).ok()).take(MOST_HASHES.saturating_add(1));
        let proof = proof.collect::<Option<Vec<_>>>()?;
        let read = Self { old, proof, note: Note::parse(note.as_bytes()).ok()? };
        // One spelling for each: what is written back is what was read.
        (read.proof.len() <= MOST_HASHES && read.to_string() == text).then_some(read)
    }

    /// Which log it is of: what to look up the tree that is known by. Nothing is verified.
    pub fn origin(&self) -> &str {
        self.note.text().lines().next().unwrap_or_default()
    }
}

/// The body of a request.
impl fmt::Display for Submission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "old {}", self.old)?;
        self.proof.iter().try_for_each(|hash| writeln!(f, "{}", hash.to_base64()))?;
        write!(f, "\n{}", self.note)
    }
}

/// Why a witness does not vouch for a checkpoint. The numbers are those of HTTP.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is not of the form.
    #[error("not a checkpoint with its proof")]
    Malformed,
    /// It says that the witness knows a larger tree than the one it brings.
    #[error("the old size is larger than the checkpoint's")]
    Backwards,
    /// No log of that origin is watched.
    #[error("no log of this origin is watched")]
    UnknownOrigin,
    /// The log did not sign it.
    #[error("the log did not sign it")]
    NotSigned,
    /// The witness knows another size than is said.
    #[error("the witness knows a tree of {known} leaves")]
    Stale {
        /// The size it knows.
        known: u64,
    },
    /// The tree does not begin with the one that is known: what was there before was changed.
    #[error("the tree does not go on from the one the witness knows")]
    Inconsistent,
}

impl Refusal {
    /// The status.
    pub const fn status(&self) -> u16 {
        match self {
            Self::Malformed | Self::Backwards => 400,
            Self::NotSigned => 403,
            Self::UnknownOrigin => 404,
            Self::Stale { .. } => 409,
            Self::Inconsistent => 422,
        }
    }

    /// The body of the answer: the size that is known, of one that is stale; a sentence of the others.
    pub fn body(&self) -> String {
        match self {
            Self::Stale { known } => format!("{known}\n"),
            Self::Malformed | Self::Backwards | Self::UnknownOrigin | Self::NotSigned | Self::Inconsistent => {
                format!("{self}\n")
            }
        }
    }
}

/// What a witness is to do: remember size and root, unless it knows a newer tree by then, and only then sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cosign {
    /// The checkpoint, signed by its log.
    pub signed: SignedCheckpoint,
}

impl Cosign {
    /// What it says.
    pub const fn checkpoint(&self) -> &Checkpoint {
        &self.signed.checkpoint
    }

    /// What is to be signed at `time`, in seconds of POSIX, which is not 0.
    pub fn message(&self, time: u64) -> String {
        cosigned_message(self.signed.note.text(), time)
    }
}

/// Judges a submission by the last tree that was vouched for, as size and root, `None` if there was none, and the keys of
/// the logs that are watched, whose names are the origins.
///
/// Who stores that tree has to see to it that no other is stored between reading and writing it.
///
/// # Errors
/// See [`Refusal`].
pub fn judge(known: Option<(u64, Hash)>, submission: &Submission, logs: &[VerifierKey]) -> Result<Cosign, Refusal> {
    let checkpoint = Checkpoint::parse(submission.note.text()).map_err(|_| Refusal::Malformed)?;
    if !logs.iter().any(|key| key.name() == checkpoint.origin()) {
        return Err(Refusal::UnknownOrigin);
    }
    let signed = checkpoint::open(submission.note.to_string().as_bytes(), logs).map_err(|error| match error {
        OpenError::Note(NoteError::Forged { .. } | NoteError::NoneKnown)
        | OpenError::NotByItsLog { .. }
        | OpenError::Retired { .. } => Refusal::NotSigned,
        OpenError::Note(NoteError::Malformed | NoteError::TooLong) | OpenError::Text(_) => Refusal::Malformed,
    })?;
    let (old, new) = (submission.old, signed.checkpoint.size());
    if old > new || new > LARGEST_SIZE {
        return Err(Refusal::Backwards);
    }
    let (size, root) = known.unwrap_or((0, Hash::EMPTY));
    if size != old {
        return Err(Refusal::Stale { known: size });
    }
    // The tree without leaves has one root, whatever its log says.
    if new == 0 && *signed.checkpoint.root() != Hash::EMPTY {
        return Err(Refusal::Inconsistent);
    }
    let proof = Consistency { old, new, path: submission.proof.clone() };
    proof.check(&root, signed.checkpoint.root()).map_err(|error| match error {
        ProofError::NoSuchPlace | ProofError::Backwards | ProofError::WrongLength | ProofError::OtherRoot => {
            Refusal::Inconsistent
        }
    })?;
    Ok(Cosign { signed })
}

#[cfg(test)]
mod tests;
