//! Transactions that get into each other's way. DynamoDB has a transaction hold every item that it names until it is over,
//! those that it only checks among them; another that names one meanwhile is cancelled with `TransactionConflict`. Source:
//! DynamoDB developer guide, transaction conflict handling, which makes no exception for `ConditionCheck`; and "Distributed
//! Transactions at Scale in Amazon DynamoDB" (USENIX ATC 2023), where a node accepts one for an item only if no other is.

use super::World;
use super::pace::Aws;
use crate::ports::{CommitError, anchor_copy};
use model::names::RequestId;
use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How often a commit is tried while another holds a mark, and the wait before the second time, in milliseconds: as the
/// table of `aws` has it.
const ATTEMPTS: u32 = 4;
const WAIT: u64 = 20;

/// How long until a transaction is told that it was cancelled, in microseconds: the first of its two phases.
const TOLD: u64 = 12_000;

/// What is held.
#[derive(Debug, Default)]
pub(super) struct Contention(Mutex<Option<Held>>);

#[derive(Debug)]
struct Held {
    /// How many copies there are of what is conditioned on.
    copies: u8,
    now: BTreeSet<u8>,
    conflicts: u64,
    aws: Aws,
}

impl Contention {
    fn lock(&self) -> MutexGuard<'_, Option<Held>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A copy that a transaction holds until this is dropped.
#[derive(Debug)]
pub(super) struct Hold<'a> {
    contention: &'a Contention,
    copy: u8,
}

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        if let Some(held) = &mut *self.contention.lock() {
            held.now.remove(&self.copy);
        }
    }
}

impl World {
    /// From now on a transaction that begins access holds the copy of the anchor that it is conditioned on, as if there were
    /// so many copies.
    pub fn contend(&self, copies: u8, seed: u64) {
        let held = Held { copies: copies.max(1), now: BTreeSet::new(), conflicts: 0, aws: Aws::new(seed, u64::MAX) };
        *self.contention.lock() = Some(held);
    }

    /// How often a transaction was cancelled since another held its copy.
    pub fn conflicts(&self) -> u64 {
        self.contention.lock().as_ref().map_or(0, |held| held.conflicts)
    }

    /// Holds the copy of a request for its transaction.
    pub(super) async fn hold_copy(&self, id: &RequestId) -> Result<Hold<'_>, CommitError> {
        let mut wait = WAIT;
        for _ in 0..ATTEMPTS {
            let again = match &mut *self.contention.lock() {
                None => return Ok(Hold { contention: &self.contention, copy: 0 }),
                Some(held) => {
                    let copy = anchor_copy(id).checked_rem(held.copies).unwrap_or(0);
                    if held.now.insert(copy) {
                        return Ok(Hold { contention: &self.contention, copy });
                    }
                    held.conflicts = held.conflicts.saturating_add(1);
                    wait.saturating_mul(500).saturating_add(held.aws.below(wait.saturating_mul(1_000)))
                }
            };
            self.wait(TOLD.saturating_add(again)).await;
            wait = wait.saturating_mul(2);
        }
        Err(CommitError::Conflict)
    }
}
