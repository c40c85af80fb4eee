//! What may stand in a policy document: IAM action and resource patterns, and whether those a
//! person asks for stay within their entitlement.

use crate::actions::{pattern_covers, resource_covers};
use serde::Serialize;

/// Longest resource pattern, in characters: an S3 key prefix of a sensible length still fits, a
/// session policy of 2,048 characters still holds a few of them.
pub const LONGEST_RESOURCE: usize = 512;

/// Most actions, and most resources, that one request or entitlement names.
pub const MOST_PATTERNS: usize = 100;

/// Which special characters a request's own patterns may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Leeway {
    /// `*` and `?`.
    pub wildcards: bool,
    /// `${…}`.
    pub variables: bool,
}

/// Why a pattern was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScopeError {
    /// Not an action of IAM's form.
    #[error("`{0}` is not an IAM action: write `service:Action`, as in `s3:GetObject`")]
    NotAnAction(String),
    /// Not a resource of IAM's form.
    #[error(
        "`{0}` is not a resource: write an ARN, in printable ASCII without quotes, at most {LONGEST_RESOURCE} characters"
    )]
    NotAResource(String),
    /// A wildcard where the entitlement allows none.
    #[error("`{0}` has a wildcard; this entitlement allows none but its own")]
    Wildcard(String),
    /// A policy variable where the entitlement allows none.
    #[error("`{0}` has a policy variable; this entitlement allows none but its own")]
    Variable(String),
    /// Beyond the entitlement.
    #[error("`{0}` is not part of this entitlement")]
    Outside(String),
    /// Too many.
    #[error("more than {MOST_PATTERNS} were given")]
    TooMany,
    /// None at all.
    #[error("none were given; leave the field out to ask for all that the entitlement has")]
    Empty,
}

fn shown(text: &str) -> String {
    crate::text::inert(text, 120)
}

/// Checks that `text` is an IAM action pattern: `*`, or `service:Name` with `*` and `?` in the name.
///
/// # Errors
/// If it is not.
pub fn check_action(text: &str) -> Result<(), ScopeError> {
    let good = text == "*"
        || text.len() <= 128
            && text.split_once(':').is_some_and(|(service, name)| {
                !service.is_empty()
                    && service.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
                    && !name.is_empty()
                    && name.chars().all(|c| c.is_ascii_alphanumeric() || "*?".contains(c))
            });
    if good { Ok(()) } else { Err(ScopeError::NotAnAction(shown(text))) }
}

/// Checks that `text` is a resource pattern: `*`, or an ARN of six parts.
///
/// # Errors
/// If it is not.
pub fn check_resource(text: &str) -> Result<(), ScopeError> {
    let printable = |c: char| c.is_ascii_graphic() && !"\"\\`<>".contains(c) || c == ' ';
    let good = text == "*"
        || text.len() <= LONGEST_RESOURCE
            && text.chars().all(printable)
            && text.strip_prefix("arn:").is_some_and(|rest| rest.splitn(5, ':').count() == 5)
            && braces_are_variables(text);
    if good { Ok(()) } else { Err(ScopeError::NotAResource(shown(text))) }
}

/// `${…}` may only hold what a policy variable holds; anything else could hide another meaning.
fn braces_are_variables(text: &str) -> bool {
    let mut rest = text;
    while let Some((_, tail)) = rest.split_once("${") {
        let Some((name, after)) = tail.split_once('}') else { return false };
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || ":-/_.*?$".contains(c)) {
            return false;
        }
        rest = after;
    }
    true
}

/// What of an entitlement a person asks for: their own patterns if they gave any, else all of it.
///
/// # Errors
/// The first pattern that is malformed, not allowed its wildcards or variables, or beyond the
/// entitlement.
pub fn narrow_actions(all: &[String], asked: Option<&[String]>, leeway: Leeway) -> Result<Vec<String>, ScopeError> {
    narrow(all, asked, leeway, check_action, pattern_covers)
}

/// As [`narrow_actions`], for resources.
///
/// # Errors
/// As [`narrow_actions`].
pub fn narrow_resources(all: &[String], asked: Option<&[String]>, leeway: Leeway) -> Result<Vec<String>, ScopeError> {
    narrow(all, asked, leeway, check_resource, resource_covers)
}

