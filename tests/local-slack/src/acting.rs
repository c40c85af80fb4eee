//! What people do: slash commands, presses, what they fill in and send off, sent to Countersign signed as Slack signs
//! it.

mod events;
mod modal;
mod options;
mod payload;
mod press;
mod sending;
mod shown;

use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;

use crate::clock::now;
use crate::message::Message;
use crate::refusal::Refusal;
use crate::response_url::content_of;
use crate::server::Shared;
use crate::workspace::{Channel, Person, find_person};
pub use events::{Home, Shortcut, Verify};
pub use modal::{Close, Submit};
pub use options::AskOptions;
pub use press::Press;
pub(crate) use sending::Flight;
use sending::Letter;
pub use sending::{Outcome, SentRequest};

/// Path of slash commands below Countersign's base URL.
pub const COMMANDS_PATH: &str = "/slack/commands";
/// Path of interactions below Countersign's base URL.
pub const INTERACTIONS_PATH: &str = "/slack/interactions";
/// Path of menus that ask for their options, below Countersign's base URL.
pub const OPTIONS_PATH: &str = "/slack/options";
/// Path of events below Countersign's base URL.
pub const EVENTS_PATH: &str = "/slack/events";

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

/// A slash command.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Command {
    /// Who gives it: user id, handle or e-mail address.
    pub user: String,
    /// The command with its slash.
    pub command: String,
    /// What follows it.
    #[serde(default)]
    pub text: String,
    /// Where: channel id or name; the person's direct conversation with the app if not given.
    #[serde(default)]
    pub channel: Option<String>,
    /// What is wrong with the request.
    #[serde(default)]
    pub tamper: Tamper,
}

/// A request with a body of the caller's own making, signed unless told otherwise.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RawRequest {
    /// Path below Countersign's base URL.
    pub path: String,
    /// The body.
    pub body: String,
    /// `Content-Type`; a form's if not given.
    #[serde(default)]
    pub content_type: Option<String>,
    /// What is wrong with the request.
    #[serde(default)]
    pub tamper: Tamper,
}

/// What is wrong with a request. Nothing is, by default.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Tamper {
    /// Seconds added to the timestamp before signing: a well-signed request from another time.
    pub timestamp_offset_seconds: i64,
    /// `X-Slack-Request-Timestamp` sent instead of the signed one.
    pub sent_timestamp: Option<String>,
    /// `X-Slack-Signature` sent instead of the right one; an empty text sends none.
    pub signature: Option<String>,
    /// The secret to sign with instead of the app's.
    pub secret: Option<String>,
    /// The body sent instead of the signed one.
    pub body: Option<String>,
    /// The workspace named in the request, before signing.
    pub team_id: Option<String>,
    /// The app named in the request, before signing.
    pub api_app_id: Option<String>,
    /// The workspace the acting person is said to belong to (as for a guest through Slack Connect), before signing.
    pub user_team_id: Option<String>,
    /// The value of the pressed element, before signing.
    pub value: Option<String>,
}

/// Why nothing was sent.
#[derive(Debug, Clone, Error, PartialEq, Eq)]
pub enum ActError {
    /// No such person.
    #[error("there is no person {0}")]
    UnknownUser(String),
    /// No such conversation, or the person is not in it.
    #[error("{user} is in no channel {channel}")]
    UnknownChannel {
        /// The person.
        user: String,
        /// What was asked for.
        channel: String,
    },
    /// No such message, or the person does not see it.
    #[error("{user} sees no message {ts} in {channel}")]
    UnknownMessage {
        /// The person.
        user: String,
        /// The channel.
        channel: String,
        /// The message.
        ts: String,
    },
    /// The message or view has no such element, or the element no such option.
    #[error("the message has no {0} to press")]
    UnknownAction(String),
    /// No such view, or the person does not have it in front.
    #[error("{user} has no view {view} in front")]
    UnknownView {
        /// The person.
        user: String,
        /// What was asked for.
        view: String,
    },
    /// Neither a message nor a view was named.
    #[error("name a message (`channel` and `ts`) or a view (`viewId`)")]
    NoPlace,
    /// Slack tells the app nothing about this element until the view is submitted.
    #[error("the block of {0} does not dispatch actions")]
    NotDispatched(String),
    /// The view cannot be submitted.
    #[error("the view {0} has no submit button")]
    NoSubmit(String),
    /// A person could not put that in.
    #[error("{0}")]
    Unfillable(String),
    /// Countersign's address is not known.
    #[error("the API URL is not set")]
    NoApiUrl,
}

impl Shared {
    /// Gives a slash command; an answer with content becomes a message.
    pub(crate) async fn command(&self, act: &Command) -> Result<Outcome, ActError> {
        let person = person(&act.user)?;
        let (body, channel) = {
            let at = now();
            let mut slack = self.slack();
            let channel = match &act.channel {
                Some(asked) => visible(slack.channel(asked), person, asked)?,
                None => slack.open(&[person.user_id]).0,
            };
            let response_url = slack.issue_response_url("commands", person.user_id, &channel.id, None, at);
            let trigger_id = slack.issue_trigger(person.user_id, None, at);
            let handles = payload::Handles { response_url: format!("{}{response_url}", self.base_url), trigger_id };
            (payload::command(act, person, &channel, &handles), channel)
        };
        let letter = Letter { path: COMMANDS_PATH, who: person.user_id, body, content_type: FORM, tamper: &act.tamper };
        let mut outcome = self.post(letter).await?;
        if let (true, Some(body)) = (outcome.ok, outcome.body.as_deref()) {
            match self.show(body, person, &channel) {
                Ok(message) => outcome.message = message,
                Err(refusal) => outcome.fail("invalid_command_response", refusal.findings()),
            }
        }
        outcome.shown = outcome.error.as_deref().map(|error| shown::command(&act.command, error));
        Ok(outcome)
    }

    /// Sends a body of the caller's own making.
    pub(crate) async fn send(&self, act: &RawRequest) -> Result<Outcome, ActError> {
        let content_type = act.content_type.as_deref().unwrap_or(FORM);
        let letter = Letter { path: &act.path, who: "", body: act.body.clone(), content_type, tamper: &act.tamper };
        self.post(letter).await
    }

    /// Shows the answer to a slash command, be it JSON or plain text. `Err` if Slack could not show it.
    fn show(&self, body: &str, person: &Person, channel: &Channel) -> Result<Option<Message>, Refusal> {
        let trimmed = body.trim();
        if trimmed.is_empty() {
            return Ok(None);
        }
        let answer = match serde_json::from_str(trimmed) {
            Ok(answer @ Value::Object(_)) => answer,
            _ => serde_json::json!({"text": body}),
        };
        let says_nothing = ["text", "blocks"].iter().all(|name| answer.get(name).is_none());
        if says_nothing {
            return Ok(None);
        }
        let content = content_of(&answer)?;
        content.check()?;
        Ok(Some(self.slack().put_answer(content, &answer, person.user_id, &channel.id, now())))
    }
}

/// Finds a person, or says that there is none.
pub(crate) fn person(whom: &str) -> Result<&'static Person, ActError> {
    find_person(whom).ok_or_else(|| ActError::UnknownUser(whom.to_owned()))
}

/// A channel the person is in.
pub(crate) fn visible(found: Option<&Channel>, person: &Person, asked: &str) -> Result<Channel, ActError> {
    let found = found.filter(|channel| channel.has(person.user_id));
    found.cloned().ok_or_else(|| ActError::UnknownChannel { user: person.name.to_owned(), channel: asked.to_owned() })
}
