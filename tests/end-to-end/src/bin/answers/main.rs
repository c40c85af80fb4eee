//! How long people wait for Countersign's answers in Slack: `cargo xtask bench slack`.
//!
//! Each act is done again and again on a local cloud, once with the function's processes up and once with none. What is
//! measured is what Slack measures: from the message it sends to the answer it gets. These are figures, no test: nothing
//! here fails because something is slow. An answer that Slack would not have waited for is counted.

mod acts;
mod cold;
mod figures;

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use acts::{Act, Acts};
use cold::Processes;
use end_to_end::failure::Failure;
use end_to_end::stage::Stage;
use figures::Figures;

/// How often each act is done with the processes up, and with none.
const TIMES: (usize, usize) = (200, 30);

/// Acts that are done before anything is measured.
const WARM_UP: usize = 5;

/// Between two acts: what follows from one (messages, access) is others' work, and is not to be measured with the next.
const BREATH: Duration = Duration::from_millis(50);

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = writeln!(io::stderr(), "{failure}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Failure> {
    let (warm, cold, word) = times()?;
    let stage = Stage::find()?;
    let processes = Processes::of(&stage.outputs)?;
    let began = Instant::now();
    heading();
    for act in Act::ALL.into_iter().filter(|act| act.name().contains(&word)) {
        let mut acts = Acts::new(&stage).await?;
        acts.provide(act, warm.saturating_add(cold).saturating_add(WARM_UP)).await?;
        let [mut with, mut without] = [Figures::default(), Figures::default()];
        for time in 0..warm.saturating_add(WARM_UP) {
            let ready = acts.prepare(act).await?;
            tokio::time::sleep(BREATH).await;
            let answer = acts.perform(&ready).await?;
            if time >= WARM_UP {
                with.note(&answer);
            }
        }
        for _ in 0..cold {
            let ready = acts.prepare(act).await?;
            processes.end().await?;
            without.note(&acts.perform(&ready).await?);
        }
        // Each as soon as it is known: all of them take some minutes.
        line(&format!("{} | {with} | {without}", padded(act.name())));
    }
    line("");
    line(&format!("measured in {:.0} s", began.elapsed().as_secs_f32()));
    Ok(())
}

/// How often, if the arguments say so: warm, cold; and a word that the acts' names have to hold, if not all are wanted.
fn times() -> Result<(usize, usize, String), Failure> {
    let given: Vec<String> = std::env::args().skip(1).collect();
    let often = |text: &str| text.parse::<usize>().ok();
    let (often_warm, often_cold, word) = match given.as_slice() {
        [] => (Some(TIMES.0), Some(TIMES.1), ""),
        [warm, cold] => (often(warm), often(cold), ""),
        [warm, cold, word] => (often(warm), often(cold), word.as_str()),
        _ => (None, None, ""),
    };
    let usage = || Failure::new("usage: answers [warm cold [word]], both how often");
    Ok((often_warm.ok_or_else(usage)?, often_cold.ok_or_else(usage)?, word.to_owned()))
}

fn heading() {
    line("Time to answer in ms, as Slack measures it: half of all answers, and 99 in 100, came within");
    line("");
    let columns = format!("{:>6} {:>6} {:>6} {:>6}", "p50", "p99", "n", "failed");
    let rule = "-".repeat(columns.len());
    line(&format!("{} | {:^27} | {:^27}", padded(""), "warm", "cold"));
    line(&format!("{} | {columns} | {columns}", padded("act")));
    line(&format!("{} | {rule} | {rule}", padded("").replace(' ', "-")));
}

/// As wide as the longest name.
fn padded(name: &str) -> String {
    let width = Act::ALL.iter().map(|act| act.name().chars().count()).max().unwrap_or_default();
    format!("{name:<width$}")
}

/// On standard output. A closed pipe is the reader's choice, not a failure.
fn line(words: &str) {
    let _ = writeln!(io::stdout(), "{words}");
}
