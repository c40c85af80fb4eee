//! What persons do: countersign, refuse, withdraw, end early, ask for credentials.

use super::super::{CREDENTIALS_PER_GRANT, EndReason, Permission, Phase, State, Vote};
use super::{END_OF_ACCESS, Effect, Steps};
use crate::event::Event;
use crate::identity::Actor;
use crate::names::PersonId;
use crate::refusal::Refusal;
use crate::request::{Mechanism, Request, Status};
use crate::terms::Terms;
use crate::time::Time;
use crate::words::{Reason, Words};

/// The checks on who countersigns; gives back when the request lapses.
pub(super) fn approve(state: &State, by: &Actor, permission: &Permission) -> Result<Time, Refusal> {
    let alias =
        crate::seeded!("an-alias-approves-itself") && matches!(by.identity, crate::identity::Identity::Slack { .. });
    if by.person == state.request.requester && !alias && !crate::seeded!("self-approval") {
        return Err(Refusal::SelfApproval);
    }
    if !permission.granted && !crate::seeded!("anybody-approves") {
        return Err(Refusal::NotAnApprover);
    }
    match &state.phase {
        Phase::Pending { approvals, lapses_at, .. } => {
            if approvals.iter().any(|approval| approval.person == by.person) && !crate::seeded!("one-person-twice") {
                Err(Refusal::AlreadyApproved)
            } else {
                Ok(*lapses_at)
            }
        }
        Phase::Approved { approvals, .. }
        | Phase::Provisioning { approvals, .. }
        | Phase::Active { approvals, .. }
        | Phase::Revoking { approvals, .. }
        | Phase::Ended { approvals, .. }
            if approvals.iter().any(|approval| approval.person == by.person) =>
        {
            Err(Refusal::AlreadyApproved)
        }
        Phase::Approved { .. }
        | Phase::Provisioning { .. }
        | Phase::Active { .. }
        | Phase::Revoking { .. }
        | Phase::Denied { .. }
        | Phase::Cancelled { .. }
        | Phase::Lapsed { .. }
        | Phase::Ended { .. } => Err(Refusal::AlreadyDecided { status: state.status() }),
    }
}

/// The countersignature, with what it narrows, and the approval it completes, if it does.
///
/// INVARIANT (what the last saw): who countersigned before did not see narrower terms, so their votes do not count for
/// them; the narrower's own does.
pub(super) fn countersign(
    state: &State,
    by: &Actor,
    rules: &[String],
    vote: &Vote,
    now: Time,
) -> Result<Vec<Event>, Refusal> {
    let Vote { asked_at, note, narrower } = vote;
    let before: Vec<PersonId> = state.approvals().iter().map(|approval| approval.person.clone()).collect();
    let terms = state.terms();
    let narrowed = match narrower {
        Some(wanted) => terms.narrow(wanted, &by.person, now).map_err(Refusal::NotNarrower)?,
        None => None,
    };
    // What is there to see is as it is since it was asked for, or since it was narrowed.
    let since = [Some(asked_at.unwrap_or(terms.request.submitted_at)), terms.narrowed.map(|narrowed| narrowed.at)];
    let after_seconds = since.into_iter().flatten().max().map(|since| since.seconds_until(now));
    let given = |digest| Event::ApprovalGiven {
        person: by.person.clone(),
        digest,
        rules: rules.to_vec(),
        after_seconds,
        note: note.clone(),
    };
    let Some(narrowed) = narrowed else {
        return Ok(with_quorum(terms.request, before, given(terms.digest()), &by.person));
    };
    let digest = Terms { narrowed: Some(&narrowed), ..terms }.digest();
    let mut events = vec![Event::TermsNarrowed {
        by: by.person.clone(),
        permissions: narrowed.permissions,
        resources: narrowed.resources,
        duration_seconds: narrowed.duration_seconds,
        digest,
        superseded: before,
    }];
    events.extend(with_quorum(terms.request, Vec::new(), given(digest), &by.person));
    Ok(events)
}

/// The countersignature after those `before` it, and the approval it completes, if it does.
fn with_quorum(request: &Request, before: Vec<PersonId>, given: Event, by: &PersonId) -> Vec<Event> {
    let mut approvers = before;
    approvers.push(by.clone());
    // Distinct already (one per person is checked above); counted again, since all rests on it.
    let mut distinct = approvers.clone();
    distinct.sort();
    if !crate::seeded!("one-person-twice") {
        distinct.dedup();
    }
    let own = crate::seeded!("self-approval", "an-alias-approves-itself");
    distinct.retain(|person| *person != request.requester || own);
    let short = usize::from(crate::seeded!("quorum-of-one-less"));
    if distinct.len().saturating_add(short) >= usize::from(request.quorum.needed.max(1)) {
        vec![given, Event::RequestApproved { approvers, rules: Vec::new() }]
    } else {
        vec![given]
    }
}

