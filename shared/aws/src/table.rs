//! The table: each request is one partition with its state and its chain, and another with its notes.
//!
//! Decisions are taken on `load` alone, which is strongly consistent, and changes are made by
//! `commit` alone, one transaction conditioned on the version that was read. Indexes give ids.

mod accounts;
mod activity;
mod commit;
mod copying;
#[cfg(feature = "damage")]
pub mod damage;
pub(crate) mod items;
mod keys;
mod listing;
pub(crate) mod log;
mod notes;
mod sweeps;
#[cfg(test)]
mod tests;

pub use copying::Copied;

use crate::fault::{fault, unsendable};
use crate::time::jittered;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, Put, Select, TransactWriteItem};
use items::Item;
use model::digest::Digest;
use model::limits::Held;
use model::names::{IdempotencyKey, PersonId, RequestId, SweepId};
use model::stream::Place;
use std::collections::HashMap;
use uuid::Uuid;
use workflow::ports::{
    CommitError, EraseWords, Fault, FindByKey, LoadEntries, LoadRequest, LoadRequests, LoadSweepEntries, Stored,
    StoredEntry,
};

const LOAD: &str = "read the request";
const ENTRIES: &str = "read the request's record";
const ERASE: &str = "erase what was said";
const KEY: &str = "look up the idempotency key";
const SLOTS: &str = "look up the person's slots";

/// Keys of one call. Source: DynamoDB API reference, `BatchGetItem`.
const BATCH: usize = 100;

/// Parts of one transaction. Source: DynamoDB API reference, `TransactWriteItems`.
const MOST_ITEMS: usize = 100;

/// How often what was left out of an answer is asked for, and the wait before the second time, in milliseconds.
const ATTEMPTS: u32 = 5;
const WAIT: u64 = 20;

/// The table with the requests.
#[derive(Debug, Clone)]
pub struct Table {
    client: Client,
    name: String,
}

impl Table {
    /// The table `name`.
    pub fn new(client: Client, name: &str) -> Self {
        Self { client, name: name.to_owned() }
    }

    /// One item, strongly consistent.
    async fn get(&self, doing: &'static str, key: (String, String)) -> Result<Option<Item>, Fault> {
        get(&self.client, &self.name, doing, key).await
    }

    /// All of these, or nothing: then somebody else was faster, or the store did not answer.
    async fn put_all(&self, doing: &'static str, writes: Vec<Write<'_>>) -> Result<(), CommitError> {
        let puts: Result<Vec<TransactWriteItem>, Fault> =
            writes.into_iter().map(|write| Ok(TransactWriteItem::builder().put(write.build(doing)?).build())).collect();
        let sent = self
            .client
            .transact_write_items()
            .set_transact_items(Some(puts?))
            // What the SDK sends again takes effect once.
            .client_request_token(Uuid::now_v7().to_string())
            .send()
            .await;
        let Err(error) = sent else { return Ok(()) };
        if let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) = error.as_service_error() {
            let lost = |code: &str| matches!(code, "None" | "ConditionalCheckFailed" | "TransactionConflict");
            if cancelled.cancellation_reasons().iter().all(|reason| reason.code().is_none_or(lost)) {
                return Err(CommitError::Conflict);
            }
        }
        Err(fault(doing, &error).into())
    }

    /// The states of up to [`BATCH`] requests, strongly consistent, in any order.
    async fn states(&self, ids: &[RequestId]) -> Result<Vec<Item>, Fault> {
        // A key that is asked for twice is refused.
        let mut keys: Vec<(String, String)> = ids.iter().map(keys::state).collect();
        keys.sort();
        keys.dedup();
        let text = AttributeValue::S;
        let keys =
            keys.into_iter().map(|(pk, sk)| Item::from([("pk".to_owned(), text(pk)), ("sk".to_owned(), text(sk))]));
        let wanted = KeysAndAttributes::builder().consistent_read(true).set_keys(Some(keys.collect()));
        let mut open = HashMap::from([(self.name.clone(), wanted.build().map_err(unsendable(LOAD))?)]);
        let mut items = Vec::with_capacity(ids.len());
        let mut wait = WAIT;
        for _ in 0..ATTEMPTS {
            let answer = self.client.batch_get_item().set_request_items(Some(open)).send().await;
            let answer = answer.map_err(|error| fault(LOAD, &error))?;
            items.extend(answer.responses.unwrap_or_default().into_values().flatten());
            // What did not fit into one answer, or was too much at once, is asked for again.
            open = answer.unprocessed_keys.unwrap_or_default();
            if open.is_empty() {
                return Ok(items);
            }
            tokio::time::sleep(jittered(wait)).await;
            wait = wait.saturating_mul(2);
        }
        Err(Fault::new(LOAD, "ThrottlingException"))
    }

    fn query(&self) -> QueryFluentBuilder {
        self.client.query().table_name(&self.name)
    }
}

