//! The catalog's file form, as it is read: texts with their lines, nothing checked yet.

use serde::Deserialize;
use serde_saphyr::Spanned;
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// A name that a block stands under, with its line.
#[derive(Deserialize)]
#[serde(transparent)]
pub(super) struct Key(pub(super) Spanned<String>);

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.0.value == other.0.value
    }
}

impl Eq for Key {}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.value.cmp(&other.0.value)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct CatalogFile {
    pub(super) version: Spanned<i64>,
    #[serde(default)]
    pub(super) risk: RiskFile,
    #[serde(default)]
    pub(super) limits: LimitsFile,
    pub(super) persons: BTreeMap<Key, PersonFile>,
    pub(super) groups: BTreeMap<Key, Vec<Spanned<String>>>,
    #[serde(default)]
    pub(super) schedules: BTreeMap<Key, ScheduleFile>,
    #[serde(default)]
    pub(super) session_names: Vec<SessionNamesFile>,
    pub(super) entitlements: BTreeMap<Key, EntitlementFile>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ScheduleFile {
    pub(super) rotation: Option<RotationFile>,
    pub(super) weekly: Option<Vec<ShiftFile>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RotationFile {
    pub(super) from: Spanned<String>,
    pub(super) every: Spanned<String>,
    pub(super) persons: Vec<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ShiftFile {
    pub(super) from: Spanned<String>,
    pub(super) to: Spanned<String>,
    pub(super) persons: Vec<Spanned<String>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct LimitsFile {
    pub(super) requests_per_hour: Option<Spanned<i64>>,
    pub(super) open_requests: Option<Spanned<i64>>,
    pub(super) approvals_per_hour: Option<Spanned<i64>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RiskFile {
    #[serde(default)]
    pub(super) approvals: BTreeMap<Key, Spanned<i64>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PersonFile {
    pub(super) email: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) slack: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) principals: Vec<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct SessionNamesFile {
    pub(super) account: Option<Spanned<String>>,
    pub(super) role: Spanned<String>,
    #[serde(default)]
    pub(super) mfa: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own in the file")]
pub(super) struct EntitlementFile {
    pub(super) description: String,
    pub(super) account: Spanned<String>,
    pub(super) environment: Spanned<String>,
    pub(super) mechanism: Spanned<String>,
    pub(super) base_role: Option<Spanned<String>>,
    pub(super) target_role: Option<Spanned<String>>,
    pub(super) permissions: Vec<Spanned<String>>,
    pub(super) resources: Vec<Spanned<String>>,
    pub(super) max_duration: Spanned<String>,
    pub(super) approval_window: Option<Spanned<String>>,
    pub(super) approvals: Spanned<i64>,
    #[serde(default)]
    pub(super) approvers: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) ticket_required: bool,
    #[serde(default)]
    pub(super) mfa: bool,
    #[serde(default)]
    pub(super) source_ips: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) may_outlive: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) may_open: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) end_on_findings: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) allow_wildcards: bool,
    #[serde(default)]
    pub(super) allow_variables: bool,
    pub(super) channel: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) ask_directly: bool,
    pub(super) reminders: Option<Vec<Spanned<String>>>,
    #[serde(default)]
    pub(super) escalation: Vec<EscalationFile>,
    pub(super) warn_before: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct EscalationFile {
    pub(super) after: Spanned<String>,
    pub(super) to: Vec<Spanned<String>>,
    pub(super) channel: Option<Spanned<String>>,
}

/// The line of a value.
pub(super) fn line<T>(value: &Spanned<T>) -> usize {
    usize::try_from(value.referenced.line()).unwrap_or(0)
}
