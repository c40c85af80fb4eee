//! Where the streams end, once a day. The record itself is asked, not the outbox: what vanished from that shows.

use super::gather::{Hint, Hints, UNREADABLE};
use super::{Keeping, PART};
use crate::ports::{Fault, Listing};
use crate::system::append;
use futures_util::StreamExt as _;
use model::names::RequestId;
use model::request::Status;
use model::stream::{Stream, SystemStream};
use model::system::{Event, Known, StreamHead, summary, summary_due};
use model::time::Time;
use record::chain::Head;
use std::collections::BTreeSet;

/// Streams of one summary, at most: its entries are stored in one transaction, which holds 100 items and 4 MB.
const MOST: usize = 10_000;

/// Streams that are asked where they end for one summary, at most, whether or not they changed: half of the time that the
/// function has.
const LOOKED_AT: usize = 30_000;

/// Sweeps and accounts of one summary, at most.
const OTHERS: u32 = 1_000;

/// Streams that are asked at the same time.
const AT_ONCE: usize = 32;

/// How long ago a request may have been asked for that still changes, in seconds: a week of waiting, half a day of
/// access, and a month in which records of what was done come late.
const CHANGES_FOR: u64 = 40 * 86_400;

/// How long ago an entry must have been committed for the outbox to have it, in seconds.
const SETTLED: u64 = 300;

/// How far behind the last summary a summary looks, in seconds: at what was too young then, and at what changed while it
/// was made, which takes less than [`SETTLED`], as no run of the function lasts longer.
const AGAIN: u64 = 2 * SETTLED;

/// Where streams end that changed since the last summary or shortly before, which of them the outbox does not tell of, and
/// whether there were more. `None`: no summary is due.
pub(super) async fn ends<P: Keeping>(ports: &P) -> Result<Option<(Vec<StreamHead>, Hints, bool)>, Fault> {
    let stored = ports.load_system(SystemStream::Log).await?;
    let since = match stored.map(|stored| stored.known) {
        Some(Known::Log { summarised_at, .. }) => summarised_at,
        Some(Known::Policy { .. } | Known::Deployment { .. }) | None => return Ok(None),
    };
    let now = ports.now();
    if summary_due(since, now).is_none() {
        return Ok(None);
    }
    let again = i64::try_from(AGAIN).unwrap_or(0);
    let from = Time::from_second(since.as_second().saturating_sub(again)).unwrap_or(Time::EPOCH);
    let (streams, mut cut) = streams(ports, from, now).await?;
    let reads: Vec<_> = streams.iter().map(|stream| end(ports, stream, from, now)).collect();
    let read: Vec<_> = futures_util::stream::iter(reads).buffered(AT_ONCE).collect().await;
    let (mut heads, mut late) = (Vec::new(), Hints::new());
    for (stream, end) in streams.iter().zip(read) {
        let (head, is_late) = match end {
            Ok(Some(end)) => end,
            Ok(None) => continue,
            // One that is damaged is left out, loudly, and takes the day from no other.
            Err(fault) if fault.code == UNREADABLE => {
                tracing::error!(stream = %stream, alarm = "log_defect", "where {stream} ends can't be read");
                continue;
            }
            Err(fault) => return Err(fault),
        };
        heads.push(StreamHead { stream: stream.clone(), seq: head.seq, hash: head.hash.to_string() });
        if is_late {
            late.insert(stream.clone(), Hint { told: 0, reaches: head.seq });
        }
    }
    cut |= heads.len() > MOST;
    heads.truncate(MOST);
    Ok(Some((heads, late, cut)))
}

