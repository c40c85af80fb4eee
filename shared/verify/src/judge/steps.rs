//! Approving, granting, handing out and ending: each event held against what came before it.

use super::request::{Judging, Key, Mechanism, Request};
use super::terms::within;
use super::{APPROVAL_HOLDS, QUARANTINE, digest};
use crate::codes::Code;
use crate::finding::shown;
use crate::time::{seconds, text};
use serde_json::Value;
use std::collections::BTreeSet;

impl Request {
    /// One countersignature: by somebody else than the requester, of these terms, once, in time.
    pub(super) fn countersigned(&mut self, on: &mut Judging<'_>) -> Option<()> {
        let person = on.has("person", on.entry.text("person").map(str::to_owned))?;
        let digest = on.has("digest", on.entry.text("digest").map(str::to_owned))?;
        on.caused_by(&person);
        on.acts(&person);
        // Nobody countersigns for somebody who is barred.
        on.acts(&self.requester);
        let who = shown(&person);
        if person == self.requester {
            on.find(Code::SelfApproval, format!("{who} countersigned their own request."));
        }
        if digest != self.terms {
            let sentence = format!("{who} countersigned {}; the terms are {}.", shown(&digest), shown(&self.terms));
            on.find(Code::ApprovalOfSomethingElse, sentence);
        }
        if self.votes.contains(&person) {
            on.find(Code::DoubledApproval, format!("{who} countersigned the same terms before."));
        }
        if on.entry.at >= self.lapses_at {
            on.find(
                Code::LateApproval,
                format!("{who} countersigned after the request lapsed at {}.", text(self.lapses_at)),
            );
        }
        on.found.figures.approvals = on.found.figures.approvals.saturating_add(1);
        self.votes.push(person);
        Some(())
    }

    /// Narrower terms: within those before, with a digest of their own, and nobody's countersignature yet.
    pub(super) fn narrowed(&mut self, on: &mut Judging<'_>) -> Option<()> {
        let by = on.has("by", on.entry.text("by").map(str::to_owned))?;
        on.caused_by(&by);
        if by == self.requester {
            on.find(Code::SelfApproval, format!("{} narrowed their own request.", shown(&by)));
        }
        let permissions = on.has("permissions", on.entry.list("permissions"))?;
        let resources = on.has("resources", on.entry.list("resources"))?;
        let lasts = on.has("durationSeconds", on.entry.data.get("durationSeconds").and_then(Value::as_u64))?;
        let digest = on.has("digest", on.entry.text("digest").map(str::to_owned))?;
        let superseded = on.has("superseded", on.entry.list("superseded"))?;
        let wider = !within(&permissions, &self.permissions, false) || !within(&resources, &self.resources, true);
        if wider || lasts > self.seconds || lasts == 0 {
            on.find(Code::TermsWidened, "An approver added something, or lengthened it.");
        }
        let computed = digest::of_terms(&self.digest, &permissions, &resources, lasts);
        if computed != digest {
            let sentence = format!("The terms say the digest {}; what they say gives {computed}.", shown(&digest));
            on.find(Code::TermsDigestDiffers, sentence);
        }
        if superseded != self.votes {
            on.find(Code::ApproversDiffer, "Those said to have countersigned what was wider are not those who did.");
        }
        (self.permissions, self.resources, self.seconds, self.terms) = (permissions, resources, lasts, digest);
        self.votes.clear();
        Some(())
    }

    /// Enough distinct persons, none of them the requester; or policy alone, where nobody is needed.
    pub(super) fn approved(&mut self, on: &mut Judging<'_>) {
        self.approved_at = Some(on.entry.at);
        let named = on.entry.list("approvers").unwrap_or_default();
        if named != self.votes {
            on.find(Code::ApproversDiffer, "Those named as approvers are not those who countersigned these terms.");
        }
        let distinct: BTreeSet<&String> = self.votes.iter().filter(|person| **person != self.requester).collect();
        let count = u64::try_from(distinct.len()).unwrap_or(u64::MAX);
        if self.needed == 0 && self.votes.is_empty() {
            if on.entry.list("rules").is_none_or(|rules| rules.is_empty()) {
                on.find(Code::ApprovedByNobody, "Nobody countersigned, and no rule of the policy is named.");
            }
        } else if count < self.needed.max(1) {
            let sentence = format!("{count} others countersigned these terms; it takes {}.", self.needed.max(1));
            on.find(Code::TooFewApprovals, sentence);
        }
        // They are not needed any more.
        (self.permissions, self.resources) = (Vec::new(), Vec::new());
    }

