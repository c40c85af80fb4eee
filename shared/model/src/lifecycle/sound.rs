//! What is true of every state that the state machine makes, so that one that was written past it
//! is noticed when it is read.

use super::{Phase, State};
use crate::terms::Terms;
use std::collections::BTreeSet;

/// A state that no command leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unsound {
    /// It is past countersigning with fewer persons than it takes.
    #[error("too few persons countersigned")]
    TooFewApprovals,
    /// The requester is among those who countersigned.
    #[error("the requester countersigned")]
    OwnApproval,
    /// Somebody countersigned something else.
    #[error("a countersignature is for something else")]
    OtherDigest,
    /// More would be granted than was asked for.
    #[error("the terms go beyond the request")]
    WiderTerms,
    /// Access exists for longer or shorter than was countersigned.
    #[error("the window is not as long as countersigned")]
    OtherWindow,
}

impl State {
    /// Whether it is one that commands lead to, as far as it shows by itself: who countersigned,
    /// what, and how long access exists.
    ///
    /// # Errors
    /// The first rule it breaks.
    pub fn check(&self) -> Result<(), Unsound> {
        let (request, approvals) = (&self.request, self.approvals());
        if approvals.iter().any(|approval| approval.person == request.requester) {
            return Err(Unsound::OwnApproval);
        }
        if self.narrowed.is_some() && !self.terms().within(Terms::as_asked(request)) {
            return Err(Unsound::WiderTerms);
        }
        if !approvals.is_empty() {
            let digest = self.terms().digest();
            if approvals.iter().any(|approval| approval.digest != digest) {
                return Err(Unsound::OtherDigest);
            }
        }
        let countersigned = match &self.phase {
            Phase::Approved { .. }
            | Phase::Provisioning { .. }
            | Phase::Active { .. }
            | Phase::Revoking { .. }
            | Phase::Ended { .. } => true,
            Phase::Pending { .. } | Phase::Denied { .. } | Phase::Cancelled { .. } | Phase::Lapsed { .. } => false,
        };
        let persons: BTreeSet<&str> = approvals.iter().map(|approval| approval.person.as_str()).collect();
        // With a quorum of 0 policy may have approved by itself; nobody but a voter narrows.
        let needed = request.quorum.needed.max(u8::from(self.narrowed.is_some()));
        if countersigned && persons.len() < usize::from(needed) {
            return Err(Unsound::TooFewApprovals);
        }
        let as_asked = self.plan().is_none_or(|plan| {
            plan.window.starts_at().seconds_until(plan.window.expires_at()) == self.terms().duration_seconds()
        });
        if as_asked { Ok(()) } else { Err(Unsound::OtherWindow) }
    }
}
