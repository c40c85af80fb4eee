//! `approve`, `deny`, `cancel`, `revoke`.

use crate::api::Api;
use crate::failure::{Answer, Exit, Failure};
use crate::show::{self, text};
use clap::Args;
use model::amount::parse_duration;
use model::digest::Digest;
use model::names::RequestId;
use serde_json::{Value, json};
use std::io::{IsTerminal as _, Write as _};

/// What to countersign.
#[derive(Debug, Args)]
pub(crate) struct Approve {
    /// The request's id: `req_…`.
    id: RequestId,
    /// Countersign what is shown without asking.
    #[arg(long, short)]
    yes: bool,
    /// Countersign only what has this digest, which you saw elsewhere. Nothing is asked.
    #[arg(long, conflicts_with = "yes")]
    digest: Option<Digest>,
    /// A short note with it: shown to everybody who sees the request, and kept in the record.
    #[arg(long, value_name = "NOTE")]
    note: Option<String>,
    /// Only for this long, which is shorter than asked for.
    #[arg(long = "for", value_parser = parse_duration, value_name = "DURATION")]
    duration: Option<u64>,
    /// Only this action of those asked for. May be given several times.
    #[arg(long = "permission", value_name = "ACTION")]
    permissions: Vec<String>,
    /// Only this resource of those asked for. May be given several times.
    #[arg(long = "resource", value_name = "ARN")]
    resources: Vec<String>,
}

impl Approve {
    fn body(&self, digest: &str) -> Value {
        let mut body = json!({"digest": digest});
        let some = |list: &Vec<String>| Some(json!(list)).filter(|_| !list.is_empty());
        let optional = [
            ("note", self.note.as_ref().map(|note| json!(note))),
            ("durationSeconds", self.duration.map(|seconds| json!(seconds))),
            ("permissions", some(&self.permissions)),
            ("resources", some(&self.resources)),
        ];
        if let Some(fields) = body.as_object_mut() {
            fields.extend(optional.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
        }
        body
    }
}

/// What to end, and why.
#[derive(Debug, Args)]
pub(crate) struct WithReason {
    /// The request's id: `req_…`.
    id: RequestId,
    /// Why, in your words; it is kept in the record.
    #[arg(required = true, num_args = 1.., value_name = "REASON")]
    reason: Vec<String>,
}

/// Shows the request, asks, and countersigns what was shown.
///
/// # Errors
/// Refused, not confirmed, or no answer.
pub(crate) async fn approve(api: &Api, wanted: &Approve) -> Result<Answer, Failure> {
    let path = format!("/v1/requests/{}", wanted.id);
    let digest = if let Some(digest) = &wanted.digest {
        digest.to_string()
    } else {
        let shown = api.get(&path).await?;
        // On stderr, so that the answer alone is on stdout.
        let _ = writeln!(std::io::stderr(), "{}\n", show::request(&shown, Api::now()));
        if !wanted.yes {
            confirm(text(&shown, "requester"), text(&shown, "entitlement"))?;
        }
        text(&shown, "digest").to_owned()
    };
    let after = api.post(&format!("{path}/approve"), Some(&wanted.body(&digest))).await?;
    let rest = match text(&after, "status") {
        "pending" if after.get("narrowed").is_some() => {
            format!("countersigned, narrowed; whoever countersigned more is asked again: {}", show::quorum(&after))
        }
        "pending" => format!("countersigned; it still waits: {}", show::quorum(&after)),
        status => format!("countersigned; the request is {}", model::text::inert(status, 40)),
    };
    Ok(Answer::new(rest, after))
}

fn confirm(requester: &str, entitlement: &str) -> Result<(), Failure> {
    let mut err = std::io::stderr();
    if !std::io::stdin().is_terminal() {
        return Err(Failure::new(Exit::Usage, "not_confirmed", "nobody is here to ask; nothing was countersigned")
            .advise("Give --yes to countersign what is shown, or --digest for what you saw elsewhere."));
    }
    let (requester, entitlement) = (model::text::inert(requester, 64), model::text::inert(entitlement, 64));
    let _ = write!(err, "Countersign exactly this for {requester} ({entitlement})? [y/N] ");
    let mut line = String::new();
    let read = std::io::stdin().read_line(&mut line);
    if read.is_ok() && matches!(line.trim().to_lowercase().as_str(), "y" | "yes") {
        return Ok(());
    }
    Err(Failure::new(Exit::Failed, "not_confirmed", "not confirmed; nothing was countersigned"))
}

/// Refuses a request that waits.
///
/// # Errors
/// Refused, or no answer.
pub(crate) async fn deny(api: &Api, wanted: &WithReason) -> Result<Answer, Failure> {
    reasoned(api, wanted, "deny").await
}

/// Ends access before its time.
///
/// # Errors
/// Refused, or no answer.
pub(crate) async fn revoke(api: &Api, wanted: &WithReason) -> Result<Answer, Failure> {
    reasoned(api, wanted, "revoke").await
}

/// Withdraws one's own request that waits.
///
/// # Errors
/// Refused, or no answer.
pub(crate) async fn cancel(api: &Api, id: &RequestId) -> Result<Answer, Failure> {
    Ok(answered(api.post(&format!("/v1/requests/{id}/cancel"), Some(&json!({}))).await?))
}

async fn reasoned(api: &Api, wanted: &WithReason, verb: &str) -> Result<Answer, Failure> {
    let body = json!({"reason": wanted.reason.join(" ")});
    Ok(answered(api.post(&format!("/v1/requests/{}/{verb}", wanted.id), Some(&body)).await?))
}

fn answered(after: Value) -> Answer {
    let status = model::text::inert(text(&after, "status"), 40);
    let human = match status.as_str() {
        "revoking" => "revoking: nothing is handed out any more, and AWS is told to deny what there is".to_owned(),
        _ => status,
    };
    Answer::new(human, after)
}
