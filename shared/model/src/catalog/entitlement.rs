//! Entitlements of the catalog's file form, and their checks.

use super::file::Reader;
use super::form::{EntitlementFile, Key, line};
use super::{Catalog, Entitlement, is_no_escape};
use crate::actions::pattern_covers;
use crate::amount::{display_duration, parse_duration};
use crate::documents::NO_ESCAPE;
use crate::findings::check_word;
use crate::names::{EntitlementName, GroupName};
use crate::notices::{Notices, Reminder};
use crate::scope::{Leeway, MOST_PATTERNS, check_action, check_resource};
use serde_saphyr::Spanned;

/// Longest grant any entitlement may allow, in seconds: 12 hours. Source: IAM API reference, `CreateRole`: the longest role
/// session.
pub const LONGEST_GRANT: u64 = 43_200;

/// Longest wait for countersignatures, in seconds: 7 days.
const LONGEST_WAIT: u64 = 604_800;

/// How long a request waits if its entitlement does not say, in seconds.
const USUAL_WAIT: u64 = 3_600;

/// Most rounds of asking again. Each is a message to every approver.
const MOST_REMINDERS: usize = 8;

/// Soonest reminder and shortest warning, in seconds. They are sent within a minute of their time.
const SOONEST: u64 = 10;

/// How long before its end a requester is warned if the entitlement does not say, in seconds.
const USUAL_WARNING: u64 = 300;

