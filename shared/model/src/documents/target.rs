//! Whether the role that a `policy` grant is attached to is one where nobody else can pose as the grant.
//!
//! The policy holds for sessions with the request as tag and as source identity. Whoever may set both
//! on sessions of this role could ride along. So nobody may but the function that hands out credentials.
//! Conditions are not looked at: what they come to depends on who asks, and a wrong guess opens the role.

use crate::actions::{is_action_pattern, pattern_matches};
use crate::names::PrincipalArn;
use serde_json::Value;

/// What has to be ours alone.
const POSING: [&str; 2] = ["sts:TagSession", "sts:SetSourceIdentity"];

/// The trust policy lets somebody else tag sessions or name their source, or can't be understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenTarget {
    /// Not a trust policy as IAM writes one.
    #[error("its trust policy can't be read")]
    Unreadable,
    /// A statement lets somebody else, or not only us, set what the grant goes by.
    #[error("its trust policy lets others than Countersign tag sessions or set their source identity")]
    Open,
}

/// Checks that every Allow of the trust policy `trust` that covers tagging a session or setting its
/// source identity names `credentials_role` and nobody else.
///
/// # Errors
/// [`OpenTarget`]; in doubt, too.
pub fn guarded_target(trust: &str, credentials_role: &PrincipalArn) -> Result<(), OpenTarget> {
    let document: Value = serde_json::from_str(trust).map_err(|_| OpenTarget::Unreadable)?;
    let statements = match document.get("Statement") {
        Some(Value::Array(statements)) => statements.iter().collect(),
        Some(one @ Value::Object(_)) => vec![one],
        Some(_) | None => return Err(OpenTarget::Unreadable),
    };
    statements.into_iter().try_for_each(|statement| guarded_statement(statement, credentials_role))
}

fn guarded_statement(statement: &Value, credentials_role: &PrincipalArn) -> Result<(), OpenTarget> {
    let statement = statement.as_object().ok_or(OpenTarget::Unreadable)?;
    match statement.get("Effect").and_then(Value::as_str) {
        // What is denied opens nothing.
        Some("Deny") => return Ok(()),
        Some("Allow") => {}
        Some(_) | None => return Err(OpenTarget::Unreadable),
    }
    let (patterns, excepted) = match (statement.get("Action"), statement.get("NotAction")) {
        (Some(actions), None) => (texts(actions)?, false),
        (None, Some(exceptions)) => (texts(exceptions)?, true),
        (Some(_), Some(_)) | (None, None) => return Err(OpenTarget::Unreadable),
    };
    if patterns.is_empty() || !patterns.iter().all(|pattern| is_action_pattern(pattern)) {
        return Err(OpenTarget::Unreadable);
    }
    let named = |action: &str| patterns.iter().any(|pattern| pattern_matches(pattern, action));
    let lets_pose = POSING.iter().any(|posing| named(posing) != excepted);
    if !lets_pose {
        return Ok(());
    }
    // Anything but exactly our role's ARN, be it `*`, an account, a service or everyone except
    // somebody, is somebody else.
    if statement.contains_key("NotPrincipal") {
        return Err(OpenTarget::Open);
    }
    let principals = match statement.get("Principal") {
        Some(Value::Object(kinds)) if kinds.len() == 1 => kinds.get("AWS").ok_or(OpenTarget::Open)?,
        Some(_) => return Err(OpenTarget::Open),
        None => return Err(OpenTarget::Unreadable),
    };
    let principals = texts(principals)?;
    let only_us = !principals.is_empty() && principals.iter().all(|principal| *principal == credentials_role.as_str());
    if only_us { Ok(()) } else { Err(OpenTarget::Open) }
}

/// One text or a list of them.
fn texts(value: &Value) -> Result<Vec<&str>, OpenTarget> {
    match value {
        Value::String(text) => Ok(vec![text]),
        Value::Array(items) => items.iter().map(|item| item.as_str().ok_or(OpenTarget::Unreadable)).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => Err(OpenTarget::Unreadable),
    }
}