/// Whether a put with a condition took effect; `false`: that did not hold.
fn taken<T>(doing: &'static str, put: Result<T, SdkError<PutItemError>>) -> Result<bool, Fault> {
    match put {
        Ok(_) => Ok(true),
        Err(error) if error.as_service_error().is_some_and(PutItemError::is_conditional_check_failed_exception) => {
            Ok(false)
        }
        Err(error) => Err(fault(doing, &error)),
    }
}

/// One item of the table `name`, strongly consistent.
pub(crate) async fn get(
    client: &Client,
    name: &str,
    doing: &'static str,
    (pk, sk): (String, String),
) -> Result<Option<Item>, Fault> {
    client
        .get_item()
        .table_name(name)
        .consistent_read(true)
        .key("pk", AttributeValue::S(pk))
        .key("sk", AttributeValue::S(sk))
        .send()
        .await
        .map(|found| found.item)
        .map_err(|error| fault(doing, &error))
}

/// A put, for a transaction.
pub(crate) struct Write<'a> {
    pub(crate) table: &'a str,
    pub(crate) item: Item,
    pub(crate) condition: Option<&'static str>,
    pub(crate) names: &'static [(&'static str, &'static str)],
    pub(crate) values: Vec<(&'static str, AttributeValue)>,
}

/// What must be true of a key at which nothing may be yet.
pub(crate) const ABSENT: &str = "attribute_not_exists(pk)";

impl<'a> Write<'a> {
    /// Whatever is there now.
    pub(crate) fn over(table: &'a str, item: Item) -> Self {
        Self { table, item, condition: None, names: &[], values: Vec::new() }
    }

    /// Instead of version `expected`; 0: where nothing is yet.
    pub(crate) fn versioned(table: &'a str, item: Item, expected: u64) -> Self {
        match expected {
            0 => Self::new(table, item),
            expected => Self {
                condition: Some("#version = :expected"),
                names: &[("#version", "version")],
                values: vec![(":expected", items::number(expected))],
                ..Self::over(table, item)
            },
        }
    }

    /// Where nothing is yet.
    pub(crate) fn new(table: &'a str, item: Item) -> Self {
        Self { condition: Some(ABSENT), ..Self::over(table, item) }
    }

    pub(crate) fn build(self, doing: &'static str) -> Result<Put, Fault> {
        let names: HashMap<String, String> =
            self.names.iter().map(|(key, name)| ((*key).to_owned(), (*name).to_owned())).collect();
        let values: Item = self.values.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        Put::builder()
            .table_name(self.table)
            .set_item(Some(self.item))
            .set_condition_expression(self.condition.map(str::to_owned))
            .set_expression_attribute_names((!names.is_empty()).then_some(names))
            .set_expression_attribute_values((!values.is_empty()).then_some(values))
            .build()
            .map_err(unsendable(doing))
    }
}

/// A request, from the item that holds it.
fn sound(id: &RequestId, item: &Item) -> Result<Stored, Fault> {
    let stored = items::stored(id, item).ok_or_else(|| {
        tracing::error!(request.id = %id, alarm = "unreadable_state", "the stored state of {id} can't be read");
        Fault::new(LOAD, "unreadable_state")
    })?;
    // Whoever writes past the state machine makes no access with it.
    stored.state.check().map_err(|broken| {
        tracing::error!(request.id = %id, alarm = "unsound_state", "the stored state of {id} is none of ours: {broken}");
        Fault::new(LOAD, "unsound_state")
    })?;
    Ok(stored)
}

impl LoadRequest for Table {
    async fn load(&self, id: &RequestId) -> Result<Option<Stored>, Fault> {
        match self.get(LOAD, keys::state(id)).await? {
            Some(item) => sound(id, &item).map(Some),
            None => Ok(None),
        }
    }
}

