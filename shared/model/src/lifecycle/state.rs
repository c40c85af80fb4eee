//! Where a request is, with the data that only exists there.

use crate::activity::Known;
use crate::digest::Digest;
use crate::names::PersonId;
use crate::request::{Request, Status};
use crate::terms::{Narrowed, Terms};
use crate::time::{Time, Window};
use crate::words::{Reason, Words};
use serde::{Deserialize, Serialize};

use super::{HASTY, STUCK_AFTER, Verification};

/// A request and where it is in its life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct State {
    /// What was asked for; never changes.
    pub request: Request,
    /// Where it is.
    pub phase: Phase,
    /// Refused attempts in its record so far.
    pub refusals: u32,
    /// What an approver narrowed it to, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub narrowed: Option<Box<Narrowed>>,
    /// What the record says of what was done under it.
    #[serde(default, skip_serializing_if = "Known::is_nothing")]
    pub known: Known,
}

/// One countersignature, as it counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Approval {
    /// Who.
    pub person: PersonId,
    /// What they saw.
    pub digest: Digest,
    /// When.
    pub at: Time,
    /// How long after they were asked for it, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_seconds: Option<u64>,
    /// What they said with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Words>,
}

impl Approval {
    /// How long after they were asked it was given, in seconds, if that is too short to have read what it is for.
    pub fn hasty(&self) -> Option<u64> {
        self.after_seconds.filter(|seconds| *seconds < HASTY)
    }
}

/// What is made for a grant. Names follow from the request id; documents from terms and window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// When access exists.
    pub window: Window,
}

/// Why access ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum EndReason {
    /// Its window is over.
    Expired,
    /// Somebody ended it early.
    Revoked {
        /// Who.
        by: PersonId,
        /// In their words.
        reason: Words,
    },
    /// The person left.
    Offboarded,
    /// Everything was ended at once.
    Panic,
    /// It could not be made.
    Failed {
        /// What went wrong, as a code.
        code: String,
    },
    /// What it rests on in AWS is not as it was made: somebody else changed it.
    Drifted {
        /// What differs, as codes.
        differences: Vec<String>,
    },
    /// Something was done under it for which its entitlement says that it ends.
    Finding {
        /// The rule's code.
        rule: String,
    },
}

impl EndReason {
    /// The word for it, as the API says it.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::Revoked { .. } => "revoked",
            Self::Offboarded => "offboarded",
            Self::Panic => "panic",
            Self::Failed { .. } => "failed",
            Self::Drifted { .. } => "drifted",
            Self::Finding { .. } => "finding",
        }
    }
}

/// What was read back from AWS, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
    /// When AWS was read.
    pub checked_at: Time,
    /// What it said, one finding per line of thought: `role absent`, `schedule armed for …`.
    pub findings: Vec<String>,
}

/// An explicit deny that outlasts its grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Residue {
    /// When it may be taken out.
    pub until: Time,
}

/// Where a request is. Data lives in the phase that gives it meaning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "lowercase", rename_all_fields = "camelCase")]
pub enum Phase {
    /// Waits for countersignatures.
    Pending {
        /// Those given so far, one per person, in order.
        approvals: Vec<Approval>,
        /// When it lapses.
        lapses_at: Time,
        /// Rounds of reminders that are out.
        #[serde(default)]
        reminded: u32,
        /// When the last of them went out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reminded_at: Option<Time>,
    },
    /// Enough countersignatures.
    Approved {
        /// Those it took; empty if policy alone approved.
        approvals: Vec<Approval>,
        /// When.
        at: Time,
    },
    /// Access is being made.
    Provisioning {
        /// The countersignatures it rests on.
        approvals: Vec<Approval>,
        /// What is made.
        plan: Plan,
        /// Attempts that failed.
        failures: u32,
        /// When reconciliation takes it up.
        next_attempt_at: Time,
    },
    /// Access exists.
    Active {
        /// The countersignatures it rests on.
        approvals: Vec<Approval>,
        /// What was made.
        plan: Plan,
        /// Since when.
        at: Time,
        /// Credentials handed out.
        issued: u32,
        /// Whether its end was announced.
        #[serde(default)]
        warned: bool,
    },
    /// Access is being ended.
    Revoking {
        /// The countersignatures it rested on.
        approvals: Vec<Approval>,
        /// What may have been made.
        plan: Plan,
        /// Why.
        reason: EndReason,
        /// Since when.
        since: Time,
        /// Credentials asked for before that. None are from here on, so 0 means that there never
        /// was a session of the shared base role.
        issued: u32,
        /// Set once the explicit deny is in place: until when nothing is taken out.
        quarantine_until: Option<Time>,
        /// Attempts that failed.
        failures: u32,
        /// When the next one is due.
        next_attempt_at: Time,
    },
    /// Refused.
    Denied {
        /// By whom, if it was a person.
        by: Option<PersonId>,
        /// Why.
        reason: Reason,
        /// When.
        at: Time,
    },
    /// Withdrawn, or ended before anything came of it.
    Cancelled {
        /// When.
        at: Time,
        /// Why, if it was not the requester.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<EndReason>,
    },
    /// Nobody countersigned in time.
    Lapsed {
        /// When.
        at: Time,
    },
    /// Over.
    Ended {
        /// The countersignatures it rested on.
        approvals: Vec<Approval>,
        /// What was made.
        plan: Plan,
        /// Why.
        reason: EndReason,
        /// When AWS was read back and nothing was left.
        at: Time,
        /// What was read back.
        evidence: Evidence,
        /// The explicit deny that is still in place, if any.
        residue: Option<Residue>,
        /// How often credentials were asked for.
        #[serde(default)]
        issued: u32,
        /// When it was ordered; all sessions were begun before. `None`: ended before this was kept.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        since: Option<Time>,
        /// Whether IAM itself says so.
        #[serde(default)]
        verification: Verification,
    },
}

