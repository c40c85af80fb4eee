//! The end of access: deny first, take out later, read AWS back, record what was found.
//!
//! Tried again for ever with growing pauses, never given up: a grant leaves `revoking` only by
//! being verified as gone.

pub(crate) mod policies;
pub(crate) mod sessions;

use crate::command::{CommandError, carry_out_on};
use crate::ports::{
    Artifact, Clock, CommitRequest, DisarmRevocation, Fault, KillSessions, LoadRequest, MakePolicy, MakeRole,
    ProbeDecision, ReadPolicy, ReadRole, RemovePolicy, RemoveRole, ReplacePolicy, RoleFound, RoleSpec, Stored,
};
use crate::verification::verify;
use model::documents::{TOMBSTONE_POLICY, longest_session, same_document, tombstone_policy, trust_policy};
use model::identity::Cause;
use model::lifecycle::{
    ATTEMPTS_BEFORE_ALARM, ATTEMPTS_BEFORE_ALARM_EARLY, Command, EndReason, Evidence, Phase, is_over,
};
use model::names::RequestId;
use model::request::{Mechanism, Request};
use model::terms::Terms;
use model::time::{Time, Window};

/// What became of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Verified as gone.
    Ended,
    /// The deny is in place; what was made is taken out later.
    Denied {
        /// When.
        until: Time,
    },
    /// There was no access, or it is not over yet.
    NotNeeded,
    /// It failed; recorded, and tried again.
    Failed {
        /// Which attempt it was.
        attempt: u32,
    },
}

/// Ends the access of request `id`: on time if its window is over, or as far as an early end that
/// was ordered has come.
///
/// # Errors
/// If the store did not answer; everything else is recorded in the request.
pub async fn end<P>(ports: &P, part: &str, id: &RequestId) -> Result<Ending, CommandError>
where
    P: LoadRequest + CommitRequest + Clock + DisarmRevocation + KillSessions + MakeRole + ReadRole + RemoveRole,
    P: MakePolicy + ReplacePolicy + ReadPolicy + RemovePolicy + ProbeDecision,
{
    let cause = Cause::system(part);
    let Some(stored) = ports.load(id).await? else { return Err(CommandError::NotFound(id.clone())) };
    let start = |_: &Stored, _| Command::StartRevocation { reason: EndReason::Expired };
    let stored = match &stored.state.phase {
        Phase::Revoking { .. } => stored,
        Phase::Provisioning { .. } | Phase::Active { .. } => {
            match carry_out_on(ports, Some(stored), id, &cause, start, None, &[]).await {
                Ok(done) => done.stored,
                Err(CommandError::Refused { .. }) => return Ok(Ending::NotNeeded),
                Err(error) => return Err(error),
            }
        }
        Phase::Pending { .. }
        | Phase::Approved { .. }
        | Phase::Denied { .. }
        | Phase::Cancelled { .. }
        | Phase::Lapsed { .. } => return Ok(Ending::NotNeeded),
        // A worker that came so far and died may have been about to verify it.
        Phase::Ended { .. } => return verify(ports, &cause, stored).await.map(|_| Ending::NotNeeded),
    };
    let Phase::Revoking { plan, since, issued, reason, .. } = &stored.state.phase else { return Ok(Ending::NotNeeded) };
    let panic = *reason == EndReason::Panic;
    let access = Access { window: plan.window, since: *since, issued: *issued, panic };
    match unmake(ports, &cause, stored, access).await {
        Ok(ending) => Ok(ending),
        Err(Setback::Fault(fault)) => failed(ports, &cause, id, &fault).await,
        Err(Setback::Overtaken) => Ok(Ending::NotNeeded),
        Err(Setback::Command(error)) => Err(error),
    }
}

/// What is being ended.
#[derive(Clone, Copy)]
struct Access {
    window: Window,
    /// When the ending was ordered.
    since: Time,
    /// Credentials asked for before that. INVARIANT: none are from then on.
    issued: u32,
    /// Whether it ends with everything else.
    panic: bool,
}

/// Why an attempt stopped.
enum Setback {
    /// AWS did not do or answer.
    Fault(Fault),
    /// Somebody else is further.
    Overtaken,
    /// The store did not answer.
    Command(CommandError),
}

impl From<Fault> for Setback {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<CommandError> for Setback {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::Refused { .. } => Self::Overtaken,
            CommandError::NotFound(_) | CommandError::Replayed | CommandError::Unavailable(_) => Self::Command(error),
        }
    }
}

