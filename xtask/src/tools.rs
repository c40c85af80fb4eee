//! Programs of others that jobs need, each of one version, beside what `.ci/run` installs.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::output::complain;
use crate::workspace;

/// A program from crates.io that is called as it is named, after installing it if it is missing.
///
/// # Errors
/// In words: it could not be installed.
pub(crate) fn installed(name: &str, version: &str) -> Result<PathBuf, String> {
    let tools = workspace::cache()?.join("tools");
    let program = tools.join("bin").join(name);
    // A subcommand of cargo that is started by itself takes its own name first.
    let word = name.strip_prefix("cargo-").unwrap_or(name);
    let told = |words: &[&str]| Command::new(&program).args(words).stderr(Stdio::null()).output();
    let is_it = |words: &[&str]| {
        told(words).is_ok_and(|told| String::from_utf8_lossy(&told.stdout).trim() == format!("{name} {version}"))
    };
    if is_it(&["--version"]) || is_it(&[word, "--version"]) {
        return Ok(program);
    }
    complain(&format!("installing {name} {version} into {}", tools.display()));
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let done = Command::new(cargo)
        .args(["install", name, "--version", version, "--locked", "--quiet", "--root"])
        .arg(&tools)
        .env_remove("CARGO_TARGET_DIR")
        .env_remove("CARGO_MANIFEST_DIR")
        .status()
        .map_err(|error| format!("can't start cargo: {error}"))?;
    if done.success() { Ok(program) } else { Err(format!("{name} can't be installed")) }
}
