//! What the table holds, read as the account's root: behind everything that is judged here.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use end_to_end::cloud::Cloud;
use end_to_end::failure::Failure;
use serde_json::Value;

/// One entry, read from its bytes.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// The event's name.
    pub(crate) name: String,
    /// Who caused it; empty if nobody did.
    pub(crate) by: String,
    /// The event's data.
    pub(crate) data: Value,
}

/// All of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Record {
    /// The entries of each request, in order.
    pub(crate) requests: BTreeMap<String, Vec<Entry>>,
    /// Entries of all streams.
    pub(crate) entries: usize,
    /// The same, by their events' names.
    pub(crate) names: BTreeMap<String, usize>,
    /// How many of them wait to be logged.
    pub(crate) waiting: usize,
    /// One more than the highest place in the log of any entry.
    pub(crate) logged: u64,
}

impl Record {
    /// # Errors
    /// The table can't be read.
    pub(crate) async fn read(root: &Cloud, table: &str) -> Result<Self, Failure> {
        let mut record = Self::default();
        let mut places: BTreeMap<(String, String), Entry> = BTreeMap::new();
        let mut from = None;
        loop {
            let page = root.dynamodb().scan().table_name(table).consistent_read(true).set_exclusive_start_key(from);
            let page = page.send().await.map_err(|error| Failure::of("reading the table", &error))?;
            for item in page.items() {
                record.take(item, &mut places);
            }
            from = page.last_evaluated_key().cloned();
            if from.as_ref().is_none_or(HashMap::is_empty) {
                break;
            }
        }
        for ((partition, _), entry) in places {
            record.entries = record.entries.saturating_add(1);
            let times = record.names.entry(entry.name.clone()).or_default();
            *times = times.saturating_add(1);
            if let Some(id) = partition.strip_prefix("REQ#") {
                record.requests.entry(id.to_owned()).or_default().push(entry);
            }
        }
        Ok(record)
    }

    fn take(&mut self, item: &HashMap<String, AttributeValue>, places: &mut BTreeMap<(String, String), Entry>) {
        let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned().unwrap_or_default();
        let (partition, place) = (text("pk"), text("sk"));
        if partition.starts_with("OUT#") {
            self.waiting = self.waiting.saturating_add(usize::from(item.contains_key("duePk")));
            let index: Option<u64> = item.get("index").and_then(|index| index.as_n().ok()?.parse().ok());
            self.logged = self.logged.max(index.map_or(0, |index| index.saturating_add(1)));
        }
        let bytes = item.get("event").and_then(|event| event.as_b().ok()).map(AsRef::as_ref);
        if let (true, Some(bytes)) = (place.starts_with("EVENT#"), bytes) {
            places.insert((partition, place), Entry::read(bytes));
        }
    }
}

impl Entry {
    fn read(bytes: &[u8]) -> Self {
        let value: Value = serde_json::from_slice(bytes).unwrap_or_default();
        let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        let data = value.pointer("/event/data").cloned().unwrap_or_default();
        Self { name: text("/event/type"), by: text("/cause/person"), data }
    }
}
