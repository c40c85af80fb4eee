//! What is kept of activity: per grant a partition with its numbers and the parts of its calls; beside it what was read
//! of the trail, and what is usual.

use super::items::{self, number, number_of, text, text_of};
use super::{Item, Table, Write, keys};
use crate::fault::fault;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use model::names::{EntitlementName, PersonId, RequestId};
use model::time::Time;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read as _, Write as _};
use trail::shrink::Use;
use workflow::ports::{
    ActivityCommit, CommitActivity, CommitError, DigestRead, Fault, FileRead, FindDueActivity, Habits, KeepUses,
    KnowDigests, KnowFiles, KnowHabits, LiveKeys, LoadActivity, LoadUses, Parts, StoredActivity,
};

const LOAD: &str = "read what is kept of activity";
const STORE: &str = "keep activity";
const FILES: &str = "read which files were read";

/// What is kept, unpacked, is never longer, in bytes: every map in it has a bound.
const LARGEST: u64 = 16 * 1024 * 1024;

/// How long it is remembered which files were read, in seconds: CloudTrail tries for 30 days to deliver one, and digests
/// come later still.
const FILES_KEPT: u64 = 400 * 86_400;

/// Keys that are read at most: only sessions of other roles that came out of grants have one here.
const MOST_KEYS: usize = 20_000;

fn pack<T: Serialize>(value: &T) -> Result<AttributeValue, Fault> {
    let unwritable = |_| Fault::new(STORE, "unwritable_state");
    let json = serde_json::to_vec(value).map_err(|_| Fault::new(STORE, "unwritable_state"))?;
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(&json).map_err(unwritable)?;
    Ok(AttributeValue::B(Blob::new(packed.finish().map_err(unwritable)?)))
}

fn unpack<T: DeserializeOwned>(item: &Item, name: &str) -> Option<T> {
    let packed = item.get(name)?.as_b().ok()?;
    let mut json = Vec::new();
    GzDecoder::new(packed.as_ref()).take(LARGEST).read_to_end(&mut json).ok()?;
    serde_json::from_slice(&json).ok()
}

fn unreadable(doing: &'static str) -> Fault {
    tracing::error!(alarm = "unreadable_activity", "an item of activity can't be read");
    Fault::new(doing, "unreadable_state")
}

fn part(item: &Item) -> Option<(String, Vec<u8>)> {
    let name = text_of(item, "sk")?.strip_prefix(keys::PART)?;
    Some((name.to_owned(), item.get("entries")?.as_b().ok()?.clone().into_inner()))
}

impl Table {
    /// All items of a partition whose sort key lies between, up to `most`.
    pub(super) async fn between(
        &self,
        doing: &'static str,
        pk: String,
        (from, to): (String, String),
        most: usize,
        newest_first: bool,
    ) -> Result<Vec<Item>, Fault> {
        let (mut found, mut start) = (Vec::new(), None);
        // DynamoDB refuses a page of nothing.
        if most == 0 {
            return Ok(found);
        }
        loop {
            let left = most.saturating_sub(found.len());
            let page = self
                .query()
                .consistent_read(true)
                .key_condition_expression("pk = :pk AND sk BETWEEN :from AND :to")
                .expression_attribute_values(":pk", text(pk.as_str()))
                .expression_attribute_values(":from", text(from.as_str()))
                .expression_attribute_values(":to", text(to.as_str()))
                .scan_index_forward(!newest_first)
                .limit(i32::try_from(left).unwrap_or(i32::MAX))
                .set_exclusive_start_key(start)
                .send()
                .await
                .map_err(|error| fault(doing, &error))?;
            found.extend(page.items.unwrap_or_default());
            start = page.last_evaluated_key;
            if start.is_none() || found.len() >= most {
                return Ok(found);
            }
        }
    }

    async fn keep(&self, item: Item) -> Result<(), Fault> {
        let put = self.client.put_item().table_name(&self.name).set_item(Some(item)).send().await;
        put.map(|_| ()).map_err(|error| fault(STORE, &error))
    }
}

impl LoadActivity for Table {
    async fn activity(&self, id: &RequestId) -> Result<Option<StoredActivity>, Fault> {
        let key = (keys::activity(id), keys::SUMMARY.to_owned());
        let Some(item) = self.get(LOAD, key).await? else { return Ok(None) };
        let stored =
            || Some(StoredActivity { activity: unpack(&item, "activity")?, version: number_of(&item, "version")? });
        stored().map(Some).ok_or_else(|| unreadable(LOAD))
    }

    async fn parts(&self, id: &RequestId, slots: &BTreeSet<String>) -> Result<Parts, Fault> {
        let mut parts = Parts::new();
        for slot in slots {
            let range = (format!("{}{slot}", keys::PART), format!("{}{slot}~", keys::PART));
            let found = self.between(LOAD, keys::activity(id), range, usize::MAX, false).await?;
            for item in &found {
                parts.extend([part(item).ok_or_else(|| unreadable(LOAD))?]);
            }
        }
        Ok(parts)
    }

    async fn parts_from(&self, id: &RequestId, from: Option<&str>, limit: u32) -> Result<Parts, Fault> {
        let range = (format!("{}{}", keys::PART, from.unwrap_or_default()), format!("{}~", keys::PART));
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        let found = self.between(LOAD, keys::activity(id), range, most, false).await?;
        found.iter().map(|item| part(item).ok_or_else(|| unreadable(LOAD))).collect()
    }
}

