//! Lists of ids from the indexes. An index lags; nobody decides from one.

use super::{Item, Table, items, keys};
use crate::fault::fault;
use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::names::RequestId;
use model::time::Time;
use workflow::ports::{Fault, FindDue, ListRequests, Listing, Page};

const LIST: &str = "list requests";
const DUE: &str = "find what is due";

/// Where a listing is read.
struct Index {
    name: &'static str,
    partition: &'static str,
    sort: &'static str,
    value: String,
    oldest_first: bool,
}

impl Index {
    fn of(listing: &Listing) -> Self {
        match listing {
            Listing::Requester(person) => Self {
                name: "by-requester",
                partition: "requesterPk",
                sort: "requesterSk",
                value: person.to_string(),
                oldest_first: false,
            },
            Listing::Status(status) => Self {
                name: "by-status",
                partition: "statusPk",
                sort: "statusSk",
                value: status.to_string(),
                oldest_first: false,
            },
            Listing::Queue(entitlement) => Self {
                name: "by-approver-queue",
                partition: "queuePk",
                sort: "queueSk",
                value: entitlement.to_string(),
                oldest_first: true,
            },
        }
    }

    /// The cursor after `id`: the key, written so that only this listing takes it.
    fn cursor(&self, id: &RequestId) -> String {
        URL_SAFE_NO_PAD.encode(format!("{}#{}#{id}", self.partition, self.value))
    }

    /// The key that `cursor` stands for, if it is one of this listing.
    fn start(&self, cursor: &str) -> Option<Item> {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
        let id = text.strip_prefix(self.partition)?.strip_prefix('#')?.strip_prefix(&self.value)?.strip_prefix('#')?;
        let id: RequestId = id.parse().ok()?;
        Some(items::item(
            keys::state(&id),
            [(self.partition, items::text(self.value.as_str())), (self.sort, items::text(id.as_str()))],
        ))
    }
}

impl ListRequests for Table {
    async fn list(&self, listing: &Listing, cursor: Option<&str>, limit: u32) -> Result<Page<RequestId>, Fault> {
        let index = Index::of(listing);
        let start = cursor.map(|cursor| index.start(cursor));
        if limit == 0 || start == Some(None) {
            return Ok(Page { items: Vec::new(), cursor: None });
        }
        let page = self
            .query()
            .index_name(index.name)
            .key_condition_expression("#partition = :value")
            .expression_attribute_names("#partition", index.partition)
            .expression_attribute_values(":value", AttributeValue::S(index.value.clone()))
            .scan_index_forward(index.oldest_first)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX).saturating_add(1))
            .set_exclusive_start_key(start.flatten())
            .send()
            .await
            .map_err(|error| fault(LIST, &error))?;
        // One more than was asked for tells whether anything follows. DynamoDB itself does not: it names a key to go on from
        // whenever it stopped at the limit. Source: DynamoDB developer guide, paginating table query results.
        let (items, last) = match page.items().split_at_checked(usize::try_from(limit).unwrap_or(usize::MAX)) {
            Some((items, [_, ..])) => (items, items.iter().rev().find_map(id)),
            _ => (page.items(), page.last_evaluated_key().and_then(id)),
        };
        Ok(Page { items: ids(items), cursor: last.map(|id| index.cursor(&id)) })
    }
}

impl FindDue for Table {
    async fn due(&self, before: Time, limit: u32) -> Result<Vec<RequestId>, Fault> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let page = self
            .query()
            .index_name("by-due")
            .key_condition_expression("duePk = :open AND dueSk < :before")
            .expression_attribute_values(":open", AttributeValue::S(keys::OPEN.to_owned()))
            .expression_attribute_values(":before", AttributeValue::S(before.to_string()))
            .scan_index_forward(true)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(|error| fault(DUE, &error))?;
        Ok(ids(page.items()))
    }
}

fn id(item: &Item) -> Option<RequestId> {
    keys::request(items::text_of(item, "pk")?)
}

fn ids(found: &[Item]) -> Vec<RequestId> {
    let ids: Vec<RequestId> = found.iter().filter_map(id).collect();
    if ids.len() != found.len() {
        tracing::error!(alarm = "foreign_item", "an index holds an item that is no request");
    }
    ids
}
