//! Ends access, on time or early. No rules in here: parse, call, answer.

use lambda::start::{Failed, failed};
use model::names::RequestId;
use serde::Deserialize;
use serde_json::Value;
use workflow::command::CommandError;
use workflow::ending::{Ending, end};
use workflow::ports::{
    Clock, CommitRequest, DisarmRevocation, KillSessions, LoadRequest, MakePolicy, MakeRole, ReadPolicy, ReadRole,
    RemovePolicy, RemoveRole, ReplacePolicy,
};

/// A schedule's input, or an event of the bus. Nothing but the id is taken from either.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Trigger {
    #[serde(rename_all = "camelCase")]
    Schedule {
        request_id: RequestId,
    },
    Bus {
        detail: Detail,
    },
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Detail {
    request_id: RequestId,
}

/// Takes one trigger up.
///
/// # Errors
/// If it failed: Lambda repeats it, and reconciliation takes it up besides.
pub async fn handle<P>(ports: &P, event: Value) -> Result<(), Failed>
where
    P: LoadRequest + CommitRequest + Clock + DisarmRevocation + KillSessions + MakeRole + ReadRole + RemoveRole,
    P: MakePolicy + ReplacePolicy + ReadPolicy + RemovePolicy,
{
    let trigger: Trigger = serde_json::from_value(event).map_err(|error| failed("malformed_event", &error))?;
    let id = match trigger {
        Trigger::Schedule { request_id } => request_id,
        Trigger::Bus { detail } => detail.request_id,
    };
    match end(ports, "revocation", &id).await {
        Ok(Ending::Ended | Ending::Denied { .. } | Ending::NotNeeded | Ending::Failed { .. }) => Ok(()),
        Err(CommandError::NotFound(_)) => {
            tracing::warn!(request.id = %id, "a trigger names {id}, which does not exist");
            Ok(())
        }
        Err(error) => Err(failed("store_unavailable", &error)),
    }
}
