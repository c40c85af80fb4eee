//! What a command does to a state.

use super::evolve::{evolve, quarantine_until};
use super::{
    APPROVAL_LIFETIME, CREDENTIALS_PER_GRANT, Command, EndReason, Evidence, PROVISIONING_ATTEMPTS, Permission, Phase,
    Plan, QUARANTINE, REFUSALS_RECORDED, SCHEDULE_MARGIN, State, backoff,
};
use crate::event::Event;
use crate::identity::Actor;
use crate::names::PersonId;
use crate::policy::Decision;
use crate::refusal::Refusal;
use crate::request::{Mechanism, Request, Status};
use crate::text::FreeText;
use crate::time::{Time, Window};

/// Work to do once a transition is stored, in this order. Each is idempotent by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Create the one-time schedule that ends the grant; before anything is made.
    ArmRevocation {
        /// When it fires.
        at: Time,
    },
    /// Make what the plan says, and read it back.
    MakeAccess,
    /// Put the explicit deny in place.
    PlaceTombstone,
    /// Delete the schedule.
    DisarmRevocation,
    /// Take out what was made, and read AWS back.
    RemoveAccess,
    /// Get credentials from STS.
    AssumeBaseRole,
}

/// What may be stored: events, the state after them, and what to do then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transition {
    /// In order. Empty: the command had taken effect already; nothing to do.
    pub events: Vec<Event>,
    /// After them.
    pub next: State,
    /// To carry out once stored.
    pub effects: Vec<Effect>,
}

impl Transition {
    /// This transition and then `command`, as one. If `command` is refused, only this one.
    #[must_use]
    pub fn then(self, command: &Command, now: Time) -> Self {
        match decide(&self.next, command, now) {
            Ok(mut following) => {
                let mut events = self.events;
                events.append(&mut following.events);
                let mut effects = self.effects;
                effects.append(&mut following.effects);
                Self { events, next: following.next, effects }
            }
            Err(_) => self,
        }
    }
}

/// The transition that a new request begins with.
///
/// INVARIANT (no grant without countersignature): `Decision::AutoApprove` counts only if the
/// request's own quorum is 0; a quorum above 0 always waits for persons.
pub fn submit(request: Request, decision: &Decision, now: Time) -> Transition {
    let needed = request.quorum.needed;
    let rules = match decision {
        Decision::Deny { rules, .. } | Decision::AutoApprove { rules } | Decision::NeedsApprovals { rules } => {
            rules.clone()
        }
    };
    let initial = State {
        phase: Phase::Pending {
            approvals: Vec::new(),
            lapses_at: request.submitted_at.plus(request.approval_window_seconds),
        },
        request: request.clone(),
        refusals: 0,
    };
    let submitted = Event::RequestSubmitted { request: Box::new(request), rules: rules.clone() };
    let follow = match decision {
        Decision::Deny { reason, rules } => {
            Some(Event::RequestDenied { by: None, reason: reason.clone(), rules: rules.clone() })
        }
        Decision::AutoApprove { rules } if needed == 0 => {
            Some(Event::RequestApproved { approvers: Vec::new(), rules: rules.clone() })
        }
        Decision::AutoApprove { .. } | Decision::NeedsApprovals { .. } => None,
    };
    let mut events = vec![submitted];
    let next = match &follow {
        Some(event) => evolve(Some(initial.clone()), event, now).unwrap_or(initial),
        None => initial,
    };
    events.extend(follow);
    Transition { events, next, effects: Vec::new() }
}

