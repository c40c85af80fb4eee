//! `cargo xtask simulate`: plays histories of everything at once, and shows what broke a promise, if anything did.

use std::process::{Command, ExitCode};

use crate::beside::code;
use crate::workspace;

const OPTIMISED: &str = "--optimised";

/// `cargo xtask simulate [--seeds n] [--from seed] [--jobs n] | --seed seed`; `tests/simulation/src/main.rs` reads that. With
/// `--optimised`, by a program that is built for it: some ten minutes more, and 1.4 times as fast.
///
/// # Errors
/// In words: what could not be built or started.
pub(crate) fn run(arguments: &[String]) -> Result<ExitCode, String> {
    let (optimised, rest): (Vec<&String>, Vec<&String>) = arguments.iter().partition(|word| *word == OPTIMISED);
    let program = workspace::program("simulate", if optimised.is_empty() { "dev" } else { "histories" })?;
    let status = Command::new(&program).args(rest).status();
    status.map(code).map_err(|error| format!("can't start {}: {error}", program.display()))
}