/// Puts the summary on record, if one is due still.
pub(super) async fn summarise<P: Keeping>(ports: &P, heads: &[StreamHead], cut: bool) -> Result<(), Fault> {
    append(ports, PART, SystemStream::Log, |stored, now| match stored.map(|stored| &stored.known) {
        Some(Known::Log { summarised_at, .. }) => {
            summary_due(*summarised_at, now).map(|day| summary(&day, heads, cut)).unwrap_or_default()
        }
        Some(Known::Policy { .. } | Known::Deployment { .. }) | None => Vec::<Event>::new(),
    })
    .await
    .map(|_| ())
}

/// Where a stream ends, if it changed at `from` or later, and whether the outbox lacks some of it.
async fn end<P: Keeping>(ports: &P, stream: &Stream, from: Time, now: Time) -> Result<Option<(Head, bool)>, Fault> {
    let Some((head, at)) = ports.stream_end(stream).await?.filter(|(_, at)| *at >= from) else { return Ok(None) };
    if at.plus(SETTLED) > now {
        return Ok(Some((head, false)));
    }
    let Some(logged) = ports.logged_up_to(std::slice::from_ref(stream)).await?.pop().flatten() else {
        // Where it ends is known all the same, and is put on record.
        tracing::error!(stream = %stream, alarm = "log_defect", "up to where {stream} is logged can't be read");
        return Ok(Some((head, false)));
    };
    let outbox = ports.outbox(stream, logged, u32::MAX).await?;
    // Each place: an item far beyond the end says nothing of those before it.
    let told = outbox.open.iter().map(|open| open.seq).chain(outbox.passed).filter(|seq| *seq <= head.seq);
    let told: BTreeSet<u64> = told.collect();
    let is_late = (outbox.logged.seq.saturating_add(1)..=head.seq).any(|seq| !told.contains(&seq));
    Ok(Some((head, is_late)))
}

/// The streams that may have changed at `from` or later: requests that are open or were not long ago, sweeps and accounts,
/// the system's own; and whether there may be more.
async fn streams<P: Keeping>(ports: &P, from: Time, now: Time) -> Result<(Vec<Stream>, bool), Fault> {
    let mut streams: Vec<Stream> = SystemStream::ALL.into_iter().map(Stream::System).collect();
    let (running, changed) = futures_util::join!(ports.running_sweeps(OTHERS), ports.changed(from, OTHERS));
    streams.extend(running?.into_iter().map(Stream::Sweep));
    let changed = changed?;
    let more = u32::try_from(changed.len()).unwrap_or(u32::MAX) >= OTHERS;
    streams.extend(changed);
    for status in Status::ALL {
        let mut cursor: Option<String> = None;
        loop {
            let page = ports.list(&Listing::Status(status), cursor.as_deref(), 100).await?;
            // The newest come first.
            let recent = page.items.iter().take_while(|id| is_open(status) || asked_at(id).plus(CHANGES_FOR) > now);
            let before = streams.len();
            streams.extend(recent.cloned().map(Stream::Request));
            let all_recent = streams.len().saturating_sub(before) == page.items.len();
            cursor = page.cursor;
            if cursor.is_none() || !all_recent || streams.len() > LOOKED_AT {
                break;
            }
        }
    }
    let cut = more || streams.len() > LOOKED_AT;
    streams.truncate(LOOKED_AT);
    streams.sort();
    streams.dedup();
    Ok((streams, cut))
}

fn is_open(status: Status) -> bool {
    match status {
        Status::Pending | Status::Approved | Status::Provisioning | Status::Active | Status::Revoking => true,
        Status::Denied | Status::Cancelled | Status::Lapsed | Status::Ended => false,
    }
}

/// When a request was asked for: the first 48 bits of its id are milliseconds. Source: RFC 9562, version 7.
fn asked_at(id: &RequestId) -> Time {
    let digits = id.as_str().strip_prefix("req_").and_then(|digits| digits.get(..12)).unwrap_or_default();
    let milliseconds = i64::from_str_radix(digits, 16).unwrap_or(0);
    Time::from_second(milliseconds.checked_div(1_000).unwrap_or(0)).unwrap_or(Time::EPOCH)
}
