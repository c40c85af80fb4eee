//! What Slack sends: slash commands and presses of our buttons, once their signature is verified.
//!
//! INVARIANT (facts from the store): of a press only who, which button, and the request's id and digest are read. What
//! the message said is never looked at.

use std::fmt;

use model::digest::Digest;
use model::names::{RequestId, SlackChannel, SlackUser};
use serde_json::Value;

use crate::form::{Form, FormError};
use crate::json::{self, JsonError};
use crate::limits::TOKEN_BYTES;
use crate::workspace::{ForeignError, ResponseUrl, Workspace};

/// Why a payload was not read. Says which part is at fault, never what it held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    /// Not a form.
    #[error(transparent)]
    Form(#[from] FormError),
    /// Its payload is not JSON as we take it.
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
    /// An interaction of another kind than the press of a button.
    #[error("an interaction of a kind that is not ours")]
    UnknownKind,
    /// A button that is not ours.
    #[error("a button that is not ours")]
    UnknownAction,
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
        }
    }

    /// Whether the request is somebody else's (HTTP 401) and not merely unreadable (HTTP 400).
    pub fn is_foreign(self) -> bool {
        matches!(self, Self::Foreign(_))
    }
}

/// What came to the address of slash commands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SlashCommand {
    /// Slack checks our certificate now and then; the answer is an empty 200.
    SslCheck,
    /// Somebody gave a command.
    Given(Box<GivenCommand>),
}

/// A slash command as somebody gave it.
#[derive(Clone, PartialEq, Eq)]
pub struct GivenCommand {
    /// The command: `/access`.
    pub command: String,
    /// What follows it, as Slack sent it; for [`crate::command::parse`].
    pub text: String,
    /// Who.
    pub user: SlackUser,
    /// Where.
    pub channel: Option<SlackChannel>,
    /// Where it may be answered later.
    pub response_url: Option<ResponseUrl>,
    /// What opens a modal, within 3 s.
    pub trigger_id: Option<String>,
}

/// Without the text: those are a person's words.
impl fmt::Debug for GivenCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GivenCommand")
            .field("command", &self.command)
            .field("user", &self.user)
            .field("channel", &self.channel)
            .finish_non_exhaustive()
    }
}

impl SlashCommand {
    /// Reads a slash command of our workspace, for our app.
    ///
    /// # Errors
    /// If it is unreadable or somebody else's.
    pub fn read(raw_body: &[u8], workspace: &Workspace) -> Result<Self, PayloadError> {
        let form = Form::read(raw_body)?;
        if form.get("ssl_check") == Some("1") {
            return Ok(Self::SslCheck);
        }
        let team = form.get("team_id");
        workspace.check(team, form.get("enterprise_id"), form.get("api_app_id"))?;
        // Slack lets only members of the installing workspace give commands.
        workspace.check_person(team)?;
        let required = |name: &'static str| form.get(name).ok_or(PayloadError::Missing(name));
        let present = |name: &'static str| form.get(name).filter(|value| !value.is_empty());
        Ok(Self::Given(Box::new(GivenCommand {
            command: token(required("command")?, "command")?,
            text: form.get("text").unwrap_or_default().to_owned(),
            user: person(team.unwrap_or_default(), required("user_id")?)?,
            channel: present("channel_id").and_then(|id| id.parse().ok()),
            // An address that is not Slack's is never called; the command counts all the same.
            response_url: present("response_url").and_then(|url| workspace.response_url(url).ok()),
            trigger_id: present("trigger_id").map(|id| token(id, "trigger_id")).transpose()?,
        })))
    }
}

/// Our buttons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Countersign.
    Approve,
    /// Refuse.
    Deny,
    /// Withdraw.
    Cancel,
    /// End access early.
    Revoke,
}

impl Action {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Approve, Self::Deny, Self::Cancel, Self::Revoke];

    /// Its `action_id`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Deny => "deny",
            Self::Cancel => "cancel",
            Self::Revoke => "revoke",
        }
    }

    /// The button with this `action_id`.
    pub fn named(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str() == id)
    }
}

