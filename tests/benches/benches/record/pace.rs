//! From commit to signed checkpoint, at several rates: the sequencer as it is, with AWS as slow as it is assumed to be
//! (`shared/workflow/src/double/pace.rs` has the figures and where they come from), in virtual time.

use crate::grants::{begin, failed, finish, world};
use crate::say;
use serde_json::json;
use workflow::double::{DEPLOYED_MEMORY, Mapping, Pace, percentile};
use workflow::log::minute;

/// Entries in a second, unless others are asked for.
const RATES: [u64; 4] = [20, 200, 500, 1_000];

/// How long each is kept up, in seconds, and how many grants are stopped half-way through.
const SECONDS: u64 = 600;
const PANIC: u64 = 1_000;

/// Partitions of the table: as it is new, and as it may be after it has grown.
const SHARDS: [usize; 2] = [4, 16];

pub(crate) fn run(rates: &[u64]) -> Result<(), String> {
    let rates = if rates.is_empty() { &RATES } else { rates };
    say(&format!(
        "{SECONDS} s each, 400 grants open at once, {PANIC} stopped half-way; {DEPLOYED_MEMORY} MB; virtual time\n\n\
         {:>7}{:>8}{:>10}{:>9}{:>9}{:>9}{:>9}{:>10}{:>9}{:>11}{:>7}",
        "rate/s",
        "shards",
        "entries",
        "p50 ms",
        "p99 ms",
        "max ms",
        "readable",
        "panic p99",
        "batches",
        "calls each",
        "busy"
    ));
    for rate in rates {
        for shards in SHARDS {
            one(*rate, shards)?;
        }
    }
    Ok(())
}

fn one(rate: u64, shards: usize) -> Result<(), String> {
    let world = world()?;
    let grant = begin(&world)?;
    finish(&world, std::slice::from_ref(&grant))?;
    world.play(Box::pin(minute(&world))).ok_or("it stands still")?.map_err(failed)?;
    let mapping = Mapping::deployed(shards, rate);
    let pace = Pace { rate, seconds: SECONDS, streams: 400, panic: PANIC, mapping, memory: DEPLOYED_MEMORY };
    let paced = pace.run(&world, &world.chain(&grant)).map_err(failed)?;
    let signed = &paced.waits.signed;
    let half = SECONDS * 500_000;
    let during = signed.iter().filter(|wait| (half..half + 10_000_000).contains(&wait.since));
    let [median, most, last] = [50, 99, 100].map(|percent| percentile(signed, percent));
    let (readable, panic) = (percentile(&paced.waits.readable, 99), percentile(during, 99));
    let calls = paced.calls as f64 / paced.batches.max(1) as f64;
    let busy = paced.busy as f64 / SECONDS as f64 / 1e4;
    say(&format!(
        "{rate:>7}{shards:>8}{:>10}{median:>9}{most:>9}{last:>9}{readable:>9}{panic:>10}{:>9}{calls:>11.0}{busy:>6.0}%",
        signed.len(),
        paced.batches,
    ));
    say(&json!({
        "bench": "log pace", "rate": rate, "shards": shards, "entries": signed.len(), "p50Millis": median,
        "p99Millis": most, "maxMillis": last, "readableP99Millis": readable, "panicP99Millis": panic,
        "batches": paced.batches, "runs": paced.runs, "callsEach": calls, "busyPercent": busy,
    })
    .to_string());
    Ok(())
}
