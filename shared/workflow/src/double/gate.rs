//! The gate that every port call goes through: counted, logged, and made to fail or stop.

use super::timing::Timing;
use super::{Inner, Verb, World};
use crate::ports::Fault;
use model::time::Time;
use std::collections::BTreeSet;
use std::fmt;
use std::future::{Future, pending, poll_fn};
use std::task::{Poll, Waker};

/// What may happen to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Trouble {
    /// The worker dies: nothing is done, and the call never returns.
    CrashBefore,
    /// The worker dies: it is done, and the call never returns.
    CrashAfter,
    /// An error, and nothing is done.
    FaultBefore,
    /// An error, and it is done: an unknown outcome.
    FaultAfter,
    /// Refused because of too many calls; nothing is done.
    Throttle,
    /// The worker stands still before it is done, until [`World::release`].
    Hold,
    /// Refused with this code; nothing is done.
    Refuse(&'static str),
    /// What is read is damaged, in a way that follows from this number: what comes of that says
    /// [`Misread`](super::Misread). Nothing else than reads of single items knows it.
    Misread(u64),
}

/// One call, as the log has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Its number, from 1, over all workers.
    pub nth: u64,
    /// What was called.
    pub verb: Verb,
    /// On which request, role or key.
    pub on: String,
    /// More of it: the events of a commit, the name of a policy.
    pub detail: String,
    /// Which round trip it was part of: calls in flight together share one. Exact once [`World::count_rounds`] was called.
    pub round: u64,
    /// Whether it did, or read, what it was asked to.
    pub took_effect: bool,
    /// Its place among the calls that did, from 1; 0: it did not.
    pub order: u64,
    /// When it did, by AWS's clock; else when it was made.
    pub at: Time,
}

type Choose = Box<dyn FnMut(&Call) -> Option<Trouble> + Send>;

#[derive(Default)]
pub(super) struct Gate {
    calls: Vec<Call>,
    /// How many calls were forgotten from the log.
    forgotten: u64,
    /// The last round that a call returned from.
    returned: u64,
    choose: Option<Choose>,
    hits: u64,
    halted: u64,
    /// How many calls took effect.
    done: u64,
    /// How many of these wrote to IAM, STS or the scheduler.
    pub(super) cloud_writes: u64,
    held: BTreeSet<u64>,
    wakers: Vec<Waker>,
    /// How long calls take; `None`: no time, each one turn of whoever else runs.
    pub(super) timing: Option<Timing>,
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate").field("calls", &self.calls.len()).finish_non_exhaustive()
    }
}

