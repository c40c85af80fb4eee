//! One call as CloudTrail (or Kubernetes) recorded it, cut down to what is kept of it.
//! Source: <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html>.

mod action;
mod parse;
mod resources;

pub use parse::{Broken, LARGEST_RECORD};

use model::time::Time;
use serde::{Deserialize, Serialize};

/// What kind of record it is, `eventCategory`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Category {
    /// A call of a control plane.
    Management,
    /// A call on data: an object, an item, a function. Recorded only where a trail is told to.
    Data,
    /// A call through a VPC endpoint.
    NetworkActivity,
    /// A request to a Kubernetes API server.
    Kubernetes,
}

/// One recorded call. Every text is bounded; what a record says beyond that is in the original.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Call {
    /// `eventID`, or what an addendum says it is an update of. With [`Call::region`], what makes two records the same.
    pub id: String,
    /// `sharedEventID`: the same for the records that several accounts get of one call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shared: Option<String>,
    /// The record's own `eventID`, if it is an update (`addendum`) of the one that [`Call::id`] names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub update: Option<String>,
    /// `awsRegion`.
    pub region: String,
    /// `recipientAccountId`, else the caller's.
    pub account: String,
    /// `eventTime`: when it was answered, by the service's own clock.
    pub at: Time,
    /// The service, as IAM writes it: `s3` of `s3.amazonaws.com`.
    pub service: String,
    /// `eventName`: `ListObjects`.
    pub name: String,
    /// The IAM action it took, if known: `s3:ListBucket`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// Management or data.
    pub category: Category,
    /// Whether it changed nothing: `readOnly`, else by the action's access level; `false` if neither says.
    pub read_only: bool,
    /// `errorCode`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// ARNs of what it was about, at most 10: `resources`, else those in `requestParameters`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<String>,
    /// `sourceIPAddress`: an address, or a service's name.
    pub address: String,
    /// `userAgent`.
    pub agent: String,
    /// Who called.
    pub caller: Caller,
    /// The session it opened, if it is an `AssumeRole*`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opened: Option<Opened>,
    /// Whether the record says that parts of it were left out for their size, or that it is an update (`addendum`).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub incomplete: bool,
}

/// `userIdentity`, as far as attribution needs it. Empty text: absent.
/// Source: <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html>.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Caller {
    /// `type`: `AssumedRole`, `IAMUser`, `AWSService`, `IdentityCenterUser`, …
    pub kind: String,
    /// `principalId`: `AROA…:<session>` for a session of a role.
    pub principal_id: String,
    /// `arn`.
    pub arn: String,
    /// `accountId`.
    pub account: String,
    /// `accessKeyId`. Other keys than those handed out for calls from the console.
    pub access_key_id: String,
    /// `sessionContext.sessionIssuer.arn`: the role, with its path.
    pub issuer_arn: String,
    /// `sessionContext.sourceIdentity`.
    pub source_identity: String,
    /// `invokedBy`: the service that called on the caller's behalf.
    pub invoked_by: String,
    /// `onBehalfOf.userId`: the user of Identity Center.
    pub on_behalf_of: String,
    /// Whether the credentials came from the console: `sessionCredentialFromConsole`.
    pub console: bool,
}

/// The session that an `AssumeRole*` opened.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Opened {
    /// `requestParameters.roleArn`.
    pub role_arn: String,
    /// `requestParameters.roleSessionName`.
    pub session_name: String,
    /// `requestParameters.sourceIdentity`, else `responseElements.sourceIdentity`.
    pub source_identity: String,
    /// `responseElements.credentials.accessKeyId`: the new key's id, no secret. Empty: refused.
    pub access_key_id: String,
}

impl Caller {
    /// The session's name: what follows the colon of [`Caller::principal_id`]. Empty if it is not a session of a role.
    pub fn session_name(&self) -> &str {
        self.principal_id.split_once(':').map_or("", |(_, name)| name)
    }
}

impl Call {
    /// Whether it was refused for want of permission, in any of the ways services say so.
    pub fn is_denied(&self) -> bool {
        const DENIED: [&str; 7] = [
            "AccessDenied",
            "AccessDeniedException",
            "Client.UnauthorizedOperation",
            "UnauthorizedOperation",
            "UnauthorizedAccess",
            "AuthorizationError",
            "Forbidden",
        ];
        self.error.as_deref().is_some_and(|code| DENIED.iter().any(|known| code.starts_with(known)))
    }
}
