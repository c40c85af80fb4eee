//! How a sweep is carried out: in passes over all that could be of its scope. Each request is read
//! again, and stopped if it is of it; what then ends it is the same as ever.
//!
//! A pass that dies is begun anew. What it stopped is not listed as live any more, or is passed
//! over, so the next one gets further.

use super::store;
use crate::command::{CommandError, carry_out_on};
use crate::ending::sessions::deny_all;
use crate::loading::load_each;
use crate::ports::{
    Clock, CommitError, CommitRequest, CommitSweep, Fault, KillSessions, ListRequests, Listing, LoadRequest,
    LoadRequests, LoadSweep, Stored, StoredSweep,
};
use futures_util::StreamExt as _;
use model::identity::Cause;
use model::lifecycle::{Command, Phase};
use model::names::{PrincipalArn, RequestId, SweepId};
use model::request::{Mechanism, Status};
use model::sweep::{Phase as SweepPhase, Scope};
use std::collections::BTreeSet;

/// Requests of one page.
const PAGE: u32 = 200;

/// Requests worked on at the same time.
const AT_ONCE: usize = 32;

/// What one pass did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pass {
    /// Requests that were stopped.
    pub stopped: usize,
    /// What could not be done; the next pass tries it again.
    pub failures: usize,
    /// Whether the sweep is over.
    pub over: bool,
}

/// One pass of the sweep `id`.
///
/// # Errors
/// If the store could not be asked; the next pass tries it again.
pub async fn carry_out<P>(ports: &P, id: &SweepId) -> Result<Pass, Fault>
where
    P: LoadSweep + CommitSweep + ListRequests + LoadRequest + LoadRequests + CommitRequest + KillSessions + Clock,
{
    let Some(order) = ports.load_sweep(id).await? else { return Ok(Pass::default()) };
    if !matches!(order.sweep.phase, SweepPhase::Running { .. }) {
        return Ok(Pass { over: true, ..Pass::default() });
    }
    let began = ports.now();
    let mut pass = Pass::default();
    let mut roles = BTreeSet::new();
    for listing in listings(&order.sweep.scope) {
        let mut cursor: Option<String> = None;
        loop {
            let page = ports.list(&listing, cursor.as_deref(), PAGE).await?;
            of_page(ports, &order, page.items, &mut roles, &mut pass).await;
            cursor = page.cursor;
            if cursor.is_none() {
                break;
            }
        }
    }
    // Again, for what was handed out until the last request was stopped: one write for each role
    // then stands for all of their ends.
    for role in &roles {
        if let Err(fault) = deny_all(ports, role, ports.now()).await {
            tracing::error!(sweep.id = %id, error.code = %fault.code, "not all sessions of {role} are denied: {fault}");
        }
    }
    if pass.stopped == 0 && pass.failures == 0 {
        pass.over = finish(ports, &order, began).await?;
    }
    tracing::warn!(
        sweep.id = %id, stopped = pass.stopped, failures = pass.failures, over = pass.over,
        "{id} stopped {} requests; {} are to be tried again", pass.stopped, pass.failures,
    );
    Ok(pass)
}

/// Where all that could be of the scope is found. What is live comes first, and last again what
/// became so meanwhile: a request only ever moves on to a list that is read later.
fn listings(scope: &Scope) -> Vec<Listing> {
    match scope {
        Scope::Person { person } => vec![Listing::Requester(person.clone())],
        Scope::All | Scope::Account { .. } => {
            [Status::Active, Status::Pending, Status::Approved, Status::Provisioning, Status::Active]
                .into_iter()
                .filter(|status| *status == Status::Active || !model::seeded!("a-panic-forgets-what-waits"))
                .map(Listing::Status)
                .collect()
        }
    }
}

