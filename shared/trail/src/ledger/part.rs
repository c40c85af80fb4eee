//! A part of a slot as it is stored: one JSON text a line, compressed.

use crate::entry::Entry;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use model::time::Time;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::io::{Read as _, Write as _};
use std::str::FromStr;

/// Largest part, compressed, in bytes: half of what an item of DynamoDB holds (400 KB), so that an update of entries in
/// place has room. Source: DynamoDB developer guide, "Constraints".
pub const LARGEST_PART: usize = 200 * 1024;

/// Largest part before compression, in bytes, and most that is ever unpacked: some 4,000 entries of usual length.
const LARGEST_UNPACKED: usize = 4 * 1024 * 1024;

/// How parts are written now.
const VERSION: u32 = 1;

/// Which part of which slot. Sorts by time; so does its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartKey {
    /// The beginning of the slot.
    pub slot: Time,
    /// The number of the part, from 0.
    pub part: u32,
}

impl fmt::Display for PartKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{:04}", self.slot, self.part)
    }
}

impl FromStr for PartKey {
    type Err = BadPart;
    fn from_str(text: &str) -> Result<Self, BadPart> {
        let (slot, part) = text.split_once('#').ok_or(BadPart::Key)?;
        let key = Self { slot: slot.parse().map_err(|_| BadPart::Key)?, part: part.parse().map_err(|_| BadPart::Key)? };
        if key.to_string() == text { Ok(key) } else { Err(BadPart::Key) }
    }
}

/// A part can't be written or read.
#[derive(Debug, thiserror::Error)]
pub enum BadPart {
    /// Not the key of a part.
    #[error("it is not the key of a part")]
    Key,
    /// It can't be compressed or unpacked.
    #[error("it can't be unpacked: {0}")]
    Packing(#[from] std::io::Error),
    /// It would be longer than any part that was written.
    #[error("it is longer than {LARGEST_UNPACKED} bytes")]
    TooLarge,
    /// A line of it can't be read.
    #[error("line {line} can't be read: {error}")]
    Line {
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        error: serde_json::Error,
    },
    /// It was written by a later version.
    #[error("it is of version {0}; this one reads {VERSION}")]
    Version(u32),
}

#[derive(Serialize, Deserialize)]
struct Head {
    version: u32,
}

/// The entries, compressed.
///
/// # Errors
/// If they can't be written, which memory lets happen only when it is gone.
pub fn encode(entries: &[Entry]) -> Result<Vec<u8>, BadPart> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(&lines(entries)?)?;
    Ok(packed.finish()?)
}

fn lines(entries: &[Entry]) -> Result<Vec<u8>, BadPart> {
    let wrong = |line, error| BadPart::Line { line, error };
    let mut text = serde_json::to_vec(&Head { version: VERSION }).map_err(|error| wrong(1, error))?;
    for (line, entry) in (2..).zip(entries) {
        text.push(b'\n');
        serde_json::to_writer(&mut text, entry).map_err(|error| wrong(line, error))?;
    }
    Ok(text)
}

/// The entries of a part.
///
/// # Errors
/// If it isn't one, or stands for more than any part that is written.
pub fn decode(packed: &[u8]) -> Result<Vec<Entry>, BadPart> {
    let mut text = Vec::new();
    let most = u64::try_from(LARGEST_UNPACKED).unwrap_or(u64::MAX);
    GzDecoder::new(packed).take(most.saturating_add(1)).read_to_end(&mut text)?;
    if text.len() > LARGEST_UNPACKED {
        return Err(BadPart::TooLarge);
    }
    let mut read = (1..).zip(text.split(|byte| *byte == b'\n'));
    let head = read.next().map_or(&[][..], |(_, head)| head);
    let head: Head = serde_json::from_slice(head).map_err(|error| BadPart::Line { line: 1, error })?;
    if head.version != VERSION {
        return Err(BadPart::Version(head.version));
    }
    read.map(|(line, text)| serde_json::from_slice(text).map_err(|error| BadPart::Line { line, error })).collect()
}

/// Entries in pieces that fit a part each, in their order.
pub(super) fn split(entries: Vec<Entry>) -> Vec<Vec<Entry>> {
    let fits = |entries: &[Entry]| {
        let Ok(text) = lines(entries) else { return false };
        // What is that short needn't be compressed to know; it can't become longer by more than a header.
        text.len() <= LARGEST_PART / 2
            || (text.len() <= LARGEST_UNPACKED && encode(entries).is_ok_and(|packed| packed.len() <= LARGEST_PART))
    };
    // One entry always fits: all its texts are bounded.
    if entries.len() <= 1 || fits(&entries) {
        return vec![entries];
    }
    let mut first = entries;
    let second = first.split_off(first.len().div_ceil(2));
    let mut pieces = split(first);
    pieces.extend(split(second));
    pieces
}
