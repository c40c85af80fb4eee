//! What the table's readers make of items that are damaged where they lie, or on their way: for a simulation, whose store
//! holds no items.

use super::items::{self, Item};
use super::{ENTRIES, keys, log, sound, sweeps};
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use model::names::SweepId;
use model::stream::{Place, Stream};
use record::chain::Link;
use record::words::Beside;
use workflow::ports::{Anchor, Fault, LogHead, Stored, StoredEntry, StoredSweep, Unlogged};

/// How an item is damaged.
#[derive(Debug, Clone, Copy)]
pub struct Damage {
    /// Which of its attributes, those aside that it is found by, in the order of their names and then over again.
    pub attribute: usize,
    /// After how many bytes or digits it is cut, of those that it has and then over again; `None`: it is not there.
    pub cut: Option<usize>,
}

impl Damage {
    pub(crate) fn of(self, mut item: Item) -> Item {
        let mut names: Vec<String> =
            item.keys().filter(|name| !["pk", "sk"].contains(&name.as_str())).cloned().collect();
        names.sort();
        let Some(name) = self.attribute.checked_rem(names.len()).and_then(|nth| names.get(nth)) else { return item };
        if let Some(value) = item.remove(name)
            && let Some(left) = self.cut.and_then(|cut| shorter(&value, cut))
        {
            item.insert(name.clone(), left);
        }
        item
    }
}

/// `None`: what can't be shorter is not there.
fn shorter(value: &AttributeValue, cut: usize) -> Option<AttributeValue> {
    let text = |text: &str| {
        let at = cut.checked_rem(text.len())?;
        Some(text.chars().take(at).collect::<String>())
    };
    if let Ok(value) = value.as_s() {
        return text(value).map(AttributeValue::S);
    }
    if let Ok(value) = value.as_n() {
        // There is no number without digits.
        return text(value).filter(|left| !left.is_empty()).map(AttributeValue::N);
    }
    let bytes = value.as_b().ok()?.as_ref();
    let at = cut.checked_rem(bytes.len())?;
    Some(AttributeValue::B(Blob::new(bytes.get(..at)?)))
}

/// A request's state.
///
/// # Errors
/// As [`workflow::ports::LoadRequest::load`].
pub fn request(damage: Damage, stored: &Stored) -> Result<Stored, Fault> {
    let id = &stored.state.request.id;
    let item = items::snapshot(super::LOAD, keys::state(id), &stored.state, stored.head, stored.at)?;
    sound(id, &damage.of(item))
}

/// A sweep's state.
///
/// # Errors
/// As [`workflow::ports::LoadSweep::load_sweep`].
pub fn sweep(damage: Damage, id: &SweepId, stored: &StoredSweep) -> Result<StoredSweep, Fault> {
    let item = items::snapshot(super::LOAD, keys::sweep_state(id), &stored.sweep, stored.head, stored.at)?;
    sweeps::sound(id, &damage.of(item))
}

/// One entry of a chain.
///
/// # Errors
/// As [`workflow::ports::LoadEntries::entries`].
pub fn entry(damage: Damage, stream: &Stream, link: &Link) -> Result<StoredEntry, Fault> {
    let place = Place { stream: stream.clone(), seq: link.seq };
    let item = items::link(keys::event(&place), link);
    items::entry(&damage.of(item)).ok_or_else(|| Fault::new(ENTRIES, "unreadable_entry"))
}

/// What the outbox says of an entry.
pub fn unlogged(damage: Damage, stream: &Stream, out: &Unlogged) -> Unlogged {
    let (bytes, name, words) = (Vec::new(), String::new(), Beside::new());
    let link = Link { seq: out.seq, hash: out.hash, bytes, name, words };
    log::outbox::unlogged(&damage.of(log::out(stream, &link, out.at)), out.seq)
}

/// Where the log is.
///
/// # Errors
/// As [`workflow::ports::ReadLog::log_head`].
pub fn log_head(damage: Damage, head: &LogHead) -> Result<LogHead, Fault> {
    log::sound_head(&damage.of(log::head(head)))
}

/// What of the log is anchored.
///
/// # Errors
/// As [`workflow::ports::ReadLog::anchor`].
pub fn anchor(damage: Damage, anchor: &Anchor) -> Result<Anchor, Fault> {
    log::sound_anchor(&damage.of(log::anchor(anchor)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::double::commit;

    fn ways() -> impl Iterator<Item = Damage> {
        let cuts = std::iter::once(None).chain([0, 1, 2, 3, 7, 20, 63, 64, 100, 333, 1_001].map(Some));
        cuts.flat_map(|cut| (0..9).map(move |attribute| Damage { attribute, cut }))
    }

    #[test]
    fn a_damaged_state_is_never_another() {
        let stored = commit(Vec::new()).next;
        let mut refused = 0;
        for damage in ways() {
            match request(damage, &stored) {
                Ok(read) => assert_eq!(read.state, stored.state, "{damage:?}"),
                Err(fault) => {
                    assert!(
                        ["unreadable_state", "unsound_state"].contains(&fault.code.as_str()),
                        "{damage:?}: {fault}"
                    );
                    refused += 1;
                }
            }
        }
        assert!(refused > 80, "{refused}");
    }

    #[test]
    fn a_damaged_entry_is_refused_or_hashes_otherwise() {
        let commit = commit(Vec::new());
        let (stream, link) = (Stream::Request(commit.id.clone()), &commit.links[0]);
        for damage in ways() {
            match entry(damage, &stream, link) {
                Ok(read) => assert!(read.bytes == link.bytes || link.bytes.starts_with(&read.bytes), "{damage:?}"),
                Err(fault) => assert_eq!(fault.code, "unreadable_entry", "{damage:?}"),
            }
            let out = Unlogged { seq: link.seq, at: commit.next.at, hash: link.hash };
            let read = unlogged(damage, &stream, &out);
            assert!(read == out || read.hash == record::entry::EntryHash::NONE, "{damage:?}: {read:?}");
        }
    }
}