pub(super) fn deny(state: &State, by: &Actor, reason: &Words, permission: &Permission) -> Result<Vec<Event>, Refusal> {
    if by.person == state.request.requester {
        return Err(Refusal::NotPermitted { action: "deny" });
    }
    if !permission.granted {
        return Err(Refusal::NotAnApprover);
    }
    match state.phase {
        Phase::Pending { .. } => Ok(vec![Event::RequestDenied {
            by: Some(by.person.clone()),
            reason: Reason::Said(reason.clone()),
            rules: permission.rules.clone(),
        }]),
        Phase::Approved { .. }
        | Phase::Provisioning { .. }
        | Phase::Active { .. }
        | Phase::Revoking { .. }
        | Phase::Denied { .. }
        | Phase::Cancelled { .. }
        | Phase::Lapsed { .. }
        | Phase::Ended { .. } => Err(Refusal::AlreadyDecided { status: state.status() }),
    }
}

pub(super) fn cancel(state: &State, by: &Actor) -> Result<Vec<Event>, Refusal> {
    if by.person != state.request.requester {
        return Err(Refusal::NotTheRequester { action: "cancel" });
    }
    match state.phase {
        Phase::Pending { .. } | Phase::Approved { .. } => Ok(vec![Event::RequestCancelled { reason: None }]),
        // Cancelled twice is cancelled.
        Phase::Cancelled { .. } => Ok(Vec::new()),
        Phase::Provisioning { .. }
        | Phase::Active { .. }
        | Phase::Revoking { .. }
        | Phase::Denied { .. }
        | Phase::Lapsed { .. }
        | Phase::Ended { .. } => Err(Refusal::NotCancellable { status: state.status() }),
    }
}

pub(super) fn revoke(state: &State, by: &Actor, reason: &Words, permission: &Permission) -> Result<Steps, Refusal> {
    if by.person != state.request.requester && !permission.granted {
        return Err(Refusal::NotPermitted { action: "revoke" });
    }
    match state.phase {
        Phase::Provisioning { .. } | Phase::Active { .. } => Ok((
            vec![Event::RevocationStarted {
                reason: EndReason::Revoked { by: by.person.clone(), reason: reason.clone() },
            }],
            END_OF_ACCESS.to_vec(),
        )),
        // Asked for twice is under way, or done.
        Phase::Revoking { .. } | Phase::Ended { .. } => Ok((Vec::new(), Vec::new())),
        Phase::Pending { .. }
        | Phase::Approved { .. }
        | Phase::Denied { .. }
        | Phase::Cancelled { .. }
        | Phase::Lapsed { .. } => Err(Refusal::NotRevocable { status: state.status() }),
    }
}

pub(super) fn request_credentials(state: &State, by: &Actor, now: Time) -> Result<Steps, Refusal> {
    if by.person != state.request.requester && !crate::seeded!("credentials-for-anybody") {
        return Err(Refusal::NotTheRequester { action: "use" });
    }
    let not_active = Refusal::NotActive { status: state.status() };
    match &state.phase {
        Phase::Active { plan, issued, .. } => {
            if !plan.window.contains(now) {
                return Err(Refusal::NotActive { status: Status::Ended });
            }
            if *issued >= CREDENTIALS_PER_GRANT {
                return Err(Refusal::NotPermitted { action: "fetch more credentials for" });
            }
            match &state.request.mechanism {
                Mechanism::Session { .. } | Mechanism::Policy { .. } => {}
                Mechanism::Role { .. } => {
                    return Err(Refusal::OwnIdentity { role: crate::documents::grant_role_arn(&state.request) });
                }
            }
            if state.request.mfa_at_door && !by.mfa && !crate::seeded!("no-second-factor") {
                return Err(Refusal::MfaRequired);
            }
            let intent = (!crate::seeded!("credentials-without-intent")).then_some(Event::CredentialsRequested {});
            Ok((intent.into_iter().collect(), vec![Effect::AssumeBaseRole]))
        }
        Phase::Pending { .. }
        | Phase::Approved { .. }
        | Phase::Provisioning { .. }
        | Phase::Revoking { .. }
        | Phase::Denied { .. }
        | Phase::Cancelled { .. }
        | Phase::Lapsed { .. }
        | Phase::Ended { .. } => Err(not_active),
    }
}

pub(super) fn credentials_outcome(state: &State, event: Event) -> Result<Vec<Event>, Refusal> {
    match state.phase {
        Phase::Active { .. } | Phase::Revoking { .. } | Phase::Ended { .. } => Ok(vec![event]),
        Phase::Pending { .. }
        | Phase::Approved { .. }
        | Phase::Provisioning { .. }
        | Phase::Denied { .. }
        | Phase::Cancelled { .. }
        | Phase::Lapsed { .. } => Err(Refusal::Overtaken { status: state.status() }),
    }
}
