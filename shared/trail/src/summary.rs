//! What was done under a grant, in numbers. One item, whatever was done: every map in it has a bound.

use crate::entry::Rule;
use crate::findings::{Finding, Tallies};
use model::time::Time;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Most actions that are counted one by one. The Service Authorization Reference knows some 20,000; who uses more than
/// this under one grant is counted under [`Summary::uncounted`].
pub const MOST_ACTIONS: usize = 400;

/// Most resources that are counted one by one.
pub const MOST_RESOURCES: usize = 400;

/// Most addresses, and most user agents, that are kept.
pub const MOST_SOURCES: usize = 50;

/// Most error codes that are counted one by one.
pub const MOST_ERRORS: usize = 100;

/// Longest that all names of one map are together, in bytes: the summary is one item, and one of DynamoDB holds 400 KB.
/// Source: DynamoDB developer guide, "Constraints".
pub const MOST_NAMES: usize = 64 * 1024;

/// Most access keys that are followed.
pub const MOST_KEYS: usize = 1_000;

/// How often, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Seen {
    /// How often.
    pub times: u64,
    /// How many of those were refused for want of permission.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub denied: u64,
    /// How many failed otherwise.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub failed: u64,
    /// The first.
    pub first: Time,
    /// The last.
    pub last: Time,
}

/// An action, counted. Keyed by `service:EventName` as recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ActionSeen {
    /// How often, and when.
    #[serde(flatten)]
    pub seen: Seen,
    /// The IAM action it took, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// Whether it changes nothing.
    pub read_only: bool,
}

/// Everything counted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Summary {
    /// Calls, those that were refused and failed included.
    pub calls: u64,
    /// Of those, calls that change nothing.
    pub reads: u64,
    /// Refused for want of permission.
    pub denied: u64,
    /// Failed otherwise.
    pub failed: u64,
    /// Calls on data.
    pub data_calls: u64,
    /// Calls after the end.
    pub after_end: u64,
    /// Calls by sessions of roles that are not the grant's own.
    pub chained: u64,
    /// Calls that a service made on the caller's behalf.
    pub by_services: u64,
    /// The first call.
    pub first: Option<Time>,
    /// The last call.
    pub last: Option<Time>,
    /// By what was called, `service:EventName`.
    pub actions: BTreeMap<String, ActionSeen>,
    /// By resource.
    pub resources: BTreeMap<String, Seen>,
    /// By source address.
    pub addresses: BTreeMap<String, Seen>,
    /// By user agent, its version and what follows cut off.
    pub agents: BTreeMap<String, Seen>,
    /// By error code.
    pub errors: BTreeMap<String, u64>,
    /// By region.
    pub regions: BTreeMap<String, u64>,
    /// By the rule that attributed them.
    pub rules: BTreeMap<Rule, u64>,
    /// By where the record came from: `trail`, `bus`, `lookup`, `logs`.
    pub origins: BTreeMap<String, u64>,
    /// Calls, resources and sources that found no place in the maps above.
    pub uncounted: u64,
    /// Calls whose entries are not kept since there were too many. They are counted, perhaps twice.
    pub not_kept: u64,
    /// Ids of access keys that came out of the grant's sessions.
    pub keys: BTreeSet<String>,
    /// What the rules that count remember.
    pub tallies: Tallies,
    /// What was noticed.
    pub findings: Vec<Finding>,
}

// Serde asks for a reference.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde's `skip_serializing_if` takes")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}
