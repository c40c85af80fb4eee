//! The JSON of a trail file, taken apart into its records as it comes.
//!
//! Only an element of the list `Records` of the outermost object is a record, told by following every text and every
//! bracket from the file's first byte on: no text within a record, whatever it looks like, becomes one of its own.
//!
//! After damage that can't be told any more. Reading goes on where a record seems to begin, which somebody who could write
//! part of a broken record may have written there; so all that is found from there on is marked.

use super::interest::Interest;
use super::masks::WIDTH;
use super::nesting::{Nesting, Outcome};
use super::report::{Breakage, Report};
use super::window::Window;
use super::{Bounds, Found, Sink};
use serde::de::IgnoredAny;

/// Longest name of a top-level key that is kept, escapes included: more than `Records` can be written in.
const MOST_KEY: usize = 64;

/// Bytes that may be read again for the sake of records within what is broken. Past that, only what follows is read:
/// the time a file takes is bounded by its size, whoever wrote it.
const MOST_REREAD: u64 = 16 * 1024 * 1024;

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The object.
    Start,
    /// Its first key, or its end.
    FirstKey,
    /// A key.
    Key,
    /// The rest of a key.
    InKey { escaped: bool },
    /// `:`.
    Colon,
    /// The value of a key.
    Value,
    /// The rest of a text that is none of ours.
    InText { escaped: bool },
    /// The rest of a number or a word that is none of ours.
    InWord,
    /// The rest of an object or list that is none of ours.
    InOther,
    /// `,` or the end of the object.
    AfterValue,
    /// The first record, or the end of the list.
    FirstElement,
    /// A record.
    Element,
    /// The rest of a record, which begins with the first byte that is kept.
    InRecord,
    /// The rest of a record that is too large.
    InOversize,
    /// `,` or the end of the list.
    AfterElement,
    /// Nothing.
    Done,
    /// Anything: a record is looked for.
    Lost,
    /// Anything: it is not read.
    Stopped,
}

/// A document that is being read.
#[derive(Debug)]
pub(super) struct Document {
    bounds: Bounds,
    interest: Interest,
    window: Window,
    state: State,
    nesting: Nesting,
    key: Vec<u8>,
    has_records: bool,
    /// Whether it was stopped behind its end.
    has_ended: bool,
    damaged: bool,
    reread: u64,
}

