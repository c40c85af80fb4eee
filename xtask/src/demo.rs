//! `cargo xtask demo`: the main job, played from nothing on a local cloud of its own.

use std::path::PathBuf;
use std::process::{Command, ExitCode, ExitStatus};

use crate::beside::{code, within};
use crate::local::{self, Options};
use crate::workspace;

/// Starts, plays, stops. With `--keep` what was played stays, to click in and look at, until `cargo xtask local down`.
/// The exit code is the story's.
///
/// # Errors
/// In words: what could not be built or started.
pub(crate) fn run(arguments: &[String]) -> Result<ExitCode, String> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        [] => {
            let program = program()?;
            let folder = workspace::root().join("target").join("demo");
            Ok(code(within(&folder, &Options::default(), |outputs| play(&program, outputs))?))
        }
        ["--keep"] => {
            let program = program()?;
            let played = play(&program, local::begin()?)?;
            local::invite()?;
            Ok(code(played))
        }
        _ => Err("usage: cargo xtask demo [--keep]".to_owned()),
    }
}

fn program() -> Result<PathBuf, String> {
    let mut binaries = workspace::build()?;
    binaries.remove("demo").ok_or_else(|| "the package end-to-end has no binary demo".to_owned())
}

fn play(program: &PathBuf, outputs: PathBuf) -> Result<ExitStatus, String> {
    let status = Command::new(program).env("COUNTERSIGN_OUTPUTS", outputs).status();
    status.map_err(|error| format!("can't start {}: {error}", program.display()))
}
