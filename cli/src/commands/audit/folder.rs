//! A folder on this machine that others filled: no link in it is followed, nothing but a file is opened, and no more is
//! read of one than it may have.

use crate::failure::{Exit, Failure};
use std::fs::{self, File, FileType};
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

impl From<Unreadable> for Failure {
    fn from(error: Unreadable) -> Self {
        Self::new(Exit::Failed, "no_file", error.to_string())
    }
}

fn unreadable(path: &Path, why: impl std::fmt::Display) -> Unreadable {
    Unreadable { path: path.to_owned(), why: why.to_string() }
}

fn too_long(path: &Path, longest: u64) -> Unreadable {
    unreadable(path, format!("it has more than {longest} bytes"))
}

/// What lies at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Folder,
    /// A link, a pipe, a device.
    Other,
}

impl Kind {
    fn of(kind: FileType) -> Self {
        match (kind.is_file(), kind.is_dir()) {
            (true, _) => Self::File,
            (_, true) => Self::Folder,
            (false, false) => Self::Other,
        }
    }

    /// What lies at `path` itself; `None`: nothing does.
    fn at(path: &Path) -> Result<Option<Self>, Unreadable> {
        match fs::symlink_metadata(path) {
            Ok(metadata) => Ok(Some(Self::of(metadata.file_type()))),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
            Err(error) => Err(unreadable(path, error)),
        }
    }
}

/// The folder.
#[derive(Debug, Clone)]
pub(crate) struct Disk {
    root: PathBuf,
}

impl Disk {
    /// The folder at `root`, which may be a link: who calls named it.
    ///
    /// # Errors
    /// It is none.
    pub(crate) fn open(root: &Path) -> Result<Self, Unreadable> {
        if root.is_dir() { Ok(Self::new(root)) } else { Err(unreadable(root, "it is no folder")) }
    }

    /// The same; if it is not there yet, nothing is in it.
    pub(super) fn new(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// Where `path` would be in it, whatever is there.
    pub(super) fn join(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    /// Where `path` is, if there is a way to it. Some paths are made of what files say: none leads elsewhere.
    ///
    /// # Errors
    /// A link is on the way, or it can't be told.
    pub(super) fn way(&self, path: &str) -> Result<Option<PathBuf>, Unreadable> {
        let mut place = self.root.clone();
        let mut parts = Path::new(path).components().peekable();
        while let Some(part) = parts.next() {
            let Component::Normal(part) = part else { return Ok(None) };
            place.push(part);
            if parts.peek().is_none() {
                break;
            }
            match Kind::at(&place)? {
                Some(Kind::Folder) => {}
                Some(Kind::File) | None => return Ok(None),
                Some(Kind::Other) => return Err(unreadable(&place, "it is neither a file nor a folder")),
            }
        }
        Ok(Some(place))
    }

    /// What lies in the folder `under`, by name, in order; nothing, if there is no such folder.
    ///
    /// # Errors
    /// It is no folder, or can't be read; a name is no text.
    pub(super) fn names(&self, under: &str) -> Result<Vec<(String, Kind)>, Unreadable> {
        let Some(folder) = self.way(under)? else { return Ok(Vec::new()) };
        match if under.is_empty() { Some(Kind::Folder) } else { Kind::at(&folder)? } {
            Some(Kind::Folder) => {}
            Some(Kind::File | Kind::Other) => return Err(unreadable(&folder, "it is no folder")),
            None => return Ok(Vec::new()),
        }
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(unreadable(&folder, error)),
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|error| unreadable(&folder, error))?;
            let kind = entry.file_type().map_err(|error| unreadable(&entry.path(), error))?;
            let name = entry.file_name().into_string();
            let name = name.map_err(|_| unreadable(&entry.path(), "its name is no text"))?;
            names.push((name, Kind::of(kind)));
        }
        names.sort_by(|one, other| one.0.cmp(&other.0));
        Ok(names)
    }

    /// The file at `path`, opened; `None`: there is none.
    ///
    /// # Errors
    /// It is something else than a file, or can't be opened.
    pub(super) fn file(&self, path: &str) -> Result<Option<File>, Unreadable> {
        let Some(place) = self.way(path)? else { return Ok(None) };
        match Kind::at(&place)? {
            Some(Kind::File) => File::open(&place).map(Some).map_err(|error| unreadable(&place, error)),
            Some(Kind::Folder | Kind::Other) => Err(unreadable(&place, "it is no file")),
            None => Ok(None),
        }
    }

