//! The proof of an end: AWS is read back once more, and IAM's own evaluation is asked whether it
//! would still let the grant's sessions do what was granted.
//!
//! Tried again for ever with growing pauses. What was probed and what IAM answered is recorded as
//! evidence; after [`model::lifecycle::VERIFICATION_ATTEMPTS`] failures somebody is paged.

use crate::command::{CommandError, carry_out_on};
use crate::ending::{is_ours, policies, sessions};
use crate::ports::{
    Artifact, Clock, CommitRequest, Fault, KillSessions, LoadRequest, ProbeDecision, ReadPolicy, ReadRole, Stored,
    Verdict,
};
use model::documents::{
    Probe, TOMBSTONE_POLICY, attached_policy, same_document, session_policy, tombstone_policy, trust_policy,
};
use model::identity::Cause;
use model::lifecycle::{Command, Evidence, Phase, Verification, is_over};
use model::names::PrincipalArn;
use model::request::{Mechanism, Request};
use model::terms::Terms;
use model::time::{Time, Window};

const READ_BACK: &str = "verify the end";

/// What became of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// It has ended, and IAM says so.
    Verified,
    /// It has not ended, is verified already, or not due.
    NotNeeded,
    /// It could not be shown; recorded, and tried again.
    Failed,
}

/// An end as it is to be shown.
struct End {
    window: Window,
    /// Whether its window is not over.
    is_open: bool,
    /// When it was ordered: all sessions were begun before.
    since: Time,
    /// Credentials asked for before that.
    issued: u32,
    /// Whether a deny has to be there still.
    denied: bool,
}

/// Shows that the grant of `stored`, which has ended, lets nobody in any more, if that is due.
///
/// # Errors
/// If the store did not answer; everything else is recorded in the request.
pub async fn verify<P>(ports: &P, cause: &Cause, stored: Stored) -> Result<Proof, CommandError>
where
    P: LoadRequest + CommitRequest + Clock + KillSessions + ReadRole + ReadPolicy + ProbeDecision,
{
    let now = ports.now().max(stored.at);
    let Phase::Ended { plan, at, residue, issued, since, verification, .. } = &stored.state.phase else {
        return Ok(Proof::NotNeeded);
    };
    if verification.due_at(*at).is_none_or(|due| due > now) {
        return Ok(Proof::NotNeeded);
    }
    let since = since.unwrap_or(*at);
    let is_open = !is_over(since, ports.now(), plan.window);
    let end = End { window: plan.window, is_open, since, issued: *issued, denied: residue.is_some() };
    let id = stored.state.request.id.clone();
    let (command, fault) = match prove(ports, stored.state.terms(), &end, now).await {
        Ok(findings) => (Command::Verify { evidence: Evidence { checked_at: now, findings } }, None),
        Err(fault) => (Command::VerificationFailed { code: fault.code.clone() }, Some(fault)),
    };
    let done = match carry_out_on(ports, Some(stored), &id, cause, |_, _| command.clone(), None, &[]).await {
        Ok(done) => done,
        // Somebody else has shown it meanwhile.
        Err(CommandError::Refused { .. }) => return Ok(Proof::NotNeeded),
        Err(error) => return Err(error),
    };
    let Some(fault) = fault else { return Ok(Proof::Verified) };
    match done.stored.state.phase {
        Phase::Ended { verification: Verification::Due { unverified: true, failures, .. }, .. } => {
            tracing::error!(request.id = %id, attempt = failures, error.code = %fault.code, metric = "EndedUnverified",
                "{id} has ended, and that could not be verified in {failures} attempts: {fault}");
        }
        Phase::Pending { .. }
        | Phase::Approved { .. }
        | Phase::Provisioning { .. }
        | Phase::Active { .. }
        | Phase::Revoking { .. }
        | Phase::Denied { .. }
        | Phase::Cancelled { .. }
        | Phase::Lapsed { .. }
        | Phase::Ended { .. } => {
            tracing::warn!(request.id = %id, error.code = %fault.code, "{id} could not be verified yet: {fault}");
        }
    }
    Ok(Proof::Failed)
}

