//! What the system does until access exists, and while it does: remind, let a request lapse, commit to making, note how
//! it went, announce the end.

use super::super::{
    APPROVAL_LIFETIME, EndReason, Evidence, PROVISIONING_ATTEMPTS, Phase, Plan, SCHEDULE_MARGIN, State, backoff,
};
use super::{END_OF_ACCESS, Effect, Steps};
use crate::event::Event;
use crate::refusal::Refusal;
use crate::time::{Time, Window};

pub(super) fn lapse(state: &State, now: Time) -> Result<Vec<Event>, Refusal> {
    match state.phase {
        Phase::Pending { lapses_at, .. } if now >= lapses_at => Ok(vec![Event::RequestLapsed {}]),
        Phase::Pending { lapses_at, .. } => Err(Refusal::TooEarly { at: lapses_at }),
        Phase::Lapsed { .. } => Ok(Vec::new()),
        Phase::Approved { .. }
        | Phase::Provisioning { .. }
        | Phase::Active { .. }
        | Phase::Revoking { .. }
        | Phase::Denied { .. }
        | Phase::Cancelled { .. }
        | Phase::Ended { .. } => Err(Refusal::Overtaken { status: state.status() }),
    }
}

/// The round that is due goes out; those before it that were missed go with it.
pub(super) fn remind(state: &State, now: Time) -> Result<Vec<Event>, Refusal> {
    match &state.phase {
        Phase::Pending { lapses_at, .. } if now >= *lapses_at => Err(Refusal::Lapsed { at: *lapses_at }),
        Phase::Pending { reminded, .. } => {
            let (notices, submitted_at) = (&state.request.notices, state.request.submitted_at);
            match notices.round_due(submitted_at, *reminded, now) {
                Some(round) => {
                    let [before, after] =
                        [*reminded, round].map(|rounds| usize::try_from(rounds).unwrap_or(usize::MAX));
                    let groups = notices.reminders.iter().take(after).skip(before);
                    let groups = groups.flat_map(|reminder| reminder.groups.clone()).collect();
                    Ok(vec![Event::ApproversReminded { round, groups }])
                }
                None => match notices.reminder_at(submitted_at, *reminded) {
                    Some(at) => Err(Refusal::TooEarly { at }),
                    None => Ok(Vec::new()),
                },
            }
        }
        Phase::Approved { .. }
        | Phase::Provisioning { .. }
        | Phase::Active { .. }
        | Phase::Revoking { .. }
        | Phase::Denied { .. }
        | Phase::Cancelled { .. }
        | Phase::Lapsed { .. }
        | Phase::Ended { .. } => Err(Refusal::Overtaken { status: state.status() }),
    }
}

pub(super) fn warn(state: &State, now: Time) -> Result<Vec<Event>, Refusal> {
    let overtaken = Refusal::Overtaken { status: state.status() };
    match &state.phase {
        Phase::Active { plan, .. } if now >= plan.window.expires_at() => Err(overtaken),
        Phase::Active { warned: true, .. } => Ok(Vec::new()),
        Phase::Active { plan, .. } => match state.request.notices.warning_at(plan.window) {
            Some(at) if now < at => Err(Refusal::TooEarly { at }),
            Some(_) => Ok(vec![Event::ExpiryAnnounced { expires_at: plan.window.expires_at() }]),
            None => Ok(Vec::new()),
        },
        Phase::Pending { .. }
        | Phase::Approved { .. }
        | Phase::Provisioning { .. }
        | Phase::Revoking { .. }
        | Phase::Denied { .. }
        | Phase::Cancelled { .. }
        | Phase::Lapsed { .. }
        | Phase::Ended { .. } => Err(overtaken),
    }
}

