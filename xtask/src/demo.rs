//! `cargo xtask demo`: the main job, played from nothing on a local cloud of its own.

use std::process::{Command, ExitCode};

use crate::beside::{code, within};
use crate::local::Options;
use crate::workspace;

/// Starts, plays, stops. The exit code is the story's.
///
/// # Errors
/// In words: what could not be built or started.
pub(crate) fn run(arguments: &[String]) -> Result<ExitCode, String> {
    if !arguments.is_empty() {
        return Err("usage: cargo xtask demo".to_owned());
    }
    let binaries = workspace::build()?;
    let program = binaries.get("demo").ok_or("the package end-to-end has no binary demo")?;
    let folder = workspace::root().join("target").join("demo");
    let mut command = Command::new(program);
    let played = within(&folder, &Options::default(), |outputs| {
        let status = command.env("COUNTERSIGN_OUTPUTS", outputs).status();
        status.map_err(|error| format!("can't start {}: {error}", program.display()))
    })?;
    Ok(code(played))
}
