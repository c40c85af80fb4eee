//! The numbers of a report, by name. Each is a whole number that follows from the entries of the pack.

use crate::life::count;
use crate::moment::{DAY, Moment};
use crate::tables::{GrantRow, RequestRow, Tables};
use crate::tests_of_control::{ExceptionRow, HASTY_TEST, TESTS};
use std::collections::{BTreeMap, BTreeSet};

/// Numbers by their names.
pub type Figures = BTreeMap<String, u64>;

/// What the numbers are of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counted<'a> {
    pub(crate) tables: &'a Tables,
    pub(crate) population: &'a [GrantRow],
    pub(crate) requests: &'a [RequestRow],
    pub(crate) exceptions: &'a [ExceptionRow],
    pub(crate) sampled: usize,
    pub(crate) from: Moment,
    pub(crate) to: Moment,
}

/// Upper bounds of the bars of durations, in seconds, with what they are called.
pub const DURATIONS: [(u64, &str); 7] = [
    (900, "15 min"),
    (1_800, "30 min"),
    (3_600, "1 h"),
    (7_200, "2 h"),
    (14_400, "4 h"),
    (28_800, "8 h"),
    (u64::MAX, "more"),
];

/// Upper bounds of the bars of times to approve, in seconds, with what they are called.
pub const WAITS: [(u64, &str); 7] =
    [(10, "10 s"), (60, "1 min"), (300, "5 min"), (900, "15 min"), (3_600, "1 h"), (14_400, "4 h"), (u64::MAX, "more")];

/// How a grant can have ended, as [`GrantRow::outcome`] says.
pub const OUTCOMES: [&str; 6] = ["planned", "early", "late", "overdue", "failed", "open"];

/// Severities, from the lowest up.
pub const SEVERITIES: [&str; 4] = ["low", "medium", "high", "critical"];

/// A period longer than this many days is shown by weeks.
const DAYS_SHOWN: u64 = 92;

/// Bars of the chart of grants over time: a day or a week each, by its first day.
pub fn days(from: Moment, to: Moment) -> Vec<String> {
    let by_week = to.since(from) > DAYS_SHOWN.saturating_mul(DAY.unsigned_abs());
    let step = if by_week { DAY.saturating_mul(7) } else { DAY };
    let mut days = Vec::new();
    let mut at = first_day(from, by_week);
    while at < to.as_second() {
        days.extend(Moment::from_second(at).map(Moment::day));
        at = at.saturating_add(step);
    }
    days
}

/// The beginning of a time's day, or of its week, which begins on Monday.
fn first_day(at: Moment, by_week: bool) -> i64 {
    let day = at.as_second().div_euclid(DAY);
    // The first day of 1970 was a Thursday.
    let back = if by_week { day.saturating_add(3).rem_euclid(7) } else { 0 };
    day.saturating_sub(back).saturating_mul(DAY)
}

