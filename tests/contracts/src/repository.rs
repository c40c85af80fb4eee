//! The files of this repository.

use std::fs;
use std::path::{Path, PathBuf};

/// The folder that holds them.
pub fn root() -> PathBuf {
    // This crate is tests/contracts.
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The text of a file, by its path from [`root`].
///
/// # Errors
/// If it can't be read.
pub fn text(path: &str) -> Result<String, String> {
    fs::read_to_string(root().join(path)).map_err(|error| format!("{path}: {error}"))
}

/// Every Rust file below a folder, by its path from [`root`] and with its text, in order.
///
/// # Errors
/// If one can't be read.
pub fn sources(folder: &str) -> Result<Vec<(String, String)>, String> {
    let mut found = Vec::new();
    let entries = fs::read_dir(root().join(folder)).map_err(|error| format!("{folder}: {error}"))?;
    for entry in entries {
        let entry = entry.map_err(|error| format!("{folder}: {error}"))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{folder}/{name}");
        if entry.path().is_dir() {
            if name != "target" && !name.starts_with('.') {
                found.extend(sources(&path)?);
            }
        } else if Path::new(&name).extension().is_some_and(|extension| extension == "rs") {
            let text = text(&path)?;
            found.push((path, text));
        }
    }
    found.sort();
    Ok(found)
}
