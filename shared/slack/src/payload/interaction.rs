//! Buttons, menus, shortcuts and modals.
//! Source: <https://docs.slack.dev/reference/interaction-payloads>.

use std::fmt;

use model::digest::Digest;
use model::names::{EntitlementName, RequestId, SlackChannel, SlackUser};
use serde_json::Value;

use super::form::{State, is_of_request};
use super::sender::{check, payload, text};
use super::{Action, PayloadError, ViewRef, read_button_value, timestamp, token};
use crate::ask::{ApprovalForm, AskForm};
use crate::ids;
use crate::workspace::{ResponseUrl, Workspace};

/// What somebody did with something of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Interaction {
    /// They pressed a button that is about a request.
    Pressed(Press),
    /// They want to ask for access.
    Asked(Asked),
    /// They want to see the Home tab as it is now.
    Refreshed(Refreshed),
    /// They filled in or changed a field of the request modal.
    Chosen(Chosen),
    /// They sent a modal.
    Submitted(Submitted),
    /// They closed a modal without sending it.
    Closed,
}

/// A press of a button that is about a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Press {
    /// Who pressed it.
    pub user: SlackUser,
    /// Which button: none of those that are about no request.
    pub action: Action,
    /// Which request.
    pub request: RequestId,
    /// The digest of what was shown.
    pub digest: Digest,
    /// What the button is in.
    pub place: Place,
    /// Where it may be answered, if it is in a message.
    pub response_url: Option<ResponseUrl>,
    /// What opens a modal, within 3 s.
    pub trigger_id: Option<String>,
}

/// What a button is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A message.
    Message {
        /// Where it is, if Slack says so.
        channel: Option<SlackChannel>,
        /// Which one, if Slack says so.
        ts: Option<String>,
    },
    /// A modal or the Home tab.
    View(ViewRef),
}

/// Somebody wants to ask for access, by a button or the shortcut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Who.
    pub user: SlackUser,
    /// What opens a modal, within 3 s.
    pub trigger_id: String,
    /// For what, if the button says so.
    pub entitlement: Option<String>,
}

/// Somebody wants to see the Home tab as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refreshed {
    /// Who.
    pub user: SlackUser,
}

/// Somebody filled in or changed a field of the request modal.
#[derive(Clone, PartialEq, Eq)]
pub struct Chosen {
    /// Who.
    pub user: SlackUser,
    /// The modal.
    pub view: ViewRef,
    /// The field: one of [`ids::field`].
    pub field: String,
    /// All of the modal, with that field as it is now.
    pub form: AskForm,
}

/// Without the form: those are a person's words.
impl fmt::Debug for Chosen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chosen")
            .field("user", &self.user)
            .field("view", &self.view)
            .field("field", &self.field)
            .finish_non_exhaustive()
    }
}

/// Somebody sent a modal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submitted {
    /// Who.
    pub user: SlackUser,
    /// The modal.
    pub view: ViewRef,
    /// What it says.
    pub what: Submission,
}

/// What a modal says that was sent.
#[derive(Clone, PartialEq, Eq)]
pub enum Submission {
    /// Access is asked for.
    Ask(AskForm),
    /// A request is countersigned, with a note or for less.
    Approve {
        /// Which request.
        request: RequestId,
        /// The digest of what was shown.
        digest: Digest,
        /// The note, and what it is countersigned for.
        form: ApprovalForm,
    },
    /// A request is denied.
    Deny {
        /// Which request.
        request: RequestId,
        /// The digest of what was shown when denying was chosen.
        digest: Digest,
        /// Why; empty if nothing was typed.
        reason: String,
    },
    /// More time is asked for.
    Extend {
        /// Of which request.
        request: RequestId,
        /// For how long, why, and the ticket.
        form: AskForm,
    },
}

/// Without the form and the reason: those are a person's words.
impl fmt::Debug for Submission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ask(_) => f.write_str("Ask(..)"),
            Self::Extend { request, form: _ } => {
                f.debug_struct("Extend").field("request", request).finish_non_exhaustive()
            }
            Self::Approve { request, digest, form: _ } => {
                f.debug_struct("Approve").field("request", request).field("digest", digest).finish_non_exhaustive()
            }
            Self::Deny { request, digest, reason: _ } => {
                f.debug_struct("Deny").field("request", request).field("digest", digest).finish_non_exhaustive()
            }
        }
    }
}

impl Interaction {
    /// Reads what one of our own people did, in our workspace, with something of ours.
    ///
    /// # Errors
    /// If it is unreadable, somebody else's, or something else than that.
    pub fn read(raw_body: &[u8], workspace: &Workspace) -> Result<Self, PayloadError> {
        let payload = payload(raw_body)?;
        let user = check(&payload, workspace)?;
        match text(&payload, "/type") {
            Some("block_actions") => used(&payload, user, workspace),
            Some("view_submission") => submitted(&payload, user).map(Self::Submitted),
            Some("view_closed") => Ok(Self::Closed),
            Some("shortcut") if text(&payload, "/callback_id") == Some(ids::SHORTCUT_ASK) => {
                Ok(Self::Asked(Asked { user, trigger_id: trigger(&payload)?, entitlement: None }))
            }
            Some("shortcut") => Err(PayloadError::UnknownAction),
            Some(_) | None => Err(PayloadError::UnknownKind),
        }
    }
}

