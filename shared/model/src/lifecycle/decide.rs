//! What a command does to a state.

mod activity;
mod ending;
mod making;
mod persons;
mod verification;

use super::evolve::evolve;
use super::words::erase;
use super::{Command, Phase, REFUSALS_RECORDED, State};
use crate::activity::Known;
use crate::event::Event;
use crate::policy::Decision;
use crate::refusal::Refusal;
use crate::request::Request;
use crate::time::Time;
use crate::words::Reason;
use activity::{note_activity, note_finding, report_run};
use ending::{end, place_tombstone, remove_tombstone, revocation_failed, start_revocation, stop};
use making::{activate, lapse, name_taken, provisioning_failed, remind, start_provisioning, warn};
use persons::{approve, cancel, countersign, credentials_outcome, deny, request_credentials, revoke};
use verification::{note_drift, verification_failed, verify};

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

/// Events, and the effects that follow them.
type Steps = (Vec<Event>, Vec<Effect>);

/// The order of an ending: the deny goes in before anything is taken out.
const END_OF_ACCESS: [Effect; 3] = [Effect::PlaceTombstone, Effect::DisarmRevocation, Effect::RemoveAccess];

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
            reminded: 0,
            reminded_at: None,
        },
        request: request.clone(),
        refusals: 0,
        narrowed: None,
        known: Known::default(),
    };
    let submitted = Event::RequestSubmitted { request: Box::new(request), rules: rules.clone() };
    let follow = match decision {
        Decision::Deny { reason, rules } => {
            Some(Event::RequestDenied { by: None, reason: Reason::Policy(reason.clone()), rules: rules.clone() })
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
        Command::Approve { by, digest, permission, judged, vote } => {
            let lapses = approve(state, by, permission)?;
            let of_the_card = crate::seeded!("trust-the-message") && *digest == state.request.digest();
            if *digest != state.terms().digest() && !of_the_card && !crate::seeded!("any-digest") {
                return Err(Refusal::StaleDigest);
            }
            if judged.is_none_or(|judged| judged != state.request.judged) && !crate::seeded!("an-older-policy-counts") {
                return Err(Refusal::PolicyChanged);
            }
            if now >= lapses && !crate::seeded!("approve-after-expiry") {
                return Err(Refusal::Lapsed { at: lapses });
            }
            (countersign(state, by, &permission.rules, vote, now)?, Vec::new())
        }
        Command::Deny { by, reason, permission } => (deny(state, by, reason, permission)?, Vec::new()),
        Command::Cancel { by } => (cancel(state, by)?, Vec::new()),
        Command::Revoke { by, reason, permission } => revoke(state, by, reason, permission)?,
        Command::Lapse => (lapse(state, now)?, Vec::new()),
        Command::Remind => (remind(state, now)?, Vec::new()),
        Command::Warn => (warn(state, now)?, Vec::new()),
        Command::StartProvisioning => start_provisioning(state, now)?,
        Command::ProvisioningFailed { code } => provisioning_failed(state, code, now)?,
        Command::NameTaken { code, finding } => name_taken(state, code, finding)?,
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
        Command::Stop { reason } => stop(state, reason),
        Command::PlaceTombstone => (place_tombstone(state, now)?, Vec::new()),
        Command::RevocationFailed { code } => (revocation_failed(state, code, now)?, Vec::new()),
        Command::End { evidence } => (end(state, evidence, now)?, Vec::new()),
        Command::Verify { evidence } => (verify(state, evidence)?, Vec::new()),
        Command::VerificationFailed { code } => (verification_failed(state, code, now)?, Vec::new()),
        Command::NoteDrift { differences } => (note_drift(state, differences, now)?, Vec::new()),
        Command::RemoveTombstone => (remove_tombstone(state, now)?, Vec::new()),
        Command::NoteFinding { finding, end } => note_finding(state, finding, *end)?,
        Command::ReportRun { by, run } => (report_run(state, by, run, now)?, Vec::new()),
        Command::NoteActivity { activity } => (note_activity(state, activity)?, Vec::new()),
        Command::EraseWords { by } => (erase(state, by)?, Vec::new()),
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
