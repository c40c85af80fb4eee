//! Puts every event of the record onto the bus, in the order of each request's chain. The table's
//! stream is the outbox: what is stored is published, at least once.

use base64::Engine as _;
use record::entry::{Entry, EntryHash};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use workflow::ports::{PublishEvents, Published};

/// Version of the `detail` on the bus.
const SCHEMA: &str = "countersign.event.v1";

/// A batch of the table's stream.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Batch {
    records: Vec<StreamRecord>,
}

#[derive(Debug, Deserialize)]
struct StreamRecord {
    dynamodb: Change,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Change {
    sequence_number: String,
    #[serde(default)]
    new_image: Option<NewImage>,
}

#[derive(Debug, Deserialize)]
struct NewImage {
    sk: Text,
    #[serde(default)]
    event: Option<Binary>,
}

#[derive(Debug, Deserialize)]
struct Text {
    #[serde(rename = "S")]
    s: String,
}

#[derive(Debug, Deserialize)]
struct Binary {
    #[serde(rename = "B")]
    b: String,
}

/// Which records Lambda has to deliver again: the first that failed and all after it.
#[derive(Debug, Serialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    batch_item_failures: Vec<Failure>,
}

#[derive(Debug, Serialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
struct Failure {
    item_identifier: String,
}

impl Outcome {
    fn all_but(failed: Option<&str>) -> Self {
        let failures = failed.map(|at| Failure { item_identifier: at.to_owned() });
        Self { batch_item_failures: failures.into_iter().collect() }
    }
}

/// Publishes a batch.
pub async fn handle<P: PublishEvents>(ports: &P, batch: Batch) -> Outcome {
    let mut events = Vec::new();
    let mut places = Vec::new();
    let mut poison = None;
    for record in &batch.records {
        match published(record) {
            Ok(Some(event)) => {
                events.push(event);
                places.push(record.dynamodb.sequence_number.as_str());
            }
            // Not an event: the stream's filter lets nothing else through, but a filter can change.
            Ok(None) => {}
            Err(()) => {
                // What can't be read is not skipped in silence: Lambda bisects down to it and
                // keeps it in the failure queue.
                tracing::error!(error.code = "unreadable_entry", "an entry of the stream can't be read");
                if model::seeded!("poison-is-skipped") {
                    continue;
                }
                poison = Some(record.dynamodb.sequence_number.as_str());
                break;
            }
        }
    }
    if model::seeded!("drop-the-last-of-a-batch") && events.len() > 1 {
        events.pop();
    }
    match ports.publish(&events).await {
        Ok(failed) => {
            let first = failed.into_iter().min().and_then(|at| places.get(at).copied());
            Outcome::all_but(first.or(poison))
        }
        Err(fault) => {
            tracing::error!(error.code = %fault.code, "events could not be published: {fault}");
            Outcome::all_but(places.first().copied().or(poison))
        }
    }
}

