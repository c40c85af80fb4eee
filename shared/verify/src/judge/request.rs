//! One request, from its first entry to its last.

use super::digest;
use super::path::{Place, Step, step};
use super::persons::Persons;
use crate::codes::Code;
use crate::entry::{Entry, texts};
use crate::finding::{At, Found, shown};
use crate::time::seconds;
use serde_json::Value;

/// How access is made; what of it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Mechanism {
    /// Sessions of a role that others share.
    #[default]
    Session,
    /// A role of its own.
    Role,
    /// A managed policy of its own on a role that others share.
    Policy,
}

/// Credentials that were handed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    /// The access key's id.
    pub(crate) id: String,
    /// When that was recorded.
    pub(crate) at: i64,
    /// Where.
    pub(crate) index: u64,
    /// Where in the stream.
    pub(crate) seq: u64,
}

/// An end, or a cancellation, that an order is to bear out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stopped {
    /// `panic` or `offboarded`.
    pub(crate) kind: String,
    /// When.
    pub(crate) at: i64,
    /// Where.
    pub(crate) index: u64,
    /// Where in the stream.
    pub(crate) seq: u64,
}

/// What is known of a request so far.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) place: Place,
    /// The last leaf of it.
    pub(crate) index: u64,
    pub(crate) requester: String,
    pub(crate) account: String,
    pub(crate) submitted_at: i64,
    pub(super) lapses_at: i64,
    pub(super) needed: u64,
    pub(crate) mechanism: Mechanism,
    /// The name of the role whose sessions are handed out.
    pub(crate) role: Option<String>,
    pub(super) mfa_at_door: bool,
    /// The request's own digest, and that of the terms as they are.
    pub(super) digest: String,
    pub(super) terms: String,
    pub(super) permissions: Vec<String>,
    pub(super) resources: Vec<String>,
    pub(super) seconds: u64,
    /// Who countersigned these terms.
    pub(super) votes: Vec<String>,
    pub(super) approved_at: Option<i64>,
    /// From when until when access exists.
    pub(crate) window: Option<(i64, i64)>,
    pub(super) asked: u64,
    pub(super) answered: u64,
    /// Credentials that were handed out.
    pub(crate) keys: Vec<Key>,
    /// Since when it is being ended.
    pub(crate) revoking_since: Option<i64>,
    pub(super) reason: Option<Value>,
    /// Since when an explicit deny is in place.
    pub(crate) denied_at: Option<i64>,
    pub(super) quarantine_until: Option<i64>,
    pub(crate) ended_at: Option<i64>,
    pub(super) deny_until: Option<i64>,
    /// Whether IAM bore the end out since.
    pub(crate) verified: bool,
    /// When it stopped being something that can still lead to access.
    pub(crate) closed_at: Option<i64>,
    pub(super) findings: Vec<String>,
    /// Whether an order is to bear out how it ended.
    pub(crate) stopped: Option<Stopped>,
}

impl Default for Request {
    fn default() -> Self {
        Self {
            place: Place::Nowhere,
            index: 0,
            requester: String::new(),
            account: String::new(),
            submitted_at: 0,
            lapses_at: 0,
            needed: u64::MAX,
            mechanism: Mechanism::Session,
            role: None,
            mfa_at_door: false,
            digest: String::new(),
            terms: String::new(),
            permissions: Vec::new(),
            resources: Vec::new(),
            seconds: 0,
            votes: Vec::new(),
            approved_at: None,
            window: None,
            asked: 0,
            answered: 0,
            keys: Vec::new(),
            revoking_since: None,
            reason: None,
            denied_at: None,
            quarantine_until: None,
            ended_at: None,
            deny_until: None,
            verified: false,
            closed_at: None,
            findings: Vec::new(),
            stopped: None,
        }
    }
}

/// What an entry is judged with.
pub(super) struct Judging<'a> {
    pub(super) entry: &'a Entry,
    pub(super) index: u64,
    pub(super) found: &'a mut Found,
    pub(super) persons: &'a mut Persons,
}

