//! The IAM documents, written from typed values by a JSON serializer.
//!
//! INVARIANT (sealed): every document that allows something bounds each Allow with
//! `aws:CurrentTime` and denies everything from `expires_at` on. IAM itself ends the access, even
//! if nothing of this system runs any more.
//!
//! No free text of a person enters a document.

mod attached;
mod probe;
mod same;
mod target;

pub use attached::{attached_policy, attached_tombstone};
pub use probe::{ContextValue, Probe};
pub use same::same_document;
pub use target::{OpenTarget, guarded_target};

use crate::names::PrincipalArn;
use crate::request::{Mechanism, Request};
use crate::terms::Terms;
use crate::time::{Time, Window};
use serde_json::{Value, json};

/// Longest inline session policy, in characters. Source: STS API reference, `AssumeRole`.
pub const LONGEST_SESSION_POLICY: usize = 2_048;

/// Longest sum of a role's inline policies, in characters without white space.
/// Source: IAM user guide, quotas.
pub const LONGEST_ROLE_POLICIES: usize = 10_240;

/// Longest trust policy, in characters, without asking for more. Source: IAM user guide, quotas.
pub const LONGEST_TRUST_POLICY: usize = 2_048;

/// Longest managed policy, in characters without white space. Source: IAM user guide, quotas.
pub const LONGEST_MANAGED_POLICY: usize = 6_144;

/// The path of every role and every managed policy made for a grant.
pub const GRANT_PATH: &str = "/countersign/";

/// Name of a grant role's own inline policy.
pub const GRANT_POLICY: &str = "grant";

/// Name of the inline policy that denies everything to a grant role.
pub const TOMBSTONE_POLICY: &str = "tombstone";

/// What a grant denies unless its entitlement says otherwise: the ways to get more than was
/// countersigned, or to keep it for longer. `iam:*` includes `iam:PassRole`, and with it every
/// way to have a service act under a role given to it now; what acts under a role it was given
/// before (a stack, a function, an instance) is named by itself.
pub const NO_ESCAPE: [&str; 35] = [
    "account:*",
    "cloudformation:Create*",
    "cloudformation:Execute*",
    "cloudformation:Update*",
    "cloudtrail:Delete*",
    "cloudtrail:Put*",
    "cloudtrail:Stop*",
    "cloudtrail:Update*",
    "codeartifact:GetAuthorizationToken",
    "ec2-instance-connect:*",
    "ecr:GetAuthorizationToken",
    "iam:*",
    "identitystore:*",
    "kms:CreateGrant",
    "kms:PutKeyPolicy",
    "lambda:AddPermission",
    "lambda:*FunctionUrlConfig",
    "lambda:Update*",
    "organizations:*",
    "ram:*",
    "rolesanywhere:*",
    "s3:PutBucketPolicy",
    "s3:PutAccessPointPolicy",
    "scheduler:*",
    "secretsmanager:PutResourcePolicy",
    "signin:*",
    "ssm:CreateActivation",
    "ssm:SendCommand",
    "ssm:StartSession",
    "sso:*",
    "sts:AssumeRole*",
    "sts:AssumeRoot",
    "sts:GetFederationToken",
    "sts:GetSessionToken",
    "sts:GetWebIdentityToken",
];

/// What it takes to enter a grant role. Who carries a source identity or session tags on (as
/// sessions of IAM Identity Center may) is let in only where a trust policy allows passing them.
/// Source: IAM user guide, `sts:SourceIdentity` and session tags with role chaining.
const ENTERING: [&str; 3] = ["sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession"];

/// The document would be longer than AWS takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the {document} would have {length} characters; AWS takes {limit}: ask for fewer actions or resources")]
pub struct TooLarge {
    /// Which document.
    pub document: &'static str,
    /// How long it would be.
    pub length: usize,
    /// How long it may be.
    pub limit: usize,
}

fn fits(document: &'static str, value: &Value, limit: usize) -> Result<String, TooLarge> {
    let text = value.to_string();
    let length = text.chars().count();
    if length > limit { Err(TooLarge { document, length, limit }) } else { Ok(text) }
}

