//! Many histories, on several threads; and one again, made as small as it gets.

use crate::check::{Violation, check};
use crate::coverage::Coverage;
use crate::dice::Dice;
use crate::history::{Played, play};
use crate::plan::{Fault, Hits, Plan};
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The seeds that once broke something: they are played in every test, for ever.
pub const ONCE_BROKEN: &str = include_str!("../seeds.txt");

/// A history that broke a promise.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Broken {
    /// Its seed.
    pub seed: u64,
    /// What it broke.
    pub violations: Vec<Violation>,
}

/// What a run came to.
#[derive(Debug, Default)]
pub struct Report {
    /// How many histories were played.
    pub histories: u64,
    /// How often each fault happened.
    pub hits: Arc<Hits>,
    /// What came up.
    pub coverage: Coverage,
    /// What was broken, by seed.
    pub broken: Vec<Broken>,
}

/// The plan of a seed.
pub fn plan(seed: u64) -> Plan {
    Plan::draw(&mut Dice::new(seed ^ 0x5EED_0000_0000_0000))
}

/// The seeds of the file: one a line, with what it was after it.
pub fn once_broken() -> Vec<u64> {
    let lines = ONCE_BROKEN.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split_whitespace().next()?.parse().ok()).collect()
}

/// Plays one and judges it.
pub fn one(seed: u64, plan: &Plan, hits: &Arc<Hits>, traced: bool) -> (Option<Played>, Vec<Violation>) {
    let judged = || {
        let played = play(seed, plan, hits, traced);
        let violations = check(&played.recording);
        (played, violations)
    };
    match catch_unwind(AssertUnwindSafe(judged)) {
        Ok((played, violations)) => (Some(played), violations),
        Err(panic) => {
            let said = panic.downcast_ref::<String>().cloned();
            let said = said.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
            let how = format!("it panicked: {}", said.unwrap_or_default());
            (None, vec![Violation { promise: "no step panics", of: String::new(), how }])
        }
    }
}

/// Plays all of `seeds` on `jobs` threads, until `enough` of them are broken.
pub fn many(seeds: &[u64], jobs: usize, enough: usize) -> Report {
    let (hits, next, broken_so_far) = (Arc::new(Hits::default()), AtomicU64::new(0), AtomicU64::new(0));
    let enough = u64::try_from(enough).unwrap_or(u64::MAX);
    let player = || {
        let (mut coverage, mut broken, mut histories) = (Coverage::default(), Vec::new(), 0_u64);
        while broken_so_far.load(Ordering::Relaxed) < enough {
            let at = usize::try_from(next.fetch_add(1, Ordering::Relaxed)).unwrap_or(usize::MAX);
            let Some(seed) = seeds.get(at).copied() else { break };
            let (played, violations) = one(seed, &plan(seed), &hits, false);
            histories += 1;
            if let Some(played) = &played {
                coverage.take(played);
            }
            if !violations.is_empty() {
                broken_so_far.fetch_add(1, Ordering::Relaxed);
                broken.push(Broken { seed, violations });
            }
        }
        (coverage, broken, histories)
    };
    let parts: Vec<_> = std::thread::scope(|scope| {
        let players: Vec<_> = (0..jobs.max(1)).map(|_| scope.spawn(player)).collect();
        players.into_iter().map(|player| player.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
    });
    let mut report = Report { hits, ..Report::default() };
    for (coverage, mut broken, histories) in parts {
        report.coverage.add(&coverage);
        report.broken.append(&mut broken);
        report.histories += histories;
    }
    report.broken.sort();
    report
}

/// The smallest plan that breaks the same promise with the same seed: without each kind of fault, and each step, that it
/// does not take.
pub fn shrink(seed: u64, promise: &str) -> Plan {
    let hits = Arc::new(Hits::default());
    let breaks = |plan: &Plan| one(seed, plan, &hits, false).1.iter().any(|violation| violation.promise == promise);
    let mut smallest = plan(seed);
    for fault in Fault::ALL {
        let mut without = smallest.clone();
        if without.faults.remove(fault) && breaks(&without) {
            smallest = without;
        }
    }
    let mut by = smallest.steps / 2;
    while by > 0 {
        let shorter = Plan { steps: smallest.steps.saturating_sub(by), ..smallest.clone() };
        if shorter.steps > 0 && breaks(&shorter) {
            smallest = shorter;
        } else {
            by /= 2;
        }
    }
    smallest
}

/// What happened around what was broken, line by line: steps, and the calls about it.
pub fn trace(seed: u64, plan: &Plan, violation: &Violation) -> Vec<String> {
    let (played, _) = one(seed, plan, &Arc::new(Hits::default()), true);
    let Some(played) = played else { return Vec::new() };
    let of = violation.of.as_str();
    let about = |text: &str| of.is_empty() || text.contains(of) || !text.contains("req_");
    let calls = played.recording.calls.iter().enumerate().filter(|(_, call)| call.on == of || call.detail.contains(of));
    let calls: Vec<(usize, String)> = calls
        .filter(|_| !of.is_empty())
        .map(|(at, call)| {
            let done = if call.order > 0 { "" } else { " (not done)" };
            (at + 1, format!("    call {} {} {} {}{done}", at + 1, call.verb, call.on, call.detail))
        })
        .collect();
    let mut calls = calls.into_iter().peekable();
    let mut lines = Vec::new();
    for line in &played.lines {
        let until =
            line.split_once('[').and_then(|(_, rest)| rest.split_once(']')?.0.parse::<usize>().ok()).unwrap_or(0);
        while let Some((_, call)) = calls.next_if(|(at, _)| *at <= until) {
            lines.push(call);
        }
        if about(line) {
            lines.push(line.clone());
        }
    }
    lines.extend(calls.map(|(_, call)| call));
    lines
}

/// The names of the faults of a plan.
pub fn faults(plan: &Plan) -> BTreeSet<&'static str> {
    plan.faults.iter().map(|fault| fault.as_str()).collect()
}
