//! Erasing what persons said about a request, once it is over. The record stays whole: its bytes hold hashes alone.
//!
//! First the state forgets it, with an event that says who did it: whoever read the state before can't store it any
//! more, as the version has moved on. Then it goes from beside the entries, whose bytes nobody touches. What dies in
//! between is finished by erasing again.

use crate::command::{CommandError, carry_out};
use crate::ports::{Clock, CommitRequest, EraseWords, LoadEntries, LoadRequest, Stored};
use model::identity::Cause;
use model::lifecycle::Command;
use model::names::RequestId;

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
            after = after.saturating_add(1);
            if !entry.words.is_empty() {
                ports.erase_words(id, after).await?;
                erased = erased.saturating_add(1);
            }
        }
    }
    Ok(Erased { stored: done.stored, entries: erased })
}