fn narrow(
    all: &[String],
    asked: Option<&[String]>,
    leeway: Leeway,
    check: impl Fn(&str) -> Result<(), ScopeError>,
    covers: impl Fn(&str, &str) -> bool,
) -> Result<Vec<String>, ScopeError> {
    let Some(asked) = asked else { return Ok(all.to_vec()) };
    if asked.is_empty() {
        return Err(ScopeError::Empty);
    }
    if asked.len() > MOST_PATTERNS {
        return Err(ScopeError::TooMany);
    }
    let mut taken: Vec<String> = Vec::new();
    for pattern in asked {
        check(pattern)?;
        if !all.contains(pattern) {
            if pattern.contains("${") && !leeway.variables {
                return Err(ScopeError::Variable(shown(pattern)));
            }
            if pattern.contains(['*', '?']) && !leeway.wildcards {
                return Err(ScopeError::Wildcard(shown(pattern)));
            }
            if !all.iter().any(|own| covers(own, pattern)) {
                return Err(ScopeError::Outside(shown(pattern)));
            }
        }
        if !taken.contains(pattern) {
            taken.push(pattern.clone());
        }
    }
    Ok(taken)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn texts(list: &[&str]) -> Vec<String> {
        list.iter().map(|s| (*s).to_owned()).collect()
    }

    #[test]
    fn a_request_stays_within_its_entitlement() {
        let all = texts(&["s3:Get*", "logs:FilterLogEvents"]);
        let ask = |asked: &[&str], leeway| narrow_actions(&all, Some(&texts(asked)), leeway);
        let none = Leeway::default();
        assert_eq!(narrow_actions(&all, None, none).unwrap(), all);
        assert_eq!(ask(&["s3:GetObject"], none).unwrap(), texts(&["s3:GetObject"]));
        assert_eq!(ask(&["s3:Get*"], none).unwrap(), texts(&["s3:Get*"]), "the entitlement's own pattern");
        assert!(matches!(ask(&["s3:GetObj*"], none), Err(ScopeError::Wildcard(_))));
        assert!(ask(&["s3:GetObj*"], Leeway { wildcards: true, variables: false }).is_ok());
        assert!(matches!(ask(&["s3:PutObject"], none), Err(ScopeError::Outside(_))));
        assert!(matches!(ask(&["*"], Leeway { wildcards: true, variables: true }), Err(ScopeError::Outside(_))));
        assert!(matches!(ask(&["s3"], none), Err(ScopeError::NotAnAction(_))));
        assert!(matches!(ask(&[], none), Err(ScopeError::Empty)));
    }

    #[test]
    fn resources_hide_nothing() {
        for good in [
            "*",
            "arn:aws:s3:::b/*",
            "arn:aws:dynamodb:us-east-1:111111111111:table/orders",
            "arn:aws:s3:::b/${aws:username}/*",
        ] {
            assert!(check_resource(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "b",
            "arn:aws:s3",
            "arn:aws:s3:::b\"",
            "arn:aws:s3:::b\n",
            "arn:aws:s3:::b/${",
            "arn:aws:s3:::b/${a b}",
            "arn:aws:s3:::b/\u{202E}",
        ] {
            assert!(check_resource(bad).is_err(), "{bad:?}");
        }
        let all = texts(&["arn:aws:s3:::b/*"]);
        let asked = texts(&["arn:aws:s3:::b/${aws:username}"]);
        assert!(matches!(narrow_resources(&all, Some(&asked), Leeway::default()), Err(ScopeError::Variable(_))));
    }

    proptest! {
        #[test]
        fn nothing_with_a_wildcard_or_variable_slips_through(pattern in "arn:aws:s3:::[a-z]{0,3}[*?]{0,1}(\\$\\{aws:username\\}){0,1}/[a-z*]{0,3}") {
            let all = texts(&["arn:aws:s3:::*"]);
            let taken = narrow_resources(&all, Some(std::slice::from_ref(&pattern)), Leeway::default());
            if pattern.contains(['*', '?']) || pattern.contains("${") {
                prop_assert!(taken.is_err() || all.contains(&pattern));
            } else {
                prop_assert!(taken.is_ok());
            }
        }
    }
}
