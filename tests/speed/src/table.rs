//! DynamoDB, as far as the functions use it: what is put is there, and is found by key and by index.
//!
//! It checks no condition: nobody else writes here.

use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Most keys of an answer. Source: DynamoDB API reference, `BatchGetItem`.
const BATCH: usize = 100;

/// Sort keys of the pairs that an index or the table is sorted by.
const PAIRS: [(&str, &str); 5] = [
    ("pk", "sk"),
    ("duePk", "dueSk"),
    ("requesterPk", "requesterSk"),
    ("queuePk", "queueSk"),
    ("statusPk", "statusSk"),
];

/// An index that lists ever so many requests: these, over and over.
#[derive(Debug, Clone)]
pub(crate) struct Many {
    pub(crate) ids: Vec<String>,
    pub(crate) count: u64,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Table {
    items: BTreeMap<(String, String), Value>,
    pub(crate) many: Option<Many>,
    /// Items that were given out.
    pub(crate) read: u64,
}

/// The text of an attribute.
pub(crate) fn text<'a>(item: &'a Value, name: &str) -> &'a str {
    item.pointer(&format!("/{name}/S")).and_then(Value::as_str).unwrap_or_default()
}

impl Table {
    pub(crate) fn put(&mut self, item: Value) {
        let key = (text(&item, "pk").to_owned(), text(&item, "sk").to_owned());
        self.items.insert(key, item);
    }

    pub(crate) fn item(&self, pk: &str, sk: &str) -> Option<&Value> {
        self.items.get(&(pk.to_owned(), sk.to_owned()))
    }

    /// All items whose partition begins so.
    pub(crate) fn below<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = &'a Value> {
        self.items.iter().filter(move |((pk, _), _)| pk.starts_with(prefix)).map(|(_, item)| item)
    }

    /// Answers an operation of DynamoDB's JSON protocol; `None`: it is none that is known here.
    pub(crate) fn answer(&mut self, operation: &str, asked: &Value) -> Option<Value> {
        match operation {
            "GetItem" => {
                let found = self.find(asked.get("Key")?);
                Some(found.map_or_else(|| json!({}), |item| json!({"Item": item})))
            }
            "BatchGetItem" => {
                let (table, wanted) = asked.get("RequestItems")?.as_object()?.iter().next()?;
                let keys = wanted.get("Keys")?.as_array()?;
                let found: Vec<Value> = keys.iter().take(BATCH).filter_map(|key| self.find(key)).collect();
                Some(json!({"Responses": {table: found}, "UnprocessedKeys": {}}))
            }
            "Query" => self.query(asked),
            "PutItem" => {
                self.put(asked.get("Item")?.clone());
                Some(json!({}))
            }
            "TransactWriteItems" => {
                for write in asked.get("TransactItems")?.as_array()? {
                    if let Some(item) = write.pointer("/Put/Item") {
                        self.put(item.clone());
                    }
                }
                Some(json!({}))
            }
            _ => None,
        }
    }

    fn find(&mut self, key: &Value) -> Option<Value> {
        let (pk, sk) = (text(key, "pk"), text(key, "sk"));
        let found = self.item(pk, sk).cloned();
        self.read += u64::from(found.is_some());
        found
    }

    fn query(&mut self, asked: &Value) -> Option<Value> {
        let condition = Condition::read(asked)?;
        let (partition, sort) = *PAIRS.iter().find(|(partition, _)| *partition == condition.partition)?;
        let limit = asked.get("Limit").and_then(Value::as_u64).and_then(|limit| limit.try_into().ok());
        let forward = asked.get("ScanIndexForward").and_then(Value::as_bool).unwrap_or(true);
        let start = asked.get("ExclusiveStartKey").map(|key| text(key, sort).to_owned());
        if let Some(many) = self.many.as_ref().filter(|_| partition == "statusPk") {
            let (items, last) = many.first_page(&condition.value, limit.unwrap_or(usize::MAX));
            self.read += items.len() as u64;
            return Some(page(&items, last));
        }
        let within = |item: &&Value| text(item, partition) == condition.value && condition.takes(text(item, sort));
        let mut found: Vec<&Value> = self.items.values().filter(within).collect();
        found.sort_by(|one, other| text(one, sort).cmp(text(other, sort)));
        if !forward {
            found.reverse();
        }
        let after = |item: &&Value| match &start {
            Some(start) if forward => text(item, sort) > start.as_str(),
            Some(start) => text(item, sort) < start.as_str(),
            None => true,
        };
        let mut found: Vec<Value> = found.into_iter().filter(after).cloned().collect();
        let more = limit.is_some_and(|limit| found.len() > limit);
        found.truncate(limit.unwrap_or(usize::MAX));
        self.read += found.len() as u64;
        let last = found.last().filter(|_| more).map(|item| key_of(item, partition, sort));
        Some(page(&found, last))
    }
}

