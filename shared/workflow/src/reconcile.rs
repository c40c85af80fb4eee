//! Every minute, without input: what is overdue, stuck or orphaned is finished, and what drifted ended.
//!
//! It believes nothing it was told: each request is read again, and the steps are the same code
//! that the functions run.

use crate::command::{CommandError, carry_out_on};
use crate::drift::look;
use crate::ending::{end, remove_tombstone};
use crate::observation::{know, takes_out};
use crate::ports::{
    ArmRevocation, Artifact, Clock, CommitAccount, CommitRequest, CommitSweep, DisarmRevocation, FindDue, FindSweeps,
    KillSessions, ListOnRole, ListPolicies, ListRequests, ListRoles, LoadAccount, LoadRequest, LoadRequests, LoadSweep,
    MakePolicy, MakeRole, Observation, ProbeDecision, ReadBoundary, ReadPolicy, ReadRole, ReadTarget, RemovePolicy,
    RemoveRole, ReplacePolicy, Stored,
};
use crate::provision::provision;
use crate::sweep::carry_out::carry_out;
use crate::verification::{Proof, verify};
use futures_util::StreamExt as _;
use model::account::{Kind, Orphan};
use model::documents::{TOMBSTONE_POLICY, tombstone_policy};
use model::identity::Cause;
use model::lifecycle::{Command, Phase, QUARANTINE};
use model::names::{AccountId, RequestId};
use model::time::Time;

/// Due requests taken up in one run.
const BATCH: u32 = 400;

/// Sweeps gone on with in one run.
const SWEEPS: u32 = 20;

/// Requests worked on at the same time.
const AT_ONCE: usize = 16;

/// Age of a role or policy, in seconds, from which it counts as orphaned if no request owns it: longer than
/// any worker that might just be making it lives.
const ORPHAN_AGE: u64 = 2 * QUARANTINE;

/// What one run did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Report {
    /// Requests that were due.
    pub due: usize,
    /// Roles and policies that no request owned, and that were taken out.
    pub orphans: usize,
    /// Grants and denies that somebody else had changed.
    pub drifted: usize,
    /// What could not be done and is tried again.
    pub failures: usize,
}

crate::together! {
    /// All that a run needs: it goes on with whatever any part left undone.
    pub Ports:
        LoadRequest, LoadRequests, CommitRequest, Clock, FindDue, ArmRevocation, DisarmRevocation, KillSessions,
        MakeRole, ReadRole, RemoveRole, ListRoles, MakePolicy, ReplacePolicy, ReadPolicy, ReadTarget,
        RemovePolicy, ListPolicies, ListRequests, LoadSweep, CommitSweep, FindSweeps, ProbeDecision, ListOnRole,
        ReadBoundary, LoadAccount, CommitAccount, Observation,
}

/// The name this part has in the record.
const PART: &str = "reconciliation";

/// One run, over what is due and over what there is in `accounts`: all that grants are made in.
///
/// # Errors
/// If the store could not be asked what is due. Everything else is counted in the report.
pub async fn reconcile<P: Ports>(ports: &P, accounts: &[AccountId]) -> Result<Report, CommandError> {
    let now = ports.now();
    let (swept, due) = futures_util::join!(sweeps(ports), ports.due(now.plus(1), BATCH));
    let due = due?;
    let mut report = Report { due: due.len(), failures: swept, ..Report::default() };
    let work: Vec<_> = due.into_iter().map(|id| async move { take_up(ports, &id).await }).collect();
    let outcomes: Vec<Result<(), CommandError>> =
        futures_util::stream::iter(work).buffer_unordered(AT_ONCE).collect().await;
    for error in outcomes.into_iter().filter_map(Result::err) {
        tracing::error!(error = %error, "a due request could not be taken up: {error}");
        report.failures = report.failures.saturating_add(1);
    }
    let work: Vec<_> = accounts.iter().map(|account| orphans(ports, account, now)).collect();
    let orphaned = futures_util::stream::iter(work).buffer_unordered(AT_ONCE).collect::<Vec<(usize, usize)>>();
    let (looked, drifted) = futures_util::join!(orphaned, look(ports, PART, now));
    match drifted {
        Ok(found) => {
            report.drifted = found.drifted;
            report.failures = report.failures.saturating_add(found.failures);
        }
        Err(fault) => {
            tracing::error!(error.code = %fault.code, "what is to be looked at could not be listed: {fault}");
            report.failures = report.failures.saturating_add(1);
        }
    }
    for (removed, failures) in looked {
        report.orphans = report.orphans.saturating_add(removed);
        report.failures = report.failures.saturating_add(failures);
    }
    Ok(report)
}

