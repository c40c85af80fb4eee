//! Appending to a tree in tiles: from its right edge and the next entries, the files that are to be written.

use super::read::{self, ReadError, TileReader};
use super::{EntryTooLong, Holds, Tile, WIDTH, encode_entry, encode_hashes, levels};
use crate::tree::{Edge, Full, Hash, leaf};

/// A file of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Which one.
    pub tile: Tile,
    /// Its content, for ever.
    pub bytes: Vec<u8>,
}

/// What a tree becomes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Growth {
    /// Its edge, and with it its size and root.
    pub edge: Edge,
    /// What is to be written before anybody is told of that root. The same entries after the same tree give the same
    /// files, so writing them twice changes nothing.
    pub files: Vec<File>,
}

/// A tree can't grow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GrowError<E> {
    /// Its right edge can't be read.
    #[error(transparent)]
    Read(#[from] ReadError<E>),
    /// The tiles at its edge are those of another tree: somebody changed them, or it was another's.
    #[error("the tiles at the edge give another root than that of the tree")]
    OtherRoot,
    /// The last bundle holds other entries than the tiles have hashes of.
    #[error("the last bundle has other entries than the tiles have hashes of")]
    OtherEntries,
    /// An entry is too long.
    #[error(transparent)]
    EntryTooLong(#[from] EntryTooLong),
    /// There is no room.
    #[error(transparent)]
    Full(#[from] Full),
}

/// Appends `entries` to the tree of `size` leaves and `root`. Nothing of its edge is believed that does not give that
/// root.
///
/// # Errors
/// See [`GrowError`].
pub fn grow<R: TileReader, E: AsRef<[u8]>>(
    reader: &R,
    size: u64,
    root: &Hash,
    entries: &[E],
) -> Result<Growth, GrowError<R::Error>> {
    let mut rim = Rim::read(reader, size, root)?;
    let mut files = Vec::new();
    for entry in entries {
        rim.append(entry.as_ref(), &mut files)?;
    }
    rim.rest(size, &mut files);
    Ok(Growth { edge: rim.edge, files })
}

/// What is not full at the right edge.
struct Rim {
    edge: Edge,
    /// Of each level, from the leaves up.
    hashes: Vec<Vec<Hash>>,
    bundle: Vec<u8>,
}

impl Rim {
    fn read<R: TileReader>(reader: &R, size: u64, root: &Hash) -> Result<Self, GrowError<R::Error>> {
        let mut rim = Self { edge: Edge::EMPTY, hashes: Vec::new(), bundle: Vec::new() };
        for level in levels() {
            let holds = Holds::Hashes(level);
            let last = Tile::at(holds, holds.of(size) >> 8, size);
            rim.hashes.push(last.map(|tile| read::hashes(reader, tile)).transpose()?.unwrap_or_default());
        }
        // The parts within a tile, the largest first, as those of a tree of their own: its edge.
        let mut peaks = Vec::new();
        for hashes in rim.hashes.iter().rev() {
            let mut within = Edge::EMPTY;
            for hash in hashes {
                within.append(*hash)?;
            }
            peaks.extend_from_slice(within.peaks());
        }
        rim.edge = Edge::new(size, peaks).filter(|edge| edge.root() == *root).ok_or(GrowError::OtherRoot)?;
        if let Some(tile) = Tile::at(Holds::Entries, size >> 8, size) {
            let mut found = Vec::new();
            for entry in read::bundle(reader, tile)? {
                encode_entry(&entry, &mut rim.bundle)?;
                found.push(leaf(&entry));
            }
            if rim.hashes.first() != Some(&found) {
                return Err(GrowError::OtherEntries);
            }
        }
        Ok(rim)
    }

    fn append<E>(&mut self, entry: &[u8], files: &mut Vec<File>) -> Result<(), GrowError<E>> {
        encode_entry(entry, &mut self.bundle)?;
        let hash = leaf(entry);
        self.edge.append(hash)?;
        let size = self.edge.size();
        let mut next = Some(hash);
        for (level, hashes) in levels().zip(&mut self.hashes) {
            let Some(hash) = next.take() else { break };
            hashes.push(hash);
            if hashes.len() < usize::from(WIDTH) {
                break;
            }
            let holds = Holds::Hashes(level);
            if level == 0 {
                let bundle = std::mem::take(&mut self.bundle);
                files.extend(file(Holds::Entries, size, bundle));
            }
            let full = std::mem::take(hashes);
            files.extend(file(holds, size, encode_hashes(&full)));
            let mut within = Edge::EMPTY;
            for hash in full {
                within.append(hash)?;
            }
            next = Some(within.root());
        }
        Ok(())
    }

    /// What has more in it than before, and is not full.
    fn rest(&mut self, old: u64, files: &mut Vec<File>) {
        let size = self.edge.size();
        if size > old && !self.bundle.is_empty() {
            files.extend(file(Holds::Entries, size, std::mem::take(&mut self.bundle)));
        }
        for (level, hashes) in levels().zip(&self.hashes) {
            let holds = Holds::Hashes(level);
            if holds.of(size) > holds.of(old) && !hashes.is_empty() {
                files.extend(file(holds, size, encode_hashes(hashes)));
            }
        }
    }
}

/// The last one in a tree of `size` leaves that has something in it.
fn file(holds: Holds, size: u64, bytes: Vec<u8>) -> Option<File> {
    let index = holds.of(size).checked_sub(1)? >> 8;
    Some(File { tile: Tile::at(holds, index, size)?, bytes })
}
