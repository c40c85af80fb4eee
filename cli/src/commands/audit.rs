//! `audit`: what the log proves, to whoever trusts neither it nor Countersign. Nothing here calls the API;
//! `erase` alone changes anything.

pub(crate) mod check;
mod copies;
pub(crate) mod erase;
pub(crate) mod evidence;
pub(crate) mod export;
mod exported;
pub(crate) mod fetch;
mod folder;
pub(crate) mod key;
mod log;
pub(crate) mod prove;
pub(crate) mod rebuild;
pub(crate) mod sql;
mod table;
pub(crate) mod verify;

use crate::failure::{Exit, Failure};
use crate::show;
use clap::Args;
use folder::Disk;
use model::text::inert;
use model::time::Time;
use record::checkpoint::SignedCheckpoint;
use record::note::{Kind, VerifierKey, read_key, read_keys};
use record::proof::{Checked, TlogProof};
use serde_json::{Value, json};
use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

/// Longest file of keys, in bytes.
const LONGEST_KEYS: usize = 262_144;

/// Longest text of an entry that is shown on a line.
const LINE: usize = 4_000;

/// The bytes of a file that whoever calls named; `None` if there is none.
///
/// # Errors
/// It can't be read, or has more than `longest` bytes.
fn read(path: &Path, longest: usize) -> Result<Option<Vec<u8>>, Failure> {
    let failed = |why: &dyn std::fmt::Display| {
        Failure::new(Exit::Failed, "no_file", format!("can't read {}: {why}", path.display()))
    };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(&error)),
    };
    let mut bytes = Vec::new();
    let limit = u64::try_from(longest).unwrap_or(u64::MAX).saturating_add(1);
    file.take(limit).read_to_end(&mut bytes).map_err(|error| failed(&error))?;
    if bytes.len() > longest {
        return Err(failed(&format!("it has more than {longest} bytes")));
    }
    Ok(Some(bytes))
}

/// A file's bytes.
///
/// # Errors
/// As of [`read`], or there is none.
fn given(path: &Path, longest: usize) -> Result<Vec<u8>, Failure> {
    let missing =
        || Failure::new(Exit::Failed, "no_file", format!("can't read {}: there is no such file", path.display()));
    read(path, longest)?.ok_or_else(missing)
}

/// Whose word counts.
#[derive(Debug, Args)]
pub(crate) struct Pinned {
    /// Whose word counts: a file of lines `log <verifier key>` and `witness <verifier key>`, got from somebody you trust.
    /// `log <verifier key> until <leaves>`: a key of the log that was retired.
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
    /// A key more whose word counts, as such a line or as `audit key` prints it. Once for each: a log whose key is being
    /// changed has two.
    #[arg(long = "key", value_name = "KEY", value_parser = key_line)]
    key: Vec<String>,
}

/// A key as a line of a file of keys.
fn key_line(text: &str) -> Result<String, String> {
    let line = match text.parse::<VerifierKey>().map(|key| key.kind()) {
        Ok(Kind::Ed25519) => format!("log {text}"),
        Ok(Kind::Cosignature) => format!("witness {text}"),
        Err(_) => text.to_owned(),
    };
    let wrong = || "expected a verifier key, or `log <verifier key>` or `witness <verifier key>`".to_owned();
    read_key(&line).map(|_| line.clone()).ok_or_else(wrong)
}

impl Pinned {
    /// All of them, as the text of a file of keys; `None`: none was given.
    ///
    /// # Errors
    /// The file can't be read, or is no text.
    fn text(&self) -> Result<Option<String>, Failure> {
        let text = self.keys.as_deref().map(keys_text).transpose()?;
        let more = self.key.join("\n");
        match text {
            None if more.is_empty() => Ok(None),
            text => Ok(Some(format!("{}\n{more}\n", text.unwrap_or_default()))),
        }
    }

    /// All of them.
    ///
    /// # Errors
    /// The file can't be read or is not one of keys, or no key was given.
    fn keys(&self) -> Result<Vec<VerifierKey>, Failure> {
        let mut all = self.keys.as_deref().map(keys).transpose()?.unwrap_or_default();
        all.extend(self.key.iter().filter_map(|line| read_key(line)));
        if all.is_empty() {
            return Err(Failure::new(Exit::Usage, "no_key", "no key was given")
                .advise("Give --keys a file with the line `log <verifier key>`, or --key one of them."));
        }
        Ok(all)
    }
}

