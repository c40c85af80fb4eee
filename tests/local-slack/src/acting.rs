//! What people do: slash commands and button presses, sent to Countersign signed as Slack signs them.

mod payload;

use std::time::Instant;

use reqwest::header::{CONTENT_TYPE, HOST};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use crate::clock::{now, seconds};
use crate::message::Message;
use crate::response_url::content_of;
use crate::server::Shared;
use crate::signature::sign;
use crate::workspace::{Channel, Person, find_person};

/// Path of slash commands below Countersign's base URL.
pub const COMMANDS_PATH: &str = "/slack/commands";
/// Path of interactions below Countersign's base URL.
pub const INTERACTIONS_PATH: &str = "/slack/interactions";

const FORM: &str = "application/x-www-form-urlencoded";

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

/// A press of a button, or a choice in a menu, of a message as it was posted.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Press {
    /// Who presses: user id, handle or e-mail address.
    pub user: String,
    /// The message's channel: id or name.
    pub channel: String,
    /// The message.
    pub ts: String,
    /// The element.
    pub action_id: String,
    /// The value of the option chosen, for a menu.
    #[serde(default)]
    pub option_value: Option<String>,
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

/// The request that was sent, so that it can be sent again.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SentRequest {
    /// The URL.
    pub url: String,
    /// The `Host` header, when set apart from the URL.
    pub host: Option<String>,
    /// The `Content-Type` header.
    pub content_type: String,
    /// The `X-Slack-Request-Timestamp` header.
    pub timestamp: String,
    /// The `X-Slack-Signature` header; empty if none was sent.
    pub signature: String,
    /// The body.
    pub body: String,
}

/// What came of an act.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// Whether Slack counts it as answered: in time, with a 2xx status and a body it can use.
    pub ok: bool,
    /// What Slack would tell the person instead: `operation_timeout`, `dispatch_failed` or `invalid_command_response`.
    pub error: Option<String>,
    /// HTTP status of the answer.
    pub status: Option<u16>,
    /// Body of the answer.
    pub body: Option<String>,
    /// How long the answer took.
    pub duration_ms: u64,
    /// The message the answer became, if it became one.
    pub message: Option<Message>,
    /// The request.
    pub request: SentRequest,
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
    /// The message has no such element, or the element no such option.
    #[error("the message has no {0} to press")]
    UnknownAction(String),
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
            let trigger_id = slack.issue_trigger(person.user_id, at);
            let handles = payload::Handles { response_url: format!("{}{response_url}", self.base_url), trigger_id };
            (payload::command(act, person, &channel, &handles), channel)
        };
        let mut outcome = self.post(COMMANDS_PATH, body, FORM, &act.tamper).await?;
        if let (true, Some(body)) = (outcome.ok, outcome.body.as_deref()) {
            if let Ok(message) = self.show(body, person, &channel) {
                outcome.message = message;
            } else {
                outcome.ok = false;
                outcome.error = Some("invalid_command_response".to_owned());
            }
        }
        Ok(outcome)
    }

    /// Presses a button. Slack looks at the status of the answer only.
    pub(crate) async fn press(&self, act: &Press) -> Result<Outcome, ActError> {
        let person = person(&act.user)?;
        let body = {
            let at = now();
            let mut slack = self.slack();
            let channel = visible(slack.channel(&act.channel), person, &act.channel)?;
            let message = slack.message(&channel.id, &act.ts).cloned();
            let message =
                message.filter(|message| message.ephemeral_for.as_deref().is_none_or(|user| user == person.user_id));
            let message = message.ok_or_else(|| ActError::UnknownMessage {
                user: act.user.clone(),
                channel: act.channel.clone(),
                ts: act.ts.clone(),
            })?;
            let action_ts = slack.next_ts(at);
            let action = payload::action(&message, act, &action_ts)
                .ok_or_else(|| ActError::UnknownAction(act.action_id.clone()))?;
            let response_url = slack.issue_response_url("actions", person.user_id, &channel.id, Some(&message.ts), at);
            let trigger_id = slack.issue_trigger(person.user_id, at);
            let handles = payload::Handles { response_url: format!("{}{response_url}", self.base_url), trigger_id };
            payload::block_actions(act, person, &channel, &message, &action, &handles)
        };
        self.post(INTERACTIONS_PATH, body, FORM, &act.tamper).await
    }

    /// Sends a body of the caller's own making.
    pub(crate) async fn send(&self, act: &RawRequest) -> Result<Outcome, ActError> {
        let content_type = act.content_type.as_deref().unwrap_or(FORM);
        self.post(&act.path, act.body.clone(), content_type, &act.tamper).await
    }

    async fn post(&self, path: &str, body: String, content_type: &str, tamper: &Tamper) -> Result<Outcome, ActError> {
        let (api_url, host) = {
            let slack = self.slack();
            (slack.settings.api_url.clone().ok_or(ActError::NoApiUrl)?, slack.settings.api_host.clone())
        };
        let timestamp = seconds(now()).saturating_add(tamper.timestamp_offset_seconds);
        let secret = tamper.secret.as_deref().unwrap_or(&self.signing_secret);
        let right = sign(secret, timestamp, body.as_bytes());
        let request = SentRequest {
            url: format!("{}{path}", api_url.trim_end_matches('/')),
            host,
            content_type: content_type.to_owned(),
            timestamp: tamper.sent_timestamp.clone().unwrap_or_else(|| timestamp.to_string()),
            signature: tamper.signature.clone().unwrap_or(right),
            body: tamper.body.clone().unwrap_or(body),
        };
        Ok(self.deliver(request).await)
    }

    async fn deliver(&self, request: SentRequest) -> Outcome {
        let mut sending = self
            .http
            .post(&request.url)
            .header(CONTENT_TYPE, &request.content_type)
            .header("X-Slack-Request-Timestamp", &request.timestamp)
            .body(request.body.clone());
        if !request.signature.is_empty() {
            sending = sending.header("X-Slack-Signature", &request.signature);
        }
        if let Some(host) = &request.host {
            sending = sending.header(HOST, host);
        }
        let started = Instant::now();
        let answered = async {
            let response = sending.send().await?;
            let status = response.status();
            Ok::<_, reqwest::Error>((status, response.text().await?))
        };
        let answered = answered.await;
        let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let (status, body, error) = match answered {
            Ok((status, body)) if status.is_success() => (Some(status.as_u16()), Some(body), None),
            Ok((status, body)) => (Some(status.as_u16()), Some(body), Some("dispatch_failed")),
            Err(error) if error.is_timeout() => (None, None, Some("operation_timeout")),
            Err(_) => (None, None, Some("dispatch_failed")),
        };
        let error = error.map(str::to_owned);
        Outcome { ok: error.is_none(), error, status, body, duration_ms, message: None, request }
    }

    /// Shows the answer to a slash command, be it JSON or plain text. `Err` if Slack could not show it.
    fn show(&self, body: &str, person: &Person, channel: &Channel) -> Result<Option<Message>, ()> {
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
        let content = content_of(&answer).map_err(drop)?;
        content.check().map_err(drop)?;
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