/// Goes on with the sweeps that are not over; how many of them had trouble.
async fn sweeps<P: Ports>(ports: &P) -> usize {
    let running = match ports.running_sweeps(SWEEPS).await {
        Ok(running) => running,
        Err(fault) => {
            tracing::error!(error.code = %fault.code, "the sweeps could not be listed: {fault}");
            return 1;
        }
    };
    let mut failures = 0usize;
    for id in running {
        match carry_out(ports, &id).await {
            Ok(pass) => failures = failures.saturating_add(usize::from(pass.failures > 0)),
            Err(fault) => {
                tracing::error!(sweep.id = %id, error.code = %fault.code, "{id} could not be gone on with: {fault}");
                failures = failures.saturating_add(1);
            }
        }
    }
    failures
}

async fn take_up<P: Ports>(ports: &P, id: &RequestId) -> Result<(), CommandError> {
    let Some(stored) = ports.load(id).await? else { return Ok(()) };
    // The index may be behind.
    if stored.state.due_at().is_none_or(|due| due > ports.now()) {
        return Ok(());
    }
    match &stored.state.phase {
        Phase::Pending { lapses_at, .. } => {
            // Asked again, while it is of use; after that it lapses.
            let lapses_at = *lapses_at;
            let open = move |now| now < lapses_at || model::seeded!("nothing-lapses");
            let next = move |_: &Stored, now| if open(now) { Command::Remind } else { Command::Lapse };
            note(ports, stored, id, next).await
        }
        Phase::Approved { .. } | Phase::Provisioning { .. } => {
            if !model::seeded!("the-stuck-stay-stuck") {
                provision(ports, PART, id, None).await?;
            }
            // Too late, or failed for good: the end is due at once, not a minute later.
            end_if_revoking(ports, id).await
        }
        Phase::Active { plan, .. } if ports.now() < plan.window.expires_at() => {
            note(ports, stored, id, |_, _| Command::Warn).await
        }
        Phase::Revoking { .. } if model::seeded!("ends-are-not-retried") => Ok(()),
        Phase::Active { .. } | Phase::Revoking { .. } => end(ports, PART, id).await.map(drop),
        Phase::Ended { .. } => after_the_end(ports, stored).await,
        Phase::Denied { .. } | Phase::Cancelled { .. } | Phase::Lapsed { .. } => Ok(()),
    }
}

/// Shows that it has ended, and takes out the deny that outlasted it, whichever is due.
async fn after_the_end<P: Ports>(ports: &P, stored: Stored) -> Result<(), CommandError> {
    let id = stored.state.request.id.clone();
    match verify(ports, &Cause::system(PART), stored.clone()).await? {
        Proof::NotNeeded => remove_tombstone(ports, PART, stored).await,
        Proof::Verified | Proof::Failed => match ports.load(&id).await? {
            Some(stored) => remove_tombstone(ports, PART, stored).await,
            None => Ok(()),
        },
    }
}

