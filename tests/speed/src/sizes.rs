//! How large what is deployed is: each program alone in an archive, as the file `bootstrap`.

use flate2::Compression;
use flate2::write::DeflateEncoder;
use std::fs;
use std::io::Write as _;
use std::path::Path;

/// What an archive has besides: a local header, an entry of the directory and its end, with the name twice. Source: ZIP
/// file format specification (APPNOTE), 4.3.
const AROUND: u64 = 30 + 46 + 22 + 2 * 9;

/// Bytes of the program, and of the archive.
///
/// # Errors
/// It can't be read.
pub(crate) fn zipped(program: &Path) -> Result<(u64, u64), String> {
    let bytes = fs::read(program).map_err(|error| format!("{}: {error}", program.display()))?;
    let mut packed = DeflateEncoder::new(Vec::new(), Compression::best());
    let packed = packed.write_all(&bytes).and_then(|()| packed.finish()).map_err(|error| error.to_string())?;
    Ok((bytes.len() as u64, packed.len() as u64 + AROUND))
}
