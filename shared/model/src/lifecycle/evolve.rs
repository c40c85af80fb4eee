//! State from events.

use super::words::erased;
use super::{Approval, EndReason, Phase, Plan, QUARANTINE, Residue, STUCK_AFTER, State, Verification};
use crate::activity::Known;
use crate::event::Event;
use crate::terms::{Narrower, Terms};
use crate::time::{CLOCK_TOLERANCE, Time, Window};

/// An event that cannot have happened to this state: the record was cut, reordered or edited.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{event}` cannot follow in this state")]
pub struct Inconsistent {
    /// The event's name.
    pub event: &'static str,
}

/// The state after `event`, which happened at `at`.
///
/// # Errors
/// If the event cannot follow the state.
pub fn evolve(state: Option<State>, event: &Event, at: Time) -> Result<State, Inconsistent> {
    let impossible = Inconsistent { event: event.name() };
    let Some(state) = state else {
        let Event::RequestSubmitted { request, .. } = event else { return Err(impossible) };
        let lapses_at = request.submitted_at.plus(request.approval_window_seconds);
        return Ok(State {
            phase: Phase::Pending { approvals: Vec::new(), lapses_at, reminded: 0, reminded_at: None },
            request: (**request).clone(),
            refusals: 0,
            narrowed: None,
            known: Known::default(),
        });
    };
    if let Event::CommandRefused { .. } = event {
        return Ok(State { refusals: state.refusals.saturating_add(1), ..state });
    }
    if let Event::WordsErased { .. } = event {
        return erased(state).ok_or(impossible);
    }
    if let Event::TermsNarrowed { .. } = event {
        return narrowed(state, event, at).ok_or(impossible);
    }
    if let Event::ActivityFinding { .. } | Event::RunReported { .. } | Event::ActivitySummarised { .. } = event {
        // Access is needed for anything to be done with it.
        let known = state.plan().and_then(|_| state.known.with(event)).ok_or(impossible)?;
        return Ok(State { known, ..state });
    }
    let State { request, phase, refusals, narrowed, known } = state;
    let terms = Terms { request: &request, narrowed: narrowed.as_deref() };
    let phase = next_phase(terms, phase, event, at).ok_or(impossible)?;
    Ok(State { request, phase, refusals, narrowed, known })
}

/// With narrower terms, for which nobody has countersigned yet. `None`: they are not narrower, or not what their digest
/// says.
fn narrowed(state: State, event: &Event, at: Time) -> Option<State> {
    let Event::TermsNarrowed { by, permissions, resources, duration_seconds, digest, superseded } = event else {
        return None;
    };
    let Phase::Pending { approvals, lapses_at, reminded, reminded_at } = &state.phase else { return None };
    let wanted = Narrower {
        permissions: Some(permissions.clone()),
        resources: Some(resources.clone()),
        duration_seconds: Some(*duration_seconds),
    };
    let narrowed = state.terms().narrow(&wanted, by, at).ok()??;
    let terms = Terms { request: &state.request, narrowed: Some(&narrowed) };
    let voted = approvals.iter().map(|approval| &approval.person);
    if terms.digest() != *digest || *by == state.request.requester || !superseded.iter().eq(voted) {
        return None;
    }
    let phase =
        Phase::Pending { approvals: Vec::new(), lapses_at: *lapses_at, reminded: *reminded, reminded_at: *reminded_at };
    Some(State { phase, narrowed: Some(Box::new(narrowed)), ..state })
}

