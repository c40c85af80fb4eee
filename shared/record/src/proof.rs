//! Proofs about a tree: that it holds an entry, and that it goes on from an earlier one. RFC 6962 sections 2.1.1 and
//! 2.1.2; they are checked as RFC 9162 sections 2.1.3.2 and 2.1.4.2 say.

mod file;

pub use file::{Checked, FileError, LONGEST_PROOF, TlogProof};

use crate::tile::{Nodes, ReadError, Tile, TileReader, tiles_over};
use crate::tree::{Hash, LARGEST_SIZE, node};

/// A proof does not hold, or can't be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The tree has no such place, or is larger than any can be.
    #[error("the tree has no such place")]
    NoSuchPlace,
    /// The earlier tree is the larger one.
    #[error("the earlier tree is larger than the later one")]
    Backwards,
    /// It has too few or too many hashes for these places.
    #[error("the proof has too few or too many hashes")]
    WrongLength,
    /// It leads to another root: something was changed.
    #[error("the proof leads to another root")]
    OtherRoot,
}

/// That the entry at `index` is in a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inclusion {
    /// The entry's place, from 0.
    pub index: u64,
    /// How many leaves the tree has.
    pub size: u64,
    /// The hashes beside the way from the leaf up to the root.
    pub path: Vec<Hash>,
}

/// That a tree begins with all of an earlier one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consistency {
    /// How many leaves the earlier tree has.
    pub old: u64,
    /// How many the later one has.
    pub new: u64,
    /// The hashes from which both roots follow.
    pub path: Vec<Hash>,
}

/// Leaves from the first up to, but without, the second.
type Range = (u64, u64);

/// The largest power of two below `count`, where a tree of `count` leaves, at least two, is divided.
fn split(count: u64) -> u64 {
    count.saturating_sub(1).checked_ilog2().map_or(0, |height| 1 << height)
}

/// What stands beside the way to the leaf at `index`, from the leaf up.
fn beside_leaf(index: u64, size: u64) -> Result<Vec<Range>, ProofError> {
    if index >= size || size > LARGEST_SIZE {
        return Err(ProofError::NoSuchPlace);
    }
    let (mut first, mut end) = (0_u64, size);
    let mut found = Vec::new();
    while end.saturating_sub(first) > 1 {
        let middle = first.saturating_add(split(end.saturating_sub(first)));
        if index < middle {
            found.push((middle, end));
            end = middle;
        } else {
            found.push((first, middle));
            first = middle;
        }
    }
    found.reverse();
    Ok(found)
}

/// What a tree of `new` leaves proves by that it goes on from one of `old`.
fn between(old: u64, new: u64) -> Result<Vec<Range>, ProofError> {
    if new > LARGEST_SIZE {
        return Err(ProofError::NoSuchPlace);
    }
    if old > new {
        return Err(ProofError::Backwards);
    }
    let mut found = Vec::new();
    if old == 0 || old == new {
        return Ok(found);
    }
    let (mut first, mut end) = (0_u64, new);
    while old != end {
        let middle = first.saturating_add(split(end.saturating_sub(first)));
        if old <= middle {
            found.push((middle, end));
            end = middle;
        } else {
            found.push((first, middle));
            first = middle;
        }
    }
    // Who checks knows the old root: the part that is all of the old tree is not told again.
    if first > 0 {
        found.push((first, end));
    }
    found.reverse();
    Ok(found)
}

fn read<R: TileReader>(reader: &R, size: u64, ranges: &[Range]) -> Result<Vec<Hash>, ReadError<R::Error>> {
    let mut nodes = Nodes::new(reader, size);
    ranges.iter().map(|(first, end)| nodes.over(*first, *end)).collect()
}

fn tiles(size: u64, ranges: Result<Vec<Range>, ProofError>) -> Vec<Tile> {
    let over = |(first, end): Range| tiles_over(first, end, size);
    let mut tiles: Vec<Tile> = ranges.unwrap_or_default().into_iter().flat_map(over).collect();
    tiles.sort_unstable();
    tiles.dedup();
    tiles
}

/// One step towards the root: if the hash beside the way stands to its left.
struct Steps {
    place: u64,
    last: u64,
}

impl Steps {
    /// The next step of the way from `place` in a tree whose rightmost place is `last`; `None` if it is at the root.
    fn next(&mut self) -> Option<bool> {
        if self.last == 0 {
            return None;
        }
        let left = self.place & 1 == 1 || self.place == self.last;
        if left {
            // The rightmost part of a tree that is not full stands alone on some levels.
            let alone = self.place.trailing_zeros().min(63);
            self.place >>= alone;
            self.last >>= alone;
        }
        self.place >>= 1;
        self.last >>= 1;
        Some(left)
    }
}