async fn unmake<P>(ports: &P, cause: &Cause, stored: Stored, access: Access) -> Result<Ending, Setback>
where
    P: LoadRequest + CommitRequest + Clock + DisarmRevocation + KillSessions + MakeRole + ReadRole + RemoveRole,
    P: MakePolicy + ReplacePolicy + ReadPolicy + RemovePolicy + ProbeDecision,
{
    let request = stored.state.request.clone();
    let window = access.window;
    let stored = deny(ports, cause, stored, &request, access).await?;
    ports.disarm(&request.id).await?;
    let findings = match &request.mechanism {
        Mechanism::Session { base_role } => {
            let finding = if is_over(access.since, ports.now(), window) {
                sealed(window)
            } else if access.issued == 0 {
                "no credentials were ever asked for: there are no sessions".to_owned()
            } else {
                sessions::denied(ports, &request, base_role, access.since).await?
            };
            vec![finding]
        }
        // Its sessions live on: the deny stays for as long as they could use what is not sealed.
        Mechanism::Policy { target_role } if access.issued > 0 && access.since < window.expires_at() => {
            let over = is_over(access.since, ports.now(), window);
            vec![if over { sealed(window) } else { policies::denied(ports, &request, target_role).await? }]
        }
        Mechanism::Policy { .. } => {
            if let Some(until) = quarantine(&stored, ports.now()) {
                return Ok(Ending::Denied { until });
            }
            vec![policies::removed(ports, &request).await?]
        }
        Mechanism::Role { .. } => {
            if let Some(until) = quarantine(&stored, ports.now()) {
                return Ok(Ending::Denied { until });
            }
            vec![role_removed(ports, &request).await?]
        }
    };
    let command =
        |_: &Stored, now: Time| Command::End { evidence: Evidence { checked_at: now, findings: findings.clone() } };
    let done = carry_out_on(ports, Some(stored), &request.id, cause, command, None, &[]).await?;
    // With everything else ended at once, the next end comes first: reconciliation verifies them all.
    if !access.panic {
        verify(ports, cause, done.stored).await?;
    }
    Ok(Ending::Ended)
}

/// What is read off a window that is over.
fn sealed(window: Window) -> String {
    format!("every session's own policy denies everything since {}", window.expires_at())
}

/// Until when nothing is taken out, if that is still to come.
fn quarantine(stored: &Stored, now: Time) -> Option<Time> {
    match stored.state.phase {
        Phase::Revoking { quarantine_until, .. } => {
            quarantine_until.filter(|until| now < *until && !model::seeded!("no-quarantine"))
        }
        Phase::Pending { .. }
        | Phase::Approved { .. }
        | Phase::Provisioning { .. }
        | Phase::Active { .. }
        | Phase::Denied { .. }
        | Phase::Cancelled { .. }
        | Phase::Lapsed { .. }
        | Phase::Ended { .. } => None,
    }
}

/// Puts the explicit deny in place, unless it is, and reads it back before that is recorded.
async fn deny<P>(ports: &P, cause: &Cause, stored: Stored, request: &Request, access: Access) -> Result<Stored, Setback>
where
    P: LoadRequest + CommitRequest + Clock + KillSessions + MakeRole + ReadRole,
    P: MakePolicy + ReplacePolicy + ReadPolicy,
{
    if let Phase::Revoking { quarantine_until: Some(_), .. } = stored.state.phase {
        return Ok(stored);
    }
    // By its own clock: the record's time is that of whichever worker's clock is most ahead.
    let over = is_over(access.since, ports.now(), access.window);
    match &request.mechanism {
        // After the window every session's own policy denies everything; nothing is to be added.
        Mechanism::Session { .. } | Mechanism::Policy { .. } if over => return Ok(stored),
        // Where there are no sessions, a deny would only take the room of one that is needed.
        Mechanism::Session { .. } if access.issued == 0 => return Ok(stored),
        Mechanism::Session { base_role } => {
            if !model::seeded!("sessions-live-on") {
                sessions::deny(ports, request, base_role, access.since, access.panic, false).await?;
            }
        }
        Mechanism::Role { .. } => {
            if !model::seeded!("revoke-without-tombstone") {
                tombstone(ports, stored.state.terms(), access.window, over).await?;
            }
        }
        Mechanism::Policy { target_role } => {
            policies::deny(ports, stored.state.terms(), target_role, access.issued).await?;
        }
    }
    let done = carry_out_on(ports, Some(stored), &request.id, cause, |_, _| Command::PlaceTombstone, None, &[]).await?;
    Ok(done.stored)
}

