//! The request: who asks for what, why, for how long. It never changes after submission.

use crate::digest::{Digest, Encoding};
use crate::identity::Identity;
use crate::names::{AccountId, EntitlementName, GroupName, PersonId, PrincipalArn, RequestId, SlackChannel, TicketId};
use crate::notices::Notices;
use crate::risk::Risk;
use crate::time::Time;
use crate::words::Words;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Where a request is in its life, as the API says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Waits for countersignatures.
    Pending,
    /// Countersigned; nothing is made yet.
    Approved,
    /// Access is being made.
    Provisioning,
    /// Access exists.
    Active,
    /// Access is being ended.
    Revoking,
    /// Refused by policy or a person.
    Denied,
    /// Withdrawn by the requester.
    Cancelled,
    /// Nobody countersigned in time.
    Lapsed,
    /// Access is over, and that was verified.
    Ended,
}

impl Status {
    /// Every status, in the order of a life.
    pub const ALL: [Self; 9] = [
        Self::Pending,
        Self::Approved,
        Self::Provisioning,
        Self::Active,
        Self::Revoking,
        Self::Denied,
        Self::Cancelled,
        Self::Lapsed,
        Self::Ended,
    ];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Provisioning => "provisioning",
            Self::Active => "active",
            Self::Revoking => "revoking",
            Self::Denied => "denied",
            Self::Cancelled => "cancelled",
            Self::Lapsed => "lapsed",
            Self::Ended => "ended",
        }
    }

    /// The status named `word`, if there is one.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How a grant is made real.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Mechanism {
    /// Sessions of a base role in the target account, narrowed by a session policy. Nothing is
    /// written into IAM.
    Session {
        /// The role whose sessions are handed out.
        base_role: PrincipalArn,
    },
    /// A role of its own, which the requester assumes with their own identity.
    Role {
        /// The requester's own principals, which the trust policy names.
        principals: Vec<PrincipalArn>,
        /// Whether assuming it takes a second factor.
        mfa: bool,
    },
    /// A temporary managed policy on an existing role.
    Policy {
        /// The role it is attached to.
        target_role: PrincipalArn,
    },
}

impl Mechanism {
    /// Its name in catalog and API.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Session { .. } => "session",
            Self::Role { .. } => "role",
            Self::Policy { .. } => "policy",
        }
    }
}

/// Whose countersignatures it takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Quorum {
    /// How many distinct persons, none of them the requester. 0: policy approves by itself.
    pub needed: u8,
    /// The groups they come from; membership is looked up when they countersign.
    pub groups: Vec<GroupName>,
}

/// The versions a request was judged by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Judged {
    /// Digest of the entitlement's own definition.
    pub entitlement: Digest,
    /// Digest of the Cedar policies, their schema, and the rules on risk.
    pub policy: Digest,
}

/// What the encoding of a request for its digest begins with. docs/decisions/0033 lists its parts.
const ENCODING: &str = "countersign.request.v4";

/// All of a request but its digest. Build one, then [`Request::new`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestFacts {
    /// Its id.
    pub id: RequestId,
    /// The person who asks.
    pub requester: PersonId,
    /// The identity they asked with.
    pub identity: Identity,
    /// What they ask for.
    pub entitlement: EntitlementName,
    /// Where.
    pub account: AccountId,
    /// What kind of place that is: `prod`, `staging`, …
    pub environment: String,
    /// How it is made real.
    pub mechanism: Mechanism,
    /// The IAM actions.
    pub permissions: Vec<String>,
    /// The resources, as ARN patterns.
    pub resources: Vec<String>,
    /// No-escape denies that the entitlement lifts.
    pub may_outlive: Vec<String>,
    /// Source addresses (CIDR) the access is bound to; empty: any.
    pub source_ips: Vec<String>,
    /// Whether credentials are handed only to an identity with multi-factor authentication.
    pub mfa_at_door: bool,
    /// How long, in seconds.
    pub duration_seconds: u64,
    /// Why.
    pub justification: Words,
    /// The ticket.
    pub ticket: Option<TicketId>,
    /// The channel in which approvers are asked.
    pub channel: Option<SlackChannel>,
    /// When.
    pub submitted_at: Time,
    /// How long it waits for countersignatures, in seconds.
    pub approval_window_seconds: u64,
    /// What could go wrong.
    pub risk: Risk,
    /// What it was judged by.
    pub judged: Judged,
    /// Who has to countersign.
    pub quorum: Quorum,
    /// Who is told, and when again.
    #[serde(default)]
    pub notices: Notices,
    /// The request whose access this one is to follow on, if it extends one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extends: Option<RequestId>,
}

