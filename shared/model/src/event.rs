//! What happened to a request. An event carries all it takes to rebuild the state after it.

use crate::activity::{Activity, Finding, Run};
use crate::digest::Digest;
use crate::lifecycle::{EndReason, Evidence, Plan};
use crate::names::{GroupName, PersonId};
use crate::request::Request;
use crate::time::Time;
use crate::words::{Reason, Words};
use serde::{Deserialize, Serialize};

/// One state change of one request, or one refused attempt at it.
///
/// INVARIANT (append-only schema): variants and fields are added, never renamed or given another
/// meaning; the record holds the bytes of every event ever written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Event {
    /// Somebody asked; policy said what it takes.
    RequestSubmitted {
        /// What was asked for.
        request: Box<Request>,
        /// The policies that determined the decision.
        rules: Vec<String>,
    },
    /// Refused by policy (no person) or by a person.
    RequestDenied {
        /// Who, if it was a person.
        by: Option<PersonId>,
        /// Why, in their words or the policy's.
        reason: Reason,
        /// The policies that determined it.
        rules: Vec<String>,
    },
    /// One countersignature.
    ApprovalGiven {
        /// Who.
        person: PersonId,
        /// The digest of what they saw.
        digest: Digest,
        /// The policies that let them.
        rules: Vec<String>,
        /// How long after they were asked for it, in seconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after_seconds: Option<u64>,
        /// What they say with it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<Words>,
    },
    /// An approver narrowed what is to be granted. Their own countersignature, of the new digest, follows.
    TermsNarrowed {
        /// Who.
        by: PersonId,
        /// The actions that remain.
        permissions: Vec<String>,
        /// The resources that remain.
        resources: Vec<String>,
        /// How long, in seconds.
        duration_seconds: u64,
        /// The digest of the new terms, which everything from here on binds to.
        digest: Digest,
        /// Who had countersigned what was wider. That counts no more, and they are asked again.
        superseded: Vec<PersonId>,
    },
    /// Enough countersignatures, or policy alone.
    RequestApproved {
        /// Who countersigned, in order; empty if policy alone approved.
        approvers: Vec<PersonId>,
        /// The policies that approved by themselves.
        rules: Vec<String>,
    },
    /// Withdrawn by the requester, or ended before anything came of it.
    RequestCancelled {
        /// Why, if it was not the requester.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<EndReason>,
    },
    /// Nobody countersigned in time.
    RequestLapsed {},
    /// Approvers are asked again.
    ApproversReminded {
        /// Which round, from 1. Rounds that were missed are not made up for.
        round: u32,
        /// Who is asked from now on besides.
        groups: Vec<GroupName>,
    },
    /// Access is about to be made: the intent, with the window and the names of everything.
    ProvisioningStarted {
        /// What will be made.
        plan: Plan,
    },
    /// An attempt at making it failed and will be repeated.
    ProvisioningAttemptFailed {
        /// Which attempt, from 1.
        attempt: u32,
        /// What went wrong, as a code.
        code: String,
        /// When it is tried again.
        next_attempt_at: Time,
    },
    /// What the grant would have been made under is there already, and is not ours. It is left alone, and the grant refused.
    NameTaken {
        /// What is taken, as a code.
        code: String,
        /// What was found, for people.
        finding: String,
    },
    /// Access exists, read back and compared.
    GrantActivated {
        /// What was read back.
        evidence: Evidence,
    },
    /// The requester is told that access ends soon.
    ExpiryAnnounced {
        /// When.
        expires_at: Time,
    },
    /// The requester asked for credentials: the intent.
    CredentialsRequested {},
    /// Credentials were handed out.
    CredentialsIssued {
        /// The access key's id, which CloudTrail shows; no secret.
        access_key_id: String,
        /// When they stop, at the latest.
        expires_at: Time,
    },
    /// Credentials could not be had.
    CredentialsFailed {
        /// What went wrong, as a code.
        code: String,
    },
    /// Access is about to be ended: the intent.
    RevocationStarted {
        /// Why.
        reason: EndReason,
    },
    /// An explicit deny is in place; nobody gets in any more.
    TombstonePlaced {
        /// Until when nothing is taken out, so that no slow worker can bring it back.
        quarantine_until: Time,
    },
    /// An attempt at ending it failed and will be repeated, for ever.
    RevocationAttemptFailed {
        /// Which attempt, from 1.
        attempt: u32,
        /// What went wrong, as a code.
        code: String,
        /// When it is tried again.
        next_attempt_at: Time,
    },
    /// Access is over; AWS was read back and says so.
    GrantEnded {
        /// Why.
        reason: EndReason,
        /// What was read back.
        evidence: Evidence,
        /// When the explicit deny itself may be taken out, if it has to stay for a while.
        tombstone_until: Option<Time>,
    },
    /// IAM was asked whether anything of the grant still lets anybody in, and said no.
    VerifiedEnded {
        /// What was read back, what was asked, and what IAM answered.
        evidence: Evidence,
    },
    /// An attempt at that failed, or IAM did not answer so, and it will be asked again, for ever.
    VerificationAttemptFailed {
        /// Which attempt, from 1.
        attempt: u32,
        /// What went wrong, as a code.
        code: String,
        /// When it is tried again.
        next_attempt_at: Time,
    },
    /// So many attempts failed that a person has to look. They go on.
    EndedUnverified {
        /// How many.
        attempts: u32,
        /// What went wrong with the last one, as a code.
        code: String,
    },
    /// The explicit deny that has to outlast the grant was taken away or changed by somebody else.
    /// It is put back, and the end verified anew.
    DriftFound {
        /// What differs, as codes.
        differences: Vec<String>,
    },
    /// The explicit deny that outlasted the grant was taken out.
    TombstoneRemoved {},
    /// Something odd was noticed in what was done under the grant.
    ActivityFinding {
        /// What.
        finding: Finding,
    },
    /// The requester's own command line said what it ran under the grant.
    RunReported {
        /// What.
        run: Run,
    },
    /// What was done under the grant, as far as it is known by now.
    ActivitySummarised {
        /// In numbers.
        activity: Activity,
    },
    /// What persons said was erased, here and beside every entry before: the record holds its hashes alone.
    WordsErased {
        /// The AWS identity that did it.
        by: String,
    },
    /// Somebody attempted something they may not do, or not any more.
    CommandRefused {
        /// What they attempted.
        command: String,
        /// The refusal's code.
        code: String,
    },
}