/// What was read back, asked and answered; or why that does not show it.
async fn prove<P>(ports: &P, terms: Terms<'_>, end: &End, now: Time) -> Result<Vec<String>, Fault>
where
    P: KillSessions + ReadRole + ReadPolicy + ProbeDecision,
{
    let (request, open) = (terms.request, end.is_open);
    match &request.mechanism {
        Mechanism::Session { .. } if end.issued == 0 => Ok(vec![no_sessions()]),
        Mechanism::Session { base_role } if open => {
            let denied = sessions::denied(ports, request, base_role, end.since).await?;
            Ok(vec![denied, refused_to_session(ports, terms, base_role, end.since, now).await?])
        }
        Mechanism::Session { .. } => Ok(vec![refused_by_seal(ports, terms, end.window, now).await?]),
        Mechanism::Policy { target_role } if end.issued > 0 && open => {
            let denied = policies::denied(ports, request, target_role).await?;
            Ok(vec![denied, refused_to_session(ports, terms, target_role, end.since, now).await?])
        }
        Mechanism::Policy { .. } => {
            let mut findings = Vec::new();
            if end.issued > 0 {
                findings.push(refused_by_seal(ports, terms, end.window, now).await?);
            } else {
                findings.push(no_sessions());
            }
            // While its deny has to stay, so has the policy.
            if !end.denied {
                findings.push(policy_is_gone(ports, terms, end.window).await?);
            }
            Ok(findings)
        }
        Mechanism::Role { .. } => Ok(vec![role_is_gone(ports, request, end.window).await?]),
    }
}

/// There is nothing to ask IAM about.
fn no_sessions() -> String {
    "no credentials were ever asked for, so STS gave no session of it: there is nobody to ask IAM about".to_owned()
}

/// What IAM answers about a session of the grant, by all that is on its role.
async fn refused_to_session<P: ProbeDecision>(
    ports: &P,
    terms: Terms<'_>,
    role: &PrincipalArn,
    begun: Time,
    now: Time,
) -> Result<String, Fault> {
    let probe = Probe::of_session(terms, role, begun, now);
    expect_denied(ports.probe_role(role, &probe).await?)?;
    Ok(format!(
        "asked whether a session of {} on {role} may use {} on {} at {now}, IAM answers {}",
        terms.request.id,
        probe.action,
        probe.resource,
        Verdict::ExplicitDeny.as_str(),
    ))
}

/// What IAM answers about the sessions' own policy. Sessions can't be asked about by themselves: the
/// policy is written again from the record, as it was when they were handed out.
async fn refused_by_seal<P: ProbeDecision>(
    ports: &P,
    terms: Terms<'_>,
    window: Window,
    now: Time,
) -> Result<String, Fault> {
    let policy = session_policy(terms, window).map_err(|_| Fault::new(READ_BACK, "too_large"))?;
    let probe = Probe::of_document(terms, now);
    expect_denied(ports.probe_document(&policy, &probe).await?)?;
    Ok(format!(
        "asked whether the session policy of {}, written again from its record, lets anybody use {} on {} at {now}, \
         IAM answers {}; the role's own policies are not asked about, since nothing on it can lift that",
        terms.request.id,
        probe.action,
        probe.resource,
        Verdict::ExplicitDeny.as_str(),
    ))
}

fn expect_denied(verdict: Verdict) -> Result<(), Fault> {
    match verdict {
        Verdict::ExplicitDeny => Ok(()),
        // What nothing allows now, something may allow tomorrow: only a deny ends a session.
        Verdict::ImplicitDeny => Err(Fault::new(READ_BACK, "not_denied")),
        Verdict::Allowed => Err(Fault::new(READ_BACK, "still_allowed")),
    }
}

async fn role_is_gone<P: ReadRole>(ports: &P, request: &Request, window: Window) -> Result<String, Fault> {
    let (id, of) = (&request.id, Artifact::of(request));
    let Some(role) = ports.role(of).await? else {
        return Ok(format!("role {id} is absent: IAM knows nobody of that name to let in"));
    };
    let tombstone = ports.role_policy(of, TOMBSTONE_POLICY).await?;
    if tombstone.is_some_and(|written| same_document(&written, &tombstone_policy())) {
        return Ok(format!("role {id} is there, and denies everything"));
    }
    if is_ours(&role, request) {
        return Err(Fault::new(READ_BACK, "role_still_there"));
    }
    // Our own, with its tags taken off, would say that it is somebody else's.
    let ours = trust_policy(request, window).map_err(|_| Fault::new(READ_BACK, "too_large"))?;
    if same_document(&role.trust, &ours) {
        return Err(Fault::new(READ_BACK, "role_untagged"));
    }
    Ok(format!("the role named {id} is not of Countersign's making ({}); nothing of ours is there", role.created_at))
}

async fn policy_is_gone<P: ReadPolicy>(ports: &P, terms: Terms<'_>, window: Window) -> Result<String, Fault> {
    let request = terms.request;
    let (id, of) = (&request.id, Artifact::of(request));
    let Some(policy) = ports.policy(of).await? else { return Ok(format!("policy {id} is absent, and so on no role")) };
    if policy.is_of(id) {
        return Err(Fault::new(READ_BACK, "policy_still_there"));
    }
    let ours = attached_policy(terms, window).map_err(|_| Fault::new(READ_BACK, "too_large"))?;
    if same_document(&policy.document, &ours) {
        return Err(Fault::new(READ_BACK, "policy_untagged"));
    }
    Ok(format!(
        "the policy named {id} is not of Countersign's making ({}); nothing of ours is there",
        policy.created_at
    ))
}
