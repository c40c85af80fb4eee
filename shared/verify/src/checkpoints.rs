//! Every checkpoint there is: the log's own, those that were anchored, cosigned, and saved by whoever audits.

use crate::codes::Code;
use crate::finding::{At, Found, shown};
use crate::folder::Folder;
use crate::keys::Keys;
use record::checkpoint::{OpenError, SignedCheckpoint, open};
use record::note::NoteError;
use record::tree::Hash;
use std::collections::BTreeMap;

/// Where the log's own lies.
pub(crate) const OWN: &str = "log/checkpoint";

/// One that the log signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) path: String,
    pub(crate) size: u64,
    pub(crate) root: Hash,
    /// When a pinned witness cosigned it, by its clock; the first, if several did.
    pub(crate) cosigned_at: Option<i64>,
}

/// All of them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Checkpoints {
    /// The log's own.
    pub(crate) own: Option<Seen>,
    /// All others, by size.
    pub(crate) others: Vec<Seen>,
    /// The newest that was anchored.
    pub(crate) anchored: Option<u64>,
}

impl Checkpoints {
    /// Reads all of `folder`.
    pub(crate) fn read<F: Folder>(folder: &F, keys: &Keys, found: &mut Found) -> Result<Self, F::Error> {
        let mut all = Self::default();
        match folder.read(OWN)? {
            Some(bytes) => all.own = seen(OWN, &bytes, keys, found),
            None => found.add(Code::CheckpointMissing, At::path(OWN), "The log has no checkpoint."),
        }
        for under in ["anchors/", "cosigned/", "saved/"] {
            for path in folder.list(under)? {
                let Some(bytes) = folder.read(&path)? else { continue };
                let Some(one) = seen(&path, &bytes, keys, found) else { continue };
                if under != "saved/" && path.strip_prefix(under).and_then(|name| name.parse().ok()) != Some(one.size) {
                    found.add(Code::Misnamed, At::path(&path), format!("It is a checkpoint of {} entries.", one.size));
                }
                if under == "anchors/" {
                    all.anchored = all.anchored.max(Some(one.size));
                }
                if under == "cosigned/" && keys.witnessed && one.cosigned_at.is_none() {
                    let sentence = "It bears no valid cosignature of a pinned witness.";
                    found.add(Code::CosignatureMissing, At::path(&path), sentence);
                }
                all.others.push(one);
            }
        }
        all.others.sort_by(|one, other| (one.size, &one.path).cmp(&(other.size, &other.path)));
        refused(folder, found)?;
        if all.anchored.is_none() {
            found.add(Code::NoAnchors, At::path("anchors/"), "No anchored checkpoint is in the folder.");
        }
        all.two_roots(found);
        let count = |of: usize| u64::try_from(of).unwrap_or(u64::MAX);
        found.figures.checkpoints = count(all.others.len());
        found.figures.cosigned = count(all.others.iter().filter(|one| one.cosigned_at.is_some()).count());
        Ok(all)
    }

    /// No two roots of one size, and the log's own not of fewer entries than any other.
    fn two_roots(&self, found: &mut Found) {
        let mut roots: BTreeMap<u64, &Seen> = BTreeMap::new();
        for one in self.own.iter().chain(&self.others) {
            match roots.get(&one.size) {
                None => drop(roots.insert(one.size, one)),
                Some(other) if other.root == one.root => {}
                Some(other) => {
                    let (size, before) = (one.size, shown(&other.path));
                    let sentence = format!("Its root for {size} entries is not that of {before}; the log signed both.");
                    found.add(Code::TwoRoots, At::path(&one.path), sentence);
                }
            }
        }
        let (Some(own), Some(largest)) = (&self.own, self.others.last()) else { return };
        if largest.size > own.size {
            let sentence =
                format!("The log ends at {}; {} is of {} entries.", own.size, shown(&largest.path), largest.size);
            found.add(Code::CheckpointBehind, At { index: Some(own.size), ..At::path(OWN) }, sentence);
        }
    }
}

/// Reads one; `None`: the log did not sign it, which is found.
fn seen(path: &str, bytes: &[u8], keys: &Keys, found: &mut Found) -> Option<Seen> {
    let signed = match open(bytes, &keys.all) {
        Ok(signed) => signed,
        Err(error) => {
            let code = match &error {
                OpenError::Note(NoteError::Malformed | NoteError::TooLong) | OpenError::Text(_) => {
                    Code::CheckpointMalformed
                }
                OpenError::Note(NoteError::Forged { .. } | NoteError::NoneKnown) | OpenError::NotByItsLog { .. } => {
                    Code::CheckpointUnsigned
                }
            };
            found.add(code, At::path(path), format!("It is not to be believed: {}.", shown(&error.to_string())));
            return None;
        }
    };
    let SignedCheckpoint { checkpoint, cosigned, .. } = signed;
    if keys.origin.as_deref() != Some(checkpoint.origin()) {
        let sentence = format!("It is of another log: {}.", shown(checkpoint.origin()));
        found.add(Code::CheckpointUnsigned, At::path(path), sentence);
        return None;
    }
    let cosigned_at = cosigned.iter().filter_map(|by| i64::try_from(by.time).ok()).min();
    Some(Seen { path: path.to_owned(), size: checkpoint.size(), root: *checkpoint.root(), cosigned_at })
}

/// What the witness did not vouch for.
fn refused<F: Folder>(folder: &F, found: &mut Found) -> Result<(), F::Error> {
    for path in folder.list("refused/")? {
        let text = folder.read(&path)?.unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let answer = shown(text.trim());
        let code = match answer.split(' ').next() {
            Some("422") => Code::WitnessRefused,
            Some("409") => Code::WitnessAskedAgain,
            _ => Code::WitnessCouldNotJudge,
        };
        found.add(code, At::path(&path), format!("The witness answered: {answer}"));
    }
    Ok(())
}
