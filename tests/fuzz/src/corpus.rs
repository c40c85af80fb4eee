//! The inputs in files: `corpus/<target>` is where fuzzing begins, `crashes/<target>` what broke something once, and
//! `words.dict` what inputs are made of, in libFuzzer's form.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The folder of this crate.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}

/// The files of a folder by their names, in order. No such folder has none.
///
/// # Errors
/// If one can't be read.
pub fn files(folder: &Path) -> io::Result<Vec<(String, Vec<u8>)>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            found.push((entry.file_name().to_string_lossy().into_owned(), fs::read(entry.path())?));
        }
    }
    found.sort();
    Ok(found)
}

/// The inputs of a target: its corpus, then what broke it once.
///
/// # Errors
/// If one can't be read.
pub fn inputs(target: &str) -> io::Result<Vec<(String, Vec<u8>)>> {
    let mut all = Vec::new();
    for kind in ["corpus", "crashes"] {
        let found = files(&root().join(kind).join(target))?;
        all.extend(found.into_iter().map(|(name, bytes)| (format!("{kind}/{target}/{name}"), bytes)));
    }
    Ok(all)
}

/// The words of `words.dict`.
///
/// # Errors
/// If it can't be read, or a line of it is not `"word"` with `\\`, `\"` and `\xAB` for bytes.
pub fn words() -> io::Result<Vec<Vec<u8>>> {
    let text = fs::read_to_string(root().join("words.dict"))?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| word(line).ok_or_else(|| io::Error::other(format!("not a word: {line}")))).collect()
}

fn word(line: &str) -> Option<Vec<u8>> {
    let mut bytes = line.strip_prefix('"')?.strip_suffix('"')?.bytes();
    let mut read = Vec::new();
    while let Some(byte) = bytes.next() {
        read.push(match byte {
            b'\\' => match bytes.next()? {
                b'x' => {
                    let digits = [bytes.next()?, bytes.next()?];
                    u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
                }
                other @ (b'\\' | b'"') => other,
                _ => return None,
            },
            other => other,
        });
    }
    Some(read)
}
