//! The tree as files: C2SP tlog-tiles. Hash tiles of 256 hashes, entry bundles of 256 entries; what is full is never
//! written again, and what is not full has its width in its name.

mod grow;
mod read;

pub use grow::{File, GrowError, Growth, grow};
pub(crate) use read::{Nodes, tiles_over};
pub use read::{ReadError, TileReader, bundle, entry};

use crate::tree::{Hash, LARGEST_SIZE};
use std::fmt;

/// Hashes of a full tile, entries of a full bundle. Source: C2SP tlog-tiles, "Merkle Tree".
pub const WIDTH: u16 = 256;

/// Longest entry of a bundle, in bytes: its length is a number of 16 bits. Source: C2SP tlog-tiles, "Log entries".
pub const LONGEST_ENTRY: usize = 65_535;

/// Levels of tiles that a tree of [`LARGEST_SIZE`] has.
const LEVELS: u8 = 8;

/// What a tile holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Holds {
    /// Entries: it is a bundle.
    Entries,
    /// Hashes of this level: 0 is that of the leaves; each hash of a higher one stands for a full tile of the one below.
    Hashes(u8),
}

impl Holds {
    /// How many hashes of this level, or entries, a tree of `size` leaves has.
    fn of(self, size: u64) -> u64 {
        match self {
            Self::Entries => size,
            Self::Hashes(level) => size.checked_shr(u32::from(level).saturating_mul(8)).unwrap_or(0),
        }
    }
}

/// Which tile or bundle. As text, its path in the log's folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tile {
    holds: Holds,
    index: u64,
    width: u16,
}

impl Tile {
    /// The tile that holds these, at this place from the left, with `width` of its 256 places taken. `None` if no tree
    /// up to [`LARGEST_SIZE`] has it.
    pub fn new(holds: Holds, index: u64, width: u16) -> Option<Self> {
        let first = index.checked_mul(u64::from(WIDTH))?;
        let end = first.checked_add(u64::from(width))?;
        let fits = (1..=WIDTH).contains(&width) && end <= holds.of(LARGEST_SIZE);
        fits.then_some(Self { holds, index, width })
    }

    /// What it holds.
    pub const fn holds(&self) -> Holds {
        self.holds
    }

    /// Its place from the left among those of its level.
    pub const fn index(&self) -> u64 {
        self.index
    }

    /// How many of its 256 places are taken: from 1.
    pub const fn width(&self) -> u16 {
        self.width
    }

    /// If all its places are taken.
    pub const fn is_full(&self) -> bool {
        self.width == WIDTH
    }

    /// The same place when all of it is taken.
    fn filled(self) -> Self {
        Self { width: WIDTH, ..self }
    }

    /// As it is in a tree of `size` leaves; `None` if that one has nothing at this place.
    pub fn at(holds: Holds, index: u64, size: u64) -> Option<Self> {
        let first = index.checked_mul(u64::from(WIDTH))?;
        let rest = holds.of(size).checked_sub(first)?;
        Self::new(holds, index, u16::try_from(rest.min(u64::from(WIDTH))).ok()?)
    }

    /// Reads a path. `None` if it is that of no tile, or written in another way than [`Self`] writes it.
    pub fn parse(path: &str) -> Option<Self> {
        let rest = path.strip_prefix("tile/")?;
        let (level, rest) = rest.split_once('/')?;
        let holds = if level == "entries" { Holds::Entries } else { Holds::Hashes(level.parse().ok()?) };
        let (place, width) = match rest.split_once(".p/") {
            Some((place, width)) => (place, width.parse().ok()?),
            None => (rest, WIDTH),
        };
        // 62 bits are 19 digits: seven groups.
        let digits: String = place.split('/').take(8).map(|group| group.trim_start_matches('x')).collect();
        let tile = Self::new(holds, digits.parse().ok()?, width)?;
        // One spelling for each: what is written back is what was read.
        (tile.to_string() == path).then_some(tile)
    }
}

impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.holds {
            Holds::Entries => f.write_str("tile/entries")?,
            Holds::Hashes(level) => write!(f, "tile/{level}")?,
        }
        let mut groups = vec![format!("{:03}", self.index.checked_rem(1_000).unwrap_or(0))];
        let mut rest = self.index.checked_div(1_000).unwrap_or(0);
        while rest > 0 {
            groups.push(format!("x{:03}", rest.checked_rem(1_000).unwrap_or(0)));
            rest = rest.checked_div(1_000).unwrap_or(0);
        }
        for group in groups.iter().rev() {
            write!(f, "/{group}")?;
        }
        if self.is_full() { Ok(()) } else { write!(f, ".p/{}", self.width) }
    }
}

/// All levels of hashes, from the leaves up.
fn levels() -> impl DoubleEndedIterator<Item = u8> {
    0..LEVELS
}

/// What a tree that grows from `old` to `new` leaves adds: every bundle and tile that has more in it than before. One by
/// one: `new` may be what somebody else says.
pub fn written(old: u64, new: u64) -> impl Iterator<Item = Tile> {
    let holds = std::iter::once(Holds::Entries).chain(levels().map(Holds::Hashes));
    holds.flat_map(move |holds| {
        let (before, after) = (holds.of(old), holds.of(new));
        let first = before.checked_div(u64::from(WIDTH)).unwrap_or(0);
        let end = if after > before { after.div_ceil(u64::from(WIDTH)) } else { first };
        (first..end).filter_map(move |index| Tile::at(holds, index, new))
    })
}

/// What is not full at the right edge of a tree of `size` leaves, of entries and of each level: what [`grow`] reads.
pub fn edge(size: u64) -> Vec<Tile> {
    let holds = std::iter::once(Holds::Entries).chain(levels().map(Holds::Hashes));
    let last = |holds: Holds| Tile::at(holds, holds.of(size).checked_div(u64::from(WIDTH))?, size);
    holds.filter_map(last).collect()
}

/// A tile's or bundle's bytes are not what they have to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the bytes are not those of a tile of this width")]
pub struct NotATile;

/// The bytes of a hash tile.
pub fn encode_hashes(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(Hash::as_bytes).copied().collect()
}

/// Reads a hash tile of this width.
///
/// # Errors
/// It has another length.
pub fn decode_hashes(bytes: &[u8], width: u16) -> Result<Vec<Hash>, NotATile> {
    let (hashes, rest) = bytes.as_chunks();
    if !rest.is_empty() || hashes.len() != usize::from(width) {
        return Err(NotATile);
    }
    Ok(hashes.iter().copied().map(Hash::new).collect())
}

/// An entry is longer than [`LONGEST_ENTRY`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an entry has {length} bytes; at most {LONGEST_ENTRY} are taken")]
pub struct EntryTooLong {
    /// Its length, in bytes.
    pub length: usize,
}

/// Writes an entry to the end of a bundle.
///
/// # Errors
/// It is too long; nothing is written.
pub fn encode_entry(entry: &[u8], bundle: &mut Vec<u8>) -> Result<(), EntryTooLong> {
    let length = u16::try_from(entry.len()).map_err(|_| EntryTooLong { length: entry.len() })?;
    bundle.extend_from_slice(&length.to_be_bytes());
    bundle.extend_from_slice(entry);
    Ok(())
}

/// Reads a bundle of this width.
///
/// # Errors
/// It holds more or fewer entries, or ends within one.
pub fn decode_entries(bundle: &[u8], width: u16) -> Result<Vec<&[u8]>, NotATile> {
    let mut rest = bundle;
    let mut entries = Vec::with_capacity(usize::from(width));
    while let Some((length, after)) = rest.split_first_chunk() {
        let (entry, after) = after.split_at_checked(usize::from(u16::from_be_bytes(*length))).ok_or(NotATile)?;
        entries.push(entry);
        rest = after;
    }
    let whole = rest.is_empty() && entries.len() == usize::from(width);
    whole.then_some(entries).ok_or(NotATile)
}

#[cfg(test)]
mod tests;