/// `None`: the event cannot follow. Every pair that is not listed cannot have happened.
fn next_phase(terms: Terms<'_>, mut phase: Phase, event: &Event, at: Time) -> Option<Phase> {
    let request = terms.request;
    if let Phase::Ended { .. } = phase {
        return after_the_end(&mut phase, event, at).map(|()| phase);
    }
    let next = match (phase, event) {
        (Phase::Pending { .. } | Phase::Approved { .. }, Event::RequestDenied { by, reason, .. }) => {
            Phase::Denied { by: by.clone(), reason: reason.clone(), at }
        }
        (Phase::Pending { approvals, lapses_at, reminded, reminded_at }, Event::ApprovalGiven { .. }) => {
            Phase::Pending { approvals: counted(terms, approvals, event, at)?, lapses_at, reminded, reminded_at }
        }
        (Phase::Pending { approvals, lapses_at, reminded, .. }, Event::ApproversReminded { round, .. }) => {
            // A round is out once.
            if *round <= reminded {
                return None;
            }
            Phase::Pending { approvals, lapses_at, reminded: *round, reminded_at: Some(at) }
        }
        (Phase::Pending { approvals, .. }, Event::RequestApproved { approvers, .. }) => {
            // Policy alone (no quorum, no votes), or enough votes, each in the record.
            let alone = request.quorum.needed == 0 && approvals.is_empty();
            let short = usize::from(crate::seeded!("quorum-of-one-less"));
            let enough = approvals.len().saturating_add(short) >= usize::from(request.quorum.needed.max(1));
            let same = approvers.iter().eq(approvals.iter().map(|approval| &approval.person));
            if !same || !(alone || enough) {
                return None;
            }
            Phase::Approved { approvals, at }
        }
        (Phase::Pending { .. } | Phase::Approved { .. }, Event::RequestCancelled { reason }) => {
            Phase::Cancelled { at, reason: reason.clone() }
        }
        (Phase::Pending { .. } | Phase::Approved { .. }, Event::RequestLapsed {}) => Phase::Lapsed { at },
        (Phase::Approved { approvals, .. }, Event::ProvisioningStarted { plan }) => {
            if plan.window.starts_at().seconds_until(plan.window.expires_at()) != terms.duration_seconds() {
                return None;
            }
            Phase::Provisioning { approvals, plan: plan.clone(), failures: 0, next_attempt_at: at.plus(STUCK_AFTER) }
        }
        (
            Phase::Provisioning { approvals, plan, .. },
            Event::ProvisioningAttemptFailed { attempt, next_attempt_at, .. },
        ) => Phase::Provisioning { approvals, plan, failures: *attempt, next_attempt_at: *next_attempt_at },
        (Phase::Provisioning { approvals, plan, .. }, Event::GrantActivated { .. }) => {
            Phase::Active { approvals, plan, at, issued: 0, warned: false }
        }
        (Phase::Active { approvals, plan, at, issued, warned }, Event::CredentialsRequested {}) => {
            Phase::Active { approvals, plan, at, issued: issued.saturating_add(1), warned }
        }
        (Phase::Active { approvals, plan, at, issued, warned: false }, Event::ExpiryAnnounced { .. }) => {
            Phase::Active { approvals, plan, at, issued, warned: true }
        }
        // The outcome of an intent may come after the state has moved on. What was found taken is in the record; the end
        // that follows it moves the state on.
        (
            phase @ (Phase::Active { .. } | Phase::Revoking { .. }),
            Event::CredentialsIssued { .. } | Event::CredentialsFailed { .. },
        )
        | (phase @ Phase::Provisioning { .. }, Event::NameTaken { .. }) => phase,
        (Phase::Provisioning { approvals, plan, .. }, Event::RevocationStarted { reason }) => {
            revoking(approvals, plan, reason, at, 0)
        }
        (Phase::Active { approvals, plan, issued, .. }, Event::RevocationStarted { reason }) => {
            revoking(approvals, plan, reason, at, issued)
        }
        (
            Phase::Revoking { approvals, plan, reason, since, issued, .. },
            Event::TombstonePlaced { quarantine_until },
        ) => Phase::Revoking {
            approvals,
            plan,
            reason,
            since,
            issued,
            quarantine_until: Some(*quarantine_until),
            failures: 0,
            next_attempt_at: (*quarantine_until).max(at.plus(1)),
        },
        (
            Phase::Revoking { approvals, plan, reason, since, issued, quarantine_until, .. },
            Event::RevocationAttemptFailed { attempt, next_attempt_at, .. },
        ) => Phase::Revoking {
            approvals,
            plan,
            reason,
            since,
            issued,
            quarantine_until,
            failures: *attempt,
            next_attempt_at: *next_attempt_at,
        },
        (
            Phase::Revoking { approvals, plan, issued, since, .. },
            Event::GrantEnded { reason, evidence, tombstone_until },
        ) => {
            let (reason, evidence) = (reason.clone(), evidence.clone());
            let (residue, since) = (tombstone_until.map(|until| Residue { until }), Some(since));
            let verification = Verification::default();
            Phase::Ended { approvals, plan, reason, at, evidence, residue, issued, since, verification }
        }
        _ => return None,
    };
    Some(next)
}

