//! The tables, and making them from entries.
//!
//! All columns are facts of the record, or follow from them by the sentence beside them. Erased words are no value.

use crate::life::Life;
use crate::moment::Moment;
use crate::schema::{Json, List, Row, Schema, table};
use crate::source::{Event, Given, Unreadable};
use serde_json::Value;
use std::collections::BTreeMap;

/// How long after its end was due a grant may be found to be ended and still count as on time, in seconds: the scheduler's
/// precision of 60, the quarantine of 75, and one run of reconciliation, 60. Access itself ends on time whatever is late: the
/// documents in IAM say when.
/// Source: EventBridge Scheduler user guide, schedule types; ARCHITECTURE.md, limits.
pub const LATE_AFTER: u64 = 195;

table! {
    #[doc = "A request, with what became of it."]
    "requests" RequestRow {
        #[doc = "The request's id."] request: String,
        #[doc = "When it was asked for."] submitted_at: Moment,
        #[doc = "Who asked: the person's id in the catalog."] requester: String,
        #[doc = "The door they came in by: `slack` or `api`."] door: String,
        #[doc = "Their identity there: a Slack user or an ARN."] identity: String,
        #[doc = "What they asked for: the entitlement's name in the catalog."] entitlement: String,
        #[doc = "The AWS account."] account: String,
        #[doc = "The environment, by the catalog."] environment: String,
        #[doc = "How access is made: `session`, `role` or `policy`."] mechanism: String,
        #[doc = "The actions asked for."] permissions: List,
        #[doc = "The resources asked for."] resources: List,
        #[doc = "How long it was asked for, in seconds."] duration_seconds: u64,
        #[doc = "Why, in their words; no value once erased."] justification: Option<String>,
        #[doc = "The ticket."] ticket: Option<String>,
        #[doc = "The computed risk: `low`, `medium`, `high` or `critical`."] risk: String,
        #[doc = "Countersignatures that it takes."] needed: u64,
        #[doc = "The groups whose members may countersign it."] approver_groups: List,
        #[doc = "The request that it extends."] extends: Option<String>,
        #[doc = "The request's digest as it was asked for."] digest: String,
        #[doc = "The digest of the catalog's entitlement that it was judged by."] entitlement_digest: String,
        #[doc = "The digest of the policy that it was judged by."] policy_digest: String,
        #[doc = "Where it is: `pending`, `approved`, `provisioning`, `active`, `revoking`, `denied`, `cancelled`, `lapsed` or `ended`."] status: String,
        #[doc = "Since when."] status_at: Moment,
        #[doc = "Who denied it, if a person did."] denied_by: Option<String>,
        #[doc = "Why it was denied: their words, or policy's."] denied_reason: Option<String>,
        #[doc = "How often an approver narrowed it."] narrowed: u64,
        #[doc = "Attempts on it that were refused, and are in the record."] refusals: u64,
        #[doc = "Entries of its record."] entries: u64,
    }
}

table! {
    #[doc = "A countersignature."]
    "approvals" ApprovalRow {
        #[doc = "The request's id."] request: String,
        #[doc = "The entry's place in the request's record."] seq: u64,
        #[doc = "Its leaf's index in the log."] leaf: Option<u64>,
        #[doc = "When it was given."] recorded_at: Moment,
        #[doc = "Who gave it."] approver: String,
        #[doc = "Who had asked."] requester: String,
        #[doc = "Whether these are the same person. Never true."] is_self: bool,
        #[doc = "The door they came in by: `slack` or `api`."] door: Option<String>,
        #[doc = "Whether that identity is one for which a second factor is certain."] mfa: Option<bool>,
        #[doc = "The digest of what they saw."] digest: String,
        #[doc = "Whether it counts: it is of what was to be granted in the end, and the person's first of that."] counts: bool,
        #[doc = "How long after they were asked, in seconds, as the record says."] after_seconds: Option<u64>,
        #[doc = "How long after the request, in seconds."] after_request_seconds: u64,
        #[doc = "What they said with it; no value once erased."] note: Option<String>,
        #[doc = "The policies that let them."] rules: List,
    }
}

