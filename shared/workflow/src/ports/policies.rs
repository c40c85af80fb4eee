//! Temporary managed policies of grants, and the roles they are attached to.

use super::{Artifact, Fault};
use model::digest::Digest;
use model::names::{AccountId, PrincipalArn, RequestId};
use model::time::Time;
use std::future::Future;

/// A managed policy to be made for a grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicySpec {
    /// The account it is made in.
    pub account: AccountId,
    /// Its name, which is the request id.
    pub id: RequestId,
    /// The request's digest, as a tag.
    pub digest: Digest,
    /// What it says.
    pub document: String,
}

/// A managed policy as IAM shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyFound {
    /// The tag that names the request.
    pub request: Option<String>,
    /// The tag with the request's digest.
    pub digest: Option<String>,
    /// Whether it carries the tag of everything we make.
    pub managed: bool,
    /// What its default version says: the one that counts.
    pub document: String,
    /// When it was made.
    pub created_at: Time,
}

impl PolicyFound {
    /// Whether we made it, as far as its tags tell.
    pub fn is_of(&self, id: &RequestId) -> bool {
        self.managed && self.request.as_deref() == Some(id.as_str())
    }
}

/// A role that grants' policies may be attached to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetFound {
    /// Its trust policy.
    pub trust: String,
    /// The role of the function that hands out credentials, as this installation has it.
    pub credentials_role: PrincipalArn,
    /// The names of the managed policies attached to it, ours or not, in order.
    pub attached: Vec<String>,
    /// What it is tagged with under the key that names a request on our sessions. All of its sessions carry that, and what
    /// ends the grant of this request would end them.
    pub tagged: Option<String>,
}

port! {
    /// Makes the managed policy of a grant.
    MakePolicy {
        /// Creates it under our path, with our tags. `false`: a policy of this name exists.
        fn create_policy(spec: &PolicySpec) -> Result<bool, Fault>;
        /// Attaches it to `role`, if it is not.
        fn attach_policy(of: Artifact<'_>, role: &PrincipalArn) -> Result<(), Fault>;
    }
}

port! {
    /// Changes what the managed policy of a grant says.
    ReplacePolicy {
        /// Makes `document` its default version. If there is no room for a version, those that do
        /// not count are dropped first.
        fn replace_policy(of: Artifact<'_>, document: &str) -> Result<(), Fault>;
    }
}

port! {
    /// Reads the managed policy of a grant.
    ReadPolicy {
        /// The policy, if it exists under our path.
        fn policy(of: Artifact<'_>) -> Result<Option<PolicyFound>, Fault>;
        /// Whether it is attached to `role`.
        fn attached(of: Artifact<'_>, role: &PrincipalArn) -> Result<bool, Fault>;
    }
}

port! {
    /// Reads a role that a grant's policy is to be attached to.
    ReadTarget {
        /// The role, if it exists.
        fn target(role: &PrincipalArn) -> Result<Option<TargetFound>, Fault>;
    }
}

port! {
    /// Takes the managed policy of a grant out.
    RemovePolicy {
        /// Makes sure that it does not exist: taken off its role, then its versions, then the policy.
        fn remove_policy(of: Artifact<'_>) -> Result<(), Fault>;
    }
}

port! {
    /// Lists the managed policies under our path.
    ListPolicies {
        /// The names of all of them in `account`, ours or not.
        fn policy_names(account: &AccountId) -> Result<Vec<String>, Fault>;
    }
}
