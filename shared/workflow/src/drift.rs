//! What somebody else changed of a grant in AWS: found by comparing what is there with what was made.
//!
//! A grant that drifted is ended at once, and not repaired: whoever changed it can do so again, and
//! what it lets through meanwhile is not what was countersigned. Only the deny of an early end, which
//! has to outlast its grant, is put back. Both are recorded with what differed, as stable codes and
//! never a document's text, and somebody is paged.

mod compare;

use crate::command::{CommandError, carry_out_on};
use crate::ending::{end, policies, sessions};
use crate::loading::load_each;
use crate::ports::{
    Clock, CommitRequest, DisarmRevocation, Fault, FindDue, KillSessions, ListOnRole, LoadRequest, LoadRequests,
    MakePolicy, MakeRole, ProbeDecision, ReadBoundary, ReadPolicy, ReadRole, ReadTarget, RemovePolicy, RemoveRole,
    ReplacePolicy, Stored,
};
use crate::verification::verify;
use compare::{deny_holds, of_active, of_base_role};
use futures_util::StreamExt as _;
use model::identity::Cause;
use model::lifecycle::{Command, EndReason, Phase, QUARANTINE};
use model::names::{PrincipalArn, RequestId};
use model::request::Mechanism;
use model::time::Time;
use std::collections::BTreeMap;

/// Open requests that one run lists: some three times as many as an account has room for roles.
const LISTED: u32 = 3_000;

/// Of those, how many are looked at in one run: at four calls of IAM for each, some 15 in a second
/// if they are all of the costliest mechanism, which leaves IAM's rates to who makes and ends grants.
/// If there are more, each run takes one part of them, of about that many.
pub const LOOKED_AT: usize = 200;

/// Requests looked at at the same time.
const AT_ONCE: usize = 8;

/// How far ahead anything is due of a grant that is active, or whose deny has to stay, in seconds:
/// the longest grant, and what its deny outlasts it by.
const HORIZON: u64 = 43_200 + QUARANTINE + 60;

/// How long after it was made or ended something is not looked at, in seconds: IAM shows what was
/// written with a delay, and who wrote it has read it back.
pub const SETTLES: u64 = 30;

/// Pause before the second look, in milliseconds.
const SECOND_LOOK: u64 = 2_000;

/// What came of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Found {
    /// Grants and denies that were not as they were made.
    pub drifted: usize,
    /// What could not be looked at, ended or put back, and is tried again.
    pub failures: usize,
}

crate::together! {
    /// All that looking and ending needs.
    pub Ports:
        LoadRequest, LoadRequests, CommitRequest, Clock, FindDue, DisarmRevocation, KillSessions, MakeRole, ReadRole,
        RemoveRole, MakePolicy, ReplacePolicy, ReadPolicy, ReadTarget, RemovePolicy, ProbeDecision, ListOnRole,
        ReadBoundary,
}

/// Looks at the open requests whose turn it is, and ends or puts right what drifted.
///
/// # Errors
/// If the store could not be asked which there are.
pub async fn look<P: Ports>(ports: &P, part: &str, now: Time) -> Result<Found, Fault> {
    let ids = whose_turn(ports.due(now.plus(HORIZON), LISTED).await?, now);
    let mut found = Found::default();
    let mut watched = Vec::new();
    for read in load_each(ports, ids, AT_ONCE).await {
        match read {
            Ok(stored) if is_watched(&stored, now) => watched.push(stored),
            Ok(_) => {}
            Err(fault) => note_failure(&mut found, &fault),
        }
    }
    let bases = base_roles(ports, &watched, &mut found).await;
    let work: Vec<_> = watched.into_iter().map(|stored| one(ports, part, stored, &bases)).collect();
    let outcomes: Vec<Result<bool, CommandError>> =
        futures_util::stream::iter(work).buffer_unordered(AT_ONCE).collect().await;
    for outcome in outcomes {
        match outcome {
            Ok(drifted) => found.drifted = found.drifted.saturating_add(usize::from(drifted)),
            Err(error) => note_failure(&mut found, &error),
        }
    }
    Ok(found)
}

