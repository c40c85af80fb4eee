//! The transparency log's own forms: notes, checkpoints, what a witness is asked, proofs, tiles, keys.

use super::{first_line, text};
use crate::made::{MADE, Made};
use record::checkpoint::{Checkpoint, open};
use record::note::{LONGEST_NOTE, MOST_SIGNATURES, Note, VerifierKey, read_keys};
use record::proof::{Inclusion, TlogProof};
use record::tile::{Holds, Tile, decode_entries, decode_hashes, encode_entry, encode_hashes};
use record::tree::{Hash, LARGEST_SIZE, leaf, node};
use record::witness::{Submission, judge};

/// Notes and the checkpoints in them. Our reader takes exactly what the rules say, read anew here; what is written back is
/// what was read; and nothing opens that the log did not sign.
pub(crate) fn checkpoint_note(data: &[u8]) {
    let read = Note::parse(data);
    assert_eq!(read.is_ok(), is_note(data), "our reader and C2SP signed-note do not agree");
    let opened = open(data, &MADE.keys);
    if let Ok(note) = read {
        assert_eq!(note.to_string().as_bytes(), data, "a note has one spelling");
        if let Ok(checkpoint) = Checkpoint::parse(note.text()) {
            assert_eq!(checkpoint.to_string(), note.text(), "a checkpoint has one spelling");
            assert!(checkpoint.size() <= LARGEST_SIZE && !checkpoint.origin().is_empty());
        }
        // Somebody may put further lines to it, of whatever keys; ours is among them.
        assert!(note.signatures().len() <= MOST_SIGNATURES);
    }
    if let Ok(opened) = opened {
        assert!(MADE.has_signed(opened.note.text()), "what the log did not sign opens");
        assert!(!opened.by.is_empty());
    }
}

/// What a witness is asked: one spelling, and nothing is vouched for that the log did not sign or that does not go on from
/// what is known.
pub(crate) fn witness_submission(data: &[u8]) {
    let Ok(submission) = Submission::parse(data) else { return };
    assert_eq!(submission.to_string().as_bytes(), data, "a submission has one spelling");
    for known in &MADE.trees {
        if let Ok(cosign) = judge(*known, &submission, &MADE.keys) {
            assert!(MADE.has_signed(cosign.signed.note.text()), "a witness vouches for what the log did not sign");
            let (size, _) = known.unwrap_or((0, Hash::EMPTY));
            assert!(size <= cosign.checkpoint().size(), "a witness goes backwards");
            assert_eq!(size, submission.old);
        }
    }
}

/// Proofs in files of their own: one spelling; only what is in the log is proven to be; and the way up is that of
/// RFC 6962's recursion, written anew here.
pub(crate) fn tlog_proof(data: &[u8]) {
    let Ok(proof) = TlogProof::parse(data) else { return };
    assert_eq!(proof.to_string().as_bytes(), data, "a proof has one spelling");
    if proof.check(&MADE.keys).is_ok() {
        assert!(MADE.entries.contains(&proof.entry), "an entry is proven that is not in the log");
    }
    let checkpoint = Note::parse(proof.checkpoint.as_bytes()).ok().map(|note| Checkpoint::parse(note.text()));
    if let Some(Ok(checkpoint)) = checkpoint {
        let (index, size) = (proof.index, checkpoint.size());
        let hash = leaf(&proof.entry);
        let again = if index < size { rooted(index, size, hash, &proof.path) } else { None };
        assert_eq!(Inclusion { index, size, path: proof.path.clone() }.root(&hash).ok(), again);
    }
}

/// RFC 6962, 2.1.1, from the root downwards: production goes upwards by the bits of the place.
fn rooted(index: u64, size: u64, leaf: Hash, path: &[Hash]) -> Option<Hash> {
    if size == 1 {
        return path.is_empty().then_some(leaf);
    }
    let (beside, below) = path.split_last()?;
    // The largest power of two below the size.
    let left = size.next_power_of_two().div_euclid(2);
    match index.checked_sub(left) {
        None => rooted(index, left, leaf, below).map(|inner| node(&inner, beside)),
        Some(index) => rooted(index, size.saturating_sub(left), leaf, below).map(|inner| node(beside, &inner)),
    }
}

/// A tile's path on the first line, its bytes below. One spelling of a path, by rules read anew here; bytes are written
/// back as they were read.
pub(crate) fn tile(data: &[u8]) {
    let Some((path, bytes)) = first_line(data) else { return };
    let read = Tile::parse(path);
    assert_eq!(read.is_some(), is_tile(path), "our reader and C2SP tlog-tiles do not agree on {path}");
    let width = read.map_or(3, |tile| tile.width());
    if let Some(tile) = read {
        assert_eq!(tile.to_string(), path, "a tile has one path");
        assert!((1..=256).contains(&tile.width()) && tile.is_full() == (tile.width() == 256));
        assert_eq!(Tile::new(tile.holds(), tile.index(), tile.width()), Some(tile));
        assert!(matches!(tile.holds(), Holds::Entries | Holds::Hashes(0..8)));
    }
    if let Ok(hashes) = decode_hashes(bytes, width) {
        assert_eq!(hashes.len(), usize::from(width));
        assert_eq!(encode_hashes(&hashes), bytes);
    }
    if let Ok(entries) = decode_entries(bytes, width) {
        let mut again = Vec::new();
        assert!(entries.iter().all(|entry| encode_entry(entry, &mut again).is_ok()));
        assert_eq!((entries.len(), again.as_slice()), (usize::from(width), bytes));
    }
}