fn page(items: &[Value], last: Option<Value>) -> Value {
    let mut page = json!({"Count": items.len(), "ScannedCount": items.len(), "Items": items});
    if let (Some(last), Some(page)) = (last, page.as_object_mut()) {
        page.insert("LastEvaluatedKey".to_owned(), last);
    }
    page
}

/// The key that the next page begins after.
fn key_of(item: &Value, partition: &str, sort: &str) -> Value {
    let names = ["pk", "sk", partition, sort];
    names.iter().filter_map(|name| Some(((*name).to_owned(), item.get(*name)?.clone()))).collect::<Map<_, _>>().into()
}

impl Many {
    /// The newest of them. Who asks for the page after it gets the same.
    fn first_page(&self, value: &str, limit: usize) -> (Vec<Value>, Option<Value>) {
        let taken = usize::try_from(self.count).unwrap_or(usize::MAX).min(limit);
        let item = |id: &String| {
            let key = [("pk", format!("REQ#{id}")), ("sk", "STATE".to_owned())];
            let shown = [("statusPk", value.to_owned()), ("statusSk", id.clone())];
            key.into_iter()
                .chain(shown)
                .map(|(name, text)| (name.to_owned(), json!({"S": text})))
                .collect::<Map<_, _>>()
        };
        let items: Vec<Value> = self.ids.iter().rev().cycle().take(taken).map(|id| item(id).into()).collect();
        let last = items.last().filter(|_| self.count > taken as u64).cloned();
        (items, last)
    }
}

/// A key condition.
struct Condition {
    partition: String,
    value: String,
    from: Option<String>,
    to: Option<String>,
    before: Option<String>,
    prefix: Option<String>,
}

impl Condition {
    fn read(asked: &Value) -> Option<Self> {
        let mut expression = asked.get("KeyConditionExpression")?.as_str()?.to_owned();
        for (name, stands) in asked.get("ExpressionAttributeNames").and_then(Value::as_object).into_iter().flatten() {
            expression = expression.replace(name, stands.as_str()?);
        }
        let value = |name: &str| {
            let value =
                asked.pointer(&format!("/ExpressionAttributeValues/{}/S", name.trim().trim_end_matches(')')))?;
            value.as_str().map(str::to_owned)
        };
        let (first, rest) = expression.split_once(" AND ").unwrap_or((&expression, ""));
        let (partition, of) = first.split_once(" = ")?;
        let mut read = Self {
            partition: partition.to_owned(),
            value: value(of)?,
            from: None,
            to: None,
            before: None,
            prefix: None,
        };
        if let Some((_, range)) = rest.split_once(" BETWEEN ") {
            let (from, to) = range.split_once(" AND ")?;
            (read.from, read.to) = (Some(value(from)?), Some(value(to)?));
        } else if let Some((_, from)) = rest.split_once(" >= ") {
            read.from = Some(value(from)?);
        } else if let Some((_, before)) = rest.split_once(" < ") {
            read.before = Some(value(before)?);
        } else if let Some((_, prefix)) = rest.split_once("begins_with(") {
            read.prefix = Some(value(prefix.split_once(',')?.1)?);
        } else if !rest.is_empty() {
            return None;
        }
        Some(read)
    }