impl Document {
    pub(super) fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            interest: Interest::new(),
            window: Window::new(bounds.record.saturating_add(WIDTH)),
            state: State::Start,
            nesting: Nesting::default(),
            key: Vec::new(),
            has_records: false,
            has_ended: false,
            damaged: false,
            reread: 0,
        }
    }

    /// Bytes that are held of what was read.
    pub(super) fn held(&self) -> usize {
        self.window.size()
    }

    /// Where to write what comes next. Never empty.
    pub(super) fn room(&mut self) -> &mut [u8] {
        self.window.room()
    }

    /// So many bytes were written where [`Document::room`] said.
    pub(super) fn filled(&mut self, count: usize, sink: &mut dyn Sink, report: &mut Report) {
        self.window.filled(count);
        self.read(false, sink, report);
        if self.is_stopped() {
            self.window.clear();
        }
    }

    /// Whether nothing that follows matters.
    pub(super) fn is_stopped(&self) -> bool {
        matches!(self.state, State::Stopped)
    }

    /// Reads what is there, and nothing any more.
    pub(super) fn stop(&mut self, code: Breakage, sink: &mut dyn Sink, report: &mut Report) {
        self.read(true, sink, report);
        if !self.is_stopped() {
            report.add(code, self.window.offset_of_end(), None);
            let at_end = self.state == State::Done && self.has_records && !self.damaged;
            self.has_ended = at_end && code == Breakage::TrailingBytes;
            self.state = State::Stopped;
        }
    }

    /// Nothing follows: reads the rest. `cut`: what is known to be the reason if the end is not there.
    /// Whether the end was there.
    pub(super) fn finish(&mut self, cut: Option<Breakage>, sink: &mut dyn Sink, report: &mut Report) -> bool {
        self.read(true, sink, report);
        let offset = self.window.offset_of_end();
        match (self.state, cut) {
            (State::Stopped, _) => return self.has_ended,
            (State::Done, None) if self.has_records => return !self.damaged,
            // That it was damaged is told.
            (State::Lost, None) => {}
            (State::Done, None) => report.add(Breakage::ForeignObject, 0, None),
            (_, Some(code)) => report.add(code, offset, None),
            (State::Start, None) => report.add(Breakage::Empty, 0, None),
            (_, None) => report.add(Breakage::CutJson, offset, None),
        }
        false
    }

    fn read(&mut self, last: bool, sink: &mut dyn Sink, report: &mut Report) {
        loop {
            let before = (self.window.offset(), self.state);
            match self.state {
                State::InRecord | State::InOversize | State::InOther => self.within(last, sink, report),
                State::Lost => {
                    if self.window.seek(last) {
                        self.state = State::Element;
                    }
                }
                State::Stopped => return,
                State::Start
                | State::FirstKey
                | State::Key
                | State::InKey { .. }
                | State::Colon
                | State::Value
                | State::InText { .. }
                | State::InWord
                | State::AfterValue
                | State::FirstElement
                | State::Element
                | State::AfterElement
                | State::Done => self.around(report),
            }
            if before == (self.window.offset(), self.state) {
                return;
            }
        }
    }

    /// Reads what is around the records, byte by byte: up to the next object or list, or the end.
    fn around(&mut self, report: &mut Report) {
        while let Some(&byte) = self.window.rest().first() {
            let blank = matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
            let next = match (self.state, byte) {
                (State::InKey { escaped }, _) => Some(self.in_key(byte, escaped)),
                (State::InText { escaped: true }, _) => Some(State::InText { escaped: false }),
                (State::InText { .. }, b'\\') => Some(State::InText { escaped: true }),
                (State::InText { .. }, b'"') => Some(State::AfterValue),
                (State::InText { .. }, _) => Some(self.state),
                (State::InWord, b',') => Some(State::Key),
                (State::InWord, b'}') => Some(State::Done),
                (State::InWord, b'0'..=b'9' | b'a'..=b'z' | b'+' | b'-' | b'.' | b'E') => Some(State::InWord),
                (State::InWord, _) if blank => Some(State::AfterValue),
                (_, _) if blank => Some(self.state),
                (State::Start, b'{') => Some(State::FirstKey),
                (State::FirstKey | State::AfterValue, b'}') => Some(State::Done),
                (State::FirstKey | State::Key, b'"') => {
                    self.key.clear();
                    Some(State::InKey { escaped: false })
                }
                (State::Colon, b':') => Some(State::Value),
                (State::Value, _) => self.value(byte),
                (State::AfterValue, b',') => Some(State::Key),
                (State::FirstElement | State::Element, b'{') => Some(State::InRecord),
                (State::FirstElement | State::AfterElement, b']') => Some(State::AfterValue),
                (State::AfterElement, b',') => Some(State::Element),
                _ => None,
            };
            let Some(next) = next else { return self.unexpected(report) };
            self.state = next;
            self.window.let_go();
            if matches!(next, State::InRecord | State::InOther) {
                // The bracket itself is read with what it opens.
                return self.nesting.begin();
            }
            self.window.advance(1);
            self.window.let_go();
        }
    }

    fn in_key(&mut self, byte: u8, escaped: bool) -> State {
        if byte == b'"' && !escaped {
            return State::Colon;
        }
        if self.key.len() < MOST_KEY {
            self.key.push(byte);
        }
        State::InKey { escaped: byte == b'\\' && !escaped }
    }

    fn value(&mut self, first: u8) -> Option<State> {
        let quoted = [b"\"", self.key.as_slice(), b"\""].concat();
        let is_records = serde_json::from_slice::<String>(&quoted).is_ok_and(|key| key == "Records");
        match first {
            b'[' if is_records => {
                self.has_records = true;
                Some(State::FirstElement)
            }
            _ if is_records => None,
            b'{' | b'[' => Some(State::InOther),
            b'"' => Some(State::InText { escaped: false }),
            b'0'..=b'9' | b'a'..=b'z' | b'-' => Some(State::InWord),
            _ => None,
        }
    }

    /// What can't be where it is, around the records.
    fn unexpected(&mut self, report: &mut Report) {
        let offset = self.window.offset();
        if self.has_records {
            // A broken record may have seemed to end the file.
            let behind_end = self.state == State::Done && !self.damaged;
            report.add(if behind_end { Breakage::TrailingBytes } else { Breakage::BadRecord }, offset, None);
            self.lose();
        } else {
            report.add(Breakage::ForeignObject, offset, None);
            self.state = State::Stopped;
        }
    }

    fn lose(&mut self) {
        self.damaged = true;
        self.state = State::Lost;
    }

    /// Reads on in an object or a list.
    fn within(&mut self, last: bool, sink: &mut dyn Sink, report: &mut Report) {
        let (consumed, outcome) = self.nesting.read(self.window.rest(), last);
        self.window.advance(consumed);
        let too_large = self.window.held().len() > self.bounds.record;
        match (self.state, outcome) {
            (State::InRecord, Outcome::Closed) if !too_large => {
                self.state = State::AfterElement;
                self.record(sink, report);
            }
            (State::InRecord, Outcome::Broken) => self.broken(report),
            // Nothing follows: it has no end. Another may have begun in what seemed to be a part of it.
            (State::InRecord, Outcome::Open) if last && self.window.may_begin_within() => self.broken(report),
            (State::InRecord, _) if too_large => {
                if self.window.may_begin_within() {
                    // CloudTrail writes none that large: its end was lost, and what follows was taken for a part of it.
                    return self.broken(report);
                }
                report.records = report.records.saturating_add(1);
                self.left_out(Breakage::RecordTooLarge, report);
                self.state = if outcome == Outcome::Closed { State::AfterElement } else { State::InOversize };
            }
            (State::InRecord, _) => return,
            (_, Outcome::Broken) => {
                self.unexpected(report);
                // From before where it shows: what begins there may be a record.
                self.window.back_to(self.window.held().len().saturating_sub(WIDTH));
                return;
            }
            (State::InOversize, Outcome::Closed) => self.state = State::AfterElement,
            (_, Outcome::Closed) => self.state = State::AfterValue,
            (_, Outcome::Open) => {}
        }
        if self.state != State::Lost {
            self.window.let_go();
        }
    }

    /// A record is whole.
    fn record(&mut self, sink: &mut dyn Sink, report: &mut Report) {
        report.records = report.records.saturating_add(1);
        let bytes = self.window.held();
        if self.nesting.is_beyond_ascii() && str::from_utf8(bytes).is_err() {
            return self.left_out(Breakage::BadText, report);
        }
        if !self.interest.concerns(bytes, self.nesting.has_escapes(), sink) {
            return;
        }
        if self.nesting.deepest() > self.bounds.depth {
            return self.left_out(Breakage::TooDeep, report);
        }
        // Those that nobody looks at are only taken apart; what is handed on is JSON.
        if serde_json::from_slice::<IgnoredAny>(bytes).is_err() {
            // If others seem to be in it, the end that was found is not its own.
            let others = self.window.may_begin_within();
            return if others { self.broken(report) } else { self.left_out(Breakage::BadRecord, report) };
        }
        report.found = report.found.saturating_add(1);
        let offset = self.window.offset_of_held();
        sink.record(Found { offset, bytes, after_damage: self.damaged });
    }

    fn left_out(&self, code: Breakage, report: &mut Report) {
        let bytes = self.window.held();
        report.add(code, self.window.offset_of_held(), self.interest.request(bytes));
    }

    /// A record is broken where reading is: goes back to its beginning, to look for another from there on.
    fn broken(&mut self, report: &mut Report) {
        self.left_out(Breakage::BadRecord, report);
        let again = self.window.held().len();
        self.reread = self.reread.saturating_add(again as u64);
        let skipped = if self.reread > MOST_REREAD { again.saturating_sub(WIDTH) } else { 1 };
        self.window.back_to(skipped.max(1));
        self.lose();
    }
}