/// A request. INVARIANT (digest of these facts): the digest is computed at construction and
/// checked whenever one is read back, so a request that was changed at rest does not load.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "StoredRequest", into = "StoredRequest")]
pub struct Request {
    facts: RequestFacts,
    digest: Digest,
}

#[derive(Serialize, Deserialize)]
struct StoredRequest {
    #[serde(flatten)]
    facts: RequestFacts,
    digest: Digest,
}

/// A stored request does not match its digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("request {id} does not match its digest: it was changed where it is stored")]
pub struct ChangedRequest {
    /// Which one.
    pub id: RequestId,
}

impl Request {
    /// The request with these facts.
    pub fn new(facts: RequestFacts) -> Self {
        let digest = digest(&facts);
        Self { facts, digest }
    }

    /// The same request, with the hash of its justification in its place.
    pub(crate) fn wordless(mut self) -> Self {
        // INVARIANT (digest of these facts): it is over the hash.
        self.facts.justification = self.facts.justification.erased();
        self
    }

    /// What approvers see and what is granted, in 32 bytes.
    pub fn digest(&self) -> Digest {
        self.digest
    }
}

impl std::ops::Deref for Request {
    type Target = RequestFacts;
    fn deref(&self) -> &RequestFacts {
        &self.facts
    }
}

impl TryFrom<StoredRequest> for Request {
    type Error = ChangedRequest;
    fn try_from(stored: StoredRequest) -> Result<Self, ChangedRequest> {
        if digest(&stored.facts) == stored.digest {
            Ok(Self { facts: stored.facts, digest: stored.digest })
        } else {
            Err(ChangedRequest { id: stored.facts.id })
        }
    }
}

impl From<Request> for StoredRequest {
    fn from(request: Request) -> Self {
        Self { facts: request.facts, digest: request.digest }
    }
}

fn digest(facts: &RequestFacts) -> Digest {
    // Destructured, so that a new fact does not compile until it is covered.
    let RequestFacts {
        id,
        requester,
        identity,
        entitlement,
        account,
        environment,
        mechanism,
        permissions,
        resources,
        may_outlive,
        source_ips,
        mfa_at_door,
        duration_seconds,
        justification,
        ticket,
        channel,
        submitted_at,
        approval_window_seconds,
        risk,
        judged,
        quorum,
        notices,
        extends,
    } = facts;
    let encoding = Encoding::of(ENCODING)
        .text(id.as_str())
        .text(requester.as_str())
        .text(identity.door())
        .text(match identity {
            Identity::Slack { user } => user.as_str(),
            Identity::Api { principal } => principal,
        })
        .text(entitlement.as_str())
        .text(account.as_str())
        .text(environment)
        .text(mechanism.name());
    let encoding = match mechanism {
        Mechanism::Session { base_role } => encoding.text(base_role.as_str()),
        Mechanism::Role { principals, mfa } => {
            encoding.list(principals.iter().map(PrincipalArn::as_str)).number(u64::from(*mfa))
        }
        Mechanism::Policy { target_role } => encoding.text(target_role.as_str()),
    };
    // A rule's code and level as they are stored: fixed words.
    let rules: Vec<String> = risk
        .reasons
        .iter()
        .map(|reason| serde_json::to_string(&(reason.code, reason.level)).unwrap_or_default())
        .collect();
    let encoding = encoding
        .list(permissions.iter().map(String::as_str))
        .list(resources.iter().map(String::as_str))
        .list(may_outlive.iter().map(String::as_str))
        .list(source_ips.iter().map(String::as_str))
        .number(u64::from(*mfa_at_door))
        .number(*duration_seconds)
        .text(&justification.hash().to_string())
        .maybe(ticket.as_ref().map(TicketId::as_str))
        .maybe(channel.as_ref().map(SlackChannel::as_str))
        .text(&submitted_at.to_string())
        .number(*approval_window_seconds)
        .text(risk.level.as_str())
        .list(risk.reasons.iter().map(|reason| reason.sentence.as_str()))
        .list(rules.iter().map(String::as_str))
        .text(&judged.entitlement.to_string())
        .text(&judged.policy.to_string())
        .number(u64::from(quorum.needed));
    let encoding = encoding.list(quorum.groups.iter().map(GroupName::as_str));
    notices.encode(encoding).maybe(extends.as_ref().map(RequestId::as_str)).digest()
}