impl CommitActivity for Table {
    async fn commit_activity(&self, commit: ActivityCommit) -> Result<(), CommitError> {
        let ActivityCommit { id, expected, next, parts, keys: found_by } = &commit;
        let mut summary = items::item(
            (keys::activity(id), keys::SUMMARY.to_owned()),
            [("version", number(expected.saturating_add(1))), ("activity", pack(next)?)],
        );
        if let Some(due) = next.due {
            summary.insert("duePk".to_owned(), text(keys::ACTIVITY));
            summary.insert("dueSk".to_owned(), text(keys::due(due, id)));
        }
        let mut writes = vec![Write::versioned(&self.name, summary, *expected)];
        for (name, bytes) in parts {
            let key = (keys::activity(id), format!("{}{name}", keys::PART));
            let entries = AttributeValue::B(Blob::new(bytes.clone()));
            writes.push(Write::over(&self.name, items::item(key, [("entries", entries)])));
        }
        for (key, until) in found_by {
            let attributes = [("request", text(id.as_str())), ("ttl", number(until.as_second()))];
            writes.push(Write::over(&self.name, items::item((keys::KEYS.to_owned(), key.clone()), attributes)));
        }
        self.put_all(STORE, writes).await
    }
}

impl FindDueActivity for Table {
    async fn due_activity(&self, before: Time, limit: u32) -> Result<Vec<RequestId>, Fault> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let page = self
            .query()
            .index_name("by-due")
            .key_condition_expression("duePk = :activity AND dueSk < :before")
            .expression_attribute_values(":activity", text(keys::ACTIVITY))
            .expression_attribute_values(":before", text(before.to_string()))
            .scan_index_forward(true)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(|error| fault(LOAD, &error))?;
        Ok(page.items().iter().filter_map(|item| keys::active(text_of(item, "pk")?)).collect())
    }
}

impl LiveKeys for Table {
    async fn live_keys(&self) -> Result<BTreeMap<String, RequestId>, Fault> {
        let range = (" ".to_owned(), "~".to_owned());
        let found = self.between(LOAD, keys::KEYS.to_owned(), range, MOST_KEYS, false).await?;
        let key = |item: &Item| Some((text_of(item, "sk")?.to_owned(), text_of(item, "request")?.parse().ok()?));
        Ok(found.iter().filter_map(key).collect())
    }
}

impl KnowHabits for Table {
    async fn habits(&self, person: &PersonId) -> Result<Option<Habits>, Fault> {
        let Some(item) = self.get(LOAD, keys::habits(person)).await? else { return Ok(None) };
        unpack(&item, "habits").map(Some).ok_or_else(|| unreadable(LOAD))
    }

    async fn keep_habits(&self, person: &PersonId, habits: &Habits) -> Result<(), Fault> {
        self.keep(items::item(keys::habits(person), [("habits", pack(habits)?)])).await
    }
}

impl KeepUses for Table {
    async fn keep_use(
        &self,
        entitlement: &EntitlementName,
        id: &RequestId,
        ended_at: Time,
        used: &Use,
    ) -> Result<(), Fault> {
        let key = (keys::uses(entitlement), format!("{ended_at}#{id}"));
        self.keep(items::item(key, [("use", pack(used)?)])).await
    }
}

impl LoadUses for Table {
    async fn uses(&self, entitlement: &EntitlementName, limit: u32) -> Result<Vec<Use>, Fault> {
        let (range, most) = ((" ".to_owned(), "~".to_owned()), usize::try_from(limit).unwrap_or(usize::MAX));
        let found = self.between(LOAD, keys::uses(entitlement), range, most, true).await?;
        found.iter().map(|item| unpack(item, "use").ok_or_else(|| unreadable(LOAD))).collect()
    }
}

impl KnowFiles for Table {
    async fn note_file(&self, file: &FileRead) -> Result<(), Fault> {
        let hour = Time::from_second(file.delivered_at.as_second().div_euclid(3_600).saturating_mul(3_600));
        let key = (keys::files(&file.account, &file.region, hour.unwrap_or(Time::EPOCH)), file.key.clone());
        let forget = number(file.read_at.plus(FILES_KEPT).as_second());
        self.keep(items::item(key, [("file", pack(file)?), ("ttl", forget)])).await
    }

    async fn files(&self, account: &str, region: &str, hour: Time) -> Result<Vec<FileRead>, Fault> {
        let range = (" ".to_owned(), "~".to_owned());
        let found = self.between(FILES, keys::files(account, region, hour), range, usize::MAX, false).await?;
        found.iter().map(|item| unpack(item, "file").ok_or_else(|| unreadable(FILES))).collect()
    }
}

impl KnowDigests for Table {
    async fn note_digest(&self, digest: &DigestRead) -> Result<(), Fault> {
        let proof = &digest.proof;
        let kind = if proof.backfill { "backfill" } else { "hourly" };
        let key = (keys::digests(&digest.account), format!("{}#{}#{}#{kind}", proof.until, proof.region, proof.trail));
        let forget = number(proof.until.plus(FILES_KEPT).as_second());
        self.keep(items::item(key, [("digest", pack(digest)?), ("ttl", forget)])).await
    }

    async fn digests(&self, account: &str, from: Time, until: Time) -> Result<Vec<DigestRead>, Fault> {
        // DynamoDB refuses a range that ends before it begins.
        if from >= until {
            return Ok(Vec::new());
        }
        let range = (format!("{}#", from.plus(1)), format!("{until}#~"));
        let found = self.between(FILES, keys::digests(account), range, usize::MAX, false).await?;
        found.iter().map(|item| unpack(item, "digest").ok_or_else(|| unreadable(FILES))).collect()
    }
}
