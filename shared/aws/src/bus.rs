//! The event bus.

use crate::fault::fault;
use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::primitives::DateTime;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use model::time::Time;
use workflow::ports::Fault;

const PUT: &str = "put events on the bus";

/// Source of everything we put on the bus.
pub const SOURCE: &str = "countersign";

/// Most events in one call. Source: EventBridge API reference, `PutEvents`.
const BATCH: usize = 10;

/// Most bytes in one call. Source: EventBridge user guide, calculating event size; the older and
/// lower of two limits, so that it holds in every Region.
const BATCH_BYTES: usize = 256 * 1024;

/// Bytes that an event's time counts for.
const TIME_BYTES: usize = 14;

/// An event for the bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BusEvent {
    /// Its name.
    pub detail_type: String,
    /// What it says, as JSON.
    pub detail: String,
    /// When it happened.
    pub at: Time,
}

impl BusEvent {
    fn bytes(&self) -> usize {
        [SOURCE.len(), self.detail_type.len(), self.detail.len(), TIME_BYTES].into_iter().fold(0, usize::saturating_add)
    }
}

/// One bus.
#[derive(Debug, Clone)]
pub struct Bus {
    client: Client,
    name: String,
}

impl Bus {
    /// The bus `name`.
    pub fn new(client: Client, name: &str) -> Self {
        Self { client, name: name.to_owned() }
    }

    /// Puts `events` on the bus. Gives one result per event, in their order: the bus takes each by
    /// itself, and one that was not taken is to be put again by the caller.
    pub async fn put_events(&self, events: &[BusEvent]) -> Vec<Result<(), Fault>> {
        let mut results = Vec::with_capacity(events.len());
        for batch in batches(events) {
            results.extend(self.put(batch).await);
        }
        results
    }

    async fn put(&self, batch: &[BusEvent]) -> Vec<Result<(), Fault>> {
        let entries = batch.iter().map(|event| {
            PutEventsRequestEntry::builder()
                .event_bus_name(&self.name)
                .source(SOURCE)
                .detail_type(&event.detail_type)
                .detail(&event.detail)
                .time(DateTime::from_secs(event.at.as_second()))
                .build()
        });
        let answer = match self.client.put_events().set_entries(Some(entries.collect())).send().await {
            Ok(answer) => answer,
            Err(error) => {
                let fault = fault(PUT, &error);
                return batch.iter().map(|_| Err(fault.clone())).collect();
            }
        };
        let mut results = answer.entries().iter().map(|entry| match (entry.event_id(), entry.error_code()) {
            (Some(_), None) => Ok(()),
            (_, code) => {
                let fault = Fault::new(PUT, code.unwrap_or("unknown"));
                tracing::warn!(error.code = %fault.code, "{fault}");
                Err(fault)
            }
        });
        // An event that the answer is silent about was not taken.
        batch.iter().map(|_| results.next().unwrap_or_else(|| Err(Fault::new(PUT, "unreadable_answer")))).collect()
    }
}

/// `events` in parts that one call can take. An event too big for any call is one by itself, for
/// the bus to refuse.
fn batches(events: &[BusEvent]) -> Vec<&[BusEvent]> {
    let mut batches = Vec::new();
    let mut rest = events;
    while !rest.is_empty() {
        let mut bytes = 0usize;
        let fitting = rest
            .iter()
            .take(BATCH)
            .take_while(|event| {
                bytes = bytes.saturating_add(event.bytes());
                bytes <= BATCH_BYTES
            })
            .count();
        let (batch, left) = rest.split_at(fitting.max(1));
        batches.push(batch);
        rest = left;
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::double::World;
    use serde_json::json;

    fn event(bytes: usize) -> BusEvent {
        BusEvent {
            detail_type: "step".to_owned(),
            detail: "x".repeat(bytes),
            at: "2026-11-20T19:00:00Z".parse().unwrap(),
        }
    }

    #[test]
    fn batches_stay_within_both_limits() {
        let sizes = |events: &[BusEvent]| batches(events).iter().map(|batch| batch.len()).collect::<Vec<_>>();
        assert_eq!(sizes(&vec![event(10); 25]), [10, 10, 5]);
        assert_eq!(sizes(&vec![event(100_000); 5]), [2, 2, 1]);
        assert_eq!(sizes(&[event(300_000), event(10)]), [1, 1]);
        assert!(sizes(&[]).is_empty());
    }

    #[tokio::test]
    async fn each_event_has_its_own_outcome() {
        let world = World::answering(vec![(
            200,
            json!({"FailedEntryCount": 1, "Entries": [{"EventId": "1"}, {"ErrorCode": "ThrottlingException", "ErrorMessage": "slow down"}]}),
        )]);
        let results = world.clients().bus("countersign").put_events(&[event(1), event(2), event(3)]).await;
        assert_eq!(results[0], Ok(()));
        assert_eq!(results[1], Err(Fault::new(PUT, "ThrottlingException")));
        assert_eq!(results[2], Err(Fault::new(PUT, "unreadable_answer")));
        let sent = world.json(0);
        assert_eq!(sent["Entries"][0]["Source"], "countersign");
        assert_eq!(sent["Entries"][0]["EventBusName"], "countersign");
        assert_eq!(sent["Entries"][0]["Time"], 1_795_201_200);
    }
}
