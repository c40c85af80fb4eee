//! An export's files, from S3 into the folder. What is there already is not fetched again.

use super::copies::Copies;
use super::exported::failed;
use crate::failure::{Exit, Failure};
use aws::exports::{Export, Standing};
use aws::trail::Objects;
use serde::Deserialize;
use std::path::Path;
use workflow::ports::{Fault, ReadObject as _, TakeBytes};

/// Longest file of an export, in bytes. AWS writes many that are far shorter.
const LONGEST: usize = 1_073_741_824;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    manifest_files_s3_key: String,
}

/// A line of the list of data files.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DataFile {
    /// Where it is.
    pub(super) data_file_s3_key: String,
    /// How many items it has.
    pub(super) item_count: u64,
}

impl DataFile {
    /// The files that a list names.
    pub(super) fn all(list: &[u8]) -> Result<Vec<Self>, String> {
        let text = std::str::from_utf8(list).map_err(|error| error.to_string())?;
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        lines.map(|line| serde_json::from_str(line).map_err(|error| error.to_string())).collect()
    }

    /// Its own name, if it is one that can be a file's here.
    pub(super) fn name(&self) -> Option<&str> {
        let name = self.data_file_s3_key.rsplit('/').next()?;
        let sound = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_' || b == b'.';
        (name.ends_with(".json.gz") && !name.starts_with('.') && name.bytes().all(sound)).then_some(name)
    }
}

#[derive(Default)]
struct Taken(Vec<u8>);

impl TakeBytes for Taken {
    async fn take(&mut self, piece: &[u8]) -> Result<bool, Fault> {
        if self.0.len().saturating_add(piece.len()) > LONGEST {
            return Err(Fault::new("read a file of the export", "too_long"));
        }
        self.0.extend_from_slice(piece);
        Ok(true)
    }
}

async fn fetch(objects: &Objects, bucket: &str, key: &str, to: &Copies, path: &str) -> Result<Vec<u8>, Failure> {
    if let Some(there) = to.disk().bytes(path, u64::try_from(LONGEST).unwrap_or(u64::MAX))? {
        return Ok(there);
    }
    let told = |code: &str| Failure::new(Exit::Failed, "aws", format!("can't read s3://{bucket}/{key}: {code}"));
    let mut taken = Taken::default();
    match objects.read_object(bucket, key, &mut taken).await {
        Ok(Some(_)) => {}
        Ok(None) => return Err(told("there is no such object")),
        Err(fault) => return Err(told(&fault.code)),
    }
    to.write(path, &taken.0)?;
    Ok(taken.0)
}

/// Fetches all files of an export into `AWSDynamoDB/<id>` of the folder.
///
/// # Errors
/// A file can't be had or written, or a list of files is none.
pub(super) async fn one(objects: &Objects, export: &Export, folder: &Path) -> Result<(), Failure> {
    let Standing::Done { manifest, .. } = &export.standing else { return Ok(()) };
    let id = export.arn.rsplit('/').next().unwrap_or_default();
    let sound = !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if !sound {
        return Err(Failure::new(Exit::Failed, "no_export", format!("{} is no ARN of an export", export.arn)));
    }
    let (to, under) = (Copies::new(folder, false), format!("AWSDynamoDB/{id}"));
    let path = format!("{under}/manifest-summary.json");
    let summary = fetch(objects, &export.bucket, manifest, &to, &path).await?;
    let summary: Summary = serde_json::from_slice(&summary).map_err(|error| failed(&to.disk().join(&path), &error))?;
    let path = format!("{under}/manifest-files.json");
    let list = fetch(objects, &export.bucket, &summary.manifest_files_s3_key, &to, &path).await?;
    let unlisted = |why: &dyn std::fmt::Display| failed(&to.disk().join(&path), why);
    for file in DataFile::all(&list).map_err(|error| unlisted(&error))? {
        let name = file.name().ok_or_else(|| unlisted(&"it names a file that is none of an export"))?;
        fetch(objects, &export.bucket, &file.data_file_s3_key, &to, &format!("{under}/data/{name}")).await?;
    }
    Ok(())
}
