//! Known ways to turn some permissions into more.

use crate::actions;

const PATHS: &str = include_str!("../../data/escalation-paths.txt");

/// One way to more permissions.
#[derive(Debug, Clone, Copy)]
pub(super) struct Path {
    /// Its identifier at pathfinding.cloud.
    pub(super) id: &'static str,
    required: &'static str,
}

impl Path {
    /// The actions that together open it.
    pub(super) fn required(self) -> impl Iterator<Item = &'static str> {
        self.required.split(' ')
    }
}

/// All known paths.
pub(super) fn all() -> impl Iterator<Item = Path> {
    PATHS.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let (id, required) = line.split_once(' ')?;
        Some(Path { id, required })
    })
}

/// The paths whose every action one of the patterns names. That the resources allow it is taken for granted:
/// what a path needs of them, no list tells.
pub(super) fn open_to(patterns: &[&str]) -> Vec<Path> {
    let held = |action: &str| patterns.iter().any(|pattern| actions::pattern_matches(pattern, action));
    all().filter(|path| path.required().all(held)).collect()
}
