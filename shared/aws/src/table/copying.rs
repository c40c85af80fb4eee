//! Whole streams as they lie in the table, to be copied.

use super::{Item, Table, items, keys};
use crate::fault::fault;
use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::request::Status;
use model::stream::Stream;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use workflow::ports::{Fault, Page, StoredEntry};

const COPY: &str = "copy a stream";
const LISTED: &str = "list all streams";

/// An entry as it lies in the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// Its place, from 1: that of its key, whatever its bytes say.
    pub seq: u64,
    /// `{"event": <base64 of its bytes>, "words": {<hash>: {"salt", "text"}}}`.
    pub item: Value,
}

/// Where indexes list streams: by status requests, and what changed of sweeps and accounts; by time what is due, and what is
/// not in the log yet. Index, its partition key, and which partition.
fn lists() -> impl Iterator<Item = (&'static str, &'static str, String)> {
    let by_status =
        Status::ALL.iter().map(|status| status.as_str()).chain([keys::CHANGED_SWEEPS, keys::CHANGED_ACCOUNTS]);
    let by_due = [keys::OPEN, keys::SWEEPS].map(str::to_owned).into_iter().chain((0..keys::SHARDS).map(keys::unlogged));
    let by_status = by_status.map(|partition| ("by-status", "statusPk", partition.to_owned()));
    by_status.chain(by_due.map(|partition| ("by-due", "duePk", partition)))
}

impl Table {
    /// Every stream that an index lists. An index lags, and who may write a stream's state says whether it is there.
    ///
    /// # Errors
    /// If the store does not answer, or an index holds something that is of no stream.
    pub async fn listed(&self) -> Result<BTreeSet<Stream>, Fault> {
        let mut streams = BTreeSet::new();
        for (index, key, partition) in lists() {
            let mut start = None;
            loop {
                let query = self
                    .query()
                    .index_name(index)
                    .key_condition_expression("#key = :partition")
                    .expression_attribute_names("#key", key)
                    .expression_attribute_values(":partition", items::text(&partition));
                let answer =
                    query.set_exclusive_start_key(start).send().await.map_err(|error| fault(LISTED, &error))?;
                for item in answer.items() {
                    let stream = items::text_of(item, "pk").and_then(keys::stream_of);
                    streams.insert(stream.ok_or_else(|| Fault::new(LISTED, "unreadable"))?);
                }
                start = answer.last_evaluated_key;
                if start.is_none() {
                    break;
                }
            }
        }
        Ok(streams)
    }

    /// The cursor by which [`Self::copied`] goes on after the entry at `seq`.
    pub fn copied_until(seq: u64) -> String {
        format!("EVENT#{seq:06}")
    }

    /// A page of the entries of `stream`, in order, strongly consistent.
    ///
    /// # Errors
    /// If the store does not answer, or an item is none of a stream.
    pub async fn copied(&self, stream: &Stream, cursor: Option<&str>) -> Result<Page<Copied>, Fault> {
        let (partition, _) = keys::stream_state(stream);
        let query = self
            .query()
            .consistent_read(true)
            .key_condition_expression("pk = :pk AND begins_with(sk, :event)")
            .expression_attribute_values(":pk", AttributeValue::S(partition.clone()))
            .expression_attribute_values(":event", AttributeValue::S("EVENT#".to_owned()));
        let start = cursor
            .map(|sk| Item::from([("pk".to_owned(), items::text(&partition)), ("sk".to_owned(), items::text(sk))]));
        let answer = query.set_exclusive_start_key(start).send().await.map_err(|error| fault(COPY, &error))?;
        let read = |item: &Item| copied(item).ok_or_else(|| Fault::new(COPY, "unreadable"));
        let next = answer.last_evaluated_key.as_ref().and_then(|key| key.get("sk")?.as_s().ok().cloned());
        Ok(Page { items: answer.items().iter().map(read).collect::<Result<_, _>>()?, cursor: next })
    }
}

