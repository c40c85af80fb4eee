//! Used against granted: what of an entitlement its grants never used, and a narrower one, with the evidence.
//!
//! Two promises, both held by tests: what is proposed is granted already, and every use on record would still have been
//! allowed. A third can't be promised, since not everything is recorded: what could have been used unseen is kept, and it
//! is said why.

mod diff;
mod permissions;
mod resources;
mod visible;

use crate::summary::{Seen, Summary};
use model::names::RequestId;
use model::scope::MOST_PATTERNS;
use model::time::Time;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

use visible::{Sight, service};

/// From so many grants on a proposal is more than chance.
pub const CONFIDENT: usize = 5;

/// What one pattern is at most replaced by; a longer list is read by nobody.
const MOST_NARROWED: usize = 25;

/// What an entitlement grants.
#[derive(Debug, Clone, Copy)]
pub struct Granted<'a> {
    /// Action patterns.
    pub permissions: &'a [String],
    /// Resource patterns.
    pub resources: &'a [String],
}

/// What is on record of one grant.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Recorded {
    /// Whether the record is whole: every region and hour is in, up to the last possible session's.
    pub complete: bool,
    /// Services, as IAM writes them, whose data events were recorded on all that the grant reached; `*`: of every service.
    pub data: BTreeSet<String>,
}

/// What one grant of the entitlement did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Use {
    grant: RequestId,
    actions: BTreeMap<String, Times>,
    resources: BTreeMap<String, Times>,
    unknown: BTreeSet<String>,
    recorded: Recorded,
}

/// How often, and when last; refusals not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Times {
    times: u64,
    last: Time,
}

impl Times {
    /// `None` if all were refused. What failed otherwise had been allowed.
    fn allowed(seen: &Seen) -> Option<Self> {
        let times = seen.times.saturating_sub(seen.denied);
        (times > 0).then_some(Self { times, last: seen.last })
    }

    fn and(self, other: Self) -> Self {
        Self { times: self.times.saturating_add(other.times), last: self.last.max(other.last) }
    }
}

impl Use {
    /// What the summary of a grant says was done. A summary that had no room for everything is not complete.
    pub fn of(grant: RequestId, summary: &Summary, recorded: Recorded) -> Self {
        let mut actions: BTreeMap<String, Times> = BTreeMap::new();
        let mut unknown = BTreeSet::new();
        for (called, seen) in &summary.actions {
            let Some(times) = Times::allowed(&seen.seen) else { continue };
            match &seen.action {
                Some(action) => {
                    actions.entry(action.clone()).and_modify(|known| *known = known.and(times)).or_insert(times);
                }
                None => {
                    unknown.insert(service(called));
                }
            }
        }
        let allowed = |(resource, seen): (&String, &Seen)| Some((resource.clone(), Times::allowed(seen)?));
        let resources = summary.resources.iter().filter_map(allowed).collect();
        let complete = recorded.complete && summary.uncounted == 0;
        Self { grant, actions, resources, unknown, recorded: Recorded { complete, ..recorded } }
    }
}

/// A narrower entitlement, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Proposal {
    /// The grants that were looked at.
    pub grants: Vec<RequestId>,
    /// Whether those are [`CONFIDENT`] or more.
    pub confident: bool,
    /// Whether none of them did anything: then nothing is proposed, as it is the entitlement that is in question.
    pub unused: bool,
    /// One for each action pattern, in its order.
    pub permissions: Vec<Line>,
    /// One for each resource pattern, in its order.
    pub resources: Vec<Line>,
}

/// What becomes of one pattern.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    /// The pattern.
    pub pattern: String,
    /// What becomes of it.
    pub outcome: Outcome,
    /// How many grants used it.
    pub used_by: usize,
    /// How often it was used in all of them.
    pub times: u64,
    /// When last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Time>,
}

/// What becomes of a pattern.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Outcome {
    /// It stays.
    Kept {
        /// Why.
        because: Because,
    },
    /// It was used in part.
    Narrowed {
        /// What stands in its place.
        to: Vec<String>,
        /// Those of them that were not seen in use, and could not have been.
        unseen: Vec<String>,
    },
    /// It was never used.
    Removed {},
}

/// Why a pattern stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Because {
    /// It was used, all that it names or as far as it can be told.
    Used,
    /// Its use would have left no record, or not in the records that there are.
    NotVisible,
    /// The record of a grant has gaps.
    Incomplete,
    /// Its service was called in a way whose action is not known.
    UnknownCalls,
    /// It names no action that AWS is known to have.
    UnknownAction,
    /// What stands for it would be more than people read, or than an entitlement holds.
    TooMany,
    /// It holds a policy variable.
    Variable,
    /// Nothing else would be left.
    NothingLeft,
}