impl Judging<'_> {
    pub(super) fn find(&mut self, code: Code, sentence: impl Into<String>) {
        self.found.add(code, At::entry(self.index, &self.entry.stream, self.entry.seq), sentence);
    }

    /// The field is there, and what it has to be; else that is found.
    pub(super) fn has<T>(&mut self, field: &str, value: Option<T>) -> Option<T> {
        if value.is_none() {
            let kind = shown(&self.entry.kind);
            self.find(
                Code::MalformedEvent,
                format!("`{kind}` says nothing, or nothing that can be read, of `{field}`."),
            );
        }
        value
    }

    /// `person` is who caused the entry; else that is found.
    pub(super) fn caused_by(&mut self, person: &str) {
        if self.entry.by() != Some(person) {
            let by = self.entry.by().map_or_else(|| "no person".to_owned(), shown);
            let kind = shown(&self.entry.kind);
            self.find(Code::ForgedCause, format!("`{kind}` says {}, and was caused by {by}.", shown(person)));
        }
    }

    pub(super) fn acts(&mut self, person: &str) {
        self.persons.did(person, self.entry.at, self.index, self.entry.seq);
    }
}

impl Request {
    /// Takes in the next entry.
    pub(crate) fn take(&mut self, entry: &Entry, index: u64, found: &mut Found, persons: &mut Persons) {
        let from = self.place;
        self.index = index;
        let mut on = Judging { entry, index, found, persons };
        match step(from, &entry.kind) {
            Step::To(place) => self.place = place,
            Step::Impossible(place) => {
                let sentence = format!("`{}` can't follow: {}.", shown(&entry.kind), from.words());
                on.find(Code::ImpossibleEvent, sentence);
                // Judged from where the event would have led, so that one break is found once.
                self.place = place;
            }
            Step::Unknown => {
                let sentence =
                    format!("`{}` is no event that this program knows; it was not judged.", shown(&entry.kind));
                return on.find(Code::UnknownEvent, sentence);
            }
        }
        if from.is_open() && !self.place.is_open() {
            self.closed_at = Some(entry.at);
        }
        match entry.kind.as_str() {
            "requestSubmitted" => drop(self.submitted(&mut on)),
            "requestDenied" => denied(&mut on),
            "requestCancelled" => self.cancelled(&mut on),
            "requestLapsed" => self.lapsed(&mut on),
            "approvalGiven" => drop(self.countersigned(&mut on)),
            "termsNarrowed" => drop(self.narrowed(&mut on)),
            "requestApproved" => self.approved(&mut on),
            "provisioningStarted" => drop(self.provisioning(&mut on)),
            "grantActivated" => self.activated(&mut on),
            "credentialsRequested" => self.credentials_asked(&mut on),
            "credentialsIssued" | "credentialsFailed" => drop(self.credentials_given(&mut on)),
            "revocationStarted" => drop(self.revoking(&mut on)),
            "tombstonePlaced" => drop(self.denied_to_all(&mut on)),
            "grantEnded" => drop(self.ended(&mut on)),
            "verifiedEnded" => self.verified = true,
            "driftFound" => self.verified = false,
            "tombstoneRemoved" => self.deny_removed(&mut on),
            "activityFinding" => {
                self.findings.extend(entry.data.pointer("/finding/rule").and_then(Value::as_str).map(str::to_owned));
            }
            "runReported" => on.caused_by(&self.requester),
            _ => {}
        }
    }