    /// Where the file at `path` is, for a program that opens it by itself; `None`: there is none.
    ///
    /// # Errors
    /// As of [`Self::file`], or it has more than `longest` bytes.
    pub(super) fn checked(&self, path: &str, longest: u64) -> Result<Option<PathBuf>, Unreadable> {
        let Some(file) = self.file(path)? else { return Ok(None) };
        let place = self.join(path);
        let length = file.metadata().map_err(|error| unreadable(&place, error))?.len();
        if length <= longest { Ok(Some(place)) } else { Err(too_long(&place, longest)) }
    }

    /// The bytes of the file at `path`, at most `longest`; `None`: there is none.
    ///
    /// # Errors
    /// As of [`Self::file`], or it is longer.
    pub(super) fn bytes(&self, path: &str, longest: u64) -> Result<Option<Vec<u8>>, Unreadable> {
        let Some(file) = self.file(path)? else { return Ok(None) };
        let mut bytes = Vec::new();
        let read = file.take(longest.saturating_add(1)).read_to_end(&mut bytes);
        let read = read.map_err(|error| unreadable(&self.join(path), error))?;
        if u64::try_from(read).is_ok_and(|read| read <= longest) {
            Ok(Some(bytes))
        } else {
            Err(too_long(&self.join(path), longest))
        }
    }

    /// The bytes of a file that has to be there.
    ///
    /// # Errors
    /// As of [`Self::bytes`], or there is none.
    pub(super) fn given(&self, path: &str, longest: u64) -> Result<Vec<u8>, Unreadable> {
        self.bytes(path, longest)?.ok_or_else(|| unreadable(&self.join(path), "there is no such file"))
    }

    fn walk(&self, under: &str, paths: &mut Vec<String>) -> Result<(), Unreadable> {
        for (name, kind) in self.names(under)? {
            let path = format!("{under}{name}");
            match kind {
                Kind::File => paths.push(path),
                Kind::Folder => self.walk(&format!("{path}/"), paths)?,
                Kind::Other => return Err(unreadable(&self.join(&path), "it is neither a file nor a folder")),
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
        self.bytes(path, LONGEST_FILE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::verify::Folder as _;
    use std::os::unix::fs::symlink;

    #[test]
    fn what_leads_elsewhere_or_has_no_end_is_not_read() {
        let (inside, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (root, away) = (inside.path(), outside.path());
        fs::create_dir_all(root.join("a/b")).unwrap();
        fs::write(root.join("a/b/own"), b"own").unwrap();
        fs::write(away.join("secret"), b"secret").unwrap();
        let disk = Disk::new(root);
        assert_eq!(disk.read("a/b/own").unwrap().as_deref(), Some(&b"own"[..]));
        assert_eq!(disk.list("a/").unwrap(), ["a/b/own"]);
        for none in ["a/x", "a/b/own/x", "x/y", "../x", "/etc/hostname", "a/../../x"] {
            assert_eq!(disk.read(none).unwrap(), None, "{none}");
        }
        assert_eq!(disk.list("x/").unwrap(), [""; 0]);
        assert!(disk.bytes("a/b/own", 2).is_err());
        assert!(disk.read("a/b").is_err(), "a folder");
        assert!(disk.list("a/b/own/").is_err(), "a file");

        // A link as the file, as the folder that it lies in, and as one before that.
        symlink(away.join("secret"), root.join("a/link")).unwrap();
        symlink(away, root.join("beside")).unwrap();
        assert!(disk.read("a/link").is_err());
        assert!(disk.read("beside/secret").is_err());
        assert!(disk.list("beside/").is_err() && disk.list("a/").is_err() && disk.names("beside").is_err());
        fs::create_dir(away.join("deep")).unwrap();
        fs::write(away.join("deep/secret"), b"secret").unwrap();
        assert!(disk.read("beside/deep/secret").is_err());
        assert!(disk.list("beside/deep/").is_err());
        // Who calls may name a link.
        let named = Disk::open(&root.join("beside")).unwrap();
        assert_eq!(named.list("").unwrap(), ["deep/secret", "secret"]);
    }

    #[test]
    fn a_pipe_is_not_waited_for() {
        let root = tempfile::tempdir().unwrap();
        let made = std::process::Command::new("mkfifo").arg(root.path().join("pipe")).status().unwrap();
        assert!(made.success());
        assert!(Disk::new(root.path()).read("pipe").is_err());
    }
}
