//! The record in a folder: entries as they lie in the table, and the tables made of them.

use crate::failure::{Exit, Failure};
use evidence::dynamodb::{Exported, StreamHead};
use evidence::schema::Row;
use evidence::source::Given;
use evidence::tables::{Tables, newest, read};
use evidence::{csv, jsonl, parquet};
use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

/// Longest file of an entry, in bytes: 60,000 in base64, and the words beside it.
const LONGEST_FILE: u64 = 1_048_576;

/// What went wrong with a file.
pub(super) fn failed(path: &Path, why: &dyn std::fmt::Display) -> Failure {
    Failure::new(Exit::Failed, "no_file", format!("{}: {why}", path.display()))
}

/// Writes a whole file, and the folders it lies in; nobody ever reads half of one.
///
/// # Errors
/// It can't be written.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let failed = |error: std::io::Error| failed(path, &error);
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    fs::create_dir_all(folder).map_err(failed)?;
    let mut new = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    new.write_all(bytes).map_err(failed)?;
    new.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

/// The names in a folder, sorted; none if there is no such folder.
///
/// # Errors
/// It can't be read.
pub(super) fn names(folder: &Path) -> Result<Vec<(String, PathBuf)>, Failure> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(folder, &error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| failed(folder, &error))?;
        names.extend(entry.file_name().into_string().ok().map(|name| (name, entry.path())));
    }
    names.sort();
    Ok(names)
}

/// A file of at most so many bytes.
///
/// # Errors
/// It can't be read, or is longer.
pub(super) fn bytes(path: &Path, longest: u64) -> Result<Vec<u8>, Failure> {
    let length = fs::metadata(path).map_err(|error| failed(path, &error))?.len();
    if length > longest {
        return Err(failed(path, &format!("it has {length} bytes; at most {longest} are read")));
    }
    fs::read(path).map_err(|error| failed(path, &error))
}

/// The entries in `table/streams`.
///
/// # Errors
/// A file can't be read, or is none of an entry.
pub(super) fn streams(folder: &Path) -> Result<Vec<Given>, Failure> {
    let mut given = Vec::new();
    for (stream, folder) in names(&folder.join("table").join("streams"))? {
        for (name, path) in names(&folder)? {
            let Some(seq) = name.strip_suffix(".json").and_then(|seq| seq.parse().ok()) else { continue };
            let text = bytes(&path, LONGEST_FILE)?;
            given.push(Given::of_file(&stream, seq, &text).map_err(|error| failed(&path, &error.fault))?);
        }
    }
    Ok(given)
}

/// Writes entries and heads into `table/`. A file that is the same stays as it is, and so does the head of a stream that
/// was read later than this export: exports come in any order.
///
/// # Errors
/// A file can't be written.
pub(super) fn write_streams(folder: &Path, exported: &Exported) -> Result<(), Failure> {
    let table = folder.join("table");
    for given in exported.entries() {
        let path = table.join("streams").join(&given.stream).join(format!("{:06}.json", given.seq));
        let text = given.to_file();
        if fs::read(&path).ok().as_deref() != Some(text.as_bytes()) {
            write(&path, text.as_bytes())?;
        }
    }
    for (stream, head) in exported.heads() {
        let path = table.join("states").join(format!("{stream}.json"));
        let there = fs::read(&path).ok().and_then(|text| StreamHead::of_file(&text));
        if there.is_none_or(|there| there.is_before(head)) {
            write(&path, head.to_file().as_bytes())?;
        }
    }
    Ok(())
}

/// What was written of tables: name, and rows.
pub(super) type Written = Vec<(&'static str, usize)>;

/// Writes all tables of these entries, in all formats. Says besides which entries can't be read.
///
/// # Errors
/// A file can't be written.
pub(super) fn write_tables(folder: &Path, given: &[Given]) -> Result<(Written, Vec<String>), Failure> {
    let (events, unreadable) = read(given);
    let unreadable = unreadable.iter().map(ToString::to_string).collect();
    let Some(as_of) = newest(&events) else { return Ok((Vec::new(), unreadable)) };
    let tables = Tables::of(&events, as_of);
    let folder = folder.join("tables");
    let written = vec![
        table(&folder, &tables.requests)?,
        table(&folder, &tables.approvals)?,
        table(&folder, &tables.grants)?,
        table(&folder, &tables.credentials)?,
        table(&folder, &tables.activity)?,
        table(&folder, &tables.findings)?,
        table(&folder, &tables.system)?,
        table(&folder, &tables.events)?,
    ];
    Ok((written, unreadable))
}

fn table<R: Row>(folder: &Path, rows: &[R]) -> Result<(&'static str, usize), Failure> {
    let name = R::SCHEMA.name;
    let file = |kind: &str| folder.join(format!("{name}.{kind}"));
    write(&file("jsonl"), jsonl::write(rows).as_bytes())?;
    write(&file("csv"), csv::write(rows).as_bytes())?;
    let packed = parquet::write(rows).map_err(|error| failed(&file("parquet"), &error))?;
    write(&file("parquet"), &packed)?;
    Ok((name, rows.len()))
}
