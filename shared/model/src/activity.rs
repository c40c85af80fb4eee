//! What the record says of what was done under a grant: odd things, and numbers. The calls themselves are kept beside
//! the record, bound to it by a digest.

use crate::digest::{Digest, Encoding};
use crate::event::Event;
use crate::time::Time;
use serde::{Deserialize, Serialize};

/// Findings that one request's record takes. What is found beyond them is in the activity itself.
pub const FINDINGS_RECORDED: usize = 60;

/// Summaries that one request's record takes: records of calls may come for 30 days after the end, and each changes it.
pub const SUMMARIES_RECORDED: u32 = 20;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Severity {
    /// Worth knowing.
    Low,
    /// Worth a look.
    Medium,
    /// Somebody should ask today.
    High,
    /// Somebody should ask now.
    Critical,
}

impl Severity {
    /// Every one, from the lowest up.
    pub const ALL: [Self; 4] = [Self::Low, Self::Medium, Self::High, Self::Critical];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// The one with this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|severity| severity.as_str() == name)
    }
}

/// Something odd in what was done under a grant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// The rule's stable code: `outside_actions`.
    pub rule: String,
    /// How much it matters.
    pub severity: Severity,
    /// What it is about, bounded: an action, an address. With [`Finding::rule`], what makes two findings the same.
    pub subject: String,
    /// Why people are shown this, in a sentence.
    pub reason: String,
    /// When the call that showed it was made.
    pub at: Time,
    /// Ids of the calls that show it, at most five.
    pub evidence: Vec<String>,
}

impl Finding {
    /// What makes two findings the same, in 16 hexadecimal digits: rule, subject, and how much it matters.
    pub fn key(&self) -> String {
        let digest = Encoding::of("countersign.finding.v1")
            .text(&self.rule)
            .text(&self.subject)
            .text(self.severity.as_str())
            .digest()
            .to_string();
        digest.chars().filter(char::is_ascii_hexdigit).rev().take(16).collect()
    }
}

/// How complete what is known is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Completeness {
    /// Records are expected still.
    Collecting,
    /// The usual delay is over: a quarter of an hour after the end.
    Provisional,
    /// CloudTrail's own digests say that every file was read, up to the last hour in which a session could have lived.
    Final,
}

impl Completeness {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Collecting => "collecting",
            Self::Provisional => "provisional",
            Self::Final => "final",
        }
    }
}

/// One thing done often.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Often {
    /// What was called: `s3:ListObjects`.
    pub name: String,
    /// How often.
    pub times: u64,
}

/// What was done under a grant, in numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Activity {
    /// How complete that is.
    pub completeness: Completeness,
    /// Calls, refused and failed ones included.
    pub calls: u64,
    /// Of those, calls that change nothing.
    pub reads: u64,
    /// Refused for want of permission.
    pub denied: u64,
    /// Calls after the end.
    pub after_end: u64,
    /// Findings so far.
    pub findings: u64,
    /// What was called most, at most five.
    pub top: Vec<Often>,
    /// Whether calls on data are among what is recorded, or management only.
    pub data_events: bool,
    /// What is missing, as codes with region and hour, at most ten.
    pub gaps: Vec<String>,
    /// Digest of the whole summary as it is kept.
    pub digest: Digest,
}

/// Runs that one request's record takes.
pub const RUNS_RECORDED: usize = 40;

/// How long after the end of a grant runs may still be reported, in seconds: one that was under way then.
pub const REPORTED_FOR: u64 = 86_400;

/// When in a run it was reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RunPhase {
    /// Before anything is changed: what will be.
    Plan,
    /// Afterwards: how it went.
    Apply,
}

/// What a requester's own command line says it ran under the grant. Their word, not proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Run {
    /// The tool: `terraform`.
    pub tool: String,
    /// Before or after.
    pub phase: RunPhase,
    /// The command's exit code.
    pub exit_code: i32,
    /// Resources that are made.
    pub created: u64,
    /// Resources that are changed.
    pub changed: u64,
    /// Resources that are destroyed.
    pub destroyed: u64,
    /// Digest of the whole difference as it is kept.
    pub digest: Digest,
}

impl Run {
    /// What makes two reports the same, in 16 hexadecimal digits.
    pub fn key(&self) -> String {
        let digest = Encoding::of("countersign.run.v1")
            .text(&self.tool)
            .text(if self.phase == RunPhase::Plan { "plan" } else { "apply" })
            .text(&self.exit_code.to_string())
            .text(&self.digest.to_string())
            .digest()
            .to_string();
        digest.chars().take(16).collect()
    }
}

/// What a request's record says of activity so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Known {
    /// Keys of the findings it holds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<String>,
    /// Keys of the runs it holds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub runs: Vec<String>,
    /// How many summaries it holds.
    #[serde(default)]
    pub summaries: u32,
    /// The last of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Box<Activity>>,
}

impl Known {
    /// Whether there is nothing.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// Whether it takes `finding`: it does not hold it, and is not full.
    pub fn takes(&self, finding: &Finding) -> bool {
        self.findings.len() < FINDINGS_RECORDED && !self.findings.contains(&finding.key())
    }

    /// Whether it takes `run`: it does not hold the same, and is not full.
    pub fn takes_run(&self, run: &Run) -> bool {
        self.runs.len() < RUNS_RECORDED && !self.runs.contains(&run.key())
    }

    /// Whether it takes `activity`: that says something new, is not less complete, and there is room. The last place is
    /// for what is final.
    pub fn takes_summary(&self, activity: &Activity) -> bool {
        let room = if activity.completeness == Completeness::Final {
            SUMMARIES_RECORDED
        } else {
            SUMMARIES_RECORDED.saturating_sub(1)
        };
        let news = self.last.as_ref().is_none_or(|last| {
            last.as_ref() != activity && last.completeness <= activity.completeness && last.calls <= activity.calls
        });
        self.summaries < room && news
    }

    /// With one more event about activity; `None`: it can't follow, or is about something else.
    pub(crate) fn with(&self, event: &Event) -> Option<Self> {
        if let Event::ActivityFinding { finding } = event {
            let mut known = self.clone();
            known.findings.push(finding.key());
            return self.takes(finding).then_some(known);
        }
        if let Event::RunReported { run } = event {
            let mut known = self.clone();
            known.runs.push(run.key());
            return self.takes_run(run).then_some(known);
        }
        let Event::ActivitySummarised { activity } = event else { return None };
        let (summaries, last) = (self.summaries.saturating_add(1), Some(Box::new(activity.clone())));
        self.takes_summary(activity).then(|| Self { summaries, last, ..self.clone() })
    }
}