impl Event {
    /// Its name in the record and on the bus.
    pub fn name(&self) -> &'static str {
        match self {
            Self::RequestSubmitted { .. } => "requestSubmitted",
            Self::RequestDenied { .. } => "requestDenied",
            Self::ApprovalGiven { .. } => "approvalGiven",
            Self::TermsNarrowed { .. } => "termsNarrowed",
            Self::RequestApproved { .. } => "requestApproved",
            Self::RequestCancelled { .. } => "requestCancelled",
            Self::RequestLapsed {} => "requestLapsed",
            Self::ApproversReminded { .. } => "approversReminded",
            Self::ProvisioningStarted { .. } => "provisioningStarted",
            Self::ProvisioningAttemptFailed { .. } => "provisioningAttemptFailed",
            Self::NameTaken { .. } => "nameTaken",
            Self::GrantActivated { .. } => "grantActivated",
            Self::ExpiryAnnounced { .. } => "expiryAnnounced",
            Self::CredentialsRequested {} => "credentialsRequested",
            Self::CredentialsIssued { .. } => "credentialsIssued",
            Self::CredentialsFailed { .. } => "credentialsFailed",
            Self::RevocationStarted { .. } => "revocationStarted",
            Self::TombstonePlaced { .. } => "tombstonePlaced",
            Self::RevocationAttemptFailed { .. } => "revocationAttemptFailed",
            Self::GrantEnded { .. } => "grantEnded",
            Self::VerifiedEnded { .. } => "verifiedEnded",
            Self::VerificationAttemptFailed { .. } => "verificationAttemptFailed",
            Self::EndedUnverified { .. } => "endedUnverified",
            Self::DriftFound { .. } => "driftFound",
            Self::TombstoneRemoved {} => "tombstoneRemoved",
            Self::ActivityFinding { .. } => "activityFinding",
            Self::RunReported { .. } => "runReported",
            Self::ActivitySummarised { .. } => "activitySummarised",
            Self::WordsErased { .. } => "wordsErased",
            Self::CommandRefused { .. } => "commandRefused",
        }
    }
}
