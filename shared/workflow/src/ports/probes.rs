//! IAM's own evaluation, asked whether it would let a call through.

use super::Fault;
use model::documents::Probe;
use model::names::PrincipalArn;
use std::future::Future;

/// What IAM's evaluation comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The call would be let through.
    Allowed,
    /// A statement denies it.
    ExplicitDeny,
    /// Nothing allows it.
    ImplicitDeny,
}

impl Verdict {
    /// The word for it, as IAM's API says it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::ExplicitDeny => "explicitDeny",
            Self::ImplicitDeny => "implicitDeny",
        }
    }
}

port! {
    /// Asks IAM what it would decide. It changes nothing.
    ProbeDecision {
        /// Of a call by a session of `role`, by all that is on the role now.
        fn probe_role(role: &PrincipalArn, probe: &Probe) -> Result<Verdict, Fault>;
        /// Of a call by whoever holds nothing but what `document` says.
        fn probe_document(document: &str, probe: &Probe) -> Result<Verdict, Fault>;
    }
}
