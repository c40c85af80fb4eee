//! What CloudTrail has: a bucket with files and digests, and an event history.

use super::{CREDENTIALS_ROLE, Verb, World, home};
use crate::ports::{
    DigestKeys, Fault, KeepCopies, LookUp, LookupBy, ObjectFacts, Page, PublicKey, ReadObject, TakeBytes,
    TrailSettings, VerifyDigest,
};
use model::digest::Digest;
use model::names::AccountId;
use model::time::Time;
use serde_json::Value;
use std::collections::BTreeMap;

/// How the trail is set up.
#[derive(Debug, Clone)]
pub struct Trail {
    /// Its bucket, if files are read.
    pub bucket: Option<String>,
    /// The Regions that are watched; the first is where all of it runs.
    pub regions: Vec<String>,
    /// Resource types whose data events are recorded.
    pub data_events: Vec<String>,
    /// Whether original records are copied.
    pub copies: bool,
    /// Roles of our own functions.
    pub own_roles: Vec<String>,
    /// The account all of it is in.
    pub home: AccountId,
    /// How long after an end the usual delay of records is over, in seconds.
    pub delay_seconds: u64,
}

impl Default for Trail {
    fn default() -> Self {
        Self {
            bucket: Some("trail".to_owned()),
            regions: vec!["us-east-1".to_owned()],
            data_events: Vec::new(),
            copies: false,
            own_roles: vec![CREDENTIALS_ROLE.to_owned()],
            home: home(),
            delay_seconds: 900,
        }
    }
}

#[derive(Debug, Clone)]
struct Object {
    bytes: Vec<u8>,
    facts: ObjectFacts,
}

#[derive(Debug, Clone)]
pub(super) struct Trails {
    objects: BTreeMap<(String, String), Object>,
    /// Bytes that are handed on at once.
    piece: usize,
    history: Vec<String>,
    /// Copies of original records, by name.
    copies: BTreeMap<String, Vec<u8>>,
    /// Records of one page of the history.
    page: usize,
    keys: Vec<(String, PublicKey)>,
}

impl Default for Trails {
    fn default() -> Self {
        Self {
            objects: BTreeMap::new(),
            piece: 1_000,
            history: Vec::new(),
            copies: BTreeMap::new(),
            page: 3,
            keys: Vec::new(),
        }
    }
}

impl World {
    /// An object of a bucket is there from now on, with its own metadata.
    pub fn put_object(&self, bucket: &str, key: &str, bytes: Vec<u8>, metadata: BTreeMap<String, String>) {
        let object = Object { bytes, facts: ObjectFacts { metadata } };
        self.lock().trails.objects.insert((bucket.to_owned(), key.to_owned()), object);
    }

    /// An object has other metadata from now on.
    pub fn set_metadata(&self, bucket: &str, key: &str, metadata: BTreeMap<String, String>) {
        if let Some(object) = self.lock().trails.objects.get_mut(&(bucket.to_owned(), key.to_owned())) {
            object.facts = ObjectFacts { metadata };
        }
    }

    /// An object of a bucket is gone.
    pub fn remove_object(&self, bucket: &str, key: &str) {
        self.lock().trails.objects.remove(&(bucket.to_owned(), key.to_owned()));
    }

    /// The copies of original records that are kept, by name.
    pub fn copies(&self) -> BTreeMap<String, Vec<u8>> {
        self.lock().trails.copies.clone()
    }

    /// Objects are handed on in pieces of so many bytes.
    pub fn set_piece(&self, bytes: usize) {
        self.lock().trails.piece = bytes.max(1);
    }

    /// The event history knows a record, as CloudTrail writes it.
    pub fn remember(&self, record: &Value) {
        self.lock().trails.history.push(record.to_string());
    }

    /// A Region's digests are signed with this key.
    pub fn sign_with(&self, region: &str, key: PublicKey) {
        self.lock().trails.keys.push((region.to_owned(), key));
    }

    /// The signature by a key: stands in for RSA, which `shared/aws` has and tests.
    pub fn signature(key: &[u8], message: &[u8]) -> Vec<u8> {
        Digest::of(&[key, b"\n", message].concat()).to_string().into_bytes()
    }
}

impl KeepCopies for World {
    async fn keep_copy(&self, name: &str, text: &[u8]) -> Result<(), Fault> {
        self.call(Verb::KeepCopy, name, text.len(), |inner| {
            inner.trails.copies.insert(name.to_owned(), text.to_vec());
            Ok(())
        })
        .await
    }
}

