//! Where entries are in the log, and the proofs of it, out of the log's own files.

use crate::pack::{Difference, Files, PROOFS, difference, proof_path};
use crate::source::{Fault, Given};
use record::checkpoint::Checkpoint;
use record::note::{Note, VerifierKey};
use record::proof::{FileError, Inclusion, TlogProof};
use record::tile::{Holds, ReadError, Tile, TileReader, WIDTH, bundle};
use record::tree::{Edge, Hash, leaf};
use std::collections::{BTreeMap, BTreeSet};

/// Leaves' places, by their hashes, and the root over them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    leaves: BTreeMap<Hash, u64>,
    size: u64,
    root: Hash,
}

impl Places {
    /// Those of the first `size` leaves of a log. Nothing is proven until [`Self::root`] is the one that was signed.
    ///
    /// # Errors
    /// A bundle of entries can't be read.
    pub fn read<R: TileReader>(reader: &R, size: u64) -> Result<Self, ReadError<R::Error>> {
        let mut leaves = BTreeMap::new();
        let mut edge = Edge::EMPTY;
        for nth in 0..size.div_ceil(u64::from(WIDTH)) {
            let tile = Tile::at(Holds::Entries, nth, size).ok_or(ReadError::NoSuchPlace { size })?;
            for entry in bundle(reader, tile)? {
                let hash = leaf(&entry);
                leaves.entry(hash).or_insert(edge.size());
                edge.append(hash).map_err(|_| ReadError::NoSuchPlace { size })?;
            }
        }
        Ok(Self { leaves, size: edge.size(), root: edge.root() })
    }

    /// The root of the tree over all of them.
    pub const fn root(&self) -> &Hash {
        &self.root
    }

    /// Where an entry is.
    pub fn of(&self, given: &Given) -> Option<u64> {
        self.leaves.get(&leaf(&given.bytes)).copied()
    }

    /// Those of these entries that the log holds, each with its place there. What lies elsewhere than it says it does is left
    /// out as well: the log holds it, and not there.
    pub fn held(&self, given: Vec<Given>) -> Vec<Given> {
        let held = |mut given: Given| {
            given.index = Some(self.of(&given)?);
            let is_elsewhere = given.read().is_err_and(|error| error.fault == Fault::Elsewhere);
            (!is_elsewhere).then_some(given)
        };
        given.into_iter().filter_map(held).collect()
    }

    /// The leaves that are none of these entries, from the first on. Whoever cuts or changes an entry, or leaves a whole
    /// stream out, leaves a chain that is sound by itself: only the log says that there was more.
    pub fn missing(&self, given: &[Given]) -> Vec<u64> {
        let there: BTreeSet<Hash> = given.iter().map(|given| leaf(&given.bytes)).collect();
        let missing = self.leaves.iter().filter(|(hash, _)| !there.contains(hash));
        let mut missing: Vec<u64> = missing.map(|(_, index)| *index).collect();
        missing.sort_unstable();
        missing
    }
}

/// The proofs of these entries under the signed checkpoint `note`, of a log of `size` leaves, as files of a pack. The log may
/// have grown since: `places` are those it has now. Entries that it did not hold then have none.
///
/// # Errors
/// A tile can't be read, or the log has never been so large.
pub fn proofs<R: TileReader>(
    reader: &R,
    places: &Places,
    note: &str,
    size: u64,
    wanted: &[Given],
) -> Result<Files, ReadError<R::Error>> {
    let mut files = Files::new();
    for given in wanted {
        let Some(index) = places.of(given).filter(|index| *index < size) else { continue };
        let path = Inclusion::read_within(reader, index, size, places.size)?.path;
        let proof = TlogProof { entry: given.bytes.clone(), index, path, checkpoint: note.to_owned() };
        files.insert(proof_path(given), proof.to_string().into_bytes());
    }
    Ok(files)
}

/// Proofs of a pack that do not hold: of other bytes than the entry's, under another checkpoint than the pack's, or leading
/// to another root. With keys, the checkpoint has to be signed by its log.
pub(crate) fn differences(
    files: &Files,
    given: &[Given],
    checkpoint: Option<&str>,
    keys: Option<&[VerifierKey]>,
) -> Vec<Difference> {
    let entries: BTreeMap<String, &Given> = given.iter().map(|given| (proof_path(given), given)).collect();
    let proofs = files.iter().filter(|(path, _)| path.starts_with(PROOFS));
    let fault = |(path, bytes): (&String, &Vec<u8>)| {
        let fault = match (TlogProof::parse(bytes), entries.get(path)) {
            (Err(error), _) => Some(error.to_string()),
            // One of an entry that is not here is told as a file that the entries don't give.
            (Ok(_), None) => None,
            (Ok(proof), Some(given)) if proof.entry != given.bytes => Some("it proves another entry".to_owned()),
            (Ok(proof), Some(_)) if Some(proof.checkpoint.as_str()) != checkpoint => {
                Some("it is under another checkpoint than the pack".to_owned())
            }
            (Ok(proof), Some(_)) => holds(&proof, keys).err(),
        };
        fault.map(|sentence| difference("proof_fails", path.as_str(), sentence))
    };
    proofs.filter_map(fault).collect()
}

fn holds(proof: &TlogProof, keys: Option<&[VerifierKey]>) -> Result<(), String> {
    let told = |error: FileError| error.to_string();
    if let Some(keys) = keys {
        return proof.check(keys).map(|_| ()).map_err(told);
    }
    let note = Note::parse(proof.checkpoint.as_bytes()).map_err(|error| error.to_string())?;
    let checkpoint = Checkpoint::parse(note.text()).map_err(|error| error.to_string())?;
    let inclusion = Inclusion { index: proof.index, size: checkpoint.size(), path: proof.path.clone() };
    inclusion.check(&leaf(&proof.entry), checkpoint.root()).map_err(|error| error.to_string())
}