/// What a button says when it is pressed: which request, and what its presser saw.
pub fn button_value(request: &RequestId, digest: Digest) -> String {
    format!("{request}:{digest}")
}

fn read_button_value(value: &str) -> Option<(RequestId, Digest)> {
    let (request, digest) = value.split_once(':')?;
    Some((request.parse().ok()?, digest.parse().ok()?))
}

/// A press of one of our buttons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interaction {
    /// Who pressed it.
    pub user: SlackUser,
    /// Which button.
    pub action: Action,
    /// Which request.
    pub request: RequestId,
    /// The digest of what the message showed.
    pub digest: Digest,
    /// Where the message is, if Slack says so.
    pub channel: Option<SlackChannel>,
    /// The message, if Slack says so.
    pub message_ts: Option<String>,
    /// Where it may be answered.
    pub response_url: Option<ResponseUrl>,
    /// What opens a modal, within 3 s.
    pub trigger_id: Option<String>,
}

impl Interaction {
    /// Reads a press of one of our buttons, in our workspace, by one of its own people.
    ///
    /// # Errors
    /// If it is unreadable, somebody else's, or something else than that.
    pub fn read(raw_body: &[u8], workspace: &Workspace) -> Result<Self, PayloadError> {
        let form = Form::read(raw_body)?;
        let payload = json::read(form.get("payload").ok_or(PayloadError::Missing("payload"))?)?;
        let text = |pointer: &str| payload.pointer(pointer).and_then(Value::as_str);
        workspace.check(text("/team/id"), text("/enterprise/id"), text("/api_app_id"))?;
        let own_team = text("/user/team_id");
        workspace.check_person(own_team)?;
        if payload.pointer("/user/is_stranger").is_some_and(|stranger| *stranger != Value::Bool(false)) {
            return Err(ForeignError::Person.into());
        }
        if text("/type") != Some("block_actions") {
            return Err(PayloadError::UnknownKind);
        }
        // Slack's clients send one action at a time.
        let actions = payload.get("actions").and_then(Value::as_array).ok_or(PayloadError::Missing("actions"))?;
        let [pressed] = actions.as_slice() else { return Err(PayloadError::Malformed("actions")) };
        let of_it = |name: &str| pressed.get(name).and_then(Value::as_str);
        let action = of_it("action_id").and_then(Action::named).ok_or(PayloadError::UnknownAction)?;
        if of_it("type").is_some_and(|kind| kind != "button") {
            return Err(PayloadError::UnknownAction);
        }
        let (request, digest) = of_it("value").and_then(read_button_value).ok_or(PayloadError::Malformed("value"))?;
        let channel = text("/container/channel_id").or_else(|| text("/channel/id"));
        Ok(Self {
            user: person(own_team.unwrap_or_default(), text("/user/id").ok_or(PayloadError::Missing("user"))?)?,
            action,
            request,
            digest,
            channel: channel.and_then(|id| id.parse().ok()),
            message_ts: text("/container/message_ts").and_then(timestamp),
            // An address that is not Slack's is never called; what was pressed counts all the same.
            response_url: text("/response_url").and_then(|url| workspace.response_url(url).ok()),
            trigger_id: text("/trigger_id").map(|id| token(id, "trigger_id")).transpose()?,
        })
    }
}

fn person(team: &str, user: &str) -> Result<SlackUser, PayloadError> {
    format!("{team}/{user}").parse().map_err(|_| PayloadError::Malformed("user_id"))
}

/// A short text of visible ASCII, as Slack's ids are.
fn token(text: &str, name: &'static str) -> Result<String, PayloadError> {
    let holds = (1..=TOKEN_BYTES).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
    if holds { Ok(text.to_owned()) } else { Err(PayloadError::Malformed(name)) }
}

/// A message's `ts`: digits, a point, digits.
pub(crate) fn timestamp(text: &str) -> Option<String> {
    let (seconds, fraction) = text.split_once('.')?;
    let digits = |part: &str| (1..=16).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    (digits(seconds) && digits(fraction)).then(|| text.to_owned())
}

#[cfg(test)]
mod tests;
