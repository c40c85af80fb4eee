//! `audit rebuild`: the tree, made anew from the table, against what was signed. For whoever brought a table back, and for
//! whoever wants to know that they could.

use super::copies::Copies;
use super::fetch::{LONGEST, unanswered};
use super::table;
use crate::failure::{Answer, Exit, Failure};
use aws::clients::Clients;
use aws::log::SourceBucket;
use clap::Args;
use record::checkpoint::{self, Checkpoint};
use record::note::{Note, VerifierKey};
use record::proof::Consistency;
use record::tree::Hash;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use workflow::rebuild::{Rebuilt, rebuild as anew};

/// What to make it from.
#[derive(Debug, Args)]
#[group(id = "source", required = true, multiple = false)]
pub(crate) struct Source {
    /// A folder that `audit fetch` wrote with --table.
    folder: Option<PathBuf>,
    /// A table: the stack's, or one that was brought back.
    #[arg(long)]
    table: Option<String>,
}

/// What to make it from, and what to hold it against.
#[derive(Debug, Args)]
pub(crate) struct Rebuild {
    #[command(flatten)]
    source: Source,
    /// The log's bucket: its checkpoint has to go on from this tree, or be of it.
    #[arg(long, requires = "table")]
    log_bucket: Option<String>,
    /// A file with the keys that are trusted, `log <key>` on a line. Else: signatures are not looked at.
    #[arg(long)]
    keys: Option<PathBuf>,
}

/// What came out of either source.
pub(super) struct Outcome {
    pub(super) size: u64,
    pub(super) root: Hash,
    /// Code and sentence of each.
    pub(super) defects: Vec<(String, String)>,
    pub(super) count: u64,
    /// Leaves that the log's bucket has after these.
    pub(super) newer: u64,
}

/// Makes the tree anew. Takes AWS credentials from the environment if it is asked for a table.
///
/// # Errors
/// Something can't be read. That the tree is another one is an answer, with the exit code of a failure.
pub(crate) async fn rebuild(wanted: &Rebuild) -> Result<Answer, Failure> {
    let keys = wanted.keys.as_deref().map(super::keys).transpose()?.unwrap_or_default();
    let mut outcome = match (&wanted.source.folder, &wanted.source.table) {
        (Some(folder), _) => table::rebuilt(&Copies::new(folder, false), &keys)?,
        (None, Some(name)) => {
            let clients = Clients::from_env_with_system_roots()
                .map_err(|error| Failure::new(Exit::Failed, "aws", error.to_string()))?;
            let rebuilt = anew(&clients.table(name), &keys).await.map_err(|fault| unanswered(&fault))?;
            let mut outcome = Outcome::of(&rebuilt);
            if let Some(bucket) = &wanted.log_bucket {
                against(&mut outcome, &clients.source_bucket(bucket), &keys).await?;
            }
            outcome
        }
        (None, None) => return Err(Failure::new(Exit::Usage, "no_source", "name a folder or a table")),
    };
    outcome.count = outcome.count.max(u64::try_from(outcome.defects.len()).unwrap_or(u64::MAX));
    Ok(outcome.told(!keys.is_empty()))
}

impl Outcome {
    fn of(rebuilt: &Rebuilt) -> Self {
        let told = |defect: &workflow::rebuild::Defect| (defect.code().to_owned(), defect.sentence());
        let defects = rebuilt.defects.iter().map(told).collect();
        Self { size: rebuilt.size, root: rebuilt.root, defects, count: rebuilt.count, newer: 0 }
    }

    /// `verified`: signatures were looked at.
    fn told(self, verified: bool) -> Answer {
        let root = self.root.to_base64();
        let mut lines = vec![format!("{} leaves, root {root}", self.size)];
        lines.extend(self.defects.iter().map(|(code, sentence)| format!("{code}: {sentence}")));
        if self.newer > 0 {
            lines.push(format!("{} newer leaves are not in this table", self.newer));
        }
        lines.push(match (self.count, verified) {
            (0, true) => "the table gives the tree that was signed".to_owned(),
            (0, false) => "the table gives the tree that its checkpoint names; whether it was signed is not known: no \
                           --keys were given"
                .to_owned(),
            (count, _) => format!("{count} defect(s): this is not the tree that was signed"),
        });
        let defects: Vec<Value> =
            self.defects.iter().map(|(code, sentence)| json!({"code": code, "sentence": sentence})).collect();
        let exit = if self.count == 0 { Exit::Done } else { Exit::Failed };
        let json = json!({"size": self.size, "root": root, "sound": self.count == 0, "signed": verified && self.count == 0,
            "newer": self.newer, "count": self.count, "defects": defects});
        Answer { human: lines.join("\n"), json, exit }
    }
}

/// The checkpoint in `note`: verified, if keys are given.
pub(super) fn opened(note: &[u8], keys: &[VerifierKey]) -> Option<Checkpoint> {
    if keys.is_empty() {
        return Note::parse(note).ok().and_then(|note| Checkpoint::parse(note.text()).ok());
    }
    checkpoint::open(note, keys).ok().map(|signed| signed.checkpoint)
}

/// Holds what came out of the table against the log's bucket: the log there has to begin with this tree.
async fn against(outcome: &mut Outcome, bucket: &SourceBucket, keys: &[VerifierKey]) -> Result<(), Failure> {
    let other = |sentence: &str| ("other_log".to_owned(), sentence.to_owned());
    let note = bucket.object("checkpoint", LONGEST).await.map_err(|fault| unanswered(&fault))?;
    let Some(checkpoint) = note.and_then(|note| opened(&note, keys)) else {
        outcome.defects.push(other("the bucket has no checkpoint that is believed"));
        return Ok(());
    };
    if checkpoint.size() < outcome.size {
        // The table is ahead while a batch is being written.
        outcome.defects.push(("bucket_behind".to_owned(), format!("the bucket has {} leaves only", checkpoint.size())));
        return Ok(());
    }
    let mut tiles: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for tile in Consistency::tiles(outcome.size, checkpoint.size()) {
        let path = tile.to_string();
        if let Some(bytes) = bucket.object(&path, LONGEST).await.map_err(|fault| unanswered(&fault))? {
            tiles.insert(path, bytes);
        }
    }
    outcome.newer = checkpoint.size().saturating_sub(outcome.size);
    let proof = Consistency::read(&tiles, outcome.size, checkpoint.size());
    let begins = proof.is_ok_and(|proof| proof.check(&outcome.root, checkpoint.root()).is_ok());
    if !begins {
        outcome.defects.push(other("the log in the bucket does not begin with this tree"));
    }
    Ok(())
}