    fn takes(&self, sort: &str) -> bool {
        self.from.as_deref().is_none_or(|from| sort >= from)
            && self.to.as_deref().is_none_or(|to| sort <= to)
            && self.before.as_deref().is_none_or(|before| sort < before)
            && self.prefix.as_deref().is_none_or(|prefix| sort.starts_with(prefix))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids_of(page: &Value) -> Vec<String> {
        page["Items"].as_array().unwrap().iter().map(|item| text(item, "pk").to_owned()).collect()
    }

    #[test]
    fn pages_follow_each_other_whichever_way() {
        for forward in [true, false] {
            let mut table = Table::default();
            for nth in 0..5 {
                let (pk, sk) = (format!("REQ#{nth}"), format!("{nth}"));
                table.put(
                    json!({"pk": {"S": pk}, "sk": {"S": "STATE"}, "statusPk": {"S": "ended"}, "statusSk": {"S": sk}}),
                );
            }
            {
                let mut found = Vec::new();
                let mut start = Value::Null;
                loop {
                    let mut asked = json!({"KeyConditionExpression": "#partition = :value", "Limit": 2,
                        "ExpressionAttributeNames": {"#partition": "statusPk"},
                        "ExpressionAttributeValues": {":value": {"S": "ended"}}, "ScanIndexForward": forward});
                    if start != Value::Null {
                        asked["ExclusiveStartKey"] = start;
                    }
                    let page = table.answer("Query", &asked).unwrap();
                    found.extend(ids_of(&page));
                    start = page["LastEvaluatedKey"].clone();
                    if start == Value::Null {
                        break;
                    }
                }
                let mut sorted = found.clone();
                sorted.sort();
                if !forward {
                    sorted.reverse();
                }
                assert_eq!((found.len(), &found), (5, &sorted));
            }
        }
    }

    #[test]
    fn a_list_is_as_long_as_it_is_said_to_be() {
        let ids = vec!["1".to_owned(), "2".to_owned()];
        let asked = json!({"KeyConditionExpression": "statusPk = :value", "Limit": 3,
            "ExpressionAttributeValues": {":value": {"S": "pending"}}});
        let mut table = Table { many: Some(Many { ids, count: 3 }), ..Table::default() };
        let page = table.answer("Query", &asked).unwrap();
        assert_eq!(
            (ids_of(&page), page.get("LastEvaluatedKey")),
            (["REQ#2", "REQ#1", "REQ#2"].map(str::to_owned).to_vec(), None)
        );
        table.many.as_mut().unwrap().count = 4;
        assert!(table.answer("Query", &asked).unwrap().get("LastEvaluatedKey").is_some());
    }

    #[test]
    fn ranges_take_what_lies_in_them() {
        let mut table = Table::default();
        for sk in ["EVENT#000001", "EVENT#000002", "EVENT#000003", "STATE"] {
            table.put(json!({"pk": {"S": "REQ#1"}, "sk": {"S": sk}}));
        }
        let mut count = |condition: &str, values: Value| {
            let asked = json!({"KeyConditionExpression": condition, "ExpressionAttributeValues": values});
            table.answer("Query", &asked).map(|page| page["Count"].as_u64())
        };
        let values = json!({":pk": {"S": "REQ#1"}, ":from": {"S": "EVENT#000002"}, ":to": {"S": "EVENT#999999"}});
        assert_eq!(count("pk = :pk AND sk BETWEEN :from AND :to", values.clone()), Some(Some(2)));
        assert_eq!(count("pk = :pk AND sk < :from", values.clone()), Some(Some(1)));
        assert_eq!(count("pk = :pk AND sk >= :to", values.clone()), Some(Some(1)));
        assert_eq!(count("pk = :pk AND begins_with(sk, :from)", values.clone()), Some(Some(1)));
        assert_eq!(count("pk = :pk", values.clone()), Some(Some(4)));
        assert_eq!(count("pk = :pk AND size(sk) > :from", values), None);
    }
}