/// What `command` does to `state` at `now`.
///
/// # Errors
/// A [`Refusal`]; the state is unchanged.
pub fn decide(state: &State, command: &Command, now: Time) -> Result<Transition, Refusal> {
    let (events, effects) = match command {
        Command::Approve { by, digest, permission, judged } => {
            let event = approve(state, by, permission).and_then(|lapses| {
                if *digest != state.request.digest() {
                    Err(Refusal::StaleDigest)
                } else if judged.is_none_or(|judged| judged != state.request.judged) {
                    Err(Refusal::PolicyChanged)
                } else if now >= lapses {
                    Err(Refusal::Lapsed { at: lapses })
                } else {
                    Ok(Event::ApprovalGiven {
                        person: by.person.clone(),
                        digest: *digest,
                        rules: permission.rules.clone(),
                    })
                }
            })?;
            (with_quorum(state, event, &by.person), Vec::new())
        }
        Command::Deny { by, reason, permission } => (deny(state, by, reason, permission)?, Vec::new()),
        Command::Cancel { by } => (cancel(state, by)?, Vec::new()),
        Command::Revoke { by, reason, permission } => revoke(state, by, reason, permission)?,
        Command::Lapse => (lapse(state, now)?, Vec::new()),
        Command::StartProvisioning => start_provisioning(state, now)?,
        Command::ProvisioningFailed { code } => provisioning_failed(state, code, now)?,
        Command::Activate { evidence } => (activate(state, evidence, now)?, Vec::new()),
        Command::RequestCredentials { by } => request_credentials(state, by, now)?,
        Command::IssueCredentials { access_key_id, expires_at } => {
            let event = Event::CredentialsIssued { access_key_id: access_key_id.clone(), expires_at: *expires_at };
            (credentials_outcome(state, event)?, Vec::new())
        }
        Command::CredentialsFailed { code } => {
            (credentials_outcome(state, Event::CredentialsFailed { code: code.clone() })?, Vec::new())
        }
        Command::StartRevocation { reason } => start_revocation(state, reason, now)?,
        Command::PlaceTombstone => (place_tombstone(state, now)?, Vec::new()),
        Command::RevocationFailed { code } => (revocation_failed(state, code, now)?, Vec::new()),
        Command::End { evidence } => (end(state, evidence, now)?, Vec::new()),
        Command::RemoveTombstone => (remove_tombstone(state, now)?, Vec::new()),
        Command::NoteRefusal { command, code } => {
            let event = Event::CommandRefused { command: command.clone(), code: code.clone() };
            (if state.refusals < REFUSALS_RECORDED { vec![event] } else { Vec::new() }, Vec::new())
        }
    };
    let mut next = state.clone();
    for event in &events {
        next = evolve(Some(next), event, now).map_err(|_| Refusal::Overtaken { status: state.status() })?;
    }
    Ok(Transition { events, next, effects })
}

