//! The part of the document that is held: one buffer, which grows with the largest record, up to a bound.

use memchr::memmem::Finder;

/// Bytes of JSON that are made at once: with what is worked on beside, this fits a core's cache.
const STEP: usize = 64 * 1024;

/// Less room than that is not worth a step.
const LEAST: usize = 16 * 1024;

/// How every record begins, bracket and blanks aside.
const OPENING: &[u8] = b"\"eventVersion\"";

/// Most blanks between a record's bracket and [`OPENING`].
const MOST_BLANKS: usize = 32;

/// What is held of the document.
#[derive(Debug)]
pub(super) struct Window {
    buffer: Vec<u8>,
    /// What it never grows beyond.
    most: usize,
    /// Where in the document the buffer begins.
    base: u64,
    /// The first byte that is still needed: where the record that is being read begins, if one is.
    kept: usize,
    /// The next byte to read.
    at: usize,
    /// The end of what is there.
    end: usize,
    opening: Finder<'static>,
}

impl Window {
    /// Holds at most this much of what is being read, and some of what comes.
    pub(super) fn new(held: usize) -> Self {
        let most = held.saturating_add(STEP);
        let buffer = vec![0; most.min(STEP)];
        Self { buffer, most, base: 0, kept: 0, at: 0, end: 0, opening: Finder::new(OPENING) }
    }

    /// Bytes of the buffer.
    pub(super) fn size(&self) -> usize {
        self.buffer.capacity()
    }

    /// Where to write what comes next. Empty if all that is held is needed.
    pub(super) fn room(&mut self) -> &mut [u8] {
        if self.free() < LEAST {
            self.buffer.copy_within(self.kept..self.end, 0);
            self.base = self.base.saturating_add(self.kept as u64);
            self.at = self.at.saturating_sub(self.kept);
            self.end = self.end.saturating_sub(self.kept);
            self.kept = 0;
        }
        if self.free() < LEAST {
            let size = self.buffer.len().saturating_mul(2).min(self.most);
            self.buffer.reserve_exact(size.saturating_sub(self.buffer.len()));
            self.buffer.resize(size, 0);
        }
        let to = self.end.saturating_add(STEP).min(self.buffer.len());
        self.buffer.get_mut(self.end..to).unwrap_or_default()
    }

    fn free(&self) -> usize {
        self.buffer.len().saturating_sub(self.end)
    }

    /// So many bytes were written where [`Window::room`] said.
    pub(super) fn filled(&mut self, count: usize) {
        self.end = self.end.saturating_add(count).min(self.buffer.len());
    }

    /// What is there and was not read.
    pub(super) fn rest(&self) -> &[u8] {
        self.buffer.get(self.at..self.end).unwrap_or_default()
    }

    /// What was read and is kept.
    pub(super) fn held(&self) -> &[u8] {
        self.buffer.get(self.kept..self.at).unwrap_or_default()
    }

    /// So many bytes were read.
    pub(super) fn advance(&mut self, count: usize) {
        self.at = self.at.saturating_add(count).min(self.end);
    }

    /// What was read is not needed any more.
    pub(super) fn let_go(&mut self) {
        self.kept = self.at;
    }

    /// Reads again what is kept, all but so many bytes of it.
    pub(super) fn back_to(&mut self, skipped: usize) {
        self.at = self.kept.saturating_add(skipped).min(self.at);
    }

    /// Nothing that is there is needed.
    pub(super) fn clear(&mut self) {
        self.at = self.end;
        self.kept = self.end;
    }

    /// Where in the document the next byte is.
    pub(super) fn offset(&self) -> u64 {
        self.base.saturating_add(self.at as u64)
    }

    /// Where in the document what is kept begins.
    pub(super) fn offset_of_held(&self) -> u64 {
        self.base.saturating_add(self.kept as u64)
    }

    /// Where in the document what is there ends.
    pub(super) fn offset_of_end(&self) -> u64 {
        self.base.saturating_add(self.end as u64)
    }

    /// Whether a record seems to begin in what is kept, behind its own beginning.
    pub(super) fn may_begin_within(&self) -> bool {
        self.next_opening(self.held().get(1..).unwrap_or_default()).is_some()
    }

    /// Goes to where the next record seems to begin. Whether one does in what is there; if not, all is let go but what may
    /// be its beginning. `last`: nothing follows.
    pub(super) fn seek(&mut self, last: bool) -> bool {
        let found = self.next_opening(self.rest());
        let beginning = if last { 0 } else { OPENING.len().saturating_add(MOST_BLANKS) };
        self.at = match found {
            Some(place) => self.at.saturating_add(place),
            None => self.at.max(self.end.saturating_sub(beginning)),
        };
        self.kept = self.at;
        found.is_some()
    }

    /// The first bracket that a record seems to begin with.
    fn next_opening(&self, bytes: &[u8]) -> Option<usize> {
        self.opening.find_iter(bytes).find_map(|at| {
            let before = bytes.get(at.saturating_sub(MOST_BLANKS)..at)?;
            let blanks = before.len().saturating_sub(before.trim_ascii_end().len());
            let bracket = at.checked_sub(blanks)?.checked_sub(1)?;
            (bytes.get(bracket) == Some(&b'{')).then_some(bracket)
        })
    }
}
