//! The end of sessions, which nobody can take back: a deny on the base role that they are cut from.

use crate::ports::{Clock, Fault, KillSessions};
use model::documents::{
    KILL_ALL_MARGIN, KILL_ALL_POLICY, kill_all_before, kill_all_policy, kill_policy, kill_policy_name, same_document,
};
use model::names::PrincipalArn;
use model::request::Request;
use model::time::Time;

/// What IAM answers if a role's inline policies would be longer than it takes.
const NO_ROOM: &str = "LimitExceeded";

const READ_BACK: &str = "read the deny back";

/// Denies everything to the sessions of one grant, which are all begun before `since`, and reads
/// that back. If the role has no room for a deny of its own, all sessions of the role are ended:
/// rather those of other grants too, whose holders fetch new ones, than none.
///
/// With `panic`, all sessions of the role may be denied already: then there is nothing to add. What
/// stands under the name and says something else is somebody else's, unless we `wrote` there before.
pub(crate) async fn deny<P: KillSessions + Clock>(
    ports: &P,
    request: &Request,
    role: &PrincipalArn,
    since: Time,
    panic: bool,
    wrote: bool,
) -> Result<(), Fault> {
    if panic && all_before(ports, role).await?.is_some_and(|before| before >= since.plus(KILL_ALL_MARGIN)) {
        return Ok(());
    }
    let (name, document) = (kill_policy_name(request), kill_policy(request));
    match ports.kill(role, &name).await? {
        Some(written) if same_document(&written, &document) => return Ok(()),
        // Not ours to overwrite, and nothing else would name this grant's sessions alone.
        Some(_) if !wrote => {
            tracing::error!(request.id = %request.id, alarm = "kill_squatted",
                "{name} on {role} is not of Countersign's making; it is left alone, and all sessions of the role are ended");
            return deny_all(ports, role, since).await;
        }
        Some(_) | None => {}
    }
    match ports.put_kill(role, &name, &document).await {
        Ok(()) => match ports.kill(role, &name).await? {
            Some(written) if same_document(&written, &document) => Ok(()),
            _ => Err(Fault::new(READ_BACK, "deny_differs")),
        },
        Err(fault) if fault.code == NO_ROOM => {
            tracing::error!(request.id = %request.id, metric = "RevocationFailing", alarm = "base_role_full",
                "{role} has no room for a deny of {}; all sessions of the role are ended", request.id);
            deny_all(ports, role, since).await
        }
        Err(fault) => Err(fault),
    }
}

/// Denies everything to all sessions of a base role that were begun before now, and reads that back.
pub(crate) async fn deny_all<P: KillSessions + Clock>(
    ports: &P,
    role: &PrincipalArn,
    since: Time,
) -> Result<(), Fault> {
    let found = all_before(ports, role).await?;
    // Another grant's ending may have reached as far already.
    if found.is_some_and(|found| found >= since.plus(KILL_ALL_MARGIN)) {
        return Ok(());
    }
    // Taken just before the write. Workers may overtake each other: a time that lands within the
    // margin is later than every session handed out before it lands. It never goes backwards but
    // by less than that.
    let before = ports.now().max(since).plus(KILL_ALL_MARGIN);
    ports.put_kill(role, KILL_ALL_POLICY, &kill_all_policy(before)).await?;
    match all_before(ports, role).await? {
        Some(written) if written >= before => Ok(()),
        _ => Err(Fault::new(READ_BACK, "deny_differs")),
    }
}

async fn all_before<P: KillSessions>(ports: &P, role: &PrincipalArn) -> Result<Option<Time>, Fault> {
    Ok(ports.kill(role, KILL_ALL_POLICY).await?.as_deref().and_then(kill_all_before))
}

/// Takes out the deny of one grant. What stands under its name and is not ours stays.
pub(super) async fn lift<P: KillSessions>(ports: &P, request: &Request, role: &PrincipalArn) -> Result<(), Fault> {
    let name = kill_policy_name(request);
    match ports.kill(role, &name).await? {
        Some(written) if same_document(&written, &kill_policy(request)) => ports.remove_kill(role, &name).await,
        Some(_) | None => Ok(()),
    }
}

/// What is recorded of a grant whose sessions are denied by a policy of its own.
pub(crate) fn own_deny(request: &Request, role: &PrincipalArn) -> String {
    format!("{role} denies everything to sessions of {} ({})", request.id, kill_policy_name(request))
}

/// What denies everything to the sessions of one grant, as read back.
pub(crate) async fn denied<P: KillSessions>(
    ports: &P,
    request: &Request,
    role: &PrincipalArn,
    since: Time,
) -> Result<String, Fault> {
    let name = kill_policy_name(request);
    let found = ports.kill(role, &name).await?;
    if found.as_deref().is_some_and(|written| same_document(written, &kill_policy(request))) {
        return Ok(own_deny(request, role));
    }
    let taken = if found.is_some() {
        format!("; {name} is not of Countersign's making and is left alone")
    } else {
        String::new()
    };
    match all_before(ports, role).await? {
        Some(before) if before >= since.plus(KILL_ALL_MARGIN) => Ok(format!(
            "{role} denies everything to all sessions begun before {before}, those of other grants too ({KILL_ALL_POLICY}){taken}",
        )),
        _ => Err(Fault::new(READ_BACK, "deny_differs")),
    }
}
