//! The tamper suite: a record that production code made, changed in every way that was thought of, and each change found,
//! by its code and at its place; and nothing found in the record as it is.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::wildcard_enum_match_arm,
    reason = "a test that can't go on has failed"
)]

mod calls;
mod changed;
mod forged;
mod log;
mod newer;
mod residual;
mod rotated;
mod story;
mod unlisted;
mod untouched;

use verify::{Code, Outcome, Severity, Verdict};

/// Where something has to be found.
#[derive(Debug, Clone)]
pub(crate) enum Where {
    /// At one of these leaves, each with its place in its stream.
    OneOf(Vec<(usize, u64)>),
    /// At this leaf.
    Leaf(u64),
    /// At this place of a stream.
    Entry(String, u64),
    /// In this file.
    File(String),
    /// Of this stream, as a whole.
    Stream(String),
}

/// What is wrong unless the finding is there, by its code and at its place, and the verdict says so.
pub(crate) fn missed(name: &str, verdict: &Verdict, code: Code, place: &Where) -> Option<String> {
    let fits = |finding: &&verify::Finding| {
        let at = &finding.at;
        finding.code == code
            && match place {
                Where::OneOf(places) => places
                    .iter()
                    .any(|(index, seq)| at.index == Some(u64::try_from(*index).unwrap()) && at.seq == Some(*seq)),
                Where::Leaf(index) => at.index == Some(*index),
                Where::Entry(stream, seq) => at.stream.as_ref() == Some(stream) && at.seq == Some(*seq),
                Where::File(path) => at.path.as_ref() == Some(path),
                Where::Stream(stream) => at.stream.as_ref() == Some(stream),
            }
    };
    let outcome = match code.severity() {
        Severity::Note => Outcome::Intact,
        Severity::Doubtful => Outcome::Doubtful,
        Severity::Broken => Outcome::Broken,
    };
    if verdict.findings.iter().any(|finding| fits(&finding)) && verdict.outcome as u8 >= outcome as u8 {
        return None;
    }
    let shown = |finding: &verify::Finding| format!("\n    {} at {}: {}", finding.code, finding.at, finding.sentence);
    let all: String = verdict.findings.iter().take(12).map(shown).collect();
    Some(format!("{name}: {code} at {place:?}; {}, found:{all}", verdict.outcome.as_str()))
}

/// The finding is there.
#[track_caller]
pub(crate) fn expect(name: &str, verdict: &Verdict, code: Code, place: &Where) {
    if let Some(missed) = missed(name, verdict, code, place) {
        panic!("{missed}");
    }
}
