//! Texts that Slack shows as they are.

use model::text::inert;
use serde_json::{Value, json};

/// Text that Slack shows as it is.
#[derive(Debug, Clone, Default)]
pub(crate) struct Words(String);

impl Words {
    /// Somebody's words, on one line, at most `longest` characters.
    pub(crate) fn of(text: &str, longest: usize) -> Self {
        Self(inert(text, longest))
    }

    /// Our own, which nobody else's are in.
    pub(crate) fn ours(sentence: &'static str) -> Self {
        Self(sentence.to_owned())
    }

    /// Lines, each made inert, altogether at most `longest` characters.
    pub(crate) fn lines<T: AsRef<str>>(lines: impl IntoIterator<Item = T>, longest: usize) -> Self {
        let lines: Vec<String> = lines.into_iter().map(|line| inert(line.as_ref(), longest)).collect();
        Self(cut(lines.join("\n"), longest))
    }

    /// A list, one entry to a line, altogether at most `longest` characters. What does not fit is counted, and `rest`
    /// says where it is.
    pub(crate) fn listed<T: AsRef<str>>(entries: &[T], longest: usize, rest: &str) -> Self {
        let mut shown: Vec<String> = Vec::new();
        let room = longest.saturating_sub(rest.chars().count()).saturating_sub(40);
        let mut used: usize = 0;
        for entry in entries {
            let line = format!("• {}", inert(entry.as_ref(), 600));
            used = used.saturating_add(line.chars().count()).saturating_add(1);
            if used > room && !shown.is_empty() {
                break;
            }
            shown.push(line);
        }
        let more = entries.len().saturating_sub(shown.len());
        if more > 0 {
            shown.push(format!("and {more} more: {rest}"));
        }
        Self(cut(shown.join("\n"), longest))
    }

    /// Several, one below the other.
    pub(crate) fn stacked(several: impl IntoIterator<Item = Self>) -> Self {
        Self(several.into_iter().map(|words| words.0).collect::<Vec<_>>().join("\n"))
    }

    /// With our own label before it.
    #[must_use]
    pub(crate) fn labelled(self, label: &'static str) -> Self {
        Self(format!("{label}{}", self.0))
    }

    /// As a text object of at most `longest` characters.
    pub(super) fn object(self, longest: usize) -> Value {
        json!({"type": "plain_text", "text": filled(cut(self.0, longest)), "emoji": false})
    }
}

/// Slack refuses a whole message for one empty text.
pub(super) fn filled(text: String) -> String {
    if text.is_empty() { "–".to_owned() } else { text }
}

pub(super) fn cut(text: String, longest: usize) -> String {
    if text.chars().count() <= longest {
        return text;
    }
    let mut cut: String = text.chars().take(longest.saturating_sub(1)).collect();
    cut.push('…');
    cut
}

/// A text on one line, shortened in its middle: names of resources differ at their ends.
pub(crate) fn middle(text: &str, longest: usize) -> String {
    let text = inert(text, usize::MAX);
    let length = text.chars().count();
    if length <= longest {
        return text;
    }
    let kept = longest.saturating_sub(1);
    let (head, tail) = (kept.div_euclid(3), kept.saturating_sub(kept.div_euclid(3)));
    let begin: String = text.chars().take(head).collect();
    let end: String = text.chars().skip(length.saturating_sub(tail)).collect();
    format!("{begin}…{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_that_is_cut_says_how_much_is_missing() {
        let entries: Vec<String> = (10..40).map(|n| format!("entry {n}")).collect();
        let Words(shown) = Words::listed(&entries, 120, "see there");
        assert!(shown.chars().count() <= 120, "{shown}");
        assert!(shown.starts_with("• entry 10\n") && shown.ends_with("more: see there"), "{shown}");
        let lines = shown.lines().count() - 1;
        assert!(shown.contains(&format!("and {} more", 30 - lines)), "{shown}");
        assert_eq!(Words::listed(&["a", "b"], 100, "x").0, "• a\n• b");
    }

    #[test]
    fn long_names_keep_both_ends() {
        let arn = format!("arn:aws:s3:::{}/the-end", "x".repeat(90));
        let shown = middle(&arn, 75);
        assert_eq!(shown.chars().count(), 75);
        assert!(shown.starts_with("arn:aws:s3:::") && shown.ends_with("/the-end"), "{shown}");
        assert_eq!(middle("short", 75), "short");
    }
}
