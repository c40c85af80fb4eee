//! One state change: events, state and guards in one transaction, or nothing.

use super::items::{self, number};
use super::{MOST_ITEMS, Table, Write, keys, log};
use crate::fault::fault;
use crate::time::jittered;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{CancellationReason, TransactWriteItem};
use model::names::RequestId;
use model::stream::Stream;
use record::chain::Link;
use uuid::Uuid;
use workflow::ports::{Commit, CommitError, CommitRequest, Fault, Guard};

pub(super) const STORE: &str = "store the change";

/// The attribute of an entry that says which call wrote it. Its hash does not: two equal commands
/// on the same head in the same second are the same bytes, and only one of them may take effect.
const COMMIT: &str = "commit";

/// How often the transaction is tried while another one holds the mark of the same message.
const ATTEMPTS: u32 = 4;

/// Wait before the second of those attempts, in milliseconds; longer before each further one.
const WAIT: u64 = 20;

/// What a part of the transaction stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// The state and the entries: fail if somebody else changed the request.
    Change,
    /// Fails if the message took effect before.
    Replay,
    /// Fails if the key was used before.
    Key,
    /// Fails if another request holds the slot.
    Slot,
    /// Fails if the log was not anchored for too long.
    Anchor,
    /// Fails if the person of the guard at this place is barred.
    Bar(usize),
}

/// Why the transaction was cancelled.
#[derive(Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "any of them may be true at once: one transaction, several reasons")]
struct Cancelled {
    changed: bool,
    replayed: bool,
    key_used: bool,
    slot_taken: bool,
    not_anchored: bool,
    /// Another transaction held the request.
    busy: bool,
    /// Another transaction held a mark.
    busy_mark: bool,
    /// The guard that says so.
    barred: Option<usize>,
    other: Option<String>,
}

impl Cancelled {
    fn read(parts: &[Part], reasons: &[CancellationReason]) -> Self {
        let mut cancelled = Self::default();
        for (part, reason) in parts.iter().zip(reasons) {
            match (reason.code(), part) {
                (None | Some("None"), _) => {}
                (Some("ConditionalCheckFailed"), Part::Change) => cancelled.changed = true,
                (Some("ConditionalCheckFailed"), Part::Replay) => cancelled.replayed = true,
                (Some("ConditionalCheckFailed"), Part::Key) => cancelled.key_used = true,
                (Some("ConditionalCheckFailed"), Part::Slot) => cancelled.slot_taken = true,
                (Some("ConditionalCheckFailed"), Part::Anchor) => cancelled.not_anchored = true,
                (Some("ConditionalCheckFailed"), Part::Bar(at)) => cancelled.barred = Some(*at),
                (Some("TransactionConflict"), Part::Change) => cancelled.busy = true,
                (Some("TransactionConflict"), Part::Replay | Part::Key | Part::Slot | Part::Anchor | Part::Bar(_)) => {
                    cancelled.busy_mark = true;
                }
                (Some(code), _) => cancelled.other = Some(code.to_owned()),
            }
        }
        cancelled
    }
}

/// What came of one attempt.
enum Attempt {
    Stored,
    Cancelled(Cancelled),
    /// An attempt with the same token was not over, or took effect with other parameters.
    Earlier(Fault),
}

impl CommitRequest for Table {
    async fn commit(&self, commit: Commit) -> Result<(), CommitError> {
        let Some(last) = commit.links.last() else { return Err(Fault::new(STORE, "no_events").into()) };
        if last.seq > keys::LAST_SEQ {
            return Err(Fault::new(STORE, "record_full").into());
        }
        let token = Uuid::now_v7().to_string();
        let (parts, writes) = self.transaction(&commit, &token)?;
        let mut wait = WAIT;
        for _ in 0..ATTEMPTS {
            let cancelled = match self.attempt(&token, &parts, writes.clone()).await? {
                Attempt::Stored => return Ok(()),
                Attempt::Cancelled(cancelled) => cancelled,
                Attempt::Earlier(fault) => {
                    return if self.holds(&commit, last, &token).await? { Ok(()) } else { Err(fault.into()) };
                }
            };
            // Somebody changed the request, and it may have been us: an attempt whose answer was
            // lost. The entry says so: it carries this call's token.
            if cancelled.changed && self.holds(&commit, last, &token).await? {
                return Ok(());
            }
            if cancelled.replayed {
                return Err(CommitError::Replayed);
            }
            if cancelled.key_used {
                return Err(CommitError::KeyUsed);
            }
            if let Some(Guard::NotBarred { person }) = cancelled.barred.and_then(|at| commit.guards.get(at)) {
                return Err(CommitError::Barred(person.clone()));
            }
            if cancelled.not_anchored && !cancelled.changed {
                return Err(CommitError::NotAnchored);
            }
            // Last of the marks: what was asked for before is answered as then, however much there is.
            if cancelled.slot_taken && !cancelled.changed {
                return Err(CommitError::SlotTaken);
            }
            if cancelled.changed || cancelled.busy {
                return Err(CommitError::Conflict);
            }
            if let Some(code) = cancelled.other {
                return Err(Fault::new(STORE, code).into());
            }
            if !cancelled.busy_mark {
                return Err(Fault::new(STORE, "TransactionCanceledException").into());
            }
            // The same message twice at once: one of them wins, and the other is told so above.
            tokio::time::sleep(jittered(wait)).await;
            wait = wait.saturating_mul(2);
        }
        Err(CommitError::Conflict)
    }
}