table! {
    #[doc = "Access that was decided to be made: its window, how it came about, and how it ended."]
    "grants" GrantRow {
        #[doc = "The request's id."] request: String,
        #[doc = "Who had it."] requester: String,
        #[doc = "The entitlement's name."] entitlement: String,
        #[doc = "The AWS account."] account: String,
        #[doc = "The environment, by the catalog."] environment: String,
        #[doc = "How access was made: `session`, `role` or `policy`."] mechanism: String,
        #[doc = "The computed risk: `low`, `medium`, `high` or `critical`."] risk: String,
        #[doc = "The ticket."] ticket: Option<String>,
        #[doc = "Why, in the requester's words; no value once erased."] justification: Option<String>,
        #[doc = "The actions granted, after any narrowing."] permissions: List,
        #[doc = "The resources granted, after any narrowing."] resources: List,
        #[doc = "How long it was to be, in seconds, after any narrowing."] granted_seconds: u64,
        #[doc = "When the window begins."] starts_at: Moment,
        #[doc = "When the window ends: IAM denies from then on."] expires_at: Moment,
        #[doc = "The window's length, in seconds."] window_seconds: u64,
        #[doc = "When it was asked for."] submitted_at: Moment,
        #[doc = "When there were enough countersignatures, or policy alone approved."] approved_at: Option<Moment>,
        #[doc = "Seconds from the request to its approval."] waited_seconds: Option<u64>,
        #[doc = "Countersignatures that it took by policy."] needed: u64,
        #[doc = "Countersignatures that count, by distinct persons other than the requester."] countersigned: u64,
        #[doc = "Who gave those."] approvers: List,
        #[doc = "The digest of what was granted."] digest: String,
        #[doc = "When it was decided to make it: the intent's entry."] decided_at: Moment,
        #[doc = "When access existed."] active_at: Option<Moment>,
        #[doc = "When ending it began."] revoked_at: Option<Moment>,
        #[doc = "When the explicit deny was in place, where there is one."] denied_at: Option<Moment>,
        #[doc = "When it was found to be gone."] ended_at: Option<Moment>,
        #[doc = "Why it ended: `expired`, `revoked`, `offboarded`, `panic`, `failed`, `drifted` or `finding`."] end_reason: Option<String>,
        #[doc = "Who ended it, if a person did."] ended_by: Option<String>,
        #[doc = "What they said; no value once erased."] end_note: Option<String>,
        #[doc = "When IAM was asked and said that nothing of it lets anybody in."] verified_at: Option<Moment>,
        #[doc = "When that could not be had for so long that somebody was told."] unverified_at: Option<Moment>,
        #[doc = "How it ended: `planned` at its time; `early`; `late`, found gone more than 195 s after it was due; `failed`, never made; `open` and not due; `overdue`, due for more than 195 s by the newest entry, and not found gone."] outcome: String,
        #[doc = "Seconds from when the end was due (its time, or when an early end was ordered) to when it was found gone."] end_took_seconds: Option<u64>,
        #[doc = "Times that credentials were handed out."] credentials: u64,
        #[doc = "Calls made under it, by the newest summary."] calls: Option<u64>,
        #[doc = "Of those, refused for want of permission."] denied_calls: Option<u64>,
        #[doc = "Of those, after the end."] calls_after_end: Option<u64>,
        #[doc = "How complete that is: `collecting`, `provisional` or `final`."] completeness: Option<String>,
        #[doc = "Whether it was used: calls or credentials; no value while that can't be known."] used: Option<bool>,
        #[doc = "Findings in its record."] findings: u64,
        #[doc = "Of those, high or critical."] grave_findings: u64,
        #[doc = "Times that what it rests on was changed by somebody else, and found."] drifts: u64,
    }
}

table! {
    #[doc = "Credentials that were asked for under a grant. No secret is in the record."]
    "credentials" CredentialRow {
        #[doc = "The request's id."] request: String,
        #[doc = "The entry's place in the request's record."] seq: u64,
        #[doc = "When."] recorded_at: Moment,
        #[doc = "Whose grant."] requester: String,
        #[doc = "`issued` or `failed`."] outcome: String,
        #[doc = "The access key's id, as CloudTrail shows it."] access_key_id: Option<String>,
        #[doc = "When they stop, at the latest."] expires_at: Option<Moment>,
        #[doc = "What went wrong, as a code."] code: Option<String>,
    }
}

