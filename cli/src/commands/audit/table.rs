//! The table's part of the folder: entries as they lie in the table, and where each stream ends there.

use super::copies::Copies;
use super::fetch::{AT_ONCE, unanswered};
use super::folder::Kind;
use super::rebuild::{Outcome, opened};
use crate::failure::{Exit, Failure};
use aws::table::Table;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::stream::{StreamExt as _, TryStreamExt as _};
use model::stream::{Stream, SystemStream};
use record::note::VerifierKey;
use record::tile::{Holds, Tile, WIDTH, decode_entries};
use record::tree::{Edge, leaf};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use workflow::ports::ReadStreams as _;

/// Most defects that are told; more are counted.
const MOST: usize = 100;

/// How often a stream is gone on with that was written to meanwhile.
const ROUNDS: u32 = 20;

fn unsound(sentence: String) -> Failure {
    Failure::new(Exit::Failed, "unsound_log", sentence)
}

/// The bundles of a log of `size` leaves, in order: each the index of its first leaf and its entries.
fn bundles(folder: &Copies, size: u64) -> impl Iterator<Item = Result<(u64, Vec<Vec<u8>>), Failure>> + '_ {
    let count = size.div_ceil(u64::from(WIDTH));
    (0..count).map(move |index| {
        let tile =
            Tile::at(Holds::Entries, index, size).ok_or_else(|| unsound(format!("there is no bundle {index}")))?;
        let path = format!("log/{tile}");
        let bytes = folder.read(&path)?.ok_or_else(|| unsound(format!("{path} is missing")))?;
        let entries = decode_entries(&bytes, tile.width()).map_err(|_| unsound(format!("{path} is no bundle")))?;
        let first = index.saturating_mul(u64::from(WIDTH));
        Ok((first, entries.into_iter().map(<[u8]>::to_vec).collect()))
    })
}

/// An entry's stream and place, by its own bytes.
fn place(entry: &[u8]) -> Option<(String, u64)> {
    let value: Value = serde_json::from_slice(entry).ok()?;
    Some((value.get("request")?.as_str()?.to_owned(), value.get("seq")?.as_u64()?))
}

/// Where a stream ends in the table: its last place, and the folder's file of it.
async fn end(table: &Table, stream: &Stream) -> Result<Option<(u64, String)>, Failure> {
    let end = table.stream_end(stream).await.map_err(|fault| unanswered(&fault))?;
    Ok(end.map(|(head, _)| (head.seq, json!({"version": head.seq, "head": head.hash.to_string()}).to_string())))
}

/// Where the folder has an entry of the table.
fn path(stream: &Stream, seq: u64) -> String {
    format!("table/streams/{stream}/{seq:06}.json")
}

/// What came of copying.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Copied {
    /// How many entries were copied.
    pub(super) entries: u64,
    /// How many of the folder's entries were taken out, which the table has no more.
    pub(super) removed: u64,
}

impl Copied {
    fn and(self, other: Self) -> Self {
        let entries = self.entries.saturating_add(other.entries);
        Self { entries, removed: self.removed.saturating_add(other.removed) }
    }
}

/// The streams that the folder has something of.
fn copied(folder: &Copies) -> Result<BTreeSet<Stream>, Failure> {
    let mut names = folder.disk().names("table/streams")?;
    names.extend(folder.disk().names("table/states")?);
    let stream = |(name, _): &(String, Kind)| name.strip_suffix(".json").unwrap_or(name).parse().ok();
    Ok(names.iter().filter_map(stream).collect())
}

/// Copies the streams that the folder's log of `size` leaves or an index of the table knows, or that were copied before,
/// unless their copies end where they do.
pub(super) async fn copy(folder: &Copies, table: &Table, size: u64) -> Result<Copied, Failure> {
    let mut streams = copied(folder)?;
    streams.extend(SystemStream::ALL.map(Stream::System));
    // What was never logged, the log does not know.
    streams.extend(table.listed().await.map_err(|fault| unanswered(&fault))?);
    for bundle in bundles(folder, size) {
        let places = bundle?.1.into_iter().filter_map(|entry| place(&entry));
        streams.extend(places.filter_map(|(stream, _)| stream.parse::<Stream>().ok()));
    }
    let copies = streams.into_iter().map(|stream| async move { one(folder, table, &stream).await });
    let copies = futures_util::stream::iter(copies).buffer_unordered(AT_ONCE);
    copies.try_fold(Copied::default(), |sum, copied| async move { Ok(sum.and(copied)) }).await
}