/// The statements that make up what a grant allows, sealed.
fn sealed_statements(terms: Terms<'_>, window: Window) -> Vec<Value> {
    let request = terms.request;
    let (from, until) = (window.starts_at().to_string(), window.expires_at().to_string());
    let until = if crate::seeded!("forget-the-condition") { "2999-01-01T00:00:00Z".to_owned() } else { until };
    let mut statements = vec![
        json!({
            "Effect": "Allow",
            "Action": terms.permissions(),
            "Resource": terms.resources(),
            "Condition": {
                "DateGreaterThanEquals": {"aws:CurrentTime": from},
                "DateLessThan": {"aws:CurrentTime": until},
            },
        }),
        seal(window),
    ];
    let denied: Vec<&str> =
        NO_ESCAPE.iter().copied().filter(|deny| !request.may_outlive.iter().any(|lifted| lifted == deny)).collect();
    if !denied.is_empty() && !crate::seeded!("escapes-are-open") {
        statements.push(json!({"Effect": "Deny", "Action": denied, "Resource": "*"}));
    }
    if !request.source_ips.is_empty() {
        // Calls that a service makes for the person come from its own addresses. Calls through a
        // VPC endpoint have no address and are denied: anybody can put an endpoint into a network
        // of their own. Source: IAM user guide, condition keys, `aws:SourceIp`.
        statements.push(json!({
            "Effect": "Deny",
            "Action": "*",
            "Resource": "*",
            "Condition": {
                "NotIpAddressIfExists": {"aws:SourceIp": request.source_ips},
                "Bool": {"aws:ViaAWSService": "false"},
            },
        }));
    }
    statements
}

/// Everything is denied from `expires_at` on.
fn seal(window: Window) -> Value {
    let from =
        if crate::seeded!("no-seal") { "2999-01-01T00:00:00Z".to_owned() } else { window.expires_at().to_string() };
    json!({
        "Effect": "Deny",
        "Action": "*",
        "Resource": "*",
        "Condition": {"DateGreaterThanEquals": {"aws:CurrentTime": from}},
    })
}

fn document(statements: &[Value]) -> Value {
    json!({"Version": "2012-10-17", "Statement": statements})
}

/// The session policy of a `session` grant, and of a `policy` grant.
///
/// # Errors
/// If it would be longer than [`LONGEST_SESSION_POLICY`].
pub fn session_policy(terms: Terms<'_>, window: Window) -> Result<String, TooLarge> {
    fits("session policy", &document(&sealed_statements(terms, window)), LONGEST_SESSION_POLICY)
}

/// The inline policy of a `role` grant.
///
/// # Errors
/// If it would not leave room for the tombstone within [`LONGEST_ROLE_POLICIES`].
pub fn role_policy(terms: Terms<'_>, window: Window) -> Result<String, TooLarge> {
    let room = LONGEST_ROLE_POLICIES.saturating_sub(tombstone_policy().len());
    fits("role policy", &document(&sealed_statements(terms, window)), room)
}

/// The trust policy of a `role` grant: the requester's own principals, within the window, with a
/// second factor if the entitlement asks for it; and nobody from `expires_at` on.
///
/// # Errors
/// If it would be longer than [`LONGEST_TRUST_POLICY`].
pub fn trust_policy(request: &Request, window: Window) -> Result<String, TooLarge> {
    let (principals, mfa): (&[PrincipalArn], bool) = match &request.mechanism {
        Mechanism::Role { principals, mfa } => (principals, *mfa),
        Mechanism::Session { .. } | Mechanism::Policy { .. } => (&[], false),
    };
    let (from, until) = (window.starts_at().to_string(), window.expires_at().to_string());
    let mut condition = json!({
        "DateGreaterThanEquals": {"aws:CurrentTime": from},
        "DateLessThan": {"aws:CurrentTime": until},
    });
    if mfa && let Some(condition) = condition.as_object_mut() {
        condition.insert("Bool".to_owned(), json!({"aws:MultiFactorAuthPresent": "true"}));
    }
    // As IAM writes it: one by itself, several in a list.
    let principals = match principals {
        [one] => json!(one),
        several => json!(several),
    };
    let statements = [
        json!({
            "Effect": "Allow",
            "Principal": {"AWS": principals},
            "Action": ENTERING,
            "Condition": condition,
        }),
        json!({
            "Effect": "Deny",
            "Principal": {"AWS": "*"},
            "Action": ENTERING,
            "Condition": {"DateGreaterThanEquals": {"aws:CurrentTime": until}},
        }),
    ];
    fits("trust policy", &document(&statements), LONGEST_TRUST_POLICY)
}