/// Stops those of one page that are of the sweep.
async fn of_page<P>(
    ports: &P,
    order: &StoredSweep,
    ids: Vec<RequestId>,
    denied: &mut BTreeSet<PrincipalArn>,
    pass: &mut Pass,
) where
    P: LoadRequest + LoadRequests + CommitRequest + KillSessions + Clock,
{
    let id = &order.sweep.id;
    let mut live = Vec::new();
    for read in load_each(ports, ids, AT_ONCE).await {
        match read {
            Ok(stored) if to_stop(order, &stored) => live.push(stored),
            Ok(_) => {}
            Err(fault) => {
                tracing::error!(sweep.id = %id, error.code = %fault.code, "a request could not be read: {fault}");
                pass.failures = pass.failures.saturating_add(1);
            }
        }
    }
    // All sessions of a role with one write, before their requests are taken one by one.
    for role in live.iter().filter_map(|stored| role_with_sessions(order, stored)) {
        if !denied.contains(&role) {
            match deny_all(ports, &role, ports.now()).await {
                Ok(()) => drop(denied.insert(role)),
                // Each request's own end denies its sessions, if it comes to that.
                Err(fault) => {
                    tracing::error!(sweep.id = %id, error.code = %fault.code, "{role} is not denied yet: {fault}");
                }
            }
        }
    }
    let work = live.into_iter().map(|stored| stop(ports, order, stored));
    let outcomes: Vec<Result<bool, CommandError>> =
        futures_util::stream::iter(work.collect::<Vec<_>>()).buffer_unordered(AT_ONCE).collect().await;
    for outcome in outcomes {
        match outcome {
            Ok(changed) => pass.stopped = pass.stopped.saturating_add(usize::from(changed)),
            Err(error) => {
                tracing::error!(sweep.id = %id, error = %error, "a request could not be stopped yet: {error}");
                pass.failures = pass.failures.saturating_add(1);
            }
        }
    }
}

fn to_stop(order: &StoredSweep, stored: &Stored) -> bool {
    let open = match stored.state.phase {
        Phase::Pending { .. } | Phase::Approved { .. } | Phase::Provisioning { .. } | Phase::Active { .. } => true,
        Phase::Revoking { .. }
        | Phase::Denied { .. }
        | Phase::Cancelled { .. }
        | Phase::Lapsed { .. }
        | Phase::Ended { .. } => false,
    };
    open && order.sweep.covers(&stored.state.request)
}

/// The base role of a grant that has sessions, if all sessions of that role are of the sweep.
fn role_with_sessions(order: &StoredSweep, stored: &Stored) -> Option<PrincipalArn> {
    match (&stored.state.phase, &stored.state.request.mechanism) {
        (Phase::Active { issued, .. }, Mechanism::Session { base_role })
            if *issued > 0 && order.sweep.scope.whole_roles() =>
        {
            Some(base_role.clone())
        }
        _ => None,
    }
}

async fn stop<P>(ports: &P, order: &StoredSweep, stored: Stored) -> Result<bool, CommandError>
where
    P: LoadRequest + CommitRequest + Clock,
{
    let request = stored.state.request.id.clone();
    // The record names the order.
    let cause = Cause::system(order.sweep.id.as_str());
    let command = |_: &Stored, _| Command::Stop { reason: order.sweep.kind.end_reason() };
    carry_out_on(ports, Some(stored), &request, &cause, command, None, &[]).await.map(|done| done.changed)
}

async fn finish<P>(ports: &P, order: &StoredSweep, began: model::time::Time) -> Result<bool, Fault>
where
    P: CommitSweep + Clock,
{
    let Some(event) = order.sweep.finish(began) else { return Ok(false) };
    let (id, now) = (&order.sweep.id, ports.now().max(order.at));
    match store(ports, Some(order), id, &Cause::system("reconciliation"), &event, None, now).await {
        Ok(_) => Ok(true),
        // Another pass came to the same.
        Err(
            CommitError::Conflict
            | CommitError::Replayed
            | CommitError::KeyUsed
            | CommitError::SlotTaken
            | CommitError::NotAnchored
            | CommitError::Barred(_),
        ) => Ok(false),
        Err(CommitError::Unavailable(fault)) => Err(fault),
    }
}