/// Lets every other task have its turn once.
pub(super) fn yield_once() -> impl Future<Output = ()> + Send {
    let mut yielded = false;
    poll_fn(move |context| {
        if yielded {
            return Poll::Ready(());
        }
        yielded = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
}

impl World {
    /// From now on `choose` says what happens to each call. Replaces what was set before.
    pub fn trouble(&self, choose: impl FnMut(&Call) -> Option<Trouble> + Send + 'static) {
        self.lock().gate.choose = Some(Box::new(choose));
    }

    /// The `nth` call from now, from 1, gets `trouble`; the others get none.
    pub fn trouble_at(&self, nth: u64, trouble: Trouble) {
        let at = self.next_call().saturating_add(nth).saturating_sub(1);
        self.trouble(move |call| (call.nth == at).then_some(trouble));
    }

    /// Every call of `verb` gets `trouble`.
    pub fn break_down(&self, verb: Verb, trouble: Trouble) {
        self.trouble(move |call| (call.verb == verb).then_some(trouble));
    }

    /// From now on nothing goes wrong. What stands still stays so.
    pub fn heal(&self) {
        self.lock().gate.choose = None;
    }

    /// How many calls got trouble.
    pub fn hits(&self) -> u64 {
        self.lock().gate.hits
    }

    /// How many workers died.
    pub fn halted(&self) -> u64 {
        self.lock().gate.halted
    }

    /// How many workers stand still.
    pub fn held(&self) -> usize {
        self.lock().gate.held.len()
    }

    /// Lets the workers that stand still go on.
    pub fn release(&self) {
        let wakers = {
            let gate = &mut self.lock().gate;
            gate.held.clear();
            std::mem::take(&mut gate.wakers)
        };
        for waker in wakers {
            waker.wake();
        }
    }

    /// The calls in order, since the world began or [`World::forget_calls`].
    pub fn calls(&self) -> Vec<Call> {
        self.lock().gate.calls.clone()
    }

    /// How many of these calls were of `verb`.
    pub fn count(&self, verb: Verb) -> usize {
        self.lock().gate.calls.iter().filter(|call| call.verb == verb).count()
    }

    /// Sequential round trips among these calls: those in flight together count as one. Exact once
    /// [`World::count_rounds`] was called; else what is begun a turn later counts as begun after what returned meanwhile.
    pub fn rounds(&self) -> usize {
        let rounds: BTreeSet<u64> = self.lock().gate.calls.iter().map(|call| call.round).collect();
        rounds.len()
    }

    /// Begins a new log.
    pub fn forget_calls(&self) {
        let gate = &mut self.lock().gate;
        gate.forgotten = gate.forgotten.saturating_add(gate.calls.len() as u64);
        gate.calls.clear();
    }

    /// Lets every other task have its turn once, as a call does: for ports that are not the world's.
    pub async fn turn(&self) {
        yield_once().await;
    }

    /// How many calls were made.
    pub fn called(&self) -> u64 {
        self.next_call().saturating_sub(1)
    }

    /// How many calls took effect.
    pub fn done(&self) -> u64 {
        self.lock().gate.done
    }

    /// How many of these wrote to IAM, STS or the scheduler.
    pub fn cloud_writes(&self) -> u64 {
        self.lock().gate.cloud_writes
    }

    fn next_call(&self) -> u64 {
        self.lock().gate.next_call()
    }

    /// One call: through the gate, and then `effect`.
    pub(super) async fn call<T, E, F>(
        &self,
        verb: Verb,
        on: impl ToString,
        detail: impl ToString,
        effect: F,
    ) -> Result<T, E>
    where
        E: From<Fault>,
        F: FnOnce(&mut Inner) -> Result<T, E>,
    {
        let (nth, trouble, takes) = self.enter(verb, on.to_string(), detail.to_string());
        self.wait(takes).await;
        match trouble {
            None | Some(Trouble::CrashAfter | Trouble::FaultAfter) => {}
            Some(Trouble::Misread(how)) => {
                return self.leave(nth, |inner| {
                    inner.misread = Some(how);
                    let outcome = effect(inner);
                    inner.misread = None;
                    outcome
                });
            }
            Some(Trouble::Hold) => self.stand_still(nth).await,
            Some(Trouble::CrashBefore) => self.die().await,
            Some(Trouble::FaultBefore) => return Err(self.fail(nth, verb, "ServiceUnavailable")),
            Some(Trouble::Throttle) => return Err(self.fail(nth, verb, "ThrottlingException")),
            Some(Trouble::Refuse(code)) => return Err(self.fail(nth, verb, code)),
        }
        let outcome = self.leave(nth, effect);
        if verb.tells_time() && self.lock().clock_differs() {
            return Err(self.fail(nth, verb, "clock_differs"));
        }
        if trouble == Some(Trouble::CrashAfter) {
            drop(outcome);
            self.die().await;
            return Err(self.fail(nth, verb, "unreachable"));
        }
        if trouble == Some(Trouble::FaultAfter) {
            return Err(self.fail(nth, verb, "timeout"));
        }
        outcome
    }

    /// The call's number, its trouble, and how many microseconds it takes.
    fn enter(&self, verb: Verb, on: String, detail: String) -> (u64, Option<Trouble>, u64) {
        let inner = &mut *self.lock();
        let (gate, at) = (&mut inner.gate, inner.now);
        let nth = gate.next_call();
        let round = gate.returned.saturating_add(1);
        let call = Call { nth, verb, on, detail, round, took_effect: false, order: 0, at };
        let trouble = gate.choose.as_mut().and_then(|choose| choose(&call));
        let takes = gate.timing.as_mut().map_or(0, |timing| timing.takes(&call));
        gate.hits = gate.hits.saturating_add(u64::from(trouble.is_some()));
        gate.calls.push(call);
        (nth, trouble, takes)
    }

    fn leave<T, E>(&self, nth: u64, effect: impl FnOnce(&mut Inner) -> Result<T, E>) -> Result<T, E> {
        let inner = &mut *self.lock();
        inner.remember_cloud(nth);
        let outcome = effect(inner);
        let now = inner.now;
        inner.date_changes(inner.gate.done.saturating_add(1));
        if let Some(call) = inner.gate.returned(nth, outcome.is_ok(), now)
            && call.verb.writes()
        {
            // A deny on a base role has the request in its name.
            let about = call.detail.strip_prefix("countersign-kill-").unwrap_or(&call.on).to_owned();
            inner.touched.insert(about);
        }
        outcome
    }

    fn fail<E: From<Fault>>(&self, nth: u64, verb: Verb, code: &str) -> E {
        let inner = &mut *self.lock();
        inner.gate.returned(nth, false, inner.now);
        Fault::new(verb.doing(), code).into()
    }

    async fn die(&self) {
        {
            let gate = &mut self.lock().gate;
            gate.halted = gate.halted.saturating_add(1);
        }
        pending::<()>().await;
    }

    async fn stand_still(&self, nth: u64) {
        self.lock().gate.held.insert(nth);
        poll_fn(|context| {
            let gate = &mut self.lock().gate;
            if !gate.held.contains(&nth) {
                return Poll::Ready(());
            }
            gate.wakers.push(context.waker().clone());
            Poll::Pending
        })
        .await;
    }
}

impl Gate {
    fn next_call(&self) -> u64 {
        self.forgotten.saturating_add(self.calls.len() as u64).saturating_add(1)
    }

    /// The log alone.
    pub(super) fn fork(&self) -> Self {
        Self {
            calls: self.calls.clone(),
            forgotten: self.forgotten,
            returned: self.returned,
            done: self.done,
            cloud_writes: self.cloud_writes,
            ..Self::default()
        }
    }

    /// What is being called; `None`: it is not in the log any more.
    pub(super) fn verb(&self, nth: u64) -> Option<Verb> {
        let at = usize::try_from(nth.saturating_sub(self.forgotten).saturating_sub(1)).ok()?;
        self.calls.get(at).filter(|call| call.nth == nth).map(|call| call.verb)
    }

    fn returned(&mut self, nth: u64, took_effect: bool, now: Time) -> Option<&Call> {
        let at = usize::try_from(nth.saturating_sub(self.forgotten).saturating_sub(1)).ok()?;
        // A call from before the log was begun anew is not in it.
        let call = self.calls.get_mut(at).filter(|call| call.nth == nth)?;
        if took_effect && !call.took_effect {
            self.done = self.done.saturating_add(1);
            self.cloud_writes = self.cloud_writes.saturating_add(u64::from(call.verb.writes_cloud()));
            (call.order, call.at) = (self.done, now);
        }
        call.took_effect |= took_effect;
        self.returned = self.returned.max(call.round);
        Some(call)
    }
}