impl Inclusion {
    /// Makes the proof from the tree's tiles. It is as true as they are: check it.
    ///
    /// # Errors
    /// There is no such entry, or a tile can't be read.
    pub fn read<R: TileReader>(reader: &R, index: u64, size: u64) -> Result<Self, ReadError<R::Error>> {
        Self::read_within(reader, index, size, size)
    }

    /// The same from the tiles of the tree that has grown to `there` leaves since: the narrower ones that the tree of
    /// `size` had may be gone, or never have been copied.
    ///
    /// # Errors
    /// There is no such entry, the tree has not grown so far, or a tile can't be read.
    pub fn read_within<R: TileReader>(
        reader: &R,
        index: u64,
        size: u64,
        there: u64,
    ) -> Result<Self, ReadError<R::Error>> {
        let ranges = beside_leaf(index, size).map_err(|_| ReadError::NoSuchPlace { size })?;
        if size > there {
            return Err(ReadError::NoSuchPlace { size: there });
        }
        Ok(Self { index, size, path: read(reader, there, &ranges)? })
    }

    /// The tiles that [`Self::read`] reads; none if there is no such entry.
    pub fn tiles(index: u64, size: u64) -> Vec<Tile> {
        tiles(size, beside_leaf(index, size))
    }

    /// The root that the tree must have if the leaf of this hash is at the proof's place.
    ///
    /// # Errors
    /// It is no proof for such a place.
    pub fn root(&self, leaf: &Hash) -> Result<Hash, ProofError> {
        if self.index >= self.size || self.size > LARGEST_SIZE {
            return Err(ProofError::NoSuchPlace);
        }
        let mut steps = Steps { place: self.index, last: self.size.saturating_sub(1) };
        let mut root = *leaf;
        for beside in &self.path {
            let left = steps.next().ok_or(ProofError::WrongLength)?;
            root = if left { node(beside, &root) } else { node(&root, beside) };
        }
        if steps.last != 0 {
            return Err(ProofError::WrongLength);
        }
        Ok(root)
    }

    /// Checks that the leaf of this hash is at the proof's place in the tree of this root.
    ///
    /// # Errors
    /// It is not proven.
    pub fn check(&self, leaf: &Hash, root: &Hash) -> Result<(), ProofError> {
        if self.root(leaf)? == *root { Ok(()) } else { Err(ProofError::OtherRoot) }
    }
}

impl Consistency {
    /// Makes the proof from the later tree's tiles. It is as true as they are: check it.
    ///
    /// # Errors
    /// The earlier tree is the larger one, or a tile can't be read.
    pub fn read<R: TileReader>(reader: &R, old: u64, new: u64) -> Result<Self, ReadError<R::Error>> {
        let ranges = between(old, new).map_err(|_| ReadError::NoSuchPlace { size: new })?;
        Ok(Self { old, new, path: read(reader, new, &ranges)? })
    }

    /// The tiles that [`Self::read`] reads; none if the earlier tree is the larger one.
    pub fn tiles(old: u64, new: u64) -> Vec<Tile> {
        tiles(new, between(old, new))
    }

    /// Checks that the tree of `new_root` begins with all of that of `old_root`. Every tree goes on from the one
    /// without leaves.
    ///
    /// # Errors
    /// It is not proven.
    pub fn check(&self, old_root: &Hash, new_root: &Hash) -> Result<(), ProofError> {
        // Refuses what no tree can be.
        between(self.old, self.new)?;
        if self.old == 0 || self.old == self.new {
            let known = if self.old == self.new { old_root == new_root } else { *old_root == Hash::EMPTY };
            return match (self.path.is_empty(), known) {
                (false, _) => Err(ProofError::WrongLength),
                (true, false) => Err(ProofError::OtherRoot),
                (true, true) => Ok(()),
            };
        }
        let (mut place, mut last) = (self.old.saturating_sub(1), self.new.saturating_sub(1));
        let full = place.trailing_ones().min(63);
        place >>= full;
        last >>= full;
        // An old tree that is full is a part of the new one: where the way begins.
        let begins = if self.old.is_power_of_two() { Some(old_root) } else { None };
        let mut path = begins.into_iter().chain(&self.path);
        let mut old = *path.next().ok_or(ProofError::WrongLength)?;
        let mut new = old;
        let mut steps = Steps { place, last };
        for beside in path {
            if steps.next().ok_or(ProofError::WrongLength)? {
                old = node(beside, &old);
                new = node(beside, &new);
            } else {
                new = node(&new, beside);
            }
        }
        if steps.last != 0 {
            return Err(ProofError::WrongLength);
        }
        if old == *old_root && new == *new_root { Ok(()) } else { Err(ProofError::OtherRoot) }
    }
}

#[cfg(test)]
mod tests;
