//! The record in a folder: entries as they lie in the table, and the tables made of them.

use super::copies::Copies;
use super::folder::{Disk, Kind};
use crate::failure::{Exit, Failure};
use evidence::dynamodb::{Exported, StreamHead};
use evidence::schema::Row;
use evidence::source::Given;
use evidence::tables::{Tables, newest, read};
use evidence::{csv, jsonl, parquet};
use std::path::Path;

/// Longest file of an entry, in bytes: 60,000 in base64, and the words beside it.
const LONGEST_FILE: u64 = 1_048_576;

/// What went wrong with a file.
pub(super) fn failed(path: &Path, why: &dyn std::fmt::Display) -> Failure {
    Failure::new(Exit::Failed, "no_file", format!("{}: {why}", path.display()))
}

/// The entries in `table/streams`. What is named as no entry is none: file systems leave things of their own.
///
/// # Errors
/// A file can't be read, or is none of an entry.
pub(super) fn streams(folder: &Path) -> Result<Vec<Given>, Failure> {
    let (disk, under) = (Disk::new(folder), "table/streams");
    let is_own = |name: &str| !name.starts_with('.');
    let mut given = Vec::new();
    for (stream, _) in disk.names(under)?.into_iter().filter(|(name, kind)| is_own(name) && *kind != Kind::File) {
        for (name, _) in disk.names(&format!("{under}/{stream}"))? {
            let Some(seq) = name.strip_suffix(".json").and_then(|seq| seq.parse().ok()) else { continue };
            let path = format!("{under}/{stream}/{name}");
            let text = disk.given(&path, LONGEST_FILE)?;
            given.push(Given::of_file(&stream, seq, &text).map_err(|error| failed(&disk.join(&path), &error.fault))?);
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
    let copies = Copies::new(folder, false);
    for given in exported.entries() {
        let path = format!("table/streams/{}/{:06}.json", given.stream, given.seq);
        let text = given.to_file();
        if copies.read(&path)?.as_deref() != Some(text.as_bytes()) {
            copies.write(&path, text.as_bytes())?;
        }
    }
    for (stream, head) in exported.heads() {
        let path = format!("table/states/{stream}.json");
        let there = copies.read(&path)?.and_then(|text| StreamHead::of_file(&text));
        if there.is_none_or(|there| there.is_before(head)) {
            copies.write(&path, head.to_file().as_bytes())?;
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
    let copies = Copies::new(folder, false);
    let written = vec![
        table(&copies, &tables.requests)?,
        table(&copies, &tables.approvals)?,
        table(&copies, &tables.grants)?,
        table(&copies, &tables.credentials)?,
        table(&copies, &tables.activity)?,
        table(&copies, &tables.findings)?,
        table(&copies, &tables.system)?,
        table(&copies, &tables.events)?,
    ];
    Ok((written, unreadable))
}

fn table<R: Row>(copies: &Copies, rows: &[R]) -> Result<(&'static str, usize), Failure> {
    let name = R::SCHEMA.name;
    let file = |kind: &str| format!("tables/{name}.{kind}");
    copies.write(&file("jsonl"), jsonl::write(rows).as_bytes())?;
    copies.write(&file("csv"), csv::write(rows).as_bytes())?;
    let packed = parquet::write(rows).map_err(|error| failed(&copies.disk().join(&file("parquet")), &error))?;
    copies.write(&file("parquet"), &packed)?;
    Ok((name, rows.len()))
}
