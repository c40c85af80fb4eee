//! The words of persons that a state holds, and forgetting them.

use super::{Approval, EndReason, Phase, State};
use crate::event::Event;
use crate::refusal::Refusal;
use crate::words::{Reason, Words};

impl State {
    /// Every word of a person that it holds.
    pub fn words(&self) -> Vec<&Words> {
        let notes = self.approvals().iter().filter_map(|approval| approval.note.as_ref());
        let reason = match &self.phase {
            Phase::Denied { reason, .. } => reason.words(),
            Phase::Cancelled { reason: Some(reason), .. }
            | Phase::Revoking { reason, .. }
            | Phase::Ended { reason, .. } => said(reason),
            Phase::Pending { .. }
            | Phase::Approved { .. }
            | Phase::Provisioning { .. }
            | Phase::Active { .. }
            | Phase::Cancelled { reason: None, .. }
            | Phase::Lapsed { .. } => None,
        };
        [&self.request.justification].into_iter().chain(notes).chain(reason).collect()
    }

    /// With the hashes of words in their place.
    pub(super) fn wordless(mut self) -> Self {
        self.request = self.request.wordless();
        match &mut self.phase {
            Phase::Pending { approvals, .. }
            | Phase::Approved { approvals, .. }
            | Phase::Provisioning { approvals, .. }
            | Phase::Active { approvals, .. } => forget_notes(approvals),
            Phase::Revoking { approvals, reason, .. } | Phase::Ended { approvals, reason, .. } => {
                forget_notes(approvals);
                forget_reason(reason);
            }
            Phase::Denied { reason: Reason::Said(words), .. } => *words = words.erased(),
            Phase::Cancelled { reason: Some(reason), .. } => forget_reason(reason),
            Phase::Denied { reason: Reason::Policy(_), .. }
            | Phase::Cancelled { reason: None, .. }
            | Phase::Lapsed { .. } => {}
        }
        self
    }
}

fn said(reason: &EndReason) -> Option<&Words> {
    match reason {
        EndReason::Revoked { reason, .. } => Some(reason),
        EndReason::Expired
        | EndReason::Offboarded
        | EndReason::Panic
        | EndReason::Failed { .. }
        | EndReason::Drifted { .. }
        | EndReason::Finding { .. } => None,
    }
}

fn forget_reason(reason: &mut EndReason) {
    match reason {
        EndReason::Revoked { reason, .. } => *reason = reason.erased(),
        EndReason::Expired
        | EndReason::Offboarded
        | EndReason::Panic
        | EndReason::Failed { .. }
        | EndReason::Drifted { .. }
        | EndReason::Finding { .. } => {}
    }
}

fn forget_notes(approvals: &mut [Approval]) {
    for approval in approvals {
        approval.note = approval.note.as_ref().map(Words::erased);
    }
}

/// Forgets what persons said, once nothing can be said any more. Forgotten is forgotten.
pub(super) fn erase(state: &State, by: &str) -> Result<Vec<Event>, Refusal> {
    match state.phase {
        Phase::Denied { .. } | Phase::Cancelled { .. } | Phase::Lapsed { .. } | Phase::Ended { .. } => {
            let left = state.words().iter().any(|words| words.said().is_some());
            Ok(if left { vec![Event::WordsErased { by: by.to_owned() }] } else { Vec::new() })
        }
        Phase::Pending { .. }
        | Phase::Approved { .. }
        | Phase::Provisioning { .. }
        | Phase::Active { .. }
        | Phase::Revoking { .. } => Err(Refusal::StillOpen { status: state.status() }),
    }
}

/// The state after words were erased; `None`: they can't have been.
pub(super) fn erased(state: State) -> Option<State> {
    match state.phase {
        Phase::Denied { .. } | Phase::Cancelled { .. } | Phase::Lapsed { .. } | Phase::Ended { .. } => {
            Some(state.wordless())
        }
        Phase::Pending { .. }
        | Phase::Approved { .. }
        | Phase::Provisioning { .. }
        | Phase::Active { .. }
        | Phase::Revoking { .. } => None,
    }
}