impl LoadRequests for Table {
    async fn load_many(&self, ids: &[RequestId]) -> Result<Vec<Stored>, Fault> {
        let mut found = HashMap::with_capacity(ids.len());
        for batch in ids.chunks(BATCH) {
            let items = self.states(batch).await?.into_iter();
            found.extend(items.filter_map(|item| Some((items::text_of(&item, "pk")?.to_owned(), item))));
        }
        let in_order = ids.iter().filter_map(|id| Some((id, found.get(&keys::state(id).0)?)));
        in_order.map(|(id, item)| sound(id, item)).collect()
    }
}

impl LoadEntries for Table {
    async fn entries(&self, id: &RequestId, after: u64, limit: u32) -> Result<Vec<StoredEntry>, Fault> {
        self.entries_from(keys::entry(id, after.saturating_add(1)), limit).await
    }
}

impl LoadSweepEntries for Table {
    async fn sweep_entries(&self, id: &SweepId, after: u64, limit: u32) -> Result<Vec<StoredEntry>, Fault> {
        self.entries_from(keys::sweep_entry(id, after.saturating_add(1)), limit).await
    }
}

impl Table {
    /// Up to `limit` entries of a chain from the one with this key on, strongly consistent.
    async fn entries_from(&self, (pk, from): (String, String), limit: u32) -> Result<Vec<StoredEntry>, Fault> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut entries = Vec::new();
        let mut start: Option<Item> = None;
        while entries.len() < limit {
            // A page ends at 1 MB, however many entries were asked for.
            let left = i32::try_from(limit.saturating_sub(entries.len())).unwrap_or(i32::MAX);
            let page = self
                .query()
                .consistent_read(true)
                .key_condition_expression("pk = :pk AND sk BETWEEN :from AND :to")
                .expression_attribute_values(":pk", AttributeValue::S(pk.clone()))
                .expression_attribute_values(":from", AttributeValue::S(from.clone()))
                .expression_attribute_values(":to", AttributeValue::S(keys::LAST_ENTRY.to_owned()))
                .projection_expression("sk, #event, #words")
                .expression_attribute_names("#event", "event")
                .expression_attribute_names("#words", items::WORDS)
                .select(Select::SpecificAttributes)
                .limit(left)
                .set_exclusive_start_key(start)
                .send()
                .await
                .map_err(|error| fault(ENTRIES, &error))?;
            for item in page.items() {
                entries.push(items::entry(item).ok_or_else(|| Fault::new(ENTRIES, "unreadable_entry"))?);
            }
            start = page.last_evaluated_key;
            if start.is_none() {
                break;
            }
        }
        Ok(entries)
    }
}

impl EraseWords for Table {
    async fn erase_words(&self, place: &Place) -> Result<(), Fault> {
        let (pk, sk) = keys::event(place);
        let sent = self.client.update_item().table_name(&self.name);
        sent.key("pk", items::text(pk))
            .key("sk", items::text(sk))
            .update_expression("REMOVE #words")
            // An update makes what is not there.
            .condition_expression("attribute_exists(#event)")
            .expression_attribute_names("#words", items::WORDS)
            .expression_attribute_names("#event", "event")
            .send()
            .await
            .map_err(|error| fault(ERASE, &error))?;
        Ok(())
    }
}

impl FindByKey for Table {
    async fn request_for_key(
        &self,
        person: &PersonId,
        key: &IdempotencyKey,
    ) -> Result<Option<(RequestId, Digest)>, Fault> {
        match self.get(KEY, keys::idempotency(person, key)).await? {
            None => Ok(None),
            Some(item) => items::used_for(&item).map(Some).ok_or_else(|| Fault::new(KEY, "unreadable_key")),
        }
    }

    async fn slots(&self, person: &PersonId) -> Result<Vec<Held>, Fault> {
        let mut held = Vec::new();
        let mut start = None;
        loop {
            let page = self
                .query()
                .consistent_read(true)
                .key_condition_expression("pk = :slots")
                .expression_attribute_values(":slots", items::text(keys::slots(person)))
                .set_exclusive_start_key(start)
                .send()
                .await
                .map_err(|error| fault(SLOTS, &error))?;
            for item in page.items() {
                held.push(items::held(item).ok_or_else(|| Fault::new(SLOTS, "unreadable_slot"))?);
            }
            start = page.last_evaluated_key;
            if start.is_none() {
                return Ok(held);
            }
        }
    }
}
