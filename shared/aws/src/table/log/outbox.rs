//! What is to be logged, and that it is.

use super::{OUTBOX, done, time_of};
use crate::fault::fault;
use crate::table::items::{self, Item, number_of, text, text_of};
use crate::table::{MOST_ITEMS, Table, Write, keys, taken};
use crate::time::jittered;
use aws_sdk_dynamodb::types::AttributeValue;
use model::stream::{Place, Stream};
use model::time::Time;
use record::chain::Head;
use record::entry::EntryHash;
use std::collections::{BTreeMap, BTreeSet};
use workflow::ports::{CommitError, Fault, FindUnlogged, Logged, MarkLogged, Outbox, ReadOutbox, Unlogged};

/// Items of one page of a shard: a stream has some, and one run takes so many streams.
const PAGE: u32 = 1_000;

/// How often a part of a mark is tried while a commit or another worker holds an item of it, and the wait before the
/// second time, in milliseconds.
const ATTEMPTS: u32 = 5;
const WAIT: u64 = 20;

/// The last entry of a stream that is in the log.
fn read_last(item: &Item) -> Option<Head> {
    Some(Head { seq: number_of(item, "seq")?, hash: text_of(item, "hash")?.parse().ok()? })
}

fn last(stream: &Stream, head: Head) -> Item {
    let attributes = [("seq", items::number(head.seq)), ("hash", text(head.hash.to_string()))];
    items::item(keys::last_logged(stream), attributes)
}

/// What an item says of the entry at `seq`. If it can't be read it says nothing that fits any entry: that is found to be
/// so of this one place, and nothing waits for it.
pub(in crate::table) fn unlogged(item: &Item, seq: u64) -> Unlogged {
    let said = || Some((time_of(item, "at")?, text_of(item, "hash")?.parse().ok()?));
    let (at, hash) = said().unwrap_or((Time::EPOCH, EntryHash::NONE));
    Unlogged { seq, at, hash }
}

fn seq_of(item: &Item) -> Option<u64> {
    text_of(item, "sk")?.parse().ok()
}

impl Table {
    /// Streams of one shard, with since when they wait.
    async fn shard(&self, shard: u8, limit: u32) -> Result<Vec<(String, Stream)>, Fault> {
        let page = self
            .query()
            .index_name("by-due")
            .key_condition_expression("duePk = :shard")
            .expression_attribute_values(":shard", text(keys::unlogged(shard)))
            .scan_index_forward(true)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(|error| fault(OUTBOX, &error))?;
        let waiting = |item: &Item| {
            let stream = keys::out_stream(text_of(item, "pk")?)?;
            Some((text_of(item, "dueSk")?.to_owned(), stream))
        };
        Ok(page.items().iter().filter_map(waiting).collect())
    }

    /// These items over whatever is there. What somebody else holds is tried again.
    async fn put_over(&self, doing: &'static str, puts: &[Item]) -> Result<(), Fault> {
        let mut wait = WAIT;
        for _ in 0..ATTEMPTS {
            let writes = puts.iter().map(|item| Write::over(&self.name, item.clone())).collect();
            match self.put_all(doing, writes).await {
                Ok(()) => return Ok(()),
                Err(CommitError::Unavailable(fault)) => return Err(fault),
                Err(_) => tokio::time::sleep(jittered(wait)).await,
            }
            wait = wait.saturating_mul(2);
        }
        Err(Fault::new(doing, "TransactionConflict"))
    }
}

impl FindUnlogged for Table {
    async fn unlogged(&self, limit: u32) -> Result<Vec<Stream>, Fault> {
        let shards: Vec<_> = (0..keys::SHARDS).map(|shard| self.shard(shard, PAGE.min(limit.max(1)))).collect();
        let read = futures_util::future::try_join_all(shards).await?;
        let mut since: BTreeMap<Stream, String> = BTreeMap::new();
        for (waits, stream) in read.into_iter().flatten() {
            let first = since.entry(stream).or_insert_with(|| waits.clone());
            if waits < *first {
                *first = waits;
            }
        }
        let mut streams: Vec<(String, Stream)> = since.into_iter().map(|(stream, waits)| (waits, stream)).collect();
        streams.sort();
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        Ok(streams.into_iter().take(most).map(|(_, stream)| stream).collect())
    }
}

