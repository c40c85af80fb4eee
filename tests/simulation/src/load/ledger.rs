//! What those who call know: what they sent, what they were answered, and when.

use super::Settings;
use super::pool::Pool;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::atomic::Ordering;

/// Something that was asked for: a tag that is in its justification, and nowhere else.
#[derive(Debug, Default, Clone)]
pub(super) struct Asked {
    /// Whether nobody who may had sent it as it was: nothing may come of it.
    pub(super) hostile: bool,
    /// The requests that answers named.
    pub(super) answered: BTreeSet<String>,
    /// Who asked.
    pub(super) person: String,
    /// Whether only hostile calls are about it: nothing may become of it.
    pub(super) bait: bool,
}

/// Who did what to which request.
pub(super) type Deed = (String, String, &'static str);

/// What is remembered.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// By tag.
    pub(super) asked: BTreeMap<String, Asked>,
    /// What was sent by who may, by request, person and kind.
    pub(super) sent: BTreeSet<Deed>,
    /// What was answered with success.
    pub(super) done: BTreeSet<Deed>,
    /// Hostile calls that were answered as if they were none.
    pub(super) admitted: Vec<String>,
    /// How often each kind of call was made, and then what was answered, by status or code; `none`: nothing.
    pub(super) kinds: BTreeMap<&'static str, BTreeMap<String, u64>>,
    /// How long answers took since they were due, in microseconds.
    pub(super) waits: BTreeMap<&'static str, Vec<u64>>,
    /// Calls that were sent again, as nothing was answered.
    pub(super) repeated: u64,
    /// Calls that were never answered, whatever was tried.
    pub(super) unanswered: u64,
    /// Grants that credentials were given of.
    pub(super) fetched: BTreeSet<String>,
    /// How many hostile calls there were.
    pub(super) hostile: u64,
    /// When the first and the last call arrived, in microseconds.
    pub(super) arrived: Option<(u64, u64)>,
}

impl Ledger {
    /// Another call of this kind has come to this.
    pub(super) fn count(&mut self, kind: &'static str, what: String) {
        *self.kinds.entry(kind).or_default().entry(what).or_default() += 1;
    }

    pub(super) fn figures(&self, pool: &Pool, settings: Settings) -> Figures {
        let of = |door: &str| {
            let mut waits = self.waits.get(door).cloned().unwrap_or_default();
            waits.sort_unstable();
            waits
        };
        let fates = &pool.fates;
        let read = |count: &std::sync::atomic::AtomicU64| count.load(Ordering::Relaxed);
        let calls: u64 = self.kinds.values().flat_map(BTreeMap::values).sum();
        Figures {
            settings,
            calls,
            hostile: self.hostile,
            arrived: self.arrived.unwrap_or_default(),
            repeated: self.repeated,
            unanswered: self.unanswered,
            slack: of("slack"),
            api: of("api"),
            kinds: self.kinds.clone(),
            killed: read(&fates.killed),
            paused: read(&fates.paused),
            timed_out: read(&fates.timed_out),
            throttled: read(&fates.throttled),
            begun: read(&fates.begun),
            faults: pool.world().hits(),
            most: pool.most(),
        }
    }
}

/// The value that so many of a thousand are not above; 0 of none. They have to be sorted.
pub fn percentile(sorted: &[u64], permille: usize) -> u64 {
    let rank = sorted.len().saturating_mul(permille).div_ceil(1_000);
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or(0)
}

/// What those who called saw, and what happened to the workers.
#[derive(Debug, Clone)]
pub struct Figures {
    /// What was put on.
    pub settings: Settings,
    /// Calls, those that were sent again included.
    pub calls: u64,
    /// Those of them that nobody who may had sent, or not so.
    pub hostile: u64,
    /// When the first and the last was due, in microseconds.
    pub arrived: (u64, u64),
    /// Sent again, as nothing was answered.
    pub repeated: u64,
    /// Never answered.
    pub unanswered: u64,
    /// How long Slack waited for answers since calls were due, sorted, in microseconds.
    pub slack: Vec<u64>,
    /// The same of the API.
    pub api: Vec<u64>,
    /// What was answered, by kind of call.
    pub kinds: BTreeMap<&'static str, BTreeMap<String, u64>>,
    /// Workers that were killed in the middle.
    pub killed: u64,
    /// Workers that stood still and went on.
    pub paused: u64,
    /// Workers whose time was up.
    pub timed_out: u64,
    /// Events that there was no worker for.
    pub throttled: u64,
    /// Workers that began.
    pub begun: u64,
    /// Calls of AWS that went wrong.
    pub faults: u64,
    /// The most workers at once.
    pub most: usize,
}

#[expect(clippy::cast_precision_loss, reason = "figures, for people")]
fn ms(microseconds: u64) -> f64 {
    microseconds as f64 / 1_000.0
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = (self.arrived.1 - self.arrived.0).div_euclid(1_000_000).max(1);
        let first = self.settings.rate * self.settings.seconds;
        writeln!(
            f,
            "{} calls, {} of them hostile: {first} due in {seconds} s ({}/s), {} sent again; {} never answered",
            self.calls,
            self.hostile,
            first / seconds,
            self.repeated,
            self.unanswered,
        )?;
        writeln!(
            f,
            "{} workers, {} at once at most: {} killed, {} stood still, {} out of time, {} refused for want of room; \
             {} calls of AWS went wrong",
            self.begun, self.most, self.killed, self.paused, self.timed_out, self.throttled, self.faults,
        )?;
        for (door, waits) in [("slack", &self.slack), ("api", &self.api)] {
            writeln!(
                f,
                "{door:<6} {:>7} answers after p50 {:.0} ms, p90 {:.0} ms, p99 {:.0} ms, p99.9 {:.0} ms, longest {:.0} ms",
                waits.len(),
                ms(percentile(waits, 500)),
                ms(percentile(waits, 900)),
                ms(percentile(waits, 990)),
                ms(percentile(waits, 999)),
                ms(waits.last().copied().unwrap_or(0)),
            )?;
        }
        for (kind, answers) in &self.kinds {
            let answers: Vec<String> = answers.iter().map(|(what, times)| format!("{what} {times}")).collect();
            writeln!(f, "  {kind:<40} {}", answers.join(", "))?;
        }
        Ok(())
    }
}
