//! Entries of any streams, and where streams and the log are.

use super::{READ, read_anchor, read_batch, read_head};
use crate::fault::{fault, unsendable};
use crate::table::items::{self, Item, text, text_of};
use crate::table::{ATTEMPTS, BATCH, Table, WAIT, keys};
use crate::time::jittered;
use aws_sdk_dynamodb::types::KeysAndAttributes;
use model::stream::{Place, Stream};
use model::time::Time;
use record::chain::Head;
use std::collections::HashMap;
use workflow::ports::{Anchor, Batch, Fault, LogHead, ReadLog, ReadStreams};

const ENTRIES: &str = "read entries of streams";

impl Table {
    /// The entries with these keys, strongly consistent: bytes by key. At most [`BATCH`] keys, each once.
    async fn events(&self, wanted: &[(String, String)]) -> Result<HashMap<(String, String), Vec<u8>>, Fault> {
        let keys = wanted
            .iter()
            .cloned()
            .map(|(pk, sk)| Item::from([("pk".to_owned(), text(pk)), ("sk".to_owned(), text(sk))]));
        let wanted = KeysAndAttributes::builder()
            .consistent_read(true)
            .set_keys(Some(keys.collect()))
            .projection_expression("pk, sk, #event")
            .expression_attribute_names("#event", "event");
        let mut open = HashMap::from([(self.name.clone(), wanted.build().map_err(unsendable(ENTRIES))?)]);
        let mut found = HashMap::new();
        let mut wait = WAIT;
        let mut attempt = 0;
        while attempt < ATTEMPTS {
            let answer = self.client.batch_get_item().set_request_items(Some(open)).send().await;
            let answer = answer.map_err(|error| fault(ENTRIES, &error))?;
            let items: Vec<Item> = answer.responses.unwrap_or_default().into_values().flatten().collect();
            for item in &items {
                let key = || Some((text_of(item, "pk")?.to_owned(), text_of(item, "sk")?.to_owned()));
                found.extend(key().zip(items::entry(item).map(|entry| entry.bytes)));
            }
            open = answer.unprocessed_keys.unwrap_or_default();
            if open.is_empty() {
                return Ok(found);
            }
            // An answer holds 16 MB: what was left out for that is asked for at once, what was too much later.
            if items.is_empty() {
                attempt = attempt.saturating_add(1);
                tokio::time::sleep(jittered(wait)).await;
                wait = wait.saturating_mul(2);
            }
        }
        Err(Fault::new(ENTRIES, "ThrottlingException"))
    }
}

impl ReadStreams for Table {
    async fn entries_at(&self, places: &[Place]) -> Result<Vec<Option<Vec<u8>>>, Fault> {
        let wanted: Vec<(String, String)> = places.iter().map(keys::event).collect();
        let mut once = wanted.clone();
        once.sort();
        once.dedup();
        let reads: Vec<_> = once.chunks(BATCH).map(|keys| self.events(keys)).collect();
        let mut found = HashMap::with_capacity(once.len());
        for read in futures_util::future::try_join_all(reads).await? {
            found.extend(read);
        }
        Ok(wanted.iter().map(|key| found.get(key).cloned()).collect())
    }

    async fn stream_end(&self, stream: &Stream) -> Result<Option<(Head, Time)>, Fault> {
        let Some(item) = self.get(ENTRIES, keys::stream_state(stream)).await? else { return Ok(None) };
        let end = || {
            let head = Head { seq: items::number_of(&item, "version")?, hash: text_of(&item, "head")?.parse().ok()? };
            Some((head, super::time_of(&item, "at")?))
        };
        end().map(Some).ok_or_else(|| Fault::new(ENTRIES, "unreadable_state"))
    }
}

impl ReadLog for Table {
    async fn log_head(&self) -> Result<Option<LogHead>, Fault> {
        let Some(item) = self.get(READ, keys::log_head()).await? else { return Ok(None) };
        read_head(&item).map(Some).ok_or_else(|| super::unreadable(READ))
    }

    async fn batch(&self, first: u64) -> Result<Option<Batch>, Fault> {
        let Some(item) = self.get(READ, keys::log_batch(first)).await? else { return Ok(None) };
        read_batch(&item).map(Some).ok_or_else(|| super::unreadable(READ))
    }

    async fn anchor(&self) -> Result<Option<Anchor>, Fault> {
        let Some(item) = self.get(READ, keys::log_anchor()).await? else { return Ok(None) };
        read_anchor(&item).map(Some).ok_or_else(|| super::unreadable(READ))
    }
}
