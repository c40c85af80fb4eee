//! Calls arrive, processes die, AWS fails; then all is well again, everything comes to rest, and it is counted.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use end_to_end::failure::Failure;
use end_to_end::outputs::VARIABLE;
use end_to_end::stage::Stage;

use crate::acts::Acts;
use crate::count::count;
use crate::faults::Fault;
use crate::forwarder::Forwarder;
use crate::ledger::{Ledger, percentile};
use crate::line;
use crate::processes::{Signal, Told, running};
use crate::rest::rest;
use crate::trouble::{Tally, Trouble};

/// The file, in the folder of the cloud's process, that says where functions find AWS; `xtask/src/chaos.rs` names it.
const ENDPOINT: &str = "functions.endpoint";

const USAGE: &str = "usage: chaos [--rate n] [--seconds n] [--seed n] [--faults n] [--every n]
       calls in a second (10), for how long (60); of a thousand calls of AWS so many go wrong (20); a process is killed or stands
       still every so many milliseconds (1000; 0: never)";

/// What is put on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings {
    rate: u64,
    seconds: u64,
    seed: u64,
    permille: u64,
    every: Duration,
}

impl Settings {
    /// # Errors
    /// The words are no such settings.
    pub(crate) fn of(words: &[String]) -> Result<Self, Failure> {
        let mut settings = Self { rate: 10, seconds: 60, seed: 1, permille: 20, every: Duration::from_secs(1) };
        for pair in words.chunks(2) {
            let [name, value] = pair else { return Err(Failure::new(USAGE)) };
            let value: u64 = value.parse().map_err(|_| Failure::new(USAGE))?;
            match name.as_str() {
                "--rate" if (1..=1_000).contains(&value) => settings.rate = value,
                "--seconds" if (1..=3_600).contains(&value) => settings.seconds = value,
                "--seed" => settings.seed = value,
                "--faults" if value <= 1_000 => settings.permille = value,
                "--every" => settings.every = Duration::from_millis(value),
                _ => return Err(Failure::new(USAGE)),
            }
        }
        Ok(settings)
    }
}

/// Whether nothing was lost, doubled, unauthorised, found or left.
///
/// # Errors
/// There is no local cloud, or it can't be looked at.
pub(crate) async fn run(settings: &Settings) -> Result<bool, Failure> {
    let stage = Stage::find()?;
    let home = home()?;
    let forwarder = between(&stage, &home, settings.seed)?;
    line(&format!(
        "{} calls a second for {} s, seed {}; {} of a thousand calls of AWS go wrong; every {:.1} s a process is killed or \
         stands still",
        settings.rate,
        settings.seconds,
        settings.seed,
        settings.permille,
        settings.every.as_secs_f32(),
    ));
    let acts = Acts::new(&stage, settings.seed)?;
    forwarder.set(settings.permille);
    let trouble = (!settings.every.is_zero()).then(|| Trouble::begin(&home, settings.seed, settings.every));
    let began = Instant::now();
    let arriving = tokio::spawn(Arc::clone(&acts).arrive(settings.rate, settings.seconds));
    tokio::time::sleep(Duration::from_secs(settings.seconds)).await;
    // Whoever still waits for an answer gets it from what is well again.
    forwarder.set(0);
    let tally = trouble.map(Trouble::end).transpose()?.unwrap_or_default();
    arriving.await.map_err(|error| Failure::of("calling", &error))?;
    let called = began.elapsed();
    let rest = rest(&stage).await?;
    let ledger = acts.ledger().clone();
    told(&ledger, &tally, &forwarder);
    line(&format!(
        "calls and what followed from their answers: {:.0} s; at rest {:.0} s later",
        called.as_secs_f32(),
        rest.took.as_secs_f32()
    ));
    let count = count(&stage, &ledger, &rest).await?;
    line(&count.to_string());
    Ok(count.holds())
}

/// The folder of the cloud's own process.
fn home() -> Result<PathBuf, Failure> {
    let outputs = std::env::var_os(VARIABLE).map(PathBuf::from);
    let home = outputs.as_deref().and_then(Path::parent).map(|folder| folder.join("cloud"));
    home.filter(|home| home.is_dir()).ok_or_else(|| Failure::new("run this by `cargo xtask chaos`"))
}

/// Stands between the functions and AWS: those that start from now on are told so, and all that run are ended.
fn between(stage: &Stage, home: &Path, seed: u64) -> Result<Forwarder, Failure> {
    let address = stage.outputs.endpoint_url.trim_start_matches("http://");
    let address: SocketAddr = address.parse().map_err(|error| Failure::of("reading the cloud's address", &error))?;
    let forwarder = Forwarder::start(address, seed).map_err(|error| Failure::of("starting the forwarder", &error))?;
    std::fs::write(home.join(ENDPOINT), forwarder.url()).map_err(|error| Failure::of("telling functions", &error))?;
    for worker in running(home)? {
        worker.signal(home, Signal::Kill);
    }
    Ok(forwarder)
}

/// What those who called saw, and what happened to processes and calls.
fn told(ledger: &Ledger, tally: &Tally, forwarder: &Forwarder) {
    line(&format!(
        "{} calls, {} of them hostile, {} sent again, {} never answered",
        ledger.calls(),
        ledger.hostile,
        ledger.repeated,
        ledger.unanswered
    ));
    for (door, waits) in &ledger.waits {
        let [half, most, last] = [500, 990, 1_000].map(|permille| percentile(waits, permille));
        line(&format!("{door:<6} {:>5} answers after p50 {half} ms, p99 {most} ms, longest {last} ms", waits.len()));
    }
    for (kind, answers) in &ledger.kinds {
        let answers: Vec<String> = answers.iter().map(|(what, times)| format!("{what} {times}")).collect();
        line(&format!("  {kind:<28} {}", answers.join(", ")));
    }
    let sum = |told: &Told| told.values().fold(0_u64, |sum, times| sum.saturating_add(*times));
    line(&format!(
        "processes: {} killed, {} stood still, for {} s in all",
        sum(&tally.killed),
        sum(&tally.stopped),
        tally.still
    ));
    for (what, told) in [("killed", &tally.killed), ("stood still", &tally.stopped)] {
        let each: Vec<String> = told.iter().map(|(function, times)| format!("{function} {times}")).collect();
        line(&format!("  {what:<12} {}", each.join(", ")));
    }
    let mut befell: BTreeMap<Fault, Vec<String>> = BTreeMap::new();
    for ((fault, service), times) in forwarder.befell() {
        befell.entry(fault).or_default().push(format!("{service} {times}"));
    }
    line(&format!("calls of AWS: {}, of which went wrong:", forwarder.calls()));
    for (fault, services) in befell {
        line(&format!("  {:<14} {}", fault.name(), services.join(", ")));
    }
    line(&format!(
        "sessions that people were given: {}, used {}, denied by IAM right after their end {}",
        ledger.sessions.len(),
        ledger.used,
        ledger.denied_in_time
    ));
}
