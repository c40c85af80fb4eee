//! `exports.json`: which exports there are of the folder, so that one that was interrupted goes on.

use super::copies::Copies;
use super::exported::failed;
use crate::failure::Failure;
use aws::exports::{Export, Span, Standing};
use model::time::Time;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Its name in the folder.
const NAME: &str = "exports.json";

/// Longest catalogue that is read, in bytes.
const LONGEST: u64 = 16_777_216;

/// One export.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Listed {
    arn: String,
    /// `full` or `incremental`.
    kind: String,
    from: Option<Time>,
    to: Option<Time>,
    started_at: Option<Time>,
    /// `running`, `done` or `failed`.
    status: String,
    bucket: String,
    manifest: Option<String>,
    items: Option<u64>,
    read_at: Option<Time>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Exports {
    exports: Vec<Listed>,
}

/// The catalogue; nowhere, if there is no folder to keep it in.
#[derive(Debug, Default)]
pub(super) struct Catalogue {
    folder: Option<Copies>,
    all: Exports,
}

impl Catalogue {
    /// Reads that of a folder.
    ///
    /// # Errors
    /// It can't be read.
    pub(super) fn open(folder: Option<&Path>) -> Result<Self, Failure> {
        let Some(folder) = folder.map(|folder| Copies::new(folder, false)) else { return Ok(Self::default()) };
        let all = match folder.disk().bytes(NAME, LONGEST)? {
            Some(text) => serde_json::from_slice(&text).map_err(|error| failed(&folder.disk().join(NAME), &error))?,
            None => Exports::default(),
        };
        Ok(Self { folder: Some(folder), all })
    }

    /// Notes an export that was just started.
    ///
    /// # Errors
    /// It can't be written.
    pub(super) fn started(&mut self, export: &Export, span: Span, now: Time) -> Result<(), Failure> {
        let (from, to) = match span {
            Span::Full => (None, None),
            Span::Changes { from, to } => (Some(from), Some(to)),
        };
        self.note(export, |listed| (listed.started_at, listed.from, listed.to) = (Some(now), from, to))
    }

    /// Notes where an export stands.
    ///
    /// # Errors
    /// It can't be written.
    pub(super) fn follow(&mut self, export: &Export) -> Result<(), Failure> {
        self.note(export, |_| {})
    }

    /// Notes that an export lies in the folder.
    ///
    /// # Errors
    /// It can't be written.
    pub(super) fn read(&mut self, export: &Export, now: Time) -> Result<(), Failure> {
        self.note(export, |listed| listed.read_at = Some(now))
    }

    fn note(&mut self, export: &Export, more: impl FnOnce(&mut Listed)) -> Result<(), Failure> {
        let known = self.all.exports.iter().position(|listed| listed.arn == export.arn);
        let mut listed = known.map(|place| self.all.exports.remove(place)).unwrap_or_default();
        listed.arn.clone_from(&export.arn);
        listed.bucket.clone_from(&export.bucket);
        (if export.is_incremental { "incremental" } else { "full" }).clone_into(&mut listed.kind);
        match &export.standing {
            Standing::Running => "running".clone_into(&mut listed.status),
            Standing::Failed { .. } => "failed".clone_into(&mut listed.status),
            Standing::Done { manifest, items } => {
                "done".clone_into(&mut listed.status);
                (listed.manifest, listed.items) = (Some(manifest.clone()), Some(*items));
            }
        }
        more(&mut listed);
        self.all.exports.push(listed);
        self.all.exports.sort_by(|one, other| one.arn.cmp(&other.arn));
        let Some(folder) = &self.folder else { return Ok(()) };
        let text =
            serde_json::to_string_pretty(&self.all).map_err(|error| failed(&folder.disk().join(NAME), &error))?;
        folder.write(NAME, format!("{text}\n").as_bytes())
    }
}