impl Counted<'_> {
    /// All numbers.
    pub(crate) fn figures(&self) -> Figures {
        let mut figures = Figures::new();
        self.requests(&mut figures);
        self.grants(&mut figures);
        self.use_and_system(&mut figures);
        self.charts(&mut figures);
        for test in TESTS.iter().chain([&HASTY_TEST]) {
            let failed = self.exceptions.iter().filter(|exception| exception.test == test.code).count();
            figures.insert(format!("exceptions.{}", test.code), count(failed));
        }
        for severity in SEVERITIES {
            let failed = self.exceptions.iter().filter(|exception| exception.severity == severity).count();
            figures.insert(format!("exceptions_by_severity.{severity}"), count(failed));
        }
        figures.insert("exceptions".to_owned(), count(self.exceptions.len()));
        figures.insert("sample".to_owned(), count(self.sampled));
        figures
    }

    fn requests(&self, figures: &mut Figures) {
        let status = |status: &str| count(self.requests.iter().filter(|request| request.status == status).count());
        let persons: BTreeSet<&str> = self.requests.iter().map(|request| request.requester.as_str()).collect();
        let policies: BTreeSet<&str> = self.requests.iter().map(|request| request.policy_digest.as_str()).collect();
        let narrowed = self.requests.iter().filter(|request| request.narrowed > 0).count();
        let refused = self.requests.iter().map(|request| request.refusals).fold(0, u64::saturating_add);
        put(
            figures,
            &[
                ("requests", count(self.requests.len())),
                ("requests_denied", status("denied")),
                ("requests_cancelled", status("cancelled")),
                ("requests_lapsed", status("lapsed")),
                ("requests_narrowed", count(narrowed)),
                ("requesters", count(persons.len())),
                ("refused_attempts", refused),
                ("policies_in_force", count(policies.len())),
            ],
        );
    }

    fn grants(&self, figures: &mut Figures) {
        let with = |holds: fn(&GrantRow) -> bool| count(self.population.iter().filter(|grant| holds(grant)).count());
        let approvers: BTreeSet<&str> =
            self.population.iter().flat_map(|grant| grant.approvers.0.iter().map(String::as_str)).collect();
        let windows = sorted(self.population.iter().map(|grant| grant.window_seconds));
        let waits =
            sorted(self.population.iter().filter(|grant| grant.needed > 0).filter_map(|grant| grant.waited_seconds));
        let distinct = |of: fn(&GrantRow) -> &str| count(self.population.iter().map(of).collect::<BTreeSet<_>>().len());
        put(
            figures,
            &[
                ("grants", count(self.population.len())),
                ("grants_by_policy", with(|grant| grant.needed == 0)),
                ("grants_countersigned", with(|grant| grant.needed > 0 && grant.countersigned >= grant.needed)),
                ("grants_with_activity", with(|grant| grant.completeness.is_some())),
                ("grants_with_final_activity", with(|grant| grant.completeness.as_deref() == Some("final"))),
                ("grants_used", with(|grant| grant.used == Some(true))),
                ("grants_unused", with(|grant| grant.used == Some(false))),
                ("persons_with_grants", distinct(|grant| &grant.requester)),
                ("entitlements_granted", distinct(|grant| &grant.entitlement)),
                ("accounts_reached", distinct(|grant| &grant.account)),
                ("approvers", count(approvers.len())),
                ("with_ticket", with(|grant| grant.ticket.is_some())),
                ("with_justification", with(|grant| grant.justification.is_some())),
                ("ends_verified", with(|grant| grant.verified_at.is_some())),
                ("ended_by_offboarding", with(|grant| grant.end_reason.as_deref() == Some("offboarded"))),
                ("ended_by_panic", with(|grant| grant.end_reason.as_deref() == Some("panic"))),
                ("median_window_seconds", nearest(&windows, 50)),
                ("longest_window_seconds", windows.last().copied().unwrap_or_default()),
                ("median_seconds_to_approve", nearest(&waits, 50)),
                ("p95_seconds_to_approve", nearest(&waits, 95)),
            ],
        );
    }

    fn use_and_system(&self, figures: &mut Figures) {
        let sum = |of: fn(&GrantRow) -> u64| self.population.iter().map(of).fold(0, u64::saturating_add);
        let happened = |event: &str| {
            let of = |at: Moment| self.from <= at && at < self.to;
            count(self.tables.system.iter().filter(|row| row.event == event && of(row.recorded_at)).count())
        };
        put(
            figures,
            &[
                ("credentials", sum(|grant| grant.credentials)),
                ("calls", sum(|grant| grant.calls.unwrap_or_default())),
                ("denied_calls", sum(|grant| grant.denied_calls.unwrap_or_default())),
                ("panics", happened("panicStarted")),
                ("offboardings", happened("offboardingStarted")),
                ("policy_changes", happened("policyPublished")),
                ("deployments", happened("deploymentSeen")),
            ],
        );
    }

    fn charts(&self, figures: &mut Figures) {
        let days = days(self.from, self.to);
        for day in &days {
            figures.insert(format!("per_day.{day}"), 0);
        }
        for grant in self.population {
            let day = grant.decided_at.day();
            // The bar that begins last before it.
            if let Some(bar) = days.iter().rev().find(|bar| **bar <= day) {
                add(figures, &format!("per_day.{bar}"));
            }
        }
        let bars =
            |figures: &mut Figures, name: &str, bounds: &[(u64, &str)], values: &mut dyn Iterator<Item = u64>| {
                for (_, label) in bounds {
                    figures.insert(format!("{name}.{label}"), 0);
                }
                for value in values {
                    if let Some((_, label)) = bounds.iter().find(|(bound, _)| value <= *bound) {
                        add(figures, &format!("{name}.{label}"));
                    }
                }
            };
        bars(figures, "duration", &DURATIONS, &mut self.population.iter().map(|grant| grant.window_seconds));
        let waited = self.population.iter().filter(|grant| grant.needed > 0).filter_map(|grant| grant.waited_seconds);
        bars(figures, "to_approve", &WAITS, &mut waited.into_iter());
        let known: BTreeSet<&str> = self.population.iter().map(|grant| grant.request.as_str()).collect();
        for outcome in OUTCOMES {
            let ended = self.population.iter().filter(|grant| grant.outcome == outcome).count();
            figures.insert(format!("ended.{outcome}"), count(ended));
        }
        for severity in SEVERITIES {
            let of = self.tables.findings.iter();
            let of = of.filter(|finding| finding.severity == severity && known.contains(finding.request.as_str()));
            figures.insert(format!("findings.{severity}"), count(of.count()));
        }
    }
}

fn put(figures: &mut Figures, all: &[(&str, u64)]) {
    figures.extend(all.iter().map(|(name, value)| ((*name).to_owned(), *value)));
}

fn add(figures: &mut Figures, name: &str) {
    let number = figures.entry(name.to_owned()).or_default();
    *number = number.saturating_add(1);
}

fn sorted(values: impl Iterator<Item = u64>) -> Vec<u64> {
    let mut values: Vec<u64> = values.collect();
    values.sort_unstable();
    values
}

/// The percentile by the nearest rank; 0 of nothing.
fn nearest(sorted: &[u64], percent: usize) -> u64 {
    let rank = sorted.len().saturating_mul(percent).div_ceil(100).max(1);
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}
