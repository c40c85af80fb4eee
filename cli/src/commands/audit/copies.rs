//! The folder that copies are put into.

use super::exported::failed;
use super::fetch::LONGEST;
use super::folder::Disk;
use crate::failure::{Exit, Failure};
use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

/// Most characters of a part of a path: what file systems take.
const LONGEST_PART: usize = 255;

/// A folder that copies are put into.
#[derive(Debug)]
pub(super) struct Copies {
    disk: Disk,
    fresh: bool,
}

impl Copies {
    /// The folder `root`; `fresh`: nothing counts as there already.
    pub(super) fn new(root: &Path, fresh: bool) -> Self {
        Self { disk: Disk::new(root), fresh }
    }

    /// Whether `path` is there already.
    pub(super) fn has(&self, path: &str) -> Result<bool, Failure> {
        self.place(path)?;
        Ok(!self.fresh && self.disk.file(path)?.is_some())
    }

    /// Writes `path`, all of it or nothing: whoever is stopped in the middle leaves no half of a file.
    pub(super) fn write(&self, path: &str, bytes: &[u8]) -> Result<(), Failure> {
        let place = self.place(path)?;
        let failed = |error| failed(&place, &error);
        // What is there of the way may be no link, as when it is read.
        self.disk.way(path)?;
        let folder = place.parent().unwrap_or_else(|| Path::new("."));
        fs::create_dir_all(folder).map_err(failed)?;
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
        file.write_all(bytes).map_err(failed)?;
        file.persist(&place).map_err(|error| failed(error.error))?;
        Ok(())
    }

    /// Takes out what is at `path`, if anything. Of a link, the link.
    pub(super) fn remove(&self, path: &str) -> Result<(), Failure> {
        let place = self.place(path)?;
        self.disk.way(path)?;
        match fs::remove_file(&place) {
            Err(error) if !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                Err(failed(&place, &error))
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// What is at `path`, if anything.
    pub(super) fn read(&self, path: &str) -> Result<Option<Vec<u8>>, Failure> {
        self.place(path)?;
        Ok(self.disk.bytes(path, u64::try_from(LONGEST).unwrap_or(u64::MAX))?)
    }

    /// The folder, to be read.
    pub(super) fn disk(&self) -> &Disk {
        &self.disk
    }

    /// Where `path` is. What others named goes nowhere else than below the folder.
    fn place(&self, path: &str) -> Result<PathBuf, Failure> {
        let fits = |part: &str| {
            let of_names = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
            !part.is_empty() && part.len() <= LONGEST_PART && !part.starts_with('.') && part.chars().all(of_names)
        };
        if path.split('/').all(fits) {
            return Ok(self.disk.join(path));
        }
        let sentence = format!("{path:?} is no name of a file here");
        Err(Failure::new(Exit::Failed, "unexpected_name", sentence))
    }
}

#[cfg(test)]
mod tests {
    use super::Copies;
    use std::fs;

    #[test]
    fn names_of_others_lead_nowhere_else() {
        let root = tempfile::tempdir().unwrap();
        let folder = Copies::new(root.path(), false);
        for path in ["../x", "/x", "a//b", "a/../../x", ".ssh/x", "a\\b", "a/b\n", "", "a/", "ä"] {
            assert!(folder.write(path, b"x").is_err(), "{path:?}");
        }
        folder.write("log/tile/entries/x001/234.p/8", b"x").unwrap();
        assert!(folder.has("log/tile/entries/x001/234.p/8").unwrap());
        assert!(!folder.has("log/tile/entries/x001/234").unwrap());
        assert_eq!(folder.read("log/checkpoint").unwrap(), None);
        assert!(folder.remove("../x").is_err());
        folder.remove("log/tile/entries/x001/234.p/8").unwrap();
        assert!(!folder.has("log/tile/entries/x001/234.p/8").unwrap());
        folder.remove("log/tile/entries/x001/234.p/8").unwrap();
    }

    #[test]
    fn links_lead_nowhere_else() {
        let (root, away) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::os::unix::fs::symlink(away.path(), root.path().join("log")).unwrap();
        let folder = Copies::new(root.path(), false);
        assert!(folder.write("log/checkpoint", b"x").is_err());
        fs::write(away.path().join("kept"), b"x").unwrap();
        assert!(folder.remove("log/kept").is_err() && away.path().join("kept").exists());
        fs::remove_file(away.path().join("kept")).unwrap();
        assert_eq!(fs::read_dir(away.path()).unwrap().count(), 0);
        fs::write(away.path().join("checkpoint"), b"x").unwrap();
        assert!(folder.read("log/checkpoint").is_err() && folder.has("log/checkpoint").is_err());
    }
}
