//! A region's time, laid out by what digests prove of it.

use crate::coverage::gap::Gaps;
use crate::coverage::{DIGEST_LATE, DIGEST_PERIOD};
use crate::digest::verdict::{self, Verdict};
use model::time::Time;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What one digest proves. See [`crate::digest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Proof {
    /// The region.
    pub region: String,
    /// The trail.
    pub trail: String,
    /// Its beginning.
    pub from: Time,
    /// Its end.
    pub until: Time,
    /// Whether it only adds files to a time that another digest covers.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub backfill: bool,
    /// What came out.
    pub verdict: Verdict,
}

/// How a piece of time stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SpanState {
    /// Its digest is to come.
    Awaited,
    /// Its digest came; files that it lists are still to be read.
    Waiting,
    /// Proven.
    Validated,
    /// See the gaps.
    Gap,
}

/// A piece of time of one trail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Span {
    /// The trail; empty if no digest of any has come.
    pub trail: String,
    /// From.
    pub from: Time,
    /// Until.
    pub until: Time,
    /// How it stands.
    pub state: SpanState,
}

/// A region's time in order, by trail, and whether all of it is validated.
pub(super) fn of(
    region: &str,
    (from, until): (Time, Time),
    proofs: &[Proof],
    now: Time,
    gaps: &mut Gaps,
) -> (Vec<Span>, bool) {
    let mut mine: Vec<&Proof> =
        proofs.iter().filter(|proof| proof.region == region && proof.from < until && from < proof.until).collect();
    mine.sort_by_key(|proof| (proof.from, proof.until));
    let mut trails: BTreeSet<&str> = mine.iter().map(|proof| proof.trail.as_str()).collect();
    if trails.is_empty() {
        trails.insert("");
    }
    let mut spans = Vec::new();
    for trail in trails {
        let mut line = Line { region, trail, at: from, now, spans: &mut spans, gaps };
        for proof in mine.iter().filter(|proof| proof.trail == trail) {
            line.proof(proof, until);
        }
        line.unproven(until, None);
    }
    let validated = spans.iter().all(|span| span.state == SpanState::Validated);
    (spans, validated)
}

/// One trail's time, filled from the left.
struct Line<'a> {
    region: &'a str,
    trail: &'a str,
    at: Time,
    now: Time,
    spans: &'a mut Vec<Span>,
    gaps: &'a mut Gaps,
}

impl Line<'_> {
    fn proof(&mut self, proof: &Proof, until: Time) {
        let state = match proof.verdict.state {
            verdict::State::Validated => SpanState::Validated,
            verdict::State::Waiting => SpanState::Waiting,
            verdict::State::Doubtful => SpanState::Gap,
        };
        if state == SpanState::Gap {
            self.gaps.doubtful(proof);
        }
        if !proof.backfill {
            self.unproven(proof.from, Some(proof));
        }
        let end = proof.until.min(until);
        if !proof.backfill && self.at < end {
            self.push(self.at, end, state);
            self.at = end;
        } else if state != SpanState::Validated {
            // It covers no time that another does not; what is not proven of it shows beside that one.
            self.push(proof.from, proof.until, state);
        }
    }

    /// What no digest covers between here and `until`, where `next` begins.
    fn unproven(&mut self, until: Time, next: Option<&Proof>) {
        if until <= self.at {
            return;
        }
        let from = std::mem::replace(&mut self.at, until);
        let broken = next.and_then(|next| next.verdict.findings.iter().find(|found| found.code.is_about_before()));
        if let Some(finding) = broken {
            self.gaps.before(self.region, (from, until), finding);
            self.push(from, until, SpanState::Gap);
            return;
        }
        // A moment's digest ends a period later at most, and comes a while after that.
        let patience = i64::try_from(DIGEST_PERIOD.saturating_add(DIGEST_LATE)).unwrap_or(i64::MAX);
        let overdue_before = Time::from_second(self.now.as_second().saturating_sub(patience)).unwrap_or(Time::EPOCH);
        let overdue = overdue_before.clamp(from, until);
        if from < overdue {
            self.gaps.overdue(self.region, (from, overdue));
            self.push(from, overdue, SpanState::Gap);
        }
        if overdue < until {
            self.push(overdue, until, SpanState::Awaited);
        }
    }

    fn push(&mut self, from: Time, until: Time, state: SpanState) {
        self.spans.push(Span { trail: self.trail.to_owned(), from, until, state });
    }
}
