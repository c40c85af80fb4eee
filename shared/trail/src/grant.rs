//! A grant, as far as activity is judged by it.

use model::names::{AccountId, EntitlementName, PersonId, RequestId};
use model::time::Time;

/// A grant whose activity is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The request: the name of its sessions, their source identity, and of the role made for it.
    pub id: RequestId,
    /// Who holds it.
    pub person: PersonId,
    /// What it is of.
    pub entitlement: EntitlementName,
    /// The account it is in.
    pub account: AccountId,
    /// When access began.
    pub starts_at: Time,
    /// When access ended, or will.
    pub ends_at: Time,
    /// The roles whose sessions are its own: the base role, the role made for it, the role its policy is attached to.
    pub roles: Vec<String>,
    /// Whether others may open sessions of those roles, under any name they like: a shared role that the grant's policy is
    /// attached to. Then the name alone says nothing.
    pub shared: bool,
    /// The IAM actions, as patterns.
    pub permissions: Vec<String>,
    /// The resources, as patterns.
    pub resources: Vec<String>,
    /// Addresses (CIDR) it is bound to; empty: any.
    pub source_ips: Vec<String>,
    /// How it is in Identity Center, if it is.
    pub identity_center: Option<IdentityCenter>,
}

/// A grant through Identity Center: no name of a session tells two of one person's apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityCenter {
    /// The user's id in the identity store.
    pub user: String,
    /// The name of the permission set, which `AWSReservedSSO_<name>_<16 hexadecimal digits>` names.
    pub permission_set: String,
}
