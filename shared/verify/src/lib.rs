//! The record, judged offline by somebody without access to AWS and without trust in whoever wrote it: from a folder of
//! files and the public keys of the log and its witnesses.
//!
//! It decides anew what was decided, from the leaves of the log alone, and shares no code with what wrote them: the form
//! of the record is read from `docs/record.md`. What it takes from `record` is canonical JSON, the tree's hashes and the
//! forms of C2SP; from `trail`, CloudTrail's digests.
//!
//! What this crate must never do: use the crate `model`, read a clock or files by itself, or trust a byte it reads.
//!
//! Start reading at [`verify`], then `judge`.

mod checkpoints;
mod cloudtrail;
mod codes;
mod entry;
mod finding;
mod folder;
mod judge;
mod keys;
mod log;
mod streams;
mod table;
mod time;
mod timing;

pub use cloudtrail::Rsa;
pub use codes::Code;
pub use finding::{At, Figures, Finding, MOST_FINDINGS, Outcome, Severity, Verdict};
pub use folder::Folder;

use checkpoints::Checkpoints;
use finding::Found;
use keys::Keys;
use log::Walk;
use record::tree::Hash;
use streams::Streams;
use table::{Ends, Table};
use timing::Timing;

/// Where the folder's own keys lie.
const KEYS: &str = "keys";

/// What the folder is judged with.
#[derive(Clone, Copy)]
pub struct Trusted<'a> {
    /// The keys of the log and its witnesses, as lines `log <vkey>` and `witness <vkey>`: from elsewhere than the folder.
    /// `None`: those in the folder are taken, which proves nothing about who wrote it.
    pub keys: Option<&'a str>,
    /// When the folder was fetched, in RFC 3339 with whole seconds and `Z`: by then the log must have said something just
    /// before. `None`: that is not asked.
    pub as_of: Option<&'a str>,
    /// Sizes and roots of the log that were seen elsewhere, such as in the auditors' channel: each is held against the
    /// entries as a saved checkpoint is.
    pub known: &'a [Known],
    /// How CloudTrail's signatures are checked.
    pub rsa: Rsa<'a>,
}

/// What the log said once of itself, to somebody who wrote it down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// How many entries it had.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
}

impl std::fmt::Debug for Trusted<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Trusted")
            .field("keys", &self.keys)
            .field("as_of", &self.as_of)
            .field("known", &self.known)
            .finish_non_exhaustive()
    }
}

/// Why there is no verdict.
#[derive(Debug, thiserror::Error)]
pub enum NoVerdict<E> {
    /// The folder could not be read.
    #[error(transparent)]
    Folder(#[from] E),
    /// No key of a log is known, neither pinned nor in the folder.
    #[error("no key of the log is known: pin it, as the line `log <key>`")]
    NoKey,
    /// The time of fetching is not one.
    #[error("the time of fetching is not one in RFC 3339 with whole seconds and `Z`")]
    NotATime,
}

/// Judges the whole of `folder`. Equal folders get equal verdicts.
///
/// # Errors
/// See [`NoVerdict`].
pub fn verify<F: Folder>(folder: &F, trusted: &Trusted<'_>) -> Result<Verdict, NoVerdict<F::Error>> {
    let mut found = Found::default();
    let as_of = trusted.as_of.map(|as_of| time::seconds(as_of).ok_or(NoVerdict::NotATime)).transpose()?;
    let keys = keys(folder, trusted.keys, &mut found)?;
    found.figures.origin = keys.origin.clone().ok_or(NoVerdict::NoKey)?;
    let checkpoints = Checkpoints::read(folder, &keys, trusted.known, &mut found)?;
    let mut table = Table::read(folder, &mut found)?;
    let (mut streams, mut timing) = (Streams::default(), Timing::new(&checkpoints, keys.witnessed));
    let walk = Walk {
        folder,
        checkpoints: &checkpoints,
        table: &mut table,
        streams: &mut streams,
        timing: &mut timing,
        found: &mut found,
    };
    walk.go()?;
    checkpoints.signed_in_time(&streams.system.key_changes, &mut found);
    timing.finish(as_of, &mut found);
    let newest = timing.newest.unwrap_or(0);
    streams.finish(newest, &mut found);
    table.finish(folder, &streams, Ends { logged: newest, fetched: as_of }, &mut found)?;
    cloudtrail::judge(folder, &streams.requests, trusted.rsa, &mut found)?;
    Ok(found.verdict())
}

/// The keys that count: those that are pinned, else the folder's own.
fn keys<F: Folder>(folder: &F, pinned: Option<&str>, found: &mut Found) -> Result<Keys, F::Error> {
    let own = folder.read(KEYS)?.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let own = own.map(|text| Keys::read(&text, KEYS, found));
    let keys = match (pinned, own) {
        (Some(pinned), own) => {
            let pinned = Keys::read(pinned, "the pinned keys", found);
            if own.is_some_and(|own| !own.same(&pinned)) {
                found.add(Code::KeysDiffer, At::path(KEYS), "The folder names other keys than those that are pinned.");
            }
            pinned
        }
        (None, own) => {
            found.add(Code::KeysNotPinned, At::path(KEYS), "The log is held against keys that came with it.");
            own.unwrap_or_default()
        }
    };
    if !keys.witnessed {
        found.add(
            Code::NoWitness,
            At::path(KEYS),
            "No witness is known: nobody but the log vouches for order and time.",
        );
    }
    Ok(keys)
}
