//! Who may see a request, and what of it is shown by the API.

use crate::ports::Stored;
use model::documents::grant_role_arn;
use model::identity::Actor;
use model::lifecycle::{Approval, EndReason, Phase, Verification};
use model::policy::Policy;
use model::request::Mechanism;
use model::time::Time;
use serde_json::{Value, json};

/// Whether `actor` may see the request: it is their own, they may countersign it or did, or they audit.
pub fn may_see(policy: &Policy, actor: &Actor, stored: &Stored, now: Time) -> bool {
    let request = &stored.state.request;
    actor.person == request.requester
        || policy.may_approve(actor, request, now).granted
        // Who was on call when they countersigned it may look at what they did.
        || stored.state.approvals().iter().any(|approval| approval.person == actor.person)
        || policy.may_audit(actor).granted
}

/// One countersignature as the API shows it.
fn approval(approval: &Approval) -> Value {
    let mut shown = json!({"approver": approval.person, "digest": approval.digest, "at": approval.at});
    if let Some(shown) = shown.as_object_mut() {
        shown.extend(approval.after_seconds.map(|seconds| ("afterSeconds".to_owned(), json!(seconds))));
        shown.extend(approval.note.as_ref().map(|note| ("note".to_owned(), json!(note.shown()))));
    }
    shown
}

/// The request as the API shows it: what would be, or is, granted, and what was asked for if that is more.
pub fn request(stored: &Stored) -> Value {
    let request = &stored.state.request;
    let approvals: Vec<Value> = stored.state.approvals().iter().map(approval).collect();
    let terms = stored.state.terms();
    let mut shown = json!({
        "id": request.id,
        "status": stored.state.status(),
        "digest": terms.digest(),
        "version": stored.head.seq,
        "requester": request.requester,
        "entitlement": request.entitlement,
        "account": request.account,
        "environment": request.environment,
        "mechanism": request.mechanism.name(),
        "permissions": terms.permissions(),
        "resources": terms.resources(),
        "durationSeconds": terms.duration_seconds(),
        "justification": request.justification.shown(),
        "ticketId": request.ticket,
        "risk": request.risk.level,
        "riskReasons": request.risk.reasons,
        "quorum": {"needed": request.quorum.needed, "groups": request.quorum.groups},
        "approvals": approvals,
        "submittedAt": request.submitted_at,
        "updatedAt": stored.at,
    });
    let mut set = |key: &str, value: Value| {
        if let Some(shown) = shown.as_object_mut() {
            shown.insert(key.to_owned(), value);
        }
    };
    if let Some(narrowed) = terms.narrowed {
        set(
            "narrowed",
            json!({
                "by": narrowed.by,
                "at": narrowed.at,
                "asked": {
                    "digest": request.digest(),
                    "permissions": request.permissions,
                    "resources": request.resources,
                    "durationSeconds": request.duration_seconds,
                },
            }),
        );
    }
    if let Some(extended) = &request.extends {
        set("extends", json!(extended));
    }
    if let Some(window) = crate::ports::window(stored) {
        set("startsAt", json!(window.starts_at()));
        set("expiresAt", json!(window.expires_at()));
    }
    match &stored.state.phase {
        Phase::Pending { lapses_at, .. } => set("lapsesAt", json!(lapses_at)),
        Phase::Denied { by, reason, at } => {
            set("deniedBy", json!(by));
            set("reason", json!(reason.shown()));
            set("decidedAt", json!(at));
        }
        Phase::Cancelled { at, reason } => {
            set("decidedAt", json!(at));
            if let Some(reason) = reason {
                set("endReason", json!(reason.as_str()));
            }
        }
        Phase::Lapsed { at } => set("decidedAt", json!(at)),
        Phase::Active { .. } => {
            if let Mechanism::Role { .. } = request.mechanism {
                set("access", json!({"roleArn": grant_role_arn(request)}));
            }
        }
        Phase::Revoking { reason, since, failures, .. } => {
            set("endReason", json!(reason.as_str()));
            set("revokingSince", json!(since));
            set("failedAttempts", json!(failures));
        }
        Phase::Ended { reason, at, evidence, verification, .. } => {
            set("endReason", json!(reason.as_str()));
            set("end", end(reason));
            set("endedAt", json!(at));
            set("evidence", json!(evidence));
            set("verification", proof(verification));
        }
        Phase::Approved { .. } | Phase::Provisioning { .. } => {}
    }
    shown
}

/// Why it ended, with what belongs to that.
pub fn end(reason: &EndReason) -> Value {
    let mut shown = json!(reason);
    if let (EndReason::Revoked { reason, .. }, Some(shown)) = (reason, shown.as_object_mut()) {
        shown.insert("reason".to_owned(), json!(reason.shown()));
    }
    shown
}

/// Whether IAM itself says that it has ended.
fn proof(verification: &Verification) -> Value {
    match verification {
        Verification::Due { failures, unverified, .. } => {
            json!({"status": if *unverified { "unverified" } else { "due" }, "failedAttempts": failures})
        }
        Verification::Verified { evidence } => json!({"status": "verified", "evidence": evidence}),
    }
}