/// Denies everything to the grant's role. Before the end of the window a role that does not exist
/// is created with the deny in it, so that a slow worker finds it and can't begin afresh.
async fn tombstone<P: MakeRole + ReadRole>(
    ports: &P,
    terms: Terms<'_>,
    window: Window,
    over: bool,
) -> Result<(), Fault> {
    let request = terms.request;
    let of = Artifact::of(request);
    let found = match ports.role(of).await? {
        None if over => return Ok(()),
        None => {
            let trust = trust_policy(request, window).map_err(|_| Fault::new("write the deny", "too_large"))?;
            let spec = RoleSpec {
                account: request.account.clone(),
                id: request.id.clone(),
                digest: terms.digest(),
                trust,
                longest_session: longest_session(terms),
            };
            // `false`: a slow worker was faster; the deny goes into its role just the same.
            ports.create_role(&spec).await?;
            ports.role(of).await?
        }
        found => found,
    };
    match found {
        Some(role) if is_ours(&role, request) => {}
        // Nothing of ours was made, so nothing of ours lets anybody in.
        Some(_) => return Ok(()),
        None => return Err(Fault::new("write the deny", "role_vanished")),
    }
    let document = tombstone_policy();
    ports.put_role_policy(of, TOMBSTONE_POLICY, &document).await?;
    match ports.role_policy(of, TOMBSTONE_POLICY).await? {
        Some(written) if same_document(&written, &document) => Ok(()),
        _ => Err(Fault::new("read the deny back", "deny_differs")),
    }
}

/// Whether we made it. Somebody else's role under our name we neither change nor remove.
pub(crate) fn is_ours(role: &RoleFound, request: &Request) -> bool {
    role.request.as_deref() == Some(request.id.as_str())
}

/// Takes the grant's role out, and says what was found then.
async fn role_removed<P: ReadRole + RemoveRole>(ports: &P, request: &Request) -> Result<String, Fault> {
    let (id, of) = (&request.id, Artifact::of(request));
    let squatted = |role: &RoleFound| {
        tracing::error!(request.id = %id, alarm = "role_squatted", "the role {id} is not of Countersign's making; it is left alone");
        format!("the role named {id} is not of Countersign's making ({}); it is left alone", role.created_at)
    };
    if let Some(role) = ports.role(of).await?.filter(|role| !is_ours(role, request)) {
        return Ok(squatted(&role));
    }
    ports.remove_role(of).await?;
    match ports.role(of).await? {
        None => Ok(format!("role {id} is absent")),
        Some(role) if is_ours(&role, request) => Err(Fault::new("read the role back", "role_still_there")),
        Some(role) => Ok(squatted(&role)),
    }
}

async fn failed<P>(ports: &P, cause: &Cause, id: &RequestId, fault: &Fault) -> Result<Ending, CommandError>
where
    P: LoadRequest + CommitRequest + Clock,
{
    let command = |_: &Stored, _| Command::RevocationFailed { code: fault.code.clone() };
    let stored = ports.load(id).await?;
    let window_open =
        stored.as_ref().and_then(crate::ports::window).is_some_and(|window| ports.now() < window.expires_at());
    let attempt = match carry_out_on(ports, stored, id, cause, command, None, &[]).await {
        Ok(done) => match done.stored.state.phase {
            Phase::Revoking { failures, .. } => failures,
            Phase::Pending { .. }
            | Phase::Approved { .. }
            | Phase::Provisioning { .. }
            | Phase::Active { .. }
            | Phase::Denied { .. }
            | Phase::Cancelled { .. }
            | Phase::Lapsed { .. }
            | Phase::Ended { .. } => 0,
        },
        Err(CommandError::Refused { .. }) => return Ok(Ending::NotNeeded),
        Err(error) => return Err(error),
    };
    // While the window is open, access that was ordered to end may still be there.
    let urgent = window_open && attempt >= ATTEMPTS_BEFORE_ALARM_EARLY;
    if urgent || attempt >= ATTEMPTS_BEFORE_ALARM {
        tracing::error!(request.id = %id, attempt, error.code = %fault.code, metric = "RevocationFailing",
            "{id} could not be ended in {attempt} attempts: {fault}");
    } else {
        tracing::warn!(request.id = %id, attempt, error.code = %fault.code, "{id} could not be ended yet: {fault}");
    }
    Ok(Ending::Failed { attempt })
}

/// Takes out the explicit deny that outlasted its grant, once the grant's window is over.
///
/// # Errors
/// If the store or IAM did not answer; it is due again later.
pub async fn remove_tombstone<P>(ports: &P, part: &str, stored: Stored) -> Result<(), CommandError>
where
    P: LoadRequest + CommitRequest + Clock + KillSessions + ReadPolicy + RemovePolicy,
{
    let request = stored.state.request.clone();
    let Phase::Ended { residue: Some(residue), .. } = stored.state.phase else { return Ok(()) };
    if ports.now() < residue.until {
        return Ok(());
    }
    match &request.mechanism {
        Mechanism::Session { .. } if model::seeded!("the-deny-stays") => {}
        Mechanism::Session { base_role } => sessions::lift(ports, &request, base_role).await?,
        Mechanism::Policy { .. } => drop(policies::removed(ports, &request).await?),
        Mechanism::Role { .. } => {}
    }
    match carry_out_on(
        ports,
        Some(stored),
        &request.id,
        &Cause::system(part),
        |_, _| Command::RemoveTombstone,
        None,
        &[],
    )
    .await
    {
        Ok(_) | Err(CommandError::Refused { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}
