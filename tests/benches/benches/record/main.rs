//! The record as production code makes it, in the in-memory world: how long it waits until it is signed for, and how fast it
//! is verified. `cargo xtask bench log pace [rate …]` and `cargo xtask bench log verify [entries]`.

#![expect(clippy::cast_precision_loss, reason = "figures, no facts that anything depends on")]

mod grants;
mod pace;
mod verifying;

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    // Cargo says so of every bench.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let usage = || Err("usage: pace [rate …] | verify [entries]".to_owned());
    let done = match words.as_slice() {
        ["pace", rates @ ..] => match rates.iter().map(|rate| rate.parse()).collect::<Result<Vec<u64>, _>>() {
            Ok(rates) => pace::run(&rates),
            Err(_) => usage(),
        },
        ["verify"] => verifying::run(100_000),
        ["verify", entries] => entries.parse().map_or_else(|_| usage(), verifying::run),
        ["judge", folder, key] => verifying::judge(Path::new(folder), key),
        _ => usage(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            let _ = writeln!(std::io::stderr(), "{problem}");
            ExitCode::FAILURE
        }
    }
}

fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}
