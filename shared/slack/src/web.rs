//! Slack's Web API, as far as we call it: `chat.postMessage`, `chat.update`, `conversations.open`,
//! `views.open`, `views.update`, `views.publish`, response URLs.
//!
//! Every call is bounded in time and in attempts. A call is sent again only if Slack did not take it (no connection,
//! status 429 or 5xx); after a timeout its outcome is unknown and the caller decides. Nothing that was sent, and no
//! token, is in any error or log line.

mod error;
mod roots;
mod sending;
mod views;

use std::fmt;
use std::path::Path;
use std::time::Duration;

use model::names::{SlackChannel, SlackUser};
use reqwest::header::HeaderValue;
use reqwest::{Url, redirect};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value, json};

pub use error::{SlackError, WebError};
pub use views::OpenedView;

use crate::blocks::Message;
use crate::payload::timestamp;
use crate::workspace::{ResponseUrl, is_loopback};
use sending::USUAL;

/// How long connecting may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// Where a message was posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    /// The conversation.
    pub channel: SlackChannel,
    /// The message, within it.
    pub ts: String,
}

/// A client of Slack's Web API.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    api_url: Url,
    bearer: HeaderValue,
    /// How long one attempt may take at most, whatever is called.
    longest_attempt: Duration,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("api_url", &self.api_url.as_str()).finish_non_exhaustive()
    }
}

impl Client {
    /// A client of the Web API at `api_url`: `https://slack.com/api`, or a local Slack's.
    ///
    /// # Errors
    /// If the address would not keep the token secret, or the token can't be one.
    pub fn new(api_url: &str, bot_token: SecretString) -> Result<Self, WebError> {
        Self::with_roots(api_url, bot_token, None)
    }

    /// The same where the machine's root certificates are known to be in `file`, which is several times as fast as looking
    /// for them. If it can't be read, they are looked for.
    ///
    /// # Errors
    /// As [`Client::new`].
    #[expect(clippy::needless_pass_by_value, reason = "the token is handed over, so that no copy of it stays behind")]
    pub fn with_roots(api_url: &str, bot_token: SecretString, file: Option<&Path>) -> Result<Self, WebError> {
        Self::with(api_url, &bot_token, USUAL.attempt, file)
    }

    fn with(
        api_url: &str,
        bot_token: &SecretString,
        longest_attempt: Duration,
        roots: Option<&Path>,
    ) -> Result<Self, WebError> {
        let api_url = Url::parse(api_url.trim_end_matches('/'))
            .map_err(|_| WebError::Settings("the API's address is not a URL"))?;
        if api_url.scheme() != "https" && !is_loopback(&api_url) {
            return Err(WebError::Settings("the API's address is neither https nor on loopback"));
        }
        if !bot_token.expose_secret().starts_with("xoxb-") {
            return Err(WebError::Settings("the bot token does not begin with xoxb-"));
        }
        let mut bearer = HeaderValue::from_str(&format!("Bearer {}", bot_token.expose_secret()))
            .map_err(|_| WebError::Settings("the bot token can't be sent in a header"))?;
        bearer.set_sensitive(true);
        let builder = || {
            reqwest::Client::builder()
                .connect_timeout(CONNECT_TIMEOUT)
                .timeout(longest_attempt)
                // Slack does not redirect these calls; following would carry messages elsewhere.
                .redirect(redirect::Policy::none())
                .no_proxy()
        };
        let known = roots.and_then(roots::in_file).and_then(|roots| builder().tls_certs_only(roots).build().ok());
        let http = known.map_or_else(|| builder().build(), Ok);
        let http = http.map_err(|_| WebError::Settings("the HTTP client can't be made"))?;
        Ok(Self { http, api_url, bearer, longest_attempt })
    }

    /// Posts a message, in a thread if `thread_ts` is given.
    ///
    /// # Errors
    /// See [`WebError`].
    pub async fn post_message(
        &self,
        channel: &SlackChannel,
        message: &Message,
        thread_ts: Option<&str>,
    ) -> Result<Posted, WebError> {
        let mut arguments = posting(channel, message);
        if let Some(thread_ts) = thread_ts {
            arguments.insert("thread_ts".to_owned(), json!(thread_ts));
        }
        let answer = self.call("chat.postMessage", arguments, &USUAL).await?;
        let text = |name: &str| answer.get(name).and_then(Value::as_str);
        let channel = text("channel").and_then(|channel| channel.parse().ok());
        match (channel, text("ts").and_then(timestamp)) {
            (Some(channel), Some(ts)) => Ok(Posted { channel, ts }),
            _ => Err(WebError::Unreadable { why: "it does not say where the message is" }),
        }
    }

    /// Replaces a message of ours: its blocks and the text beside them.
    ///
    /// # Errors
    /// See [`WebError`].
    pub async fn update_message(&self, channel: &SlackChannel, ts: &str, message: &Message) -> Result<(), WebError> {
        let mut arguments = content(channel, message);
        arguments.insert("ts".to_owned(), json!(ts));
        // Unlike the methods that post, this one would make links and mentions of its own if it is not told otherwise.
        arguments.insert("parse".to_owned(), json!("none"));
        self.call("chat.update", arguments, &USUAL).await.map(drop)
    }

    /// Opens the direct conversation with a person.
    ///
    /// # Errors
    /// See [`WebError`].
    pub async fn open_dm(&self, user: &SlackUser) -> Result<SlackChannel, WebError> {
        let arguments = Map::from_iter([("users".to_owned(), json!(user_id(user)))]);
        let answer = self.call("conversations.open", arguments, &USUAL).await?;
        answer
            .pointer("/channel/id")
            .and_then(Value::as_str)
            .and_then(|id| id.parse().ok())
            .ok_or(WebError::Unreadable { why: "it does not say which conversation" })
    }

    /// Answers a command or a press at its response URL: only who gave it sees it, and the message stays as it is.
    ///
    /// # Errors
    /// See [`WebError`].
    pub async fn respond(&self, to: &ResponseUrl, message: &Message) -> Result<(), WebError> {
        let mut body = message.as_answer();
        if let Some(body) = body.as_object_mut() {
            body.insert("replace_original".to_owned(), json!(false));
        }
        // Without the token: the address itself is the permission.
        self.send("response_url", to.url(), &body, None, &USUAL).await.map(drop)
    }
}

/// A message and where it goes.
fn content(channel: &SlackChannel, message: &Message) -> Map<String, Value> {
    Map::from_iter([
        ("channel".to_owned(), json!(channel)),
        ("text".to_owned(), json!(message.text())),
        ("blocks".to_owned(), json!(message.blocks())),
    ])
}

/// A new message: nothing that is linked to is shown with it.
fn posting(channel: &SlackChannel, message: &Message) -> Map<String, Value> {
    let mut arguments = content(channel, message);
    arguments.insert("unfurl_links".to_owned(), json!(false));
    arguments.insert("unfurl_media".to_owned(), json!(false));
    arguments
}

/// `U…` of `T…/U…`.
fn user_id(user: &SlackUser) -> &str {
    user.as_str().rsplit('/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests;
