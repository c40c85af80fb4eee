//! A folder on this machine.

use std::fs;
use std::io::{ErrorKind, Read as _};
use std::path::{Component, Path, PathBuf};

/// Longest file that is read, in bytes: CloudTrail's are the longest, and those that are larger inside are refused there.
const LONGEST_FILE: u64 = 256 * 1024 * 1024;

/// Why something could not be read.
#[derive(Debug)]
pub(crate) struct Unreadable {
    path: PathBuf,
    why: String,
}

impl std::fmt::Display for Unreadable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "can't read {}: {}", self.path.display(), self.why)
    }
}

impl std::error::Error for Unreadable {}

fn unreadable(path: &Path, why: impl std::fmt::Display) -> Unreadable {
    Unreadable { path: path.to_owned(), why: why.to_string() }
}

/// The folder. Links in it are not followed, and nothing outside it is read.
#[derive(Debug)]
pub(crate) struct Disk {
    root: PathBuf,
}

impl Disk {
    /// The folder at `root`.
    ///
    /// # Errors
    /// It is none.
    pub(crate) fn open(root: &Path) -> Result<Self, Unreadable> {
        if root.is_dir() { Ok(Self { root: root.to_owned() }) } else { Err(unreadable(root, "it is no folder")) }
    }

    fn walk(&self, under: &str, paths: &mut Vec<String>) -> Result<(), Unreadable> {
        let folder = self.root.join(under);
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(unreadable(&folder, error)),
        };
        for entry in entries {
            let entry = entry.map_err(|error| unreadable(&folder, error))?;
            let kind = entry.file_type().map_err(|error| unreadable(&entry.path(), error))?;
            let Ok(name) = entry.file_name().into_string() else {
                return Err(unreadable(&entry.path(), "its name is no text"));
            };
            if kind.is_dir() {
                self.walk(&format!("{under}{name}/"), paths)?;
            } else if kind.is_file() {
                paths.push(format!("{under}{name}"));
            } else {
                return Err(unreadable(&entry.path(), "it is neither a file nor a folder"));
            }
        }
        Ok(())
    }
}

impl ::verify::Folder for Disk {
    type Error = Unreadable;

    fn list(&self, under: &str) -> Result<Vec<String>, Unreadable> {
        let mut paths = Vec::new();
        self.walk(under, &mut paths)?;
        paths.sort();
        Ok(paths)
    }

    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, Unreadable> {
        // Some paths are made of what files say.
        let inside = Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
        if inside { bytes(&self.root.join(path)) } else { Ok(None) }
    }
}

fn bytes(path: &Path) -> Result<Option<Vec<u8>>, Unreadable> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_file() => {}
        Ok(_) => return Err(unreadable(path, "it is no file")),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
        Err(error) => return Err(unreadable(path, error)),
    }
    let mut bytes = Vec::new();
    let file = fs::File::open(path).map_err(|error| unreadable(path, error))?;
    let read = file.take(LONGEST_FILE.saturating_add(1)).read_to_end(&mut bytes);
    let read = read.map_err(|error| unreadable(path, error))?;
    if u64::try_from(read).is_ok_and(|read| read <= LONGEST_FILE) {
        Ok(Some(bytes))
    } else {
        Err(unreadable(path, format!("it has more than {LONGEST_FILE} bytes")))
    }
}
