//! The transparency log of a running local cloud, read and verified as anybody could who has its keys.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use record::checkpoint::{SignedCheckpoint, open};
use record::note::VerifierKey;
use record::proof::{Consistency, Inclusion};
use record::tile::Tile;
use record::tree::leaf;
use reqwest::Method;
use serde_json::json;

use crate::cloud::Cloud;
use crate::failure::Failure;
use crate::outputs::Outputs;
use crate::stage::Stage;
use crate::waiting::until;

/// The log.
#[derive(Debug, Clone)]
pub struct Log {
    outputs: Outputs,
    /// The hub's account, as its root: to look.
    root: Cloud,
    /// The log-archive account, as its root: to look.
    archive: Cloud,
    /// What verifies it: the log's key and the witness's.
    pub keys: Vec<VerifierKey>,
}

impl Log {
    /// That of `stage`.
    ///
    /// # Errors
    /// Its outputs name no keys.
    pub fn of(stage: &Stage) -> Result<Self, Failure> {
        let outputs = stage.outputs.clone();
        let key = |line: &String| line.split_once(' ').and_then(|(_, key)| key.parse().ok());
        let keys: Option<Vec<VerifierKey>> = outputs.log_keys.iter().map(key).collect();
        let archive = stage.root_of(outputs.log_archive.get("accountId").map_or("", String::as_str))?;
        let keys = keys.ok_or_else(|| Failure::new("the outputs have no keys of the log"))?;
        Ok(Self { root: stage.root()?, archive, keys, outputs })
    }

    /// The object of the log's bucket at `key`, if there is one.
    ///
    /// # Errors
    /// No answer.
    pub async fn file(&self, key: &str) -> Result<Option<Vec<u8>>, Failure> {
        object(&self.root, &self.outputs.log_bucket, key).await
    }

    /// The object of the anchor bucket at `key`, if there is one.
    ///
    /// # Errors
    /// No answer.
    pub async fn anchor(&self, key: &str) -> Result<Option<Vec<u8>>, Failure> {
        object(&self.archive, &self.outputs.anchor_bucket, key).await
    }

    /// The newest checkpoint, verified.
    ///
    /// # Errors
    /// There is none, or the log did not sign it.
    pub async fn checkpoint(&self) -> Result<SignedCheckpoint, Failure> {
        let note = self.file("checkpoint").await?.ok_or_else(|| Failure::new("the log has no checkpoint"))?;
        self.opened(&note)
    }

    /// A signed checkpoint, verified.
    ///
    /// # Errors
    /// The log did not sign it.
    pub fn opened(&self, note: &[u8]) -> Result<SignedCheckpoint, Failure> {
        open(note, &self.keys).map_err(|error| Failure::new(format!("a checkpoint: {error}")))
    }

    /// The index of the leaf that an entry is, once it is logged.
    ///
    /// # Errors
    /// No answer.
    pub async fn index(&self, stream: &str, seq: u64) -> Result<Option<u64>, Failure> {
        let text = AttributeValue::S;
        let read = self.root.dynamodb().get_item().table_name(&self.outputs.table_name).consistent_read(true);
        let read = read.key("pk", text(format!("OUT#{stream}"))).key("sk", text(format!("{seq:06}"))).send().await;
        let item = read.map_err(|error| Failure::of("reading the outbox", &error))?.item.unwrap_or_default();
        Ok(item.get("index").and_then(|index| index.as_n().ok()?.parse().ok()))
    }

    /// Checks that `entry` is the leaf at `index` of the tree that `checkpoint` is of, by the log's files alone.
    ///
    /// # Errors
    /// It is not.
    pub async fn includes(&self, checkpoint: &SignedCheckpoint, index: u64, entry: &[u8]) -> Result<(), Failure> {
        let (size, root) = (checkpoint.checkpoint.size(), checkpoint.checkpoint.root());
        let files = self.files(Inclusion::tiles(index, size)).await?;
        let proof = Inclusion::read(&files, index, size);
        let proof = proof.map_err(|error| Failure::new(format!("a proof of leaf {index} of {size}: {error}")))?;
        proof.check(&leaf(entry), root).map_err(|error| Failure::new(format!("leaf {index} of {size}: {error}")))
    }

    /// Checks that the tree of `new` begins with that of `old`, by the log's files alone.
    ///
    /// # Errors
    /// It does not.
    pub async fn goes_on(&self, old: &SignedCheckpoint, new: &SignedCheckpoint) -> Result<(), Failure> {
        let (old, new) = (&old.checkpoint, &new.checkpoint);
        let files = self.files(Consistency::tiles(old.size(), new.size())).await?;
        let proof = Consistency::read(&files, old.size(), new.size());
        let proof =
            proof.map_err(|error| Failure::new(format!("a proof from {} to {}: {error}", old.size(), new.size())))?;
        let checked = proof.check(old.root(), new.root());
        checked.map_err(|error| Failure::new(format!("from {} to {}: {error}", old.size(), new.size())))
    }

    async fn files(&self, tiles: Vec<Tile>) -> Result<BTreeMap<String, Vec<u8>>, Failure> {
        let mut files = BTreeMap::new();
        for tile in tiles {
            let path = tile.to_string();
            if let Some(bytes) = self.file(&path).await? {
                files.insert(path, bytes);
            }
        }
        Ok(files)
    }

    /// How many leaves the newest anchored checkpoint has.
    ///
    /// # Errors
    /// There is none.
    pub async fn anchored_size(&self) -> Result<u64, Failure> {
        let text = |value: &str| AttributeValue::S(value.to_owned());
        let read = self.root.dynamodb().get_item().table_name(&self.outputs.table_name).consistent_read(true);
        let read = read.key("pk", text("LOG")).key("sk", text("ANCHOR")).send().await;
        let item = read.map_err(|error| Failure::of("reading the anchor", &error))?.item.unwrap_or_default();
        let size = item.get("size").and_then(|size| size.as_n().ok()?.parse().ok());
        size.ok_or_else(|| Failure::new("nothing is anchored"))
    }

    /// Has the audit function do at once what it does every minute.
    ///
    /// # Errors
    /// It failed.
    pub async fn minute(&self) -> Result<(), Failure> {
        let path = format!("/2015-03-31/functions/{}-audit/invocations", self.outputs.stack_name);
        // It runs once at a time: whoever comes meanwhile is told so.
        let ran = until("it can run", Duration::from_mins(2), || async {
            let ran = self.root.json("lambda", (Method::POST, &path, None), &json!({})).await?;
            Ok((ran.status != 429).then_some(ran))
        })
        .await?;
        if ran.status == 200 && !ran.body.contains("errorType") {
            return Ok(());
        }
        Err(Failure::new(format!("the audit function: {} {}", ran.status, ran.body)))
    }
}

async fn object(cloud: &Cloud, bucket: &str, key: &str) -> Result<Option<Vec<u8>>, Failure> {
    let answered = cloud.s3(Method::GET, &format!("{bucket}/{key}"), &[], b"").await?;
    match answered.status {
        200 => Ok(Some(answered.bytes)),
        404 => Ok(None),
        status => Err(Failure::new(format!("{key}: {status} {}", answered.body))),
    }
}
