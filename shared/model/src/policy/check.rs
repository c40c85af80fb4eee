//! Where a mistake in the policies stands, names in them that mean nothing, and a schema that
//! doesn't fit.

use super::nesting::{Brackets, MOST_NESTED, too_deep};
use super::{Act, Circumstances, POLICIES_FILE, Policy};
use crate::catalog::{Catalog, Problem};
use crate::identity::{Actor, Identity};
use crate::risk::RiskLevel;
use crate::time::Time;
use cedar_policy::PolicySet;

/// A problem of a file.
pub(super) fn problem(file: &str, line: usize, reason: impl AsRef<str>) -> Problem {
    Problem::new(file, line, reason.as_ref(), None)
}

/// The line of a byte offset, from 1.
fn line_at(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count().saturating_add(1)
}

/// The line a diagnostic points at.
pub(super) fn line_of(text: &str, diagnostic: &dyn miette::Diagnostic) -> usize {
    diagnostic.labels().and_then(|mut labels| labels.next()).map_or(0, |label| line_at(text, label.offset()))
}

/// A file that Cedar's parser would not come back from.
pub(super) fn nested_too_deep(file: &str, text: &str, brackets: Brackets) -> Option<Problem> {
    let offset = too_deep(text, brackets)?;
    let reason = format!("brackets are nested deeper than {MOST_NESTED}: say it in several policies, or name a type");
    Some(problem(file, line_at(text, offset), reason))
}

/// Policies that name a group, person or entitlement which the catalog lacks: most likely a slip,
/// and a `forbid` with a slip in it forbids nothing.
pub(super) fn unknown_names(policies: &PolicySet, catalog: &Catalog, text: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    for policy in policies.policies() {
        for literal in policy.entity_literals() {
            let (kind, id) = (literal.type_name().to_string(), literal.id().unescaped().to_string());
            let known = match kind.as_str() {
                "Countersign::Group" => catalog.groups().any(|group| group.as_str() == id),
                "Countersign::Person" => id.parse().is_ok_and(|id| catalog.person(&id).is_some()),
                "Countersign::Entitlement" => catalog.entitlement(&id).is_some(),
                _ => true,
            };
            if !known {
                let named = format!("{kind}::\"{id}\"");
                let line = text.find(&named).map_or(0, |offset| line_at(text, offset));
                problems.push(problem(POLICIES_FILE, line, format!("`{named}` is not in the catalog")));
            }
        }
    }
    problems
}

impl Policy {
    /// Asks one question of each kind, strictly. A schema that leaves something out would deny
    /// everything, later and quietly.
    pub(super) fn fits_its_schema(&self) -> Result<(), String> {
        let (Some(person), Some(entitlement)) = (self.catalog.persons().next(), self.catalog.entitlements().next())
        else {
            return Ok(());
        };
        let actor =
            Actor { person: person.id.clone(), identity: Identity::Api { principal: String::new() }, mfa: false };
        let circumstances = Circumstances {
            requester: &person.id,
            risk: RiskLevel::Low,
            duration_seconds: crate::lifecycle::SHORTEST_GRANT,
            has_ticket: false,
            now: Time::EPOCH,
        };
        for act in [Act::Request, Act::AutoApprove, Act::Approve, Act::Revoke] {
            self.question(&actor, act, entitlement.name.as_str(), Some(&circumstances), self.schema.as_ref())?;
        }
        self.question(&actor, Act::Audit, "", None, self.schema.as_ref())?;
        self.sweeps_fit_the_schema(&actor)
    }
}
