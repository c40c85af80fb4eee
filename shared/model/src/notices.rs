//! Who is told of a request, and when again: direct messages, reminders, escalation, the warning before the end.
//!
//! None of it lets anybody countersign: that is the quorum's groups and policy. It only says who is asked, in which order.

use crate::digest::Encoding;
use crate::names::{GroupName, SlackChannel};
use crate::time::{Time, Window};
use serde::{Deserialize, Serialize};

/// Who is told of a request, and when again.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Notices {
    /// Whether approvers are asked in direct messages too.
    pub directly: bool,
    /// When approvers are reminded, and who is asked from then on. In order of time.
    pub reminders: Vec<Reminder>,
    /// How long before its end the requester is warned, in seconds; 0: never. A grant that is no longer than twice that
    /// is not warned about: its requester has just come in.
    pub warn_before_seconds: u64,
}

/// One round of asking again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reminder {
    /// How long after the submission, in seconds.
    pub after_seconds: u64,
    /// Who is asked from then on besides; empty: only those who were asked before. Always among the quorum's groups.
    pub groups: Vec<GroupName>,
    /// Where they are asked besides.
    pub channel: Option<SlackChannel>,
}

impl Notices {
    /// The groups that are asked once `rounds` reminders are out, of those whose members may countersign: all but those
    /// that only a later round asks. If that is nobody, all of them.
    pub fn asked<'a>(&'a self, may_countersign: &'a [GroupName], rounds: u32) -> Vec<&'a GroupName> {
        let sent = usize::try_from(rounds).unwrap_or(usize::MAX);
        let later: Vec<&GroupName> = self.reminders.iter().skip(sent).flat_map(|reminder| &reminder.groups).collect();
        let before: Vec<&GroupName> = self.reminders.iter().take(sent).flat_map(|reminder| &reminder.groups).collect();
        let asked: Vec<&GroupName> =
            may_countersign.iter().filter(|group| before.contains(group) || !later.contains(group)).collect();
        if asked.is_empty() { may_countersign.iter().collect() } else { asked }
    }

    /// When the reminder after `rounds` others is due, for a request of `submitted_at`.
    pub fn reminder_at(&self, submitted_at: Time, rounds: u32) -> Option<Time> {
        let next = self.reminders.get(usize::try_from(rounds).ok()?)?;
        Some(submitted_at.plus(next.after_seconds))
    }

    /// The last round that is due at `now`, if one is after `rounds` others: several that are late go out as one.
    pub fn round_due(&self, submitted_at: Time, rounds: u32, now: Time) -> Option<u32> {
        let due = self.reminders.iter().take_while(|reminder| submitted_at.plus(reminder.after_seconds) <= now).count();
        u32::try_from(due).ok().filter(|due| *due > rounds)
    }

    /// When the requester is warned that `window` ends.
    pub fn warning_at(&self, window: Window) -> Option<Time> {
        let length = window.starts_at().seconds_until(window.expires_at());
        let warned = self.warn_before_seconds > 0 && length > self.warn_before_seconds.saturating_mul(2);
        warned.then(|| window.starts_at().plus(length.saturating_sub(self.warn_before_seconds)))
    }

    /// All of it, for the request's digest.
    pub(crate) fn encode(&self, encoding: Encoding) -> Encoding {
        let Self { directly, reminders, warn_before_seconds } = self;
        let rounds = u64::try_from(reminders.len()).unwrap_or(u64::MAX);
        let encoding = encoding.number(u64::from(*directly)).number(*warn_before_seconds).number(rounds);
        reminders.iter().fold(encoding, |encoding, reminder| {
            let Reminder { after_seconds, groups, channel } = reminder;
            encoding
                .number(*after_seconds)
                .list(groups.iter().map(GroupName::as_str))
                .maybe(channel.as_ref().map(SlackChannel::as_str))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<GroupName> {
        names.iter().map(|name| name.parse().unwrap()).collect()
    }

    fn notices() -> Notices {
        let round = |after_seconds, groups: &[&str]| Reminder { after_seconds, groups: names(groups), channel: None };
        Notices {
            directly: false,
            reminders: vec![round(600, &[]), round(900, &["leads"]), round(1_800, &["heads"])],
            warn_before_seconds: 300,
        }
    }

    fn asked(may: &[&str], rounds: u32) -> Vec<String> {
        let (may, notices) = (names(may), notices());
        notices.asked(&may, rounds).into_iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_next_group_is_asked_when_its_round_comes() {
        let all = ["on-call", "leads", "heads"];
        assert_eq!(asked(&all, 0), ["on-call"]);
        assert_eq!(asked(&all, 1), ["on-call"]);
        assert_eq!(asked(&all, 2), ["on-call", "leads"]);
        assert_eq!(asked(&all, 9), all);
        // Somebody is asked from the beginning, even if every group is one of a later round.
        assert_eq!(asked(&["leads", "heads"], 0), ["leads", "heads"]);
    }

    #[test]
    fn rounds_come_in_order_and_late_ones_as_one() {
        let start: Time = "2026-11-20T12:00:00Z".parse().unwrap();
        let notices = notices();
        assert_eq!(notices.reminder_at(start, 0), Some(start.plus(600)));
        assert_eq!(notices.reminder_at(start, 3), None);
        assert_eq!(notices.round_due(start, 0, start.plus(599)), None);
        assert_eq!(notices.round_due(start, 0, start.plus(600)), Some(1));
        assert_eq!(notices.round_due(start, 1, start.plus(600)), None);
        assert_eq!(notices.round_due(start, 0, start.plus(5_000)), Some(3));
    }

    #[test]
    fn short_grants_are_not_warned_about() {
        let start: Time = "2026-11-20T12:00:00Z".parse().unwrap();
        let window = |seconds| Window::starting(start, seconds).unwrap();
        assert_eq!(notices().warning_at(window(3_600)), Some(start.plus(3_300)));
        assert_eq!(notices().warning_at(window(600)), None);
        assert_eq!(Notices::default().warning_at(window(3_600)), None);
    }
}