fn note_failure(found: &mut Found, error: &dyn std::fmt::Display) {
    tracing::error!(error = %error, "a grant could not be looked at: {error}");
    found.failures = found.failures.saturating_add(1);
}

/// The part of `ids` that this minute is for.
///
/// The number of parts is a power of two, and the part follows from the id alone. So however many come
/// and go meanwhile, each is looked at within as many minutes as there were parts at the most.
fn whose_turn(ids: Vec<RequestId>, now: Time) -> Vec<RequestId> {
    let parts = u64::try_from(ids.len().div_ceil(LOOKED_AT).next_power_of_two()).unwrap_or(1);
    let part = |number: u64| number.checked_rem(parts).unwrap_or_default();
    let turn = part(now.as_second().unsigned_abs().div_euclid(60));
    // The last digits of an id are random.
    let digits = |id: &RequestId| id.as_str().get(32..).and_then(|last| u64::from_str_radix(last, 16).ok());
    ids.into_iter().filter(|id| part(digits(id).unwrap_or_default()) == turn).collect()
}

/// Whether there is something of it in AWS that has to be as it was made.
fn is_watched(stored: &Stored, now: Time) -> bool {
    match &stored.state.phase {
        Phase::Active { plan, at, .. } => now < plan.window.expires_at() && at.seconds_until(now) >= SETTLES,
        // From then on its sessions' own policies deny everything.
        Phase::Ended { plan, at, residue: Some(_), .. } => {
            now < plan.window.expires_at() && at.seconds_until(now) >= SETTLES
        }
        Phase::Pending { .. }
        | Phase::Approved { .. }
        | Phase::Provisioning { .. }
        | Phase::Revoking { .. }
        | Phase::Denied { .. }
        | Phase::Cancelled { .. }
        | Phase::Lapsed { .. }
        | Phase::Ended { residue: None, .. } => false,
    }
}

/// What differs from how a base role has to be, for each that active grants rest on. Read once,
/// however many grants there are of it.
async fn base_roles<P: ReadBoundary>(
    ports: &P,
    watched: &[Stored],
    found: &mut Found,
) -> BTreeMap<PrincipalArn, Vec<&'static str>> {
    let mut roles: Vec<&PrincipalArn> = watched.iter().filter_map(active_base_role).collect();
    roles.sort_unstable();
    roles.dedup();
    let mut differences = BTreeMap::new();
    for role in roles {
        match ports.bounded(role).await {
            Ok(bounded) => drop(differences.insert(role.clone(), of_base_role(bounded))),
            Err(fault) => note_failure(found, &fault),
        }
    }
    differences
}

fn active_base_role(stored: &Stored) -> Option<&PrincipalArn> {
    match (&stored.state.phase, &stored.state.request.mechanism) {
        (Phase::Active { .. }, Mechanism::Session { base_role }) => Some(base_role),
        _ => None,
    }
}

/// Whether it drifted. If so, it was ended or put right.
async fn one<P: Ports>(
    ports: &P,
    part: &str,
    stored: Stored,
    bases: &BTreeMap<PrincipalArn, Vec<&'static str>>,
) -> Result<bool, CommandError> {
    match &stored.state.phase {
        Phase::Active { plan, .. } => {
            let (terms, window) = (stored.state.terms(), plan.window);
            let first = match &terms.request.mechanism {
                Mechanism::Session { base_role } => bases.get(base_role).cloned().unwrap_or_default(),
                Mechanism::Role { .. } | Mechanism::Policy { .. } => of_active(ports, terms, window).await?,
            };
            if first.is_empty() || model::seeded!("drift-is-let-be") {
                return Ok(false);
            }
            // IAM may have answered from before a write: it is looked at again before anything is ended.
            ports.pause(SECOND_LOOK).await;
            let differences = of_active(ports, terms, window).await?;
            if differences.is_empty() { Ok(false) } else { end_drifted(ports, part, stored, &differences).await }
        }
        Phase::Ended { .. } => {
            let (request, since) = (&stored.state.request, since(&stored));
            if deny_holds(ports, request, since).await? {
                return Ok(false);
            }
            ports.pause(SECOND_LOOK).await;
            if deny_holds(ports, request, since).await? { Ok(false) } else { put_back(ports, part, stored).await }
        }
        Phase::Pending { .. }
        | Phase::Approved { .. }
        | Phase::Provisioning { .. }
        | Phase::Revoking { .. }
        | Phase::Denied { .. }
        | Phase::Cancelled { .. }
        | Phase::Lapsed { .. } => Ok(false),
    }
}

