//! `simulate`: plays histories, and tells what came of them. `cargo xtask simulate` runs it.

use simulation::check::PROMISES;
use simulation::plan::Fault;
use simulation::run::{Report, faults, many, one, plan, shrink, trace};
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::ExitCode;
use std::time::Instant;

const USAGE: &str = "\
usage: simulate [--seeds <n>] [--from <seed>] [--jobs <n>]    plays so many histories, one after another
       simulate --seed <seed>                                  plays one again, and shows what happened in it
       simulate --entries <seed>                               plays one, and prints what it put on record";

/// Broken histories after which it stops.
const ENOUGH: usize = 5;

struct Wanted {
    seeds: u64,
    from: u64,
    jobs: usize,
    seed: Option<u64>,
    entries: Option<u64>,
}

fn wanted() -> Result<Wanted, String> {
    let jobs = std::thread::available_parallelism().map_or(1, usize::from);
    let mut wanted = Wanted { seeds: 1_000, from: 0, jobs, seed: None, entries: None };
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next().and_then(|value| value.replace('_', "").parse::<u64>().ok());
        let value = value.ok_or_else(|| format!("{name} takes a number\n{USAGE}"))?;
        match name.as_str() {
            "--seeds" => wanted.seeds = value,
            "--from" => wanted.from = value,
            "--jobs" => wanted.jobs = usize::try_from(value).unwrap_or(1),
            "--seed" => wanted.seed = Some(value),
            "--entries" => wanted.entries = Some(value),
            _ => return Err(USAGE.to_owned()),
        }
    }
    Ok(wanted)
}

fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{}", text.trim_end());
}

fn main() -> ExitCode {
    let wanted = match wanted() {
        Ok(wanted) => wanted,
        Err(problem) => {
            say(&problem);
            return ExitCode::FAILURE;
        }
    };
    // What a history panics with is told once, as what it broke.
    std::panic::set_hook(Box::new(|_| {}));
    match (wanted.entries, wanted.seed) {
        (Some(seed), _) => entries(seed),
        (None, Some(seed)) => again(seed),
        (None, None) => all(&wanted),
    }
}

fn all(wanted: &Wanted) -> ExitCode {
    let begun = Instant::now();
    let seeds: Vec<u64> = (wanted.from..wanted.from.saturating_add(wanted.seeds)).collect();
    let report = many(&seeds, wanted.jobs, ENOUGH);
    say(&figures(&report, begun.elapsed().as_secs_f64()));
    let Some(first) = report.broken.first() else { return ExitCode::SUCCESS };
    for broken in &report.broken {
        for violation in broken.violations.iter().take(4) {
            say(&format!("seed {}: {violation}", broken.seed));
        }
    }
    say(&format!("\nplay it again: cargo xtask simulate --seed {}\n", first.seed));
    again(first.seed)
}

fn figures(report: &Report, seconds: f64) -> String {
    let mut text = String::new();
    let rate = {
        #[expect(clippy::cast_precision_loss, reason = "a rate, for people")]
        let histories = report.histories as f64;
        histories / seconds.max(0.001)
    };
    let coverage = &report.coverage;
    let _ = writeln!(
        text,
        "{} histories in {seconds:.0} s ({rate:.0}/s): {} calls, {} entries of the record; {} broken",
        report.histories,
        coverage.calls,
        coverage.entries,
        report.broken.len(),
    );
    let _ = writeln!(text, "\nfaults");
    for fault in Fault::ALL {
        let _ = writeln!(text, "  {:<28}{:>12}", fault.as_str(), report.hits.of(*fault));
    }
    let _ = writeln!(text, "\ncame up");
    for (what, times) in &coverage.counts {
        let _ = writeln!(text, "  {what:<44}{times:>12}");
    }
    let missing = coverage.missing();
    if !missing.is_empty() {
        let _ = writeln!(text, "\nnever came up: {}", missing.join(", "));
    }
    let _ = writeln!(text, "\npromises checked");
    for promise in PROMISES {
        let _ = writeln!(text, "  {promise}");
    }
    text
}

/// Every entry of a history, stream by stream: bytes for `frozen`.
fn entries(seed: u64) -> ExitCode {
    let (Some(played), _) = one(seed, &plan(seed), &std::sync::Arc::default(), false) else { return ExitCode::FAILURE };
    for entry in played.recording.streams.values().flatten() {
        say(&String::from_utf8_lossy(&entry.bytes));
    }
    ExitCode::SUCCESS
}

fn again(seed: u64) -> ExitCode {
    let hits = std::sync::Arc::default();
    let (played, violations) = one(seed, &plan(seed), &hits, false);
    let hash = played.map_or_else(|| "none".to_owned(), |played| played.trace);
    say(&format!("seed {seed}: {} violations, trace {hash}", violations.len()));
    let Some(first) = violations.first() else { return ExitCode::SUCCESS };
    for violation in &violations {
        say(&format!("  {violation}"));
    }
    let smallest = shrink(seed, first.promise);
    let (_, violations) = one(seed, &smallest, &hits, false);
    let first = violations.iter().find(|violation| violation.promise == first.promise).unwrap_or(first);
    say(&format!("\nit takes {} steps and these faults: {:?}\n{first}\n", smallest.steps, faults(&smallest)));
    say(&trace(seed, &smallest, first).join("\n"));
    ExitCode::FAILURE
}
