//! The catalog: entitlements, persons and their identities, groups, and who countersigns.
//!
//! It is a YAML file. [`Catalog::read`] takes it whole or refuses it whole, with every problem at
//! its line; nothing half-valid ever decides.

mod changes;
mod entitlement;
mod file;
mod form;
mod opened;
mod schedule;

use crate::digest::Digest;
use crate::documents::NO_ESCAPE;
use crate::identity::{Actor, Identity};
use crate::limits::Limits;
use crate::names::{
    AccountId, EntitlementName, GroupName, PARTITIONS, PersonId, PrincipalArn, SlackChannel, SlackUser,
};
use crate::notices::Notices;
use crate::risk::RiskLevel;
use crate::scope::Leeway;
use crate::time::Time;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

pub(crate) use changes::between;
pub use entitlement::LONGEST_GRANT;
pub use file::{Problem, Problems};
pub use opened::OPENS_ESCALATION_PATH;
pub(crate) use opened::{not_meant, told};
pub use schedule::{Schedule, Shift};

/// A named thing one may ask for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Entitlement {
    /// Its name.
    pub name: EntitlementName,
    /// What it is for, in a sentence.
    pub description: String,
    /// Where.
    pub account: AccountId,
    /// What kind of place: `prod`, `staging`, …
    pub environment: String,
    /// How a grant of it is made real.
    pub mechanism: EntitledMechanism,
    /// The actions it bounds a grant to.
    pub permissions: Vec<String>,
    /// The resources it bounds a grant to.
    pub resources: Vec<String>,
    /// Longest grant, in seconds.
    pub max_duration_seconds: u64,
    /// How long a request waits for countersignatures, in seconds.
    pub approval_window_seconds: u64,
    /// How many distinct persons have to countersign, at the least.
    pub approvals_needed: u8,
    /// Whose members may countersign.
    pub approvers: Vec<GroupName>,
    /// Whether a request has to name a ticket.
    pub ticket_required: bool,
    /// Whether it takes an identity with multi-factor authentication: for `session` at our door,
    /// for `role` in the role's trust.
    pub mfa: bool,
    /// Source addresses (CIDR) a grant is bound to.
    pub source_ips: Vec<String>,
    /// No-escape denies it lifts.
    pub may_outlive: Vec<String>,
    /// Known ways to more permissions that it is meant to open, by id. Left out where there are none, so that the
    /// digest of an entitlement from before they were asked about stays.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub may_open: Vec<String>,
    /// What ends a grant at once when it is noticed: rules of findings, and severities, which stand for all above them
    /// too. Left out where there is nothing, as [`Entitlement::may_open`] is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub end_on_findings: Vec<String>,
    /// Special characters that a request's own patterns may hold.
    pub leeway: Leeway,
    /// Where approvers are asked.
    pub channel: Option<SlackChannel>,
    /// Who is told, and when again.
    pub notices: Notices,
}

/// How a grant of an entitlement is made real.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum EntitledMechanism {
    /// Sessions of this base role.
    Session {
        /// The base role.
        base_role: PrincipalArn,
    },
    /// A role per grant.
    Role,
    /// A temporary policy on this role.
    Policy {
        /// The role.
        target_role: PrincipalArn,
    },
}

impl EntitledMechanism {
    /// Its name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Session { .. } => "session",
            Self::Role => "role",
            Self::Policy { .. } => "policy",
        }
    }
}

impl Entitlement {
    /// The digest of its definition: two that differ in anything differ in this.
    pub fn digest(&self) -> Digest {
        // A struct of texts, numbers and lists serializes to one byte string, in field order.
        Digest::of(&serde_json::to_vec(self).unwrap_or_default())
    }
}

/// A person and their identities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Who.
    pub id: PersonId,
    /// Their address, for messages and for session names of trusted roles.
    pub email: Option<String>,
    /// Their Slack users.
    pub slack: Vec<SlackUser>,
    /// Their own IAM users and roles.
    pub principals: Vec<PrincipalArn>,
    /// The groups they are in.
    pub groups: BTreeSet<GroupName>,
}