impl State {
    /// Where it is, in one word.
    pub fn status(&self) -> Status {
        match self.phase {
            Phase::Pending { .. } => Status::Pending,
            Phase::Approved { .. } => Status::Approved,
            Phase::Provisioning { .. } => Status::Provisioning,
            Phase::Active { .. } => Status::Active,
            Phase::Revoking { .. } => Status::Revoking,
            Phase::Denied { .. } => Status::Denied,
            Phase::Cancelled { .. } => Status::Cancelled,
            Phase::Lapsed { .. } => Status::Lapsed,
            Phase::Ended { .. } => Status::Ended,
        }
    }

    /// What of it is granted: what is countersigned, and what window and documents are made of.
    pub fn terms(&self) -> Terms<'_> {
        Terms { request: &self.request, narrowed: self.narrowed.as_deref() }
    }

    /// Whether policy refused it by itself, without a person.
    pub fn denied_by_policy(&self) -> bool {
        matches!(self.phase, Phase::Denied { by: None, .. })
    }

    /// When something has to happen to it at the latest; `None`: nothing ever.
    pub fn due_at(&self) -> Option<Time> {
        match &self.phase {
            Phase::Pending { lapses_at, reminded, .. } => {
                let request = &self.request;
                let reminder = request.notices.reminder_at(request.submitted_at, *reminded);
                Some(reminder.map_or(*lapses_at, |reminder| reminder.min(*lapses_at)))
            }
            Phase::Approved { at, .. } => Some(at.plus(STUCK_AFTER)),
            Phase::Provisioning { next_attempt_at, .. } | Phase::Revoking { next_attempt_at, .. } => {
                Some(*next_attempt_at)
            }
            Phase::Active { plan, warned, .. } => {
                let warning = self.request.notices.warning_at(plan.window).filter(|_| !warned);
                Some(warning.unwrap_or(plan.window.expires_at()))
            }
            Phase::Ended { residue, verification, at, .. } => {
                let taken_out = residue.map(|residue| residue.until);
                verification.due_at(*at).into_iter().chain(taken_out).min()
            }
            Phase::Denied { .. } | Phase::Cancelled { .. } | Phase::Lapsed { .. } => None,
        }
    }

    /// The plan, once there is one.
    pub fn plan(&self) -> Option<&Plan> {
        match &self.phase {
            Phase::Provisioning { plan, .. }
            | Phase::Active { plan, .. }
            | Phase::Revoking { plan, .. }
            | Phase::Ended { plan, .. } => Some(plan),
            Phase::Pending { .. }
            | Phase::Approved { .. }
            | Phase::Denied { .. }
            | Phase::Cancelled { .. }
            | Phase::Lapsed { .. } => None,
        }
    }

    /// The countersignatures given so far.
    pub fn approvals(&self) -> &[Approval] {
        match &self.phase {
            Phase::Pending { approvals, .. }
            | Phase::Approved { approvals, .. }
            | Phase::Provisioning { approvals, .. }
            | Phase::Active { approvals, .. }
            | Phase::Revoking { approvals, .. }
            | Phase::Ended { approvals, .. } => approvals,
            Phase::Denied { .. } | Phase::Cancelled { .. } | Phase::Lapsed { .. } => &[],
        }
    }
}
