//! Patterns with `*` (any run of characters) and `?` (one character): does one match a text, does one cover another.

use std::collections::BTreeSet;
use std::str::Chars;

/// Whether upper and lower case of ASCII letters differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Case {
    /// They differ: ARNs.
    Counts,
    /// They don't: IAM actions.
    Ignored,
}

impl Case {
    fn same(self, a: char, b: char) -> bool {
        match self {
            Self::Counts => a == b,
            Self::Ignored => a.eq_ignore_ascii_case(&b),
        }
    }
}

/// Whether a pattern matches a whole text. The text has no wildcards: a `*` in it is a star.
pub(crate) fn matches(pattern: &str, text: &str, case: Case) -> bool {
    let (mut pattern, mut text) = (pattern.chars(), text.chars());
    // After a mismatch only the latest star needs another try: what an earlier one could take, the latest can too.
    let mut retry: Option<(Chars<'_>, Chars<'_>)> = None;
    loop {
        let (mut pattern_after, mut text_after) = (pattern.clone(), text.clone());
        match (pattern_after.next(), text_after.next()) {
            (Some('*'), _) => {
                pattern = pattern_after;
                retry = Some((pattern.clone(), text.clone()));
            }
            (Some(wanted), Some(found)) if wanted == '?' || case.same(wanted, found) => {
                (pattern, text) = (pattern_after, text_after);
            }
            (None, None) => return true,
            // More pattern than text: a longer star leaves even less text.
            (Some(_), None) => return false,
            (_, Some(_)) => {
                let Some((after_star, rest)) = &mut retry else {
                    return false;
                };
                if rest.next().is_none() {
                    return false;
                }
                (pattern, text) = (after_star.clone(), rest.clone());
            }
        }
    }
}

/// Steps after which [`covers`] gives up and says no. Patterns that people write take a few hundred; the limit is for those
/// that are written to be slow.
const STEPS_MAX: u32 = 10_000;

/// Whether a pattern stands for itself alone, whichever way case is looked at.
fn is_plain(pattern: &str) -> bool {
    pattern.is_ascii() && !pattern.contains(['*', '?'])
}

/// Whether every text that `inner` matches is matched by `outer` too.
///
/// Exact within [`STEPS_MAX`], and a no beyond it. It runs `outer` as an automaton over `inner`. A wildcard of `inner`
/// is played by a character that no pattern holds: what accepts that one accepts every other in its place. A star of
/// `inner` is played by none, one, two… of them, until one more makes no difference.
pub(crate) fn covers(outer: &str, inner: &str, case: Case) -> bool {
    // Most are plain names, and a catalog holds thousands of them.
    if is_plain(outer) && is_plain(inner) {
        return match case {
            Case::Counts => outer == inner,
            Case::Ignored => outer.eq_ignore_ascii_case(inner),
        };
    }
    let outer: Vec<char> = outer.chars().collect();
    let inner: Vec<Symbol> = inner.chars().map(Symbol::from).collect();
    let mut steps_left = STEPS_MAX;
    let mut open = vec![(inner.as_slice(), Positions::start(&outer))];
    let mut seen = BTreeSet::new();
    while let Some((mut rest, mut at)) = open.pop() {
        loop {
            let Some(left) = steps_left.checked_sub(1) else {
                return false;
            };
            steps_left = left;
            match rest.split_first() {
                None if at.accepts() => break,
                None => return false,
                Some((Symbol::Star, after)) => {
                    if !seen.insert((after.len(), at.clone())) {
                        break;
                    }
                    open.push((after, at.clone()));
                    // `rest` still begins with the star: it takes one more.
                    at = at.step(&outer, Symbol::One, case);
                }
                Some((symbol, after)) => {
                    at = at.step(&outer, *symbol, case);
                    rest = after;
                }
            }
        }
    }
    true
}

/// One character of the inner pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Symbol {
    Exactly(char),
    One,
    Star,
}

impl From<char> for Symbol {
    fn from(c: char) -> Self {
        match c {
            '*' => Self::Star,
            '?' => Self::One,
            _ => Self::Exactly(c),
        }
    }
}

/// The places in the outer pattern where a match may stand: one flag before each character and one at the end.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Positions(Vec<bool>);

impl Positions {
    fn start(outer: &[char]) -> Self {
        Self::settled(outer, std::iter::once(true).chain(outer.iter().map(|_| false)))
    }

