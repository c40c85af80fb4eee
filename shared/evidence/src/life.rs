//! One request's life, from its entries to its rows.

use crate::moment::Moment;
use crate::schema::List;
use crate::source::Event;
use crate::tables::{
    ActivityRow, ApprovalRow, CredentialRow, FindingRow, GrantRow, LATE_AFTER, RequestRow, Tables, json,
};
use std::collections::BTreeSet;

/// What was asked for, and what was narrowed of it.
#[derive(Debug)]
pub(crate) struct Life<'a> {
    submitted: &'a Event,
    request: String,
    requester: String,
    /// The digest that countersignatures have to be of, in the end.
    digest: String,
    permissions: Vec<String>,
    resources: Vec<String>,
    seconds: u64,
    narrowed: u64,
    status: (&'static str, Moment),
}

impl<'a> Life<'a> {
    /// The life of the request whose stream this is; `None`: it is no request's, or its beginning is missing.
    pub(crate) fn of(stream: &str, events: &[&'a Event]) -> Option<Self> {
        let submitted = *events.first().filter(|event| event.name == "requestSubmitted")?;
        let mut life = Self {
            submitted,
            request: stream.to_owned(),
            requester: submitted.text("/request/requester")?,
            digest: submitted.text("/request/digest")?,
            permissions: submitted.list("/request/permissions"),
            resources: submitted.list("/request/resources"),
            seconds: submitted.number("/request/durationSeconds")?,
            narrowed: 0,
            status: ("pending", submitted.at),
        };
        for event in events {
            life.follow(event);
        }
        Some(life)
    }

    fn follow(&mut self, event: &Event) {
        if event.name == "termsNarrowed" {
            self.narrowed = self.narrowed.saturating_add(1);
            self.permissions = event.list("/permissions");
            self.resources = event.list("/resources");
            self.seconds = event.number("/durationSeconds").unwrap_or(self.seconds);
            self.digest = event.text("/digest").unwrap_or_default();
        }
        let status = match event.name.as_str() {
            "requestDenied" => "denied",
            "requestApproved" => "approved",
            "requestCancelled" => "cancelled",
            "requestLapsed" => "lapsed",
            "provisioningStarted" => "provisioning",
            "grantActivated" => "active",
            "revocationStarted" => "revoking",
            "grantEnded" => "ended",
            // Everything else changes nothing about where it is.
            _ => return,
        };
        self.status = (status, event.at);
    }

    /// All its rows.
    pub(crate) fn rows(&self, events: &[&Event], as_of: Moment, tables: &mut Tables) {
        let approvals = self.approvals(events);
        let findings: Vec<FindingRow> = named(events, "activityFinding").map(|event| self.finding(event)).collect();
        tables.requests.push(self.row(events));
        tables.grants.extend(self.grant(events, &approvals, &findings, as_of));
        tables.approvals.extend(approvals);
        tables.findings.extend(findings);
        tables.credentials.extend(events.iter().filter_map(|event| self.credential(event)));
        let newest = last(events, "activitySummarised").map(|event| event.seq);
        let summaries = named(events, "activitySummarised");
        tables.activity.extend(summaries.map(|event| self.activity(event, newest == Some(event.seq))));
    }

    fn asked(&self, field: &str) -> String {
        self.submitted.text(&format!("/request/{field}")).unwrap_or_default()
    }

    fn row(&self, events: &[&Event]) -> RequestRow {
        let denied = last(events, "requestDenied");
        let identity = self.submitted.text("/request/identity/user");
        RequestRow {
            request: self.request.clone(),
            submitted_at: self.submitted.at,
            requester: self.requester.clone(),
            door: self.asked("identity/door"),
            identity: identity.unwrap_or_else(|| self.asked("identity/principal")),
            entitlement: self.asked("entitlement"),
            account: self.asked("account"),
            environment: self.asked("environment"),
            mechanism: self.asked("mechanism/kind"),
            permissions: List(self.submitted.list("/request/permissions")),
            resources: List(self.submitted.list("/request/resources")),
            duration_seconds: self.submitted.number("/request/durationSeconds").unwrap_or_default(),
            justification: self.submitted.text("/request/justification"),
            ticket: self.submitted.text("/request/ticket"),
            risk: self.asked("risk/level"),
            needed: self.needed(),
            approver_groups: List(self.submitted.list("/request/quorum/groups")),
            extends: self.submitted.text("/request/extends"),
            digest: self.asked("digest"),
            entitlement_digest: self.asked("judged/entitlement"),
            policy_digest: self.asked("judged/policy"),
            status: self.status.0.to_owned(),
            status_at: self.status.1,
            denied_by: denied.and_then(|event| event.text("/by")),
            denied_reason: denied.and_then(|event| event.text("/reason")),
            narrowed: self.narrowed,
            refusals: count(named(events, "commandRefused").count()),
            entries: count(events.len()),
        }
    }

    fn needed(&self) -> u64 {
        self.submitted.number("/request/quorum/needed").unwrap_or_default()
    }

    fn approvals(&self, events: &[&Event]) -> Vec<ApprovalRow> {
        let narrowed = last(events, "termsNarrowed").map_or(0, |event| event.seq);
        let decided = last(events, "provisioningStarted").map_or(u64::MAX, |event| event.seq);
        let mut counted = BTreeSet::new();
        let row = |event: &Event| {
            let (approver, digest) =
                (event.text("/person").unwrap_or_default(), event.text("/digest").unwrap_or_default());
            let current = digest == self.digest && (narrowed..decided).contains(&event.seq);
            ApprovalRow {
                request: self.request.clone(),
                seq: event.seq,
                leaf: event.index,
                recorded_at: event.at,
                requester: self.requester.clone(),
                is_self: approver == self.requester,
                door: event.cause.pointer("/identity/door").and_then(|door| door.as_str()).map(str::to_owned),
                mfa: event.cause.get("mfa").and_then(serde_json::Value::as_bool),
                counts: current && counted.insert(approver.clone()),
                approver,
                digest,
                after_seconds: event.number("/afterSeconds"),
                after_request_seconds: event.at.since(self.submitted.at),
                note: event.text("/note"),
                rules: List(event.list("/rules")),
            }
        };
        named(events, "approvalGiven").map(row).collect()
    }

    fn grant(
        &self,
        events: &[&Event],
        approvals: &[ApprovalRow],
        findings: &[FindingRow],
        as_of: Moment,
    ) -> Option<GrantRow> {
        let decided = last(events, "provisioningStarted")?;
        let (starts_at, expires_at) =
            decided.time("/plan/window/startsAt").zip(decided.time("/plan/window/expiresAt"))?;
        let approved = last(events, "requestApproved").map(|event| event.at);
        let revocation = last(events, "revocationStarted");
        let ended = last(events, "grantEnded");
        let reason = ended.or(revocation);
        let end_reason = reason.and_then(|event| event.text("/reason/kind"));
        let activity = last(events, "activitySummarised");
        let signers: Vec<&ApprovalRow> =
            approvals.iter().filter(|approval| approval.counts && !approval.is_self).collect();
        let credentials = count(named(events, "credentialsIssued").count());
        let calls = activity.and_then(|event| event.number("/activity/calls"));
        let completeness = activity.and_then(|event| event.text("/activity/completeness"));
        let used = match (credentials, calls) {
            (_, Some(calls)) if calls > 0 => Some(true),
            // Nobody else could have used it: sessions are had from us alone.
            (0, _) if self.asked("mechanism/kind") == "session" => Some(false),
            (_, Some(_)) if completeness.as_deref() == Some("final") => Some(false),
            (0, _) => None,
            (_, _) => Some(true),
        };
        let due = revocation.map_or(expires_at, |event| event.at.min(expires_at));
        let end = End {
            due,
            expires_at,
            revoked_at: revocation.map(|event| event.at),
            ended_at: ended.map(|event| event.at),
        };
        Some(GrantRow {
            request: self.request.clone(),
            requester: self.requester.clone(),
            entitlement: self.asked("entitlement"),
            account: self.asked("account"),
            environment: self.asked("environment"),
            mechanism: self.asked("mechanism/kind"),
            risk: self.asked("risk/level"),
            ticket: self.submitted.text("/request/ticket"),
            justification: self.submitted.text("/request/justification"),
            permissions: List(self.permissions.clone()),
            resources: List(self.resources.clone()),
            granted_seconds: self.seconds,
            starts_at,
            expires_at,
            window_seconds: expires_at.since(starts_at),
            submitted_at: self.submitted.at,
            approved_at: approved,
            waited_seconds: approved.map(|at| at.since(self.submitted.at)),
            needed: self.needed(),
            countersigned: count(signers.len()),
            approvers: List(signers.iter().map(|approval| approval.approver.clone()).collect()),
            digest: self.digest.clone(),
            decided_at: decided.at,
            active_at: last(events, "grantActivated").map(|event| event.at),
            revoked_at: end.revoked_at,
            denied_at: last(events, "tombstonePlaced").map(|event| event.at),
            ended_at: end.ended_at,
            outcome: end.outcome(end_reason.as_deref() == Some("failed"), as_of).to_owned(),
            end_took_seconds: end.ended_at.map(|at| at.since(due)),
            end_reason,
            ended_by: reason.and_then(|event| event.text("/reason/by")),
            end_note: reason.and_then(|event| event.text("/reason/reason")),
            verified_at: last(events, "verifiedEnded").map(|event| event.at),
            unverified_at: last(events, "endedUnverified").map(|event| event.at),
            credentials,
            calls,
            denied_calls: activity.and_then(|event| event.number("/activity/denied")),
            calls_after_end: activity.and_then(|event| event.number("/activity/afterEnd")),
            completeness,
            used,
            findings: count(findings.len()),
            grave_findings: count(findings.iter().filter(|finding| is_grave(&finding.severity)).count()),
            drifts: count(named(events, "driftFound").count()),
        })
    }

    fn finding(&self, event: &Event) -> FindingRow {
        let text = |field: &str| event.text(&format!("/finding/{field}")).unwrap_or_default();
        FindingRow {
            request: self.request.clone(),
            seq: event.seq,
            recorded_at: event.at,
            requester: self.requester.clone(),
            entitlement: self.asked("entitlement"),
            account: self.asked("account"),
            rule: text("rule"),
            severity: text("severity"),
            subject: text("subject"),
            reason: text("reason"),
            called_at: event.time("/finding/at"),
            evidence: List(event.list("/finding/evidence")),
        }
    }

    fn credential(&self, event: &Event) -> Option<CredentialRow> {
        let outcome = match event.name.as_str() {
            "credentialsIssued" => "issued",
            "credentialsFailed" => "failed",
            _ => return None,
        };
        Some(CredentialRow {
            request: self.request.clone(),
            seq: event.seq,
            recorded_at: event.at,
            requester: self.requester.clone(),
            outcome: outcome.to_owned(),
            access_key_id: event.text("/accessKeyId"),
            expires_at: event.time("/expiresAt"),
            code: event.text("/code"),
        })
    }

    fn activity(&self, event: &Event, is_newest: bool) -> ActivityRow {
        let number = |field: &str| event.number(&format!("/activity/{field}")).unwrap_or_default();
        ActivityRow {
            request: self.request.clone(),
            seq: event.seq,
            recorded_at: event.at,
            requester: self.requester.clone(),
            is_newest,
            completeness: event.text("/activity/completeness").unwrap_or_default(),
            calls: number("calls"),
            reads: number("reads"),
            denied: number("denied"),
            after_end: number("afterEnd"),
            findings: number("findings"),
            top: json(event, "/activity/top"),
            data_events: event.flag("/activity/dataEvents").unwrap_or_default(),
            gaps: List(event.list("/activity/gaps")),
            digest: event.text("/activity/digest").unwrap_or_default(),
        }
    }
}

/// When a grant was to end, and did.
struct End {
    due: Moment,
    expires_at: Moment,
    revoked_at: Option<Moment>,
    ended_at: Option<Moment>,
}

impl End {
    fn outcome(&self, failed: bool, as_of: Moment) -> &'static str {
        let late = |at: Moment| at.since(self.due) > LATE_AFTER;
        match (self.ended_at, self.revoked_at) {
            (Some(at), _) if late(at) => "late",
            (Some(_), _) if failed => "failed",
            (Some(_), Some(revoked)) if revoked < self.expires_at => "early",
            (Some(_), _) => "planned",
            (None, _) if late(as_of) => "overdue",
            (None, _) => "open",
        }
    }
}

/// Whether a finding of this severity is one that somebody has to answer for.
pub(crate) fn is_grave(severity: &str) -> bool {
    matches!(severity, "high" | "critical")
}

fn named<'a>(events: &[&'a Event], name: &str) -> impl Iterator<Item = &'a Event> {
    events.iter().copied().filter(move |event| event.name == name)
}

fn last<'a>(events: &[&'a Event], name: &str) -> Option<&'a Event> {
    named(events, name).last()
}

pub(crate) fn count(of: usize) -> u64 {
    u64::try_from(of).unwrap_or(u64::MAX)
}
