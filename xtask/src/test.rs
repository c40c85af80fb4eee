//! `cargo xtask test`: all tests, with a local cloud for those that need one.

mod summary;
mod turns;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, ExitStatus, Stdio};

use crate::beside::{code, within};
use crate::browser::Programs;
use crate::local::{self, Options};
use crate::output::complain;
use crate::workspace;
use summary::Held;

/// The stand-in's pauses, shortened: what AWS takes minutes for is tested in fractions of a second.
const QUICK: [(&str, &str); 2] = [("LOCAL_CLOUD_SCHEDULER_TICK", "0.1"), ("LAMBDA_ASYNC_RETRY_BASE_SECONDS", "0.2")];

/// The packages with tests beside a local cloud, and the targets they are in.
const ON_A_CLOUD: [(&str, &str); 3] = [("end-to-end", "end_to_end"), ("end-to-end", "table"), ("browser", "browser")];

/// DuckDB's program: `countersign audit sql` runs it.
const DUCKDB: &str = "duckdb";

/// `cargo xtask test [--no-cloud] [--no-browser] [what cargo nextest takes…]`.
///
/// First the stand-in for AWS itself is checked: if it is not what it should be, the tests' answers mean nothing. With
/// `--no-cloud` everything is left out that needs one, with `--no-browser` what needs Chromium. If nothing was left out and
/// all passed, the roles are then judged by the calls that the tests have made. The runner's summary comes last.
///
/// # Errors
/// In words: what could not be built, installed, started or stopped, that the stand-in is wrong, or that a role may do what
/// nothing needs.
pub(crate) fn run(arguments: &[String]) -> Result<ExitCode, String> {
    let (ours, rest): (Vec<&String>, Vec<&String>) =
        arguments.iter().partition(|word| ["--no-cloud", "--no-browser"].contains(&word.as_str()));
    let given = |flag: &str| ours.iter().any(|word| *word == flag);
    if given("--no-cloud") {
        let (ran, held) = tests(&rest, &["--exclude", "end-to-end", "--exclude", "browser"], None, None)?;
        held.say();
        return Ok(code(ran));
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
    // What an answer takes is measured where nothing else runs (`cargo xtask bench slack`), and not beside all tests.
    let options = Options { slack_rate_limits: false, slack_answer_within: 20, settings, ..Options::default() };
    let whole = rest.is_empty() && more.is_empty();
    let mut last = Held::default();
    let ran = within(&folder, &options, |outputs| {
        let (ran, held) = tests(&rest, more, Some(&outputs), programs.as_ref())?;
        last = held;
        let judged = if whole && ran.success() { local::judge(&outputs, &decisions) } else { Ok(()) };
        judged.map(|()| ran)
    });
    last.say();
    Ok(code(ran?))
}

/// The path of the tests: with DuckDB's program, which is installed beside the stand-in for AWS, if there is none on it. As it
/// is if that can't be installed: then the tests that ask DuckDB fail, and no others.
fn path() -> OsString {
    let before = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&before).collect();
    if folders.iter().any(|folder| folder.join(DUCKDB).is_file()) {
        return before;
    }
    let with =
        |installed| std::env::join_paths(folders.into_iter().chain([installed])).map_err(|error| error.to_string());
    local::programs().and_then(with).unwrap_or_else(|problem| {
        complain(&format!("without DuckDB's program: {problem}"));
        before
    })
}

/// Whoever names packages wants those only.
fn names_packages(given: &[&String]) -> bool {
    given.iter().any(|word| ["-p", "--package"].contains(&word.as_str()) || word.starts_with("--package="))
}

/// Runs them with cargo-nextest if it is installed, else with cargo's own runner. `outputs`: beside a local cloud.
fn tests(
    given: &[&String],
    more: &[&str],
    outputs: Option<&Path>,
    programs: Option<&Programs>,
) -> Result<(ExitStatus, Held), String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let nextest = Command::new(&cargo)
        .args(["nextest", "--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    let path = path();
    let command = |words: &[&str]| {
        let mut command = Command::new(&cargo);
        command.current_dir(workspace::root()).args(words);
        if !names_packages(given) {
            command.arg("--workspace").args(more);
        }
        if let Some(outputs) = outputs {
            command.env("COUNTERSIGN_OUTPUTS", outputs);
        }
        if let Some(programs) = programs {
            programs.tell(&mut command);
        }
        command.env("PATH", &path);
        // Cargo tells a program it runs about that program; what it builds for others must not hear of it.
        command.env_remove("CARGO_MANIFEST_DIR").env_remove("CARGO_PKG_NAME");
        command
    };
    if !nextest {
        complain("cargo-nextest is not installed: using `cargo test`; what takes turns runs last, one by one");
        let targets = ON_A_CLOUD.iter().filter(|(package, _)| outputs.is_some() && !more.contains(package));
        let targets: Vec<&str> = targets.map(|(_, target)| *target).collect();
        let ran = turns::run(|| command(&["test", "--no-fail-fast"]), given, &targets)?;
        return Ok((ran, Held::default()));
    }
    let mut command = command(&["nextest", "run"]);
    // Some end-to-end tests only wait, for minutes; the processors are not to wait with them.
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    if std::env::var_os("NEXTEST_TEST_THREADS").is_none() {
        command.env("NEXTEST_TEST_THREADS", processors.saturating_add(2).to_string());
    }
    summary::run(command.args(given))
}
