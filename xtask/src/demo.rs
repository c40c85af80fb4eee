//! `cargo xtask demo`: the main job, played from nothing on a local cloud of its own.

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use crate::beside::{code, within};
use crate::local::{self, Options};
use crate::workspace;

pub(crate) const USAGE: &str = "usage: cargo xtask demo [--scenario accounts|activity|audit|ending|overlap] [--keep]";

/// Starts, plays, stops. With `--scenario` it is another story than the main job's; with `--keep` what was played stays,
/// to click in and look at, until `cargo xtask local down`. The exit code is the story's.
///
/// # Errors
/// In words: what could not be built or started.
pub(crate) fn run(arguments: &[String]) -> Result<ExitCode, String> {
    let (mut scenario, mut keep) = (None, false);
    let mut words = arguments.iter().map(String::as_str);
    while let Some(word) = words.next() {
        match word {
            "--keep" => keep = true,
            "--scenario" => scenario = Some(words.next().ok_or(USAGE)?),
            _ => return Err(USAGE.to_owned()),
        }
    }
    let program = program()?;
    let play = |outputs: PathBuf| {
        let status = Command::new(&program).args(scenario).env("COUNTERSIGN_OUTPUTS", outputs).status();
        status.map_err(|error| format!("can't start {}: {error}", program.display()))
    };
    if keep {
        let played = play(local::begin()?)?;
        local::invite()?;
        return Ok(code(played));
    }
    let folder = workspace::root().join("target").join("demo");
    Ok(code(within(&folder, &Options::default(), play)?))
}

fn program() -> Result<PathBuf, String> {
    let mut binaries = workspace::build()?;
    binaries.remove("demo").ok_or_else(|| "the package end-to-end has no binary demo".to_owned())
}
