//! `cargo xtask mutants`: the code that everything rests on, with one thing changed at a time by cargo-mutants, and whether
//! its tests notice. Which code that is, and which changes mean nothing, is in `.cargo/mutants.toml`.

use std::process::{Command, ExitCode, Stdio};

use crate::beside::code;
use crate::{tools, workspace};

/// The version of cargo-mutants.
const CARGO_MUTANTS: &str = "27.1.0";

/// The packages that the code is in. Their own tests have to notice: they take seconds.
const PACKAGES: [&str; 3] = ["model", "record", "slack"];

/// `cargo xtask mutants [what cargo mutants takes…]`, for instance `--list`, or `--re record/src/chain`.
///
/// # Errors
/// In words: what could not be installed or started.
pub(crate) fn run(arguments: &[String]) -> Result<ExitCode, String> {
    let program = tools::installed("cargo-mutants", CARGO_MUTANTS)?;
    let mut command = Command::new(program);
    command.current_dir(workspace::root()).args(["mutants", "--colors", "never"]);
    command.args(PACKAGES.iter().flat_map(|package| ["--package", package]));
    command.arg("--output").arg(workspace::root().join("target"));
    // In the order of the list, so that two runs can be held against each other; and nothing is written into snapshots.
    command.args(["--no-shuffle", "--minimum-test-timeout", "120"]).env("INSTA_UPDATE", "no").args(arguments);
    command.env_remove("CARGO_TARGET_DIR").env_remove("CARGO_MANIFEST_DIR").env_remove("CARGO_PKG_NAME");
    let status = command.stdin(Stdio::null()).status();
    status.map(code).map_err(|error| format!("can't start cargo-mutants: {error}"))
}
