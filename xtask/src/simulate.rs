//! `cargo xtask simulate`: plays histories of everything at once, and shows what broke a promise, if anything did.

use std::process::{Command, ExitCode};

use crate::beside::code;
use crate::workspace;

/// `cargo xtask simulate [--seeds n] [--from seed] [--jobs n] | --seed seed`; `tests/simulation/src/main.rs` reads that.
///
/// # Errors
/// In words: what could not be built or started.
pub(crate) fn run(arguments: &[String]) -> Result<ExitCode, String> {
    let program = workspace::program("simulate")?;
    let status = Command::new(&program).args(arguments).status();
    status.map(code).map_err(|error| format!("can't start {}: {error}", program.display()))
}
