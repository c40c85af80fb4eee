//! Logs and keys for tests.

use crate::checkpoint::Checkpoint;
use crate::note::{Kind, Note, Signature, VerifierKey, cosigned_message};
use crate::tile::grow;
use crate::tree::{Edge, Hash, leaf};
use ed25519_dalek::{Signer as _, SigningKey};
use std::collections::BTreeMap;
use std::sync::LazyLock;

pub(crate) const ORIGIN: &str = "countersign.111111111111.us-east-1/countersign";
pub(crate) const WITNESS: &str = "countersign.222222222222.us-east-1/witness";

/// The log's files, by their paths.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// The entry at a place.
pub(crate) fn entry(index: u64) -> Vec<u8> {
    format!("{{\"seq\":{index}}}").repeat(usize::try_from(index % 3).unwrap()).into_bytes()
}

pub(crate) fn entries(first: u64, end: u64) -> Vec<Vec<u8>> {
    (first..end).map(entry).collect()
}

/// The root by RFC 6962's own words: MTH.
pub(crate) fn root(first: u64, end: u64) -> Hash {
    match end.checked_sub(first).unwrap() {
        0 => Hash::EMPTY,
        1 => leaf(&entry(first)),
        count => {
            // The largest power of two that is less than the number of leaves.
            let middle = first.checked_add(count.div_ceil(2).next_power_of_two()).unwrap();
            crate::tree::node(&root(first, middle), &root(middle, end))
        }
    }
}

/// A log that grew to these sizes, one after the other.
pub(crate) fn log(sizes: &[u64]) -> (Files, Edge) {
    let (mut files, mut edge) = (Files::new(), Edge::EMPTY);
    for size in sizes {
        let growth = grow(&files, edge.size(), &edge.root(), &entries(edge.size(), *size)).unwrap();
        files.extend(growth.files.into_iter().map(|file| (file.tile.to_string(), file.bytes)));
        edge = growth.edge;
    }
    (files, edge)
}

/// A log of three levels of tiles, none of them full at its edge.
pub(crate) fn large() -> &'static (Files, Edge) {
    static LARGE: LazyLock<(Files, Edge)> = LazyLock::new(|| log(&[70_001]));
    &LARGE
}

/// A key in software.
pub(crate) struct Key(SigningKey, pub(crate) VerifierKey);

impl Key {
    pub(crate) fn new(name: &str, kind: Kind, seed: u8) -> Self {
        let key = SigningKey::from_bytes(&[seed; 32]);
        let verifier = VerifierKey::new(name, kind, key.verifying_key().as_bytes()).unwrap();
        Self(key, verifier)
    }

    pub(crate) fn log() -> Self {
        Self::new(ORIGIN, Kind::Ed25519, 1)
    }

    pub(crate) fn witness() -> Self {
        Self::new(WITNESS, Kind::Cosignature, 2)
    }

    /// `note` with this key's signature, of a witness at `time`.
    pub(crate) fn sign(&self, note: Note, time: u64) -> Note {
        let signature = match self.1.kind() {
            Kind::Ed25519 => Signature::ed25519(&self.1, &self.0.sign(note.text().as_bytes()).to_bytes()),
            Kind::Cosignature => {
                let message = cosigned_message(note.text(), time);
                Signature::cosignature(&self.1, time, &self.0.sign(message.as_bytes()).to_bytes())
            }
        };
        note.with(signature).unwrap()
    }
}

/// The checkpoint of the sample log at this size, signed by the log's key.
pub(crate) fn signed(size: u64) -> Note {
    let note = Checkpoint::new(ORIGIN, size, root(0, size)).unwrap().note().unwrap();
    Key::log().sign(note, 0)
}