table! {
    #[doc = "A summary of what was done under a grant; a later one of the same grant replaces it."]
    "activity" ActivityRow {
        #[doc = "The request's id."] request: String,
        #[doc = "The entry's place in the request's record."] seq: u64,
        #[doc = "When it was recorded."] recorded_at: Moment,
        #[doc = "Whose grant."] requester: String,
        #[doc = "Whether it is the grant's newest."] is_newest: bool,
        #[doc = "How complete it is: `collecting`, `provisional` or `final`."] completeness: String,
        #[doc = "Calls, refused and failed ones included."] calls: u64,
        #[doc = "Of those, calls that change nothing."] reads: u64,
        #[doc = "Of those, refused for want of permission."] denied: u64,
        #[doc = "Of those, after the end."] after_end: u64,
        #[doc = "Findings so far."] findings: u64,
        #[doc = "What was called most: a list of objects with `name` and `times`."] top: Json,
        #[doc = "Whether calls on data are among what is recorded."] data_events: bool,
        #[doc = "What is missing, as codes."] gaps: List,
        #[doc = "The digest of the whole summary as it is kept beside the record."] digest: String,
    }
}

table! {
    #[doc = "Something odd in what was done under a grant."]
    "findings" FindingRow {
        #[doc = "The request's id."] request: String,
        #[doc = "The entry's place in the request's record."] seq: u64,
        #[doc = "When it was recorded."] recorded_at: Moment,
        #[doc = "Whose grant."] requester: String,
        #[doc = "The entitlement's name."] entitlement: String,
        #[doc = "The AWS account."] account: String,
        #[doc = "The rule's stable code."] rule: String,
        #[doc = "`low`, `medium`, `high` or `critical`."] severity: String,
        #[doc = "What it is about: an action, an address."] subject: String,
        #[doc = "Why people are shown it."] reason: String,
        #[doc = "When the call that showed it was made."] called_at: Option<Moment>,
        #[doc = "Ids of the calls that show it."] evidence: List,
    }
}

table! {
    #[doc = "What was done to the system and by it beside requests: policy, deployments, sweeps (panic and offboarding), accounts, the log's own."]
    "system" SystemRow {
        #[doc = "The stream."] stream: String,
        #[doc = "The entry's place in it."] seq: u64,
        #[doc = "Its leaf's index in the log."] leaf: Option<u64>,
        #[doc = "When."] recorded_at: Moment,
        #[doc = "`policy`, `deployment`, `log`, `sweep` or `account`; otherwise `other`."] kind: String,
        #[doc = "The event's name."] event: String,
        #[doc = "Who caused it, if a person did."] person: Option<String>,
        #[doc = "The part of the system that caused it, if it did."] part: Option<String>,
        #[doc = "Why, in their words; no value once erased."] reason: Option<String>,
        #[doc = "All that the event says."] data: Json,
    }
}

table! {
    #[doc = "Every entry there is, of all streams: what all other tables are made of."]
    "events" EventRow {
        #[doc = "The stream: the request's id, or that of something else."] stream: String,
        #[doc = "The entry's place in it."] seq: u64,
        #[doc = "Its leaf's index in the log."] leaf: Option<u64>,
        #[doc = "When."] recorded_at: Moment,
        #[doc = "The event's name."] event: String,
        #[doc = "Who caused it, if a person did."] person: Option<String>,
        #[doc = "The part of the system that caused it, if it did."] part: Option<String>,
        #[doc = "SHA-256 of the entry's bytes: what the next entry of the stream names."] hash: String,
        #[doc = "All that the event says, with words of people that are still there."] data: Json,
    }
}

/// All tables.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tables {
    /// Requests, by time.
    pub requests: Vec<RequestRow>,
    /// Countersignatures, by time.
    pub approvals: Vec<ApprovalRow>,
    /// Grants, by when they were decided.
    pub grants: Vec<GrantRow>,
    /// Credentials, by time.
    pub credentials: Vec<CredentialRow>,
    /// Summaries, by time.
    pub activity: Vec<ActivityRow>,
    /// Findings, by time.
    pub findings: Vec<FindingRow>,
    /// What is no request's, by time.
    pub system: Vec<SystemRow>,
    /// Everything, by time.
    pub events: Vec<EventRow>,
}

