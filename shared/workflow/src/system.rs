//! What happens to the system itself, put on the record: its policy, its code, its log.

use crate::command::links;
use crate::ports::{Clock, CommitError, CommitSystem, Fault, LoadSystem, StoredSystem, SystemCommit};
use model::identity::Cause;
use model::stream::SystemStream;
use model::system::{Event, Known};
use model::time::Time;
use record::chain::Head;

const STORE: &str = "put on record what happened to the system";

/// How often something is decided anew because somebody else was faster.
const ATTEMPTS: u32 = 20;

/// The commit that appends `events`, which are all of one stream, to what is stored. Of a stored stream the record's time
/// does not go backwards.
///
/// # Errors
/// There are none, or one can't follow.
pub fn next(stored: Option<&StoredSystem>, cause: &Cause, events: &[Event], now: Time) -> Result<SystemCommit, Fault> {
    let impossible = || Fault::new(STORE, "impossible_event");
    let stream = events.first().ok_or_else(impossible)?.stream();
    let now = stored.map_or(now, |stored| now.max(stored.at));
    let head = stored.map_or(Head::START, |stored| stored.head);
    let (links, after) = links(head, stream.as_str(), cause, events, now)?;
    let mut known = stored.map(|stored| stored.known.clone());
    for event in events {
        let same = event.stream() == stream;
        known = Some(Known::evolve(known, event, now).filter(|_| same).ok_or_else(impossible)?);
    }
    let known = known.ok_or_else(impossible)?;
    Ok(SystemCommit { stream, expected: head.seq, links, next: StoredSystem { known, head: after, at: now } })
}

/// Appends what `decide` makes of what is known; nothing, if that is nothing. Gives back whether it did.
///
/// # Errors
/// If the store did not answer.
pub async fn append<P, F>(ports: &P, part: &str, stream: SystemStream, decide: F) -> Result<bool, Fault>
where
    P: LoadSystem + CommitSystem + Clock,
    F: Fn(Option<&StoredSystem>, Time) -> Vec<Event> + Send,
{
    for _ in 0..ATTEMPTS {
        let stored = ports.load_system(stream).await?;
        let now = ports.now();
        let events = decide(stored.as_ref(), now);
        if events.is_empty() {
            return Ok(false);
        }
        match ports.commit_system(next(stored.as_ref(), &Cause::system(part), &events, now)?).await {
            Ok(()) => return Ok(true),
            Err(CommitError::Conflict) => ports.pause(20).await,
            Err(CommitError::Unavailable(fault)) => return Err(fault),
            Err(
                CommitError::Replayed
                | CommitError::KeyUsed
                | CommitError::Barred(_)
                | CommitError::SlotTaken
                | CommitError::NotAnchored,
            ) => return Err(Fault::new(STORE, "contention")),
        }
    }
    Err(Fault::new(STORE, "contention"))
}
