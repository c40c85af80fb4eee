//! The words of findings: what may be noticed in what was done under a grant, and how much it may matter.
//!
//! The rules themselves are in the crate `trail`, whose tests hold that it finds by these names alone. They are here since
//! an entitlement says by them what ends a grant at once.

/// How much a finding may matter, the least first.
pub const SEVERITIES: [&str; 4] = ["low", "medium", "high", "critical"];

/// The rules' stable codes.
pub const RULES: [&str; 17] = [
    "after_end",
    "bulk_read",
    "chained_session",
    "coverage_gap",
    "first_service",
    "logging_disabled",
    "many_denied",
    "mass_deletion",
    "more_findings",
    "new_address",
    "new_credentials",
    "new_trust",
    "outside_actions",
    "outside_resources",
    "outside_source_ips",
    "permission_change",
    "two_addresses",
];

/// A text that is neither a severity nor a rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is neither a severity ({}) nor a rule ({}){}", SEVERITIES.join(", "), RULES.join(", "), suggested(*.nearest))]
pub struct UnknownWord {
    text: String,
    nearest: Option<&'static str>,
}

fn suggested(nearest: Option<&str>) -> String {
    nearest.map(|word| format!("; `{word}` is the nearest")).unwrap_or_default()
}

/// Checks a word of `endOnFindings`: a severity, which stands for itself and all above it, or a rule.
///
/// # Errors
/// If it is neither.
pub fn check_word(text: &str) -> Result<(), UnknownWord> {
    if words().any(|word| word == text) {
        return Ok(());
    }
    let near = words().map(|word| (distance(word, text), word)).min().filter(|(distance, _)| *distance <= FARTHEST);
    Err(UnknownWord { text: crate::text::inert(text, 60), nearest: near.map(|(_, word)| word) })
}

/// Most letters by which a word may differ from what was meant.
const FARTHEST: usize = 2;

fn words() -> impl Iterator<Item = &'static str> {
    SEVERITIES.into_iter().chain(RULES)
}

/// How many letters have to be put in, taken out or changed; case and whatever stands between words don't count.
fn distance(word: &str, text: &str) -> usize {
    let letters = |text: &str| -> Vec<char> {
        text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).take(40).collect()
    };
    let (word, text) = (letters(word), letters(text));
    let mut row: Vec<usize> = (0..=text.len()).collect();
    for (above, of_word) in (1_usize..).zip(&word) {
        let mut corner = above.saturating_sub(1);
        let mut left = above;
        if let Some(first) = row.first_mut() {
            *first = above;
        }
        for (cell, of_text) in row.iter_mut().skip(1).zip(&text) {
            let changed = corner.saturating_add(usize::from(of_word != of_text));
            corner = *cell;
            *cell = changed.min(corner.saturating_add(1)).min(left.saturating_add(1));
            left = *cell;
        }
    }
    row.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_are_known() {
        for word in words() {
            assert_eq!(check_word(word), Ok(()), "{word}");
        }
        assert!(RULES.is_sorted());
    }

    #[test]
    fn a_slip_is_told_what_was_meant() {
        let nearest = |text: &str| check_word(text).unwrap_err().nearest;
        for (text, meant) in [
            ("hihg", Some("high")),
            ("Critical", Some("critical")),
            ("outsideActions", Some("outside_actions")),
            ("after-end", Some("after_end")),
            ("new_adress", Some("new_address")),
            ("anything", None),
            ("", None),
        ] {
            assert_eq!(nearest(text), meant, "{text}");
        }
        assert_eq!(distance("abc", "abc"), 0);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert!(check_word(&"x".repeat(5_000)).unwrap_err().to_string().len() < 600);
    }
}