/// The tables' schemas, in the order of the docs.
pub const SCHEMAS: [Schema; 8] = [
    RequestRow::SCHEMA,
    ApprovalRow::SCHEMA,
    GrantRow::SCHEMA,
    CredentialRow::SCHEMA,
    ActivityRow::SCHEMA,
    FindingRow::SCHEMA,
    SystemRow::SCHEMA,
    EventRow::SCHEMA,
];

/// Reads entries, in any order; those that can't be read are told apart.
pub fn read(given: &[Given]) -> (Vec<Event>, Vec<Unreadable>) {
    let (mut events, mut unreadable) = (Vec::with_capacity(given.len()), Vec::new());
    for given in given {
        match given.read() {
            Ok(event) => events.push(event),
            Err(error) => unreadable.push(error),
        }
    }
    events.sort_by(|one, other| (&one.stream, one.seq).cmp(&(&other.stream, other.seq)));
    (events, unreadable)
}

/// When the newest of these was written.
pub fn newest(events: &[Event]) -> Option<Moment> {
    events.iter().map(|event| event.at).max()
}

impl Tables {
    /// The tables of these entries, each stream's in order; what is open is judged as of `as_of`.
    pub fn of(events: &[Event], as_of: Moment) -> Self {
        let mut tables = Self::default();
        let mut streams: BTreeMap<&str, Vec<&Event>> = BTreeMap::new();
        for event in events {
            streams.entry(&event.stream).or_default().push(event);
            tables.events.push(entry(event));
        }
        for (stream, events) in streams {
            match Life::of(stream, &events) {
                Some(life) => life.rows(&events, as_of, &mut tables),
                None => tables.system.extend(events.into_iter().map(system)),
            }
        }
        tables.requests.sort_by(|a, b| (a.submitted_at, &a.request).cmp(&(b.submitted_at, &b.request)));
        tables.approvals.sort_by(|a, b| (a.recorded_at, &a.request, a.seq).cmp(&(b.recorded_at, &b.request, b.seq)));
        tables.grants.sort_by(|a, b| (a.decided_at, &a.request).cmp(&(b.decided_at, &b.request)));
        tables.credentials.sort_by(|a, b| (a.recorded_at, &a.request, a.seq).cmp(&(b.recorded_at, &b.request, b.seq)));
        tables.activity.sort_by(|a, b| (a.recorded_at, &a.request, a.seq).cmp(&(b.recorded_at, &b.request, b.seq)));
        tables.findings.sort_by(|a, b| (a.recorded_at, &a.request, a.seq).cmp(&(b.recorded_at, &b.request, b.seq)));
        tables.system.sort_by(|a, b| (a.recorded_at, &a.stream, a.seq).cmp(&(b.recorded_at, &b.stream, b.seq)));
        tables.events.sort_by(|a, b| (a.recorded_at, &a.stream, a.seq).cmp(&(b.recorded_at, &b.stream, b.seq)));
        tables
    }
}

fn entry(event: &Event) -> EventRow {
    EventRow {
        stream: event.stream.clone(),
        seq: event.seq,
        leaf: event.index,
        recorded_at: event.at,
        event: event.name.clone(),
        person: event.person(),
        part: event.part(),
        hash: event.hash.clone(),
        data: Json(event.data.clone()),
    }
}

fn system(event: &Event) -> SystemRow {
    let kind = match event.stream.as_str() {
        "sys_policy" => "policy",
        "sys_deployment" => "deployment",
        "sys_log" => "log",
        sweep if sweep.starts_with("swp_") => "sweep",
        account if account.starts_with("acc_") => "account",
        _ => "other",
    };
    SystemRow {
        stream: event.stream.clone(),
        seq: event.seq,
        leaf: event.index,
        recorded_at: event.at,
        kind: kind.to_owned(),
        event: event.name.clone(),
        person: event.person().or_else(|| event.text("/by")),
        part: event.part(),
        reason: event.text("/reason"),
        data: Json(event.data.clone()),
    }
}

/// What of a value is shown as JSON; an absent one is `null`.
pub(crate) fn json(event: &Event, pointer: &str) -> Json {
    Json(event.data.pointer(pointer).cloned().unwrap_or(Value::Null))
}
