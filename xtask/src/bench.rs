//! `cargo xtask bench`: figures, many of them measured on a local cloud of their own. Nothing fails because something is slow.

use std::ffi::OsString;
use std::process::{Command, ExitCode};

use crate::beside::{code, within};
use crate::local::Options;
use crate::workspace;

/// Base roles and target roles that a bench of grants has; `tests/end-to-end/src/bin/grants/roles.rs` makes them.
const ROLES: usize = 16;

pub(crate) const USAGE: &str = "usage: cargo xtask bench slack [warm cold [word]] | grants [n] | panic [n] | burst [rate seconds] | load [--rate n --seconds n …] | activity [MB] | log [entries] | log pace [rate …] | log verify [entries] | speed [--starts n] [--requests n] [--only function]… [--quick] [--json file]";

/// `cargo xtask bench slack [warm cold [word]]`: how long people wait for answers in Slack; both how often each act is
/// done, and a word to choose acts by their names.
/// `cargo xtask bench grants [n]`: how long access takes to come and to go, by mechanism. `cargo xtask bench panic [n]`:
/// how long it takes to end so many grants at once. `cargo xtask bench burst [rate seconds]`: how long events wait until a
/// signed checkpoint covers them. `cargo xtask bench log pace [rate …]`: the same in virtual time, with AWS as slow as it is
/// assumed to be. `cargo xtask bench log verify [entries]`: how fast the record of whole grants is verified.
/// `cargo xtask bench load [--rate n --seconds n …]`: the edge under good and hostile calls, and what is on record then;
/// `tests/simulation/src/bin/load.rs` reads that, and fails if anything was lost, doubled or let in.
/// `cargo xtask bench speed`: how fast the functions start and answer, and what they take. Of all these only the last two
/// can fail, and by no time: ratios, counts and sizes have limits, in `tests/speed/limits.json`.
///
/// # Errors
/// In words: what could not be built or started.
pub(crate) fn run(arguments: &[String]) -> Result<ExitCode, String> {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (program, given, options) = match arguments.as_slice() {
        // One person does in a minute what takes many a day: Slack's limits would be what is measured.
        ["slack", times @ ..] => ("answers", times, Options { slack_rate_limits: false, ..Options::default() }),
        ["grants" | "panic", ..] => ("grants", arguments.as_slice(), many()),
        ["burst", words @ ..] => ("bursts", words, Options::default()),
        // This one fails if anything was lost, doubled or let in.
        ["load", words @ ..] => return ran(Command::new(workspace::program("load", "dev")?).args(words)),
        ["activity", megabytes @ ..] => {
            let corpus = workspace::root().join("tests/corpora/cloudtrail");
            return alone("activity-bench", |cargo| cargo.arg(corpus).args(megabytes));
        }
        ["log", what @ ("pace" | "verify"), words @ ..] => {
            return ran(Command::new(cargo())
                .args(["bench", "--quiet", "--package", "benches", "--bench", "record", "--", what])
                .args(words));
        }
        ["speed", words @ ..] => return speed(words),
        ["log", entries @ ..] => return alone("log-bench", |cargo| cargo.args(entries)),
        _ => return Err(USAGE.to_owned()),
    };
    let mut binaries = workspace::build()?;
    let program = binaries.remove(program).ok_or_else(|| format!("the package end-to-end has no binary {program}"))?;
    let folder = workspace::root().join("target").join("bench");
    let ran = within(&folder, &options, |outputs| {
        let status = Command::new(&program).args(given).env("COUNTERSIGN_OUTPUTS", outputs).status();
        status.map_err(|error| format!("can't start {}: {error}", program.display()))
    })?;
    Ok(code(ran))
}

/// Without a cloud, and built as what runs in AWS is.
fn alone(program: &str, given: impl FnOnce(&mut Command) -> &mut Command) -> Result<ExitCode, String> {
    let mut command = Command::new(cargo());
    ran(given(command.args(["run", "--quiet", "--release", "--package", "benches", "--bin", program, "--"])))
}

/// With the functions as they are deployed. Their figures are also written as JSON.
fn speed(words: &[&str]) -> Result<ExitCode, String> {
    let programs = workspace::shipped("speed")?;
    let bench = programs.get("speed-bench").ok_or("the package speed has no binary speed-bench")?;
    let folder = bench.parent().ok_or_else(|| format!("{} lies nowhere", bench.display()))?;
    let mut command = Command::new(bench);
    command.arg(folder).arg("--shipped");
    if !words.contains(&"--json") {
        command.arg("--json").arg(workspace::root().join("target/bench/speed.json"));
    }
    let ran = command.args(words).status().map_err(|error| format!("can't start {}: {error}", bench.display()))?;
    Ok(code(ran))
}

fn cargo() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

fn ran(program: &mut Command) -> Result<ExitCode, String> {
    program.current_dir(workspace::root());
    // Cargo tells a program it runs about that program; a build for others must not hear of it.
    program.env_remove("CARGO_MANIFEST_DIR").env_remove("CARGO_PKG_NAME");
    let status =
        program.status().map_err(|error| format!("can't start {}: {error}", program.get_program().display()))?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What it takes to make hundreds of grants one after the other.
fn many() -> Options {
    let entitlement = |name: &str, mechanism: &str, approvals: usize| {
        format!(
            "  {name}:\n    description: For figures\n    account: \"111111111111\"\n    environment: prod\n{mechanism}    \
             permissions: [dynamodb:GetItem]\n    resources: [\"arn:aws:dynamodb:us-east-1:111111111111:table/orders\"]\n    \
             maxDuration: 2h\n    approvals: {approvals}\n    approvers: [approvers]\n    channel: C0APPROVALS\n\n"
        )
    };
    let role =
        |line: &str, path: &str, nth: usize| format!("    {line}: arn:aws:iam::111111111111:role/{path}-{nth}\n");
    let mut entitlements = entitlement("bench-role", "    mechanism: role\n", 1);
    let mut targets = vec![
        "arn:aws:iam::111111111111:role/legacy/debug".to_owned(),
        "arn:aws:iam::333333333333:role/legacy/archive".to_owned(),
    ];
    for nth in 0..ROLES {
        let session = format!("    mechanism: session\n{}", role("baseRole", "countersign-base/bench", nth));
        let policy = format!("    mechanism: policy\n{}", role("targetRole", "legacy/bench-legacy", nth));
        entitlements.push_str(&entitlement(&format!("bench-session-{nth}"), &session, 1));
        entitlements.push_str(&entitlement(&format!("bench-panic-{nth}"), &session, 0));
        entitlements.push_str(&entitlement(&format!("bench-policy-{nth}"), &policy, 1));
        targets.push(format!("arn:aws:iam::111111111111:role/legacy/bench-legacy-{nth}"));
    }
    let parameters = vec![("PolicyTargetRoleArns".to_owned(), targets.join(","))];
    Options { slack_rate_limits: false, parameters, entitlements, ..Options::default() }
}
