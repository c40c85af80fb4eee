//! Known ways to more permissions that an entitlement opens: none, unless it says which.

use super::Entitlement;
use super::file::Reader;
use super::form::{EntitlementFile, line};
use crate::risk::{EscalationPath, escalation_paths, opened_paths};

/// The stable code of what would open a way that its entitlement is not meant to open.
pub const OPENS_ESCALATION_PATH: &str = "opens_escalation_path";

/// In a catalog, stands for every way, also for those that are learned of later.
const ALL: &str = "all";

impl Reader<'_> {
    /// What is meant to be open. That the resources allow a way, and that no deny of a grant is in it, is taken for
    /// granted neither way: what an entitlement names, it is meant to be used for.
    pub(super) fn opened(&mut self, at: usize, file: &EntitlementFile) -> Vec<String> {
        let patterns: Vec<&str> = file.permissions.iter().map(|pattern| pattern.value.as_str()).collect();
        let open = opened_paths(&patterns);
        let meant: Vec<String> = file.may_open.iter().map(|id| id.value.clone()).collect();
        for id in &file.may_open {
            if id.value == ALL || open.iter().any(|path| path.id == id.value) {
                continue;
            }
            let reason = if escalation_paths().any(|path| path.id == id.value) {
                format!("`{}` is not opened by these permissions; take it out of mayOpen", id.value)
            } else {
                format!(
                    "`{}` is not a known way to more permissions: mayOpen takes ids such as `ec2-001`, or `all`",
                    id.value
                )
            };
            self.problem(line(id), reason);
        }
        let open = without(open, &meant);
        if !open.is_empty() {
            let at = file.permissions.first().map_or(at, line);
            self.problem_named(
                OPENS_ESCALATION_PATH,
                at,
                &format!("{}; name fewer actions, or list the ids under mayOpen if it is meant", told(&open)),
            );
        }
        meant
    }
}

/// The ways that `patterns` open and the entitlement is not meant to.
pub(crate) fn not_meant(entitlement: &Entitlement, patterns: &[String]) -> Vec<EscalationPath> {
    without(opened_paths(patterns), &entitlement.may_open)
}

fn without(open: Vec<EscalationPath>, meant: &[String]) -> Vec<EscalationPath> {
    open.into_iter().filter(|path| !meant.iter().any(|id| id == ALL || id == path.id)).collect()
}

/// What is open, in words: every id, and how the first of them is opened.
pub(crate) fn told(open: &[EscalationPath]) -> String {
    let ids: Vec<&str> = open.iter().map(|path| path.id).collect();
    let first: Vec<&str> = open.first().map(|path| path.required().collect()).unwrap_or_default();
    format!("opens known ways to more permissions: {}, the first by {}", ids.join(", "), first.join(" + "))
}
