//! A bundle's files as they are stored: together, compressed, so that a catalog of thousands of entitlements fits into
//! one item.

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use model::policy::Bundle;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::io::{Read as _, Write as _};

/// Longest bundle that is unpacked, in bytes: more than any that loads, and far less than a few compressed bytes could
/// be made to stand for.
const LONGEST_UNPACKED: u64 = 8 * 1024 * 1024;

#[derive(Serialize, Deserialize)]
struct Files<'a> {
    catalog: Cow<'a, str>,
    cedar: Cow<'a, str>,
    schema: Cow<'a, str>,
}

/// The files of `bundle`, compressed.
pub(super) fn pack(bundle: &Bundle) -> std::io::Result<Vec<u8>> {
    let files = Files {
        catalog: Cow::Borrowed(&bundle.catalog),
        cedar: Cow::Borrowed(&bundle.policies),
        schema: Cow::Borrowed(&bundle.schema),
    };
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(&serde_json::to_vec(&files)?)?;
    packed.finish()
}

/// The bundle whose files these are, or why there is none.
pub(super) fn unpack(packed: &[u8]) -> Result<Bundle, String> {
    let mut unpacked = Vec::new();
    let read = GzDecoder::new(packed).take(LONGEST_UNPACKED.saturating_add(1)).read_to_end(&mut unpacked);
    read.map_err(|error| format!("its files can't be unpacked: {error}"))?;
    if u64::try_from(unpacked.len()).is_ok_and(|length| length > LONGEST_UNPACKED) {
        return Err(format!("its files are longer than {LONGEST_UNPACKED} bytes"));
    }
    let files: Files<'_> =
        serde_json::from_slice(&unpacked).map_err(|error| format!("its files can't be read: {error}"))?;
    Ok(Bundle {
        catalog: files.catalog.into_owned(),
        policies: files.cedar.into_owned(),
        schema: files.schema.into_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::double::bundle;

    #[test]
    fn what_is_packed_is_unpacked() {
        let bundle = bundle();
        let packed = pack(&bundle).unwrap();
        assert_eq!(unpack(&packed), Ok(bundle));
        assert!(unpack(&packed[..packed.len() / 2]).unwrap_err().contains("unpacked"));
        assert!(unpack(b"catalog").is_err());
    }

    #[test]
    fn a_few_bytes_that_stand_for_many_are_refused() {
        let mut bomb = GzEncoder::new(Vec::new(), Compression::best());
        for _ in 0..9 {
            bomb.write_all(&vec![b' '; 1024 * 1024]).unwrap();
        }
        let bomb = bomb.finish().unwrap();
        assert!(bomb.len() < 16 * 1024);
        assert!(unpack(&bomb).unwrap_err().contains("longer than"));
    }
}