    fn accepts(&self) -> bool {
        self.0.last() == Some(&true)
    }

    /// After one more character: a star stays, any other that takes the character moves on by one.
    fn step(&self, outer: &[char], symbol: Symbol, case: Case) -> Self {
        let takes = |c: char| match symbol {
            Symbol::Exactly(found) => c == '?' || (c != '*' && case.same(c, found)),
            Symbol::One | Symbol::Star => c == '?',
        };
        let here = || outer.iter().zip(&self.0);
        let stayed = here().map(|(&c, &on)| on && c == '*').chain(std::iter::once(false));
        let moved = std::iter::once(false).chain(here().map(|(&c, &on)| on && takes(c)));
        Self::settled(outer, stayed.zip(moved).map(|(stayed, moved)| stayed || moved))
    }

    /// Adds the places behind stars, which may take nothing.
    fn settled(outer: &[char], flags: impl Iterator<Item = bool>) -> Self {
        let mut behind_star = false;
        let characters = outer.iter().map(Some).chain(std::iter::once(None));
        let settle = |(flag, c): (bool, Option<&char>)| {
            let on = flag || behind_star;
            behind_star = on && c == Some(&'*');
            on
        };
        Self(flags.zip(characters).map(settle).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::{Case, covers, matches};

    /// All texts of up to `length` characters of an alphabet, shortest first.
    fn texts(alphabet: &str, length: u32) -> Vec<String> {
        let mut all = vec![String::new()];
        let mut longest = all.clone();
        for _ in 0..length {
            longest = longest.iter().flat_map(|text| alphabet.chars().map(move |c| format!("{text}{c}"))).collect();
            all.extend(longest.iter().cloned());
        }
        all
    }

    /// What a pattern matches, by its definition.
    fn defined(pattern: &[char], text: &[char]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, None) => true,
            (Some(('*', rest)), None) => defined(rest, text),
            (Some(('*', rest)), Some((_, later))) => defined(rest, text) || defined(pattern, later),
            (None, Some(_)) | (Some(_), None) => false,
            (Some((p, rest)), Some((t, later))) => (*p == '?' || p == t) && defined(rest, later),
        }
    }

    #[test]
    fn matches_as_defined() {
        let texts = texts("ab", 5);
        for pattern in self::texts("ab*?", 4) {
            for text in &texts {
                let expected = defined(&pattern.chars().collect::<Vec<_>>(), &text.chars().collect::<Vec<_>>());
                assert_eq!(matches(&pattern, text, Case::Counts), expected, "{pattern} on {text}");
            }
        }
    }

    #[test]
    fn covers_exactly_what_brute_force_says() {
        // `z` is in no pattern: it shows what a wildcard takes beyond the letters that patterns name.
        let texts = texts("abz", 6);
        let patterns = self::texts("ab*?", 4);
        let matched: Vec<Vec<bool>> = patterns
            .iter()
            .map(|pattern| texts.iter().map(|text| matches(pattern, text, Case::Counts)).collect())
            .collect();
        for (outer, by_outer) in patterns.iter().zip(&matched) {
            for (inner, by_inner) in patterns.iter().zip(&matched) {
                let expected = by_inner.iter().zip(by_outer).all(|(inner, outer)| *outer || !inner);
                assert_eq!(covers(outer, inner, Case::Counts), expected, "{outer} over {inner}");
            }
        }
    }

    #[test]
    fn case_counts_only_where_it_should() {
        assert!(matches("get*", "GetItem", Case::Ignored));
        assert!(!matches("get*", "GetItem", Case::Counts));
        assert!(covers("GET*", "get?tem", Case::Ignored));
        assert!(!covers("GET*", "get?tem", Case::Counts));
        // The Kelvin sign lower-cases to `k` in Unicode: IAM's ASCII doesn't know that, nor do we.
        assert!(!matches("\u{212a}ms", "kms", Case::Ignored));
    }

    #[test]
    fn one_wildcard_is_one_character_not_one_byte() {
        assert!(matches("a?c", "aéc", Case::Counts));
    }

    #[test]
    fn gives_up_with_a_no_on_patterns_made_to_be_slow() {
        let inner = "*a?b".repeat(120);
        let outer = "*?a?b*".repeat(120);
        assert!(!covers(&outer, &inner, Case::Counts));
    }
}
