//! What is read of roles only to see whether somebody else changed them.

use super::{Artifact, Fault};
use model::names::PrincipalArn;
use std::future::Future;

port! {
    /// Lists what is on the role of a grant.
    ListOnRole {
        /// The names of its inline policies and the ARNs of those attached to it; none if it does not exist.
        fn on_role(of: Artifact<'_>) -> Result<Vec<String>, Fault>;
    }
}

port! {
    /// Reads the boundary of a base role.
    ReadBoundary {
        /// Whether it carries our permissions boundary; `None`: it does not exist.
        fn bounded(role: &PrincipalArn) -> Result<Option<bool>, Fault>;
    }
}
