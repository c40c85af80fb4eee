//! The end of a grant that is a policy on a shared role: the policy itself becomes a deny, and goes
//! once nothing is left for it to deny.

use crate::ports::{Artifact, Fault, MakePolicy, PolicyFound, PolicySpec, ReadPolicy, RemovePolicy, ReplacePolicy};
use model::documents::{attached_tombstone, same_document};
use model::names::{PrincipalArn, RequestId};
use model::request::Request;

/// What IAM answers if the account has no room for another policy, or the role for another attachment.
const NO_ROOM: &str = "LimitExceeded";

const READ_BACK: &str = "read the deny back";

/// Makes the grant's policy deny everything to its sessions, and reads that back. One that does not
/// exist is created with the deny in it, so that a slow worker finds it and can't begin afresh.
///
/// With no credentials `issued` there are no sessions, and none will come: then a name that somebody
/// else has, or an account that is full, keeps nothing from ending.
pub(super) async fn deny<P>(ports: &P, request: &Request, role: &PrincipalArn, issued: u32) -> Result<(), Fault>
where
    P: MakePolicy + ReplacePolicy + ReadPolicy,
{
    let (id, of, document) = (&request.id, Artifact::of(request), attached_tombstone(&request.id));
    let found = match ports.policy(of).await? {
        None => {
            let spec = PolicySpec {
                account: request.account.clone(),
                id: id.clone(),
                digest: request.digest(),
                document: document.clone(),
            };
            match ports.create_policy(&spec).await {
                Ok(_) => {}
                Err(fault) if fault.code == NO_ROOM && issued == 0 => return Ok(()),
                Err(fault) => return Err(fault),
            }
            // A slow worker may have been faster; the deny goes into its policy just the same.
            ports.policy(of).await?
        }
        found => found,
    };
    match found {
        Some(policy) if policy.is_of(id) => {
            if !same_document(&policy.document, &document) {
                ports.replace_policy(of, &document).await?;
            }
        }
        // Nothing of ours was made, so nothing of ours lets anybody in.
        Some(_) | None if issued == 0 => return Ok(()),
        Some(_) => return Err(Fault::new("write the deny", "policy_squatted")),
        None => return Err(Fault::new("write the deny", "policy_vanished")),
    }
    if issued > 0 {
        ports.attach_policy(of, role).await?;
        return denied(ports, request, role).await.map(drop);
    }
    match ports.policy(of).await? {
        Some(policy) if denies(&policy, id) => Ok(()),
        Some(_) | None => Err(Fault::new(READ_BACK, "deny_differs")),
    }
}

fn denies(policy: &PolicyFound, id: &RequestId) -> bool {
    policy.is_of(id) && same_document(&policy.document, &attached_tombstone(id))
}

/// What denies everything to the sessions of one grant, as read back.
pub(super) async fn denied<P: ReadPolicy>(ports: &P, request: &Request, role: &PrincipalArn) -> Result<String, Fault> {
    let (id, of) = (&request.id, Artifact::of(request));
    let (policy, attached) = futures_util::join!(ports.policy(of), ports.attached(of, role));
    if policy?.is_some_and(|policy| denies(&policy, id)) && attached? {
        Ok(format!("policy {id}, attached to {role}, denies everything to sessions of {id}"))
    } else {
        Err(Fault::new(READ_BACK, "deny_differs"))
    }
}

/// Takes the grant's policy out, and says what was found then.
pub(super) async fn removed<P: ReadPolicy + RemovePolicy>(ports: &P, request: &Request) -> Result<String, Fault> {
    let (id, of) = (&request.id, Artifact::of(request));
    let squatted = |policy: &PolicyFound| {
        tracing::error!(request.id = %id, alarm = "policy_squatted", "the policy {id} is not of Countersign's making; it is left alone");
        format!("the policy named {id} is not of Countersign's making ({}); it is left alone", policy.created_at)
    };
    if let Some(policy) = ports.policy(of).await?.filter(|policy| !policy.is_of(id)) {
        return Ok(squatted(&policy));
    }
    ports.remove_policy(of).await?;
    match ports.policy(of).await? {
        None => Ok(format!("policy {id} is absent, and so on no role")),
        Some(policy) if policy.is_of(id) => Err(Fault::new("read the policy back", "policy_still_there")),
        Some(policy) => Ok(squatted(&policy)),
    }
}