impl ReadObject for World {
    async fn read_object<T: TakeBytes>(
        &self,
        bucket: &str,
        key: &str,
        take: &mut T,
    ) -> Result<Option<ObjectFacts>, Fault> {
        let mut from = 0usize;
        loop {
            let read: Option<(Object, usize)> = self
                .call(Verb::ReadObject, key, from, |inner| {
                    let trails = &inner.trails;
                    let object = trails.objects.get(&(bucket.to_owned(), key.to_owned())).cloned();
                    Ok::<_, Fault>(object.map(|object| (object, trails.piece)))
                })
                .await?;
            let Some((object, piece)) = read else { return Ok(None) };
            let to = from.saturating_add(piece).min(object.bytes.len());
            let goes_on = take.take(object.bytes.get(from..to).unwrap_or_default()).await?;
            from = to;
            if !goes_on || from >= object.bytes.len() {
                return Ok(Some(object.facts));
            }
        }
    }
}

/// What the history finds a record by.
fn fits(record: &Value, region: &str, by: &LookupBy, from: Time, to: Time) -> bool {
    let text = |pointer: &str| record.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let at: Option<Time> = text("/eventTime").parse().ok();
    let principal = text("/userIdentity/principalId");
    let of = match by {
        LookupBy::SessionName(name) => principal.split_once(':').is_some_and(|(_, session)| session == name),
        LookupBy::AccessKey(key) => text("/userIdentity/accessKeyId") == key,
        LookupBy::Resource(arn) => text("/requestParameters/roleArn") == arn,
    };
    let is_management = text("/eventCategory") != "Data";
    of && is_management && text("/awsRegion") == region && at.is_some_and(|at| from <= at && at <= to)
}

impl LookUp for World {
    async fn look_up(
        &self,
        region: &str,
        by: &LookupBy,
        from: Time,
        to: Time,
        cursor: Option<&str>,
    ) -> Result<Page<String>, Fault> {
        let detail = match by {
            LookupBy::SessionName(name) => name,
            LookupBy::AccessKey(key) => key,
            LookupBy::Resource(arn) => arn,
        };
        self.call(Verb::LookUp, region, detail, |inner| {
            let unreadable = |_| Fault::new("look into the event history", "unreadable");
            let skip: usize =
                cursor.map_or(Ok(0), |cursor| cursor.parse().map_err(|_| "cursor")).map_err(unreadable)?;
            let wanted = |text: &&String| {
                serde_json::from_str(text).is_ok_and(|record: Value| fits(&record, region, by, from, to))
            };
            // The newest first, as CloudTrail has them.
            let found: Vec<&String> = inner.trails.history.iter().rev().filter(wanted).collect();
            let items: Vec<String> =
                found.iter().skip(skip).take(inner.trails.page).map(|text| (*text).clone()).collect();
            let next = skip.saturating_add(items.len());
            Ok(Page { items, cursor: (next < found.len()).then(|| next.to_string()) })
        })
        .await
    }
}

impl DigestKeys for World {
    async fn digest_keys(&self, region: &str, _: Time, _: Time) -> Result<Vec<PublicKey>, Fault> {
        self.call(Verb::DigestKeys, region, "", |inner| {
            let of_region = inner.trails.keys.iter().filter(|(of, _)| of == region);
            Ok(of_region.map(|(_, key)| key.clone()).collect())
        })
        .await
    }
}

impl VerifyDigest for World {
    fn verifies(&self, key: &[u8], message: &[u8], signature: &[u8]) -> bool {
        Self::signature(key, message) == signature
    }
}

impl TrailSettings for World {
    fn bucket(&self) -> Option<&str> {
        self.trail.bucket.as_deref()
    }

    fn region(&self) -> &str {
        self.trail.regions.first().map_or("us-east-1", String::as_str)
    }

    fn regions(&self) -> &[String] {
        &self.trail.regions
    }

    fn data_events(&self) -> &[String] {
        &self.trail.data_events
    }

    fn copies(&self) -> bool {
        self.trail.copies
    }

    fn own_roles(&self) -> &[String] {
        &self.trail.own_roles
    }

    fn home(&self) -> &AccountId {
        &self.trail.home
    }

    fn delay_seconds(&self) -> u64 {
        self.trail.delay_seconds
    }
}
