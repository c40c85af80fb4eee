//! From an export's files to entries and tables.

use super::download::DataFile;
use super::exported::{self, failed, write_streams, write_tables};
use super::folder::{Disk, Kind};
use crate::failure::{Answer, Exit, Failure};
use evidence::dynamodb::{Exported, LONGEST_LINE};
use flate2::read::MultiGzDecoder;
use serde_json::json;
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};

/// Longest list of data files, in bytes.
const LONGEST_LIST: u64 = 268_435_456;

/// How deep below a folder an export's data files may lie: `AWSDynamoDB/<id>/data/<file>`.
const DEPTH: u8 = 4;

/// The files of exports below a folder.
#[derive(Debug, Default)]
struct Files {
    /// Those with items, by where they lie.
    data: BTreeMap<PathBuf, Data>,
    /// How many items each has to have, by name: AWS never gives one name twice.
    listed: BTreeMap<String, u64>,
}

/// A file with items.
#[derive(Debug)]
struct Data {
    disk: Disk,
    path: String,
    name: String,
}

impl Files {
    /// Whatever else lies there is nobody's business: a link, too, unless it is named as one of these.
    fn find(&mut self, disk: &Disk, under: &str, depth: u8) -> Result<(), Failure> {
        for (name, kind) in disk.names(under)? {
            let path = format!("{under}{name}");
            if kind == Kind::Folder {
                if depth > 0 {
                    self.find(disk, &format!("{path}/"), depth.saturating_sub(1))?;
                }
            } else if name == "manifest-files.json" {
                let list = disk.given(&path, LONGEST_LIST)?;
                let files = DataFile::all(&list).map_err(|error| failed(&disk.join(&path), &error))?;
                self.listed.extend(files.iter().filter_map(|file| Some((file.name()?.to_owned(), file.item_count))));
            } else if name.ends_with(".json.gz") {
                self.data.insert(disk.join(&path), Data { disk: disk.clone(), path, name });
            }
        }
        Ok(())
    }
}

/// Reads all exports below these folders, and makes entries and tables in `to`.
///
/// # Errors
/// There is no export, a file is missing, can't be read or written, or something in the record was rewritten.
pub(super) fn all(from: &[PathBuf], to: &Path) -> Result<Answer, Failure> {
    let mut files = Files::default();
    for folder in from {
        files.find(&Disk::new(folder), "", DEPTH)?;
    }
    if files.data.is_empty() {
        let folders: Vec<String> = from.iter().map(|folder| folder.display().to_string()).collect();
        let sentence = format!("there is no export's data below {}", folders.join(" or "));
        return Err(Failure::new(Exit::NotFound, "no_export", sentence));
    }
    if let Some(missing) = files.listed.keys().find(|name| !files.data.values().any(|there| there.name == **name)) {
        let sentence = format!("the export lists {missing}, which is not there");
        return Err(Failure::new(Exit::Failed, "export_incomplete", sentence));
    }
    let mut exported = Exported::default();
    // What is in the folder from before counts as well: nothing in it may be written over.
    for given in exported::streams(to)? {
        exported.keep(given);
    }
    for (path, data) in &files.data {
        let items = lines(path, data, &mut exported)?;
        if let Some(listed) = files.listed.get(&data.name).filter(|listed| **listed != items) {
            let sentence = format!("{} has {items} items, and its export lists {listed}", path.display());
            return Err(Failure::new(Exit::Failed, "export_incomplete", sentence));
        }
    }
    let conflicts = exported.conflicts();
    write_streams(to, &exported)?;
    let given = exported.entries();
    let (written, unreadable) = write_tables(to, &given)?;
    let rows: BTreeMap<&str, usize> = written.iter().copied().collect();
    let faults: Vec<serde_json::Value> = conflicts
        .iter()
        .map(|conflict| json!({"code": conflict.code(), "detail": conflict.to_string()}))
        .chain(unreadable.iter().map(|detail| json!({"code": "entry_unreadable", "detail": detail})))
        .collect();
    let mut lines = vec![format!("{} items, {} entries", exported.items(), given.len())];
    lines.extend(written.iter().map(|(name, rows)| format!("  tables/{name}: {rows}")));
    lines.extend(conflicts.iter().map(|conflict| format!("{conflict} ({})", conflict.code())));
    lines.extend(unreadable.iter().map(|detail| format!("{detail} (entry_unreadable)")));
    let json = json!({"items": exported.items(), "entries": given.len(), "tables": rows, "faults": faults});
    let exit = if faults.is_empty() { Exit::Done } else { Exit::Failed };
    let human: Vec<String> = lines.iter().map(|line| model::text::inert(line, 400)).collect();
    Ok(Answer { human: human.join("\n"), json, exit })
}

/// Feeds a data file line by line; says how many there were.
fn lines(path: &Path, data: &Data, exported: &mut Exported) -> Result<u64, Failure> {
    let file = data.disk.file(&data.path)?.ok_or_else(|| failed(path, &"there is no such file"))?;
    let mut reader = BufReader::new(MultiGzDecoder::new(BufReader::new(file)));
    let most = u64::try_from(LONGEST_LINE).unwrap_or(u64::MAX);
    let before = exported.items();
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = reader.by_ref().take(most.saturating_add(1)).read_until(b'\n', &mut line);
        let read = read.map_err(|error| failed(path, &error))?;
        if read == 0 {
            return Ok(exported.items().saturating_sub(before));
        }
        let text = std::str::from_utf8(&line).ok().filter(|_| read <= LONGEST_LINE);
        let text = text.ok_or_else(|| failed(path, &"a line is longer than any item, or no text"))?;
        exported.line(text).map_err(|error| failed(path, &error))?;
    }
}