impl Because {
    /// Its stable code, as in stored and sent data.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Used => "used",
            Self::NotVisible => "not_visible",
            Self::Incomplete => "incomplete",
            Self::UnknownCalls => "unknown_calls",
            Self::UnknownAction => "unknown_action",
            Self::TooMany => "too_many",
            Self::Variable => "variable",
            Self::NothingLeft => "nothing_left",
        }
    }
}

impl Line {
    /// What stands where the pattern stood.
    pub fn becomes(&self) -> &[String] {
        match &self.outcome {
            Outcome::Kept { .. } => std::slice::from_ref(&self.pattern),
            Outcome::Narrowed { to, .. } => to,
            Outcome::Removed {} => &[],
        }
    }
}

impl Proposal {
    /// Whether anything would be narrower.
    pub fn changes(&self) -> bool {
        self.permissions.iter().chain(&self.resources).any(|line| !matches!(line.outcome, Outcome::Kept { .. }))
    }

    /// The action patterns that are proposed.
    pub fn proposed_permissions(&self) -> Vec<String> {
        all(&self.permissions)
    }

    /// The resource patterns that are proposed.
    pub fn proposed_resources(&self) -> Vec<String> {
        all(&self.resources)
    }
}

/// What a list of lines comes to, each pattern once.
fn all(lines: &[Line]) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for pattern in lines.iter().flat_map(Line::becomes) {
        if !all.contains(pattern) {
            all.push(pattern.clone());
        }
    }
    all
}

/// Proposes what is left of an entitlement if what its grants never used is taken out.
pub fn propose(granted: &Granted<'_>, uses: &[Use]) -> Proposal {
    let unused = uses.iter().all(|one| one.actions.is_empty() && one.unknown.is_empty() && one.resources.is_empty());
    let data = common_data(uses);
    let unknown: BTreeSet<String> = uses.iter().flat_map(|one| one.unknown.iter().cloned()).collect();
    let actions: BTreeSet<String> = uses.iter().flat_map(|one| one.actions.keys().cloned()).collect();
    let record = Record {
        uses,
        sight: Sight { data: &data, unknown: &unknown, used: &actions },
        complete: uses.iter().all(|one| one.recorded.complete),
    };
    let mut permissions = permissions::lines(granted.permissions, &record);
    let mut resources = resources::lines(granted.resources, &permissions, &record);
    for lines in [&mut permissions, &mut resources] {
        hold(lines, unused);
    }
    let grants: Vec<RequestId> = uses.iter().map(|one| one.grant.clone()).collect();
    Proposal { confident: grants.len() >= CONFIDENT, grants, unused, permissions, resources }
}

/// What was done, and how much of it was seen.
struct Record<'a> {
    uses: &'a [Use],
    sight: Sight<'a>,
    complete: bool,
}

/// Services whose data events were recorded in every grant.
fn common_data(uses: &[Use]) -> BTreeSet<String> {
    let mut common: Option<BTreeSet<String>> = None;
    for one in uses {
        let data = &one.recorded.data;
        common = Some(match common {
            None => data.clone(),
            Some(common) if common.contains("*") => data.clone(),
            Some(common) if data.contains("*") => common,
            Some(common) => common.intersection(data).cloned().collect(),
        });
    }
    common.unwrap_or_default()
}

/// Holds a list to what an entitlement takes: at least one pattern, and not too many.
fn hold(lines: &mut [Line], unused: bool) {
    if unused || lines.iter().all(|line| line.becomes().is_empty()) {
        for line in &mut *lines {
            if line.outcome == (Outcome::Removed {}) {
                line.outcome = Outcome::Kept { because: Because::NothingLeft };
            }
        }
    }
    // Each turn keeps one more as it is, the one that would take the most place.
    while all(lines).len() > MOST_PATTERNS {
        let narrowed = lines.iter_mut().filter(|line| matches!(line.outcome, Outcome::Narrowed { .. }));
        let Some(longest) = narrowed.max_by_key(|line| line.becomes().len()) else { break };
        longest.outcome = Outcome::Kept { because: Because::TooMany };
    }
}

/// A line with the evidence of `uses`: how often what the pattern names was used.
fn line(pattern: &str, outcome: Outcome, uses: impl Iterator<Item = Option<Times>>) -> Line {
    let (mut used_by, mut sum) = (0_usize, None::<Times>);
    for times in uses.flatten() {
        used_by = used_by.saturating_add(1);
        sum = Some(sum.map_or(times, |sum| sum.and(times)));
    }
    let (times, last) = sum.map_or((0, None), |sum| (sum.times, Some(sum.last)));
    Line { pattern: pattern.to_owned(), outcome, used_by, times, last }
}

/// The sum of all that a grant used of something.
fn sum<'a>(used: impl Iterator<Item = &'a Times>) -> Option<Times> {
    used.copied().reduce(Times::and)
}

#[cfg(test)]
mod tests;