fn copied(item: &Item) -> Option<Copied> {
    let seq = item.get("sk")?.as_s().ok()?.strip_prefix("EVENT#")?.parse().ok()?;
    let StoredEntry { bytes, words, .. } = items::entry(item)?;
    let said = words.into_iter().map(|(hash, said)| (hash, json!({"salt": said.salt, "text": said.text})));
    let words: Map<String, Value> = said.collect();
    Some(Copied { seq, item: json!({"event": STANDARD.encode(bytes), "words": words}) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::double::World;

    #[tokio::test]
    async fn every_stream_that_an_index_lists_is_listed_once() {
        let lists: Vec<String> = lists().map(|(.., partition)| partition).collect();
        let at = |partition: &str| lists.iter().position(|list| list == partition).unwrap();
        let page = |pks: &[&str]| json!({"Items": pks.iter().map(|pk| json!({"pk": {"S": pk}})).collect::<Vec<_>>()});
        let id = "0198c0ffee00700080000000deadbeef";
        let (request, sweep) = (format!("req_{id}"), format!("swp_{id}"));
        let mut answers: Vec<Value> = lists.iter().map(|_| page(&[])).collect();
        answers[at("ended")] = page(&[&format!("REQ#{request}")]);
        answers[at("OPEN")] = page(&[&format!("REQ#{request}")]);
        answers[at("CHANGED#SWEEPS")] = page(&[&format!("SWEEP#{sweep}")]);
        answers[at("CHANGED#ACCOUNTS")] = page(&["ACCOUNT#111111111111"]);
        answers[at("UNLOGGED#f")] = page(&["OUT#sys_policy"]);
        // In two pages.
        let key =
            json!({"pk": {"S": "REQ#x"}, "sk": {"S": "STATE"}, "statusPk": {"S": "active"}, "statusSk": {"S": "x"}});
        let mut first = page(&[]);
        first["LastEvaluatedKey"] = key.clone();
        answers.insert(at("active"), first);
        let world = World::answering(answers.into_iter().map(|answer| (200, answer)).collect());
        let listed = world.clients().table("countersign").listed().await.unwrap();
        let listed: Vec<String> = listed.iter().map(ToString::to_string).collect();
        assert_eq!(listed, ["acc_111111111111", request.as_str(), sweep.as_str(), "sys_policy"]);
        assert_eq!(world.json(at("active") + 1)["ExclusiveStartKey"], key);
        let asked = world.json(0);
        assert_eq!(
            (&asked["IndexName"], &asked["ExpressionAttributeNames"]["#key"]),
            (&json!("by-status"), &json!("statusPk"))
        );
        assert_eq!(asked["ExpressionAttributeValues"][":partition"]["S"], lists[0]);
        // What is of no stream is no reason to leave it out in silence.
        let world = World::answering(vec![(200, page(&["REQ#x"]))]);
        assert_eq!(world.clients().table("countersign").listed().await.unwrap_err().code, "unreadable");
    }

    #[tokio::test]
    async fn a_stream_is_copied_page_by_page_as_it_lies_there() {
        let item = |seq: u64, more: Value| {
            let mut item = json!({"pk": {"S": "SYSTEM#sys_log"}, "sk": {"S": format!("EVENT#{seq:06}")},
                "event": {"B": STANDARD.encode(b"{}")}});
            item.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            item
        };
        let words = json!({"words": {"M": {"ab": {"M": {"salt": {"S": "01"}, "text": {"S": "why"}}}}}});
        let world = World::answering(vec![
            (
                200,
                json!({"Items": [item(1, json!({}))], "LastEvaluatedKey": {"pk": {"S": "SYSTEM#sys_log"}, "sk": {"S": "EVENT#000001"}}}),
            ),
            (200, json!({"Items": [item(2, words)]})),
            (200, json!({"Items": [{"pk": {"S": "SYSTEM#sys_log"}, "sk": {"S": "EVENT#000003"}}]})),
        ]);
        let (table, stream) = (world.clients().table("countersign"), "sys_log".parse().unwrap());
        let first = table.copied(&stream, None).await.unwrap();
        let event = STANDARD.encode(b"{}");
        assert_eq!(first.items, [Copied { seq: 1, item: json!({"event": event, "words": {}}) }]);
        let second = table.copied(&stream, first.cursor.as_deref()).await.unwrap();
        let said = json!({"ab": {"salt": "01", "text": "why"}});
        assert_eq!(second.items, [Copied { seq: 2, item: json!({"event": event, "words": said}) }]);
        assert_eq!(second.cursor, None);
        assert_eq!(first.cursor, Some(Table::copied_until(1)));
        assert_eq!(world.json(1)["ExclusiveStartKey"]["sk"]["S"], "EVENT#000001");
        assert_eq!(world.json(0)["ConsistentRead"], true);
        // What is no entry is no reason to leave it out in silence.
        assert_eq!(table.copied(&stream, None).await.unwrap_err().code, "unreadable");
    }
}
