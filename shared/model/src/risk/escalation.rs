//! Known ways to turn some permissions into more.

use crate::actions;
use std::collections::BTreeSet;
use std::sync::LazyLock;

const PATHS: &str = include_str!("../../data/escalation-paths.txt");

/// One way to more permissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EscalationPath {
    /// Its identifier at pathfinding.cloud.
    pub id: &'static str,
    required: &'static str,
}

impl EscalationPath {
    /// The actions that together open it.
    pub fn required(self) -> impl Iterator<Item = &'static str> {
        self.required.split(' ')
    }
}

/// All known paths, by id.
pub fn escalation_paths() -> impl Iterator<Item = EscalationPath> {
    PATHS.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let (id, required) = line.split_once(' ')?;
        Some(EscalationPath { id, required })
    })
}

/// The paths whose every action one of the patterns names. That the resources allow it is taken for granted:
/// what a path needs of them, no list tells.
pub fn opened_paths<P: AsRef<str>>(patterns: &[P]) -> Vec<EscalationPath> {
    // Most entitlements are about services that no path begins in, and a catalog holds thousands of entitlements.
    let held: Vec<&str> = patterns.iter().map(AsRef::as_ref).filter(|pattern| may_matter(pattern)).collect();
    if held.is_empty() {
        return Vec::new();
    }
    let names = |action: &str| held.iter().any(|pattern| actions::pattern_matches(pattern, action));
    escalation_paths().filter(|path| path.required().all(names)).collect()
}

/// The services of all paths, in lower case.
static SERVICES: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let actions = escalation_paths().flat_map(EscalationPath::required);
    actions.filter_map(|action| action.split_once(':')).map(|(service, _)| service.to_ascii_lowercase()).collect()
});

/// Whether a pattern may name an action of any path.
fn may_matter(pattern: &str) -> bool {
    let service = pattern.split_once(':').map_or(pattern, |(service, _)| service);
    actions::is_pattern(service) || SERVICES.contains(&service.to_ascii_lowercase())
}
