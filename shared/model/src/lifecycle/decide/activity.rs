//! What becomes of what was noticed in the activity of a grant. It comes late and in any order: most often the grant has
//! ended by then.

use super::super::{EndReason, Phase, State};
use super::{END_OF_ACCESS, Steps};
use crate::activity::{Activity, Finding, REPORTED_FOR, Run};
use crate::event::Event;
use crate::identity::Actor;
use crate::refusal::Refusal;
use crate::time::Time;

/// Known before is known: what it asks for is done all the same, since who noted it may have died before.
pub(super) fn note_finding(state: &State, finding: &Finding, end: bool) -> Result<Steps, Refusal> {
    let mut events = Vec::new();
    if state.known.takes(finding) {
        events.push(Event::ActivityFinding { finding: finding.clone() });
    }
    match &state.phase {
        Phase::Provisioning { .. } | Phase::Active { .. } if end => {
            events.push(Event::RevocationStarted { reason: EndReason::Finding { rule: finding.rule.clone() } });
            Ok((events, END_OF_ACCESS.to_vec()))
        }
        Phase::Revoking { .. } if end => Ok((events, END_OF_ACCESS.to_vec())),
        Phase::Provisioning { .. } | Phase::Active { .. } | Phase::Revoking { .. } | Phase::Ended { .. } => {
            Ok((events, Vec::new()))
        }
        Phase::Pending { .. }
        | Phase::Approved { .. }
        | Phase::Denied { .. }
        | Phase::Cancelled { .. }
        | Phase::Lapsed { .. } => Err(Refusal::Overtaken { status: state.status() }),
    }
}

/// Only who holds the grant says what they ran, and not long after: it is their word, beside what CloudTrail says.
pub(super) fn report_run(state: &State, by: &Actor, run: &Run, now: Time) -> Result<Vec<Event>, Refusal> {
    if by.person != state.request.requester {
        return Err(Refusal::NotTheRequester { action: "report runs of" });
    }
    let said = || if state.known.takes_run(run) { vec![Event::RunReported { run: run.clone() }] } else { Vec::new() };
    match &state.phase {
        Phase::Active { .. } | Phase::Revoking { .. } => Ok(said()),
        Phase::Ended { at, .. } if at.seconds_until(now) <= REPORTED_FOR => Ok(said()),
        Phase::Ended { .. }
        | Phase::Pending { .. }
        | Phase::Approved { .. }
        | Phase::Provisioning { .. }
        | Phase::Denied { .. }
        | Phase::Cancelled { .. }
        | Phase::Lapsed { .. } => Err(Refusal::NotActive { status: state.status() }),
    }
}

pub(super) fn note_activity(state: &State, activity: &Activity) -> Result<Vec<Event>, Refusal> {
    match &state.phase {
        Phase::Provisioning { .. } | Phase::Active { .. } | Phase::Revoking { .. } | Phase::Ended { .. } => {
            let news = state.known.takes_summary(activity);
            Ok(if news { vec![Event::ActivitySummarised { activity: activity.clone() }] } else { Vec::new() })
        }
        Phase::Pending { .. }
        | Phase::Approved { .. }
        | Phase::Denied { .. }
        | Phase::Cancelled { .. }
        | Phase::Lapsed { .. } => Err(Refusal::Overtaken { status: state.status() }),
    }
}
