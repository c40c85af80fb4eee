//! Finds what was done under grants: in files of the trail, in events on the default bus, in log lines of Kubernetes, and
//! once more when a grant has ended. Which of them an event is shows by its form.

mod api;
#[cfg(test)]
mod tests;

use aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use lambda::http::{Answer, Call};
use lambda::start::{Failed, failed};
use lambda::{edge, problem::Problem};
use model::names::RequestId;
use serde::Deserialize;
use serde_json::value::RawValue;
use workflow::activity;
use workflow::ports::LoadUses;

workflow::together! {
    /// All that this function asks of the outside.
    pub Ports: activity::Ports, LoadUses,
}

/// What the function is woken by.
#[derive(Debug)]
pub enum Wake {
    /// An object of the trail's bucket.
    Object {
        /// The bucket.
        bucket: String,
        /// The key.
        key: String,
    },
    /// A call, as CloudTrail recorded it.
    Call(Box<RawValue>),
    /// A grant became active or ended.
    Grant(RequestId),
    /// Log lines, in CloudWatch Logs' envelope.
    Lines(String),
    /// A call of the API.
    Api(Box<ApiGatewayV2httpRequest>),
    /// The timer.
    Minute,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    #[serde(default)]
    source: String,
    #[serde(rename = "detail-type", default)]
    detail_type: String,
    detail: Option<Box<RawValue>>,
    awslogs: Option<Logs>,
    #[serde(rename = "routeKey")]
    route: Option<String>,
}

#[derive(Deserialize)]
struct Logs {
    data: String,
}

#[derive(Deserialize)]
struct Created {
    bucket: Bucket,
    object: Object,
}

#[derive(Deserialize)]
struct Bucket {
    name: String,
}

#[derive(Deserialize)]
struct Object {
    key: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stored {
    request_id: RequestId,
}

/// What woke the function.
///
/// # Errors
/// If the event has none of the forms this function subscribes to.
pub fn wake(event: &RawValue) -> Result<Wake, Failed> {
    let malformed = |error: serde_json::Error| failed("malformed_event", &error);
    let envelope: Envelope = serde_json::from_str(event.get()).map_err(malformed)?;
    if envelope.route.is_some() {
        return Ok(Wake::Api(Box::new(serde_json::from_str(event.get()).map_err(malformed)?)));
    }
    if let Some(logs) = envelope.awslogs {
        return Ok(Wake::Lines(logs.data));
    }
    let Some(detail) = envelope.detail else {
        return if is_empty(event) { Ok(Wake::Minute) } else { Err(unknown(&envelope.source, &envelope.detail_type)) };
    };
    match (envelope.source.as_str(), envelope.detail_type.as_str()) {
        ("countersign", _) => {
            Ok(Wake::Grant(serde_json::from_str::<Stored>(detail.get()).map_err(malformed)?.request_id))
        }
        ("aws.s3", "Object Created") => {
            let created: Created = serde_json::from_str(detail.get()).map_err(malformed)?;
            Ok(Wake::Object { bucket: created.bucket.name, key: created.object.key })
        }
        // Nobody but AWS can send what begins so.
        (source, "AWS API Call via CloudTrail") if source.starts_with("aws.") => Ok(Wake::Call(detail)),
        (source, kind) => Err(unknown(source, kind)),
    }
}

/// The timer says nothing.
fn is_empty(event: &RawValue) -> bool {
    serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(event.get())
        .is_ok_and(|fields| fields.is_empty())
}

/// A rule or a subscription that is none of ours.
fn unknown(source: &str, kind: &str) -> Failed {
    tracing::error!(error.code = "unknown_event", source, kind, "an event of no form that is known");
    Failed { code: "unknown_event".to_owned() }
}

/// Does what one event asks for. Done twice, it changes nothing the second time.
///
/// # Errors
/// If something outside did not do its part: Lambda repeats the event.
pub async fn handle<P: Ports>(ports: &P, event: Box<RawValue>) -> Result<Option<Answer>, Failed> {
    let unavailable = |fault: workflow::ports::Fault| failed("unavailable", &fault);
    match wake(&event)? {
        Wake::Api(call) => return Ok(Some(edge::answered(answer(ports, *call).await))),
        Wake::Object { bucket, key } => activity::file::take(ports, &bucket, &key).await.map_err(unavailable),
        Wake::Call(record) => activity::ingest::one(ports, record.get().as_bytes()).await.map_err(unavailable),
        Wake::Grant(id) => activity::settle::expect(ports, &id).await.map_err(unavailable),
        Wake::Lines(data) => activity::lines::take(ports, &data).await.map_err(unavailable),
        Wake::Minute => {
            let settled = activity::settle::due(ports).await.map_err(unavailable)?;
            tracing::info!(metric = "ActivitySettled", settled, "{settled} grants were summed up");
            Ok(())
        }
    }
    .map(|()| None)
}

async fn answer<P: Ports>(ports: &P, event: ApiGatewayV2httpRequest) -> Result<Answer, Problem> {
    let call = Call::read(event)?;
    let actor = edge::caller(ports, &call).await?;
    api::answer(ports, &actor, &call).await
}
