//! The API's questions and its one submission.

use crate::{Installation, Ports};
use lambda::http::{Answer, Call};
use lambda::problem::Problem;
use model::amount::display_duration;
use model::identity::Actor;
use model::names::{IdempotencyKey, PersonId, RequestId};
use model::request::Status;
use model::submission::{FieldError, Wish, reachable};
use record::entry::EntryHash;
use serde_json::{Map, Value, json};
use workflow::ports::{
    Clock, CommitRequest, FindByKey, Identifiers, ListRequests, LoadEntries, LoadRequest, LoadRequests, Policies,
    Stored, StoredEntry,
};
use workflow::reading::{self, Query};
use workflow::submission::Extension;
use workflow::{submission, views};

/// Entries of a list, unless asked for otherwise.
const DEFAULT_LIMIT: u32 = 50;

/// Most entries of a list.
const LARGEST_LIMIT: u32 = 100;

/// The last place of a chain that a cursor may name: places are stored with six digits.
const LAST_PLACE: u64 = 999_998;

/// Longest body of a submission, in bytes.
const LONGEST_SUBMISSION: usize = 64 * 1024;

/// Answers one API call of `actor`.
pub(crate) async fn answer<P: Ports>(
    ports: &P,
    here: &Installation,
    actor: &Actor,
    call: &Call,
) -> Result<Answer, Problem> {
    match call.route.as_str() {
        "GET /v1/entitlements" => entitlements(ports, actor, call).await,
        "POST /v1/requests" => submit(ports, here, actor, call).await,
        "POST /v1/requests/{id}/extend" => extend(ports, actor, call).await,
        "GET /v1/requests" => list(ports, actor, call).await,
        "GET /v1/requests/{id}" => show(ports, actor, call).await,
        "GET /v1/requests/{id}/events" => events(ports, actor, call).await,
        _ => Err(Problem::no_route()),
    }
}

/// The request id in the path. One that is malformed is one that does not exist.
fn request_id(call: &Call) -> Result<RequestId, Problem> {
    call.path("id").parse().map_err(|_| Problem::not_found())
}

fn limit(call: &Call) -> Result<u32, Problem> {
    let wrong = || {
        Problem::invalid(vec![FieldError {
            field: "limit",
            code: "invalid_limit",
            message: format!("limit takes a number from 1 to {LARGEST_LIMIT}"),
        }])
    };
    match call.query("limit").map_err(|_| wrong())? {
        None => Ok(DEFAULT_LIMIT),
        Some(text) => text.parse().ok().filter(|limit| (1..=LARGEST_LIMIT).contains(limit)).ok_or_else(wrong),
    }
}

fn parameter<'a>(call: &'a Call, name: &'static str) -> Result<Option<&'a str>, Problem> {
    call.query(name).map_err(|_| {
        Problem::invalid(vec![FieldError {
            field: name,
            code: "invalid_value",
            message: format!("{name} may be given once"),
        }])
    })
}

async fn entitlements<P: Policies + Clock>(ports: &P, actor: &Actor, call: &Call) -> Result<Answer, Problem> {
    let policy = ports.policy().await?;
    let (limit, after) = (limit(call)?, parameter(call, "cursor")?.unwrap_or_default());
    let now = ports.now();
    let mut rest = policy
        .requestable(actor, now)
        .skip_while(|entitlement| entitlement.name.as_str() <= after && !after.is_empty());
    let items: Vec<Value> = rest
        .by_ref()
        .take(usize::try_from(limit).unwrap_or(1))
        .map(|entitlement| {
            json!({
                "name": entitlement.name,
                "description": entitlement.description,
                "account": entitlement.account,
                "environment": entitlement.environment,
                "mechanism": entitlement.mechanism.name(),
                "permissions": entitlement.permissions,
                "resources": entitlement.resources,
                "maxDurationSeconds": entitlement.max_duration_seconds,
                "maxDuration": display_duration(entitlement.max_duration_seconds),
                "approvalsNeeded": entitlement.approvals_needed,
                "ticketRequired": entitlement.ticket_required,
                "mfa": entitlement.mfa,
            })
        })
        .collect();
    let cursor = rest.next().and(items.last()).map(|last| last.get("name").cloned());
    Ok(Answer::json(200, &json!({"items": items, "cursor": cursor})))
}

