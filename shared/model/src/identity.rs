//! Who acts, and through which door. Rules compare the person, never the identity.

use crate::names::{PersonId, SlackUser};
use serde::{Deserialize, Serialize};

/// A verified identity: what Slack's signature or AWS's SigV4 vouches for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "door", rename_all = "camelCase")]
pub enum Identity {
    /// A user of our own Slack workspace.
    Slack {
        /// Workspace and user.
        user: SlackUser,
    },
    /// A caller of the API.
    Api {
        /// The caller's ARN as API Gateway passes it, at most 2,048 characters.
        principal: String,
    },
}

impl Identity {
    /// The door's name, as policies see it: `slack` or `api`.
    pub fn door(&self) -> &'static str {
        match self {
            Self::Slack { .. } => "slack",
            Self::Api { .. } => "api",
        }
    }
}

/// A person behind a verified identity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Actor {
    /// Who it is.
    pub person: PersonId,
    /// How they came in.
    pub identity: Identity,
    /// Whether that identity is one for which multi-factor authentication is certain. Slack's
    /// never is: a click proves a Slack session, not a second factor.
    pub mfa: bool,
}

/// Who caused an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Cause {
    /// A person, by what they asked for.
    Person(Actor),
    /// The system, by the part that acted.
    System {
        /// The function: `grant`, `revocation`, `reconciliation`, …
        part: String,
    },
}

impl Cause {
    /// The system's part named `part`.
    pub fn system(part: &str) -> Self {
        Self::System { part: part.to_owned() }
    }
}
