//! What can be attempted on a request.

use super::{EndReason, Evidence};
use crate::activity::{Activity, Finding, Run};
use crate::digest::Digest;
use crate::identity::Actor;
use crate::request::Judged;
use crate::terms::Narrower;
use crate::time::Time;
use crate::words::Words;

/// What policy says of one person and one action, now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permission {
    /// Whether it is allowed.
    pub granted: bool,
    /// The policies that determined it.
    pub rules: Vec<String>,
}

/// What comes with a countersignature.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Vote {
    /// Since when they are asked for it; `None`: since the submission.
    pub asked_at: Option<Time>,
    /// What they say with it.
    pub note: Option<Words>,
    /// What they grant less of.
    pub narrower: Option<Narrower>,
}

/// A command on a request that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Countersign.
    Approve {
        /// Who.
        by: Actor,
        /// The digest of what they saw.
        digest: Digest,
        /// Whether policy lets them, now.
        permission: Permission,
        /// The entitlement and policies as they are now; `None` if the entitlement is gone.
        judged: Option<Judged>,
        /// What comes with it.
        vote: Box<Vote>,
    },
    /// Refuse.
    Deny {
        /// Who.
        by: Actor,
        /// Why.
        reason: Words,
        /// Whether policy lets them, now.
        permission: Permission,
    },
    /// Withdraw.
    Cancel {
        /// Who.
        by: Actor,
    },
    /// End access early.
    Revoke {
        /// Who.
        by: Actor,
        /// Why.
        reason: Words,
        /// Whether policy lets them, now. The requester always may.
        permission: Permission,
    },
    /// Note that nobody countersigned in time.
    Lapse,
    /// Note that approvers are asked again.
    Remind,
    /// Note that the requester is told of the end to come.
    Warn,
    /// Commit to making access, with its window from now on.
    StartProvisioning,
    /// Note that making access failed, to be repeated.
    ProvisioningFailed {
        /// What went wrong, as a code.
        code: String,
    },
    /// Note that a name the grant needs is somebody else's, and give up.
    NameTaken {
        /// What is taken, as a code.
        code: String,
        /// What was found, for people.
        finding: String,
    },
    /// Note that access exists and was read back.
    Activate {
        /// What was read back.
        evidence: Evidence,
    },
    /// Ask for credentials.
    RequestCredentials {
        /// Who.
        by: Actor,
    },
    /// Note that credentials were handed out.
    IssueCredentials {
        /// The access key's id; no secret.
        access_key_id: String,
        /// When they stop.
        expires_at: Time,
    },
    /// Note that credentials could not be had.
    CredentialsFailed {
        /// What went wrong, as a code.
        code: String,
    },
    /// Begin to end access, for a reason of the system's own.
    StartRevocation {
        /// Why. [`EndReason::Expired`] is refused before the window is over.
        reason: EndReason,
    },
    /// Leave no access, whatever there is: what waits is cancelled, what is there begins to end.
    Stop {
        /// Why.
        reason: EndReason,
    },
    /// Note that the explicit deny is in place.
    PlaceTombstone,
    /// Note that ending access failed, to be repeated.
    RevocationFailed {
        /// What went wrong, as a code.
        code: String,
    },
    /// Note that access is over, read back from AWS.
    End {
        /// What was read back.
        evidence: Evidence,
    },
    /// Note that IAM was asked, and says that access is over.
    Verify {
        /// What was read back, asked and answered.
        evidence: Evidence,
    },
    /// Note that this could not be shown, to be repeated.
    VerificationFailed {
        /// What went wrong, as a code.
        code: String,
    },
    /// Note that the explicit deny which has to outlast the grant is not as it was written.
    NoteDrift {
        /// What differs, as codes.
        differences: Vec<String>,
    },
    /// Note that the explicit deny that outlasted the grant was taken out.
    RemoveTombstone,
    /// Note something odd in what was done under the grant.
    NoteFinding {
        /// What.
        finding: Box<Finding>,
        /// Whether the grant is to end for it, at once.
        end: bool,
    },
    /// Note what the requester's command line says it ran.
    ReportRun {
        /// Who.
        by: Actor,
        /// What.
        run: Box<Run>,
    },
    /// Note what was done under the grant, as far as it is known.
    NoteActivity {
        /// In numbers.
        activity: Box<Activity>,
    },
    /// Erase what persons said, once it is over.
    EraseWords {
        /// The AWS identity that wants it.
        by: String,
    },
    /// Note a refused attempt, so that the record shows it.
    NoteRefusal {
        /// What was attempted.
        command: String,
        /// The refusal's code.
        code: String,
    },
}

impl Command {
    /// The verb, as the record and messages say it.
    pub fn verb(&self) -> &'static str {
        match self {
            Self::Approve { .. } => "approve",
            Self::Deny { .. } => "deny",
            Self::Cancel { .. } => "cancel",
            Self::Revoke { .. } => "revoke",
            Self::Lapse => "lapse",
            Self::Remind => "remind",
            Self::Warn => "warn",
            Self::StartProvisioning => "startProvisioning",
            Self::ProvisioningFailed { .. } => "provisioningFailed",
            Self::NameTaken { .. } => "nameTaken",
            Self::Activate { .. } => "activate",
            Self::RequestCredentials { .. } => "credentials",
            Self::IssueCredentials { .. } => "issueCredentials",
            Self::CredentialsFailed { .. } => "credentialsFailed",
            Self::StartRevocation { .. } => "startRevocation",
            Self::Stop { .. } => "stop",
            Self::PlaceTombstone => "placeTombstone",
            Self::RevocationFailed { .. } => "revocationFailed",
            Self::End { .. } => "end",
            Self::Verify { .. } => "verify",
            Self::VerificationFailed { .. } => "verificationFailed",
            Self::NoteDrift { .. } => "noteDrift",
            Self::RemoveTombstone => "removeTombstone",
            Self::NoteFinding { .. } => "noteFinding",
            Self::ReportRun { .. } => "reportRun",
            Self::NoteActivity { .. } => "noteActivity",
            Self::EraseWords { .. } => "eraseWords",
            Self::NoteRefusal { .. } => "noteRefusal",
        }
    }
}