/// A button or a field was used.
fn used(payload: &Value, user: SlackUser, workspace: &Workspace) -> Result<Interaction, PayloadError> {
    // Slack's clients send one action at a time.
    let actions = payload.get("actions").and_then(Value::as_array).ok_or(PayloadError::Missing("actions"))?;
    let [action] = actions.as_slice() else { return Err(PayloadError::Malformed("actions")) };
    let id = text(action, "/action_id").ok_or(PayloadError::UnknownAction)?;
    let Some(button) = Action::named(id) else { return chosen(payload, user, id, action).map(Interaction::Chosen) };
    if text(action, "/type").is_some_and(|kind| kind != "button") {
        return Err(PayloadError::UnknownAction);
    }
    match button {
        Action::Ask => Ok(Interaction::Asked(Asked {
            user,
            trigger_id: trigger(payload)?,
            entitlement: named_entitlement(action.get("value"))?,
        })),
        Action::Refresh => Ok(Interaction::Refreshed(Refreshed { user })),
        Action::Approve
        | Action::ApproveWith
        | Action::Deny
        | Action::Cancel
        | Action::Revoke
        | Action::Extend
        | Action::Details => {
            let value = text(action, "/value").and_then(read_button_value);
            let (request, digest) = value.ok_or(PayloadError::Malformed("value"))?;
            Ok(Interaction::Pressed(Press {
                user,
                action: button,
                request,
                digest,
                place: place(payload)?,
                // An address that is not Slack's is never called; what was pressed counts all the same.
                response_url: text(payload, "/response_url").and_then(|url| workspace.response_url(url).ok()),
                trigger_id: text(payload, "/trigger_id").map(|id| token(id, "trigger_id")).transpose()?,
            }))
        }
    }
}

/// What the button is in.
fn place(payload: &Value) -> Result<Place, PayloadError> {
    match payload.pointer("/container/type").map(Value::as_str) {
        Some(Some("view")) => ViewRef::read(payload).map(Place::View),
        Some(Some("message")) | None => {
            let channel = text(payload, "/container/channel_id").or_else(|| text(payload, "/channel/id"));
            Ok(Place::Message {
                channel: channel.and_then(|id| id.parse().ok()),
                ts: text(payload, "/container/message_ts").and_then(timestamp),
            })
        }
        Some(_) => Err(PayloadError::Malformed("container")),
    }
}

/// The entitlement that a button names: none, or one that can have that name.
fn named_entitlement(value: Option<&Value>) -> Result<Option<String>, PayloadError> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(name)) if name.is_empty() => Ok(None),
        Some(name) => {
            let name = name.as_str().filter(|name| name.parse::<EntitlementName>().is_ok());
            Ok(Some(name.ok_or(PayloadError::Malformed("value"))?.to_owned()))
        }
    }
}

/// A field of the request modal was changed.
fn chosen(payload: &Value, user: SlackUser, field: &str, action: &Value) -> Result<Chosen, PayloadError> {
    if !is_of_request(field) {
        return Err(PayloadError::UnknownAction);
    }
    if text(payload, "/container/type") != Some("view") {
        return Err(PayloadError::Malformed("container"));
    }
    let view = ViewRef::read(payload)?;
    if view.kind != ids::view::ASK {
        return Err(PayloadError::UnknownView);
    }
    let block = text(action, "/block_id").ok_or(PayloadError::Missing("block_id"))?;
    let form = State::read(payload)?.with(block, field, action)?.ask_form_so_far()?;
    Ok(Chosen { user, view, field: field.to_owned(), form })
}

fn submitted(payload: &Value, user: SlackUser) -> Result<Submitted, PayloadError> {
    let view = ViewRef::read(payload)?;
    let state = State::read(payload)?;
    let what = match view.kind.as_str() {
        ids::view::ASK => Submission::Ask(state.ask_form_sent()?),
        ids::view::APPROVE => {
            let about = read_button_value(&view.metadata).ok_or(PayloadError::Malformed("private_metadata"))?;
            Submission::Approve { request: about.0, digest: about.1, form: state.approval_sent()? }
        }
        ids::view::DENY => {
            let about = read_button_value(&view.metadata).ok_or(PayloadError::Malformed("private_metadata"))?;
            Submission::Deny { request: about.0, digest: about.1, reason: state.reason()? }
        }
        ids::view::EXTEND => {
            let about = read_button_value(&view.metadata).ok_or(PayloadError::Malformed("private_metadata"))?;
            Submission::Extend { request: about.0, form: state.extension_sent()? }
        }
        // The others have nothing to send.
        _ => return Err(PayloadError::UnknownView),
    };
    Ok(Submitted { user, view, what })
}

fn trigger(payload: &Value) -> Result<String, PayloadError> {
    token(text(payload, "/trigger_id").ok_or(PayloadError::Missing("trigger_id"))?, "trigger_id")
}
