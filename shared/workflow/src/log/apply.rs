//! What everybody can read: tiles, bundles of entries and the checkpoint; and the outboxes, which are done with.

use super::{broken, keys};
use crate::ports::{Batch, CheckpointFound, Fault, LogHead, LogObjects, LogSettings, Logged, MarkLogged, MoveLog, Put};
use futures_util::{StreamExt as _, TryStreamExt as _};
use model::time::Time;
use record::checkpoint::{self, SignedCheckpoint};
use record::entry::{Entry, EntryHash};
use record::tile::{File, Tile, edge, grow};
use std::collections::BTreeMap;

const DOING: &str = "write the log's files";

/// Files that are read or written at the same time.
const AT_ONCE: usize = 16;

/// How often the checkpoint is put while others put theirs.
const ATTEMPTS: u32 = 8;

/// The files at the right edge of a tree of `size` leaves, by path. What is not there is left out.
pub(super) async fn edge_files<P: LogObjects>(ports: &P, size: u64) -> Result<BTreeMap<String, Vec<u8>>, Fault> {
    tiles(ports, edge(size)).await
}

/// These tiles and bundles, by path. What is not there is left out.
pub(super) async fn tiles<P: LogObjects>(
    ports: &P,
    tiles: impl IntoIterator<Item = Tile> + Send,
) -> Result<BTreeMap<String, Vec<u8>>, Fault> {
    let reads: Vec<_> = tiles
        .into_iter()
        .map(|tile| async move {
            let path = tile.to_string();
            let bytes = ports.tile(&path).await?;
            Ok::<_, Fault>((path, bytes))
        })
        .collect();
    let read: Vec<(String, Option<Vec<u8>>)> =
        futures_util::stream::iter(reads).buffer_unordered(AT_ONCE).try_collect().await?;
    Ok(read.into_iter().filter_map(|(path, bytes)| Some((path, bytes?))).collect())
}

/// Writes what `head` is about, of whose last batch these are the entries. `false`: somebody else moved the log on.
pub(super) async fn apply<P>(
    ports: &P,
    head: &LogHead,
    batch: &Batch,
    bytes: &[Vec<u8>],
    edge: &BTreeMap<String, Vec<u8>>,
) -> Result<bool, Fault>
where
    P: LogObjects + LogSettings + MarkLogged + MoveLog,
{
    let growth = grow(&edge, batch.first, &batch.before, bytes)
        .map_err(|error| broken(DOING, "unsound_tiles", &error.to_string()))?;
    if growth.edge != head.edge {
        return Err(broken(DOING, "unsound_tiles", "its files would not be those of its head"));
    }
    let puts: Vec<_> = growth.files.into_iter().map(|file| put(ports, file)).collect();
    let puts = futures_util::stream::iter(puts).buffer_unordered(AT_ONCE).try_collect::<Vec<()>>();
    let (put, found) = futures_util::join!(puts, ports.checkpoint());
    put?;
    let logged = logged(batch, bytes);
    let (told, marked) = futures_util::join!(publish(ports, head, found?), ports.mark_logged(&logged, batch.at));
    told?;
    marked?;
    ports.applied(head).await
}

async fn put<P: LogObjects>(ports: &P, file: File) -> Result<(), Fault> {
    let path = file.tile.to_string();
    match ports.put_tile(&path, &file.bytes).await? {
        Put::Written => Ok(()),
        // The same again: somebody died after it, or is beside us.
        Put::Exists if ports.tile(&path).await?.as_ref() == Some(&file.bytes) => Ok(()),
        Put::Exists => Err(broken(DOING, "log_object_differs", &format!("{path} is there, and is another"))),
    }
}

fn logged(batch: &Batch, bytes: &[Vec<u8>]) -> Vec<Logged> {
    let at = |bytes: &[u8]| -> Option<Time> { serde_json::from_slice::<Entry>(bytes).ok()?.at.parse().ok() };
    let indexed = (batch.first..).zip(batch.places.iter().zip(bytes));
    indexed
        .map(|(index, (place, bytes))| Logged {
            place: place.clone(),
            hash: EntryHash::of(bytes),
            at: at(bytes).unwrap_or(batch.at),
            index,
        })
        .collect()
}

/// Puts the head's checkpoint there, unless a newer one is.
async fn publish<P: LogObjects + LogSettings>(
    ports: &P,
    head: &LogHead,
    found: Option<CheckpointFound>,
) -> Result<(), Fault> {
    let keys = keys(ports)?;
    let mut found = found;
    for _ in 0..ATTEMPTS {
        if let Some(found) = &found {
            let signed: SignedCheckpoint = checkpoint::open(found.note.as_bytes(), &keys)
                .map_err(|error| broken(DOING, "log_object_differs", &format!("its checkpoint: {error}")))?;
            let (size, ours) = (signed.checkpoint.size(), head.edge.size());
            if size == ours && *signed.checkpoint.root() != head.edge.root() {
                return Err(broken(DOING, "log_object_differs", "its checkpoint has another root for the same size"));
            }
            if size >= ours && !model::seeded!("an-older-checkpoint-over-a-newer") {
                return Ok(());
            }
        }
        if ports.put_checkpoint(&head.note, found.as_ref().map(|found| found.version.as_str())).await? {
            return Ok(());
        }
        found = ports.checkpoint().await?;
    }
    Err(Fault::new(DOING, "contention"))
}
