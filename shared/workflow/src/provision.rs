//! From intent to access: schedule, make, read back, activate. Resumable at any point.
//!
//! INVARIANT (way out before the way in): when this starts, the intent and its event are stored;
//! the schedule exists before the first IAM write.

use crate::command::{CommandError, carry_out, carry_out_on};
use crate::ports::{
    ArmRevocation, Artifact, Clock, CommitRequest, Fault, LoadRequest, MakePolicy, MakeRole, PolicyFound, PolicySpec,
    ReadPolicy, ReadRole, ReadTarget, RoleSpec, Stored,
};
use model::documents::{
    GRANT_POLICY, attached_policy, guarded_target, longest_session, role_policy, same_document, trust_policy,
};
use model::identity::Cause;
use model::lifecycle::{Command, Evidence, Phase, SCHEDULE_MARGIN};
use model::names::{PrincipalArn, RequestId};
use model::request::Mechanism;
use model::terms::Terms;
use model::time::{Time, Window};

/// What became of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provisioned {
    /// Access exists.
    Active,
    /// The request is elsewhere; nothing was to be done.
    NotNeeded,
    /// It failed; the failure is recorded and it will be tried again, or ended.
    Failed,
    /// Too little of the window was left; it is being ended.
    TooLate,
}

/// Makes the access that request `id` was approved for. `hint` is when its window ends, if the
/// caller knows it from the event: the schedule is then made while the request is read.
///
/// # Errors
/// If the store did not answer; everything else is recorded in the request.
pub async fn provision<P>(
    ports: &P,
    part: &str,
    id: &RequestId,
    hint: Option<Time>,
) -> Result<Provisioned, CommandError>
where
    P: LoadRequest + CommitRequest + Clock + ArmRevocation + MakeRole + ReadRole + MakePolicy + ReadPolicy + ReadTarget,
{
    let cause = Cause::system(part);
    let hint = hint.filter(|_| !model::seeded!("grant-before-schedule"));
    let (read, armed) = futures_util::join!(ports.load(id), arm_early(ports, id, hint));
    let Some(mut stored) = read? else { return Err(CommandError::NotFound(id.clone())) };
    if matches!(stored.state.phase, Phase::Approved { .. }) {
        let start = |_: &Stored, _| Command::StartProvisioning;
        // Boxed: what is awaited here is large.
        stored = match Box::pin(carry_out_on(ports, Some(stored), id, &cause, start, None, &[])).await {
            Ok(done) => done.stored,
            Err(CommandError::Refused { .. }) => return Ok(Provisioned::NotNeeded),
            Err(error) => return Err(error),
        };
    }
    let Phase::Provisioning { plan, .. } = &stored.state.phase else { return Ok(Provisioned::NotNeeded) };
    let window = plan.window;
    if ports.now().seconds_until(window.expires_at()) < SCHEDULE_MARGIN {
        return Box::pin(too_late(ports, id, &cause, stored)).await;
    }
    let made = match armed {
        Some(result) if hint == Some(window.expires_at()) => result,
        _ if model::seeded!("grant-before-schedule") => Ok(()),
        _ => ports.arm(id, window.expires_at()).await,
    };
    let made = match made {
        Ok(()) => make(ports, stored.state.terms(), window).await,
        Err(fault) if fault.code == SCHEDULE_TAKEN => {
            let finding = format!("a schedule named {id} is there that does not end this grant; it is left alone");
            Err(Setback::Taken { code: SCHEDULE_TAKEN, finding })
        }
        Err(fault) => Err(fault.into()),
    };
    if model::seeded!("grant-before-schedule") {
        ports.arm(id, window.expires_at()).await?;
    }
    match made {
        Ok(mut findings) => {
            findings.insert(0, format!("schedule armed for {}", window.expires_at()));
            let evidence = |now| Evidence { checked_at: now, findings: findings.clone() };
            let command = |_: &Stored, now: Time| Command::Activate { evidence: evidence(now) };
            match Box::pin(carry_out_on(ports, Some(stored), id, &cause, command, None, &[])).await {
                Ok(_) => Ok(Provisioned::Active),
                // Revoked meanwhile: the revocation takes out what was made.
                Err(CommandError::Refused { .. }) => Ok(Provisioned::NotNeeded),
                Err(error) => Err(error),
            }
        }
        Err(Setback::Taken { code, finding }) => {
            let command = |_: &Stored, _| Command::NameTaken { code: code.to_owned(), finding: finding.clone() };
            match carry_out(ports, id, &cause, command, None, &[]).await {
                Ok(_) => {
                    tracing::error!(request.id = %id, alarm = code, "{id} is refused: {finding}");
                    Ok(Provisioned::Failed)
                }
                // What was found may be what an early end put there.
                Err(CommandError::Refused { .. }) => Ok(Provisioned::NotNeeded),
                Err(error) => Err(error),
            }
        }
        Err(Setback::Fault(fault)) => {
            tracing::error!(request.id = %id, error.code = %fault.code, "{id} could not be made: {fault}");
            let command = |_: &Stored, _| Command::ProvisioningFailed { code: fault.code.clone() };
            match Box::pin(carry_out(ports, id, &cause, command, None, &[])).await {
                Ok(_) => Ok(Provisioned::Failed),
                Err(CommandError::Refused { .. }) => Ok(Provisioned::NotNeeded),
                Err(error) => Err(error),
            }
        }
    }
}

