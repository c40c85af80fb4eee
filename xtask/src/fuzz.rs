//! `cargo xtask fuzz`: the targets of `tests/fuzz` under libFuzzer, for as long as is wanted.
//!
//! Built with the one stable compiler: coverage by LLVM's counters needs no nightly as long as no sanitizer is asked for,
//! and there is no unsafe code of ours that one would look at. Integer overflows and debug assertions end a run.

mod running;

use std::collections::VecDeque;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::{Mutex, PoisonError};

use crate::output::{complain, say};
use crate::{tools, workspace};
use running::{Ran, run_one};

/// The version of cargo-fuzz.
const CARGO_FUZZ: &str = "0.13.2";

const USAGE: &str = "usage: cargo xtask fuzz [target…] [--seconds n] [--jobs n] [--no-doors] | fuzz --list";

/// What is asked for.
#[derive(Debug)]
struct Wanted {
    targets: Vec<String>,
    /// Of each target.
    seconds: u64,
    /// Targets at a time.
    jobs: usize,
    /// With the functions themselves.
    doors: bool,
}

/// `cargo xtask fuzz [target…] [--seconds n] [--jobs n] [--no-doors]`: runs these targets, or all, each for so long, from
/// its corpus on. What breaks one is written to `tests/fuzz/crashes/<target>`, which every test run tries from then on.
///
/// # Errors
/// In words: what is not understood, or could not be installed or built.
pub(crate) fn run(arguments: &[String]) -> Result<ExitCode, String> {
    let all = targets()?;
    if arguments.iter().any(|word| word == "--list") {
        say(&all.join("\n"));
        return Ok(ExitCode::SUCCESS);
    }
    let mut wanted = read(arguments)?;
    if let Some(unknown) = wanted.targets.iter().find(|target| !all.contains(target)) {
        return Err(format!("there is no target `{unknown}`; `cargo xtask fuzz --list` names them"));
    }
    let doors = behind_doors()?;
    if wanted.targets.is_empty() {
        wanted.targets = all.into_iter().filter(|target| wanted.doors || !doors.contains(target)).collect();
    } else {
        // Whoever names targets of the pure half alone need not build the other.
        wanted.doors &= wanted.targets.iter().any(|target| doors.contains(target));
    }
    let program = build(wanted.doors)?;
    let ran = run_all(&program, &wanted);
    say(&table(&ran));
    let broken = ran.iter().any(|(_, ran)| ran.as_ref().map_or(true, |ran| ran.broken));
    Ok(if broken { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn read(arguments: &[String]) -> Result<Wanted, String> {
    let mut wanted = Wanted { targets: Vec::new(), seconds: 60, jobs: 1, doors: true };
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        let mut number = || words.next().and_then(|text| text.parse::<u64>().ok()).filter(|number| *number > 0);
        match word.as_str() {
            "--seconds" => wanted.seconds = number().ok_or(USAGE)?,
            "--jobs" => wanted.jobs = number().and_then(|jobs| usize::try_from(jobs).ok()).ok_or(USAGE)?,
            "--no-doors" => wanted.doors = false,
            flag if flag.starts_with('-') => return Err(USAGE.to_owned()),
            target => wanted.targets.push(target.to_owned()),
        }
    }
    Ok(wanted)
}

/// The folder of the targets.
fn folder() -> PathBuf {
    workspace::root().join("tests/fuzz")
}

/// The names of all targets, as the library's list has them.
fn targets() -> Result<Vec<String>, String> {
    let source = source()?;
    let listed = source.split("\ntargets! {").nth(1).and_then(|rest| rest.split("\n}").next());
    let names = listed.unwrap_or_default().lines().filter_map(|line| line.trim().strip_suffix(',')?.split("::").nth(1));
    let names: Vec<String> = names.map(str::to_owned).collect();
    if names.is_empty() { Err("tests/fuzz/src/lib.rs lists no targets".to_owned()) } else { Ok(names) }
}

/// Those of them that need the functions.
fn behind_doors() -> Result<Vec<String>, String> {
    let source = source()?;
    let named = source.lines().filter_map(|line| line.trim().strip_prefix("doors::")?.strip_suffix(','));
    Ok(named.map(str::to_owned).collect())
}

fn source() -> Result<String, String> {
    let path = folder().join("src/lib.rs");
    fs::read_to_string(&path).map_err(|error| format!("can't read {}: {error}", path.display()))
}

/// The program with all targets, built for libFuzzer.
fn build(doors: bool) -> Result<PathBuf, String> {
    let fuzzer = tools::installed("cargo-fuzz", CARGO_FUZZ)?;
    let crate_folder = folder().join("libfuzzer");
    // The same versions as in what is shipped; what only libFuzzer needs is added to this copy.
    let lock = crate_folder.join("Cargo.lock");
    fs::copy(workspace::root().join("Cargo.lock"), &lock)
        .map_err(|error| format!("can't write {}: {error}", lock.display()))?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace::root().join("target"), PathBuf::from);
    let target = target.join("fuzz");
    let mut command = Command::new(fuzzer);
    command.current_dir(&crate_folder).args(["build", "--fuzz-dir", ".", "--sanitizer", "none", "--target-dir"]);
    command.arg(&target);
    if doors {
        command.args(["--features", "doors"]);
    }
    // Cargo tells a program it runs about that program; what it builds for others must not hear of it.
    command.env_remove("CARGO_MANIFEST_DIR").env_remove("CARGO_PKG_NAME").stdin(Stdio::null());
    let built = command.arg("any").status().map_err(|error| format!("can't start cargo-fuzz: {error}"))?;
    if !built.success() {
        return Err("the build for libFuzzer failed".to_owned());
    }
    let host = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    Ok(target.join(host).join("release/any"))
}

/// Every target once, so many at a time.
fn run_all(program: &Path, wanted: &Wanted) -> Vec<(String, Result<Ran, String>)> {
    let open = Mutex::new(wanted.targets.iter().cloned().collect::<VecDeque<_>>());
    let ran = Mutex::new(Vec::new());
    let next = || open.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    std::thread::scope(|scope| {
        for _ in 0..wanted.jobs {
            scope.spawn(|| {
                while let Some(target) = next() {
                    let one = run_one(program, &folder(), &target, wanted.seconds);
                    complain(&match &one {
                        Ok(ran) => format!(
                            "{target}: {} executions{}",
                            ran.executions,
                            if ran.broken { ", broken" } else { "" }
                        ),
                        Err(problem) => format!("{target}: {problem}"),
                    });
                    ran.lock().unwrap_or_else(PoisonError::into_inner).push((target, one));
                }
            });
        }
    });
    let mut ran = ran.into_inner().unwrap_or_else(PoisonError::into_inner);
    ran.sort_by_key(|(name, _)| wanted.targets.iter().position(|target| target == name));
    ran
}

fn table(ran: &[(String, Result<Ran, String>)]) -> String {
    let mut lines = vec![format!(
        "{:<24} {:>12} {:>9} {:>8} {:>8}  {}",
        "target", "executions", "seconds", "edges", "inputs", "crashes"
    )];
    let (mut executions, mut seconds, mut crashes) = (0_u64, 0_u64, 0_usize);
    for (target, one) in ran {
        match one {
            Ok(one) => {
                (executions, seconds) =
                    (executions.saturating_add(one.executions), seconds.saturating_add(one.seconds));
                crashes = crashes.saturating_add(one.crashes.len());
                let found = if one.crashes.is_empty() { one.says.clone() } else { one.crashes.join(" ") };
                lines.push(format!(
                    "{target:<24} {:>12} {:>9} {:>8} {:>8}  {found}",
                    one.executions, one.seconds, one.edges, one.inputs
                ));
            }
            Err(problem) => lines.push(format!("{target:<24} {problem}")),
        }
    }
    lines.push(format!("{:<24} {executions:>12} {seconds:>9} {:>8} {:>8}  {crashes}", "all", "", ""));
    lines.join("\n")
}
