//! Hundreds of grants that end within one minute, in virtual time.

use super::people::{ENGINEERS, arn, engineer};
use super::pool::Pool;
use super::{Pace, SECOND, Settings, behind, percentile, site};
use crate::mail::{Letter, To};
use crate::people::api;
use model::time::Time;
use serde_json::{Value, json};
use std::fmt;
use std::sync::Arc;

/// How long the grants are made for, from the first on, in seconds: the last is made before the first ends.
const BEFORE: u64 = 600;

/// How their ends went, all in seconds of the model's time.
#[derive(Debug, Default)]
pub struct Ends {
    /// Grants.
    pub grants: usize,
    /// From the first window's end to the last one's.
    pub within: u64,
    /// From a window's end until that was on record, sorted.
    pub ended: Vec<u64>,
    /// From a window's end until IAM had been asked and it was proven, sorted.
    pub verified: Vec<u64>,
    /// From the last window's end until every one was.
    pub over: u64,
    /// What did not end.
    pub left: Vec<String>,
}

impl fmt::Display for Ends {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = |name: &str, times: &[u64]| {
            let at = |permille| percentile(times, permille);
            format!("{name}: {} after p50 {} s, p99 {} s, at most {} s", times.len(), at(500), at(990), at(1_000))
        };
        writeln!(f, "{} grants whose windows ended within {} s (virtual time)", self.grants, self.within)?;
        writeln!(f, "  {}", line("on record as ended", &self.ended))?;
        writeln!(f, "  {}", line("verified", &self.verified))?;
        writeln!(f, "  everything was verified {} s after the last window's end", self.over)?;
        for left in self.left.iter().take(5) {
            writeln!(f, "  left: {left}")?;
        }
        Ok(())
    }
}

/// Makes so many grants that end within one minute, lets them end while workers die and calls fail as `settings` has it, and
/// measures.
///
/// # Panics
/// If there is no runtime to be had.
pub fn endings(grants: u64, settings: Settings) -> Ends {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async move {
        let pool = Pool::new(site(settings.seed), settings, Pace::Virtual);
        let clock = tokio::spawn(Arc::clone(&pool).keep_time());
        let ends = pool.counted(all(&pool, grants)).await;
        clock.abort();
        ends
    })
}

async fn all(pool: &Arc<Pool>, grants: u64) -> Ends {
    let behind = behind::start(pool);
    behind::first_minute(pool).await;
    let first = pool.world().aws_now().plus(BEFORE);
    for nth in 0..grants {
        ask(pool, nth, first.plus(nth * 60 / grants)).await;
        pool.wait(SECOND / 10).await;
    }
    let left = behind::come_to_rest(pool, &behind).await;
    behind.stop();
    let mut ends = Ends { left, ..Ends::default() };
    let (mut closes, mut done) = (Vec::new(), Vec::new());
    for id in pool.world().ids() {
        let entries: Vec<Value> =
            pool.world().chain(&id).iter().filter_map(|bytes| serde_json::from_slice(bytes).ok()).collect();
        let of = |name: &str| entries.iter().find(|entry| entry["event"]["type"] == name);
        let time = |value: Option<&Value>| value.and_then(Value::as_str).and_then(|text| text.parse::<Time>().ok());
        let begun = of("provisioningStarted");
        let Some(close) = time(begun.and_then(|entry| entry.pointer("/event/data/plan/window/expiresAt"))) else {
            continue;
        };
        ends.grants += 1;
        closes.push(close);
        let at = |name: &str| time(of(name).map(|entry| &entry["at"]));
        match (at("grantEnded"), at("verifiedEnded")) {
            (Some(ended), Some(verified)) => {
                ends.ended.push(close.seconds_until(ended));
                ends.verified.push(close.seconds_until(verified));
                done.push(verified);
            }
            _ => ends.left.push(format!("{id} is not verified as ended")),
        }
    }
    if let (Some(first), Some(last), Some(done)) = (closes.iter().min(), closes.iter().max(), done.iter().max()) {
        ends.within = first.seconds_until(*last);
        ends.over = last.seconds_until(*done);
    }
    ends.ended.sort_unstable();
    ends.verified.sort_unstable();
    ends
}

/// Somebody asks for what policy grants by itself, until `end`; again if nobody answers.
async fn ask(pool: &Arc<Pool>, nth: u64, end: Time) {
    let person = engineer(usize::try_from(nth).unwrap_or(0) % ENGINEERS);
    for _ in 0..5 {
        let seconds = pool.world().aws_now().seconds_until(end);
        let body =
            json!({"entitlement": "logs-read", "durationSeconds": seconds, "justification": format!("load {nth}")});
        let event = api("POST /v1/requests", &arn(&person), "", &body, None);
        let letter = Letter::new(To::Intake, "ask", event, pool.world().aws_now());
        if let Some(crate::worker::Done::Answered(answer)) = pool.run(&letter, None).await
            && answer.status_code == 201
        {
            return;
        }
    }
}