async fn submit<P>(ports: &P, here: &Installation, actor: &Actor, call: &Call) -> Result<Answer, Problem>
where
    P: Policies + CommitRequest + FindByKey + LoadRequest + Clock + Identifiers,
{
    let key = key(call)?;
    let wish = wish(&call.body)?;
    let policy = ports.policy().await?;
    reachable(&policy, &wish, &here.accounts).map_err(|error| Problem::invalid(vec![error]))?;
    let stored = submission::submit(ports, actor, &wish, key, None).await?;
    submitted(&stored)
}

/// The idempotency key of a submission that is not too long to be looked at.
fn key(call: &Call) -> Result<Option<IdempotencyKey>, Problem> {
    if call.body.len() > LONGEST_SUBMISSION {
        return Err(Problem::new(
            413,
            "body_too_large",
            format!("a submission has at most {LONGEST_SUBMISSION} bytes"),
        ));
    }
    match call.header("idempotency-key") {
        Some(text) => text.parse::<IdempotencyKey>().map(Some).map_err(|error| {
            Problem::invalid(vec![FieldError {
                field: "Idempotency-Key",
                code: "invalid_value",
                message: error.to_string(),
            }])
        }),
        None => Ok(None),
    }
}

/// The answer to what was submitted.
fn submitted(stored: &Stored) -> Result<Answer, Problem> {
    let shown = views::request(stored);
    let id = &stored.state.request.id;
    if stored.state.denied_by_policy() {
        let mut problem = Problem::new(
            403,
            "denied_by_policy",
            format!("policy does not let you ask for {}", stored.state.request.entitlement),
        );
        problem.request = Some(id.to_string());
        problem.request_status = Some(Status::Denied.as_str());
        return Err(problem);
    }
    // A key that was used before gets the same answer as then.
    Ok(Answer::json(201, &shown).with("location", format!("/v1/requests/{id}")))
}

/// Asks for more of an active grant.
async fn extend<P>(ports: &P, actor: &Actor, call: &Call) -> Result<Answer, Problem>
where
    P: Policies + CommitRequest + FindByKey + LoadRequest + Clock + Identifiers,
{
    let (key, id) = (key(call)?, request_id(call)?);
    let mut fields = object(&call.body)?;
    let mut errors = Vec::new();
    let extension = Extension {
        duration_seconds: seconds(&mut fields, &mut errors),
        justification: text(&mut fields, "justification", true, &mut errors).unwrap_or_default(),
        ticket: text(&mut fields, "ticketId", false, &mut errors),
    };
    nothing_else(&fields, errors)?;
    submitted(&submission::extend(ports, actor, &id, &extension, key).await?)
}

fn object(body: &[u8]) -> Result<Map<String, Value>, Problem> {
    match serde_json::from_slice(body).map_err(|_| Problem::invalid_body("it has to be JSON"))? {
        Value::Object(fields) => Ok(fields),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Err(Problem::invalid_body("it has to be a JSON object"))
        }
    }
}

/// Whether all fields were known, and good.
fn nothing_else(fields: &Map<String, Value>, errors: Vec<FieldError>) -> Result<(), Problem> {
    if let Some(unknown) = fields.keys().next() {
        return Err(Problem::invalid_body(&format!("there is no field `{}`", model::text::inert(unknown, 64))));
    }
    if errors.is_empty() { Ok(()) } else { Err(Problem::invalid(errors)) }
}

/// Reads a submission, field by field, so that everything wrong with it is said at once.
fn wish(body: &[u8]) -> Result<Wish, Problem> {
    let mut fields = object(body)?;
    let mut errors = Vec::new();
    let wish = Wish {
        entitlement: text(&mut fields, "entitlement", true, &mut errors).unwrap_or_default(),
        permissions: texts(&mut fields, "permissions", &mut errors),
        resources: texts(&mut fields, "resources", &mut errors),
        duration_seconds: seconds(&mut fields, &mut errors),
        justification: text(&mut fields, "justification", true, &mut errors).unwrap_or_default(),
        ticket: text(&mut fields, "ticketId", false, &mut errors),
        extends: None,
    };
    nothing_else(&fields, errors)?;
    Ok(wish)
}

fn wrong(field: &'static str, code: &'static str, message: &str) -> FieldError {
    FieldError { field, code, message: message.to_owned() }
}

fn text(
    fields: &mut Map<String, Value>,
    name: &'static str,
    required: bool,
    errors: &mut Vec<FieldError>,
) -> Option<String> {
    let code = match name {
        "entitlement" => "unknown_entitlement",
        "justification" => "invalid_justification",
        _ => "invalid_value",
    };
    match fields.remove(name) {
        Some(Value::String(text)) => Some(text),
        None | Some(Value::Null) if !required => None,
        None | Some(Value::Null) => {
            errors.push(wrong(name, code, &format!("{name} is missing")));
            None
        }
        Some(_) => {
            errors.push(wrong(name, code, &format!("{name} has to be a text")));
            None
        }
    }
}

