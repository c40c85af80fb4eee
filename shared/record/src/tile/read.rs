//! Reading tiles: of whatever has them by their paths.

use super::{Holds, NotATile, Tile, decode_entries, decode_hashes};
use crate::tree::{self, Edge, Hash};
use std::collections::BTreeMap;
use std::convert::Infallible;

/// What has the log's files.
pub trait TileReader {
    /// Why a file that may be there could not be read.
    type Error;

    /// The file at this path, from the log's folder on; `None` if there is none.
    ///
    /// # Errors
    /// It can't be told, or not be read.
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, Self::Error>;
}

impl TileReader for BTreeMap<String, Vec<u8>> {
    type Error = Infallible;
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, Infallible> {
        Ok(self.get(path).cloned())
    }
}

impl<R: TileReader> TileReader for &R {
    type Error = R::Error;
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, R::Error> {
        (*self).read(path)
    }
}

/// A tile that is needed is not to be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError<E> {
    /// The reader failed.
    #[error("can't read {path}")]
    Reader {
        /// Which file.
        path: String,
        /// Why.
        source: E,
    },
    /// It is not there.
    #[error("{path} is missing")]
    Missing {
        /// Which file.
        path: String,
    },
    /// Its bytes are not those of a tile of its width.
    #[error("{path} is not a tile of its width")]
    Malformed {
        /// Which file.
        path: String,
    },
    /// The tree has no such place.
    #[error("a tree of {size} leaves has no such place")]
    NoSuchPlace {
        /// The tree's leaves.
        size: u64,
    },
}

/// The bytes of a tile and the width they are of. Where one that is not full was cleaned away, the full one serves.
/// Source: C2SP tlog-tiles, "Partial Tiles".
fn bytes<R: TileReader>(reader: &R, tile: Tile) -> Result<(Vec<u8>, Tile), ReadError<R::Error>> {
    let wanted = [tile, tile.filled()];
    for tile in wanted.into_iter().take(if tile.is_full() { 1 } else { 2 }) {
        let path = tile.to_string();
        match reader.read(&path) {
            Ok(Some(bytes)) => return Ok((bytes, tile)),
            Ok(None) => {}
            Err(source) => return Err(ReadError::Reader { path, source }),
        }
    }
    Err(ReadError::Missing { path: tile.to_string() })
}

fn malformed<E>(tile: Tile) -> impl FnOnce(NotATile) -> ReadError<E> {
    move |NotATile| ReadError::Malformed { path: tile.to_string() }
}

/// The hashes of a hash tile.
pub(super) fn hashes<R: TileReader>(reader: &R, tile: Tile) -> Result<Vec<Hash>, ReadError<R::Error>> {
    let (bytes, found) = bytes(reader, tile)?;
    let mut hashes = decode_hashes(&bytes, found.width()).map_err(malformed(found))?;
    hashes.truncate(usize::from(tile.width()));
    Ok(hashes)
}

/// The entries of a bundle: nothing is proven.
///
/// # Errors
/// It can't be read, or is one of hashes.
pub fn bundle<R: TileReader>(reader: &R, tile: Tile) -> Result<Vec<Vec<u8>>, ReadError<R::Error>> {
    let (bytes, found) = bytes(reader, tile)?;
    let entries = decode_entries(&bytes, found.width()).map_err(malformed(found))?;
    Ok(entries.into_iter().take(usize::from(tile.width())).map(<[u8]>::to_vec).collect())
}

/// The bytes of the entry at `index`, from 0, of a log of `size` entries, as its bundle has them: nothing is proven.
///
/// # Errors
/// There is none, or its bundle can't be read.
pub fn entry<R: TileReader>(reader: &R, index: u64, size: u64) -> Result<Vec<u8>, ReadError<R::Error>> {
    let nowhere = || ReadError::NoSuchPlace { size };
    let place = usize::try_from(index & 0xff).map_err(|_| nowhere())?;
    let tile = Tile::at(Holds::Entries, index >> 8, size).ok_or_else(nowhere)?;
    bundle(reader, tile)?.into_iter().nth(place).ok_or_else(nowhere)
}

/// A full part of the tree: the leaves `[index << height, (index + 1) << height)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Part {
    height: u32,
    index: u64,
}

/// The full parts that lie beside each other in `[start, end)`, the largest first. `start` is at a place where parts at
/// least as large as the largest of them begin, as is so of everything that proofs are made of.
fn parts(start: u64, end: u64) -> Vec<Part> {
    let mut found = Vec::new();
    let mut at = start;
    while let Some(height) = end.checked_sub(at).and_then(u64::checked_ilog2) {
        found.push(Part { height, index: at >> height });
        at = at.saturating_add(1 << height);
    }
    found
}

/// The hashes of a tree's parts, from its tiles. Each tile is read once.
#[derive(Debug)]
pub(crate) struct Nodes<'r, R> {
    reader: &'r R,
    size: u64,
    kept: BTreeMap<Tile, Vec<Hash>>,
}

impl<'r, R: TileReader> Nodes<'r, R> {
    /// Of a tree of `size` leaves.
    pub(crate) fn new(reader: &'r R, size: u64) -> Self {
        Self { reader, size, kept: BTreeMap::new() }
    }

    /// The hash over the leaves `[start, end)`, which is a part as proofs name them.
    pub(crate) fn over(&mut self, start: u64, end: u64) -> Result<Hash, ReadError<R::Error>> {
        let hashes = parts(start, end).into_iter().map(|part| self.part(part)).collect::<Result<Vec<_>, _>>()?;
        Ok(tree::join(&hashes).unwrap_or(Hash::EMPTY))
    }

    fn part(&mut self, part: Part) -> Result<Hash, ReadError<R::Error>> {
        let nowhere = || ReadError::NoSuchPlace { size: self.size };
        let places = part_in_tile(part, self.size).ok_or_else(nowhere)?;
        let hashes = match self.kept.entry(places.tile) {
            std::collections::btree_map::Entry::Occupied(kept) => kept.into_mut(),
            std::collections::btree_map::Entry::Vacant(free) => free.insert(hashes(self.reader, places.tile)?),
        };
        let under = hashes.get(places.first..places.end).ok_or(ReadError::NoSuchPlace { size: self.size })?;
        let mut edge = Edge::EMPTY;
        for hash in under {
            // What is in a tile already counts as leaf here: a full part has a root of the same form.
            let _ = edge.append(*hash);
        }
        Ok(edge.root())
    }
}

/// Where in which tile a part's hashes are.
#[derive(Debug, Clone, Copy)]
struct Places {
    tile: Tile,
    first: usize,
    end: usize,
}

fn part_in_tile(part: Part, size: u64) -> Option<Places> {
    let level = u8::try_from(part.height >> 3).ok()?;
    let within = part.height & 7;
    let first = part.index.checked_shl(within)?;
    let tile = Tile::at(Holds::Hashes(level), first >> 8, size)?;
    let first = usize::try_from(first & 0xff).ok()?;
    Some(Places { tile, first, end: first.checked_add(1 << within)? })
}

/// The tiles that have the hashes over `[start, end)` in a tree of `size` leaves.
pub(crate) fn tiles_over(start: u64, end: u64, size: u64) -> Vec<Tile> {
    parts(start, end).into_iter().filter_map(|part| Some(part_in_tile(part, size)?.tile)).collect()
}