/// Roles whose session name is an identity, because their trust makes it so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionNames {
    /// The account, or any.
    pub account: Option<AccountId>,
    /// The role's name; may end in `*`.
    pub role: String,
    /// Whether every session of it came about with multi-factor authentication.
    pub mfa: bool,
}

/// A catalog that was checked.
#[derive(Debug, Clone)]
pub struct Catalog {
    entitlements: BTreeMap<EntitlementName, Entitlement>,
    persons: BTreeMap<PersonId, Person>,
    groups: BTreeSet<GroupName>,
    schedules: BTreeMap<GroupName, Schedule>,
    session_names: Vec<SessionNames>,
    floors: BTreeMap<RiskLevel, u8>,
    limits: Limits,
    by_slack: BTreeMap<SlackUser, PersonId>,
    by_principal: BTreeMap<PrincipalArn, PersonId>,
    by_email: BTreeMap<String, PersonId>,
}

impl Catalog {
    /// Reads a catalog. `file` is the name used in problems.
    ///
    /// # Errors
    /// Every problem found, each with file, line and reason.
    pub fn read(file: &str, text: &str) -> Result<Self, Problems> {
        file::read(file, text)
    }

    /// All entitlements, by name.
    pub fn entitlements(&self) -> impl Iterator<Item = &Entitlement> {
        self.entitlements.values()
    }

    /// The entitlement named so.
    pub fn entitlement(&self, name: &str) -> Option<&Entitlement> {
        name.parse().ok().and_then(|name: EntitlementName| self.entitlements.get(&name))
    }

    /// The person with this id.
    pub fn person(&self, id: &PersonId) -> Option<&Person> {
        self.persons.get(id)
    }

    /// All persons, by id.
    pub fn persons(&self) -> impl Iterator<Item = &Person> {
        self.persons.values()
    }

    /// The members of any of `groups` at `now`, by id.
    pub fn members<'a>(&'a self, groups: &'a [GroupName], now: Time) -> impl Iterator<Item = &'a Person> {
        self.persons.values().filter(move |person| self.is_in(person, groups, now))
    }

    /// Whether `person` is in any of `groups`, or on call by a schedule of that name, at `now`.
    pub fn is_in(&self, person: &Person, groups: &[GroupName], now: Time) -> bool {
        groups.iter().any(|group| {
            let on_call = self.schedules.get(group).is_some_and(|schedule| schedule.has(&person.id, now));
            on_call || person.groups.contains(group)
        })
    }

    /// Everybody who is in any of `groups` at some time, by id.
    fn ever_members<'a>(&'a self, groups: &'a [GroupName]) -> impl Iterator<Item = &'a Person> {
        let schedules = groups.iter().filter_map(|group| self.schedules.get(group));
        let on_call: BTreeSet<&PersonId> = schedules.flat_map(Schedule::persons).collect();
        let persons = self.persons.values();
        persons.filter(move |person| {
            on_call.contains(&person.id) || groups.iter().any(|group| person.groups.contains(group))
        })
    }

    /// The schedules by which `person` is on call at `now`.
    pub fn on_call<'a>(&'a self, person: &'a PersonId, now: Time) -> impl Iterator<Item = &'a GroupName> {
        self.schedules.iter().filter(move |(_, schedule)| schedule.has(person, now)).map(|(name, _)| name)
    }

