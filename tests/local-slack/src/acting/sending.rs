//! One request to Countersign, cut off after three seconds unless the settings say otherwise, and what came of it.

use std::time::{Duration, Instant};

use reqwest::header::{CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{ActError, Tamper};
use crate::clock::{Micros, now, seconds};
use crate::message::Message;
use crate::server::Shared;
use crate::signature::sign;
use crate::state::Settings;

/// The request that was sent, so that it can be sent again. Empty if nothing was sent.
#[derive(Debug, Clone, Default, Serialize)]
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
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// Whether Slack counts it as answered: in time, with a 2xx status and a body it can use.
    pub ok: bool,
    /// Slack's name for what went wrong: `operation_timeout`, `dispatch_failed`, `invalid_command_response`,
    /// `invalid_response`, or `required_field` if Slack's client sent nothing.
    pub error: Option<String>,
    /// What Slack's client would tell the person about the error.
    pub shown: Option<String>,
    /// HTTP status of the answer.
    pub status: Option<u16>,
    /// Body of the answer.
    pub body: Option<String>,
    /// How long the answer took.
    pub duration_ms: u64,
    /// The message the answer became, if it became one.
    pub message: Option<Message>,
    /// The view the answer became, if it became one.
    pub view: Option<Value>,
    /// The options offered: `{"options": […]}` or `{"option_groups": […]}`, as the app gave them.
    pub options: Option<Value>,
    /// What the person is told in place, by block id.
    pub errors: Map<String, Value>,
    /// What exactly Slack could not use in the answer.
    pub findings: Vec<String>,
    /// The request.
    pub request: SentRequest,
}

impl Outcome {
    /// One that Slack's client settles without a request.
    pub(super) fn without_request() -> Self {
        Self { ok: true, ..Self::default() }
    }

    /// Notes that the answer was of no use.
    pub(super) fn fail(&mut self, error: &str, findings: Vec<String>) {
        self.ok = false;
        self.error = Some(error.to_owned());
        self.findings = findings;
    }
}

/// What is to be sent.
#[derive(Debug, Clone)]
pub(super) struct Letter<'a> {
    pub(super) path: &'a str,
    /// The user id of who acts; empty if no one does.
    pub(super) who: &'a str,
    pub(super) body: String,
    pub(super) content_type: &'a str,
    pub(super) tamper: &'a Tamper,
}

/// A request to Countersign that is under way.
#[derive(Debug, Clone)]
pub(crate) struct Flight {
    number: u64,
    pub(crate) path: String,
    pub(crate) who: String,
    pub(crate) since: Micros,
}

/// Strikes a flight off, also if whoever waited for it has gone.
struct Landing<'a> {
    shared: &'a Shared,
    number: u64,
}

impl Drop for Landing<'_> {
    fn drop(&mut self) {
        self.shared.slack().flights.retain(|flight| flight.number != self.number);
    }
}

/// An outcome, and what only Slack's servers look at.
pub(super) struct Delivered {
    pub(super) outcome: Outcome,
    /// Why it failed, in the words of `x-slack-retry-reason`.
    pub(super) reason: Option<&'static str>,
    /// Whether the app asked not to be tried again.
    pub(super) no_retry: bool,
}

impl Shared {
    /// Sends a letter.
    pub(super) async fn post(&self, letter: Letter<'_>) -> Result<Outcome, ActError> {
        Ok(self.deliver(&letter, &[]).await?.outcome)
    }

    /// Sends a letter with headers of its own.
    pub(super) async fn deliver(
        &self,
        letter: &Letter<'_>,
        headers: &[(&'static str, String)],
    ) -> Result<Delivered, ActError> {
        let Settings { api_url, api_host: host, answer_within_ms, .. } = self.slack().settings.clone();
        let api_url = api_url.ok_or(ActError::NoApiUrl)?;
        let tamper = letter.tamper;
        let timestamp = seconds(now()).saturating_add(tamper.timestamp_offset_seconds);
        let secret = tamper.secret.as_deref().unwrap_or(&self.signing_secret);
        let right = sign(secret, timestamp, letter.body.as_bytes());
        let request = SentRequest {
            url: format!("{}{}", api_url.trim_end_matches('/'), letter.path),
            host,
            content_type: letter.content_type.to_owned(),
            timestamp: tamper.sent_timestamp.clone().unwrap_or_else(|| timestamp.to_string()),
            signature: tamper.signature.clone().unwrap_or(right),
            body: tamper.body.clone().unwrap_or_else(|| letter.body.clone()),
        };
        let _landing = self.take_off(letter);
        Ok(self.exchange(request, headers, Duration::from_millis(answer_within_ms)).await)
    }

    fn take_off(&self, letter: &Letter<'_>) -> Landing<'_> {
        let mut slack = self.slack();
        let number = slack.next_number();
        let flight = Flight { number, path: letter.path.to_owned(), who: letter.who.to_owned(), since: now() };
        slack.flights.push(flight);
        Landing { shared: self, number }
    }

    async fn exchange(&self, request: SentRequest, headers: &[(&'static str, String)], within: Duration) -> Delivered {
        let mut sending = self
            .http
            .post(&request.url)
            .timeout(within)
            .header(CONTENT_TYPE, &request.content_type)
            .header("X-Slack-Request-Timestamp", &request.timestamp)
            .headers(header_map(headers))
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
            let no_retry = response.headers().get("x-slack-no-retry").is_some_and(|value| value == "1");
            Ok::<_, reqwest::Error>((response.status(), no_retry, response.text().await?))
        };
        let answered = answered.await;
        let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let no_retry = answered.as_ref().is_ok_and(|(_, no_retry, _)| *no_retry);
        let (status, body, failure) = match answered {
            Ok((status, _, body)) if status.is_success() => (Some(status.as_u16()), Some(body), None),
            Ok((status, _, body)) => (Some(status.as_u16()), Some(body), Some(("dispatch_failed", "http_error"))),
            Err(error) if error.is_timeout() => (None, None, Some(("operation_timeout", "http_timeout"))),
            Err(error) if error.is_connect() => (None, None, Some(("dispatch_failed", "connection_failed"))),
            Err(_) => (None, None, Some(("dispatch_failed", "unknown_error"))),
        };
        let error = failure.map(|(error, _)| error.to_owned());
        let ok = error.is_none();
        let outcome = Outcome { ok, error, status, body, duration_ms, request, ..Outcome::default() };
        Delivered { outcome, reason: failure.map(|(_, reason)| reason), no_retry }
    }
}

fn header_map(headers: &[(&'static str, String)]) -> HeaderMap {
    let known = headers
        .iter()
        .filter_map(|(name, value)| Some((HeaderName::from_static(name), HeaderValue::from_str(value).ok()?)));
    known.collect()
}
