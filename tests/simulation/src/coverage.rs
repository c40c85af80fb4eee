//! What histories came to: a simulation in which something never happens proves nothing about it.

use crate::history::Played;
use crate::mail::To;
use serde_json::Value;
use std::collections::BTreeMap;

/// Events that have to come up. Not among them: `driftFound`, `endedUnverified` and `personReinstated`, which histories
/// as they are drawn reach too rarely, and runs of Terraform that somebody reports.
pub const EVENTS: &[&str] = &[
    "activityFinding",
    "activitySummarised",
    "approvalGiven",
    "approversReminded",
    "commandRefused",
    "credentialsFailed",
    "credentialsIssued",
    "credentialsRequested",
    "expiryAnnounced",
    "grantActivated",
    "grantEnded",
    "heartbeat",
    "logStarted",
    "nameTaken",
    "offboardingStarted",
    "panicProposed",
    "panicStarted",
    "provisioningAttemptFailed",
    "provisioningStarted",
    "requestApproved",
    "requestCancelled",
    "requestDenied",
    "requestLapsed",
    "requestSubmitted",
    "revocationAttemptFailed",
    "revocationStarted",
    "sweepFinished",
    "termsNarrowed",
    "tombstonePlaced",
    "tombstoneRemoved",
    "verificationAttemptFailed",
    "verifiedEnded",
    "wordsErased",
];

/// How access has to be given.
pub const MECHANISMS: &[&str] = &["policy", "role", "session"];

/// Reasons of an end that have to come up.
pub const REASONS: &[&str] = &["drifted", "expired", "failed", "offboarded", "panic", "revoked"];

/// Refusals that have to come up.
pub const REFUSALS: &[&str] = &[
    "already_approved",
    "already_decided",
    "barred",
    "not_an_approver",
    "not_the_requester",
    "policy_changed",
    "self_approval",
    "stale_digest",
];

/// How often each came up.
#[derive(Debug, Default, Clone)]
pub struct Coverage {
    /// Events, `end:` and a reason, `refused:` and a code, `at:` and a function, `active:` and a mechanism, `extended`.
    pub counts: BTreeMap<String, u64>,
    /// Calls of ports.
    pub calls: u64,
    /// Entries that were committed.
    pub entries: u64,
}

impl Coverage {
    fn count(&mut self, what: String) {
        let count = self.counts.entry(what).or_default();
        *count = count.saturating_add(1);
    }

    /// Counts what came up in one history.
    pub fn take(&mut self, played: &Played) {
        for function in &played.woken {
            self.count(format!("at:{function}"));
        }
        self.calls = self.calls.saturating_add(played.recording.calls.len() as u64);
        for (entry, mechanism) in played.recording.streams.values().flat_map(|entries| {
            let first = entries.first().and_then(|entry| serde_json::from_slice::<Value>(&entry.bytes).ok());
            let kind = first.as_ref().and_then(|first| first.pointer("/event/data/request/mechanism/kind"));
            let kind = kind.and_then(Value::as_str).unwrap_or_default().to_owned();
            entries.iter().map(move |entry| (entry, kind.clone()))
        }) {
            self.entries = self.entries.saturating_add(1);
            let value: Value = serde_json::from_slice(&entry.bytes).unwrap_or_default();
            let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
            let name = text("/event/type");
            match name {
                "grantEnded" => self.count(format!("end:{}", text("/event/data/reason/kind"))),
                "grantActivated" => self.count(format!("active:{mechanism}")),
                "requestSubmitted" if value.pointer("/event/data/request/extends").is_some_and(Value::is_string) => {
                    self.count("extended".to_owned());
                }
                "commandRefused" => self.count(format!("refused:{}", text("/event/data/code"))),
                _ => {}
            }
            self.count(name.to_owned());
        }
    }

    /// Those of another part of the run too.
    pub fn add(&mut self, other: &Self) {
        for (what, times) in &other.counts {
            let count = self.counts.entry(what.clone()).or_default();
            *count = count.saturating_add(*times);
        }
        self.calls = self.calls.saturating_add(other.calls);
        self.entries = self.entries.saturating_add(other.entries);
    }

    /// What never came up.
    pub fn missing(&self) -> Vec<String> {
        let events = EVENTS.iter().map(|event| (*event).to_owned());
        let reasons = REASONS.iter().map(|reason| format!("end:{reason}"));
        let refusals = REFUSALS.iter().map(|code| format!("refused:{code}"));
        let mechanisms = MECHANISMS.iter().map(|kind| format!("active:{kind}"));
        let functions = To::ALL.iter().map(|to| format!("at:{}", to.as_str()));
        let all =
            events.chain(reasons).chain(refusals).chain(mechanisms).chain(functions).chain(["extended".to_owned()]);
        all.filter(|what| !self.counts.contains_key(what)).collect()
    }
}