/// What becomes of an end; `None`: the event can't follow.
fn after_the_end(phase: &mut Phase, event: &Event, at: Time) -> Option<()> {
    let Phase::Ended { verification, residue, .. } = phase else { return None };
    match (event, &verification) {
        // The outcome of an intent from before.
        (Event::CredentialsIssued { .. } | Event::CredentialsFailed { .. }, _) => {}
        (Event::TombstoneRemoved {}, _) => *residue = None,
        // The deny was not as it was written: what was shown before is worth nothing.
        (Event::DriftFound { .. }, _) if residue.is_some() => {
            *verification = Verification::Due { failures: 0, next_attempt_at: Some(at), unverified: false };
        }
        (Event::VerifiedEnded { evidence }, Verification::Due { .. }) => {
            *verification = Verification::Verified { evidence: evidence.clone() };
        }
        (Event::VerificationAttemptFailed { attempt, next_attempt_at, .. }, Verification::Due { unverified, .. }) => {
            let (failures, unverified) = (*attempt, *unverified);
            *verification = Verification::Due { failures, next_attempt_at: Some(*next_attempt_at), unverified };
        }
        (Event::EndedUnverified { .. }, Verification::Due { failures, next_attempt_at, .. }) => {
            let (failures, next_attempt_at) = (*failures, *next_attempt_at);
            *verification = Verification::Due { failures, next_attempt_at, unverified: true };
        }
        _ => return None,
    }
    Some(())
}

/// With one more countersignature; `None`: it does not count.
fn counted(terms: Terms<'_>, mut approvals: Vec<Approval>, event: &Event, at: Time) -> Option<Vec<Approval>> {
    let Event::ApprovalGiven { person, digest, after_seconds, note, .. } = event else { return None };
    let (person, note) = (person.clone(), note.clone());
    let given = Approval { person, digest: *digest, at, after_seconds: *after_seconds, note };
    let again = approvals.iter().any(|approval| approval.person == given.person) && !crate::seeded!("one-person-twice");
    let may = crate::seeded!("self-approval", "an-alias-approves-itself");
    let own = given.person == terms.request.requester && !may;
    if given.digest != terms.digest() || own || again {
        return None;
    }
    approvals.push(given);
    Some(approvals)
}

fn revoking(approvals: Vec<Approval>, plan: Plan, reason: &EndReason, at: Time, issued: u32) -> Phase {
    Phase::Revoking {
        approvals,
        plan,
        reason: reason.clone(),
        since: at,
        issued,
        quarantine_until: None,
        failures: 0,
        next_attempt_at: at.plus(STUCK_AFTER),
    }
}

/// Whether nothing made for `window` lets anybody in any more, at `now` of an end that was ordered `since`. What was
/// ordered at its end is over; of an early end the clock that says so may be ahead of AWS's.
pub fn is_over(since: Time, now: Time, window: Window) -> bool {
    since >= window.expires_at() || now >= window.expires_at().plus(CLOCK_TOLERANCE)
}

/// Until when the deny stays before anything is taken out. Nothing made after the window can
/// work, so an ending on time needs no quarantine.
pub(super) fn quarantine_until(window_is_over: bool, now: Time) -> Time {
    if window_is_over { now } else { now.plus(QUARANTINE) }
}
