//! What Slack sends, once its signature is verified: slash commands, presses of our buttons, what people choose and send
//! in our modals, what they type into a menu, and the events we are subscribed to.
//!
//! INVARIANT (facts from the store): of a press only who, which button, where, and the request's id and digest are read.
//! What the message or the view said is never looked at. What came out of a form is a wish, and checked by others.
//!
//! INVARIANT (ours only): nothing is read before every workspace and app that is named is one of ours, and so is the
//! workspace of the person.
//!
//! Start reading at [`Interaction`]; `sender` has the checks that all of them have in common.

mod command;
mod event;
mod form;
mod interaction;
mod options;
mod sender;
mod view;

use model::digest::Digest;
use model::names::{RequestId, SlackUser};

pub use command::{GivenCommand, SlashCommand};
pub use event::AppEvent;
pub use interaction::{Asked, Chosen, Interaction, Place, Press, Refreshed, Submission, Submitted};
pub use options::Suggestion;
pub use view::ViewRef;

use crate::form::FormError;
use crate::json::JsonError;
use crate::limits::TOKEN_BYTES;
use crate::workspace::ForeignError;

/// Why a payload was not read. Says which part is at fault, never what it held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    /// Too large, or not a form.
    #[error(transparent)]
    Form(#[from] FormError),
    /// Not JSON as we take it.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// Somebody else's.
    #[error(transparent)]
    Foreign(#[from] ForeignError),
    /// A field that has to be there is not.
    #[error("`{0}` is missing")]
    Missing(&'static str),
    /// A field holds what it can't.
    #[error("`{0}` is not what it should be")]
    Malformed(&'static str),
    /// An interaction or event of a kind that we have no use for.
    #[error("an interaction of a kind that is not ours")]
    UnknownKind,
    /// A button, menu or shortcut that is not ours.
    #[error("a button that is not ours")]
    UnknownAction,
    /// A view that is not ours.
    #[error("a view that is not ours")]
    UnknownView,
    /// A field of a form that is not ours, or not of that form.
    #[error("a field that is not ours")]
    UnknownField,
    /// The request modal was sent with fields of another entitlement than the one chosen in it: somebody was quicker
    /// than its update. What they chose was not for this one.
    #[error("fields of another entitlement than the chosen one")]
    StaleForm,
}

impl PayloadError {
    /// The stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Form(FormError::TooLarge) => "payload_too_large",
            Self::Form(FormError::TooManyFields | FormError::Encoding | FormError::Duplicate) => "malformed_form",
            Self::Json(JsonError) => "malformed_json",
            Self::Foreign(error) => error.code(),
            Self::Missing(_) => "missing_field",
            Self::Malformed(_) => "malformed_field",
            Self::UnknownKind => "unknown_interaction",
            Self::UnknownAction => "unknown_action",
            Self::UnknownView => "unknown_view",
            Self::UnknownField => "unknown_field",
            Self::StaleForm => "stale_form",
        }
    }

    /// Whether the request is somebody else's (HTTP 401) and not merely unreadable (HTTP 400).
    pub fn is_foreign(self) -> bool {
        matches!(self, Self::Foreign(_))
    }
}

/// Our buttons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Countersign.
    Approve,
    /// Open the modal to countersign with a note, or for less.
    ApproveWith,
    /// Refuse.
    Deny,
    /// Withdraw.
    Cancel,
    /// End access early.
    Revoke,
    /// Ask for more time.
    Extend,
    /// Show everything about it.
    Details,
    /// Open the request modal.
    Ask,
    /// Show the Home tab as it is now.
    Refresh,
}

impl Action {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Approve,
        Self::ApproveWith,
        Self::Deny,
        Self::Cancel,
        Self::Revoke,
        Self::Extend,
        Self::Details,
        Self::Ask,
        Self::Refresh,
    ];

    /// Its `action_id`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::ApproveWith => "approve_with",
            Self::Deny => "deny",
            Self::Cancel => "cancel",
            Self::Revoke => "revoke",
            Self::Extend => "extend",
            Self::Details => "details",
            Self::Ask => "ask",
            Self::Refresh => "refresh",
        }
    }

    /// The button with this `action_id`.
    pub fn named(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str() == id)
    }
}

/// What a button says when it is pressed, and what the modal that asks for a reason says when it is sent: which request,
/// and what the person saw of it.
pub fn button_value(request: &RequestId, digest: Digest) -> String {
    format!("{request}:{digest}")
}

fn read_button_value(value: &str) -> Option<(RequestId, Digest)> {
    let (request, digest) = value.split_once(':')?;
    Some((request.parse().ok()?, digest.parse().ok()?))
}

fn person(team: &str, user: &str) -> Result<SlackUser, PayloadError> {
    format!("{team}/{user}").parse().map_err(|_| PayloadError::Malformed("user_id"))
}

/// Whether it is a short text of visible ASCII, as Slack's ids are.
pub(crate) fn is_token(text: &str) -> bool {
    (1..=TOKEN_BYTES).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
}

fn token(text: &str, name: &'static str) -> Result<String, PayloadError> {
    if is_token(text) { Ok(text.to_owned()) } else { Err(PayloadError::Malformed(name)) }
}

/// A message's `ts`: digits, a point, digits.
pub(crate) fn timestamp(text: &str) -> Option<String> {
    let (seconds, fraction) = text.split_once('.')?;
    let digits = |part: &str| (1..=16).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    (digits(seconds) && digits(fraction)).then(|| text.to_owned())
}

#[cfg(test)]
mod tests;
