//! `cargo xtask test`: all tests, with a local cloud for those that need one.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, ExitCode, ExitStatus, Stdio};

use crate::beside::{code, within};
use crate::browser::Programs;
use crate::local::{self, Options};
use crate::output::complain;
use crate::workspace;

/// The stand-in's pauses, shortened: what AWS takes minutes for is tested in fractions of a second.
const QUICK: [(&str, &str); 2] = [("LOCAL_CLOUD_SCHEDULER_TICK", "0.1"), ("LAMBDA_ASYNC_RETRY_BASE_SECONDS", "0.2")];

/// `cargo xtask test [--no-cloud] [--no-browser] [--judge] [what cargo nextest takes…]`.
///
/// First the stand-in for AWS itself is checked: if it is not what it should be, the tests' answers mean nothing. With
/// `--no-cloud` everything is left out that needs one, with `--no-browser` what needs Chromium. With `--judge`
/// the roles are then judged by the calls that the tests have made. What the runner says comes last.
///
/// # Errors
/// In words: what could not be built, installed, started or stopped, that the stand-in is wrong, or that a role may do what
/// nothing needs.
pub(crate) fn run(arguments: &[String]) -> Result<ExitCode, String> {
    let (ours, rest): (Vec<&String>, Vec<&String>) =
        arguments.iter().partition(|word| ["--no-cloud", "--no-browser", "--judge"].contains(&word.as_str()));
    let given = |flag: &str| ours.iter().any(|word| *word == flag);
    if given("--no-cloud") {
        return Ok(code(tests(&rest, &["--exclude", "end-to-end", "--exclude", "browser"], None, None)?));
    }
    let (more, programs): (&[&str], _) = if given("--no-browser") {
        (&["--exclude", "browser"], None)
    } else if names_packages(&rest) && !rest.iter().any(|word| word.ends_with("browser")) {
        (&[], None)
    } else {
        (&[], Some(Programs::ready()?))
    };
    local::check(&[])?;
    let folder = workspace::root().join("target").join("test-cloud");
    let mut settings: Vec<(String, String)> =
        QUICK.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let decisions = folder.join("decisions.jsonl");
    settings.push(("LOCAL_CLOUD_DECISIONS".to_owned(), decisions.display().to_string()));
    // Slack's rate limits have tests of their own; here one channel takes the cards of all tests at once.
    let options = Options { slack_rate_limits: false, settings, ..Options::default() };
    let ran = within(&folder, &options, |outputs| {
        let ran = tests(&rest, more, Some(&outputs), programs.as_ref())?;
        if given("--judge") {
            local::judge(&outputs, &decisions)?;
        }
        Ok(ran)
    })?;
    Ok(code(ran))
}

/// The path of the tests: with DuckDB's program, which is installed beside the stand-in for AWS, if there is none before it.
fn path() -> Result<OsString, String> {
    let installed = local::programs()?;
    let before = std::env::var_os("PATH").unwrap_or_default();
    let all = std::env::split_paths(&before).chain([installed]);
    std::env::join_paths(all).map_err(|error| error.to_string())
}

/// Whoever names packages wants those only.
fn names_packages(given: &[&String]) -> bool {
    given.iter().any(|word| ["-p", "--package"].contains(&word.as_str()) || word.starts_with("--package="))
}

/// Runs them with cargo-nextest if it is installed, else with cargo's own runner.
fn tests(
    given: &[&String],
    more: &[&str],
    outputs: Option<&Path>,
    programs: Option<&Programs>,
) -> Result<ExitStatus, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let nextest = Command::new(&cargo)
        .args(["nextest", "--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    let mut command = Command::new(&cargo);
    command.current_dir(workspace::root());
    if nextest {
        command.args(["nextest", "run"]);
        // Some end-to-end tests only wait, for minutes; the processors are not to wait with them.
        let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        if std::env::var_os("NEXTEST_TEST_THREADS").is_none() {
            command.env("NEXTEST_TEST_THREADS", processors.saturating_add(2).to_string());
        }
    } else {
        complain("cargo-nextest is not installed; using `cargo test`");
        command.args(["test", "--no-fail-fast"]);
    }
    if !names_packages(given) {
        command.arg("--workspace").args(more);
    }
    if let Some(outputs) = outputs {
        command.env("COUNTERSIGN_OUTPUTS", outputs);
    }
    if let Some(programs) = programs {
        programs.tell(&mut command);
    }
    command.env("PATH", path()?);
    // Cargo tells a program it runs about that program; what it builds for others must not hear of it.
    command.env_remove("CARGO_MANIFEST_DIR").env_remove("CARGO_PKG_NAME");
    command.args(given).status().map_err(|error| format!("can't start cargo: {error}"))
}
