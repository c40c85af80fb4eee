//! Whole streams as they lie in the table, to be copied.

use super::{Item, Table, items, keys};
use crate::fault::fault;
use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::stream::Stream;
use serde_json::{Map, Value, json};
use workflow::ports::{Fault, Page, StoredEntry};

const COPY: &str = "copy a stream";

/// An entry as it lies in the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// Its place, from 1: that of its key, whatever its bytes say.
    pub seq: u64,
    /// `{"event": <base64 of its bytes>, "words": {<hash>: {"salt", "text"}}}`.
    pub item: Value,
}

impl Table {
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
