//! Sending a call until Slack takes it, within the bounds that suit it.

use std::time::{Duration, Instant};

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use reqwest::{Response, StatusCode, Url};
use serde_json::{Map, Value};

use super::{Client, SlackError, WebError};

/// Pause after a first failed attempt; it doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(150);
/// What Slack is taken to mean if it limits us without saying for how long.
const USUAL_RETRY_AFTER: Duration = Duration::from_secs(1);
/// Largest answer we read, in bytes. It repeats the message or the view; Slack writes a character outside ASCII in up to
/// four times the bytes we sent it in, and takes views of 250,000.
const ANSWER_BYTES: usize = 1024 * 1024;

/// How much time and how many attempts a call is worth.
#[derive(Debug)]
pub(super) struct Pace {
    /// How long one attempt may take.
    pub(super) attempt: Duration,
    /// How long all of it may take.
    pub(super) within: Duration,
    /// How much of that may be waiting between attempts.
    pub(super) patience: Duration,
    /// How many attempts there are, unless Slack only limits us.
    pub(super) attempts: u32,
    /// Whether it is sent again after a status of 500 and above, when Slack may have begun with it.
    pub(super) again_after_trouble: bool,
}

/// For messages. Functions are paid while they wait, but Slack takes one message a second for a channel, what happens to one
/// request makes several, and the event is delivered again only minutes later.
/// Source: <https://docs.slack.dev/apis/web-api/rate-limits>.
pub(super) const USUAL: Pace = Pace {
    attempt: Duration::from_secs(5),
    within: Duration::from_secs(18),
    patience: Duration::from_secs(8),
    attempts: 3,
    again_after_trouble: true,
};

/// For opening a modal. Its trigger lives for 3 s from the press, of which we have had some already, and Slack waits no
/// longer for our own answer; 2 s leave time to say what went wrong. A call that Slack may have begun with has spent the
/// trigger, and a limit (a second at the least) outlasts it: so it is sent again only if nobody took it.
pub(super) const OPENING: Pace = Pace {
    attempt: Duration::from_secs(2),
    within: Duration::from_secs(2),
    patience: Duration::from_millis(500),
    attempts: 2,
    again_after_trouble: false,
};

/// For views that are there already: somebody looks at them, and Slack still waits for our own answer. Twice the same
/// view does no harm.
pub(super) const SHOWING: Pace = Pace { again_after_trouble: true, ..OPENING };

impl Client {
    pub(super) async fn call(
        &self,
        method: &'static str,
        arguments: Map<String, Value>,
        pace: &Pace,
    ) -> Result<Value, WebError> {
        let mut url = self.api_url.clone();
        url.path_segments_mut().map_err(|()| WebError::Settings("the API's address takes no path"))?.push(method);
        let answer = self.send(method, &url, &Value::Object(arguments), Some(&self.bearer), pace).await?;
        let answer: Value =
            serde_json::from_slice(&answer).map_err(|_| WebError::Unreadable { why: "it is not JSON" })?;
        match (answer.get("ok").and_then(Value::as_bool), answer.get("error").and_then(Value::as_str)) {
            (Some(true), _) => Ok(answer),
            (Some(false), Some(error)) => Err(WebError::Refused(SlackError::named(error))),
            (Some(false) | None, _) => Err(WebError::Unreadable { why: "it says neither ok nor error" }),
        }
    }

    /// Sends `body` until Slack takes it, within bounds.
    pub(super) async fn send(
        &self,
        method: &'static str,
        url: &Url,
        body: &Value,
        bearer: Option<&HeaderValue>,
        pace: &Pace,
    ) -> Result<Vec<u8>, WebError> {
        let body = body.to_string();
        let started = Instant::now();
        let mut pause = FIRST_PAUSE;
        let mut patience = pace.patience;
        let mut attempt: u32 = 1;
        loop {
            let left = pace.within.saturating_sub(started.elapsed());
            let mut request = self
                .http
                .post(url.clone())
                .timeout(pace.attempt.min(left).min(self.longest_attempt))
                .header(CONTENT_TYPE, "application/json; charset=utf-8")
                .body(body.clone());
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
                WebError::Unreachable { why: NO_CONNECTION } => pause,
                WebError::Status { status: 500.. } if pace.again_after_trouble => pause,
                WebError::Unreachable { .. }
                | WebError::Status { .. }
                | WebError::Settings(_)
                | WebError::Refused(_)
                | WebError::Unreadable { .. } => return Err(failure),
            };
            let in_time = started.elapsed().saturating_add(wait) < pace.within;
            // A limit is not trouble: waiting is all it takes, for as long as there is patience.
            let limited = matches!(failure, WebError::RateLimited { .. });
            let worth_it = (limited || attempt < pace.attempts) && in_time;
            let Some(left) = patience.checked_sub(wait).filter(|_| worth_it) else { return Err(failure) };
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