    /// What was asked for; its digest is computed anew.
    fn submitted(&mut self, on: &mut Judging<'_>) -> Option<()> {
        let request = on.has("request", on.entry.data.get("request"))?;
        let text = |name: &str| request.get(name).and_then(Value::as_str).map(str::to_owned);
        if text("id").as_deref() != Some(&on.entry.stream) {
            on.find(Code::MalformedEvent, "It was submitted under another id than that of its stream.");
        }
        self.requester = on.has("requester", text("requester"))?;
        self.account = on.has("account", text("account"))?;
        self.digest = on.has("digest", text("digest"))?;
        self.terms.clone_from(&self.digest);
        match digest::of_request(request) {
            Ok(digest) if digest == self.digest => {}
            Ok(digest) => on.find(
                Code::DigestDiffers,
                format!("The request says the digest {}; what it says gives {digest}.", shown(&self.digest)),
            ),
            Err(digest::Incomplete(field)) => drop(on.has::<()>(field, None)),
        }
        self.submitted_at = on.has("submittedAt", text("submittedAt").as_deref().and_then(seconds))?;
        if self.submitted_at != on.entry.at {
            on.find(Code::MalformedEvent, "It says another time of submission than that at which it was stored.");
        }
        let waits = on.has("approvalWindowSeconds", request.get("approvalWindowSeconds").and_then(Value::as_u64))?;
        self.lapses_at = self.submitted_at.saturating_add_unsigned(waits);
        self.needed = on.has("quorum.needed", request.pointer("/quorum/needed").and_then(Value::as_u64))?;
        self.seconds = on.has("durationSeconds", request.get("durationSeconds").and_then(Value::as_u64))?;
        self.permissions = on.has("permissions", request.get("permissions").and_then(texts))?;
        self.resources = on.has("resources", request.get("resources").and_then(texts))?;
        self.mfa_at_door = request.get("mfaAtDoor").and_then(Value::as_bool).unwrap_or(true);
        let kind = request.pointer("/mechanism/kind").and_then(Value::as_str);
        self.mechanism = on.has(
            "mechanism",
            match kind {
                Some("session") => Some(Mechanism::Session),
                Some("role") => Some(Mechanism::Role),
                Some("policy") => Some(Mechanism::Policy),
                _ => None,
            },
        )?;
        let role = ["baseRole", "targetRole"].iter().find_map(|name| request.get("mechanism")?.get(name)?.as_str());
        self.role = role.and_then(|arn| arn.rsplit('/').next()).map(str::to_owned);
        on.caused_by(&self.requester);
        on.acts(&self.requester);
        Some(())
    }

    fn cancelled(&mut self, on: &mut Judging<'_>) {
        match on.entry.data.pointer("/reason/kind").and_then(Value::as_str) {
            None => on.caused_by(&self.requester),
            Some(kind) => self.stopped_by_order(kind, on),
        }
    }

    fn lapsed(&self, on: &mut Judging<'_>) {
        // Approved and not made in time is the other way to lapse.
        let since = self.approved_at.map(|at| at.saturating_add(super::APPROVAL_HOLDS));
        if on.entry.at < self.lapses_at && since.is_none_or(|since| on.entry.at <= since) {
            on.find(Code::ImpossibleEvent, "It is said to have lapsed before it could.");
        }
    }

    /// How many intents to hand credentials out have no key in the record: they failed, or have no outcome.
    pub(crate) fn without_key(&self) -> u64 {
        self.asked.saturating_sub(u64::try_from(self.keys.len()).unwrap_or(u64::MAX))
    }

    /// Until when it can be countersigned.
    pub(crate) fn lapses_at(&self) -> i64 {
        self.lapses_at
    }

    /// When it was approved.
    pub(crate) fn approved_at(&self) -> Option<i64> {
        self.approved_at
    }

    /// What is ended by a panic or an offboarding is held against its order at the end.
    pub(super) fn stopped_by_order(&mut self, kind: &str, on: &Judging<'_>) {
        if matches!(kind, "panic" | "offboarded") {
            let (at, index, seq) = (on.entry.at, on.index, on.entry.seq);
            self.stopped = Some(Stopped { kind: kind.to_owned(), at, index, seq });
        }
    }
}

/// Refused: by the person that it says, or by policy as it was submitted.
fn denied(on: &mut Judging<'_>) {
    if let Some(by) = on.entry.text("by").map(str::to_owned) {
        on.caused_by(&by);
        on.acts(&by);
    }
}
