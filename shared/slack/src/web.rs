//! Slack's Web API, as far as we call it: `chat.postMessage`, `chat.postEphemeral`, `conversations.open`, response URLs.
//!
//! Every call is bounded in time and in attempts. A call is sent again only if Slack did not take it (no connection,
//! status 429 or 5xx); after a timeout its outcome is unknown and the caller decides. Nothing that was sent, and no
//! token, is in any error or log line.

mod error;

use std::fmt;
use std::time::Duration;

use model::names::{SlackChannel, SlackUser};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use reqwest::{Response, StatusCode, Url, redirect};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value, json};

pub use error::{SlackError, WebError};

use crate::blocks::Message;
use crate::payload::timestamp;
use crate::workspace::{ResponseUrl, is_loopback};

/// How long connecting may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// How long one attempt may take.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);
/// Attempts at one call.
const ATTEMPTS: u32 = 3;
/// Pause after a first failed attempt; it doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(150);
/// How long one call may wait between its attempts, altogether. Functions are paid while they wait, and the event is
/// delivered again anyway.
const PATIENCE: Duration = Duration::from_secs(3);
/// What Slack is taken to mean if it limits us without saying for how long.
const USUAL_RETRY_AFTER: Duration = Duration::from_secs(1);
/// Largest answer we read, in bytes. It repeats the message.
const ANSWER_BYTES: usize = 512 * 1024;

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
    #[expect(clippy::needless_pass_by_value, reason = "the token is handed over, so that no copy of it stays behind")]
    pub fn new(api_url: &str, bot_token: SecretString) -> Result<Self, WebError> {
        Self::with_timeout(api_url, &bot_token, ATTEMPT_TIMEOUT)
    }

    fn with_timeout(api_url: &str, bot_token: &SecretString, attempt: Duration) -> Result<Self, WebError> {
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
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(attempt)
            // Slack does not redirect these calls; following would carry messages elsewhere.
            .redirect(redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(|_| WebError::Settings("the HTTP client can't be made"))?;
        Ok(Self { http, api_url, bearer })
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
        let mut arguments = arguments(channel, message);
        if let Some(thread_ts) = thread_ts {
            arguments.insert("thread_ts".to_owned(), json!(thread_ts));
        }
        let answer = self.call("chat.postMessage", arguments).await?;
        let text = |name: &str| answer.get(name).and_then(Value::as_str);
        let channel = text("channel").and_then(|channel| channel.parse().ok());
        match (channel, text("ts").and_then(timestamp)) {
            (Some(channel), Some(ts)) => Ok(Posted { channel, ts }),
            _ => Err(WebError::Unreadable { why: "it does not say where the message is" }),
        }
    }

    /// Opens the direct conversation with a person.
    ///
    /// # Errors
    /// See [`WebError`].
    pub async fn open_dm(&self, user: &SlackUser) -> Result<SlackChannel, WebError> {
        let arguments = Map::from_iter([("users".to_owned(), json!(user_id(user)))]);
        let answer = self.call("conversations.open", arguments).await?;
        answer
            .pointer("/channel/id")
            .and_then(Value::as_str)
            .and_then(|id| id.parse().ok())
            .ok_or(WebError::Unreadable { why: "it does not say which conversation" })
    }

    /// Posts a message that only `user` sees, if they are in the channel and online.
    ///
    /// # Errors
    /// See [`WebError`].
    pub async fn post_ephemeral(
        &self,
        channel: &SlackChannel,
        user: &SlackUser,
        message: &Message,
    ) -> Result<(), WebError> {
        let mut arguments = arguments(channel, message);
        arguments.insert("user".to_owned(), json!(user_id(user)));
        self.call("chat.postEphemeral", arguments).await.map(drop)
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
        self.send("response_url", to.url(), &body, None).await.map(drop)
    }

    async fn call(&self, method: &'static str, arguments: Map<String, Value>) -> Result<Value, WebError> {
        let mut url = self.api_url.clone();
        url.path_segments_mut().map_err(|()| WebError::Settings("the API's address takes no path"))?.push(method);
        let answer = self.send(method, &url, &Value::Object(arguments), Some(&self.bearer)).await?;
        let answer: Value =
            serde_json::from_slice(&answer).map_err(|_| WebError::Unreadable { why: "it is not JSON" })?;
        match (answer.get("ok").and_then(Value::as_bool), answer.get("error").and_then(Value::as_str)) {
            (Some(true), _) => Ok(answer),
            (Some(false), Some(error)) => Err(WebError::Refused(SlackError::named(error))),
            (Some(false) | None, _) => Err(WebError::Unreadable { why: "it says neither ok nor error" }),
        }
    }

    /// Sends `body` until Slack takes it, within bounds.
    async fn send(
        &self,
        method: &'static str,
        url: &Url,
        body: &Value,
        bearer: Option<&HeaderValue>,
    ) -> Result<Vec<u8>, WebError> {
        let body = body.to_string();
        let mut pause = FIRST_PAUSE;
        let mut patience = PATIENCE;
        let mut attempt: u32 = 1;
        loop {
            let mut request =
                self.http.post(url.clone()).header(CONTENT_TYPE, "application/json; charset=utf-8").body(body.clone());
            if let Some(bearer) = bearer {
                request = request.header(AUTHORIZATION, bearer.clone());
            }
            let failure = match request.send().await {
                Ok(response) if response.status().is_success() => return read(response).await,
                Ok(response) => status(&response),
                Err(error) => unreachable_by(&error),
            };
            let wait = match &failure {
                WebError::RateLimited { retry_after } => *retry_after,
                WebError::Unreachable { why: NO_CONNECTION } | WebError::Status { status: 500.. } => pause,
                WebError::Unreachable { .. }
                | WebError::Status { .. }
                | WebError::Settings(_)
                | WebError::Refused(_)
                | WebError::Unreadable { .. } => return Err(failure),
            };
            let Some(left) = patience.checked_sub(wait).filter(|_| attempt < ATTEMPTS) else { return Err(failure) };
            tracing::warn!(
                slack.method = method,
                attempt,
                error.code = failure.code(),
                "slack call failed, trying again"
            );
            tokio::time::sleep(wait).await;
            patience = left;
            pause = pause.saturating_mul(2);
            attempt = attempt.saturating_add(1);
        }
    }
}

