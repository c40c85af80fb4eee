//! The log, from its first leaf to its last: the tree is built anew from the entries, and every checkpoint and every hash
//! tile is held against it.

use crate::checkpoints::{Checkpoints, OWN, Seen};
use crate::codes::Code;
use crate::entry::Entry;
use crate::finding::{At, Found};
use crate::folder::Folder;
use crate::streams::Streams;
use crate::table::Table;
use crate::timing::Timing;
use record::tile::{Holds, Tile, WIDTH, decode_entries, decode_hashes, written};
use record::tree::{Edge, Hash, leaf, node};
use std::collections::BTreeSet;

/// Where the log lies in the folder.
const LOG: &str = "log/";

/// What everything else is judged by.
pub(crate) struct Walk<'a, F: Folder> {
    pub(crate) folder: &'a F,
    pub(crate) checkpoints: &'a Checkpoints,
    pub(crate) table: &'a mut Table,
    pub(crate) streams: &'a mut Streams,
    pub(crate) timing: &'a mut Timing,
    pub(crate) found: &'a mut Found,
}

impl<F: Folder> Walk<'_, F> {
    /// Reads every leaf, in order, bundle by bundle.
    pub(crate) fn go(mut self) -> Result<(), F::Error> {
        let own = self.checkpoints.own.clone();
        let largest = own.as_ref().or(self.checkpoints.others.last());
        let said = largest.map_or(0, |seen| seen.size);
        let there: BTreeSet<String> = self.folder.list("log/tile/")?.into_iter().collect();
        // Whoever signs says how many there are; the work is bounded by what is there.
        let most = u64::try_from(there.len()).unwrap_or(u64::MAX).saturating_mul(u64::from(WIDTH));
        let size = said.min(most);
        let mut edge = Edge::EMPTY;
        let mut hashes: Vec<Hash> = Vec::new();
        let checkpoints = self.checkpoints;
        let mut waiting = checkpoints.others.iter().peekable();
        let mut index = 0_u64;
        self.hold(&mut waiting, &edge);
        while index < size {
            let bundle = index.checked_div(u64::from(WIDTH)).unwrap_or(0);
            let Some(tile) = Tile::at(Holds::Entries, bundle, said) else { break };
            for read in self.bundle(tile, &there)? {
                let hash = match &read {
                    Read::Entry(bytes) => {
                        self.entry(index, bytes)?;
                        leaf(bytes)
                    }
                    Read::Hash(hash) => *hash,
                };
                hashes.push(hash);
                if edge.append(hash).is_err() {
                    return Ok(());
                }
                index = edge.size();
                self.hold(&mut waiting, &edge);
            }
        }
        if let Some(tile) = Tile::at(Holds::Entries, size >> 8, said).filter(|_| size < said) {
            let at = At { index: Some(size), ..At::path(&format!("{LOG}{tile}")) };
            let sentence = format!("The entries from here on are missing, up to {said}.");
            self.found.add(Code::BundleMissing, at, sentence);
        }
        self.found.figures.size = edge.size();
        self.found.figures.root = edge.root().to_string();
        if let Some(own) = own.filter(|own| own.root != edge.root()) {
            let sentence =
                format!("The {} entries give the root {}; the log signed {}.", edge.size(), edge.root(), own.root);
            self.found.add(Code::RootMismatch, At::path(OWN), sentence);
        }
        self.tiles(hashes, size, &there)
    }

    /// Holds the checkpoints of the size that is reached against the tree.
    fn hold<'s>(&mut self, waiting: &mut std::iter::Peekable<impl Iterator<Item = &'s Seen>>, edge: &Edge) {
        while let Some(seen) = waiting.next_if(|seen| seen.size <= edge.size()) {
            if seen.root != edge.root() {
                let sentence = format!("The first {} entries are not those that it was made of.", seen.size);
                let index = seen.size.checked_sub(1);
                self.found.add(Code::Inconsistent, At { index, ..At::path(&seen.path) }, sentence);
            }
        }
    }

    /// One leaf.
    fn entry(&mut self, index: u64, bytes: &[u8]) -> Result<(), F::Error> {
        match Entry::read(bytes) {
            Ok(entry) => {
                self.timing.take(index, entry.at, self.found);
                self.streams.take(&entry, bytes, index, self.found);
                self.table.compare(self.folder, &entry, bytes, index, self.found)
            }
            Err(why) => {
                self.found.add(Code::NotAnEntry, At::index(index), format!("The leaf is no entry: {why}."));
                Ok(())
            }
        }
    }

    /// The entries of a bundle, or, if it can't be read, the hashes of its tile.
    fn bundle(&mut self, tile: Tile, there: &BTreeSet<String>) -> Result<Vec<Read>, F::Error> {
        let width = usize::from(tile.width());
        let first = tile.index().saturating_mul(u64::from(WIDTH));
        let at = At { index: Some(first), ..At::path(&format!("{LOG}{tile}")) };
        match self.wide(tile, there)? {
            None => self.found.add(Code::BundleMissing, at, "The entries from here on are missing."),
            Some((wide, bytes)) => match decode_entries(&bytes, wide.width()) {
                Ok(entries) => {
                    return Ok(entries.into_iter().take(width).map(|entry| Read::Entry(entry.to_vec())).collect());
                }
                Err(_) => self.found.add(Code::BundleMalformed, at, "The entries from here on can't be read."),
            },
        }
        let level = Tile::new(Holds::Hashes(0), tile.index(), tile.width());
        let hashes = match level.map(|level| self.wide(level, there)).transpose()?.flatten() {
            Some((wide, bytes)) => decode_hashes(&bytes, wide.width()).unwrap_or_default(),
            None => Vec::new(),
        };
        let unknown = std::iter::repeat(Hash::new([0; 32]));
        Ok(hashes.into_iter().chain(unknown).take(width).map(Read::Hash).collect())
    }

    /// A tile or bundle of at least this width.
    fn wide(&self, tile: Tile, there: &BTreeSet<String>) -> Result<Option<(Tile, Vec<u8>)>, F::Error> {
        for width in tile.width()..=WIDTH {
            let wide = Tile::new(tile.holds(), tile.index(), width);
            let path = wide.map(|wide| format!("{LOG}{wide}")).unwrap_or_default();
            if let (Some(wide), true) = (wide, there.contains(&path)) {
                return Ok(self.folder.read(&path)?.map(|bytes| (wide, bytes)));
            }
        }
        Ok(None)
    }

    /// Holds every tile, and every other copy of a bundle, against the leaves' hashes.
    fn tiles(mut self, leaves: Vec<Hash>, size: u64, there: &BTreeSet<String>) -> Result<(), F::Error> {
        for tile in written(0, size) {
            let is_there = |width| {
                Tile::new(tile.holds(), tile.index(), width).is_some_and(|wide| there.contains(&format!("{LOG}{wide}")))
            };
            // That of a missing bundle was found when it was to be read.
            if tile.holds() != Holds::Entries && !(tile.width()..=WIDTH).any(is_there) {
                let index = leaves_before(tile.holds(), tile.index().saturating_mul(u64::from(WIDTH)));
                let at = At { index: Some(index), ..At::path(&format!("{LOG}{tile}")) };
                self.found.add(Code::TileMissing, at, "The hash tile is missing.");
            }
        }
        let levels = levels(leaves);
        for path in there {
            let tile = path.strip_prefix(LOG).and_then(Tile::parse);
            let expected = tile.and_then(|tile| {
                let level = match tile.holds() {
                    Holds::Entries => 0,
                    Holds::Hashes(level) => level,
                };
                let first = usize::try_from(tile.index().checked_mul(u64::from(WIDTH))?).ok()?;
                let last = first.checked_add(usize::from(tile.width()))?;
                Some((tile, levels.get(usize::from(level))?.get(first..last)?))
            });
            match expected {
                Some((tile, expected)) => self.tile(path, tile, expected)?,
                None => self.found.add(Code::BeyondCheckpoint, At::path(path), "The checkpoint does not cover it."),
            }
        }
        Ok(())
    }

    fn tile(&mut self, path: &str, tile: Tile, expected: &[Hash]) -> Result<(), F::Error> {
        // A bundle of the width that was read is not read again.
        if tile.holds() == Holds::Entries && tile.is_full() {
            return Ok(());
        }
        let Some(bytes) = self.folder.read(path)? else { return Ok(()) };
        let hashes = match tile.holds() {
            Holds::Entries => {
                decode_entries(&bytes, tile.width()).map(|all| all.into_iter().map(leaf).collect::<Vec<_>>())
            }
            Holds::Hashes(_) => decode_hashes(&bytes, tile.width()),
        };
        let (code, what) = match tile.holds() {
            Holds::Entries => (Code::BundleDiffers, "It holds other entries than the wider copy of it."),
            Holds::Hashes(_) => (Code::TileDiffers, "It holds another hash here than the entries give."),
        };
        if tile.holds() != Holds::Entries {
            self.found.figures.tiles = self.found.figures.tiles.saturating_add(1);
        }
        let differs = match &hashes {
            Ok(hashes) => hashes.iter().zip(expected).position(|(found, wanted)| found != wanted),
            Err(_) => Some(0),
        };
        if let Some(differs) = differs {
            let place =
                tile.index().saturating_mul(u64::from(WIDTH)).saturating_add(u64::try_from(differs).unwrap_or(0));
            let at = At { index: Some(leaves_before(tile.holds(), place)), ..At::path(path) };
            self.found.add(code, at, what);
        }
        Ok(())
    }
}

/// A leaf as far as it could be read.
enum Read {
    Entry(Vec<u8>),
    Hash(Hash),
}

/// How many leaves lie before the hash at `place` of a level.
fn leaves_before(holds: Holds, place: u64) -> u64 {
    match holds {
        Holds::Entries => place,
        Holds::Hashes(level) => {
            place.saturating_mul(1_u64.checked_shl(u32::from(level).saturating_mul(8)).unwrap_or(u64::MAX))
        }
    }
}

/// The hashes of all levels of tiles: of the leaves, of each 256 of them, of each 256 of those.
fn levels(leaves: Vec<Hash>) -> Vec<Vec<Hash>> {
    let mut levels = vec![leaves];
    while let Some(last) = levels.last().filter(|last| last.len() >= usize::from(WIDTH)) {
        let next = last.chunks_exact(usize::from(WIDTH)).map(over).collect();
        levels.push(next);
    }
    levels
}

/// The hash over 256 others.
fn over(hashes: &[Hash]) -> Hash {
    let mut level = hashes.to_vec();
    while level.len() > 1 {
        level = level.chunks(2).filter_map(|pair| Some(node(pair.first()?, pair.last()?))).collect();
    }
    level.first().copied().unwrap_or(Hash::EMPTY)
}
