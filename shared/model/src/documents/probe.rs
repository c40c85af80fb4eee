//! What IAM is asked, to see whether a grant that is over still lets anybody do anything.

use super::{NO_ESCAPE, attached::TAG};
use crate::actions::{AccessLevel, is_pattern, level, matching, pattern_matches};
use crate::names::PrincipalArn;
use crate::terms::Terms;
use crate::time::Time;

/// Known actions that are looked at for each pattern of a request, to choose one.
const LOOKED_AT: usize = 400;

/// What is asked for where a request names nothing that we know: the deny of an ended grant is about
/// everything.
const ANY: &str = "s3:ListAllMyBuckets";

/// One question to IAM's own evaluation: would this call be let through?
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// The call.
    pub action: String,
    /// On what: one of the granted resources, or `*` if they are all patterns.
    pub resource: String,
    /// What the call carries: condition keys with their values.
    pub context: Vec<(&'static str, ContextValue)>,
}

/// The value of a condition key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContextValue {
    /// A text.
    Text(String),
    /// A point in time.
    Date(Time),
    /// Yes or no.
    Flag(bool),
}

impl Probe {
    /// Of a session of the grant of `terms`, cut from `role`, at `at`: it carries every mark that
    /// the grant's sessions carry, and was begun at `begun`, when the last of them could have been.
    pub fn of_session(terms: Terms<'_>, role: &PrincipalArn, begun: Time, at: Time) -> Self {
        let id = &terms.request.id;
        let mut probe = Self::of_document(terms, at);
        probe.context.extend([
            ("aws:SourceIdentity", ContextValue::Text(id.to_string())),
            // Its first half is the role's unique id, which no deny looks at.
            ("aws:userid", ContextValue::Text(format!("{}:{id}", role.name()))),
            (TAG, ContextValue::Text(id.to_string())),
            ("aws:TokenIssueTime", ContextValue::Date(begun)),
        ]);
        probe
    }

    /// Of a document of the grant of `terms` by itself, at `at`.
    pub fn of_document(terms: Terms<'_>, at: Time) -> Self {
        let resource = terms.resources().iter().find(|resource| !is_pattern(resource));
        Self {
            action: action(terms),
            resource: resource.map_or_else(|| "*".to_owned(), Clone::clone),
            context: vec![
                ("aws:CurrentTime", ContextValue::Date(at)),
                ("aws:ViaAWSService", ContextValue::Flag(false)),
            ],
        }
    }
}

/// An action that was granted, by its full name, which the grant's own documents do not deny anyway;
/// of those the one that reaches least far.
fn action(terms: Terms<'_>) -> String {
    let denied = |action: &str| {
        let mut denied =
            NO_ESCAPE.iter().filter(|deny| !terms.request.may_outlive.iter().any(|lifted| lifted == *deny));
        denied.any(|deny| pattern_matches(deny, action))
    };
    let known = |pattern: &String| -> Option<(AccessLevel, String)> {
        if !is_pattern(pattern) {
            return Some((level(pattern).unwrap_or(AccessLevel::List), pattern.clone()))
                .filter(|(_, name)| !denied(name));
        }
        matching(pattern)
            .take(LOOKED_AT)
            .map(|(service, name, level)| (level, format!("{service}:{name}")))
            .filter(|(_, name)| !denied(name))
            .min_by_key(|(level, _)| *level)
    };
    let least = terms.permissions().iter().filter_map(known).min_by_key(|(level, _)| *level);
    least.map_or_else(|| ANY.to_owned(), |(_, action)| action)
}
