//! What activity needs of the outside: the records others made, and a place for what is kept of them.

use super::{CommitError, Fault, Page};
use model::names::{AccountId, EntitlementName, PersonId, RequestId};
use model::time::Time;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use trail::coverage::Proof;
use trail::digest::Link;
use trail::shrink::Use;
use trail::summary::Summary;

/// What is kept of the activity of one grant, beside its entries.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Activity {
    /// In numbers.
    pub summary: Summary,
    /// When it is to be looked at again; `None`: nothing is expected any more.
    pub due: Option<Time>,
    /// When the gaps were filled with what `LookupEvents` knows.
    pub looked_up: Option<Time>,
    /// What Terraform was run for, as it was reported by the requester's own command line.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub runs: Vec<serde_json::Value>,
}

/// That, and the version that a write is conditioned on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredActivity {
    /// What is kept.
    pub activity: Activity,
    /// Its version, from 1.
    pub version: u64,
}

/// Parts of the entries of a grant, by name; the bytes are `trail::ledger`'s.
pub type Parts = BTreeMap<String, Vec<u8>>;

/// One change of what is kept of one grant's activity, all or nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActivityCommit {
    /// Whose.
    pub id: RequestId,
    /// The version the change was made on; 0: nothing was kept.
    pub expected: u64,
    /// What is kept after it.
    pub next: Activity,
    /// The parts that changed.
    pub parts: Parts,
    /// Access keys by which more calls of this grant can be found, until they may be forgotten.
    pub keys: BTreeMap<String, Time>,
}

port! {
    /// Reads what is kept of activity, strongly consistent.
    LoadActivity {
        /// What is kept of one grant's.
        fn activity(id: &RequestId) -> Result<Option<StoredActivity>, Fault>;
        /// All parts of its entries whose name begins with one of `slots`.
        fn parts(id: &RequestId, slots: &BTreeSet<String>) -> Result<Parts, Fault>;
        /// Up to `limit` parts in the order of their names, from `from` on, that one included.
        fn parts_from(id: &RequestId, from: Option<&str>, limit: u32) -> Result<Parts, Fault>;
    }
}

port! {
    /// Stores what is kept of activity.
    CommitActivity {
        /// Stores it, if the version is the expected one. [`CommitError::Conflict`]: it changed meanwhile.
        fn commit_activity(commit: ActivityCommit) -> Result<(), CommitError>;
    }
}

port! {
    /// Finds activity that is to be looked at again.
    FindDueActivity {
        /// Up to `limit` that are due before `before`, the most overdue first. An index may lag.
        fn due_activity(before: Time, limit: u32) -> Result<Vec<RequestId>, Fault>;
    }
}

port! {
    /// The access keys by which calls of grants can be found that show nothing else of the grant.
    LiveKeys {
        /// All of them, with their grants.
        fn live_keys() -> Result<BTreeMap<String, RequestId>, Fault>;
    }
}

/// What a person was seen to use before, bounded.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Habits {
    /// Services.
    pub services: BTreeSet<String>,
    /// Source addresses.
    pub addresses: BTreeSet<String>,
}

port! {
    /// What persons were seen to use before.
    KnowHabits {
        /// What `person` was; `None`: never seen.
        fn habits(person: &PersonId) -> Result<Option<Habits>, Fault>;
        /// Keeps it. Who writes last wins: what is lost is learned again.
        fn keep_habits(person: &PersonId, habits: &Habits) -> Result<(), Fault>;
    }
}

port! {
    /// What grants of an entitlement were used for.
    KeepUses {
        /// Keeps what one grant, which ended at `ended_at`, was used for. Again: replaces it.
        fn keep_use(entitlement: &EntitlementName, id: &RequestId, ended_at: Time, used: &Use) -> Result<(), Fault>;
    }
}

port! {
    /// What grants of an entitlement were used for.
    LoadUses {
        /// Of the last `limit` grants that have ended.
        fn uses(entitlement: &EntitlementName, limit: u32) -> Result<Vec<Use>, Fault>;
    }
}

/// A file of a trail, as it was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FileRead {
    /// The account whose calls it holds, by its key.
    pub account: String,
    /// The Region, by its key.
    pub region: String,
    /// When it was delivered, by its key: to the minute.
    pub delivered_at: Time,
    /// The bucket.
    pub bucket: String,
    /// The key.
    pub key: String,
    /// SHA-256 of what is inside the gzip, in hexadecimal: what a digest states.
    pub sha256: String,
    /// Records in it.
    pub records: u64,
    /// Bytes inside the gzip.
    pub bytes: u64,
    /// Calls of grants among them.
    pub calls: u64,
    /// Calls on data among those.
    pub data_calls: u64,
    /// What could not be read, as `code at offset`, bounded; empty: nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub broken: Vec<String>,
    /// Whether it was read to its end.
    pub whole: bool,
    /// When it was read.
    pub read_at: Time,
}