/// The checks on who countersigns; gives back when the request lapses.
fn approve(state: &State, by: &Actor, permission: &Permission) -> Result<Time, Refusal> {
    if by.person == state.request.requester {
        return Err(Refusal::SelfApproval);
    }
    if !permission.granted {
        return Err(Refusal::NotAnApprover);
    }
    match &state.phase {
        Phase::Pending { approvals, lapses_at } => {
            if approvals.iter().any(|approval| approval.person == by.person) {
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

/// The countersignature, and the approval it completes, if it does.
fn with_quorum(state: &State, given: Event, by: &PersonId) -> Vec<Event> {
    let mut approvers: Vec<PersonId> = state.approvals().iter().map(|approval| approval.person.clone()).collect();
    approvers.push(by.clone());
    // Distinct already (one per person is checked above); counted again, since all rests on it.
    let mut distinct = approvers.clone();
    distinct.sort();
    distinct.dedup();
    distinct.retain(|person| *person != state.request.requester);
    if distinct.len() >= usize::from(state.request.quorum.needed.max(1)) {
        vec![given, Event::RequestApproved { approvers, rules: Vec::new() }]
    } else {
        vec![given]
    }
}

fn deny(state: &State, by: &Actor, reason: &FreeText, permission: &Permission) -> Result<Vec<Event>, Refusal> {
    if by.person == state.request.requester {
        return Err(Refusal::NotPermitted { action: "deny" });
    }
    if !permission.granted {
        return Err(Refusal::NotAnApprover);
    }
    match state.phase {
        Phase::Pending { .. } => Ok(vec![Event::RequestDenied {
            by: Some(by.person.clone()),
            reason: reason.as_str().to_owned(),
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

fn cancel(state: &State, by: &Actor) -> Result<Vec<Event>, Refusal> {
    if by.person != state.request.requester {
        return Err(Refusal::NotTheRequester { action: "cancel" });
    }
    match state.phase {
        Phase::Pending { .. } | Phase::Approved { .. } => Ok(vec![Event::RequestCancelled {}]),
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

type Steps = (Vec<Event>, Vec<Effect>);

fn revoke(state: &State, by: &Actor, reason: &FreeText, permission: &Permission) -> Result<Steps, Refusal> {
    if by.person != state.request.requester && !permission.granted {
        return Err(Refusal::NotPermitted { action: "revoke" });
    }
    match state.phase {
        Phase::Provisioning { .. } | Phase::Active { .. } => Ok((
            vec![Event::RevocationStarted {
                reason: EndReason::Revoked { by: by.person.clone(), reason: reason.as_str().to_owned() },
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

/// The order of an ending: the deny goes in before anything is taken out.
const END_OF_ACCESS: [Effect; 3] = [Effect::PlaceTombstone, Effect::DisarmRevocation, Effect::RemoveAccess];

fn lapse(state: &State, now: Time) -> Result<Vec<Event>, Refusal> {
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

fn start_provisioning(state: &State, now: Time) -> Result<Steps, Refusal> {
    let overtaken = Refusal::Overtaken { status: state.status() };
    match &state.phase {
        // What was countersigned long ago was countersigned under other circumstances.
        Phase::Approved { at, .. } if at.seconds_until(now) > APPROVAL_LIFETIME => {
            Ok((vec![Event::RequestLapsed {}], Vec::new()))
        }
        Phase::Approved { .. } => {
            let window = Window::starting(now, state.request.duration_seconds).map_err(|_| overtaken)?;
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

fn provisioning_failed(state: &State, code: &str, now: Time) -> Result<Steps, Refusal> {
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

fn activate(state: &State, evidence: &Evidence, now: Time) -> Result<Vec<Event>, Refusal> {
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

fn request_credentials(state: &State, by: &Actor, now: Time) -> Result<Steps, Refusal> {
    if by.person != state.request.requester {
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
                Mechanism::Session { .. } => {}
                Mechanism::Role { .. } | Mechanism::Policy { .. } => {
                    return Err(Refusal::OwnIdentity { role: crate::documents::grant_role_arn(&state.request) });
                }
            }
            if state.request.mfa_at_door && !by.mfa {
                return Err(Refusal::MfaRequired);
            }
            Ok((vec![Event::CredentialsRequested {}], vec![Effect::AssumeBaseRole]))
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

fn credentials_outcome(state: &State, event: Event) -> Result<Vec<Event>, Refusal> {
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

fn start_revocation(state: &State, reason: &EndReason, now: Time) -> Result<Steps, Refusal> {
    match &state.phase {
        Phase::Provisioning { plan, .. } | Phase::Active { plan, .. } => {
            if *reason == EndReason::Expired && now < plan.window.expires_at() {
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

fn place_tombstone(state: &State, now: Time) -> Result<Vec<Event>, Refusal> {
    match &state.phase {
        Phase::Revoking { quarantine_until: Some(_), .. } => Ok(Vec::new()),
        Phase::Revoking { plan, .. } => {
            let quarantine_until = quarantine_until(now >= plan.window.expires_at(), now);
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

fn revocation_failed(state: &State, code: &str, now: Time) -> Result<Vec<Event>, Refusal> {
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

fn end(state: &State, evidence: &Evidence, now: Time) -> Result<Vec<Event>, Refusal> {
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
                Mechanism::Role { .. } | Mechanism::Policy { .. } => {
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

fn remove_tombstone(state: &State, now: Time) -> Result<Vec<Event>, Refusal> {
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
