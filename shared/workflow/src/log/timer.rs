//! What is done every minute: whatever stream records did not tell of is found, silence is made visible, days are summed
//! up, and what is signed is anchored. Every five minutes it is looked what code runs.

use super::anchoring::{Anchored, anchor};
use super::deployments::{due, look};
use super::gather::{Hint, Hints};
use super::sequencing::{Ran, run};
use super::summary::{ends, summarise};
use super::{Keeping, PART};
use crate::ports::{Fault, StoredSystem};
use crate::system::append;
use model::stream::{Stream, SystemStream};
use model::system::{Event, Known};
use model::time::Time;

/// How long nothing may be logged before that is said, in seconds.
pub(super) const SILENCE: u64 = 300;

/// Streams of one run, at most; the most overdue come first, and the rest with the next.
const STREAMS: u32 = 1_000;

const LOG: Stream = Stream::System(SystemStream::Log);

/// One run. What fails in it keeps nothing else in it from being done. What is signed is anchored first and last: access
/// waits for anchors, and a long run may not live to its end.
///
/// # Errors
/// The first thing that failed.
pub async fn minute<P: Keeping>(ports: &P) -> Result<Ran, Fault> {
    let before = Box::pin(anchor_it(ports)).await;
    let begun = Box::pin(begin(ports)).await;
    let logged = Box::pin(sweep(ports)).await;
    let summed = Box::pin(sum_up(ports)).await;
    let anchored = Box::pin(anchor_it(ports)).await;
    // Last, so that the log waits for Lambda in nothing: the stream brings what comes of it within seconds.
    let looked = if due(ports.now()) { Box::pin(look(ports)).await } else { Ok(false) };
    before?;
    begun?;
    anchored?;
    looked?;
    let (logged, summed) = (logged?, summed?);
    Ok(Ran {
        leaves: logged.leaves.saturating_add(summed.leaves),
        batches: logged.batches.saturating_add(summed.batches),
    })
}

fn key_of(stored: Option<&StoredSystem>) -> Option<&str> {
    match &stored?.known {
        Known::Log { key, .. } => Some(key),
        Known::Policy { .. } | Known::Deployment { .. } => None,
    }
}

/// The log's own stream begins with the log, and says which keys sign.
async fn begin<P: Keeping>(ports: &P) -> Result<(), Fault> {
    append(ports, PART, SystemStream::Log, |stored, _| {
        let key = ports.log_key().to_owned();
        match key_of(stored) {
            None => vec![Event::LogStarted { origin: ports.origin().to_owned(), key }],
            Some(before) if *before != key => vec![Event::KeyChanged { from: before.to_owned(), to: key }],
            Some(_) => Vec::new(),
        }
    })
    .await
    .map(|_| ())
}

/// Once a day: whatever ends elsewhere than the log knows is logged, and then the day is summed up.
async fn sum_up<P: Keeping>(ports: &P) -> Result<Ran, Fault> {
    let Some((heads, late, cut)) = Box::pin(ends(ports)).await? else { return Ok(Ran::default()) };
    if !late.is_empty() {
        Box::pin(run(ports, late, false)).await?;
    }
    summarise(ports, &heads, cut).await?;
    Box::pin(run(ports, Hints::from([(LOG, Hint::default())]), false)).await
}

/// Everything that waits, and a heartbeat if nothing did for a while.
async fn sweep<P: Keeping>(ports: &P) -> Result<Ran, Fault> {
    // Whatever waits in vain: silence is silence.
    Box::pin(beat(ports, SILENCE)).await?;
    let mut streams: Hints =
        ports.unlogged(STREAMS).await?.into_iter().map(|stream| (stream, Hint::default())).collect();
    // The index may not have what was put there just now.
    streams.entry(LOG).or_default();
    Box::pin(run(ports, streams, false)).await
}

/// Puts a heartbeat on record, unless something was logged within the last `silence` seconds.
async fn beat<P: Keeping>(ports: &P, silence: u64) -> Result<bool, Fault> {
    let head = ports.log_head().await?;
    let (size, last) = head.map_or((0, Time::EPOCH), |head| (head.edge.size(), head.at));
    append(ports, PART, SystemStream::Log, |stored, now| {
        let last = stored.map_or(last, |stored| last.max(stored.at));
        let begun = key_of(stored).is_some();
        if begun && last.plus(silence) <= now { vec![Event::Heartbeat { size }] } else { Vec::new() }
    })
    .await
}

async fn anchor_it<P: Keeping>(ports: &P) -> Result<(), Fault> {
    match Box::pin(anchor(ports)).await? {
        Anchored::Yes | Anchored::Waits | Anchored::Nothing => Ok(()),
        // What the witness refused can't be submitted again: a larger tree can.
        Anchored::Refused => {
            if Box::pin(beat(ports, 1)).await? {
                Box::pin(run(ports, Hints::from([(LOG, Hint::default())]), false)).await?;
                Box::pin(anchor(ports)).await?;
            }
            Ok(())
        }
    }
}
