//! What is found, and what comes of it.

use crate::codes::Code;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

/// Most findings of each weight that are kept; more are counted.
pub const MOST_FINDINGS: usize = 10_000;

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; nothing is wrong by it.
    Note,
    /// Somebody has to explain it.
    Doubtful,
    /// The record is not what was written, or what was written is not allowed.
    Broken,
}

impl Severity {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Doubtful => "doubtful",
            Self::Broken => "broken",
        }
    }
}

/// Where something was found; whatever of it is known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct At {
    /// The leaf, from 0.
    pub index: Option<u64>,
    /// The stream.
    pub stream: Option<String>,
    /// The place in the stream, from 1.
    pub seq: Option<u64>,
    /// The file of the folder.
    pub path: Option<String>,
}

impl At {
    /// A file.
    pub fn path(path: &str) -> Self {
        Self { path: Some(path.to_owned()), ..Self::default() }
    }

    /// A leaf.
    pub fn index(index: u64) -> Self {
        Self { index: Some(index), ..Self::default() }
    }

    /// An entry.
    pub fn entry(index: u64, stream: &str, seq: u64) -> Self {
        Self { index: Some(index), stream: Some(stream.to_owned()), seq: Some(seq), path: None }
    }

    /// A stream.
    pub fn stream(stream: &str) -> Self {
        Self { stream: Some(stream.to_owned()), ..Self::default() }
    }
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        parts.extend(self.index.map(|index| format!("leaf {index}")));
        let seq = self.seq.map(|seq| format!("/{seq}")).unwrap_or_default();
        parts.extend(self.stream.as_ref().map(|stream| format!("{}{seq}", shown(stream))));
        parts.extend(self.path.as_ref().map(|path| shown(path)));
        f.write_str(&parts.join(", "))
    }
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What, as a stable code.
    pub code: Code,
    /// How much it weighs.
    pub severity: Severity,
    /// Where.
    #[serde(flatten)]
    pub at: At,
    /// What it is, for people.
    pub sentence: String,
}

/// What comes of it all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Nothing is wrong.
    Intact,
    /// Something has to be explained.
    Doubtful,
    /// Something is wrong.
    Broken,
}

impl Outcome {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Intact => "intact",
            Self::Doubtful => "doubtful",
            Self::Broken => "broken",
        }
    }
}

/// How much was looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Figures {
    /// The log's name.
    pub origin: String,
    /// The pinned keys that signed its newest checkpoint: name and, in brackets, the id.
    pub signed_by: Vec<String>,
    /// Its leaves.
    pub size: u64,
    /// Its root, in hexadecimal, as rebuilt from the entries.
    pub root: String,
    /// When the newest entry was made.
    pub newest_at: Option<String>,
    /// Streams.
    pub streams: u64,
    /// Requests among them.
    pub requests: u64,
    /// Grants among those: access was made, or may have been.
    pub grants: u64,
    /// Countersignatures that were counted and judged.
    pub approvals: u64,
    /// Credentials handed out.
    pub credentials: u64,
    /// Checkpoints held against the tree: anchored, cosigned, saved.
    pub checkpoints: u64,
    /// Of those, with a valid cosignature of a pinned witness.
    pub cosigned: u64,
    /// Hash tiles compared.
    pub tiles: u64,
    /// Entries compared with the table.
    pub table_entries: u64,
    /// Words in entries whose text is given and is what was written.
    pub words_checked: u64,
    /// Words in entries of which the table holds only the hash.
    pub words_erased: u64,
    /// CloudTrail's digests judged.
    pub trail_digests: u64,
    /// CloudTrail's records read.
    pub trail_records: u64,
    /// Of those, calls under a grant's id, or with one of its keys.
    pub trail_calls: u64,
}

/// The one verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// In a word.
    pub outcome: Outcome,
    /// Everything that was found, the gravest first, by place; at most [`MOST_FINDINGS`] of each weight.
    pub findings: Vec<Finding>,
    /// How many more there were.
    pub more: u64,
    /// How much was looked at.
    pub figures: Figures,
}

/// Findings on their way into a verdict.
#[derive(Debug, Default)]
pub(crate) struct Found {
    kept: Vec<Finding>,
    count: BTreeMap<Severity, usize>,
    more: u64,
    worst: Option<Severity>,
    pub(crate) figures: Figures,
}

impl Found {
    /// Takes one in.
    pub(crate) fn add(&mut self, code: Code, at: At, sentence: impl Into<String>) {
        let severity = code.severity();
        self.worst = self.worst.max(Some(severity));
        // Each weight has its own room: nobody can hide what is broken behind notes.
        let kept = self.count.entry(severity).or_default();
        if *kept < MOST_FINDINGS {
            *kept = kept.saturating_add(1);
            self.kept.push(Finding { code, severity, at, sentence: sentence.into() });
        } else {
            self.more = self.more.saturating_add(1);
        }
    }

    /// The verdict.
    pub(crate) fn verdict(mut self) -> Verdict {
        self.kept.sort_by(|one, other| {
            let place =
                |finding: &Finding| (finding.at.index.unwrap_or(u64::MAX), finding.at.stream.clone(), finding.at.seq);
            other.severity.cmp(&one.severity).then_with(|| place(one).cmp(&place(other)))
        });
        let outcome = match self.worst {
            None | Some(Severity::Note) => Outcome::Intact,
            Some(Severity::Doubtful) => Outcome::Doubtful,
            Some(Severity::Broken) => Outcome::Broken,
        };
        Verdict { outcome, findings: self.kept, more: self.more, figures: self.figures }
    }
}

/// A text of the record in a sentence: it may be anybody's, so nothing of it steers a terminal.
pub(crate) fn shown(text: &str) -> String {
    let mut out = String::new();
    for character in text.chars().take(120) {
        let inert = if character.is_ascii_graphic() || character == ' ' { character } else { '?' };
        let _ = out.write_char(inert);
    }
    out
}
