//! A log in a folder, as `audit fetch` and `audit export` write it.

use super::folder::Disk;
use crate::failure::{Exit, Failure};
use ::verify::Folder as _;
use record::checkpoint::{self, SignedCheckpoint};
use record::note::{LONGEST_NOTE, VerifierKey};
use record::proof::Inclusion;
use record::tile::{self, Holds, LONGEST_ENTRY, ReadError, Tile, TileReader, WIDTH};
use serde::Deserialize;
use std::path::Path;

/// Longest file of a log, in bytes: a bundle of the longest entries, each with its length before it.
const LONGEST_FILE: usize = LONGEST_ENTRY.saturating_add(2).saturating_mul(WIDTH as usize);

/// Where checkpoints lie that a witness vouches for.
const COSIGNED: &str = "cosigned/";

/// The folder.
#[derive(Debug)]
pub(super) struct Log {
    disk: Disk,
}

impl TileReader for Log {
    type Error = Failure;
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, Failure> {
        Ok(self.disk.bytes(&format!("log/{path}"), bounded(LONGEST_FILE))?)
    }
}

/// Where an entry says it stands.
#[derive(Debug, Deserialize)]
struct Stands {
    request: String,
    seq: u64,
}

fn bounded(longest: usize) -> u64 {
    u64::try_from(longest).unwrap_or(u64::MAX)
}

/// What is told of a log that is not whole.
pub(super) fn unreadable(error: ReadError<Failure>) -> Failure {
    match error {
        ReadError::Reader { source, .. } => source,
        ReadError::Missing { .. } | ReadError::Malformed { .. } | ReadError::NoSuchPlace { .. } => {
            Failure::new(Exit::Failed, "damaged_log", format!("the log is not whole: {error}"))
                .advise("`countersign audit verify` finds everything that is wrong with it.")
        }
    }
}

impl Log {
    pub(super) fn new(folder: &Path) -> Self {
        Self { disk: Disk::new(folder) }
    }

    /// The log's own checkpoint, signed by one of `keys`.
    pub(super) fn checkpoint(&self, keys: &[VerifierKey]) -> Result<SignedCheckpoint, Failure> {
        let path = "log/checkpoint";
        let bytes = self.disk.given(path, bounded(LONGEST_NOTE))?;
        checkpoint::open(&bytes, keys).map_err(|error| {
            Failure::new(Exit::Failed, error.code(), format!("{}: {error}", self.disk.join(path).display()))
        })
    }

    /// The newest checkpoint of the same log that a witness of `keys` vouches for, if there is one.
    pub(super) fn cosigned(&self, origin: &str, keys: &[VerifierKey]) -> Result<Option<SignedCheckpoint>, Failure> {
        let is_size = |path: &&String| {
            path.strip_prefix(COSIGNED).is_some_and(|name| name.bytes().all(|byte| byte.is_ascii_digit()))
        };
        // Of one length, so their order is that of the sizes.
        for path in self.disk.list(COSIGNED)?.iter().rev().filter(is_size) {
            let bytes = self.disk.given(path, bounded(LONGEST_NOTE))?;
            // What does not open proves nothing: an older one may.
            if let Ok(signed) = checkpoint::open(&bytes, keys)
                && signed.checkpoint.origin() == origin
                && !signed.cosigned.is_empty()
            {
                return Ok(Some(signed));
            }
        }
        Ok(None)
    }

    /// The bytes of the entry at `index` of a log of `size`.
    pub(super) fn entry(&self, index: u64, size: u64) -> Result<Vec<u8>, Failure> {
        tile::entry(self, index, size).map_err(unreadable)
    }

    /// Where in a log of `size` the stream's entry of this number is, if it is.
    pub(super) fn find(&self, stream: &str, seq: u64, size: u64) -> Result<Option<u64>, Failure> {
        for bundle in 0..size.div_ceil(u64::from(WIDTH)) {
            let Some(tile) = Tile::at(Holds::Entries, bundle, size) else { break };
            let first = bundle.saturating_mul(u64::from(WIDTH));
            for (index, entry) in (first..).zip(tile::bundle(self, tile).map_err(unreadable)?) {
                let stands = serde_json::from_slice::<Stands>(&entry);
                if stands.is_ok_and(|stands| stands.request == stream && stands.seq == seq) {
                    return Ok(Some(index));
                }
            }
        }
        Ok(None)
    }

    /// The way from the entry at `index` up to the root that the log had at `size`, now that it has `there` entries.
    pub(super) fn inclusion(&self, index: u64, size: u64, there: u64) -> Result<Inclusion, Failure> {
        Inclusion::read_within(self, index, size, there).map_err(unreadable)
    }
}