async fn arm_early<P: ArmRevocation + Clock>(
    ports: &P,
    id: &RequestId,
    hint: Option<Time>,
) -> Option<Result<(), Fault>> {
    let at = hint.filter(|at| ports.now().seconds_until(*at) >= SCHEDULE_MARGIN)?;
    Some(ports.arm(id, at).await)
}

async fn too_late<P>(ports: &P, id: &RequestId, cause: &Cause, stored: Stored) -> Result<Provisioned, CommandError>
where
    P: LoadRequest + CommitRequest + Clock,
{
    match carry_out_on(ports, Some(stored), id, cause, |_, _| Command::StartProvisioning, None, &[]).await {
        Ok(_) => Ok(Provisioned::TooLate),
        Err(CommandError::Refused { .. }) => Ok(Provisioned::NotNeeded),
        Err(error) => Err(error),
    }
}

/// The schedule's name is somebody else's.
const SCHEDULE_TAKEN: &str = "schedule_mismatch";

/// Why access was not made.
enum Setback {
    /// AWS did not do or answer; it is tried again.
    Fault(Fault),
    /// What it would be made under is there, and not ours.
    Taken {
        /// What is taken.
        code: &'static str,
        /// What was found.
        finding: String,
    },
}

impl From<Fault> for Setback {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// Makes what the mechanism needs in AWS and reads it back. Gives what was found.
async fn make<P>(ports: &P, terms: Terms<'_>, window: Window) -> Result<Vec<String>, Setback>
where
    P: MakeRole + ReadRole + MakePolicy + ReadPolicy + ReadTarget,
{
    match &terms.request.mechanism {
        Mechanism::Session { base_role } => {
            Ok(vec![format!("sessions of {base_role}, sealed at {}", window.expires_at())])
        }
        Mechanism::Role { .. } => make_role(ports, terms, window).await,
        Mechanism::Policy { target_role } => make_policy(ports, terms, target_role, window).await,
    }
}

async fn make_role<P: MakeRole + ReadRole>(
    ports: &P,
    terms: Terms<'_>,
    window: Window,
) -> Result<Vec<String>, Setback> {
    let (request, digest) = (terms.request, terms.digest());
    let too_large = |_| Fault::new("write the grant's documents", "too_large");
    let trust = trust_policy(request, window).map_err(too_large)?;
    let policy = role_policy(terms, window).map_err(too_large)?;
    let of = Artifact::of(request);
    let spec = RoleSpec {
        account: request.account.clone(),
        id: request.id.clone(),
        digest,
        trust: trust.clone(),
        longest_session: longest_session(terms),
    };
    if !ports.create_role(&spec).await? {
        // A role of this name exists: our own earlier attempt, or somebody else's. Never adopt it unseen.
        let found = ports.role(of).await?.ok_or_else(|| Fault::new("make the role", "role_vanished"))?;
        let theirs = found.request.as_deref() != Some(request.id.as_str())
            || found.digest != Some(digest.to_string())
            || !found.bounded;
        if theirs && !model::seeded!("adopt-a-role") {
            let finding = format!(
                "a role named {} is there since {} that is not of Countersign's making; it is left alone",
                request.id, found.created_at
            );
            return Err(Setback::Taken { code: "role_squatted", finding });
        }
    }
    ports.put_role_policy(of, GRANT_POLICY, &policy).await?;
    let (role, written) = futures_util::join!(ports.role(of), ports.role_policy(of, GRANT_POLICY));
    let (role, written) = (role?, written?);
    let role = role.ok_or_else(|| Fault::new("read the role back", "role_vanished"))?;
    if !role.bounded || !same_document(&role.trust, &trust) {
        return Err(Fault::new("read the role back", "role_differs").into());
    }
    if !written.is_some_and(|written| same_document(&written, &policy)) && !model::seeded!("skip-the-read-back") {
        return Err(Fault::new("read the role back", "policy_differs").into());
    }
    Ok(vec![
        format!("role {} as planned, within the boundary", request.id),
        format!("policy as planned, sealed at {}", window.expires_at()),
    ])
}

async fn make_policy<P>(
    ports: &P,
    terms: Terms<'_>,
    role: &PrincipalArn,
    window: Window,
) -> Result<Vec<String>, Setback>
where
    P: MakePolicy + ReadPolicy + ReadTarget,
{
    let (request, digest) = (terms.request, terms.digest());
    let (id, of) = (&request.id, Artifact::of(request));
    let document =
        attached_policy(terms, window).map_err(|_| Fault::new("write the grant's documents", "too_large"))?;
    // Before anything is attached: the policy holds for whoever carries the request's id.
    let target = ports.target(role).await?.ok_or_else(|| Fault::new("read the target role", "NoSuchEntity"))?;
    if let Err(open) = guarded_target(&target.trust, &target.credentials_role) {
        tracing::error!(request.id = %id, alarm = "target_role_open", "{role} is not used for {id}: {open}");
        return Err(Fault::new("use the target role", "target_role_open").into());
    }
    if let Some(tag) = target.tagged {
        let finding =
            format!("{role} itself is tagged as a session of {tag}, and so are all of its sessions; it is left alone");
        return Err(Setback::Taken { code: "target_role_tagged", finding });
    }
    let before: Vec<String> = target.attached.into_iter().filter(|name| name != id.as_str()).collect();
    let as_planned = |found: &PolicyFound| {
        found.is_of(id)
            && found.digest.as_deref() == Some(digest.to_string().as_str())
            && same_document(&found.document, &document)
    };
    let spec = PolicySpec { account: request.account.clone(), id: id.clone(), digest, document: document.clone() };
    // A policy of this name exists: our own earlier attempt, or somebody else's, or what an early end
    // put there. Only the first is adopted.
    if !ports.create_policy(&spec).await? {
        match ports.policy(of).await? {
            Some(found) if as_planned(&found) || model::seeded!("adopt-a-policy") => {}
            Some(found) => {
                let made = found.created_at;
                let finding =
                    format!("a policy named {id} is there since {made} that is not this grant's; it is left alone");
                return Err(Setback::Taken { code: "policy_squatted", finding });
            }
            // Under another path, or made a moment ago and not to be seen everywhere yet: the latter passes.
            None => return Err(Fault::new("make the policy", "policy_squatted").into()),
        }
    }
    ports.attach_policy(of, role).await?;
    let (found, attached) = futures_util::join!(ports.policy(of), ports.attached(of, role));
    if !found?.is_some_and(|found| as_planned(&found)) {
        return Err(Fault::new("read the policy back", "policy_differs").into());
    }
    if !attached? {
        return Err(Fault::new("read the policy back", "policy_not_attached").into());
    }
    Ok(vec![
        format!("policy {id} as planned, for sessions of {id} alone, sealed at {}", window.expires_at()),
        format!("attached to {role}, whose sessions only Countersign may tag"),
        format!("attached to it before: {}", listed(&before)),
    ])
}

/// Names in a finding. A role has room for twenty.
fn listed(names: &[String]) -> String {
    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
}