/// Copies one stream, unless its copy ends where it does. What the table has no more is taken out of the folder: else what
/// was deleted there would be hidden by what was copied before.
async fn one(folder: &Copies, table: &Table, stream: &Stream) -> Result<Copied, Failure> {
    let state = format!("table/states/{stream}.json");
    // A stream whose end is gone has entries all the same.
    if let Some((seq, text)) = end(table, stream).await?
        && folder.has(&state)?
        && folder.has(&path(stream, seq))?
        && folder.read(&state)?.as_deref() == Some(text.as_bytes())
    {
        return Ok(Copied::default());
    }
    // A copy that is stopped in the middle is not to be taken for whole the next time.
    folder.remove(&state)?;
    let (mut copied, mut seen) = (0u64, BTreeSet::new());
    // Whoever writes meanwhile is followed.
    for _ in 0..ROUNDS {
        let more = entries(folder, table, stream, &mut seen).await?;
        copied = copied.saturating_add(more);
        let last = seen.last().copied().unwrap_or(0);
        // Read after the entries: an end from before them would look set back, and one from after them as if something had
        // been taken out. One that is still after them has no entries; that, and one that was set back, is for `verify`.
        let end = end(table, stream).await?;
        if end.as_ref().is_none_or(|(seq, _)| *seq <= last) || more == 0 {
            let removed = prune(folder, stream, &seen)?;
            if let Some((_, text)) = end {
                folder.write(&state, text.as_bytes())?;
            }
            return Ok(Copied { entries: copied, removed });
        }
    }
    let sentence = format!("{stream} was written to faster than it was copied");
    Err(Failure::new(Exit::Failed, "table_busy", sentence).advise("Fetch again: what was copied stays."))
}

/// Copies a stream's entries after the places that were seen, and adds theirs. How many.
async fn entries(folder: &Copies, table: &Table, stream: &Stream, seen: &mut BTreeSet<u64>) -> Result<u64, Failure> {
    let mut copied = 0u64;
    let mut cursor = seen.last().copied().map(Table::copied_until);
    loop {
        let page = table.copied(stream, cursor.as_deref()).await.map_err(|fault| unanswered(&fault))?;
        for entry in page.items {
            folder.write(&path(stream, entry.seq), entry.item.to_string().as_bytes())?;
            copied = copied.saturating_add(1);
            seen.insert(entry.seq);
        }
        cursor = page.cursor;
        if cursor.is_none() {
            return Ok(copied);
        }
    }
}

/// Takes the folder's entries of a stream out that were not seen in the table. How many.
fn prune(folder: &Copies, stream: &Stream, seen: &BTreeSet<u64>) -> Result<u64, Failure> {
    let mut removed = 0u64;
    for (name, kind) in folder.disk().names(&format!("table/streams/{stream}"))? {
        let is_number = |seq: &&str| seq.bytes().all(|byte| byte.is_ascii_digit());
        let seq = name.strip_suffix(".json").filter(is_number).and_then(|seq| seq.parse().ok());
        let Some(seq) = seq.filter(|_| kind != Kind::Folder) else { continue };
        let found = format!("table/streams/{stream}/{name}");
        if !seen.contains(&seq) || found != path(stream, seq) {
            folder.remove(&found)?;
            removed = removed.saturating_add(1);
        }
    }
    Ok(removed)
}

/// The tree, made anew from the folder's entries of the table in the order of the log's leaves.
pub(super) fn rebuilt(folder: &Copies, keys: &[VerifierKey]) -> Result<Outcome, Failure> {
    let note = folder.read("log/checkpoint")?.ok_or_else(|| unsound("log/checkpoint is missing".to_owned()))?;
    let checkpoint = opened(&note, keys).ok_or_else(|| unsound("log/checkpoint is not to be believed".to_owned()))?;
    let (mut edge, mut defects, mut count) = (Edge::EMPTY, Vec::new(), 0u64);
    let mut found = |code: &str, sentence: String| {
        count = count.saturating_add(1);
        if defects.len() < MOST {
            defects.push((code.to_owned(), sentence));
        }
    };
    for bundle in bundles(folder, checkpoint.size()) {
        for logged in bundle?.1 {
            let index = edge.size();
            let bytes = match place(&logged) {
                None => None,
                Some((stream, seq)) => entry(folder, &stream, seq)?,
            };
            match &bytes {
                None => found("entry_missing", format!("leaf {index}: the table has no such entry")),
                Some(bytes) if *bytes != logged => {
                    found(
                        "entry_edited",
                        format!("leaf {index}: the bytes in the table are not those that were logged"),
                    );
                }
                Some(_) => {}
            }
            edge.append(leaf(bytes.as_ref().unwrap_or(&logged))).map_err(|_| unsound("the log is full".to_owned()))?;
        }
    }
    if edge.root() != *checkpoint.root() {
        found("other_tree", format!("the tree of {} leaves is not the one that was signed", edge.size()));
    }
    Ok(Outcome { size: edge.size(), root: edge.root(), defects, count, newer: 0 })
}

fn entry(folder: &Copies, stream: &str, seq: u64) -> Result<Option<Vec<u8>>, Failure> {
    let Some(text) = folder.read(&format!("table/streams/{stream}/{seq:06}.json"))? else { return Ok(None) };
    let value: Option<Value> = serde_json::from_slice(&text).ok();
    let event = value.as_ref().and_then(|value| value.get("event")?.as_str());
    Ok(event.and_then(|event| STANDARD.decode(event).ok()))
}
