//! Erasing what persons said about a request or a sweep, once it is over. The record stays whole: its bytes hold hashes alone.
//!
//! First the state forgets it, with an event that says who did it: whoever read the state before can't store it any
//! more, as the version has moved on. Then it goes from beside the entries, whose bytes nobody touches. What dies in
//! between is finished by erasing again.

use crate::command::{CommandError, carry_out};
use crate::ports::{
    Clock, CommitRequest, CommitSweep, EraseWords, LoadEntries, LoadRequest, LoadSweep, LoadSweepEntries, Stored,
    StoredSweep,
};
use crate::sweep::{SweepError, forget};
use model::identity::Cause;
use model::lifecycle::Command;
use model::names::{RequestId, SweepId};
use model::stream::{Place, Stream};
use record::entry::Entry;

/// Entries that are read at once.
const PAGE: u32 = 100;

/// What was erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erased {
    /// The request after it.
    pub stored: Stored,
    /// Entries that had words beside them.
    pub entries: usize,
}

/// Erases all words of persons in the record and the state of the request `id`, as the AWS identity `by`.
///
/// # Errors
/// If it is not over yet; and see [`CommandError`].
pub async fn erase<P>(ports: &P, id: &RequestId, by: &str) -> Result<Erased, CommandError>
where
    P: LoadRequest + CommitRequest + LoadEntries + EraseWords + Clock,
{
    let command = |_: &Stored, _| Command::EraseWords { by: by.to_owned() };
    let done = carry_out(ports, id, &Cause::system("erasure"), command, None, &[]).await?;
    let (mut after, mut erased) = (0u64, 0usize);
    while after < done.stored.head.seq {
        let page = ports.entries(id, after, PAGE).await?;
        if page.is_empty() {
            break;
        }
        for entry in page {
            // Where it lies: one that is gone moves none of those behind it.
            after = after.max(entry.seq);
            if !entry.words.is_empty() && !model::seeded!("erased-words-stay") {
                ports.erase_words(&Place { stream: Stream::Request(id.clone()), seq: entry.seq }).await?;
                erased = erased.saturating_add(1);
            }
        }
    }
    Ok(Erased { stored: done.stored, entries: erased })
}

/// What was erased of a sweep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErasedSweep {
    /// The sweep after it.
    pub stored: StoredSweep,
    /// Entries that had words beside them.
    pub entries: usize,
}

/// Erases all words of persons in the record and the state of the sweep `id`, as the AWS identity `by`.
///
/// # Errors
/// If it is not over yet; and see [`SweepError`].
pub async fn erase_sweep<P>(ports: &P, id: &SweepId, by: &str) -> Result<ErasedSweep, SweepError>
where
    P: LoadSweep + CommitSweep + LoadSweepEntries + EraseWords + Clock,
{
    // A sweep has few entries: it begins, ends, and a person may be let back in.
    let entries = ports.sweep_entries(id, 0, PAGE).await?;
    let spoken: Vec<u64> = entries.iter().filter(|entry| !entry.words.is_empty()).map(|entry| entry.seq).collect();
    // What an erasure that died left is taken out without another event; what was said since is not.
    let erased = entries.iter().filter(|entry| erases(&entry.bytes)).map(|entry| entry.seq).max();
    let left = spoken.last() > erased.as_ref();
    let stored = forget(ports, id, left, by).await?;
    for seq in &spoken {
        ports.erase_words(&Place { stream: Stream::Sweep(id.clone()), seq: *seq }).await?;
    }
    Ok(ErasedSweep { stored, entries: spoken.len() })
}

/// Whether an entry says that words were erased.
fn erases(bytes: &[u8]) -> bool {
    serde_json::from_slice::<Entry>(bytes).is_ok_and(|entry| entry.event_name() == "wordsErased")
}
