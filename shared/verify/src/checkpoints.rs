//! Every checkpoint there is: the log's own, those that were anchored, cosigned, and saved by whoever audits.

use crate::Known;
use crate::codes::Code;
use crate::finding::{At, Found, shown};
use crate::folder::Folder;
use crate::judge::system::KeyChange;
use crate::keys::Keys;
use record::checkpoint::{OpenError, SignedCheckpoint, open};
use record::note::{Note, NoteError, VerifierKey};
use record::tree::Hash;
use std::collections::BTreeMap;

/// Where the log's own lies.
pub(crate) const OWN: &str = "log/checkpoint";

/// One that the log signed, or that somebody wrote down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) path: String,
    pub(crate) size: u64,
    pub(crate) root: Hash,
    /// When a pinned witness cosigned it, by its clock; the first, if several did.
    pub(crate) cosigned_at: Option<i64>,
    /// The pinned keys of the log that signed it.
    pub(crate) by: Vec<VerifierKey>,
    /// All of it, with signatures of keys that are not pinned; `None`: somebody wrote down size and root alone.
    pub(crate) note: Option<Note>,
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
    pub(crate) fn read<F: Folder>(
        folder: &F,
        keys: &Keys,
        known: &[Known],
        found: &mut Found,
    ) -> Result<Self, F::Error> {
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
        all.others.extend(known.iter().map(|known| Seen {
            path: format!("what was known of {} entries", known.size),
            size: known.size,
            root: known.root,
            cosigned_at: None,
            by: Vec::new(),
            note: None,
        }));
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

    /// Whoever changed the log's key said so in the log. From there on what is signed by a former key alone is not the
    /// log's: the key may be in other hands by now.
    pub(crate) fn signed_in_time(&self, changes: &[KeyChange], found: &mut Found) {
        for seen in self.own.iter().chain(&self.others) {
            let before = changes.iter().filter(|change| change.index < seen.size);
            let Some(newest) = before.clone().next_back() else { continue };
            let retired = |key: &VerifierKey| {
                !newest.to.is(key) && before.clone().any(|change| change.from.is(key) || change.to.is(key))
            };
            let Some(note) = seen.note.as_ref().filter(|_| seen.by.iter().all(retired)) else { continue };
            // The key that the log names need not be pinned yet.
            if note.verify(std::slice::from_ref(&newest.to)).is_err() {
                let (was, size) = (newest.index, seen.size);
                let sentence =
                    format!("It is of {size} entries and signed by a key alone that was retired at leaf {was}.");
                found.add(Code::RetiredKey, At { index: Some(was), ..At::path(&seen.path) }, sentence);
            }
        }
        let own = self.own.iter().flat_map(|own| &own.by).map(key_shown);
        found.figures.signed_by = own.collect();
    }

    /// No two roots of one size, and the log's own not of fewer entries than any other.
    fn two_roots(&self, found: &mut Found) {
        let mut roots: BTreeMap<u64, &Seen> = BTreeMap::new();
        for one in self.own.iter().chain(&self.others) {
            match roots.get(&one.size) {
                None => drop(roots.insert(one.size, one)),
                Some(other) if other.root == one.root => {}
                Some(other) => {
                    let whose = match (&one.note, &other.note) {
                        (Some(_), Some(_)) => "the log signed both",
                        (Some(_), None) | (None, Some(_)) => "the log signed one, and somebody wrote the other down",
                        (None, None) => "somebody wrote both down",
                    };
                    let (size, before) = (one.size, shown(&other.path));
                    let sentence = format!("Its root for {size} entries is not that of {before}; {whose}.");
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

/// A key, as people tell keys apart.
fn key_shown(key: &VerifierKey) -> String {
    format!("{} ({})", shown(key.name()), hex::encode(key.id()))
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
                OpenError::Retired { .. } => Code::RetiredKey,
            };
            found.add(code, At::path(path), format!("It is not to be believed: {}.", shown(&error.to_string())));
            return None;
        }
    };
    let SignedCheckpoint { checkpoint, cosigned, by, note } = signed;
    if keys.origin.as_deref() != Some(checkpoint.origin()) {
        let sentence = format!("It is of another log: {}.", shown(checkpoint.origin()));
        found.add(Code::CheckpointUnsigned, At::path(path), sentence);
        return None;
    }
    let cosigned_at = cosigned.iter().filter_map(|by| i64::try_from(by.time).ok()).min();
    Some(Seen {
        path: path.to_owned(),
        size: checkpoint.size(),
        root: *checkpoint.root(),
        cosigned_at,
        by,
        note: Some(note),
    })
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
