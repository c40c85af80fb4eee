//! The temporary managed policy of a `policy` grant.
//!
//! Every session of the role it is attached to gets it too. INVARIANT (one grant only): each of its
//! statements, Allow or Deny, holds only for sessions that carry the request both as session tag and
//! as source identity, so others are neither given nor denied anything. Both, because a role can carry
//! the tag itself, and then all of its sessions do.

use super::{LONGEST_MANAGED_POLICY, TooLarge, document, fits, sealed_statements};
use crate::names::RequestId;
use crate::terms::Terms;
use crate::time::Window;
use serde_json::{Value, json};

/// The condition key of the session tag that names the request.
pub(super) const TAG: &str = "aws:PrincipalTag/countersign:request";

/// The managed policy of a `policy` grant.
///
/// # Errors
/// If it would be longer than [`LONGEST_MANAGED_POLICY`].
pub fn attached_policy(terms: Terms<'_>, window: Window) -> Result<String, TooLarge> {
    let mut statements = sealed_statements(terms, window);
    for statement in &mut statements {
        only_for(&terms.request.id, statement);
    }
    fits("managed policy", &document(&statements), LONGEST_MANAGED_POLICY)
}

/// Narrows a statement to the sessions of one grant.
fn only_for(id: &RequestId, statement: &mut Value) {
    let Some(statement) = statement.as_object_mut() else { return };
    let condition = statement.entry("Condition").or_insert_with(|| json!({}));
    if let Some(condition) = condition.as_object_mut() {
        condition.insert("StringEquals".to_owned(), json!({TAG: id, "aws:SourceIdentity": id}));
    }
}

/// What that policy becomes when the grant is ended early: a deny of everything to its sessions, by
/// tag, by source identity and by session name, each in a statement of its own.
pub fn attached_tombstone(id: &RequestId) -> String {
    let deny = |condition: Value| json!({"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": condition});
    document(&[
        deny(json!({"StringEquals": {TAG: id}})),
        deny(json!({"StringEquals": {"aws:SourceIdentity": id}})),
        deny(json!({"StringLike": {"aws:userid": format!("*:{id}")}})),
    ])
    .to_string()
}
