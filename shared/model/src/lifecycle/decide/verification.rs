//! What the system does once a grant has ended: show that it has, and that its deny stays.

use super::super::{Evidence, Phase, State, VERIFICATION_ATTEMPTS, Verification, backoff};
use crate::event::Event;
use crate::refusal::Refusal;
use crate::time::Time;

pub(super) fn verify(state: &State, evidence: &Evidence) -> Result<Vec<Event>, Refusal> {
    match &state.phase {
        Phase::Ended { verification: Verification::Due { .. }, .. } => {
            Ok(vec![Event::VerifiedEnded { evidence: evidence.clone() }])
        }
        Phase::Ended { verification: Verification::Verified { .. }, .. } => Ok(Vec::new()),
        Phase::Pending { .. }
        | Phase::Approved { .. }
        | Phase::Provisioning { .. }
        | Phase::Active { .. }
        | Phase::Revoking { .. }
        | Phase::Denied { .. }
        | Phase::Cancelled { .. }
        | Phase::Lapsed { .. } => Err(Refusal::Overtaken { status: state.status() }),
    }
}

pub(super) fn verification_failed(state: &State, code: &str, now: Time) -> Result<Vec<Event>, Refusal> {
    let overtaken = Refusal::Overtaken { status: state.status() };
    match &state.phase {
        Phase::Ended { verification: Verification::Due { failures, unverified, .. }, .. } => {
            let (attempt, code) = (failures.saturating_add(1), code.to_owned());
            let next_attempt_at = now.plus(backoff(attempt));
            let mut events = vec![Event::VerificationAttemptFailed { attempt, code: code.clone(), next_attempt_at }];
            if attempt >= VERIFICATION_ATTEMPTS && !unverified {
                events.push(Event::EndedUnverified { attempts: attempt, code });
            }
            Ok(events)
        }
        // Somebody else has shown it meanwhile.
        Phase::Ended { verification: Verification::Verified { .. }, .. }
        | Phase::Pending { .. }
        | Phase::Approved { .. }
        | Phase::Provisioning { .. }
        | Phase::Active { .. }
        | Phase::Revoking { .. }
        | Phase::Denied { .. }
        | Phase::Cancelled { .. }
        | Phase::Lapsed { .. } => Err(overtaken),
    }
}

/// What differs from an active grant is the reason of its end; this is about the deny that is left.
pub(super) fn note_drift(state: &State, differences: &[String], now: Time) -> Result<Vec<Event>, Refusal> {
    match &state.phase {
        Phase::Ended { residue: Some(residue), .. } if now < residue.until => {
            Ok(vec![Event::DriftFound { differences: differences.to_vec() }])
        }
        Phase::Ended { .. }
        | Phase::Pending { .. }
        | Phase::Approved { .. }
        | Phase::Provisioning { .. }
        | Phase::Active { .. }
        | Phase::Revoking { .. }
        | Phase::Denied { .. }
        | Phase::Cancelled { .. }
        | Phase::Lapsed { .. } => Err(Refusal::Overtaken { status: state.status() }),
    }
}
