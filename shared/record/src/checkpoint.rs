//! Checkpoints: the signed statement of a log's size and root. C2SP tlog-checkpoint.

use crate::note::{Kind, Note, NoteError, VerifierKey};
use crate::tree::{Hash, LARGEST_SIZE};
use std::fmt;

/// Longest origin, in bytes. Source: C2SP tlog-cosignature, whose newer form counts its bytes with 8 bits.
const LONGEST_ORIGIN: usize = 255;

/// A log's size and root. As text, what is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    origin: String,
    size: u64,
    root: Hash,
    /// Lines after the third, of logs of others; ours have none.
    extensions: Vec<String>,
}

/// The text is not that of a checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a checkpoint: expected origin, size and root, each on its line")]
pub struct NotACheckpoint;

impl Checkpoint {
    /// Of the log of this origin, with so many leaves and that root.
    ///
    /// # Errors
    /// No log can have that origin or that size, or a tree without leaves another root than its own.
    pub fn new(origin: &str, size: u64, root: Hash) -> Result<Self, NotACheckpoint> {
        let named = (1..=LONGEST_ORIGIN).contains(&origin.len()) && !origin.chars().any(char::is_control);
        if !named || size > LARGEST_SIZE {
            return Err(NotACheckpoint);
        }
        Ok(Self { origin: origin.to_owned(), size, root, extensions: Vec::new() })
    }

    /// Reads the text of a note.
    ///
    /// # Errors
    /// It is not that of a checkpoint, or has another spelling of it.
    pub fn parse(text: &str) -> Result<Self, NotACheckpoint> {
        let mut lines = text.strip_suffix('\n').ok_or(NotACheckpoint)?.split('\n');
        let mut line = || lines.next().ok_or(NotACheckpoint);
        let (origin, size, root) = (line()?, line()?, line()?);
        let root = Hash::from_base64(root).map_err(|_| NotACheckpoint)?;
        let mut read = Self::new(origin, size.parse().map_err(|_| NotACheckpoint)?, root)?;
        read.extensions = lines.map(str::to_owned).collect();
        let spelled = !read.extensions.iter().any(String::is_empty) && read.to_string() == text;
        spelled.then_some(read).ok_or(NotACheckpoint)
    }

    /// Which log.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// How many leaves it has.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The root over them.
    pub const fn root(&self) -> &Hash {
        &self.root
    }

    /// The lines after the third.
    pub fn extensions(&self) -> &[String] {
        &self.extensions
    }

    /// The note to be signed.
    ///
    /// # Errors
    /// It is too long, which one of [`Self::new`] never is.
    pub fn note(&self) -> Result<Note, NoteError> {
        Note::new(self.to_string())
    }
}

/// The text that is signed, ends of lines and all.
impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{}\n{}\n", self.origin, self.size, self.root.to_base64())?;
        self.extensions.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

/// A checkpoint that its log signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint {
    /// What it says.
    pub checkpoint: Checkpoint,
    /// The note it came in, all signatures with it.
    pub note: Note,
    /// The keys of the log that signed it: at least one.
    pub by: Vec<VerifierKey>,
    /// The witnesses that vouch for it.
    pub cosigned: Vec<Cosigned>,
}

/// That a witness vouches for a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cosigned {
    /// The witness's key.
    pub key: VerifierKey,
    /// When, in seconds of POSIX, by its own clock.
    pub time: u64,
}

/// A checkpoint that is not to be believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Its note is not one, or a signature in it is wrong.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// Its text is not that of a checkpoint.
    #[error(transparent)]
    Text(#[from] NotACheckpoint),
    /// Of the log's keys that are known only one signed it that was retired before.
    #[error(
        "it is of more leaves than the {until} that the retired key of the log {origin} speaks for, and no other signed it"
    )]
    Retired {
        /// The log it is of.
        origin: String,
        /// For how many leaves that key speaks.
        until: u64,
    },
    /// Keys that are known signed it, but none of the log that it is of.
    #[error("no key of the log {origin} signed it")]
    NotByItsLog {
        /// The log it says it is of.
        origin: String,
    },
}

impl OpenError {
    /// A stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Note(NoteError::Malformed | NoteError::TooLong) | Self::Text(_) => "malformed_checkpoint",
            Self::Note(NoteError::Forged { .. }) => "forged_signature",
            Self::Note(NoteError::NoneKnown) | Self::NotByItsLog { .. } => "unknown_signer",
            Self::Retired { .. } => "retired_key",
        }
    }
}

/// Reads a signed checkpoint. `keys` are those that are trusted: a log's key has its origin as name. Of a log whose key is
/// being changed two may sign, and either is enough.
///
/// # Errors
/// It is not one, or its log did not sign it.
pub fn open(bytes: &[u8], keys: &[VerifierKey]) -> Result<SignedCheckpoint, OpenError> {
    let note = Note::parse(bytes)?;
    let checkpoint = Checkpoint::parse(note.text())?;
    let (mut by, mut cosigned, mut retired) = (Vec::new(), Vec::new(), None);
    for signed in note.verify(keys)? {
        match (signed.key.kind(), signed.time) {
            (Kind::Cosignature, Some(time)) => cosigned.push(Cosigned { key: signed.key.clone(), time }),
            (Kind::Ed25519, None) if signed.key.name() == checkpoint.origin() => match signed.key.retired_at() {
                Some(until) if !signed.key.speaks_for(checkpoint.size()) => retired = retired.max(Some(until)),
                Some(_) | None => by.push(signed.key.clone()),
            },
            // A key of another log: it can't speak for this one.
            (Kind::Ed25519 | Kind::Cosignature, _) => {}
        }
    }
    if by.is_empty() {
        let origin = checkpoint.origin;
        return Err(match retired {
            Some(until) => OpenError::Retired { origin, until },
            None => OpenError::NotByItsLog { origin },
        });
    }
    Ok(SignedCheckpoint { checkpoint, note, by, cosigned })
}

#[cfg(test)]
mod tests;
