//! Where an object or a list ends: texts, escapes and nesting are followed exactly, 64 bytes at once, and nothing is built.
//!
//! What is checked on the way is what shows early that an end was lost: brackets match, none opens where no value may
//! begin, and some letters are only in texts. A lost quote makes texts of what is between them, and the reverse; then
//! `userIdentity`, which is in every record, stands outside. The rest of JSON's grammar is not checked.

use super::masks::{WIDTH, masks};

/// How it went on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It goes on behind these bytes.
    Open,
    /// It ended: with the last of the bytes consumed.
    Closed,
    /// It can't be JSON: the last byte consumed is where that shows.
    Broken,
}

/// An object or list that is being read.
#[derive(Debug, Clone, Default)]
pub(super) struct Nesting {
    /// All bits set if the bytes so far end within a text.
    in_text: u64,
    /// 1 if the next byte is escaped.
    escaped: u64,
    /// The last byte that was not blank.
    last: u8,
    /// How many are open.
    depth: usize,
    /// For each that is open, whether it is a list: a bit.
    lists: Vec<u64>,
    /// How many were open at most.
    deepest: usize,
    /// Whether there was a backslash.
    backslash: bool,
    /// Whether there was anything but ASCII.
    beyond_ascii: bool,
}

/// Most that may be open at once: the stack's bits are 32 KiB.
const MOST_OPEN: usize = 262_144;

impl Nesting {
    /// Forgets what was read; the next byte is the first of an object or a list.
    pub(super) fn begin(&mut self) {
        let lists = std::mem::take(&mut self.lists);
        *self = Self { lists, ..Self::default() };
    }

    /// How deep it was at most.
    pub(super) fn deepest(&self) -> usize {
        self.deepest
    }

    /// Whether there was a backslash.
    pub(super) fn has_escapes(&self) -> bool {
        self.backslash
    }

    /// Whether there was anything but ASCII.
    pub(super) fn is_beyond_ascii(&self) -> bool {
        self.beyond_ascii
    }

    /// Reads on. `last`: nothing follows, so that what is less than a block is looked at too.
    /// How many of the bytes were consumed; less than a block stays, unless it ended or broke before.
    pub(super) fn read(&mut self, bytes: &[u8], last: bool) -> (usize, Outcome) {
        let (blocks, rest) = bytes.as_chunks::<WIDTH>();
        let mut consumed = 0_usize;
        for block in blocks {
            let (ended, outcome) = self.block(block);
            if outcome != Outcome::Open {
                return (consumed.wrapping_add(ended), outcome);
            }
            consumed = consumed.wrapping_add(WIDTH);
        }
        if last && !rest.is_empty() {
            let mut block = [b' '; WIDTH];
            for (to, from) in block.iter_mut().zip(rest) {
                *to = *from;
            }
            let (ended, outcome) = self.block(&block);
            let ended = if outcome == Outcome::Open { rest.len() } else { ended.min(rest.len()) };
            return (consumed.wrapping_add(ended), outcome);
        }
        (consumed, Outcome::Open)
    }

    #[inline]
    fn block(&mut self, block: &[u8; WIDTH]) -> (usize, Outcome) {
        let masks = masks(block);
        let escaped = self.escapes(masks.backslash);
        let quotes = masks.quote & !escaped;
        // From each text's first quote up to its last, without that.
        let texts = running_parity(quotes) ^ self.in_text;
        self.in_text = 0_u64.wrapping_sub(texts.wrapping_shr(63));
        let wrong = masks.backslash & !texts;
        self.backslash |= masks.backslash != 0;
        self.beyond_ascii |= masks.beyond_ascii;

        let mut brackets = masks.bracket & !texts;
        if wrong != 0 {
            // Only those before the first that is wrong.
            brackets &= (wrong & wrong.wrapping_neg()).wrapping_sub(1);
        }
        while brackets != 0 {
            let place = brackets.trailing_zeros() as usize;
            brackets &= brackets.wrapping_sub(1);
            let outcome = self.bracket(block, place);
            if outcome != Outcome::Open {
                return (place.wrapping_add(1), outcome);
            }
        }
        if wrong != 0 {
            return ((wrong.trailing_zeros() as usize).wrapping_add(1), Outcome::Broken);
        }
        self.last = self.not_blank_before(block, WIDTH);
        (WIDTH, Outcome::Open)
    }

    /// Which bytes are escaped by the backslash before them. A run of backslashes escapes what follows it if it is odd.
    #[inline]
    fn escapes(&mut self, backslash: u64) -> u64 {
        /// Every second bit.
        const ODD: u64 = 0xAAAA_AAAA_AAAA_AAAA;
        let carried = self.escaped;
        if backslash == 0 {
            self.escaped = 0;
            return carried;
        }
        // The subtraction carries through each run: <https://github.com/simdjson/simdjson>, `json_escape_scanner`.
        let escaping = backslash & !carried;
        let runs = ((escaping.wrapping_shl(1) | ODD).wrapping_sub(escaping)) ^ ODD;
        self.escaped = (runs & backslash).wrapping_shr(63);
        runs ^ (backslash | carried)
    }

    #[inline]
    fn bracket(&mut self, block: &[u8; WIDTH], place: usize) -> Outcome {
        let byte = block.get(place).copied().unwrap_or_default();
        let is_list = byte | 0x20 != byte;
        if byte | 0x20 == b'{' {
            if self.depth > 0 {
                let before = self.not_blank_before(block, place);
                let fits = if self.in_list() { matches!(before, b'[' | b',') } else { before == b':' };
                if !fits || self.depth >= MOST_OPEN {
                    return Outcome::Broken;
                }
            }
            self.push(is_list);
            return Outcome::Open;
        }
        if byte | 0x20 != b'}' || self.depth == 0 || self.in_list() != is_list {
            return Outcome::Broken;
        }
        self.depth = self.depth.wrapping_sub(1);
        if self.depth == 0 { Outcome::Closed } else { Outcome::Open }
    }

    /// The last byte before a place that is not blank.
    #[inline]
    fn not_blank_before(&self, block: &[u8; WIDTH], place: usize) -> u8 {
        let before = block.get(..place).unwrap_or_default();
        before.iter().rev().copied().find(|byte| *byte > b' ').unwrap_or(self.last)
    }

    /// Whether the innermost that is open is a list.
    #[inline]
    fn in_list(&self) -> bool {
        let (word, bit) = place(self.depth.wrapping_sub(1));
        self.lists.get(word).is_some_and(|bits| bits.wrapping_shr(bit) & 1 == 1)
    }

    #[inline]
    fn push(&mut self, is_list: bool) {
        let (word, bit) = place(self.depth);
        if word >= self.lists.len() {
            self.lists.push(0);
        }
        if let Some(bits) = self.lists.get_mut(word) {
            *bits = *bits & !1_u64.wrapping_shl(bit) | u64::from(is_list).wrapping_shl(bit);
        }
        self.depth = self.depth.wrapping_add(1);
        self.deepest = self.deepest.max(self.depth);
    }
}

/// The word and the bit of a depth.
#[inline]
fn place(depth: usize) -> (usize, u32) {
    #[expect(clippy::cast_possible_truncation, reason = "less than 64")]
    let bit = (depth & 63) as u32;
    (depth.wrapping_shr(6), bit)
}

/// For each bit, whether the bits up to it and itself are odd in number.
#[inline]
fn running_parity(mut bits: u64) -> u64 {
    for shift in [1, 2, 4, 8, 16, 32] {
        bits ^= bits.wrapping_shl(shift);
    }
    bits
}
