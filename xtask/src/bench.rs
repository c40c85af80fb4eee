//! `cargo xtask bench`: figures, measured on a local cloud of its own. Nothing fails because something is slow.

use std::process::{Command, ExitCode};

use crate::beside::{code, within};
use crate::local::Options;
use crate::workspace;

/// `cargo xtask bench slack [warm cold]`: how long people wait for answers in Slack; both how often each act is done.
///
/// # Errors
/// In words: what could not be built or started.
pub(crate) fn run(arguments: &[String]) -> Result<ExitCode, String> {
    let ["slack", times @ ..] = &arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] else {
        return Err("usage: cargo xtask bench slack [warm cold]".to_owned());
    };
    let mut binaries = workspace::build()?;
    let program = binaries.remove("answers").ok_or("the package end-to-end has no binary answers")?;
    let folder = workspace::root().join("target").join("bench");
    // One person does in a minute what takes many a day: Slack's limits would be what is measured.
    let options = Options { slack_rate_limits: false, settings: Vec::new() };
    let ran = within(&folder, &options, |outputs| {
        let status = Command::new(&program).args(times).env("COUNTERSIGN_OUTPUTS", outputs).status();
        status.map_err(|error| format!("can't start {}: {error}", program.display()))
    })?;
    Ok(code(ran))
}