/// Keys of logs and witnesses, alone and in files: one spelling.
pub(crate) fn verifier_keys(data: &[u8]) {
    let Some(text) = text(data) else { return };
    if let Ok(key) = text.parse::<VerifierKey>() {
        assert_eq!(key.to_string(), text, "a key has one spelling");
    }
    if let Ok(keys) = read_keys(text) {
        assert!(keys.iter().all(|key| text.contains(&key.to_string())));
    }
}

/// C2SP signed-note, read as a list of lines: production cuts at the last empty one.
fn is_note(data: &[u8]) -> bool {
    let Some(all) = text(data).filter(|all| all.len() <= LONGEST_NOTE) else { return false };
    if all.chars().any(|c| c < ' ' && c != '\n') {
        return false;
    }
    let mut lines: Vec<&str> = all.split('\n').collect();
    // After the last end of line there is nothing.
    if lines.pop() != Some("") {
        return false;
    }
    let Some(blank) = lines.iter().rposition(|line| line.is_empty()).filter(|blank| *blank > 0) else { return false };
    let signatures = lines.get(blank.saturating_add(1)..).unwrap_or_default();
    (1..=MOST_SIGNATURES).contains(&signatures.len()) && signatures.iter().all(|line| is_signature(line))
}

fn is_signature(line: &str) -> bool {
    let mut parts = line.splitn(3, ' ');
    let (Some("\u{2014}"), Some(name), Some(encoded)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    // Control characters are refused on top of what the rules say, as in the text.
    let plain = |c: char| c != '+' && !c.is_whitespace() && !c.is_control();
    let named = (1..=255).contains(&name.len()) && name.chars().all(plain);
    named && decoded_length(encoded).is_some_and(|length| length > 4)
}

/// How many bytes a text of base64 stands for, if it is one, with the one padding it can have: RFC 4648, 4 and 3.5.
fn decoded_length(encoded: &str) -> Option<usize> {
    let value = |c: u8| match c {
        b'A'..=b'Z' => Some(c.wrapping_sub(b'A')),
        b'a'..=b'z' => Some(c.wrapping_sub(b'a').wrapping_add(26)),
        b'0'..=b'9' => Some(c.wrapping_sub(b'0').wrapping_add(52)),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let digits = encoded.trim_end_matches('=');
    let padding = encoded.len().saturating_sub(digits.len());
    let values: Vec<u8> = digits.bytes().map(value).collect::<Option<_>>()?;
    let rest = values.last().copied().unwrap_or(0);
    let whole = encoded.len().checked_rem(4) == Some(0);
    let fits = match padding {
        0 => true,
        1 => rest.trailing_zeros() >= 2 && values.len().checked_rem(4) == Some(3),
        2 => rest.trailing_zeros() >= 4 && values.len().checked_rem(4) == Some(2),
        _ => false,
    };
    (whole && fits).then(|| values.len().saturating_mul(3).div_euclid(4))
}

/// C2SP tlog-tiles: `tile/<level>/<place>[.p/<width>]`, the place in groups of three digits, all but the last with `x`.
fn is_tile(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    let ["tile", level, place @ ..] = parts.as_slice() else { return false };
    let shift = match *level {
        "entries" | "0" => 0,
        "1" | "2" | "3" | "4" | "5" | "6" | "7" => level.parse::<u32>().unwrap_or(0).saturating_mul(8),
        _ => return false,
    };
    let (groups, width) = match place {
        [before @ .., last, width] if last.strip_suffix(".p").is_some() => {
            let canonical = width.parse().ok().filter(|number: &u64| number.to_string() == *width);
            let Some(width) = canonical.filter(|width| (1..256).contains(width)) else { return false };
            ([before, &[last.strip_suffix(".p").unwrap_or(last)]].concat(), width)
        }
        groups => (groups.to_vec(), 256),
    };
    let Some((last, first)) = groups.split_last() else { return false };
    let three = |digits: &str| digits.len() == 3 && digits.bytes().all(|digit| digit.is_ascii_digit());
    let marked = |group: &&str| group.strip_prefix('x').is_some_and(three);
    if !three(last) || !first.iter().all(marked) || first.first().is_some_and(|group| *group == "x000") {
        return false;
    }
    let digits: String = groups.iter().map(|group| group.trim_start_matches('x')).collect();
    let Ok(index) = digits.parse::<u128>() else { return false };
    index.saturating_mul(256).saturating_add(u128::from(width))
        <= u128::from(LARGEST_SIZE.checked_shr(shift).unwrap_or(0))
}

impl Made {
    fn has_signed(&self, text: &str) -> bool {
        self.signed.contains(text)
    }
}
