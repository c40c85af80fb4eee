//! How what is there is compared with what was made: each difference is a stable code.

use crate::ending::{policies, sessions};
use crate::ports::{Artifact, Fault, KillSessions, ListOnRole, ReadBoundary, ReadPolicy, ReadRole, ReadTarget};
use model::documents::{GRANT_POLICY, attached_policy, guarded_target, role_policy, same_document, trust_policy};
use model::names::PrincipalArn;
use model::request::{Mechanism, Request};
use model::terms::Terms;
use model::time::{Time, Window};

/// What differs from how a base role has to be, by what IAM says of it: see [`ReadBoundary`].
pub(super) fn of_base_role(bounded: Option<bool>) -> Vec<&'static str> {
    match bounded {
        Some(true) => Vec::new(),
        Some(false) => vec!["base_role_unbounded"],
        None => vec!["base_role_missing"],
    }
}

/// What differs from how an active grant was made.
pub(super) async fn of_active<P>(ports: &P, terms: Terms<'_>, window: Window) -> Result<Vec<&'static str>, Fault>
where
    P: ReadRole + ReadPolicy + ReadTarget + ListOnRole + ReadBoundary,
{
    match &terms.request.mechanism {
        Mechanism::Session { base_role } => Ok(of_base_role(ports.bounded(base_role).await?)),
        Mechanism::Role { .. } => of_role(ports, terms, window).await,
        Mechanism::Policy { target_role } => of_policy(ports, terms, target_role, window).await,
    }
}

async fn of_role<P: ReadRole + ListOnRole>(
    ports: &P,
    terms: Terms<'_>,
    window: Window,
) -> Result<Vec<&'static str>, Fault> {
    let request = terms.request;
    let (id, of) = (&request.id, Artifact::of(request));
    let too_large = |_| Fault::new("compare the grant", "too_large");
    let trust = trust_policy(request, window).map_err(too_large)?;
    let policy = role_policy(terms, window).map_err(too_large)?;
    let (role, written, on_role) =
        futures_util::join!(ports.role(of), ports.role_policy(of, GRANT_POLICY), ports.on_role(of));
    let (role, written, on_role) = (role?, written?, on_role?);
    let Some(role) = role else { return Ok(vec!["role_missing"]) };
    let tagged = role.request.as_deref() == Some(id.as_str()) && role.digest == Some(terms.digest().to_string());
    let as_made = [
        ("role_untagged", tagged),
        ("boundary_changed", role.bounded),
        ("trust_changed", same_document(&role.trust, &trust)),
        ("policy_changed", written.is_some_and(|written| same_document(&written, &policy))),
        ("policy_added", on_role.iter().all(|name| name == GRANT_POLICY)),
    ];
    Ok(differing(&as_made))
}

async fn of_policy<P: ReadPolicy + ReadTarget>(
    ports: &P,
    terms: Terms<'_>,
    target_role: &PrincipalArn,
    window: Window,
) -> Result<Vec<&'static str>, Fault> {
    let request = terms.request;
    let (id, of) = (&request.id, Artifact::of(request));
    let document = attached_policy(terms, window).map_err(|_| Fault::new("compare the grant", "too_large"))?;
    let (policy, attached, target) =
        futures_util::join!(ports.policy(of), ports.attached(of, target_role), ports.target(target_role));
    let (policy, attached, target) = (policy?, attached?, target?);
    let Some(policy) = policy else { return Ok(vec!["policy_missing"]) };
    let tagged = policy.is_of(id) && policy.digest.as_deref() == Some(terms.digest().to_string().as_str());
    let as_made = [
        ("policy_untagged", tagged),
        ("policy_changed", same_document(&policy.document, &document)),
        ("policy_detached", attached),
        // Since then others may pose as the grant.
        (
            "target_role_open",
            target.is_some_and(|target| guarded_target(&target.trust, &target.credentials_role).is_ok()),
        ),
    ];
    Ok(differing(&as_made))
}

/// The codes of what is not as it was made.
fn differing(as_made: &[(&'static str, bool)]) -> Vec<&'static str> {
    as_made.iter().filter(|(_, same)| !same).map(|(code, _)| *code).collect()
}

/// Whether the deny of an early end, which is to stay while its sessions could live, is as it was
/// written. `since`: when the end was ordered.
pub(super) async fn deny_holds<P: KillSessions + ReadPolicy>(
    ports: &P,
    request: &Request,
    since: Time,
) -> Result<bool, Fault> {
    let denied = match &request.mechanism {
        Mechanism::Session { base_role } => sessions::denied(ports, request, base_role, since).await,
        Mechanism::Policy { target_role } => policies::denied(ports, request, target_role).await,
        Mechanism::Role { .. } => return Ok(true),
    };
    match denied {
        Ok(_) => Ok(true),
        Err(fault) if fault.code == "deny_differs" => Ok(false),
        Err(fault) => Err(fault),
    }
}