    /// The window: from now on, and as long as countersigned.
    pub(super) fn provisioning(&mut self, on: &mut Judging<'_>) -> Option<()> {
        let time = |name: &str| on.entry.data.pointer(name).and_then(Value::as_str).and_then(seconds);
        let window = time("/plan/window/startsAt").zip(time("/plan/window/expiresAt"));
        let (starts, expires) = on.has("plan.window", window)?;
        on.found.figures.grants = on.found.figures.grants.saturating_add(1);
        let lasts = expires.saturating_sub(starts);
        if i64::try_from(self.seconds) != Ok(lasts) {
            let sentence = format!("The window lasts {lasts} s; {} s were countersigned.", self.seconds);
            on.find(Code::WindowDiffers, sentence);
        }
        if starts != on.entry.at {
            on.find(Code::WindowDiffers, format!("The window begins at {}, not when it was stored.", text(starts)));
        }
        if self.approved_at.is_some_and(|at| on.entry.at.saturating_sub(at) > APPROVAL_HOLDS) {
            on.find(Code::StaleApproval, format!("More than {APPROVAL_HOLDS} s lie between approval and grant."));
        }
        self.window = Some((starts, expires));
        Some(())
    }

    /// Whether `at` lies in the window.
    fn in_window(&self, at: i64) -> bool {
        self.window.is_some_and(|(starts, expires)| (starts..expires).contains(&at))
    }

    pub(super) fn activated(&self, on: &mut Judging<'_>) {
        if !self.in_window(on.entry.at) {
            on.find(Code::OutsideWindow, "Access is said to exist outside its window.");
        }
    }

    /// The intent: by the requester, in the window, with the factor that it takes.
    pub(super) fn credentials_asked(&mut self, on: &mut Judging<'_>) {
        self.asked = self.asked.saturating_add(1);
        if on.entry.by() != Some(&self.requester) {
            let by = on.entry.by().map_or_else(|| "no person".to_owned(), shown);
            on.find(
                Code::CredentialsOfAnother,
                format!("{by} asked for credentials of a grant of {}.", shown(&self.requester)),
            );
        }
        on.acts(&self.requester);
        if !self.in_window(on.entry.at) {
            on.find(Code::CredentialsOutsideWindow, "Credentials were asked for outside the window.");
        }
        if self.mechanism == Mechanism::Role {
            on.find(
                Code::CredentialsOfRole,
                "Its requester enters a role with their own identity; there are no credentials.",
            );
        }
        if self.mfa_at_door && on.entry.cause.get("mfa") != Some(&Value::Bool(true)) {
            on.find(Code::SecondFactorMissing, "The request demands a second factor, and there was none.");
        }
    }

    /// The outcome of an intent.
    pub(super) fn credentials_given(&mut self, on: &mut Judging<'_>) -> Option<()> {
        self.answered = self.answered.saturating_add(1);
        if self.answered > self.asked {
            on.find(Code::CredentialsWithoutIntent, "Nobody had asked for these credentials before.");
        }
        if on.entry.kind != "credentialsIssued" {
            return Some(());
        }
        on.found.figures.credentials = on.found.figures.credentials.saturating_add(1);
        let id = on.has("accessKeyId", on.entry.text("accessKeyId").map(str::to_owned))?;
        let until = on.has("expiresAt", on.entry.time("expiresAt"))?;
        if self.window.is_none_or(|(_, expires)| until > expires) {
            on.find(
                Code::CredentialsOutliveWindow,
                format!("They are said to hold until {}, after the window.", text(until)),
            );
        }
        if self.revoking_since.is_some() {
            on.find(Code::CredentialsTooLate, "Its end had begun when they came: they were not handed out.");
        }
        self.keys.push(Key { id, at: on.entry.at, index: on.index, seq: on.entry.seq });
        Some(())
    }

