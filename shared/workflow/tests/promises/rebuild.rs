//! The tree, made anew from the table: the same one, or it is said where it is not.

use ed25519_dalek::{Signer as _, SigningKey};
use model::stream::{Place, Stream};
use model::time::Time;
use record::chain::Head;
use record::checkpoint::Checkpoint;
use record::note::{Kind, Signature, VerifierKey};
use record::tree::{Edge, leaf};
use std::collections::BTreeMap;
use workflow::ports::{Anchor, Batch, Fault, LogHead, ReadLog, ReadStreams};
use workflow::rebuild::{Defect, rebuild};

const ORIGIN: &str = "countersign.111111111111.us-east-1/countersign";
const NOW: &str = "2026-11-21T22:00:00Z";

struct Table {
    head: LogHead,
    batches: BTreeMap<u64, Batch>,
    entries: BTreeMap<Place, Vec<u8>>,
    keys: Vec<VerifierKey>,
}

impl Table {
    /// One that logged batches of these sizes.
    fn with(sizes: &[u64]) -> Self {
        let key = SigningKey::from_bytes(&[1; 32]);
        let verifier = VerifierKey::new(ORIGIN, Kind::Ed25519, key.verifying_key().as_bytes()).unwrap();
        let (mut edge, mut batches, mut entries) = (Edge::EMPTY, BTreeMap::new(), BTreeMap::new());
        let (mut note, at, mut last) = (String::new(), NOW.parse().unwrap(), 0);
        for count in sizes {
            let (first, before) = (edge.size(), edge.root());
            let (mut places, mut leaves) = (Vec::new(), Vec::new());
            for seq in first + 1..=first + count {
                let place = Place { stream: "sys_log".parse().unwrap(), seq };
                let bytes = format!("entry {seq}").into_bytes();
                leaves.push(leaf(&bytes));
                edge.append(leaf(&bytes)).unwrap();
                entries.insert(place.clone(), bytes);
                places.push(place);
            }
            let signed = Checkpoint::new(ORIGIN, edge.size(), edge.root()).unwrap().note().unwrap();
            let signature = key.sign(signed.text().as_bytes()).to_bytes();
            note = signed.with(Signature::ed25519(&verifier, &signature)).unwrap().to_string();
            let batch = Batch { first, places, leaves, before, root: edge.root(), at, note: Some(note.clone()) };
            last = first;
            batches.insert(first, batch);
        }
        let head = LogHead { origin: ORIGIN.to_owned(), edge, note, at, batch: last, applied: true };
        Self { head, batches, entries, keys: vec![verifier] }
    }

    fn place(seq: u64) -> Place {
        Place { stream: "sys_log".parse().unwrap(), seq }
    }
}

impl ReadLog for Table {
    async fn log_head(&self) -> Result<Option<LogHead>, Fault> {
        Ok(Some(self.head.clone()))
    }

    async fn batch(&self, first: u64) -> Result<Option<Batch>, Fault> {
        Ok(self.batches.get(&first).cloned())
    }

    async fn anchor(&self) -> Result<Option<Anchor>, Fault> {
        Ok(None)
    }
}

impl ReadStreams for Table {
    async fn entries_at(&self, places: &[Place]) -> Result<Vec<Option<Vec<u8>>>, Fault> {
        Ok(places.iter().map(|place| self.entries.get(place).cloned()).collect())
    }

    async fn stream_end(&self, _: &Stream) -> Result<Option<(Head, Time)>, Fault> {
        Ok(None)
    }
}

#[tokio::test]
async fn a_table_gives_the_tree_that_was_signed() {
    let table = Table::with(&[3, 1, 500, 7]);
    let rebuilt = rebuild(&table, &table.keys).await.unwrap();
    assert_eq!((rebuilt.size, rebuilt.root, rebuilt.count), (511, table.head.edge.root(), 0));
    assert_eq!(rebuild(&table, &[]).await.unwrap(), rebuilt);
}

#[tokio::test]
async fn an_entry_that_was_edited_is_named_and_so_is_every_tree_over_it() {
    let mut table = Table::with(&[3, 2, 4]);
    table.entries.insert(Table::place(5), b"another".to_vec());
    let rebuilt = rebuild(&table, &table.keys).await.unwrap();
    let edited = Defect::Edited { index: 4, place: Table::place(5) };
    assert_eq!(rebuilt.defects, [edited, Defect::OtherTree { size: 5 }, Defect::OtherTree { size: 9 }]);
    assert_ne!(rebuilt.root, table.head.edge.root());
}

#[tokio::test]
async fn an_entry_that_is_gone_is_named_even_if_its_order_is_edited_with_it() {
    let mut table = Table::with(&[3, 2]);
    table.entries.remove(&Table::place(2));
    let rebuilt = rebuild(&table, &table.keys).await.unwrap();
    assert_eq!(rebuilt.defects, [Defect::Missing { index: 1, place: Table::place(2) }]);
    // Whoever takes it out of the batch as well has no checkpoint for what is left.
    let batch = table.batches.get_mut(&0).unwrap();
    batch.places.remove(1);
    batch.leaves.remove(1);
    let rebuilt = rebuild(&table, &table.keys).await.unwrap();
    assert!(rebuilt.defects.contains(&Defect::OtherTree { size: 2 }), "{rebuilt:?}");
}

#[tokio::test]
async fn a_batch_that_is_gone_and_a_checkpoint_of_somebody_else_are_seen() {
    let mut table = Table::with(&[3, 2, 4]);
    table.batches.remove(&3);
    assert_eq!(rebuild(&table, &table.keys).await.unwrap().defects, [Defect::NoBatch { first: 3 }]);
    let table = Table::with(&[3]);
    let other = SigningKey::from_bytes(&[9; 32]);
    let other = VerifierKey::new(ORIGIN, Kind::Ed25519, other.verifying_key().as_bytes()).unwrap();
    assert_eq!(rebuild(&table, &[other]).await.unwrap().defects, [Defect::OtherTree { size: 3 }]);
}
