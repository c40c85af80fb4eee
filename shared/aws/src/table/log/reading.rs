//! Entries of any streams, and where streams and the log are.

use super::{READ, read_batch, sound_anchor, sound_head};
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
    /// What of `projection` the items with these keys have, strongly consistent, by key.
    pub(super) async fn found(
        &self,
        doing: &'static str,
        wanted: &[(String, String)],
        projection: &str,
        names: &[(&str, &str)],
    ) -> Result<HashMap<(String, String), Item>, Fault> {
        let mut once = wanted.to_vec();
        once.sort();
        once.dedup();
        let reads: Vec<_> = once.chunks(BATCH).map(|keys| self.found_at_once(doing, keys, projection, names)).collect();
        let mut found = HashMap::with_capacity(once.len());
        for read in futures_util::future::try_join_all(reads).await? {
            found.extend(read);
        }
        Ok(found)
    }

    /// The same, of at most [`BATCH`] keys, each once.
    async fn found_at_once(
        &self,
        doing: &'static str,
        wanted: &[(String, String)],
        projection: &str,
        names: &[(&str, &str)],
    ) -> Result<HashMap<(String, String), Item>, Fault> {
        let keys = wanted
            .iter()
            .cloned()
            .map(|(pk, sk)| Item::from([("pk".to_owned(), text(pk)), ("sk".to_owned(), text(sk))]));
        let wanted = KeysAndAttributes::builder()
            .consistent_read(true)
            .set_keys(Some(keys.collect()))
            .projection_expression(projection)
            .set_expression_attribute_names(Some(
                names.iter().map(|(key, name)| ((*key).to_owned(), (*name).to_owned())).collect(),
            ));
        let mut open = HashMap::from([(self.name.clone(), wanted.build().map_err(unsendable(doing))?)]);
        let mut found = HashMap::new();
        let mut wait = WAIT;
        let mut attempt = 0;
        while attempt < ATTEMPTS {
            let answer = self.client.batch_get_item().set_request_items(Some(open)).send().await;
            let answer = answer.map_err(|error| fault(doing, &error))?;
            let items: Vec<Item> = answer.responses.unwrap_or_default().into_values().flatten().collect();
            let none = items.is_empty();
            for item in items {
                let key = || Some((text_of(&item, "pk")?.to_owned(), text_of(&item, "sk")?.to_owned()));
                let key = key();
                found.extend(key.map(|key| (key, item)));
            }
            open = answer.unprocessed_keys.unwrap_or_default();
            if open.is_empty() {
                return Ok(found);
            }
            // An answer holds 16 MB: what was left out for that is asked for at once, what was too much later.
            if none {
                attempt = attempt.saturating_add(1);
                tokio::time::sleep(jittered(wait)).await;
                wait = wait.saturating_mul(2);
            }
        }
        Err(Fault::new(doing, "ThrottlingException"))
    }
}

impl ReadStreams for Table {
    async fn entries_at(&self, places: &[Place]) -> Result<Vec<Option<Vec<u8>>>, Fault> {
        let wanted: Vec<(String, String)> = places.iter().map(keys::event).collect();
        let found = self.found(ENTRIES, &wanted, "pk, sk, #event", &[("#event", "event")]).await?;
        let bytes = |key| found.get(key).and_then(items::entry).map(|entry| entry.bytes);
        Ok(wanted.iter().map(bytes).collect())
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
        sound_head(&item).map(Some)
    }

    async fn batch(&self, first: u64) -> Result<Option<Batch>, Fault> {
        let Some(item) = self.get(READ, keys::log_batch(first)).await? else { return Ok(None) };
        read_batch(&item).map(Some).ok_or_else(|| super::unreadable(READ))
    }

    async fn anchor(&self) -> Result<Option<Anchor>, Fault> {
        let Some(item) = self.get(READ, keys::log_anchor()).await? else { return Ok(None) };
        sound_anchor(&item).map(Some)
    }
}