impl Table {
    fn transaction(&self, commit: &Commit, token: &str) -> Result<(Vec<Part>, Vec<TransactWriteItem>), Fault> {
        let state = items::state(commit)?;
        let mut writes = vec![(Part::Change, Write::versioned(&self.name, state, commit.expected))];
        let stream = Stream::Request(commit.id.clone());
        for link in &commit.links {
            let mut entry = items::link(keys::entry(&commit.id, link.seq), link);
            entry.insert(COMMIT.to_owned(), items::text(token));
            writes.push((Part::Change, Write::new(&self.name, entry)));
            writes.push((Part::Change, Write::over(&self.name, log::out(&stream, link, commit.next.at))));
        }
        if writes.len().saturating_add(commit.guards.len()) > MOST_ITEMS {
            return Err(Fault::new(STORE, "too_many_events"));
        }
        let mut parts = Vec::with_capacity(writes.len());
        let mut items = Vec::with_capacity(writes.len());
        for (part, write) in writes {
            parts.push(part);
            items.push(TransactWriteItem::builder().put(write.build(STORE)?).build());
        }
        for (at, guard) in commit.guards.iter().enumerate() {
            let (part, item) = self.guarded(commit, at, guard)?;
            parts.push(part);
            items.push(item);
        }
        Ok((parts, items))
    }

    fn guarded(&self, commit: &Commit, at: usize, guard: &Guard) -> Result<(Part, TransactWriteItem), Fault> {
        let put = |write: Write<'_>| Ok(TransactWriteItem::builder().put(write.build(STORE)?).build());
        let mark = items::mark(&commit.id, guard).unwrap_or_default();
        match guard {
            Guard::Replay { .. } => Ok((Part::Replay, put(Write::new(&self.name, mark))?)),
            // DynamoDB deletes late what is to be forgotten; a key counts until then and no longer.
            Guard::Idempotency { .. } => Ok((
                Part::Key,
                put(Write {
                    condition: Some("attribute_not_exists(pk) OR #ttl < :now"),
                    names: &[("#ttl", "ttl")],
                    values: vec![(":now", number(commit.next.at.as_second()))],
                    ..Write::over(&self.name, mark)
                })?,
            )),
            Guard::Slot { instead_of, .. } => {
                let given_up = instead_of.as_ref().map_or("-", RequestId::as_str);
                Ok((
                    Part::Slot,
                    put(Write {
                        condition: Some("attribute_not_exists(pk) OR #ttl <= :now OR #request = :before"),
                        names: &[("#ttl", "ttl"), ("#request", "request")],
                        values: vec![(":now", number(commit.next.at.as_second())), (":before", items::text(given_up))],
                        ..Write::over(&self.name, mark)
                    })?,
                ))
            }
            Guard::Anchored { not_before } => Ok((Part::Anchor, self.anchored_since(&commit.id, *not_before)?)),
            Guard::NotBarred { person } => Ok((Part::Bar(at), self.unbarred(person)?)),
        }
    }

    async fn attempt(&self, token: &str, parts: &[Part], writes: Vec<TransactWriteItem>) -> Result<Attempt, Fault> {
        let sent = self
            .client
            .transact_write_items()
            .set_transact_items(Some(writes))
            // What the SDK or we send again takes effect once; what somebody else sends is theirs.
            .client_request_token(token)
            .send()
            .await;
        let Err(error) = sent else { return Ok(Attempt::Stored) };
        let answer = error.as_service_error();
        if let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) = answer {
            return Ok(Attempt::Cancelled(Cancelled::read(parts, cancelled.cancellation_reasons())));
        }
        let fault = fault(STORE, &error);
        if answer.is_some_and(|answer| {
            answer.is_transaction_in_progress_exception() || answer.is_idempotent_parameter_mismatch_exception()
        }) {
            return Ok(Attempt::Earlier(fault));
        }
        Err(fault)
    }

    /// Whether the chain holds `last` where this change puts it, written by the call with `token`.
    async fn holds(&self, commit: &Commit, last: &Link, token: &str) -> Result<bool, Fault> {
        let found = self.get(STORE, keys::entry(&commit.id, last.seq)).await?;
        Ok(found.is_some_and(|item| {
            items::text_of(&item, "hash") == Some(last.hash.to_string().as_str())
                && items::text_of(&item, COMMIT) == Some(token)
        }))
    }
}
