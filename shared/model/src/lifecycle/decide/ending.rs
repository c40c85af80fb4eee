//! What the system does to end access: deny, take out, note what was found.

use super::super::evolve::{is_over, quarantine_until};
use super::super::{EndReason, Evidence, Phase, QUARANTINE, State, backoff};
use super::{END_OF_ACCESS, Steps};
use crate::event::Event;
use crate::refusal::Refusal;
use crate::request::Mechanism;
use crate::time::Time;

pub(super) fn start_revocation(state: &State, reason: &EndReason, now: Time) -> Result<Steps, Refusal> {
    match &state.phase {
        Phase::Provisioning { plan, .. } | Phase::Active { plan, .. } => {
            if *reason == EndReason::Expired
                && now < plan.window.expires_at()
                && !crate::seeded!("ended-by-any-schedule")
            {
                return Err(Refusal::TooEarly { at: plan.window.expires_at() });
            }
            Ok((vec![Event::RevocationStarted { reason: reason.clone() }], END_OF_ACCESS.to_vec()))
        }
        // Resumed.
        Phase::Revoking { .. } => Ok((Vec::new(), END_OF_ACCESS.to_vec())),
        Phase::Ended { .. } => Ok((Vec::new(), Vec::new())),
        Phase::Pending { .. }
        | Phase::Approved { .. }
        | Phase::Denied { .. }
        | Phase::Cancelled { .. }
        | Phase::Lapsed { .. } => Err(Refusal::Overtaken { status: state.status() }),
    }
}

/// Whatever it is, no access comes or stays of it. Done before is done.
pub(super) fn stop(state: &State, reason: &EndReason) -> Steps {
    match &state.phase {
        Phase::Pending { .. } | Phase::Approved { .. } => {
            (vec![Event::RequestCancelled { reason: Some(reason.clone()) }], Vec::new())
        }
        Phase::Provisioning { .. } | Phase::Active { .. } => {
            (vec![Event::RevocationStarted { reason: reason.clone() }], END_OF_ACCESS.to_vec())
        }
        Phase::Revoking { .. } => (Vec::new(), END_OF_ACCESS.to_vec()),
        Phase::Denied { .. } | Phase::Cancelled { .. } | Phase::Lapsed { .. } | Phase::Ended { .. } => {
            (Vec::new(), Vec::new())
        }
    }
}

pub(super) fn place_tombstone(state: &State, now: Time) -> Result<Vec<Event>, Refusal> {
    match &state.phase {
        Phase::Revoking { quarantine_until: Some(_), .. } => Ok(Vec::new()),
        Phase::Revoking { plan, since, .. } => {
            let quarantine_until = quarantine_until(is_over(*since, now, plan.window), now);
            Ok(vec![Event::TombstonePlaced { quarantine_until }])
        }
        Phase::Pending { .. }
        | Phase::Approved { .. }
        | Phase::Provisioning { .. }
        | Phase::Active { .. }
        | Phase::Denied { .. }
        | Phase::Cancelled { .. }
        | Phase::Lapsed { .. }
        | Phase::Ended { .. } => Err(Refusal::Overtaken { status: state.status() }),
    }
}

pub(super) fn revocation_failed(state: &State, code: &str, now: Time) -> Result<Vec<Event>, Refusal> {
    match &state.phase {
        Phase::Revoking { failures, .. } => {
            let attempt = failures.saturating_add(1);
            Ok(vec![Event::RevocationAttemptFailed {
                attempt,
                code: code.to_owned(),
                next_attempt_at: now.plus(backoff(attempt)),
            }])
        }
        Phase::Pending { .. }
        | Phase::Approved { .. }
        | Phase::Provisioning { .. }
        | Phase::Active { .. }
        | Phase::Denied { .. }
        | Phase::Cancelled { .. }
        | Phase::Lapsed { .. }
        | Phase::Ended { .. } => Err(Refusal::Overtaken { status: state.status() }),
    }
}

pub(super) fn end(state: &State, evidence: &Evidence, now: Time) -> Result<Vec<Event>, Refusal> {
    match &state.phase {
        Phase::Revoking { plan, reason, since, issued, quarantine_until, .. } => {
            let overtaken = Refusal::Overtaken { status: state.status() };
            let over = plan.window.expires_at();
            let tombstone_until = match &state.request.mechanism {
                // INVARIANT (nothing to deny): credentials are asked of STS after the intent is
                // stored, which counts it here or, conditioned on the version, fails. With none
                // counted there is no session and none will come.
                Mechanism::Session { .. } if *issued == 0 => None,
                // The deny on the shared base role is all that ends sessions early: it stays until
                // the sessions' own policies deny everything, and no worker is left that could put
                // it there again. An attempt that failed may have put it there unrecorded.
                Mechanism::Session { .. } => {
                    if now < over {
                        quarantine_until.ok_or(overtaken)?;
                    }
                    (*since < over).then_some(over.plus(QUARANTINE))
                }
                // The same deny, on the grant's own policy; and its sessions would hold what the target
                // role holds by itself once that is gone.
                Mechanism::Policy { .. } if *since < over && *issued > 0 => {
                    if now < over {
                        quarantine_until.ok_or(overtaken)?;
                    }
                    Some(over.plus(QUARANTINE))
                }
                // No sessions, or sealed ones: the policy is taken out. Early, not before every worker
                // that could make it again is gone.
                Mechanism::Policy { .. } => {
                    match quarantine_until {
                        Some(until) if now < *until => return Err(Refusal::TooEarly { at: *until }),
                        None if now < over => return Err(overtaken),
                        Some(_) | None => {}
                    }
                    None
                }
                Mechanism::Role { .. } => {
                    let until = quarantine_until.ok_or(overtaken)?;
                    if now < until {
                        return Err(Refusal::TooEarly { at: until });
                    }
                    None
                }
            };
            Ok(vec![Event::GrantEnded { reason: reason.clone(), evidence: evidence.clone(), tombstone_until }])
        }
        Phase::Ended { .. } => Ok(Vec::new()),
        Phase::Pending { .. }
        | Phase::Approved { .. }
        | Phase::Provisioning { .. }
        | Phase::Active { .. }
        | Phase::Denied { .. }
        | Phase::Cancelled { .. }
        | Phase::Lapsed { .. } => Err(Refusal::Overtaken { status: state.status() }),
    }
}

pub(super) fn remove_tombstone(state: &State, now: Time) -> Result<Vec<Event>, Refusal> {
    match &state.phase {
        Phase::Ended { residue: Some(residue), .. } if now >= residue.until => Ok(vec![Event::TombstoneRemoved {}]),
        Phase::Ended { residue: Some(residue), .. } => Err(Refusal::TooEarly { at: residue.until }),
        Phase::Ended { residue: None, .. } => Ok(Vec::new()),
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
