//! Roles of grants, and denies on base roles.

use super::{Artifact, Fault};
use model::digest::Digest;
use model::names::{AccountId, PrincipalArn, RequestId};
use model::time::Time;
use std::future::Future;

/// A role to be made for a grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleSpec {
    /// The account it is made in.
    pub account: AccountId,
    /// Its name, which is the request id.
    pub id: RequestId,
    /// The request's digest, as a tag.
    pub digest: Digest,
    /// Its trust policy.
    pub trust: String,
    /// Longest session, in seconds.
    pub longest_session: i32,
}

/// A role as IAM shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleFound {
    /// The tag that names the request.
    pub request: Option<String>,
    /// The tag with the request's digest.
    pub digest: Option<String>,
    /// Its trust policy.
    pub trust: String,
    /// Whether it carries our permissions boundary.
    pub bounded: bool,
    /// When it was made.
    pub created_at: Time,
}

port! {
    /// Makes the role of a grant.
    MakeRole {
        /// Creates it under our path, with our boundary and tags. `false`: a role of this name exists.
        fn create_role(spec: &RoleSpec) -> Result<bool, Fault>;
        /// Writes an inline policy of a role under our path.
        fn put_role_policy(of: Artifact<'_>, name: &'static str, document: &str) -> Result<(), Fault>;
    }
}

port! {
    /// Reads the role of a grant.
    ReadRole {
        /// The role, if it exists.
        fn role(of: Artifact<'_>) -> Result<Option<RoleFound>, Fault>;
        /// One of its inline policies, if it exists.
        fn role_policy(of: Artifact<'_>, name: &'static str) -> Result<Option<String>, Fault>;
    }
}

port! {
    /// Takes the role of a grant out.
    RemoveRole {
        /// Makes sure that neither the role nor anything in or on it exists. The tombstone goes last.
        fn remove_role(of: Artifact<'_>) -> Result<(), Fault>;
    }
}

port! {
    /// Lists the roles under our path.
    ListRoles {
        /// The names of all of them in `account`, ours or not.
        fn role_names(account: &AccountId) -> Result<Vec<String>, Fault>;
    }
}

port! {
    /// The explicit deny for one grant on a shared base role.
    KillSessions {
        /// Writes it.
        fn put_kill(role: &PrincipalArn, name: &str, document: &str) -> Result<(), Fault>;
        /// Reads it, if it exists.
        fn kill(role: &PrincipalArn, name: &str) -> Result<Option<String>, Fault>;
        /// Makes sure that it does not exist.
        fn remove_kill(role: &PrincipalArn, name: &str) -> Result<(), Fault>;
    }
}
