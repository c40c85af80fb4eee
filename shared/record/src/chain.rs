//! The chain of one request: each entry names the hash of the one before it.

use crate::canonical;
use crate::entry::{Entry, EntryError, EntryHash};
use crate::words::{self, Beside};
use serde_json::Value;

/// The end of a chain: what the next entry goes on from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// How many entries there are.
    pub seq: u64,
    /// The hash of the last one.
    pub hash: EntryHash,
}

impl Head {
    /// Before the first entry.
    pub const START: Self = Self { seq: 0, hash: EntryHash::NONE };
}

/// An entry with its bytes and hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Its place.
    pub seq: u64,
    /// Its event's name.
    pub name: String,
    /// The bytes kept for ever.
    pub bytes: Vec<u8>,
    /// Their hash.
    pub hash: EntryHash,
    /// What persons said in it, whose hashes alone the bytes hold.
    pub words: Beside,
}

/// Appends one event to the chain that ends at `head`. The words in it go beside its bytes.
///
/// # Errors
/// If the entry can't be written; see [`EntryError`].
pub fn append(head: Head, request: &str, at: &str, cause: Value, event: Value) -> Result<(Link, Head), EntryError> {
    let (event, words) = words::split(event);
    let entry = Entry {
        v: 1,
        request: request.to_owned(),
        seq: head.seq.saturating_add(1),
        prev: head.hash,
        at: at.to_owned(),
        cause,
        event,
    };
    let bytes = entry.to_bytes()?;
    let hash = EntryHash::of(&bytes);
    let link = Link { seq: entry.seq, name: entry.event_name().to_owned(), bytes, hash, words };
    Ok((link, Head { seq: entry.seq, hash }))
}

/// What is wrong with a chain, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("entry {seq}: {fault}")]
pub struct Broken {
    /// The place, from 1, of the first entry that does not fit.
    pub seq: u64,
    /// What does not fit.
    pub fault: Fault,
}

/// How a chain can be broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Not an entry, or not in canonical form: edited.
    #[error("its bytes are not those of an entry in canonical form")]
    NotAnEntry,
    /// Another place than its own: one is missing, doubled or moved.
    #[error("it says another place in the chain")]
    OutOfPlace,
    /// It belongs to another request.
    #[error("it belongs to another request")]
    Foreign,
    /// It does not name the hash of the entry before it: that one, or this one, was edited.
    #[error("it does not name the hash of the entry before it")]
    Unlinked,
    /// It is older than the one before it.
    #[error("it is older than the entry before it")]
    Backwards,
    /// The chain ends elsewhere than its head says: its tail was cut.
    #[error("the chain ends elsewhere than its head says")]
    WrongEnd,
}

