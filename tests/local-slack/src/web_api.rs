//! Slack's Web API: `/api/<method>`, answered with HTTP 200 and `ok` true or false, or with 429 and `Retry-After`.

mod arguments;
mod methods;

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use crate::clock::{now, ts};
use crate::faults::Fault;
use crate::server::Shared;
use crate::state::Call;
use arguments::Arguments;

/// The arguments that name what a call is about.
const ABOUT: [&str; 5] = ["channel", "user", "users", "user_id", "email"];

/// What a call is answered with.
#[derive(Debug)]
struct Answer {
    status: u16,
    retry_after: Option<u64>,
    body: Value,
    fault: bool,
}

impl Answer {
    fn with(body: Value) -> Self {
        Self { status: 200, retry_after: None, body, fault: false }
    }

    fn error(error: &str) -> Self {
        Self::with(json!({"ok": false, "error": error}))
    }

    fn too_many(retry_after: u64) -> Self {
        Self { status: 429, retry_after: Some(retry_after), ..Self::error("ratelimited") }
    }

    fn asked_for(fault: &Fault) -> Self {
        let status = fault.status.unwrap_or(200);
        let usual = match status {
            429 => "ratelimited",
            _ => "internal_error",
        };
        Self {
            status,
            retry_after: fault.retry_after.or((status == 429).then_some(1)),
            fault: true,
            ..Self::error(fault.error.as_deref().unwrap_or(usual))
        }
    }

    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, axum::Json(self.body)).into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// Answers one call and notes it.
pub(crate) async fn call(
    State(shared): State<Arc<Shared>>,
    Path(method): Path<String>,
    verb: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let answer = answer(&shared, &method, &verb, &uri, &headers, &body).await;
    let error = answer.body.get("error").and_then(Value::as_str).map(str::to_owned);
    let call = Call { at: ts(now()), method, status: answer.status, error, fault: answer.fault };
    shared.slack().note_call(call);
    answer.into_response()
}

async fn answer(shared: &Shared, method: &str, verb: &Method, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Answer {
    let Some(known) = methods::find(method) else {
        return Answer::with(json!({"ok": false, "error": "unknown_method", "req_method": method}));
    };
    let arguments = match Arguments::read(verb, uri.query(), headers, body, known.takes_json) {
        Ok(arguments) => arguments,
        Err(error) => return Answer::error(error),
    };
    match arguments.token(headers) {
        None => return Answer::error("not_authed"),
        Some(token) if token != shared.bot_token => return Answer::error("invalid_auth"),
        Some(_) => {}
    }
    let is_about = |whom: &str| ABOUT.iter().any(|name| arguments.text(name).is_some_and(|named| named == whom));
    let fault = shared.slack().faults.take(method, is_about);
    let Some(fault) = fault else {
        return carry_out(shared, known, &arguments);
    };
    tokio::time::sleep(Duration::from_millis(fault.delay_ms)).await;
    let harmless = fault.status.is_none() && fault.error.is_none();
    let carried_out = (harmless || fault.carried_out).then(|| carry_out(shared, known, &arguments));
    match carried_out {
        Some(answer) if harmless => Answer { fault: true, ..answer },
        _ => Answer::asked_for(&fault),
    }
}

fn carry_out(shared: &Shared, method: &methods::Method, arguments: &Arguments) -> Answer {
    let now = now();
    let mut slack = shared.slack();
    if let Some((key, limit)) = method.limit(&slack, arguments)
        && let Err(retry_after) = slack.rates.take(&key, limit, now)
    {
        return Answer::too_many(retry_after);
    }
    let mut body = (method.run)(&mut slack, arguments, now).unwrap_or_else(|refusal| refusal.body());
    if let (Some(warning), Value::Object(fields)) = (arguments.warning(), &mut body) {
        fields.insert("warning".to_owned(), json!(warning));
        let metadata = fields.entry("response_metadata").or_insert_with(|| json!({}));
        if let Value::Object(metadata) = metadata {
            metadata.insert("warnings".to_owned(), json!([warning]));
        }
    }
    Answer::with(body)
}