fn published(record: &StreamRecord) -> Result<Option<Published>, ()> {
    let Some(image) = &record.dynamodb.new_image else { return Ok(None) };
    if !image.sk.s.starts_with("EVENT#") {
        return Ok(None);
    }
    let bytes = image
        .event
        .as_ref()
        .and_then(|event| base64::engine::general_purpose::STANDARD.decode(&event.b).ok())
        .ok_or(())?;
    let value: Value = serde_json::from_slice(&bytes).map_err(|_| ())?;
    let entry: Entry = serde_json::from_value(value.clone()).map_err(|_| ())?;
    // A record is one of a request, of a sweep, of an account, or of the system itself.
    let about = match entry.request.split('_').next() {
        Some("swp") => "sweepId",
        Some("acc") => "accountId",
        Some("sys") => "stream",
        Some(_) | None => "requestId",
    };
    let detail = json!({
        "schema": SCHEMA,
        about: entry.request,
        "seq": entry.seq,
        "hash": EntryHash::of(&bytes).to_string(),
        "event": value,
    });
    let at = entry.at.parse().map_err(|_| ())?;
    Ok(Some(Published { name: entry.event_name().to_owned(), detail: detail.to_string(), at }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use record::chain::{Head, append};
    use std::sync::Mutex;
    use workflow::ports::Fault;

    struct Bus {
        taken: Mutex<Vec<Published>>,
        refuses: Vec<usize>,
        down: bool,
    }

    impl PublishEvents for Bus {
        async fn publish(&self, events: &[Published]) -> Result<Vec<usize>, Fault> {
            if self.down {
                return Err(Fault::new("publish", "timeout"));
            }
            self.taken.lock().unwrap().extend(events.to_vec());
            Ok(self.refuses.clone())
        }
    }

    fn bus(refuses: Vec<usize>, down: bool) -> Bus {
        Bus { taken: Mutex::new(Vec::new()), refuses, down }
    }

    fn record(seq: u64, bytes: &[u8]) -> Value {
        json!({
            "eventName": "INSERT",
            "dynamodb": {
                "SequenceNumber": format!("{seq}00"),
                "NewImage": {
                    "pk": {"S": "REQ#req_a"}, "sk": {"S": format!("EVENT#{seq:06}")},
                    "event": {"B": base64::engine::general_purpose::STANDARD.encode(bytes)},
                },
            },
        })
    }

    fn batch(poison_at: Option<usize>) -> Batch {
        let mut head = Head::START;
        let mut records = Vec::new();
        for n in 0..5 {
            let (link, next) = append(
                head,
                "req_a",
                "2026-11-20T19:00:00Z",
                json!({"kind": "system"}),
                json!({"type": "requestLapsed", "data": {}}),
            )
            .unwrap();
            head = next;
            let bytes = if poison_at == Some(n) { b"not json".to_vec() } else { link.bytes };
            records.push(record(link.seq, &bytes));
        }
        serde_json::from_value(json!({"Records": records})).unwrap()
    }

    fn failures(outcome: &Outcome) -> Vec<&str> {
        outcome.batch_item_failures.iter().map(|failure| failure.item_identifier.as_str()).collect()
    }

    #[tokio::test]
    async fn every_record_of_a_batch_is_published_in_order() {
        let bus = bus(vec![], false);
        let outcome = handle(&bus, batch(None)).await;
        assert!(failures(&outcome).is_empty());
        let taken = bus.taken.lock().unwrap();
        let seqs: Vec<Value> =
            taken.iter().map(|event| serde_json::from_str::<Value>(&event.detail).unwrap()["seq"].clone()).collect();
        assert_eq!(seqs, [1, 2, 3, 4, 5]);
        assert_eq!(taken[0].name, "requestLapsed");
    }

    #[tokio::test]
    async fn what_an_event_is_about_is_named_by_its_record() {
        for (of, named) in
            [("req_a", "requestId"), ("swp_a", "sweepId"), ("acc_111111111111", "accountId"), ("sys_log", "stream")]
        {
            let event = json!({"type": "x", "data": {}});
            let link = append(Head::START, of, "2026-11-20T19:00:00Z", json!({"kind": "system"}), event).unwrap().0;
            let bus = bus(vec![], false);
            let batch = serde_json::from_value(json!({"Records": [record(1, &link.bytes)]})).unwrap();
            assert!(failures(&handle(&bus, batch).await).is_empty());
            let detail: Value = serde_json::from_str(&bus.taken.lock().unwrap()[0].detail).unwrap();
            assert_eq!(detail[named], of);
        }
    }

    #[tokio::test]
    async fn what_a_person_said_stays_in_the_table() {
        let said = json!({"salt": "07".repeat(16), "text": "orders are stuck"});
        let event = json!({"type": "x", "data": {"reason": said}});
        let link = append(Head::START, "req_a", "2026-11-20T19:00:00Z", json!({"kind": "system"}), event).unwrap().0;
        let mut stored = record(1, &link.bytes);
        stored["dynamodb"]["NewImage"]["words"] = json!({"M": {"x": {"M": {"text": {"S": "orders are stuck"}}}}});
        let bus = bus(vec![], false);
        assert!(
            failures(&handle(&bus, serde_json::from_value(json!({"Records": [stored]})).unwrap()).await).is_empty()
        );
        let detail = bus.taken.lock().unwrap()[0].detail.clone();
        assert!(!detail.contains("stuck") && detail.contains(r#""reason":{"hash":"#), "{detail}");
    }

    #[tokio::test]
    async fn what_was_not_taken_comes_again_from_there_on() {
        assert_eq!(failures(&handle(&bus(vec![3, 2], false), batch(None)).await), ["300"]);
        assert_eq!(failures(&handle(&bus(vec![], true), batch(None)).await), ["100"]);
    }

    #[tokio::test]
    async fn an_unreadable_record_stops_nothing_before_it_and_is_not_skipped() {
        let bus = bus(vec![], false);
        let outcome = handle(&bus, batch(Some(2))).await;
        assert_eq!(failures(&outcome), ["300"]);
        assert_eq!(bus.taken.lock().unwrap().len(), 2);
    }
}