/// Puts into the record what time alone brought about. What is not due any more was overtaken, and that is all right.
async fn note<P, F>(ports: &P, stored: Stored, id: &RequestId, command: F) -> Result<(), CommandError>
where
    P: LoadRequest + CommitRequest + Clock,
    F: Fn(&Stored, Time) -> Command,
{
    match carry_out_on(ports, Some(stored), id, &Cause::system(PART), command, None, &[]).await {
        Ok(_) | Err(CommandError::Refused { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}

async fn end_if_revoking<P: Ports>(ports: &P, id: &RequestId) -> Result<(), CommandError> {
    match ports.load(id).await? {
        Some(stored) if matches!(stored.state.phase, Phase::Revoking { .. }) => end(ports, PART, id).await.map(drop),
        _ => Ok(()),
    }
}

/// Takes out what no open grant owns in `account`: how much, and how much could not be. One account
/// that is out of reach keeps nothing from the others.
async fn orphans<P: Ports>(ports: &P, account: &AccountId, now: Time) -> (usize, usize) {
    let (roles, policies, known) = futures_util::join!(
        orphaned_roles(ports, account, now),
        orphaned_policies(ports, account, now),
        know(ports, PART, account)
    );
    let (mut removed, mut failures) = (0usize, 0usize);
    if let Err(fault) = known {
        tracing::error!(aws.account = %account, error.code = %fault.code, "{account} could not be looked up: {fault}");
        failures = failures.saturating_add(1);
    }
    for found in [roles, policies] {
        match found {
            Ok((taken_out, left)) => {
                removed = removed.saturating_add(taken_out);
                failures = failures.saturating_add(left);
            }
            Err(error) => {
                tracing::error!(aws.account = %account, error = %error,
                    "what there is under our path in {account} could not be listed: {error}");
                failures = failures.saturating_add(1);
            }
        }
    }
    (removed, failures)
}

/// Takes out roles under our path that carry our tags and that no open grant owns.
async fn orphaned_roles<P>(ports: &P, account: &AccountId, now: Time) -> Result<(usize, usize), CommandError>
where
    P: LoadRequest + ListRoles + MakeRole + ReadRole + RemoveRole + LoadAccount + CommitAccount + Observation + Clock,
{
    let names = if model::seeded!("orphans-stay") { Vec::new() } else { ports.role_names(account).await? };
    let work =
        ids(&names).map(|id| async move { (orphaned_role(ports, Artifact { account, id: &id }, now).await, id) });
    Ok(tally("role", futures_util::stream::iter(work).buffer_unordered(AT_ONCE).collect().await))
}

/// Takes out managed policies under our path that carry our tags and that no open grant owns.
async fn orphaned_policies<P>(ports: &P, account: &AccountId, now: Time) -> Result<(usize, usize), CommandError>
where
    P: LoadRequest + ListPolicies + ReadPolicy + RemovePolicy + LoadAccount + CommitAccount + Observation + Clock,
{
    let names = ports.policy_names(account).await?;
    let work =
        ids(&names).map(|id| async move { (orphaned_policy(ports, Artifact { account, id: &id }, now).await, id) });
    Ok(tally("policy", futures_util::stream::iter(work).buffer_unordered(AT_ONCE).collect().await))
}

/// The names that may be ours. One that is not of our form is not ours.
fn ids(names: &[String]) -> impl Iterator<Item = RequestId> {
    names.iter().filter_map(|name| name.parse().ok()).collect::<Vec<RequestId>>().into_iter()
}

/// How many were taken out, and how many could not be.
fn tally(kind: &str, outcomes: Vec<(Result<bool, CommandError>, RequestId)>) -> (usize, usize) {
    let (mut removed, mut failures) = (0usize, 0usize);
    for (outcome, id) in outcomes {
        match outcome {
            Ok(true) => removed = removed.saturating_add(1),
            Ok(false) => {}
            Err(error) => {
                tracing::error!(request.id = %id, error = %error, "the orphaned {kind} {id} could not be taken out: {error}");
                failures = failures.saturating_add(1);
            }
        }
    }
    (removed, failures)
}

/// Whether a request that is still open, or whose deny is to stay for a while, owns what has its name there.
async fn is_owned<P: LoadRequest>(ports: &P, of: Artifact<'_>) -> Result<bool, CommandError> {
    Ok(match ports.load(of.id).await? {
        // It makes nothing in other accounts than its own.
        Some(stored) => {
            stored.state.request.account == *of.account
                && match stored.state.phase {
                    Phase::Approved { .. }
                    | Phase::Provisioning { .. }
                    | Phase::Active { .. }
                    | Phase::Revoking { .. } => true,
                    Phase::Ended { residue, .. } => residue.is_some(),
                    Phase::Pending { .. } | Phase::Denied { .. } | Phase::Cancelled { .. } | Phase::Lapsed { .. } => {
                        false
                    }
                }
        }
        None => false,
    })
}

async fn orphaned_role<P>(ports: &P, of: Artifact<'_>, now: Time) -> Result<bool, CommandError>
where
    P: LoadRequest + MakeRole + ReadRole + RemoveRole + LoadAccount + CommitAccount + Observation + Clock,
{
    let id = of.id;
    if is_owned(ports, of).await? {
        return Ok(false);
    }
    let Some(role) = ports.role(of).await? else { return Ok(false) };
    // Without our boundary it is not of our making, whatever its tags say.
    let ours = role.bounded && role.request.as_deref() == Some(id.as_str());
    if !(ours || model::seeded!("roles-of-others-are-removed")) || role.created_at.seconds_until(now) < ORPHAN_AGE {
        return Ok(false);
    }
    let orphan = Orphan { kind: Kind::Role, name: id.to_string() };
    if !takes_out(ports, PART, of.account, &orphan).await? {
        return Ok(false);
    }
    tracing::error!(request.id = %id, "the role {id} belongs to no open grant; it is taken out");
    ports.put_role_policy(of, TOMBSTONE_POLICY, &tombstone_policy()).await?;
    ports.remove_role(of).await?;
    Ok(true)
}

async fn orphaned_policy<P>(ports: &P, of: Artifact<'_>, now: Time) -> Result<bool, CommandError>
where
    P: LoadRequest + ReadPolicy + RemovePolicy + LoadAccount + CommitAccount + Observation + Clock,
{
    let id = of.id;
    if is_owned(ports, of).await? {
        return Ok(false);
    }
    let Some(policy) = ports.policy(of).await? else { return Ok(false) };
    if !policy.is_of(id) || policy.created_at.seconds_until(now) < ORPHAN_AGE {
        return Ok(false);
    }
    let orphan = Orphan { kind: Kind::Policy, name: id.to_string() };
    if !takes_out(ports, PART, of.account, &orphan).await? {
        return Ok(false);
    }
    tracing::error!(request.id = %id, "the policy {id} belongs to no open grant; it is taken out");
    ports.remove_policy(of).await?;
    Ok(true)
}