/// The inline policy that denies everything to a grant role.
pub fn tombstone_policy() -> String {
    document(&[json!({"Effect": "Deny", "Action": "*", "Resource": "*"})]).to_string()
}

/// The inline policy on a base role that denies everything to one grant's sessions: by source
/// identity, which no one can change for the life of a session, and, in a second statement, by
/// session name.
pub fn kill_policy(request: &Request) -> String {
    let id = if crate::seeded!("kill-policy-of-another") { "req_another" } else { request.id.as_str() };
    document(&[
        json!({"Effect": "Deny", "Action": "*", "Resource": "*",
               "Condition": {"StringEquals": {"aws:SourceIdentity": id}}}),
        json!({"Effect": "Deny", "Action": "*", "Resource": "*",
               "Condition": {"StringLike": {"aws:userid": format!("*:{id}")}}}),
    ])
    .to_string()
}

/// Name of the inline policy on a base role that ends one grant's sessions.
pub fn kill_policy_name(request: &Request) -> String {
    format!("{KILL_POLICY_PREFIX}{}", request.id)
}

/// What the names of those policies begin with.
pub const KILL_POLICY_PREFIX: &str = "countersign-kill-";

/// Name of the inline policy that every base role carries from the start, without effect, and that
/// ends all of its sessions when there is no room for one grant's own [`kill_policy`].
pub const KILL_ALL_POLICY: &str = "countersign-kill-all";

/// How far ahead [`kill_all_policy`] reaches, in seconds: longer than a write to IAM is under way,
/// so that one that lands late still ends every session handed out before it landed; and more than
/// clocks differ.
pub const KILL_ALL_MARGIN: u64 = 30;

/// The inline policy on a base role that denies everything to all its sessions begun before
/// `before`. Of the same length for every time, so it can be written where nothing else fits.
pub fn kill_all_policy(before: Time) -> String {
    document(&[json!({"Effect": "Deny", "Action": "*", "Resource": "*",
                      "Condition": {"DateLessThan": {"aws:TokenIssueTime": before.to_string()}}})])
    .to_string()
}

/// Before which time sessions are denied everything by `written`, if that is a [`kill_all_policy`].
pub fn kill_all_before(written: &str) -> Option<Time> {
    let value = same::normal(serde_json::from_str(written).ok()?);
    let before = value.pointer("/Statement/0/Condition/DateLessThan/aws:TokenIssueTime")?.as_str()?.parse().ok()?;
    same_document(written, &kill_all_policy(before)).then_some(before)
}

/// The ARN of the role of a `role` grant.
pub fn grant_role_arn(request: &Request) -> String {
    format!("arn:aws:iam::{}:role{GRANT_PATH}{}", request.account, request.id)
}

/// Longest session of a grant role, in seconds: its window, within what IAM takes (1 h to 12 h).
/// The seal ends it at `expires_at` in any case. Source: IAM API reference, `CreateRole`.
pub fn longest_session(terms: Terms<'_>) -> i32 {
    i32::try_from(terms.duration_seconds().clamp(3_600, 43_200)).unwrap_or(43_200)
}

/// Whether every document of a grant with these terms fits AWS's limits. The window's length does not matter.
///
/// # Errors
/// The first that does not.
pub fn all_fit(terms: Terms<'_>, window: Window) -> Result<(), TooLarge> {
    match terms.request.mechanism {
        Mechanism::Session { .. } => session_policy(terms, window).map(drop),
        Mechanism::Role { .. } => {
            role_policy(terms, window).and_then(|_| trust_policy(terms.request, window)).map(drop)
        }
        Mechanism::Policy { .. } => {
            session_policy(terms, window).and_then(|_| attached_policy(terms, window)).map(drop)
        }
    }
}

#[cfg(test)]
mod tests;