fn texts(fields: &mut Map<String, Value>, name: &'static str, errors: &mut Vec<FieldError>) -> Option<Vec<String>> {
    let code = if name == "permissions" { "invalid_permissions" } else { "invalid_resources" };
    match fields.remove(name) {
        None | Some(Value::Null) => None,
        Some(Value::Array(items)) => {
            let read: Option<Vec<String>> = items.iter().map(|item| item.as_str().map(str::to_owned)).collect();
            if read.is_none() {
                errors.push(wrong(name, code, &format!("{name} has to be a list of texts")));
            }
            read
        }
        Some(_) => {
            errors.push(wrong(name, code, &format!("{name} has to be a list of texts")));
            None
        }
    }
}

fn seconds(fields: &mut Map<String, Value>, errors: &mut Vec<FieldError>) -> u64 {
    match fields.remove("durationSeconds") {
        Some(Value::Number(number)) if number.as_u64().is_some_and(|seconds| seconds > 0) => {
            number.as_u64().unwrap_or(0)
        }
        _ => {
            errors.push(wrong(
                "durationSeconds",
                "invalid_duration",
                "durationSeconds has to be a whole number of seconds above 0",
            ));
            0
        }
    }
}

async fn list<P>(ports: &P, actor: &Actor, call: &Call) -> Result<Answer, Problem>
where
    P: Policies + LoadRequests + ListRequests + Clock,
{
    let status = match parameter(call, "status")? {
        None => None,
        Some(word) => Some(Status::named(word).ok_or_else(|| {
            let all = Status::ALL.map(Status::as_str).join(", ");
            Problem::invalid(vec![wrong("status", "invalid_status", &format!("status is one of {all}"))])
        })?),
    };
    let requester = match parameter(call, "requester")? {
        None => None,
        Some(text) => Some(
            text.parse::<PersonId>()
                .map_err(|error| Problem::invalid(vec![wrong("requester", "invalid_value", &error.to_string())]))?,
        ),
    };
    let cursor = parameter(call, "cursor")?.map(str::to_owned);
    let query = Query { status, requester, cursor, limit: limit(call)? };
    let page = reading::many(ports, actor, &query).await?;
    let items: Vec<Value> = page.items.iter().map(views::request).collect();
    Ok(Answer::json(200, &json!({"items": items, "cursor": page.cursor})))
}

async fn show<P: Policies + LoadRequest + Clock>(ports: &P, actor: &Actor, call: &Call) -> Result<Answer, Problem> {
    let stored = reading::one(ports, actor, &request_id(call)?).await?.ok_or_else(Problem::not_found)?;
    Ok(Answer::json(200, &views::request(&stored)))
}

async fn events<P>(ports: &P, actor: &Actor, call: &Call) -> Result<Answer, Problem>
where
    P: Policies + LoadRequest + LoadEntries + Clock,
{
    let (id, limit) = (request_id(call)?, limit(call)?);
    let after = match parameter(call, "cursor")? {
        None => 0,
        Some(text) => text.parse::<u64>().ok().filter(|after| *after <= LAST_PLACE).ok_or_else(|| {
            Problem::invalid(vec![wrong("cursor", "invalid_cursor", "the cursor is not one that this list gave")])
        })?,
    };
    let (stored, entries) = reading::entries(ports, actor, &id, after, limit).await?.ok_or_else(Problem::not_found)?;
    let last = after.saturating_add(u64::try_from(entries.len()).unwrap_or(0));
    let items: Vec<Value> = entries
        .iter()
        .map(|StoredEntry { bytes, words, .. }| {
            let entry: Value = serde_json::from_slice(bytes).unwrap_or(Value::Null);
            json!({
                "seq": entry.get("seq"),
                "type": entry.pointer("/event/type"),
                "at": entry.get("at"),
                "hash": EntryHash::of(bytes).to_string(),
                "prev": entry.get("prev"),
                "cause": entry.get("cause"),
                "data": entry.pointer("/event/data"),
                "words": words,
                // The exact bytes that the hash is over.
                "canonical": String::from_utf8_lossy(bytes),
            })
        })
        .collect();
    let cursor = (last < stored.head.seq && !items.is_empty()).then(|| last.to_string());
    let head = json!({"seq": stored.head.seq, "hash": stored.head.hash.to_string()});
    Ok(Answer::json(200, &json!({"items": items, "cursor": cursor, "head": head})))
}
