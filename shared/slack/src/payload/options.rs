//! What somebody types into a menu whose options we give.
//! Source: <https://docs.slack.dev/reference/interaction-payloads/block_suggestion-payload>.

use std::fmt;

use model::names::SlackUser;
use serde_json::Value;

use super::PayloadError;
use super::form::is_asked_with;
use super::sender::{check, payload, text};
use crate::ids::field_of;
use crate::limits::INPUT_TEXT;
use crate::workspace::Workspace;

/// Somebody looks for an option.
#[derive(Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// Who.
    pub user: SlackUser,
    /// In which field: one of [`crate::ids::field`].
    pub field: String,
    /// What they typed so far; nothing yet when the menu opens.
    pub typed: String,
}

/// Without what was typed: those are a person's words.
impl fmt::Debug for Suggestion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Suggestion").field("user", &self.user).field("field", &self.field).finish_non_exhaustive()
    }
}

impl Suggestion {
    /// Reads what one of our own people types into a menu of ours.
    ///
    /// # Errors
    /// If it is unreadable, somebody else's, or something else than that.
    pub fn read(raw_body: &[u8], workspace: &Workspace) -> Result<Self, PayloadError> {
        let payload = payload(raw_body)?;
        let user = check(&payload, workspace)?;
        if text(&payload, "/type") != Some("block_suggestion") {
            return Err(PayloadError::UnknownKind);
        }
        let field = text(&payload, "/action_id").ok_or(PayloadError::Missing("action_id"))?;
        let block = text(&payload, "/block_id").ok_or(PayloadError::Missing("block_id"))?;
        if field_of(block) != field || !is_asked_with(field, "external_select") {
            return Err(PayloadError::UnknownField);
        }
        let typed = payload.get("value").ok_or(PayloadError::Missing("value"))?;
        let typed = Value::as_str(typed).filter(|typed| typed.chars().count() <= INPUT_TEXT);
        let typed = typed.ok_or(PayloadError::Malformed("value"))?;
        Ok(Self { user, field: field.to_owned(), typed: typed.to_owned() })
    }
}
