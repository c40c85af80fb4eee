//! The transparency log's part of the table: the outbox, where the log is, and what of it is anchored.
//!
//! An item of the outbox is put by the commit of its entry, and put over when that is logged: without what the index
//! shows it by, with where it is. Nothing is updated or deleted; what is logged is forgotten after a week.

mod anchored;
mod moving;
pub(super) mod outbox;
mod reading;
pub(crate) mod system;

use super::items::{self, Item, number, number_of, text, text_of};
use super::{Table, keys};
use crate::fault::unsendable;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, TransactWriteItem};
use model::names::RequestId;
use model::stream::{Place, Stream};
use model::time::Time;
use record::chain::Link;
use record::entry::EntryHash;
use record::tree::{Edge, Hash};
use workflow::ports::{Anchor, Batch, Fault, LogHead, Logged, anchor_copy};

const READ: &str = "read where the log is";
const MOVE: &str = "move the log on";
const OUTBOX: &str = "read what is to be logged";
const ANCHOR: &str = "note what is anchored";

/// How long the outbox remembers what was logged, in seconds.
const KEPT: u64 = 7 * 86_400;

/// An item of the outbox, by what all of them hold.
fn place_item(place: &Place, at: Time, hash: &EntryHash) -> Item {
    items::item(keys::out(place), [("at", text(at.to_string())), ("hash", text(hash.to_string()))])
}

/// What a commit puts into the outbox beside an entry.
pub(super) fn out(stream: &Stream, link: &Link, at: Time) -> Item {
    let place = Place { stream: stream.clone(), seq: link.seq };
    let mut item = place_item(&place, at, &link.hash);
    item.insert("duePk".to_owned(), text(keys::unlogged(keys::shard(stream))));
    item.insert("dueSk".to_owned(), text(keys::unlogged_since(at, &place)));
    item
}

/// The same once the entry is logged, in a batch put together at `at`: so whoever writes it, it is the same.
fn done(logged: &Logged, at: Time) -> Item {
    let mut item = place_item(&logged.place, logged.at, &logged.hash);
    item.insert("index".to_owned(), number(logged.index));
    item.insert("ttl".to_owned(), number(at.plus(KEPT).as_second()));
    item
}

fn blob(bytes: Vec<u8>) -> AttributeValue {
    AttributeValue::B(Blob::new(bytes))
}

fn hashes(hashes: &[Hash]) -> AttributeValue {
    blob(hashes.iter().flat_map(Hash::as_bytes).copied().collect())
}

fn read_hashes(item: &Item, name: &str) -> Option<Vec<Hash>> {
    let bytes = item.get(name)?.as_b().ok()?.as_ref();
    let (hashes, rest) = bytes.as_chunks();
    rest.is_empty().then(|| hashes.iter().copied().map(Hash::new).collect())
}

fn time_of(item: &Item, name: &str) -> Option<Time> {
    text_of(item, name)?.parse().ok()
}

pub(super) fn head(head: &LogHead) -> Item {
    items::item(
        keys::log_head(),
        [
            ("origin", text(head.origin.as_str())),
            ("size", number(head.edge.size())),
            ("root", text(head.edge.root().to_string())),
            ("peaks", hashes(head.edge.peaks())),
            ("note", text(head.note.as_str())),
            ("at", text(head.at.to_string())),
            ("batch", number(head.batch)),
            ("applied", AttributeValue::Bool(head.applied)),
        ],
    )
}

fn read_head(item: &Item) -> Option<LogHead> {
    let edge = Edge::new(number_of(item, "size")?, read_hashes(item, "peaks")?)?;
    let head = LogHead {
        origin: text_of(item, "origin")?.to_owned(),
        note: text_of(item, "note")?.to_owned(),
        at: time_of(item, "at")?,
        batch: number_of(item, "batch")?,
        applied: *item.get("applied")?.as_bool().ok()?,
        edge,
    };
    (text_of(item, "root")? == head.edge.root().to_string()).then_some(head)
}