impl Reader<'_> {
    fn patterns(
        &mut self,
        given: &[Spanned<String>],
        what: &str,
        at: usize,
        check: impl Fn(&str) -> Result<(), crate::scope::ScopeError>,
    ) -> Vec<String> {
        if given.is_empty() || given.len() > MOST_PATTERNS {
            self.problem(at, format!("{what} takes 1 to {MOST_PATTERNS} entries"));
        }
        for pattern in given {
            if let Err(error) = check(&pattern.value) {
                self.problem(line(pattern), error.to_string());
            }
        }
        given.iter().map(|pattern| pattern.value.clone()).collect()
    }

    fn escapes(&mut self, file: &EntitlementFile) -> Vec<String> {
        for lifted in &file.may_outlive {
            if !is_no_escape(&lifted.value) {
                self.problem(
                    line(lifted),
                    format!("`{}` is not among what grants are denied: {}", lifted.value, NO_ESCAPE.join(", ")),
                );
            }
        }
        for action in &file.permissions {
            let denied = NO_ESCAPE.iter().find(|deny| {
                pattern_covers(deny, &action.value) && !file.may_outlive.iter().any(|lifted| lifted.value == **deny)
            });
            if let Some(deny) = denied {
                self.problem(line(action), format!("`{}` can never be used: every grant denies `{deny}`; list `{deny}` under mayOutlive if it is meant", action.value));
            }
        }
        file.may_outlive.iter().map(|lifted| lifted.value.clone()).collect()
    }

    fn findings(&mut self, given: &[Spanned<String>]) -> Vec<String> {
        for word in given {
            if let Err(unknown) = check_word(&word.value) {
                self.problem(line(word), format!("endOnFindings: {unknown}"));
            }
        }
        given.iter().map(|word| word.value.clone()).collect()
    }

    fn cidrs(&mut self, given: &[Spanned<String>]) -> Vec<String> {
        for text in given {
            let good = text.value.split_once('/').is_some_and(|(address, bits)| {
                let longest = match address.parse::<std::net::IpAddr>() {
                    Ok(std::net::IpAddr::V4(_)) => 32,
                    Ok(std::net::IpAddr::V6(_)) => 128,
                    Err(_) => return false,
                };
                bits.parse::<u8>().is_ok_and(|bits| (1..=longest).contains(&bits))
            });
            if !good {
                self.problem(line(text), format!("`{}` is not an address range such as 203.0.113.0/24", text.value));
            }
        }
        given.iter().map(|text| text.value.clone()).collect()
    }

    pub(super) fn entitlement(&mut self, catalog: &Catalog, name: &Key, file: &EntitlementFile) -> Option<Entitlement> {
        let at = line(&name.0);
        let name: Option<EntitlementName> = self.spanned(&name.0);
        let account = self.spanned(&file.account);
        let mechanism = self.mechanism(file);
        let permissions = self.patterns(&file.permissions, "permissions", at, check_action);
        let resources = self.patterns(&file.resources, "resources", at, check_resource);
        let may_outlive = self.escapes(file);
        let may_open = self.opened(at, file);
        let end_on_findings = self.findings(&file.end_on_findings);
        let source_ips = self.cidrs(&file.source_ips);
        let max_duration = self.duration(&file.max_duration, LONGEST_GRANT);
        let approval_window = match &file.approval_window {
            Some(text) => self.duration(text, LONGEST_WAIT),
            None => Some(USUAL_WAIT),
        };
        let mut approvers = Vec::new();
        for group in &file.approvers {
            let Some(group_name) = self.spanned::<GroupName>(group) else { continue };
            if !catalog.groups.contains(&group_name) {
                self.problem(line(group), format!("`{group_name}` is not a group of this catalog"));
            }
            approvers.push(group_name);
        }
        let approvals_needed = self.approvals(&file.approvals);
        let enough = catalog.ever_members(&approvers).count();
        if let Some(needed) = approvals_needed
            && usize::from(needed) > enough
        {
            self.problem(
                line(&file.approvals),
                format!("approvals needed: {needed}; persons who may countersign: {enough}"),
            );
        }
        let channel = match &file.channel {
            Some(channel) => self.spanned(channel),
            None => None,
        };
        let notices = self.notices(file, &approvers, approval_window.unwrap_or(USUAL_WAIT));
        let environment = file.environment.value.clone();
        if environment.is_empty()
            || environment.len() > 32
            || !environment.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        {
            self.problem(line(&file.environment), "environment takes 1 to 32 of a-z, 0-9 and `-`");
        }
        let description = crate::text::inert(&file.description, 300);
        if description.is_empty() {
            self.problem(at, "description must say what the entitlement is for");
        }
        Some(Entitlement {
            name: name?,
            description,
            account: account?,
            environment,
            mechanism: mechanism?,
            permissions,
            resources,
            max_duration_seconds: max_duration?,
            approval_window_seconds: approval_window?,
            approvals_needed: approvals_needed?,
            approvers,
            ticket_required: file.ticket_required,
            mfa: file.mfa,
            source_ips,
            may_outlive,
            may_open,
            end_on_findings,
            leeway: Leeway { wildcards: file.allow_wildcards, variables: file.allow_variables },
            channel,
            notices,
        })
    }

    /// Who is asked when. Rounds are in order of time; a reminder and an escalation at the same time are one round.
    fn notices(&mut self, file: &EntitlementFile, approvers: &[GroupName], wait: u64) -> Notices {
        let mut reminders: Vec<Reminder> = match &file.reminders {
            Some(times) => times
                .iter()
                .filter_map(|time| self.moment(time, wait))
                .map(|after_seconds| Reminder { after_seconds, groups: Vec::new(), channel: None })
                .collect(),
            // Once, when half of the time is over: what was overlooked can still be countersigned.
            None => vec![Reminder { after_seconds: wait / 2, groups: Vec::new(), channel: None }],
        };
        for step in &file.escalation {
            let mut groups = Vec::new();
            for text in &step.to {
                let Some(group) = self.spanned::<GroupName>(text) else { continue };
                if !approvers.contains(&group) {
                    let reason = format!(
                        "`{group}` is not among this entitlement's approvers; who is asked later has to be one of them"
                    );
                    self.problem(line(text), reason);
                }
                groups.push(group);
            }
            if step.to.is_empty() {
                self.problem(line(&step.after), "escalation takes at least one group under `to`");
            }
            let channel = step.channel.as_ref().and_then(|channel| self.spanned(channel));
            if let Some(after_seconds) = self.moment(&step.after, wait) {
                reminders.retain(|reminder| reminder.after_seconds != after_seconds || !reminder.groups.is_empty());
                reminders.push(Reminder { after_seconds, groups, channel });
            }
        }
        reminders.sort_by_key(|reminder| reminder.after_seconds);
        if reminders.len() > MOST_REMINDERS {
            let at =
                file.reminders.iter().flatten().map(line).chain(file.escalation.iter().map(|step| line(&step.after)));
            self.problem(
                at.max().unwrap_or(0),
                format!("reminders and escalation take at most {MOST_REMINDERS} rounds"),
            );
        }
        let warn_before_seconds = match &file.warn_before {
            Some(text) => self.moment(text, LONGEST_GRANT).unwrap_or(USUAL_WARNING),
            None => USUAL_WARNING,
        };
        Notices { directly: file.ask_directly, reminders, warn_before_seconds }
    }

    /// A time after the submission, or before the end.
    fn moment(&mut self, text: &Spanned<String>, before: u64) -> Option<u64> {
        match parse_duration(&text.value) {
            Ok(seconds) if (SOONEST..before).contains(&seconds) => Some(seconds),
            Ok(_) => {
                let (soonest, before) = (display_duration(SOONEST), display_duration(before));
                self.problem(line(text), format!("`{}` must be from {soonest} to less than {before}", text.value));
                None
            }
            Err(error) => {
                self.problem(line(text), error.to_string());
                None
            }
        }
    }
}