    /// The beginning of the end, with a reason that what came before bears out.
    pub(super) fn revoking(&mut self, on: &mut Judging<'_>) -> Option<()> {
        let reason = on.has("reason", on.entry.data.get("reason").cloned())?;
        self.revoking_since = Some(on.entry.at);
        let part = |name: &str| reason.get(name).and_then(Value::as_str);
        match part("kind") {
            Some("expired") => {
                if self.window.is_some_and(|(_, expires)| on.entry.at < expires) {
                    on.find(Code::OutsideWindow, "It is said to have expired before its window was over.");
                }
            }
            Some("revoked") => {
                let by = on.has("reason.by", part("by"))?;
                on.caused_by(by);
            }
            Some("finding") => {
                let rule = on.has("reason.rule", part("rule"))?;
                // A record takes no more than 60.
                if self.findings.len() < 60 && !self.findings.iter().any(|found| found == rule) {
                    on.find(
                        Code::EndReasonDiffers,
                        format!("It was ended for `{}`, of which nothing was found.", shown(rule)),
                    );
                }
            }
            Some(kind @ ("panic" | "offboarded")) => self.stopped_by_order(kind, on),
            Some("failed" | "drifted") => {}
            _ => on.find(Code::EndReasonDiffers, "It was ended for a reason that there is not."),
        }
        self.reason = Some(reason);
        Some(())
    }

    pub(super) fn denied_to_all(&mut self, on: &mut Judging<'_>) -> Option<()> {
        self.denied_at = Some(on.entry.at);
        let until = on.has("quarantineUntil", on.entry.time("quarantineUntil"))?;
        // Nothing made after the window can work.
        let over = self.window.is_some_and(|(_, expires)| on.entry.at >= expires);
        let least = if over { on.entry.at } else { on.entry.at.saturating_add(QUARANTINE) };
        if until < least {
            let sentence = format!("The deny is said to stay until {}; it has to until {}.", text(until), text(least));
            on.find(Code::EndedTooEarly, sentence);
        }
        self.quarantine_until = Some(until);
        Some(())
    }

    /// The end: for the reason that it began with, and not before its deny has worked for long enough.
    pub(super) fn ended(&mut self, on: &mut Judging<'_>) -> Option<()> {
        self.ended_at = Some(on.entry.at);
        self.deny_until = on.entry.time("tombstoneUntil");
        if on.entry.data.get("reason") != self.reason.as_ref() {
            on.find(Code::EndReasonDiffers, "It ended for another reason than its end began with.");
        }
        let (_, over) = self.window?;
        let (now, since) = (on.entry.at, self.revoking_since?);
        let used = self.asked > 0;
        let early = since < over;
        let waited = self.quarantine_until.is_some_and(|until| now >= until);
        let in_time = match self.mechanism {
            Mechanism::Role => waited,
            Mechanism::Session => !used || now >= over || self.quarantine_until.is_some(),
            Mechanism::Policy if used && early => now >= over || self.quarantine_until.is_some(),
            Mechanism::Policy => waited || self.quarantine_until.is_none() && now >= over,
        };
        if !in_time {
            on.find(Code::EndedTooEarly, "Its end is recorded before its deny had been in place for long enough.");
        }
        let outlasts = self.mechanism != Mechanism::Role && used && early;
        if outlasts && self.deny_until.is_none_or(|until| until < over.saturating_add(QUARANTINE)) {
            on.find(
                Code::EndedTooEarly,
                "Sessions of it may live, and nothing says that its deny stays until they are over.",
            );
        }
        Some(())
    }

    pub(super) fn deny_removed(&mut self, on: &mut Judging<'_>) {
        if self.deny_until.is_none_or(|until| on.entry.at < until) {
            on.find(Code::DenyRemovedEarly, "The deny was taken out before it may be.");
        }
        self.deny_until = None;
    }
}
