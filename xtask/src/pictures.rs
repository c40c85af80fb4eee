//! `cargo xtask pictures`: the README's pictures, taken anew on a local cloud of its own.

use std::process::{Command, ExitCode};

use crate::beside::{code, within};
use crate::browser::Programs;
use crate::local::Options;
use crate::workspace;

/// Starts, plays, takes the pictures, stops.
///
/// # Errors
/// In words: what could not be built, installed or started.
pub(crate) fn run(arguments: &[String]) -> Result<ExitCode, String> {
    if !arguments.is_empty() {
        return Err("usage: cargo xtask pictures".to_owned());
    }
    let programs = Programs::ready()?;
    let binaries = workspace::build()?;
    let program = binaries.get("pictures").ok_or("the package browser has no binary pictures")?;
    let folder = workspace::root().join("target").join("pictures");
    let mut command = Command::new(program);
    command.arg(workspace::root().join("docs").join("pictures"));
    programs.tell(&mut command);
    let taken = within(&folder, &Options::default(), |outputs| {
        let status = command.env("COUNTERSIGN_OUTPUTS", outputs).status();
        status.map_err(|error| format!("can't start {}: {error}", program.display()))
    })?;
    Ok(code(taken))
}
