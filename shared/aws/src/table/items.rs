//! The table's items: what is stored of a request, and reading it back.

use super::keys;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use model::digest::Digest;
use model::lifecycle::State;
use model::limits::Held;
use model::names::RequestId;
use model::request::Status;
use model::stream::Stream;
use model::time::Time;
use record::chain::{Head, Link};
use record::words::{Beside, Said};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::HashMap;
use workflow::ports::{Commit, Fault, Guard, Stored, StoredEntry};

/// An item, or the key of one.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// Version of the form of such items.
const FORMAT: u64 = 1;

/// A text.
pub(crate) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

/// A number.
pub(crate) fn number(value: impl Into<i128>) -> AttributeValue {
    AttributeValue::N(value.into().to_string())
}

/// The text of an attribute.
pub(crate) fn text_of<'a>(item: &'a Item, name: &str) -> Option<&'a str> {
    item.get(name)?.as_s().ok().map(String::as_str)
}

pub(super) fn number_of(item: &Item, name: &str) -> Option<u64> {
    item.get(name)?.as_n().ok()?.parse().ok()
}

/// An item with its key and these attributes.
pub(crate) fn item<const N: usize>((pk, sk): (String, String), attributes: [(&str, AttributeValue); N]) -> Item {
    attributes
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .chain([("pk".to_owned(), text(pk)), ("sk".to_owned(), text(sk))])
        .collect()
}

/// The item that holds the state after a chain: the state as text, and where the chain ends.
pub(super) fn snapshot<T: Serialize>(
    doing: &'static str,
    key: (String, String),
    state: &T,
    head: Head,
    at: Time,
) -> Result<Item, Fault> {
    let snapshot = serde_json::to_string(state).map_err(|error| {
        tracing::error!(error = %error, key = %key.0, "the state of {} can't be written", key.0);
        Fault::new(doing, "unwritable_state")
    })?;
    Ok(item(
        key,
        [
            ("format", number(FORMAT)),
            ("version", number(head.seq)),
            ("head", text(head.hash.to_string())),
            ("at", text(at.to_string())),
            ("snapshot", text(snapshot)),
        ],
    ))
}

/// What such an item holds; `None`: it is not one, or of another form.
pub(super) fn read_snapshot<T: DeserializeOwned>(item: &Item) -> Option<(T, Head, Time)> {
    if number_of(item, "format") != Some(FORMAT) {
        return None;
    }
    let state = serde_json::from_str(text_of(item, "snapshot")?).ok()?;
    let head = Head { seq: number_of(item, "version")?, hash: text_of(item, "head")?.parse().ok()? };
    Some((state, head, text_of(item, "at")?.parse().ok()?))
}

/// The state after a commit. Index attributes are there only while their index is to show it.
pub(super) fn state(commit: &Commit) -> Result<Item, Fault> {
    let Stored { state, head, at } = &commit.next;
    let (id, status) = (&commit.id, state.status());
    let mut item = snapshot(super::commit::STORE, keys::state(id), state, *head, *at)?;
    let shown = [
        ("status", status.as_str()),
        ("requesterPk", state.request.requester.as_str()),
        ("requesterSk", id.as_str()),
        ("statusPk", status.as_str()),
        ("statusSk", id.as_str()),
    ];
    item.extend(shown.map(|(name, value)| (name.to_owned(), text(value))));
    if let Some(due) = state.due_at() {
        item.insert("duePk".to_owned(), text(keys::OPEN));
        item.insert("dueSk".to_owned(), text(keys::due(due, id)));
    }
    if status == Status::Pending {
        item.insert("queuePk".to_owned(), text(state.request.entitlement.as_str()));
        item.insert("queueSk".to_owned(), text(id.as_str()));
    }
    Ok(item)
}

/// The state of `id`; `None` if the item is not one. The request checks its own digest.
pub(super) fn stored(id: &RequestId, item: &Item) -> Option<Stored> {
    let (state, head, at) = read_snapshot::<State>(item)?;
    (state.request.id == *id).then_some(Stored { state, head, at })
}

/// What persons said in an entry, beside its bytes: by hash, so that it can be erased.
pub(super) const WORDS: &str = "words";

/// One entry of a chain, at its key: its bytes as they are, for ever.
pub(super) fn link(key: (String, String), link: &Link) -> Item {
    let mut entry = item(
        key,
        [
            ("event", AttributeValue::B(Blob::new(link.bytes.clone()))),
            ("type", text(link.name.as_str())),
            ("hash", text(link.hash.to_string())),
        ],
    );
    if !link.words.is_empty() {
        let words = link.words.iter().map(|(hash, Said { salt, text: said })| {
            let said = [("salt", salt), ("text", said)].map(|(name, value)| (name.to_owned(), text(value)));
            (hash.clone(), AttributeValue::M(HashMap::from(said)))
        });
        entry.insert(WORDS.to_owned(), AttributeValue::M(words.collect()));
    }
    entry
}

/// An entry; `None`: the item is not one.
pub(super) fn entry(item: &Item) -> Option<StoredEntry> {
    let seq = text_of(item, "sk")?.strip_prefix("EVENT#")?.parse().ok()?;
    let bytes = item.get("event")?.as_b().ok()?.clone().into_inner();
    let words = match item.get(WORDS) {
        Some(words) => words.as_m().ok()?.iter().map(said).collect::<Option<Beside>>()?,
        None => Beside::new(),
    };
    Some(StoredEntry { seq, bytes, words })
}

fn said((hash, words): (&String, &AttributeValue)) -> Option<(String, Said)> {
    let words = words.as_m().ok()?;
    Some((hash.clone(), Said { salt: text_of(words, "salt")?.to_owned(), text: text_of(words, "text")?.to_owned() }))
}

/// What a guard leaves behind; `None`: it only looks.
pub(super) fn mark(id: &RequestId, guard: &Guard) -> Option<Item> {
    let mark = match guard {
        Guard::NotBarred { .. } | Guard::Anchored { .. } => return None,
        Guard::Replay { key, forget_at } => {
            item(keys::replay(key), [("request", text(id.as_str())), ("ttl", number(forget_at.as_second()))])
        }
        Guard::Idempotency { person, key, payload, forget_at } => item(
            keys::idempotency(person, key),
            [
                ("request", text(id.as_str())),
                ("payload", text(payload.to_string())),
                ("ttl", number(forget_at.as_second())),
            ],
        ),
        Guard::Slot { person, slot, until, .. } => {
            item(keys::slot(person, *slot), [("request", text(id.as_str())), ("ttl", number(until.as_second()))])
        }
    };
    Some(mark)
}

/// A slot that is held.
pub(super) fn held(item: &Item) -> Option<Held> {
    let until = i64::try_from(number_of(item, "ttl")?).ok()?;
    Some(Held {
        slot: keys::read_slot(text_of(item, "sk")?)?,
        request: text_of(item, "request")?.parse().ok()?,
        until: Time::from_second(until).ok()?,
    })
}

/// The request an idempotency key made, and the digest of what was asked.
pub(super) fn used_for(item: &Item) -> Option<(RequestId, Digest)> {
    Some((text_of(item, "request")?.parse().ok()?, text_of(item, "payload")?.parse().ok()?))
}

/// Has a stream's state listed by when it changed last.
pub(super) fn changed(item: &mut Item, partition: &str, at: Time, of: &Stream) {
    item.insert("statusPk".to_owned(), text(partition));
    item.insert("statusSk".to_owned(), text(super::keys::changed(at, of)));
}
