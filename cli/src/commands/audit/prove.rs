//! `audit prove`: one entry's proof, out of a folder with the log.

use super::log::Log;
use super::{keys_or_own, told};
use crate::failure::{Answer, Exit, Failure};
use clap::Args;
use record::proof::{LONGEST_PROOF, TlogProof};
use serde_json::json;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// An entry, and where the log is.
#[derive(Debug, Args)]
pub(crate) struct Prove {
    /// The folder with the log, as `audit fetch` writes it.
    folder: PathBuf,
    /// Which entry: <stream>/<number>, as req_…/3, or its place in the log, from 0.
    #[arg(value_name = "STREAM/NUMBER | PLACE")]
    entry: Which,
    /// Whose word counts. Else: the folder's own file `keys`, which proves nothing to anybody else.
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
    /// The file to write. Else: <stream>-<number>.tlog-proof or <place>.tlog-proof, here.
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
}

/// Which entry.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Which {
    Numbered { stream: String, seq: u64 },
    At(u64),
}

impl FromStr for Which {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "expected <stream>/<number>, as req_…/3, or a place in the log, as 257".to_owned();
        let number = |text: &str| text.parse().map_err(|_| wrong());
        let Some((stream, seq)) = text.split_once('/') else { return Ok(Self::At(number(text)?)) };
        // It becomes the name of a file.
        let fits = !stream.is_empty() && stream.len() <= 64;
        if fits && stream.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            Ok(Self::Numbered { stream: stream.to_owned(), seq: number(seq)? })
        } else {
            Err(wrong())
        }
    }
}

impl Which {
    fn file(&self) -> PathBuf {
        match self {
            Self::Numbered { stream, seq } => format!("{stream}-{seq}.tlog-proof").into(),
            Self::At(index) => format!("{index}.tlog-proof").into(),
        }
    }
}

/// Makes the proof, checks it, and writes it.
///
/// # Errors
/// The folder's log is not signed by one of the keys, has no such entry, or is damaged; or the file is there already.
pub(crate) fn prove(wanted: &Prove) -> Result<Answer, Failure> {
    let keys = keys_or_own(wanted.keys.as_deref(), &wanted.folder)?;
    let log = Log::new(&wanted.folder);
    let newest = log.checkpoint(&keys)?;
    // All tiles that have to be there are those of this size: what an older checkpoint says is proven by them too.
    let there = newest.checkpoint.size();
    let missing = || {
        let sentence = format!("the log, of {there} entries, has no such entry");
        Failure::new(Exit::NotFound, "no_such_entry", sentence)
    };
    let index = match &wanted.entry {
        Which::At(index) => Some(*index).filter(|index| *index < there),
        Which::Numbered { stream, seq } => log.find(stream, *seq, there)?,
    };
    let index = index.ok_or_else(missing)?;
    // What a witness vouches for is worth more than what is newer.
    let cosigned = log.cosigned(newest.checkpoint.origin(), &keys)?;
    let signed = cosigned.filter(|signed| index < signed.checkpoint.size()).unwrap_or(newest);
    let path = log.inclusion(index, signed.checkpoint.size(), there)?.path;
    let proof = TlogProof { entry: log.entry(index, there)?, index, path, checkpoint: signed.note.to_string() };
    let checked = proof.check(&keys).map_err(|error| {
        Failure::new(Exit::Failed, error.code(), format!("the log does not prove it: {error}"))
            .advise("`countersign audit verify` finds everything that is wrong with it.")
    })?;
    let file = wanted.to.clone().unwrap_or_else(|| wanted.entry.file());
    write(&file, proof.to_string().as_bytes())?;
    let (human, mut json) = told(&proof, &checked);
    if let Some(fields) = json.as_object_mut() {
        fields.insert("file".to_owned(), json!(file));
    }
    Ok(Answer::new(format!("written: {}\n\n{human}", file.display()), json))
}

/// Writes a file that is not there yet, or is the same.
fn write(file: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let failed = |code: &str, why: &dyn std::fmt::Display| {
        Failure::new(Exit::Failed, code, format!("can't write {}: {why}", file.display()))
    };
    match OpenOptions::new().write(true).create_new(true).open(file) {
        Ok(mut new) => new.write_all(bytes).map_err(|error| failed("no_file", &error)),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let same = super::read(file, LONGEST_PROOF).is_ok_and(|there| there.as_deref() == Some(bytes));
            if same { Ok(()) } else { Err(failed("file_exists", &"there is another file of that name")) }
        }
        Err(error) => Err(failed("no_file", &error)),
    }
}
