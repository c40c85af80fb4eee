//! The tree, made anew from the table alone: the order of its leaves and the bytes of the entries. Whoever brought a table
//! back sees whether it is the one that was signed for.

use crate::ports::{Batch, Fault, ReadLog, ReadStreams};
use model::stream::Place;
use record::checkpoint::{self, Checkpoint};
use record::note::{Note, VerifierKey};
use record::tree::{Edge, Hash, leaf};

const DOING: &str = "make the tree anew";

/// Most defects that are told; more are counted.
const MOST: usize = 100;

crate::together! {
    /// What it takes.
    pub Ports: ReadLog, ReadStreams,
}

/// What is not as it was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Defect {
    /// The entry at a place is not there.
    Missing {
        /// The leaf's index.
        index: u64,
        /// Which entry.
        place: Place,
    },
    /// Its bytes are others than those that were logged.
    Edited {
        /// The leaf's index.
        index: u64,
        /// Which entry.
        place: Place,
    },
    /// The checkpoint that was signed after a batch is of another tree, or none that was signed.
    OtherTree {
        /// How many leaves it has.
        size: u64,
    },
    /// A batch is not there, though the head says that more leaves are logged.
    NoBatch {
        /// The index of its first leaf.
        first: u64,
    },
}

impl Defect {
    /// A stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "entry_missing",
            Self::Edited { .. } => "entry_edited",
            Self::OtherTree { .. } => "other_tree",
            Self::NoBatch { .. } => "batch_missing",
        }
    }

    /// A sentence for people.
    pub fn sentence(&self) -> String {
        match self {
            Self::Missing { index, place } => format!("leaf {index}: the table has no entry {place}"),
            Self::Edited { index, place } => {
                format!("leaf {index}: the bytes of entry {place} are not those that were logged")
            }
            Self::OtherTree { size } => format!("the tree of {size} leaves is not the one that was signed"),
            Self::NoBatch { first } => format!("the order of the leaves from {first} on is not in the table"),
        }
    }
}

/// What came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rebuilt {
    /// How many leaves the tree has.
    pub size: u64,
    /// Its root, over the bytes that are in the table now.
    pub root: Hash,
    /// What is not as it was signed; the first hundred.
    pub defects: Vec<Defect>,
    /// How many there are.
    pub count: u64,
}

/// Makes the tree anew, batch by batch, and compares it with the checkpoint that was signed for each. `keys` are those that
/// may have signed; none: signatures are not looked at.
///
/// # Errors
/// If the store does not answer, or what it holds of the log can't be read.
pub async fn rebuild<P: Ports>(ports: &P, keys: &[VerifierKey]) -> Result<Rebuilt, Fault> {
    let end = ports.log_head().await?.map_or(0, |head| head.edge.size());
    let (mut edge, mut defects) = (Edge::EMPTY, Vec::new());
    while edge.size() < end {
        let first = edge.size();
        let Some(batch) = ports.batch(first).await?.filter(|batch| !batch.places.is_empty()) else {
            defects.push(Defect::NoBatch { first });
            break;
        };
        let entries = ports.entries_at(&batch.places).await?;
        for ((place, logged), bytes) in batch.places.iter().zip(&batch.leaves).zip(entries) {
            let (index, place) = (edge.size(), place.clone());
            let found = match bytes {
                None => {
                    defects.push(Defect::Missing { index, place });
                    // So that what follows is found as well. The root is another one, and that is said.
                    *logged
                }
                Some(bytes) => {
                    let found = leaf(&bytes);
                    if found != *logged {
                        defects.push(Defect::Edited { index, place });
                    }
                    found
                }
            };
            edge.append(found).map_err(|_| Fault::new(DOING, "full"))?;
        }
        if !signed(&batch, &edge, keys) {
            defects.push(Defect::OtherTree { size: edge.size() });
        }
    }
    let count = u64::try_from(defects.len()).unwrap_or(u64::MAX);
    defects.truncate(MOST);
    Ok(Rebuilt { size: edge.size(), root: edge.root(), defects, count })
}

/// Whether the batch's checkpoint is of this tree, and of a key that may sign.
fn signed(batch: &Batch, edge: &Edge, keys: &[VerifierKey]) -> bool {
    let Some(note) = &batch.note else { return false };
    let checkpoint = if keys.is_empty() {
        Note::parse(note.as_bytes()).ok().and_then(|note| Checkpoint::parse(note.text()).ok())
    } else {
        checkpoint::open(note.as_bytes(), keys).ok().map(|signed| signed.checkpoint)
    };
    checkpoint.is_some_and(|checkpoint| checkpoint.size() == edge.size() && *checkpoint.root() == edge.root())
}