impl ReadOutbox for Table {
    async fn logged_up_to(&self, streams: &[Stream]) -> Result<Vec<Option<Head>>, Fault> {
        let wanted: Vec<(String, String)> = streams.iter().map(keys::last_logged).collect();
        let found = self.found(OUTBOX, &wanted, "pk, sk, #seq, #hash", &[("#seq", "seq"), ("#hash", "hash")]).await?;
        let last = |key| found.get(key).map_or(Some(Head::START), read_last);
        Ok(wanted.iter().map(last).collect())
    }

    async fn outbox(&self, stream: &Stream, logged: Head, limit: u32) -> Result<Outbox, Fault> {
        let next = Place { stream: stream.clone(), seq: logged.seq.saturating_add(1) };
        let (pk, from) = keys::out(&next);
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        let found = self.between(OUTBOX, pk, (from, keys::LAST_OUT.to_owned()), most, false).await?;
        // That an outbox says of itself that something was passed over is not enough, and no reason to ask otherwise.
        let is_passed = |item: &Item| item.contains_key("passed");
        let mut passed = BTreeSet::new();
        if found.iter().any(is_passed) {
            let (pk, from) = keys::passed_over(&next);
            let known = self.between(OUTBOX, pk, (from, keys::LAST_OUT.to_owned()), most, false).await?;
            passed.extend(known.iter().filter_map(seq_of));
        }
        let mut open = Vec::with_capacity(found.len());
        for (item, seq) in found.iter().filter_map(|item| Some((item, seq_of(item)?))) {
            if !is_passed(item) || !passed.contains(&seq) {
                passed.remove(&seq);
                open.push(unlogged(item, seq));
            }
        }
        Ok(Outbox { logged, open, passed: passed.into_iter().collect() })
    }
}

impl MarkLogged for Table {
    async fn mark_logged(&self, logged: &[Logged], at: Time) -> Result<(), Fault> {
        let items: Vec<Item> = logged.iter().map(|logged| done(logged, at)).collect();
        let puts: Vec<_> = items.chunks(MOST_ITEMS).map(|puts| self.put_over(OUTBOX, puts)).collect();
        futures_util::future::try_join_all(puts).await?;
        // Only then: the next run looks beyond it.
        let mut ends: BTreeMap<&Stream, Head> = BTreeMap::new();
        for Logged { place, hash, .. } in logged {
            let end = ends.entry(&place.stream).or_insert(Head::START);
            if end.seq < place.seq {
                *end = Head { seq: place.seq, hash: *hash };
            }
        }
        let ends: Vec<_> = ends.into_iter().map(|(stream, head)| self.logged_up_to(stream, head)).collect();
        for ends in ends_at_once(ends) {
            futures_util::future::try_join_all(ends).await?;
        }
        Ok(())
    }

    async fn pass_over(&self, place: &Place) -> Result<(), Fault> {
        let attributes = [
            ("at", text(Time::EPOCH.to_string())),
            ("hash", text(EntryHash::NONE.to_string())),
            ("passed", AttributeValue::Bool(true)),
        ];
        let passed = items::item(keys::passed_over(place), [("seq", items::number(place.seq))]);
        self.put_over(OUTBOX, &[items::item(keys::out(place), attributes), passed]).await
    }
}

/// Writes at the same time: each stream of a batch has one.
const AT_ONCE: usize = 64;

fn ends_at_once<F>(ends: Vec<F>) -> Vec<Vec<F>> {
    let mut groups: Vec<Vec<F>> = Vec::new();
    for end in ends {
        match groups.last_mut().filter(|group| group.len() < AT_ONCE) {
            Some(group) => group.push(end),
            None => groups.push(vec![end]),
        }
    }
    groups
}

impl Table {
    /// Notes up to where a stream is logged, unless more of it is.
    async fn logged_up_to(&self, stream: &Stream, head: Head) -> Result<(), Fault> {
        let put = self
            .client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(last(stream, head)))
            .condition_expression("attribute_not_exists(pk) OR #seq <= :seq")
            .expression_attribute_names("#seq", "seq")
            .expression_attribute_values(":seq", items::number(head.seq))
            .send()
            .await;
        taken(OUTBOX, put).map(|_| ())
    }
}