pub(super) fn start_provisioning(state: &State, now: Time) -> Result<Steps, Refusal> {
    let overtaken = Refusal::Overtaken { status: state.status() };
    match &state.phase {
        // What was countersigned long ago was countersigned under other circumstances.
        Phase::Approved { at, .. } if at.seconds_until(now) > APPROVAL_LIFETIME => {
            Ok((vec![Event::RequestLapsed {}], Vec::new()))
        }
        Phase::Approved { .. } => {
            let window = Window::starting(now, state.terms().duration_seconds()).map_err(|_| overtaken)?;
            Ok((
                vec![Event::ProvisioningStarted { plan: Plan { window } }],
                vec![Effect::ArmRevocation { at: window.expires_at() }, Effect::MakeAccess],
            ))
        }
        // Resumed: the same effects, from the stored plan.
        Phase::Provisioning { plan, .. } => {
            if now.seconds_until(plan.window.expires_at()) < SCHEDULE_MARGIN {
                let reason = EndReason::Failed { code: "window_too_short".to_owned() };
                return Ok((vec![Event::RevocationStarted { reason }], END_OF_ACCESS.to_vec()));
            }
            let at = plan.window.expires_at();
            Ok((Vec::new(), vec![Effect::ArmRevocation { at }, Effect::MakeAccess]))
        }
        Phase::Pending { .. }
        | Phase::Active { .. }
        | Phase::Revoking { .. }
        | Phase::Denied { .. }
        | Phase::Cancelled { .. }
        | Phase::Lapsed { .. }
        | Phase::Ended { .. } => Err(overtaken),
    }
}

pub(super) fn provisioning_failed(state: &State, code: &str, now: Time) -> Result<Steps, Refusal> {
    match &state.phase {
        Phase::Provisioning { plan, failures, .. } => {
            let attempt = failures.saturating_add(1);
            let next_attempt_at = now.plus(backoff(attempt));
            let too_late = next_attempt_at.seconds_until(plan.window.expires_at()) < SCHEDULE_MARGIN;
            if attempt >= PROVISIONING_ATTEMPTS || too_late {
                let reason = EndReason::Failed { code: code.to_owned() };
                Ok((vec![Event::RevocationStarted { reason }], END_OF_ACCESS.to_vec()))
            } else {
                let code = code.to_owned();
                Ok((vec![Event::ProvisioningAttemptFailed { attempt, code, next_attempt_at }], Vec::new()))
            }
        }
        Phase::Pending { .. }
        | Phase::Approved { .. }
        | Phase::Active { .. }
        | Phase::Revoking { .. }
        | Phase::Denied { .. }
        | Phase::Cancelled { .. }
        | Phase::Lapsed { .. }
        | Phase::Ended { .. } => Err(Refusal::Overtaken { status: state.status() }),
    }
}

/// Trying again would find the same: what is not ours stays. The record says what was found, and the grant ends.
pub(super) fn name_taken(state: &State, code: &str, finding: &str) -> Result<Steps, Refusal> {
    match &state.phase {
        Phase::Provisioning { .. } => {
            let (code, finding) = (code.to_owned(), finding.to_owned());
            let reason = EndReason::Failed { code: code.clone() };
            let events = vec![Event::NameTaken { code, finding }, Event::RevocationStarted { reason }];
            Ok((events, END_OF_ACCESS.to_vec()))
        }
        Phase::Pending { .. }
        | Phase::Approved { .. }
        | Phase::Active { .. }
        | Phase::Revoking { .. }
        | Phase::Denied { .. }
        | Phase::Cancelled { .. }
        | Phase::Lapsed { .. }
        | Phase::Ended { .. } => Err(Refusal::Overtaken { status: state.status() }),
    }
}

pub(super) fn activate(state: &State, evidence: &Evidence, now: Time) -> Result<Vec<Event>, Refusal> {
    match &state.phase {
        // The start is not asked for: a worker's clock may be a second behind the one that set it.
        Phase::Provisioning { plan, .. } if now < plan.window.expires_at() => {
            Ok(vec![Event::GrantActivated { evidence: evidence.clone() }])
        }
        Phase::Active { .. } => Ok(Vec::new()),
        Phase::Provisioning { .. }
        | Phase::Pending { .. }
        | Phase::Approved { .. }
        | Phase::Revoking { .. }
        | Phase::Denied { .. }
        | Phase::Cancelled { .. }
        | Phase::Lapsed { .. }
        | Phase::Ended { .. } => Err(Refusal::Overtaken { status: state.status() }),
    }
}
