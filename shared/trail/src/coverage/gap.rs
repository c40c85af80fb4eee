//! What is missing, each with a code and a sentence.

use crate::coverage::{DIGEST_LATE, DIGEST_PERIOD, Hour, Proof};
use crate::digest::verdict::{self, Code};
use crate::findings::{Finding, Severity};
use model::text::inert;
use model::time::Time;
use serde::{Deserialize, Serialize};

/// Most gaps that are told one by one.
pub const MOST_GAPS: usize = 100;

/// The code of the findings that gaps are.
pub const RULE: &str = "coverage_gap";

/// A time in a region of which something is missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Gap {
    /// Stable: what a digest's verdict says (`bad_signature`, `chain_start`, …), or `digest_overdue`, `file_not_read`,
    /// `region_not_watched`, `no_trail`.
    pub code: String,
    /// The region; empty if it is all.
    pub region: String,
    /// From when.
    pub from: Time,
    /// Until when.
    pub until: Time,
    /// In a sentence or two.
    pub sentence: String,
}

impl Gap {
    /// As a finding `coverage_gap` of [`crate::findings`]. High if it looks as if somebody had been at the record.
    pub fn finding(&self) -> Finding {
        let touched = [
            Code::BadSignature,
            Code::UnknownKey,
            Code::WrongObject,
            Code::ChainBroken,
            Code::FileMissing,
            Code::FileHashMismatch,
        ];
        let severity =
            if touched.iter().any(|code| code.as_str() == self.code) { Severity::High } else { Severity::Medium };
        let place = if self.region.is_empty() { "everywhere" } else { &self.region };
        Finding {
            rule: RULE.to_owned(),
            severity,
            subject: format!("{} {place} {}", self.code, self.from),
            reason: self.sentence.clone(),
            at: self.from,
            evidence: Vec::new(),
        }
    }
}

/// Collects gaps, bounded.
#[derive(Debug, Default)]
pub(super) struct Gaps {
    kept: Vec<Gap>,
    more: usize,
}

impl Gaps {
    pub(super) fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// The gaps and how many more there are.
    pub(super) fn told(self) -> (Vec<Gap>, usize) {
        (self.kept, self.more)
    }

    pub(super) fn no_trail(&mut self, from: Time, until: Time) {
        let sentence = "No trail's files are read: nothing proves that what is shown is all there was.";
        self.add("no_trail", "", (from, until), sentence.to_owned());
    }

    pub(super) fn not_watched(&mut self, region: &str, from: Time, until: Time) {
        let region = inert(region, 40);
        let sentence = format!("Calls were seen in {region}, whose files are not read: there may be more.");
        self.add("region_not_watched", &region, (from, until), sentence);
    }

    pub(super) fn overdue(&mut self, region: &str, (from, until): (Time, Time)) {
        let hours = DIGEST_PERIOD.saturating_add(DIGEST_LATE).div_euclid(3_600);
        let sentence = format!(
            "No digest has come for {region} from {from} to {until}, {hours} hours on: the trail was off, its validation \
             was off, or the digest was removed. What happened then can't be proven."
        );
        self.add("digest_overdue", region, (from, until), sentence);
    }

    pub(super) fn before(&mut self, region: &str, time: (Time, Time), finding: &verdict::Finding) {
        let sentence = format!("{region}, {} to {}: {}", time.0, time.1, finding.sentence);
        self.add(finding.code.as_str(), region, time, sentence);
    }

    pub(super) fn quarantined(&mut self, region: &str, hour: &Hour) {
        let time = (hour.from, hour.from.plus(3_600));
        let told = |gap: &Gap| {
            gap.code == Code::FileNotRead.as_str() && gap.region == region && gap.from < time.1 && time.0 < gap.until
        };
        if self.kept.iter().any(told) {
            return;
        }
        let sentence = format!(
            "{region}, {} to {}: {} of the trail's files could not be read. What they hold is not in here.",
            time.0, time.1, hour.quarantined
        );
        self.add(Code::FileNotRead.as_str(), region, time, sentence);
    }

    /// What is wrong with a digest, once by code.
    pub(super) fn doubtful(&mut self, proof: &Proof) {
        let mut told: Vec<Code> = Vec::new();
        for finding in proof.verdict.findings.iter().filter(|finding| !finding.code.is_about_before()) {
            if told.contains(&finding.code) {
                continue;
            }
            told.push(finding.code);
            let alike = proof.verdict.findings.iter().filter(|other| other.code == finding.code).count();
            let others = match alike.saturating_sub(1).saturating_add(proof.verdict.more) {
                0 => String::new(),
                1 => " And 1 more.".to_owned(),
                more => format!(" And {more} more."),
            };
            let sentence = format!("{}, {} to {}: {}{others}", proof.region, proof.from, proof.until, finding.sentence);
            self.add(finding.code.as_str(), &proof.region, (proof.from, proof.until), sentence);
        }
    }

    fn add(&mut self, code: &str, region: &str, (from, until): (Time, Time), sentence: String) {
        if self.kept.len() >= MOST_GAPS {
            self.more = self.more.saturating_add(1);
            return;
        }
        self.kept.push(Gap { code: code.to_owned(), region: region.to_owned(), from, until, sentence });
    }
}