async fn end_drifted<P>(
    ports: &P,
    part: &str,
    stored: Stored,
    differences: &[&'static str],
) -> Result<bool, CommandError>
where
    P: LoadRequest + CommitRequest + Clock + DisarmRevocation + KillSessions + MakeRole + ReadRole + RemoveRole,
    P: MakePolicy + ReplacePolicy + ReadPolicy + RemovePolicy + ProbeDecision,
{
    let id = stored.state.request.id.clone();
    let reason = EndReason::Drifted { differences: owned(differences) };
    let command = |_: &Stored, _| Command::StartRevocation { reason: reason.clone() };
    let done = match carry_out_on(ports, Some(stored), &id, &Cause::system(part), command, None, &[]).await {
        Ok(done) => done,
        Err(CommandError::Refused { .. }) => return Ok(false),
        Err(error) => return Err(error),
    };
    // What was being ended meanwhile is not what it was, and has not drifted.
    if !done.changed {
        return Ok(false);
    }
    tracing::error!(request.id = %id, alarm = "drifted", differences = ?differences,
        "{id} is not as it was made, and is ended: {}", differences.join(", "));
    end(ports, part, &id).await?;
    Ok(true)
}

/// When the end was ordered.
fn since(stored: &Stored) -> Time {
    match &stored.state.phase {
        Phase::Ended { since, at, .. } => since.unwrap_or(*at),
        Phase::Pending { .. }
        | Phase::Approved { .. }
        | Phase::Provisioning { .. }
        | Phase::Active { .. }
        | Phase::Revoking { .. }
        | Phase::Denied { .. }
        | Phase::Cancelled { .. }
        | Phase::Lapsed { .. } => stored.at,
    }
}

/// Records that the deny is not as it was written, writes it again, and has the end verified anew.
async fn put_back<P>(ports: &P, part: &str, stored: Stored) -> Result<bool, CommandError>
where
    P: LoadRequest + CommitRequest + Clock + KillSessions + ReadRole + ReadPolicy + ProbeDecision,
    P: MakePolicy + ReplacePolicy,
{
    let Phase::Ended { evidence, .. } = stored.state.phase.clone() else { return Ok(false) };
    let (request, since) = (stored.state.request.clone(), since(&stored));
    let (id, cause) = (&request.id, Cause::system(part));
    let command = |_: &Stored, _| Command::NoteDrift { differences: owned(&["deny_changed"]) };
    let done = match carry_out_on(ports, Some(stored), id, &cause, command, None, &[]).await {
        Ok(done) => done,
        Err(CommandError::Refused { .. }) => return Ok(false),
        Err(error) => return Err(error),
    };
    tracing::error!(request.id = %id, alarm = "drifted", differences = "deny_changed",
        "the deny that ended {id} is not as it was written, and is put back");
    match &request.mechanism {
        Mechanism::Session { base_role } => {
            // The record says whether what stands there now took the place of our own.
            let wrote = evidence.findings.contains(&sessions::own_deny(&request, base_role));
            sessions::deny(ports, &request, base_role, since, false, wrote).await?;
        }
        // It had sessions: without any, no deny stays.
        Mechanism::Policy { target_role } => policies::deny(ports, done.stored.state.terms(), target_role, 1).await?,
        Mechanism::Role { .. } => {}
    }
    verify(ports, &cause, done.stored).await?;
    Ok(true)
}

fn owned(differences: &[&'static str]) -> Vec<String> {
    differences.iter().map(|code| (*code).to_owned()).collect()
}