    /// What is right as it stands, and most likely not meant: entitlements for which nobody but an on-call schedule
    /// countersigns, and that schedule's gaps.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        for (name, schedule) in &self.schedules {
            let gaps = schedule.gaps();
            if !gaps.is_empty() {
                warnings.push(format!("schedule `{name}`: nobody is on call from {}", gaps.join(", from ")));
            }
        }
        for entitlement in self.entitlements.values() {
            let approvers = &entitlement.approvers;
            let alone = entitlement.approvals_needed > 0
                && approvers.iter().all(|group| matches!(self.schedules.get(group), Some(Schedule::Rotation { .. })));
            if alone && approvers.len() <= usize::from(entitlement.approvals_needed) {
                warnings.push(format!(
                    "`{}`: only who is on call may countersign; when that is the requester, nobody else may",
                    entitlement.name
                ));
            }
        }
        warnings
    }

    /// All groups, and the schedules, which stand wherever a group of approvers can.
    pub fn groups(&self) -> impl Iterator<Item = &GroupName> {
        self.groups.iter()
    }

    /// How much one person may ask for.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// How many countersignatures a risk of `level` takes at the least, whatever the entitlement says.
    pub fn floor(&self, level: RiskLevel) -> u8 {
        // The floor of a lower risk holds for every higher one.
        self.floors.range(..=level).map(|(_, needed)| *needed).max().unwrap_or(0)
    }

    /// The floors, for the policy digest.
    pub(crate) fn floors(&self) -> impl Iterator<Item = (RiskLevel, u8)> {
        self.floors.iter().map(|(level, needed)| (*level, *needed))
    }

    /// The person behind a Slack user.
    pub fn by_slack(&self, user: &SlackUser) -> Option<Actor> {
        let person = self.by_slack.get(user)?.clone();
        Some(Actor { person, identity: Identity::Slack { user: user.clone() }, mfa: false })
    }

    /// The person behind a caller's ARN as API Gateway passes it: an IAM user, a role that is
    /// somebody's own, or a session of a role whose session names the catalog trusts.
    pub fn by_caller(&self, arn: &str) -> Option<Actor> {
        let identity = Identity::Api { principal: arn.to_owned() };
        if let Ok(principal) = arn.parse::<PrincipalArn>() {
            // A role's own ARN never calls; only its sessions do.
            if principal.is_role() {
                return None;
            }
            let person = self.by_principal.get(&principal)?.clone();
            return Some(Actor { person, identity, mfa: false });
        }
        let session = AssumedRole::read(arn)?;
        if let Some(person) = self.by_principal.iter().find_map(|(principal, person)| {
            let same_place = principal.partition() == session.partition && principal.account() == session.account;
            (principal.is_role() && same_place && principal.name() == session.role).then(|| person.clone())
        }) {
            return Some(Actor { person, identity, mfa: false });
        }
        let trusted = self.session_names.iter().find(|names| names.match_role(&session))?;
        let person = self.by_email.get(&session.session.to_ascii_lowercase())?.clone();
        Some(Actor { person, identity, mfa: trusted.mfa })
    }
}

/// `arn:<partition>:sts::<account>:assumed-role/<role>/<session>`. Both names are of `[\w+=,.@-]`. Source: IAM API reference,
/// `CreateRole`; STS API reference, `AssumeRole`.
struct AssumedRole<'a> {
    partition: &'a str,
    account: &'a str,
    role: &'a str,
    session: &'a str,
}

impl<'a> AssumedRole<'a> {
    fn read(arn: &'a str) -> Option<Self> {
        let mut parts = arn.splitn(6, ':');
        if parts.next()? != "arn" {
            return None;
        }
        let partition = parts.next().filter(|partition| PARTITIONS.contains(partition))?;
        if parts.next()? != "sts" || !parts.next()?.is_empty() {
            return None;
        }
        let account = parts.next().filter(|account| account.parse::<AccountId>().is_ok())?;
        let mut path = parts.next()?.strip_prefix("assumed-role/")?.split('/');
        let (role, session) = (path.next()?, path.next()?);
        // What no role and no session can be called is no name to go by.
        let is_name = |text: &str| {
            !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+=,.@_-".contains(&byte))
        };
        if path.next().is_some() || !is_name(role) || !is_name(session) {
            return None;
        }
        Some(Self { partition, account, role, session })
    }
}

impl SessionNames {
    fn match_role(&self, session: &AssumedRole<'_>) -> bool {
        self.account.as_ref().is_none_or(|account| account.as_str() == session.account)
            && match self.role.strip_suffix('*') {
                Some(prefix) => session.role.starts_with(prefix),
                None => session.role == self.role,
            }
    }
}

/// Whether `action` is one of the no-escape denies.
pub(crate) fn is_no_escape(action: &str) -> bool {
    NO_ESCAPE.contains(&action)
}

#[cfg(test)]
mod tests;
