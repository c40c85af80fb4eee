//! Decisions through the API.

use lambda::http::{Answer, Call};
use lambda::problem::Problem;
use model::digest::Digest;
use model::identity::Actor;
use model::names::RequestId;
use model::submission::FieldError;
use model::terms::Narrower;
use model::text::{FreeText, Note};
use serde_json::{Map, Value};
use workflow::decisions::{Wanted, act};
use workflow::ports::{Clock, CommitRequest, FindByKey, Identifiers, LoadRequest, Policies};
use workflow::views;

/// Carries out one decision of `actor`.
pub(crate) async fn answer<P>(ports: &P, actor: &Actor, call: &Call) -> Result<Answer, Problem>
where
    P: Policies + LoadRequest + CommitRequest + FindByKey + Clock + Identifiers,
{
    let mut body = body(&call.body)?;
    let wanted = match call.route.as_str() {
        "POST /v1/requests/{id}/approve" => approve(&mut body)?,
        "POST /v1/requests/{id}/deny" => Wanted::Deny { reason: reason(&mut body)? },
        "POST /v1/requests/{id}/cancel" => Wanted::Cancel,
        "POST /v1/requests/{id}/revoke" => Wanted::Revoke { reason: reason(&mut body)? },
        _ => return Err(Problem::no_route()),
    };
    if let Some(unknown) = body.keys().next() {
        return Err(Problem::invalid_body(&format!("there is no field `{}`", model::text::inert(unknown, 64))));
    }
    let id: RequestId = call.path("id").parse().map_err(|_| Problem::not_found())?;
    let done = act(ports, actor, &id, &wanted, None).await?;
    Ok(Answer::json(200, &views::request(&done.stored)))
}

/// The body's fields. No body at all is one without fields.
pub(crate) fn body(bytes: &[u8]) -> Result<Map<String, Value>, Problem> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Ok(Map::new());
    }
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) | Err(_) => Err(Problem::invalid_body("it has to be a JSON object")),
    }
}

pub(crate) fn wrong(field: &'static str, code: &'static str, message: String) -> Problem {
    Problem::invalid(vec![FieldError { field, code, message }])
}

fn digest(body: &mut Map<String, Value>) -> Result<Digest, Problem> {
    let message = || "digest has to be the request's digest, as GET shows it: 64 hexadecimal digits".to_owned();
    match body.remove("digest") {
        Some(Value::String(text)) => text.parse().map_err(|_| wrong("digest", "invalid_digest", message())),
        _ => Err(wrong("digest", "invalid_digest", message())),
    }
}

/// A countersignature, with what comes with it.
fn approve(body: &mut Map<String, Value>) -> Result<Wanted, Problem> {
    let digest = digest(body)?;
    let note = match body.remove("note") {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(Note::new(&text).map_err(|error| {
            wrong("note", "invalid_note", format!("the note {error}; leave it out, or say it in short"))
        })?),
        Some(_) => return Err(wrong("note", "invalid_note", "note has to be a text".to_owned())),
    };
    let narrower = Narrower {
        permissions: texts(body, "permissions", "invalid_permissions")?,
        resources: texts(body, "resources", "invalid_resources")?,
        duration_seconds: match body.remove("durationSeconds") {
            None | Some(Value::Null) => None,
            Some(value) => Some(value.as_u64().ok_or_else(|| {
                let message = "durationSeconds has to be a whole number of seconds".to_owned();
                wrong("durationSeconds", "invalid_duration", message)
            })?),
        },
    };
    let narrower = Some(narrower).filter(|narrower| *narrower != Narrower::default());
    Ok(Wanted::Approve { digest, note, narrower })
}

fn texts(
    body: &mut Map<String, Value>,
    field: &'static str,
    code: &'static str,
) -> Result<Option<Vec<String>>, Problem> {
    let wrong = || wrong(field, code, format!("{field} has to be a list of texts"));
    match body.remove(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Array(items)) => {
            let read: Option<Vec<String>> = items.iter().map(|item| item.as_str().map(str::to_owned)).collect();
            read.map(Some).ok_or_else(wrong)
        }
        Some(_) => Err(wrong()),
    }
}

pub(crate) fn reason(body: &mut Map<String, Value>) -> Result<FreeText, Problem> {
    match body.remove("reason") {
        Some(Value::String(text)) => FreeText::new(&text)
            .map_err(|error| wrong("reason", "invalid_reason", format!("the reason {error}; say in a sentence why"))),
        _ => Err(wrong("reason", "invalid_reason", "reason is missing; say in a sentence why".to_owned())),
    }
}
