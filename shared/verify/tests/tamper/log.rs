//! The log over a record: tiles, checkpoints, anchors, and a witness's cosignatures, signed by keys that are nobody's.

use crate::story::Leaf;
use crate::untouched::STORY;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer as _, SigningKey};
use record::checkpoint::Checkpoint;
use record::entry::EntryHash;
use record::note::{Kind, Note, Signature, VerifierKey, cosigned_message};
use record::tile::{Tile, TileReader, grow};
use record::tree::Hash;
use record::words::Beside;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

pub(crate) const ORIGIN: &str = "countersign.111111111111.us-east-1/countersign";
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// A key of tests.
pub(crate) struct Key {
    secret: SigningKey,
    pub(crate) public: VerifierKey,
}

impl Key {
    pub(crate) fn new(seed: u8, name: &str, kind: Kind) -> Self {
        let secret = SigningKey::from_bytes(&[seed; 32]);
        let public = VerifierKey::new(name, kind, secret.verifying_key().as_bytes()).unwrap();
        Self { secret, public }
    }

    pub(crate) fn log() -> Self {
        Self::new(1, ORIGIN, Kind::Ed25519)
    }

    pub(crate) fn witness() -> Self {
        Self::new(2, "witness.example/w1", Kind::Cosignature)
    }

    pub(crate) fn signed(&self, checkpoint: &Checkpoint) -> Note {
        self.signed_too(checkpoint.note().unwrap())
    }

    /// The same note, signed by this key as well.
    pub(crate) fn signed_too(&self, note: Note) -> Note {
        let signature = self.secret.sign(note.text().as_bytes()).to_bytes();
        note.with(Signature::ed25519(&self.public, &signature)).unwrap()
    }

    pub(crate) fn cosigned(&self, note: &Note, at: i64) -> Note {
        let at = u64::try_from(at).unwrap();
        let signature = self.secret.sign(cosigned_message(note.text(), at).as_bytes()).to_bytes();
        note.clone().with(Signature::cosignature(&self.public, at, &signature)).unwrap()
    }
}

/// The keys that an auditor has pinned.
pub(crate) fn pinned() -> String {
    format!("log {}\nwitness {}\n", Key::log().public, Key::witness().public)
}

struct Reader<'a>(&'a Files);

impl TileReader for Reader<'_> {
    type Error = std::convert::Infallible;
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, Self::Error> {
        Ok(self.0.get(&format!("log/{path}")).cloned())
    }
}

/// Another key that comes in the place of the log's.
pub(crate) struct NextKey {
    pub(crate) key: Key,
    /// Trees of more leaves are signed by it.
    pub(crate) after: u64,
    /// Whether the log's first key signs them as well.
    pub(crate) both: bool,
}

/// How a log is published.
pub(crate) struct Publisher {
    pub(crate) key: Key,
    pub(crate) next: Option<NextKey>,
    pub(crate) witness: Option<Key>,
    /// The seconds between two batches.
    pub(crate) every: i64,
    /// When the witness is asked, after the batch, in seconds.
    pub(crate) after: i64,
}

impl Default for Publisher {
    fn default() -> Self {
        Self { key: Key::log(), next: None, witness: Some(Key::witness()), every: 240, after: 5 }
    }
}

impl Publisher {
    /// The folder of a log over `leaves`, with a copy of the table.
    pub(crate) fn folder(&self, leaves: &[Leaf]) -> Files {
        let mut files = table(leaves);
        files.insert("keys".to_owned(), pinned().into_bytes());
        self.publish(leaves, &mut files);
        files
    }

    fn signed(&self, checkpoint: &Checkpoint) -> Note {
        match self.next.as_ref().filter(|next| checkpoint.size() > next.after) {
            Some(next) if next.both => self.key.signed_too(next.key.signed(checkpoint)),
            Some(next) => next.key.signed(checkpoint),
            None => self.key.signed(checkpoint),
        }
    }

    /// The log over `leaves`, batch by batch, each anchored.
    pub(crate) fn publish(&self, leaves: &[Leaf], files: &mut Files) {
        let (mut size, mut root, mut rest) = (0, Hash::EMPTY, leaves);
        let (mut batches, mut kept) = (0_u32, BTreeSet::new());
        while let Some(first) = rest.first() {
            let until = (first.at / self.every + 1) * self.every;
            let count = rest.iter().take_while(|leaf| leaf.at < until).count();
            let (batch, after) = rest.split_at(count.max(1));
            rest = after;
            let entries: Vec<&[u8]> = batch.iter().map(|leaf| leaf.bytes.as_slice()).collect();
            let growth = grow(&Reader(files), size, &root, &entries).unwrap();
            // Narrower copies of what has grown since may be taken out; a few stay.
            if batches % 16 == 1 {
                kept.extend(files.keys().filter(|path| path.contains(".p/")).cloned());
            }
            let wider: Vec<Tile> = growth.files.iter().map(|file| file.tile).collect();
            let same = |one: &Tile, other: &Tile| one.holds() == other.holds() && one.index() == other.index();
            let older = |path: &str| {
                let tile = path.strip_prefix("log/").and_then(Tile::parse);
                tile.is_some_and(|tile| !tile.is_full() && wider.iter().any(|wide| same(wide, &tile)))
            };
            files.retain(|path, _| kept.contains(path) || !older(path));
            batches += 1;
            files.extend(growth.files.into_iter().map(|file| (format!("log/{}", file.tile), file.bytes)));
            (size, root) = (growth.edge.size(), growth.edge.root());
            let note = self.signed(&Checkpoint::new(ORIGIN, size, root).unwrap());
            files.insert("log/checkpoint".to_owned(), note.to_string().into_bytes());
            files.insert(format!("anchors/{size:020}"), note.to_string().into_bytes());
            if let Some(witness) = &self.witness {
                let note = witness.cosigned(&note, until + self.after);
                files.insert(format!("cosigned/{size:020}"), note.to_string().into_bytes());
            }
        }
    }
}

/// A copy of the table.
pub(crate) fn table(leaves: &[Leaf]) -> Files {
    let mut files = Files::new();
    for leaf in leaves {
        let text = String::from_utf8_lossy(&leaf.bytes);
        let said: Beside = STORY
            .words
            .iter()
            .filter(|(hash, _)| text.contains(*hash))
            .map(|(hash, said)| (hash.clone(), said.clone()))
            .collect();
        let item = json!({"event": STANDARD.encode(&leaf.bytes), "words": said});
        files.insert(format!("table/streams/{}/{:06}.json", leaf.stream, leaf.seq), item.to_string().into_bytes());
        let state = json!({"version": leaf.seq, "head": EntryHash::of(&leaf.bytes).to_string()});
        files.insert(format!("table/states/{}.json", leaf.stream), state.to_string().into_bytes());
    }
    files
}
