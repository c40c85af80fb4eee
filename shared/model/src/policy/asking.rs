//! Since when somebody is asked to countersign.

use super::Policy;
use crate::lifecycle::{Phase, State};
use crate::names::{GroupName, PersonId};
use crate::time::Time;

impl Policy {
    /// Since when `person` is asked to countersign a request that waits; `None`: it does not. Who countersigns without
    /// having been asked has it since the submission.
    pub fn asked_at(&self, person: &PersonId, state: &State) -> Option<Time> {
        let Phase::Pending { reminded, reminded_at, .. } = &state.phase else { return None };
        let request = &state.request;
        let person = self.catalog.person(person)?;
        // When a round of asking went out; of all but the last, when it was due is known.
        let at = |round: u32| match round {
            0 => Some(request.submitted_at),
            last if last == *reminded && reminded_at.is_some() => *reminded_at,
            earlier => request.notices.reminder_at(request.submitted_at, earlier.saturating_sub(1)),
        };
        let asked = |round: &u32| {
            let groups = request.notices.asked(&request.quorum.groups, *round);
            let groups: Vec<GroupName> = groups.into_iter().cloned().collect();
            at(*round).is_some_and(|at| self.catalog.is_in(person, &groups, at))
        };
        (0..=*reminded).find(asked).and_then(at).or(Some(request.submitted_at))
    }
}
