//! Countersign's API: signed calls, tried again where that is safe.

use crate::connection::{Connection, Place};
use crate::failure::{Exit, Failure};
use aws::time::SystemClock;
use aws_credential_types::provider::ProvideCredentials as _;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use model::time::Time;
use reqwest::Method;
use serde_json::Value;
use std::time::{Duration, UNIX_EPOCH};
use workflow::ports::Clock as _;

/// Longer than API Gateway lets a function take.
const PATIENCE: Duration = Duration::from_secs(40);

/// How often a call is tried.
const ATTEMPTS: u64 = 4;

/// Pause before the second attempt, in milliseconds; it grows with each.
const PAUSE: u64 = 400;

/// Entries of a page.
const PAGE: usize = 100;

/// The API, as the caller.
#[derive(Debug)]
pub(crate) struct Api {
    http: reqwest::Client,
    connection: Connection,
}

/// A call.
#[derive(Debug, Clone)]
struct Call<'a> {
    method: Method,
    path: String,
    key: Option<&'a str>,
    body: Option<&'a Value>,
}

/// Why an attempt has no answer that counts.
struct Missed {
    failure: Failure,
    /// Whether the API can't have done anything, so that every call may be tried again.
    untouched: bool,
}

impl Api {
    /// The API that `place`, the environment or the AWS files name.
    ///
    /// # Errors
    /// They name none.
    pub(crate) async fn find(place: &Place) -> Result<Self, Failure> {
        Self::at(Connection::find(place).await?)
    }

