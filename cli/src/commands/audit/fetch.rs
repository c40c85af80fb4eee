//! `audit fetch`: the log and its anchors, copied to a folder that `audit verify` reads without AWS.

use super::copies::Copies;
use super::table::Copied;
use super::{LONGEST_KEYS, given};
use crate::failure::{Answer, Exit, Failure};
use aws::clients::Clients;
use aws::log::SourceBucket;
use clap::Args;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use record::checkpoint::Checkpoint;
use record::note::Note;
use record::tile;
use serde_json::json;
use std::path::PathBuf;
use workflow::ports::Fault;

/// The longest object that is copied, in bytes: a bundle of 256 entries of 65,535 bytes with two bytes before each.
/// Source: C2SP tlog-tiles.
pub(super) const LONGEST: usize = 256 * (65_535 + 2);

/// How much is asked for at the same time.
pub(super) const AT_ONCE: usize = 16;

/// Where the newest checkpoint is, in the log's bucket.
const CHECKPOINT: &str = "checkpoint";

/// The largest log that is copied, in entries: whoever writes the bucket says how many there are.
const LARGEST: u64 = 1 << 32;

/// What is copied of the bucket that the log is anchored in. What is submitted says nothing that is not in these.
const FOLDERS: [&str; 3] = ["anchors/", "cosigned/", "refused/"];

/// What to copy, and where to.
#[derive(Debug, Args)]
pub(crate) struct Fetch {
    /// The folder. What is there already of log and anchors is not copied again: nothing that is logged or anchored changes.
    folder: PathBuf,
    /// The log's bucket: the stack's output `LogBucketName`.
    #[arg(long)]
    log_bucket: String,
    /// The bucket it is anchored in: the stack's output `AnchorBucketName`.
    #[arg(long)]
    anchor_bucket: String,
    /// The stack's table: the entries of each stream that the log or an index of the table names are copied as well, to be held
    /// against the log, and what it has no more is taken out of the folder. A stream that ends where its copy does is not copied again: what was changed, erased or taken out before
    /// its end shows with --fresh, or in a new folder.
    #[arg(long)]
    table: Option<String>,
    /// A file with the keys that are trusted, kept as `keys` in the folder. Have them from somewhere else than the log.
    #[arg(long)]
    keys: Option<PathBuf>,
    /// Copies what is there already as well.
    #[arg(long)]
    fresh: bool,
}

/// Copies what is new. Takes AWS credentials from the environment.
///
/// # Errors
/// AWS does not answer, something that has to be there is not, or the folder can't be written.
pub(crate) async fn fetch(wanted: &Fetch) -> Result<Answer, Failure> {
    let clients =
        Clients::from_env_with_system_roots().map_err(|error| Failure::new(Exit::Failed, "aws", error.to_string()))?;
    let folder = Copies::new(&wanted.folder, wanted.fresh);
    if let Some(keys) = &wanted.keys {
        folder.write("keys", &given(keys, LONGEST_KEYS)?)?;
    }
    // What is anchored is listed before the checkpoint is read: one that lands later is of a log that this copy has not
    // got, and would make it look cut.
    let anchors = clients.source_bucket(&wanted.anchor_bucket);
    let mut listed = Vec::new();
    for prefix in FOLDERS {
        listed.extend(keys(&anchors, prefix).await?);
    }
    // The checkpoint before its tiles, and into the folder after them: they are there before it, here and there.
    let log = clients.source_bucket(&wanted.log_bucket);
    let note = there(&log, CHECKPOINT).await?;
    let size = size(&note)?;
    let tiles = tile::written(0, size).map(|tile| tile.to_string()).map(|key| (format!("log/{key}"), key));
    let copied = copy_all(&folder, &log, tiles).await?;
    folder.write("log/checkpoint", &note)?;
    let anchored = copy_all(&folder, &anchors, listed.into_iter().map(|key| (key.clone(), key))).await?;
    let table = match &wanted.table {
        Some(name) => Some(super::table::copy(&folder, &clients.table(name), size).await?),
        None => None,
    };
    let of_table = match table {
        None => String::new(),
        Some(Copied { entries, removed: 0 }) => format!("; {entries} entries of the table were copied"),
        Some(Copied { entries, removed }) => format!(
            "; {entries} entries of the table were copied, and {removed} that it has no more were taken out of the folder"
        ),
    };
    let human =
        format!("{size} entries in the log: {copied} files of it and {anchored} of its anchors were new{of_table}");
    let (entries, removed) = table.map(|table| (table.entries, table.removed)).unzip();
    let json = json!({"size": size, "files": copied, "anchors": anchored, "entries": entries, "removed": removed});
    Ok(Answer::new(human, json))
}

/// How many leaves the log has, by its checkpoint. Nothing is verified here: that is `audit verify`.
fn size(note: &[u8]) -> Result<u64, Failure> {
    let read = Note::parse(note).ok().and_then(|note| Checkpoint::parse(note.text()).ok());
    let malformed = || Failure::new(Exit::Failed, "malformed_checkpoint", "what is at `checkpoint` is no checkpoint");
    let size = read.map(|checkpoint| checkpoint.size()).ok_or_else(malformed)?;
    if size > LARGEST {
        let sentence = format!("the log is said to have {size} entries; at most {LARGEST} are copied");
        return Err(Failure::new(Exit::Failed, "too_large", sentence));
    }
    Ok(size)
}

/// Copies objects, each a path in the folder and its key, unless they are there. How many it copied.
async fn copy_all(
    folder: &Copies,
    bucket: &SourceBucket,
    objects: impl Iterator<Item = (String, String)>,
) -> Result<u64, Failure> {
    let copies = objects.map(|(path, key)| async move {
        if folder.has(&path)? {
            return Ok(0);
        }
        folder.write(&path, &there(bucket, &key).await?)?;
        Ok::<u64, Failure>(1)
    });
    let copies = stream::iter(copies).buffer_unordered(AT_ONCE);
    copies.try_fold(0u64, |sum, copied| async move { Ok(sum.saturating_add(copied)) }).await
}

/// All keys that begin with `prefix`.
async fn keys(bucket: &SourceBucket, prefix: &str) -> Result<Vec<String>, Failure> {
    let (mut keys, mut cursor) = (Vec::new(), None);
    loop {
        let page = bucket.keys(prefix, cursor.as_deref()).await.map_err(|fault| unanswered(&fault))?;
        keys.extend(page.items);
        cursor = page.cursor;
        if cursor.is_none() {
            return Ok(keys);
        }
    }
}

/// An object that has to be there.
async fn there(bucket: &SourceBucket, key: &str) -> Result<Vec<u8>, Failure> {
    let found = bucket.object(key, LONGEST).await.map_err(|fault| unanswered(&fault))?;
    found.ok_or_else(|| {
        Failure::new(Exit::Failed, "not_there", format!("the bucket has no `{key}`, which the log says it has"))
    })
}

pub(super) fn unanswered(fault: &Fault) -> Failure {
    Failure::new(Exit::Unreachable, "aws", fault.to_string())
}
