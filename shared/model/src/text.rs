//! Free text from people: kept whole in the record, made inert wherever it is shown.

use serde::{Deserialize, Serialize};

/// Longest justification or reason, in characters. Long enough for a pasted incident summary,
/// short enough that its event stays far below the 65,535 bytes of a log entry.
pub const LONGEST_TEXT: usize = 4_000;

/// A person's own words: why they ask, why they refuse. At least one visible character, at most
/// [`LONGEST_TEXT`] characters, exactly as typed apart from surrounding white space and NUL.
///
/// Its `Debug` form does not say them: whatever holds it can be printed where logs are written.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FreeText(String);

impl std::fmt::Debug for FreeText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FreeText(…)")
    }
}

/// Longest note with a countersignature, in characters: a sentence or two.
pub const LONGEST_NOTE: usize = 500;

/// What an approver says with a countersignature: as [`FreeText`], at most [`LONGEST_NOTE`] characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note(FreeText);

impl Note {
    /// Takes an approver's words.
    ///
    /// # Errors
    /// If nothing of it is visible or it is too long.
    pub fn new(text: &str) -> Result<Self, NoteError> {
        let text = FreeText::new(text)?;
        if text.as_str().chars().count() > LONGEST_NOTE {
            return Err(NoteError::TooLong);
        }
        Ok(Self(text))
    }

    /// The words.
    pub fn text(&self) -> &FreeText {
        &self.0
    }
}

/// Why a note was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Nothing visible in it.
    #[error("is empty")]
    Empty,
    /// Longer than [`LONGEST_NOTE`].
    #[error("is longer than {LONGEST_NOTE} characters")]
    TooLong,
}

impl From<TextError> for NoteError {
    fn from(error: TextError) -> Self {
        match error {
            TextError::Empty => Self::Empty,
            TextError::TooLong => Self::TooLong,
        }
    }
}

/// Why a text was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing visible in it.
    #[error("is empty")]
    Empty,
    /// Longer than [`LONGEST_TEXT`].
    #[error("is longer than {LONGEST_TEXT} characters")]
    TooLong,
}

impl FreeText {
    /// Takes a person's words.
    ///
    /// # Errors
    /// If nothing of it is visible or it is too long.
    pub fn new(text: &str) -> Result<Self, TextError> {
        let text = text.replace('\0', "");
        let text = text.trim();
        if text.chars().all(|c| c.is_whitespace() || is_invisible(c)) {
            return Err(TextError::Empty);
        }
        if text.chars().count() > LONGEST_TEXT {
            return Err(TextError::TooLong);
        }
        Ok(Self(text.to_owned()))
    }

    /// The words as typed: for the record only.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The words on one line, without control, bidirectional or zero-width characters, at most
    /// `longest` characters, the last of which is `…` if something was left out.
    pub fn inert(&self, longest: usize) -> String {
        inert(&self.0, longest)
    }

    /// As a session tag value: letters, digits, spaces and `_.:/=+-@`, at most 256 characters.
    /// Source: STS API reference, `Tag`.
    pub fn for_session_tag(&self) -> String {
        let mut tag: String = inert(&self.0, usize::MAX)
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() || " _.:/=+-@".contains(c) { c } else { '_' })
            .take(256)
            .collect();
        tag.truncate(tag.trim_end().len());
        tag
    }
}

impl TryFrom<String> for FreeText {
    type Error = TextError;
    fn try_from(text: String) -> Result<Self, TextError> {
        Self::new(&text)
    }
}

impl From<FreeText> for String {
    fn from(text: FreeText) -> Self {
        text.0
    }
}

/// Makes any text fit for one line of a message; see [`FreeText::inert`].
pub fn inert(text: &str, longest: usize) -> String {
    let mut shown = String::new();
    let mut length: usize = 0;
    let mut blank = false;
    for c in text.chars().filter(|c| !is_invisible(*c)) {
        if c.is_whitespace() || c.is_control() {
            blank = true;
            continue;
        }
        if blank && !shown.is_empty() {
            shown.push(' ');
            length = length.saturating_add(1);
        }
        blank = false;
        shown.push(c);
        length = length.saturating_add(1);
        // What follows would not be shown: a long text costs no more than what is shown of it.
        if length > longest {
            shown = shown.chars().take(longest.saturating_sub(1)).collect();
            // Of nothing, not even that.
            shown.extend((longest > 0).then_some('…'));
            break;
        }
    }
    shown
}

/// Characters that change how their neighbours look, or that nobody can see.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
        | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
        | '\u{3164}' | '\u{FE00}'..='\u{FE0E}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF9}'..='\u{FFFB}'
        | '\u{E0000}'..='\u{E0FFF}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_are_not_in_what_is_printed_for_logs() {
        let said = FreeText::new("orders are stuck").unwrap();
        assert_eq!(format!("{said:?}"), "FreeText(…)");
        let words = crate::words::Words::new(said, crate::words::Salt::new([7; 16]));
        assert!(!format!("{words:?}").contains("stuck"));
    }

    #[test]
    fn no_room_is_no_room() {
        assert_eq!([inert("a", 0), inert("ab", 1), inert("ab", 2), inert("", 0)], ["", "…", "ab", ""]);
    }

    #[test]
    fn nothing_visible_is_empty() {
        for empty in ["", "   ", "\n\t", "\u{200B}\u{202E}", "\0"] {
            assert_eq!(FreeText::new(empty), Err(TextError::Empty), "{empty:?}");
        }
        assert!(FreeText::new(&"x".repeat(3_001)).is_ok());
        assert_eq!(FreeText::new(&"x".repeat(4_001)), Err(TextError::TooLong));
    }

    #[test]
    fn a_note_is_short_and_visible() {
        assert!(Note::new(&"x".repeat(500)).is_ok());
        assert_eq!(Note::new(&"x".repeat(501)), Err(NoteError::TooLong));
        assert_eq!(Note::new(&"x".repeat(4_001)), Err(NoteError::TooLong));
        assert_eq!(Note::new("\u{200B}"), Err(NoteError::Empty));
    }

    #[test]
    fn direction_tricks_and_newlines_are_gone() {
        let text = FreeText::new("pay\u{202E}lla\n\nroll\u{0007} now").unwrap();
        assert_eq!(text.inert(100), "paylla roll now");
        assert_eq!(text.inert(7), "paylla…");
    }

    proptest! {
        #[test]
        fn shown_text_is_bounded_and_on_one_line(text in "\\PC{0,300}|(?s).{0,300}", longest in 1usize..200) {
            let shown = inert(&text, longest);
            prop_assert!(shown.chars().count() <= longest);
            let clean = shown.chars().all(|c| !c.is_control() && !is_invisible(c) && (c == ' ' || !c.is_whitespace()));
            prop_assert!(clean);
            let whole = inert(&text, usize::MAX);
            let begin: String = whole.chars().take(longest.saturating_sub(1)).collect();
            let is_cut = whole.chars().count() > longest;
            prop_assert_eq!(shown, if is_cut { format!("{begin}…") } else { whole });
        }

        #[test]
        fn session_tags_fit_sts(text in "(?s).{1,600}") {
            if let Ok(text) = FreeText::new(&text) {
                let tag = text.for_session_tag();
                prop_assert!(tag.len() <= 256);
                let legal = tag.chars().all(|c| c.is_ascii_alphanumeric() || " _.:/=+-@".contains(c));
                prop_assert!(legal);
            }
        }
    }
}