/// Why nothing was sent at all.
const NO_CONNECTION: &str = "no connection";

fn unreachable_by(error: &reqwest::Error) -> WebError {
    let why = if error.is_connect() {
        NO_CONNECTION
    } else if error.is_timeout() {
        "no answer in time"
    } else {
        "the connection broke"
    };
    WebError::Unreachable { why }
}

fn status(response: &Response) -> WebError {
    let status = response.status();
    if status != StatusCode::TOO_MANY_REQUESTS {
        return WebError::Status { status: status.as_u16() };
    }
    let seconds =
        response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()).and_then(|text| text.parse().ok());
    WebError::RateLimited { retry_after: seconds.map_or(USUAL_RETRY_AFTER, Duration::from_secs) }
}

async fn read(mut response: Response) -> Result<Vec<u8>, WebError> {
    let mut answer = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| unreachable_by(&error))? {
        if answer.len().saturating_add(chunk.len()) > ANSWER_BYTES {
            return Err(WebError::Unreadable { why: "it is too large" });
        }
        answer.extend_from_slice(&chunk);
    }
    Ok(answer)
}

fn arguments(channel: &SlackChannel, message: &Message) -> Map<String, Value> {
    Map::from_iter([
        ("channel".to_owned(), json!(channel)),
        ("text".to_owned(), json!(message.text())),
        ("blocks".to_owned(), json!(message.blocks())),
        ("unfurl_links".to_owned(), json!(false)),
        ("unfurl_media".to_owned(), json!(false)),
    ])
}

/// `U…` of `T…/U…`.
fn user_id(user: &SlackUser) -> &str {
    user.as_str().rsplit('/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests;