port! {
    /// Which files of trails were read.
    KnowFiles {
        /// Notes one. Again: replaces it.
        fn note_file(file: &FileRead) -> Result<(), Fault>;
        /// Those of an account and Region that were delivered within the hour of `hour`.
        fn files(account: &str, region: &str, hour: Time) -> Result<Vec<FileRead>, Fault>;
    }
}

/// A digest, as it was judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DigestRead {
    /// The account whose files it lists.
    pub account: String,
    /// What it proves.
    pub proof: Proof,
    /// What its successor is held against.
    pub link: Link,
}

port! {
    /// Which digests were judged, and how.
    KnowDigests {
        /// Notes one. Again: replaces it.
        fn note_digest(digest: &DigestRead) -> Result<(), Fault>;
        /// Those of an account that end after `from` and not after `until`, in the order of their ends.
        fn digests(account: &str, from: Time, until: Time) -> Result<Vec<DigestRead>, Fault>;
    }
}

/// What an object carries besides its bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ObjectFacts {
    /// Its own metadata, by lower-case name without `x-amz-meta-`.
    pub metadata: BTreeMap<String, String>,
}

/// Takes the bytes of an object, piece by piece. The next piece is read when this one was taken, so that what is made of
/// the bytes can be put away before more come: memory does not grow with the object.
pub trait TakeBytes: Send {
    /// Takes the next bytes. `false`: no more are wanted. A fault ends the reading, and is given back by it.
    fn take(&mut self, piece: &[u8]) -> impl Future<Output = Result<bool, Fault>> + Send;
}

/// Reads objects of a trail's bucket, in pieces.
pub trait ReadObject: Send + Sync {
    /// Hands the bytes of an object to `take`. `None`: there is no such object.
    fn read_object<T: TakeBytes>(
        &self,
        bucket: &str,
        key: &str,
        take: &mut T,
    ) -> impl Future<Output = Result<Option<ObjectFacts>, Fault>> + Send;
}

port! {
    /// Keeps copies of original records, where an installation wants them.
    KeepCopies {
        /// Keeps `text` under `name`. Again: the name says what is in it, so it is the same.
        fn keep_copy(name: &str, text: &[u8]) -> Result<(), Fault>;
    }
}

/// What `LookupEvents` is asked for. It takes one attribute at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LookupBy {
    /// Calls of sessions with this name.
    SessionName(String),
    /// Calls with this access key.
    AccessKey(String),
    /// Calls about this resource: of a role's ARN, those that assumed it.
    Resource(String),
}

port! {
    /// Looks into CloudTrail's event history: 90 days, management events only.
    LookUp {
        /// A page of records, as CloudTrail writes them.
        fn look_up(region: &str, by: &LookupBy, from: Time, to: Time, cursor: Option<&str>) -> Result<Page<String>, Fault>;
    }
}

/// A key that digests were signed with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    /// Its fingerprint, as digests name it.
    pub fingerprint: String,
    /// The key, PKCS#1 in DER.
    pub der: Vec<u8>,
}

port! {
    /// The keys CloudTrail signs digests with.
    DigestKeys {
        /// Those of a Region that were in use between `from` and `to`.
        fn digest_keys(region: &str, from: Time, to: Time) -> Result<Vec<PublicKey>, Fault>;
    }
}

/// Checks signatures of digests.
pub trait VerifyDigest: Send + Sync {
    /// Whether `signature` (RSA, PKCS#1 v1.5, SHA-256) of `message` is by `key`, PKCS#1 in DER.
    fn verifies(&self, key: &[u8], message: &[u8], signature: &[u8]) -> bool;
}

/// Which trail an installation reads, and when it calls its activity provisional.
pub trait TrailSettings: Send + Sync {
    /// The bucket that trail files are taken from; nothing else is read. `None`: none.
    fn bucket(&self) -> Option<&str>;
    /// The Region this runs in.
    fn region(&self) -> &str;
    /// The Regions whose trails are read.
    fn regions(&self) -> &[String];
    /// Types of resources whose data events the trail records for all of them, as its selectors name them:
    /// `AWS::S3::Object`. What the operators say; empty: none that they answer for.
    fn data_events(&self) -> &[String];
    /// Whether original records of grants are copied.
    fn copies(&self) -> bool;
    /// ARNs, paths and all, of the roles of our own functions and provisioners, which work under the ids of requests.
    fn own_roles(&self) -> &[String];
    /// The account this is installed in, whose event history can be asked.
    fn home(&self) -> &AccountId;
    /// How long after an end the usual delay of records is over, in seconds.
    fn delay_seconds(&self) -> u64;
}
