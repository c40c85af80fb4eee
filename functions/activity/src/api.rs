//! The API of activity: what was done under a grant, what its holder says they ran, and what an entitlement is used for.

use crate::Ports;
use lambda::http::{Answer, Call};
use lambda::problem::Problem;
use model::activity::{Run, RunPhase};
use model::digest::Digest;
use model::identity::Actor;
use model::names::{EntitlementName, RequestId};
use model::submission::FieldError;
use serde_json::{Value, json};
use trail::entry::Entry;
use trail::ledger::{Cursor, Filter};
use trail::shrink::{Granted, propose};
use trail::terraform::{LONGEST_REPORT, Phase, Report};
use workflow::activity::{reading, runs};

/// Calls of a page, unless asked for otherwise, and at most.
const DEFAULT_LIMIT: usize = 50;
const LARGEST_LIMIT: usize = 100;

/// Grants that a proposal looks back at, unless asked for otherwise, and at most.
const DEFAULT_GRANTS: u32 = 50;
const MOST_GRANTS: u32 = 200;

/// Answers one API call of `actor`.
pub(crate) async fn answer<P: Ports>(ports: &P, actor: &Actor, call: &Call) -> Result<Answer, Problem> {
    match call.route.as_str() {
        "GET /v1/requests/{id}/activity" => activity(ports, actor, call).await,
        "POST /v1/requests/{id}/activity" => report(ports, actor, call).await,
        "GET /v1/entitlements/{name}/use" => used(ports, actor, call).await,
        _ => Err(Problem::no_route()),
    }
}

fn wrong(field: &'static str, code: &'static str, message: &str) -> Problem {
    Problem::invalid(vec![FieldError { field, code, message: message.to_owned() }])
}

/// The request id in the path. One that is malformed is one that does not exist.
fn request_id(call: &Call) -> Result<RequestId, Problem> {
    call.path("id").parse().map_err(|_| Problem::not_found())
}