/// The text of a file of keys.
fn keys_text(path: &Path) -> Result<String, Failure> {
    let no_text = |_| Failure::new(Exit::Failed, "invalid_keys", format!("{}: it is no text", path.display()));
    String::from_utf8(given(path, LONGEST_KEYS)?).map_err(no_text)
}

/// The keys of a file.
///
/// # Errors
/// There is no such file, it is not one of keys, or it names none.
fn keys(path: &Path) -> Result<Vec<VerifierKey>, Failure> {
    keys_in(path, given(path, LONGEST_KEYS)?)
}

/// The keys of a file that whoever calls named, else the folder's own.
///
/// # Errors
/// As of [`keys`].
fn keys_or_own(pinned: Option<&Path>, folder: &Path) -> Result<Vec<VerifierKey>, Failure> {
    let Some(pinned) = pinned else {
        let longest = u64::try_from(LONGEST_KEYS).unwrap_or(u64::MAX);
        return keys_in(&folder.join("keys"), Disk::new(folder).given("keys", longest)?);
    };
    keys(pinned)
}

fn keys_in(path: &Path, bytes: Vec<u8>) -> Result<Vec<VerifierKey>, Failure> {
    let invalid = |why: String| Failure::new(Exit::Failed, "invalid_keys", format!("{}: {why}", path.display()));
    let text = String::from_utf8(bytes).map_err(|_| invalid("it is no text".to_owned()))?;
    let keys = read_keys(&text).map_err(|error| invalid(error.to_string()))?;
    if keys.is_empty() { Err(invalid("it names no key".to_owned())) } else { Ok(keys) }
}

/// A key, as people tell keys apart.
fn key_shown(key: &VerifierKey) -> String {
    let [a, b, c, d] = key.id();
    format!("{} ({:08x})", key.name(), u32::from_be_bytes([a, b, c, d]))
}

/// Who vouches for a checkpoint, and when, by their own clocks.
fn witnesses(signed: &SignedCheckpoint) -> Vec<(String, String)> {
    let time = |seconds: u64| i64::try_from(seconds).ok().and_then(|seconds| Time::from_second(seconds).ok());
    let shown = signed.cosigned.iter().map(|one| (key_shown(&one.key), time(one.time)));
    shown.map(|(key, time)| (key, time.map_or_else(String::new, |time| time.to_string()))).collect()
}

/// What a checked proof says, for people and for programs.
fn told(proof: &TlogProof, checked: &Checked) -> (String, Value) {
    let (signed, checkpoint) = (&checked.signed, &checked.signed.checkpoint);
    // Nobody but the log says that a leaf is JSON.
    let entry: Value = serde_json::from_slice(&proof.entry).unwrap_or(Value::Null);
    let part = |pointer: &str| entry.pointer(pointer).unwrap_or(&Value::Null);
    let plain = |value: &Value| match value {
        Value::Null => String::new(),
        Value::String(text) => inert(text, LINE),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => inert(&show::json(value), LINE),
    };
    let by: Vec<String> = signed.by.iter().map(key_shown).collect();
    let witnesses = witnesses(signed);
    let vouched = match witnesses.as_slice() {
        [] => "no witness whose key was given".to_owned(),
        some => some.iter().map(|(key, time)| format!("{key} at {time}")).collect::<Vec<_>>().join(", "),
    };
    let stands = format!("{} of {}, in the log {}", proof.index, checkpoint.size(), checkpoint.origin());
    let human = show::card(vec![
        ("leaf", stands),
        ("signed by", by.join(", ")),
        ("vouched for by", vouched),
        ("root", checkpoint.root().to_string()),
        ("stream", plain(part("/request"))),
        ("entry", plain(part("/seq"))),
        ("at", plain(part("/at"))),
        ("event", plain(part("/event/type"))),
        ("cause", plain(part("/cause"))),
        ("data", plain(part("/event/data"))),
    ]);
    let cosigned: Vec<Value> = witnesses.iter().map(|(key, at)| json!({"key": key, "at": at})).collect();
    let json = json!({"index": proof.index, "size": checkpoint.size(), "origin": checkpoint.origin(),
        "root": checkpoint.root(), "leaf": checked.leaf, "signedBy": by, "cosignedBy": cosigned, "entry": entry});
    (human, json)
}
