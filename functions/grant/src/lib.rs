//! Makes approved access real. No rules in here: parse, call, answer.

use lambda::start::{Failed, failed};
use model::names::RequestId;
use model::time::Time;
use serde::Deserialize;
use serde_json::Value;
use workflow::command::CommandError;
use workflow::ports::{
    ArmRevocation, Clock, CommitRequest, LoadRequest, MakePolicy, MakeRole, ReadPolicy, ReadRole, ReadTarget,
};
use workflow::provision::{Provisioned, provision};

/// An event of the bus: `provisioningStarted`.
#[derive(Debug, Deserialize)]
pub struct BusEvent {
    detail: Detail,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Detail {
    request_id: RequestId,
    #[serde(default)]
    event: Value,
}

/// Takes one event up.
///
/// # Errors
/// If the store did not answer: Lambda repeats the event, and reconciliation takes it up besides.
pub async fn handle<P>(ports: &P, event: Value) -> Result<(), Failed>
where
    P: LoadRequest + CommitRequest + Clock + ArmRevocation + MakeRole + ReadRole + MakePolicy + ReadPolicy + ReadTarget,
{
    let event: BusEvent = serde_json::from_value(event).map_err(|error| failed("malformed_event", &error))?;
    let id = event.detail.request_id;
    // Only a hint: what is granted follows from the stored request.
    let ends_at: Option<Time> = event
        .detail
        .event
        .pointer("/event/data/plan/window/expiresAt")
        .and_then(Value::as_str)
        .and_then(|text| text.parse().ok());
    match provision(ports, "grant", &id, ends_at).await {
        Ok(Provisioned::Active | Provisioned::NotNeeded | Provisioned::Failed | Provisioned::TooLate) => Ok(()),
        Err(CommandError::NotFound(_)) => {
            tracing::warn!(request.id = %id, "an event names {id}, which does not exist");
            Ok(())
        }
        Err(error) => Err(failed("store_unavailable", &error)),
    }
}
