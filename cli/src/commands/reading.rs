//! `entitlements`, `list`, `show`, `events`.

use crate::api::Api;
use crate::failure::{Answer, Failure};
use crate::show;
use clap::Args;
use model::names::{PersonId, RequestId};
use model::request::Status;
use serde_json::json;

/// More entries than any list here has.
const ALL: usize = 100_000;

/// A request.
#[derive(Debug, Args)]
pub(crate) struct Request {
    /// The request's id: `req_…`.
    pub(crate) id: RequestId,
}

/// Which requests.
#[derive(Debug, Args)]
pub(crate) struct Which {
    /// Only requests of this status. Without --requester: everybody's that you may see.
    #[arg(long, value_parser = status)]
    status: Option<Status>,
    /// Only requests of this person.
    #[arg(long, value_name = "PERSON")]
    requester: Option<PersonId>,
    /// How many, the newest first.
    #[arg(long, default_value_t = 50, value_name = "COUNT")]
    limit: u16,
}

fn status(word: &str) -> Result<Status, String> {
    Status::named(word).ok_or_else(|| format!("one of {}", Status::ALL.map(Status::as_str).join(", ")))
}

/// What the caller may ask for.
///
/// # Errors
/// No answer, or a problem.
pub(crate) async fn entitlements(api: &Api) -> Result<Answer, Failure> {
    let (items, _) = api.list("/v1/entitlements", &[], ALL, |_| false).await?;
    Ok(Answer::new(show::entitlements(&items), json!({"items": items})))
}

/// Requests the caller may see.
///
/// # Errors
/// No answer, or a problem.
pub(crate) async fn list(api: &Api, which: &Which) -> Result<Answer, Failure> {
    let mut query = Vec::new();
    if let Some(status) = which.status {
        query.push(("status", status.as_str()));
    }
    if let Some(requester) = &which.requester {
        query.push(("requester", requester.as_str()));
    }
    let (items, _) = api.list("/v1/requests", &query, which.limit.max(1).into(), |_| false).await?;
    Ok(Answer::new(show::requests(&items, Api::now()), json!({"items": items})))
}

/// One request as it is now.
///
/// # Errors
/// No answer, or a problem.
pub(crate) async fn show(api: &Api, request: &Request) -> Result<Answer, Failure> {
    let shown = api.get(&format!("/v1/requests/{}", request.id)).await?;
    Ok(Answer::new(show::request(&shown, Api::now()), shown))
}

/// Everything that happened to a request.
///
/// # Errors
/// No answer, or a problem.
pub(crate) async fn events(api: &Api, request: &Request) -> Result<Answer, Failure> {
    let (items, last) = api.list(&format!("/v1/requests/{}/events", request.id), &[], ALL, |_| false).await?;
    let head = last.get("head").cloned().unwrap_or_default();
    Ok(Answer::new(show::events(&items), json!({"items": items, "head": head})))
}