fn parameter<T>(
    call: &Call,
    name: &'static str,
    code: &'static str,
    takes: &str,
    read: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, Problem> {
    let wrong = || wrong(name, code, &format!("{name} takes {takes}, once"));
    match call.query(name).map_err(|_| wrong())? {
        None => Ok(None),
        Some(text) => read(text).map(Some).ok_or_else(wrong),
    }
}

fn number(call: &Call, name: &'static str, most: u32) -> Result<Option<u32>, Problem> {
    let takes = format!("a number from 1 to {most}");
    parameter(call, name, "invalid_limit", &takes, |text| {
        text.parse().ok().filter(|number| (1..=most).contains(number))
    })
}

fn filter(call: &Call) -> Result<Filter, Problem> {
    let flag = |name| {
        parameter(call, name, "invalid_value", "`true` or `false`", |text| match text {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        })
    };
    let time =
        |name| parameter(call, name, "invalid_value", "a time such as 2026-11-20T19:00:00Z", |text| text.parse().ok());
    let word = |name, takes: &str| {
        parameter(call, name, "invalid_value", takes, |text| {
            let sound = (1..=128).contains(&text.len()) && text.chars().all(|c| c.is_ascii_graphic());
            sound.then(|| text.to_owned())
        })
    };
    Ok(Filter {
        service: word("service", "a service such as `s3`")?,
        action: word("action", "an action, or a pattern of them such as `s3:Get*`")?,
        denied: flag("denied")?,
        read_only: flag("readOnly")?,
        after: time("after")?,
        before: time("before")?,
        ids: None,
    })
}

async fn activity<P: Ports>(ports: &P, actor: &Actor, call: &Call) -> Result<Answer, Problem> {
    let (id, mut filter) = (request_id(call)?, filter(call)?);
    let most = u32::try_from(LARGEST_LIMIT).unwrap_or(u32::MAX);
    let limit = number(call, "limit", most)?.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(DEFAULT_LIMIT);
    let cursor = parameter(call, "cursor", "invalid_cursor", "what a page before gave as its end", |text| {
        text.parse::<Cursor>().ok()
    })?;
    let rule = parameter(call, "finding", "invalid_value", "the code of a finding's rule", |text| {
        model::findings::RULES.contains(&text).then(|| text.to_owned())
    })?;
    if let Some(rule) = rule {
        filter.ids = Some(reading::evidence(ports, actor, &id, &rule).await?.ok_or_else(Problem::not_found)?);
    }
    let shown =
        reading::shown(ports, actor, &id, &filter, cursor.as_ref(), limit).await?.ok_or_else(Problem::not_found)?;
    let Some(shown) = shown else {
        // It never was access, so there is nothing that could have been done with it.
        return Ok(Answer::json(200, &json!({"requestId": id, "activity": null, "items": [], "cursor": null})));
    };
    let summary = &shown.activity.summary;
    let mut numbers = json!(summary);
    if let Value::Object(fields) = &mut numbers {
        // What only we need.
        for name in ["tallies", "keys", "findings"] {
            fields.remove(name);
        }
    }
    let items: Vec<Value> = shown.page.entries.iter().map(item).collect();
    Ok(Answer::json(
        200,
        &json!({
            "requestId": id,
            "activity": numbers,
            "findings": summary.findings,
            "coverage": shown.coverage,
            "runs": shown.activity.runs,
            "items": items,
            "cursor": shown.page.next.map(|cursor| cursor.to_string()),
        }),
    ))
}

/// A call, as it is shown: with whether it was refused for want of permission, which services say in many ways.
fn item(entry: &Entry) -> Value {
    let mut shown = json!(entry);
    if let Value::Object(fields) = &mut shown {
        fields.insert("denied".to_owned(), json!(entry.call.is_denied()));
    }
    shown
}

async fn report<P: Ports>(ports: &P, actor: &Actor, call: &Call) -> Result<Answer, Problem> {
    let id = request_id(call)?;
    if call.body.len() > LONGEST_REPORT {
        let message = format!("a report has at most {LONGEST_REPORT} bytes");
        return Err(Problem::new(413, "body_too_large", message));
    }
    // Whoever sends it may not have redacted it: nothing that is named like a secret is kept.
    let Report::Terraform { phase, exit_code, diff } =
        Report::parse(&call.body).map_err(|broken| Problem::invalid_body(&broken.to_string()))?;
    let of = |action: &str| diff.as_ref().and_then(|diff| diff.counts.get(action)).copied().unwrap_or(0);
    let run = Run {
        tool: "terraform".to_owned(),
        phase: match phase {
            Phase::Plan => RunPhase::Plan,
            Phase::Apply => RunPhase::Apply,
        },
        exit_code,
        created: of("create").saturating_add(of("replace")),
        changed: of("update"),
        destroyed: of("delete").saturating_add(of("replace")),
        digest: Digest::of(&serde_json::to_vec(&diff).unwrap_or_default()),
    };
    let mut kept = json!(run);
    if let Value::Object(fields) = &mut kept {
        fields.insert("at".to_owned(), json!(ports.now()));
        fields.insert("diff".to_owned(), json!(diff));
    }
    runs::report(ports, actor, &id, &run, kept).await?;
    Ok(Answer::json(201, &json!({"recorded": true, "digest": run.digest})))
}

async fn used<P: Ports>(ports: &P, actor: &Actor, call: &Call) -> Result<Answer, Problem> {
    let name: EntitlementName = call.path("name").parse().map_err(|_| Problem::not_found())?;
    let limit = number(call, "grants", MOST_GRANTS)?.unwrap_or(DEFAULT_GRANTS);
    let policy = workflow::ports::Policies::policy(ports).await?;
    let uses = reading::uses(ports, actor, &name, limit).await?.ok_or_else(Problem::not_found)?;
    let entitlement = policy.catalog().entitlement(name.as_str()).ok_or_else(Problem::not_found)?;
    let granted = Granted { permissions: &entitlement.permissions, resources: &entitlement.resources };
    let proposal = propose(&granted, &uses);
    let diff = proposal.diff(name.as_str());
    Ok(Answer::json(200, &json!({"entitlement": name, "grants": uses.len(), "proposal": proposal, "diff": diff})))
}
