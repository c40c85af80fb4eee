//! Why a command was refused: each with a stable code and a sentence for a person.
//!
//! Codes are append-only: never renamed, never reused. A snapshot test holds them.

use crate::limits::TooMany;
use crate::names::PersonId;
use crate::request::Status;
use crate::terms::NotNarrower;
use crate::time::Time;

/// What kind of answer a refusal is, whichever door it leaves by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalKind {
    /// The person may not do this (HTTP 403).
    Forbidden,
    /// Not in this state, or not any more (HTTP 409).
    Conflict,
    /// Too often (HTTP 429).
    TooOften,
}

/// Why a command changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The requester tried to countersign, under whichever identity.
    #[error("you asked for this access yourself; somebody else has to countersign it")]
    SelfApproval,
    /// Policy does not let this person countersign.
    #[error("you are not among those who may countersign this request")]
    NotAnApprover,
    /// Policy does not let this person do it.
    #[error("you may not {action} this request")]
    NotPermitted {
        /// The verb.
        action: &'static str,
    },
    /// Only the requester may do it.
    #[error("only the person who asked may {action} this request")]
    NotTheRequester {
        /// The verb.
        action: &'static str,
    },
    /// The approver saw something else than what would be granted.
    #[error("what you saw is not what would be granted; look at the request again")]
    StaleDigest,
    /// The terms that an approver wants are not less than what there is.
    #[error("an approver can only take away from what is asked for: {0}")]
    NotNarrower(NotNarrower),
    /// The entitlement or the policies changed since the request was judged.
    #[error("the policy changed since this was asked for; it has to be asked for again")]
    PolicyChanged,
    /// This person countersigned already.
    #[error("you have countersigned this request already")]
    AlreadyApproved,
    /// Nobody may vote any more.
    #[error("this request is {status} already; nothing was changed")]
    AlreadyDecided {
        /// Where it is.
        status: Status,
    },
    /// The time for countersigning is over, though nobody has written that down yet.
    #[error("nobody countersigned by {at}; the request has lapsed")]
    Lapsed {
        /// When it lapsed.
        at: Time,
    },
    /// There is nothing to cancel: it is decided, or access exists.
    #[error("this request is {status}; only a request that waits can be cancelled (access is ended with revoke)")]
    NotCancellable {
        /// Where it is.
        status: Status,
    },
    /// There is no access to end.
    #[error("this request is {status}; there is no access to end (a request that waits is cancelled or denied)")]
    NotRevocable {
        /// Where it is.
        status: Status,
    },
    /// No access at this moment.
    #[error("this request is {status}; there is no access to get in with")]
    NotActive {
        /// Where it is.
        status: Status,
    },
    /// The grant's mechanism hands out no credentials.
    #[error("this access is entered with your own identity: assume the role {role}")]
    OwnIdentity {
        /// The grant's role.
        role: String,
    },
    /// The entitlement demands multi-factor authentication at our door.
    #[error("this access needs an identity with multi-factor authentication; sign in with one that has it")]
    MfaRequired,
    /// Somebody it rests on was offboarded.
    #[error("{person} was offboarded and is barred; nothing is asked, countersigned or handed out on their part")]
    Barred {
        /// Who.
        person: PersonId,
    },
    /// This person countersigned as often as they may.
    #[error("{0}")]
    TooManyApprovals(TooMany),
    /// The log of the record is not anchored freshly enough.
    #[error(
        "the record of this system was last anchored more than 15 minutes ago; nothing is granted until its record is \
         anchored again, so try again later (access that exists ends on time all the same, and can be ended early)"
    )]
    RecordNotAnchored,
    /// A step of the system that does not belong to this state: late, repeated, or overtaken.
    #[error("the request is {status}; this step no longer belongs to it")]
    Overtaken {
        /// Where it is.
        status: Status,
    },
    /// Words are erased once nothing more can be said.
    #[error("this request is {status}; what was said about it is erased once it is over")]
    StillOpen {
        /// Where it is.
        status: Status,
    },
    /// The step comes too early.
    #[error("not before {at}")]
    TooEarly {
        /// When it may happen.
        at: Time,
    },
}

impl Refusal {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::SelfApproval => "self_approval",
            Self::NotAnApprover => "not_an_approver",
            Self::NotPermitted { .. } => "not_permitted",
            Self::NotTheRequester { .. } => "not_the_requester",
            Self::StaleDigest => "stale_digest",
            Self::NotNarrower(_) => "not_narrower",
            Self::PolicyChanged => "policy_changed",
            Self::AlreadyApproved => "already_approved",
            Self::AlreadyDecided { .. } => "already_decided",
            Self::Lapsed { .. } => "lapsed",
            Self::NotCancellable { .. } => "not_cancellable",
            Self::NotRevocable { .. } => "not_revocable",
            Self::NotActive { .. } => "not_active",
            Self::OwnIdentity { .. } => "own_identity",
            Self::MfaRequired => "mfa_required",
            Self::Barred { .. } => "barred",
            Self::TooManyApprovals(_) => "too_many_approvals",
            Self::RecordNotAnchored => "record_not_anchored",
            Self::Overtaken { .. } => "overtaken",
            Self::StillOpen { .. } => "still_open",
            Self::TooEarly { .. } => "too_early",
        }
    }

    /// Whether it is about the person or about the state.
    pub fn kind(&self) -> RefusalKind {
        match self {
            Self::SelfApproval
            | Self::NotAnApprover
            | Self::NotPermitted { .. }
            | Self::NotTheRequester { .. }
            | Self::MfaRequired
            | Self::Barred { .. } => RefusalKind::Forbidden,
            Self::StaleDigest
            | Self::NotNarrower(_)
            | Self::PolicyChanged
            | Self::AlreadyApproved
            | Self::AlreadyDecided { .. }
            | Self::Lapsed { .. }
            | Self::NotCancellable { .. }
            | Self::NotRevocable { .. }
            | Self::NotActive { .. }
            | Self::OwnIdentity { .. }
            | Self::RecordNotAnchored
            | Self::Overtaken { .. }
            | Self::StillOpen { .. }
            | Self::TooEarly { .. } => RefusalKind::Conflict,
            Self::TooManyApprovals(_) => RefusalKind::TooOften,
        }
    }
}
