//! The folder that is verified, whatever it lies in.

use std::collections::BTreeMap;
use std::convert::Infallible;

/// Files by their paths, with `/` between parts and none before the first.
pub trait Folder {
    /// Why a file could not be read.
    type Error: std::error::Error;

    /// The paths of all files in the folder `under` (which ends with `/`, or is empty), at any depth, in order.
    ///
    /// # Errors
    /// If that could not be found out. No such folder has no files.
    fn list(&self, under: &str) -> Result<Vec<String>, Self::Error>;

    /// A file's bytes; `None`: there is none.
    ///
    /// # Errors
    /// If it is there and could not be read.
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, Self::Error>;
}

/// A folder in memory.
impl Folder for BTreeMap<String, Vec<u8>> {
    type Error = Infallible;

    fn list(&self, under: &str) -> Result<Vec<String>, Infallible> {
        Ok(self.keys().filter(|path| path.starts_with(under)).cloned().collect())
    }

    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, Infallible> {
        Ok(self.get(path).cloned())
    }
}
