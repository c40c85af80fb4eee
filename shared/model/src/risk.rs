//! How much harm a request could do, computed from what it asks for, with reasons that an approver can read.
//!
//! Nobody types a risk in. It is the highest that any rule of this table finds; a rule can only raise it. So one more
//! action or resource, or a longer time, never lowers it (a property test holds that).
//!
//! | rule | holds when | elsewhere | in production |
//! |---|---|---|---|
//! | `list_access`, `read_access` | the deepest access level asked for is this one | low | low |
//! | `write_access` | 〃 | low | medium |
//! | `tagging_access` | 〃: where permissions follow tags, tagging grants | medium | high |
//! | `permissions_access` | 〃 | high | high |
//! | `wide_resources` | a resource stands for all of its kind, or more | reads: medium; writes: medium; tagging: high; permissions: critical | the same, but writes: high |
//! | `resource_pattern` | a wildcard stands elsewhere in a resource than at its end | low | medium, beyond listing |
//! | `action_pattern` | an action with a wildcard can change things | medium | high |
//! | `whole_service` | all of a service's actions, some of which change things | high; on wide resources: critical | the same |
//! | `any_service` | an action names no one service | high; if it can change things: critical | the same |
//! | `identity_change` | changes in a service that decides who may do what (`iam`, `sts`, …) | high | high |
//! | `hands_out_credentials` | an action whose answer is a secret, or a key to something that outlives the grant | high | high |
//! | `unknown_action` | an action the table doesn't know, or what IAM would not take | high | high |
//! | `escalation_path` | all actions of a known way to gain more permissions | critical | critical |
//! | `long_window` | more than 4 h | medium if it can change things | medium; if it can change things: high |
//! | `standing_window` | more than 24 h | high | high |
//!
//! Three readings of what is missing or strange, all to the safe side: an environment counts as production unless its name
//! says otherwise; an empty list bounds nothing, so it is read as `*`; an unknown action is taken to change things.
//! Every action is weighed against every resource, although IAM knows fewer pairs: that may judge too high, never too low.

mod escalation;
mod facts;
mod rules;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use escalation::{EscalationPath, escalation_paths, opened_paths};
use facts::Facts;

/// What a request asks for, as far as risk goes. The lists are those of an IAM statement: patterns, not only names.
#[derive(Debug, Clone, Copy)]
pub struct RiskInput<'a, A, R> {
    /// Action patterns.
    pub actions: &'a [A],
    /// Resource patterns.
    pub resources: &'a [R],
    /// Name of the environment that the account belongs to, such as `prod`.
    pub environment: &'a str,
    /// How long the grant would last.
    pub duration_seconds: u64,
}

/// The risk of a request, with everything that speaks for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Risk {
    /// The highest level of the reasons.
    pub level: RiskLevel,
    /// At most one per rule, the gravest first; never empty.
    pub reasons: Vec<RiskReason>,
}

/// How grave a risk is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RiskLevel {
    /// Harmless enough that policy may approve it without a person.
    Low,
    /// Someone should look.
    Medium,
    /// Someone should look closely.
    High,
    /// Whoever holds this can do nearly anything, or can come to.
    Critical,
}

impl RiskLevel {
    /// The level as a number, from 0 (low) to 3 (critical).
    pub fn rank(self) -> u8 {
        match self {
            Self::Low => 0,
            Self::Medium => 1,
            Self::High => 2,
            Self::Critical => 3,
        }
    }

    /// The level with this name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Low, Self::Medium, Self::High, Self::Critical].into_iter().find(|level| level.as_str() == name)
    }

    /// The level's name, as in stored and sent data.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

impl fmt::Display for RiskLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One rule's finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RiskReason {
    /// The rule.
    pub code: RiskCode,
    /// What this rule alone would make of the request.
    pub level: RiskLevel,
    /// What it found, for people: one line of at most [`SENTENCE_CHARS_MAX`] characters. It quotes the request, with
    /// all but printable ASCII replaced; whoever shows it still escapes it.
    pub sentence: String,
}

/// Longest sentence of a reason, in characters.
pub const SENTENCE_CHARS_MAX: usize = 400;

/// The rules by name. Stored with requests: a name, once used, keeps its meaning and stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RiskCode {
    /// Sees that things exist.
    ListAccess,
    /// Sees what is in them.
    ReadAccess,
    /// Changes them.
    WriteAccess,
    /// Changes their tags.
    TaggingAccess,
    /// Changes who may do what with them.
    PermissionsAccess,
    /// A resource stands for all of its kind.
    WideResources,
    /// A wildcard inside a resource.
    ResourcePattern,
    /// A wildcard in an action that changes things.
    ActionPattern,
    /// All that a service can do.
    WholeService,
    /// An action of no one service.
    AnyService,
    /// Changes identities, accounts or trust.
    IdentityChange,
    /// The answer is a secret or a credential.
    HandsOutCredentials,
    /// An action that is not in the table.
    UnknownAction,
    /// A known way to more permissions.
    EscalationPath,
    /// Longer than a debugging session takes.
    LongWindow,
    /// Longer than a day: standing access.
    StandingWindow,
}

/// Computes the risk of a request.
pub fn assess<A: AsRef<str>, R: AsRef<str>>(input: &RiskInput<'_, A, R>) -> Risk {
    let facts = Facts::gather(input);
    let mut reasons: Vec<RiskReason> = rules::RULES.iter().filter_map(|rule| rule.find(&facts)).collect();
    // Stable: rules of one level stay in the order of the list.
    reasons.sort_by_key(|reason| std::cmp::Reverse(reason.level));
    let level = reasons.first().map_or(RiskLevel::High, |reason| reason.level);
    Risk { level, reasons }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