fn batch(batch: &Batch) -> Item {
    let refs = batch.places.iter().map(|place| text(place.to_string())).collect();
    let mut item = items::item(
        keys::log_batch(batch.first),
        [
            ("first", number(batch.first)),
            ("count", number(u64::try_from(batch.places.len()).unwrap_or(u64::MAX))),
            ("refs", AttributeValue::L(refs)),
            ("leaves", hashes(&batch.leaves)),
            ("before", text(batch.before.to_string())),
            ("root", text(batch.root.to_string())),
            ("at", text(batch.at.to_string())),
        ],
    );
    if let Some(note) = &batch.note {
        item.insert("note".to_owned(), text(note.as_str()));
    }
    item
}

fn read_batch(item: &Item) -> Option<Batch> {
    let refs = item.get("refs")?.as_l().ok()?;
    let places: Option<Vec<Place>> = refs.iter().map(|place| place.as_s().ok()?.parse().ok()).collect();
    let batch = Batch {
        first: number_of(item, "first")?,
        places: places?,
        leaves: read_hashes(item, "leaves")?,
        before: text_of(item, "before")?.parse().ok()?,
        root: text_of(item, "root")?.parse().ok()?,
        at: time_of(item, "at")?,
        note: text_of(item, "note").map(str::to_owned),
    };
    let count = u64::try_from(batch.places.len()).ok()?;
    let whole = batch.leaves.len() == batch.places.len() && number_of(item, "count")? == count;
    whole.then_some(batch)
}

pub(super) fn anchor(anchor: &Anchor) -> Item {
    items::item(
        keys::log_anchor(),
        [
            ("size", number(anchor.size)),
            ("at", text(anchor.at.to_string())),
            ("cosigned", AttributeValue::Bool(anchor.cosigned)),
            ("submitted", number(anchor.submitted)),
        ],
    )
}

/// What a copy says of it: only when.
fn anchored_at(copy: u8, at: Time) -> Item {
    items::item(keys::log_anchor_copy(copy), [("at", text(at.to_string()))])
}

fn read_anchor(item: &Item) -> Option<Anchor> {
    Some(Anchor {
        size: number_of(item, "size")?,
        at: time_of(item, "at")?,
        cosigned: *item.get("cosigned")?.as_bool().ok()?,
        submitted: number_of(item, "submitted")?,
    })
}

/// Where the log is, from the item that holds it.
pub(super) fn sound_head(item: &Item) -> Result<LogHead, Fault> {
    read_head(item).ok_or_else(|| unreadable(READ))
}

/// What is anchored, likewise.
pub(super) fn sound_anchor(item: &Item) -> Result<Anchor, Fault> {
    read_anchor(item).ok_or_else(|| unreadable(READ))
}

/// An item of the log's that can't be read: somebody wrote past the log.
fn unreadable(doing: &'static str) -> Fault {
    tracing::error!(alarm = "log_defect", "an item of the log can't be read");
    Fault::new(doing, "unreadable_log")
}

impl Table {
    /// The part of a transaction of request `id` that fails if the log was not anchored since `not_before`.
    pub(super) fn anchored_since(&self, id: &RequestId, not_before: Time) -> Result<TransactWriteItem, Fault> {
        let (pk, sk) = keys::log_anchor_copy(anchor_copy(id));
        let check = ConditionCheck::builder()
            .table_name(&self.name)
            .key("pk", text(pk))
            .key("sk", text(sk))
            .condition_expression("#at >= :not_before")
            .expression_attribute_names("#at", "at")
            .expression_attribute_values(":not_before", text(not_before.to_string()))
            .build()
            .map_err(unsendable(super::commit::STORE))?;
        Ok(TransactWriteItem::builder().condition_check(check).build())
    }
}

#[cfg(test)]
mod tests;
