//! A call that belongs to a grant: by which rule, and where its record is.

use crate::call::Call;
use serde::{Deserialize, Serialize};

/// How a call was found to belong to a grant, the strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Rule {
    /// The session's source identity is the request's id. It can't change within a chain of sessions.
    SourceIdentity,
    /// The session's name is the request's id, and its role is one of the grant's.
    SessionName,
    /// The session's role was made for the request and bears its id: whatever the session is called, it is the grant's.
    OwnRole,
    /// The access key came out of a session of the grant, through any number of `AssumeRole`.
    KeyChain,
    /// Identity Center's user and permission set, within the window of the only grant that they could be.
    IdentityCenter,
    /// It opened a session of the grant: the role, or the session's name and source identity, are the grant's.
    Opening,
}

/// Where the record is, as it was delivered.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "from", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Origin {
    /// A file of the trail.
    Trail {
        /// The bucket.
        bucket: String,
        /// The key.
        key: String,
        /// Where the record begins in the decompressed file, in bytes.
        offset: u64,
        /// How long it is, in bytes.
        length: u64,
    },
    /// "AWS API Call via CloudTrail" on the default bus.
    Bus {},
    /// `LookupEvents`.
    Lookup {},
    /// A log group of CloudWatch Logs.
    Logs {
        /// The log group.
        group: String,
    },
}

/// When a call was made, seen from the grant's window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum When {
    /// Inside.
    Within,
    /// Before it began, within the difference of two clocks.
    JustBefore,
    /// After it had ended: its sessions may be alive, every call of theirs should have been denied.
    After,
}

/// A call of a grant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// The call.
    pub call: Call,
    /// How it was attributed.
    pub rule: Rule,
    /// When it was made.
    pub when: When,
    /// Whether the session's role is not one of the grant's own: it was reached by a chain.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub chained: bool,
    /// Where its record is. A file of the trail wins over the other sources: it is the complete record.
    pub origin: Origin,
}