    fn at(connection: Connection) -> Result<Self, Failure> {
        let built = reqwest::Client::builder()
            .timeout(PATIENCE)
            // A signature is for one address.
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("countersign/", env!("CARGO_PKG_VERSION")))
            .build();
        let http = built.map_err(|error| Failure::new(Exit::Failed, "no_http_client", error.to_string()))?;
        Ok(Self { http, connection })
    }

    /// Where it is and who calls.
    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// An HTTP client for anything else.
    pub(crate) fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// The time of day.
    pub(crate) fn now() -> Time {
        SystemClock.now()
    }

    /// Reads.
    ///
    /// # Errors
    /// No answer, or a problem.
    pub(crate) async fn get(&self, path: &str) -> Result<Value, Failure> {
        self.call(&Call { method: Method::GET, path: path.to_owned(), key: None, body: None }).await
    }

    /// Acts.
    ///
    /// # Errors
    /// No answer, or a problem.
    pub(crate) async fn post(&self, path: &str, body: Option<&Value>) -> Result<Value, Failure> {
        self.call(&Call { method: Method::POST, path: path.to_owned(), key: None, body }).await
    }

    /// Acts once, however often it is sent.
    ///
    /// # Errors
    /// No answer, or a problem.
    pub(crate) async fn post_once(&self, path: &str, key: &str, body: &Value) -> Result<Value, Failure> {
        self.call(&Call { method: Method::POST, path: path.to_owned(), key: Some(key), body: Some(body) }).await
    }

    /// Entries of a list, page by page, until there are `most`, or `enough` says so of one, which is then the last.
    /// Also gives the last page.
    ///
    /// # Errors
    /// No answer, or a problem.
    pub(crate) async fn list(
        &self,
        path: &str,
        query: &[(&str, &str)],
        most: usize,
        enough: impl Fn(&Value) -> bool,
    ) -> Result<(Vec<Value>, Value), Failure> {
        let (mut found, mut cursor): (Vec<Value>, Option<String>) = (Vec::new(), None);
        loop {
            let limit = most.saturating_sub(found.len()).clamp(1, PAGE).to_string();
            let mut text = form_urlencoded::Serializer::new(String::new());
            text.extend_pairs(query).append_pair("limit", &limit);
            if let Some(cursor) = &cursor {
                text.append_pair("cursor", cursor);
            }
            let mut page = self.get(&format!("{path}?{}", text.finish())).await?;
            let items = page.get_mut("items").map(Value::take);
            for item in items.and_then(|items| items.as_array().cloned()).unwrap_or_default() {
                let last = enough(&item);
                found.push(item);
                if last || found.len() >= most {
                    return Ok((found, page));
                }
            }
            cursor = page.get("cursor").and_then(Value::as_str).map(str::to_owned);
            if cursor.is_none() {
                return Ok((found, page));
            }
        }
    }

    async fn call(&self, call: &Call<'_>) -> Result<Value, Failure> {
        // A call that may have been done is sent again only if doing it again is the same.
        let repeatable = call.method == Method::GET || call.key.is_some();
        let mut attempt = 1;
        loop {
            let missed = match self.attempt(call).await {
                Ok(answer) => return Ok(answer),
                Err(missed) => missed,
            };
            let safe = repeatable || missed.untouched;
            if missed.failure.exit == Exit::Unreachable && !safe {
                return Err(missed.failure.advise("It may have been done all the same: look before you try again."));
            }
            if missed.failure.exit != Exit::Unreachable || attempt >= ATTEMPTS {
                return Err(missed.failure);
            }
            SystemClock.pause(PAUSE.saturating_mul(attempt)).await;
            attempt = attempt.saturating_add(1);
        }
    }

    async fn attempt(&self, call: &Call<'_>) -> Result<Value, Missed> {
        let request = self.signed(call).await.map_err(|failure| Missed { failure, untouched: false })?;
        let lost = |error: reqwest::Error| {
            let untouched = error.is_connect();
            // Its address is told by hand: a cursor in it is nobody's business.
            let sentence = format!("no answer from {}: {}", self.connection.url, chain(&error.without_url()));
            let failure = Failure::new(Exit::Unreachable, "no_answer", sentence);
            Missed { failure: failure.advise("Check --api-url and the network."), untouched }
        };
        let response = request.send().await.map_err(lost)?;
        let status = response.status().as_u16();
        let body = response.text().await.map_err(lost)?;
        if !(200..300).contains(&status) {
            let failure = Failure::of_answer(status, &body);
            // The API says so itself: with these, nothing was done.
            let untouched = ["too_many_calls", "unavailable"].contains(&failure.code.as_str());
            return Err(Missed { failure, untouched });
        }
        serde_json::from_str(&body).map_err(|_| {
            let failure =
                Failure::new(Exit::Failed, "not_the_api", "what answers at this address is not Countersign's API");
            Missed { failure: failure.advise("Check --api-url: it is the stack's output `ApiUrl`."), untouched: false }
        })
    }

    async fn signed(&self, call: &Call<'_>) -> Result<reqwest::RequestBuilder, Failure> {
        let unsigned = |error: &dyn std::fmt::Display| Failure::new(Exit::Failed, "not_signed", error.to_string());
        let credentials = self.connection.credentials.provide_credentials().await.map_err(|error| {
            let sentence = format!("there are no AWS credentials to sign with: {}", chain(&error));
            Failure::new(Exit::Failed, "no_credentials", sentence)
                .advise("Sign in as for the AWS CLI, for example with `aws sso login`, or give --profile.")
        })?;
        let identity = credentials.into();
        let seconds = u64::try_from(Self::now().as_second()).unwrap_or_default();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.connection.region)
            .name("execute-api")
            .time(UNIX_EPOCH.checked_add(Duration::from_secs(seconds)).unwrap_or(UNIX_EPOCH))
            .settings(SigningSettings::default())
            .build()
            .map_err(|error| unsigned(&error))?;
        let url = format!("{}{}", self.connection.url, call.path);
        let body = call.body.map(Value::to_string).unwrap_or_default().into_bytes();
        let mut headers = Vec::new();
        if call.body.is_some() {
            headers.push(("content-type", "application/json"));
        }
        if let Some(key) = call.key {
            headers.push(("idempotency-key", key));
        }
        let signable =
            SignableRequest::new(call.method.as_str(), &url, headers.iter().copied(), SignableBody::Bytes(&body))
                .map_err(|error| unsigned(&error))?;
        let (signature, _) = sign(signable, &parameters.into()).map_err(|error| unsigned(&error))?.into_parts();
        let mut request = self.http.request(call.method.clone(), &url).body(body);
        for (name, value) in headers.into_iter().chain(signature.headers()) {
            request = request.header(name, value);
        }
        Ok(request)
    }
}

/// An error and what caused it.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut shown = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !shown.contains(&said) {
            shown = format!("{shown}: {said}");
        }
        cause = error.source();
    }
    shown
}