/// Checks the chain of `request`, given all its entries' bytes in order, and, if known, where it
/// has to end. Gives back the entries.
///
/// # Errors
/// The first entry that does not fit.
pub fn verify(request: &str, entries: &[Vec<u8>], end: Option<Head>) -> Result<Vec<Entry>, Broken> {
    let mut head = Head::START;
    let mut last = String::new();
    let mut read = Vec::with_capacity(entries.len());
    for bytes in entries {
        let seq = head.seq.saturating_add(1);
        let broken = |fault| Broken { seq, fault };
        let value: Value = serde_json::from_slice(bytes).map_err(|_| broken(Fault::NotAnEntry))?;
        if canonical::to_bytes(&value).as_ref() != Ok(bytes) {
            return Err(broken(Fault::NotAnEntry));
        }
        let entry: Entry = serde_json::from_value(value).map_err(|_| broken(Fault::NotAnEntry))?;
        if entry.v != 1 {
            return Err(broken(Fault::NotAnEntry));
        }
        if entry.request != request {
            return Err(broken(Fault::Foreign));
        }
        if entry.seq != seq {
            return Err(broken(Fault::OutOfPlace));
        }
        if entry.prev != head.hash {
            return Err(broken(Fault::Unlinked));
        }
        if entry.at < last {
            return Err(broken(Fault::Backwards));
        }
        last.clone_from(&entry.at);
        head = Head { seq, hash: EntryHash::of(bytes) };
        read.push(entry);
    }
    match end {
        Some(end) if end != head => Err(Broken { seq: head.seq, fault: Fault::WrongEnd }),
        _ => Ok(read),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn chain(length: u64) -> (Vec<Vec<u8>>, Head) {
        let mut head = Head::START;
        let mut entries = Vec::new();
        for n in 0..length {
            let at = format!("2026-11-20T19:00:{n:02}Z");
            let (link, next) =
                append(head, "req_a", &at, json!({"kind": "system"}), json!({"type": "step", "data": n})).unwrap();
            entries.push(link.bytes);
            head = next;
        }
        (entries, head)
    }

    #[test]
    fn a_whole_chain_verifies() {
        let (entries, head) = chain(5);
        assert_eq!(verify("req_a", &entries, Some(head)).unwrap().len(), 5);
        insta::assert_snapshot!(String::from_utf8(entries[0].clone()).unwrap());
    }

    #[test]
    fn words_can_be_erased_without_breaking_the_chain() {
        let said = json!({"salt": "0f".repeat(16), "text": "orders are stuck"});
        let event = |reason: &Value| json!({"type": "step", "data": {"reason": reason}});
        let at = "2026-11-20T19:00:00Z";
        let (link, head) = append(Head::START, "req_a", at, json!({}), event(&said)).unwrap();
        assert!(!String::from_utf8(link.bytes.clone()).unwrap().contains("stuck"));
        let entry = verify("req_a", &[link.bytes], Some(head)).unwrap().remove(0);
        assert_eq!(words::fill(entry.event.clone(), &link.words), event(&said));
        assert_eq!(words::fill(entry.event.clone(), &Beside::new()), entry.event, "erased");
    }

    #[test]
    fn every_way_to_tamper_is_found() {
        let (entries, head) = chain(5);
        let check =
            |entries: &[Vec<u8>]| verify("req_a", entries, Some(head)).map_err(|broken| (broken.seq, broken.fault));
        for n in 0..5 {
            let mut cut = entries.clone();
            cut.remove(n);
            assert!(check(&cut).is_err(), "removed {n}");
            let mut doubled = entries.clone();
            doubled.insert(n, entries[n].clone());
            assert!(check(&doubled).is_err(), "doubled {n}");
            for m in 0..n {
                let mut swapped = entries.clone();
                swapped.swap(n, m);
                assert!(check(&swapped).is_err(), "swapped {n} and {m}");
            }
            let mut edited: Value = serde_json::from_slice(&entries[n]).unwrap();
            edited["event"]["data"] = json!("another");
            let mut changed = entries.clone();
            changed[n] = canonical::to_bytes(&edited).unwrap();
            assert!(check(&changed).is_err(), "edited {n}");
        }
        assert_eq!(check(&entries[..4]), Err((4, Fault::WrongEnd)));
        assert_eq!(verify("req_b", &entries, None).unwrap_err().fault, Fault::Foreign);
    }

    /// Entries of one second are in order; time going back is not.
    #[test]
    fn time_stands_still_but_does_not_go_back() {
        for (second, expected) in [(59, Err((2, Fault::Backwards))), (0, Ok(2)), (1, Ok(2))] {
            let first = if second == 59 { "2026-11-20T19:01:00Z" } else { "2026-11-20T19:00:00Z" };
            let second = format!("2026-11-20T19:00:{second:02}Z");
            let event = || json!({"type": "step"});
            let (one, head) = append(Head::START, "req_a", first, json!({}), event()).unwrap();
            let (two, head) = append(head, "req_a", &second, json!({}), event()).unwrap();
            let read = verify("req_a", &[one.bytes, two.bytes], Some(head));
            assert_eq!(read.map(|read| read.len()).map_err(|broken| (broken.seq, broken.fault)), expected);
        }
    }

    proptest! {
        #[test]
        fn any_flipped_bit_is_found(entry in 0usize..5, at in 0usize..1000, bit in 0u8..8) {
            let (mut entries, head) = chain(5);
            let bytes = &mut entries[entry];
            let at = at.rem_euclid(bytes.len());
            bytes[at] ^= 1u8.rotate_left(u32::from(bit));
            prop_assert!(verify("req_a", &entries, Some(head)).is_err());
        }

        #[test]
        fn garbage_is_refused_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(verify("req_a", &[bytes], None).is_err());
        }
    }
}
