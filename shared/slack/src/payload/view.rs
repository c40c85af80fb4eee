//! Which view something was done in.

use std::fmt;

use serde_json::Value;

use super::sender::{given, text};
use super::{PayloadError, token};
use crate::ids;
use crate::limits::PRIVATE_METADATA;

/// One of our views, as somebody has it open.
#[derive(Clone, PartialEq, Eq)]
pub struct ViewRef {
    /// Its id: `V…`.
    pub id: String,
    /// What it says about how new it is; `views.update` with it changes nothing else than this state of the view.
    pub hash: Option<String>,
    /// Its `callback_id`: one of [`ids::view`].
    pub kind: String,
    /// Its `private_metadata`: what we sent along with it.
    pub metadata: String,
}

/// Without the metadata: what is in there is for whoever put it there.
impl fmt::Debug for ViewRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ViewRef").field("id", &self.id).field("kind", &self.kind).finish_non_exhaustive()
    }
}

const KINDS: [&str; 7] = [
    ids::view::ASK,
    ids::view::APPROVE,
    ids::view::DENY,
    ids::view::EXTEND,
    ids::view::DETAILS,
    ids::view::HOME,
    ids::view::NOTICE,
];

impl ViewRef {
    /// Reads the view of a payload.
    pub(super) fn read(payload: &Value) -> Result<Self, PayloadError> {
        let view = payload.get("view").filter(|view| view.is_object()).ok_or(PayloadError::Missing("view"))?;
        let kind = text(view, "/callback_id").ok_or(PayloadError::Missing("callback_id"))?;
        if !KINDS.contains(&kind) {
            return Err(PayloadError::UnknownView);
        }
        let id = token(text(view, "/id").ok_or(PayloadError::Missing("view.id"))?, "view.id")?;
        let container = given(payload, "/container/view_id").map_err(|_| PayloadError::Malformed("container"))?;
        if container.is_some_and(|container| container != id) {
            return Err(PayloadError::Malformed("container"));
        }
        let hash = given(view, "/hash").map_err(|_| PayloadError::Malformed("view.hash"))?;
        let metadata = given(view, "/private_metadata").map_err(|_| PayloadError::Malformed("private_metadata"))?;
        let metadata = metadata.unwrap_or_default();
        if metadata.chars().count() > PRIVATE_METADATA {
            return Err(PayloadError::Malformed("private_metadata"));
        }
        Ok(Self {
            id,
            hash: hash.filter(|hash| !hash.is_empty()).map(|hash| token(hash, "view.hash")).transpose()?,
            kind: kind.to_owned(),
            metadata: metadata.to_owned(),
        })
    }
}
