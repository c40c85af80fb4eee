//! `cargo xtask chaos`: what holds while functions' processes are killed and stand still and their calls of AWS go wrong, and
//! over hours that pass in seconds; each on a local cloud of its own.

use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

use crate::beside::{code, within};
use crate::local::{Options, faketime};
use crate::workspace;

pub(crate) const USAGE: &str =
    "usage: cargo xtask chaos [--rate n] [--seconds n] [--seed n] [--faults n] [--every milliseconds] | hours";

/// The file, in the folder of the cloud's process, that says where functions find AWS. Nobody writes it before everything is
/// deployed; `tests/end-to-end/src/bin/chaos/storm.rs` does then.
const ENDPOINT: &str = "functions.endpoint";

/// The exit code says whether all of it held; `tests/end-to-end/src/bin/chaos` reads the words, and tells what it counted.
///
/// # Errors
/// In words: what could not be built or started.
pub(crate) fn run(arguments: &[String]) -> Result<ExitCode, String> {
    if arguments.iter().any(|word| word == "--help") {
        return Err(USAGE.to_owned());
    }
    let program = workspace::build()?.remove("chaos").ok_or("the package end-to-end has no binary chaos")?;
    let folder = workspace::root().join("target").join("chaos");
    let options = match arguments {
        [word] if word == "hours" => Options { variables: clock(&folder)?, ..options(&folder) },
        _ => options(&folder),
    };
    let ran = within(&folder, &options, |outputs| {
        let mut command = Command::new(&program);
        command.args(arguments).env("COUNTERSIGN_OUTPUTS", outputs);
        let status = command.envs(options.variables.iter().map(|(name, value)| (name, value))).status();
        status.map_err(|error| format!("can't start {}: {error}", program.display()))
    })?;
    Ok(code(ran))
}

fn options(folder: &Path) -> Options {
    let endpoint = folder.join("cloud").join(ENDPOINT).display().to_string();
    Options {
        slack_rate_limits: false,
        settings: vec![("LOCAL_CLOUD_FUNCTIONS_ENDPOINT".to_owned(), endpoint)],
        entitlements: entitlements(),
        ..Options::default()
    }
}

/// One clock for everything that runs, in a file that says how far it is ahead. Only the time of day: what is waited for
/// takes as long as ever.
fn clock(folder: &Path) -> Result<Vec<(String, String)>, String> {
    let file = folder.join("clock");
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(&file, "+0\n"))
        .map_err(|error| format!("can't write {}: {error}", file.display()))?;
    let variables = [
        ("LD_PRELOAD", faketime()?.display().to_string()),
        ("FAKETIME_TIMESTAMP_FILE", file.display().to_string()),
        // In seconds: each process reads the file that often. Without, each look at the time would.
        ("FAKETIME_CACHE_DURATION", "1".to_owned()),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
    ];
    Ok(variables.map(|(name, value)| (name.to_owned(), value)).to_vec())
}

/// What takes nobody, one and two to countersign, `acts.rs` there knows how many each takes; what waits lapses while the job
/// waits. And what lasts for hours.
fn entitlements() -> String {
    let entitlement = |name: &str,
                       mechanism: &str,
                       permissions: &str,
                       (longest, window): (&str, &str),
                       approvals: usize| {
        format!(
            "  {name}:\n    description: For an hour of chaos\n    account: \"111111111111\"\n    environment: prod\n{mechanism}    \
             permissions: [{permissions}]\n    resources: [\"arn:aws:dynamodb:us-east-1:111111111111:table/orders\"]\n    \
             maxDuration: {longest}\n    approvalWindow: {window}\n    approvals: {approvals}\n    approvers: [approvers]\n    \
             channel: C0APPROVALS\n\n"
        )
    };
    let session = "    mechanism: session\n    \
                   baseRole: arn:aws:iam::111111111111:role/countersign-base/countersign-sample\n";
    let (role, both) = ("    mechanism: role\n", "dynamodb:GetItem, dynamodb:UpdateItem");
    [
        entitlement("chaos-read", session, "dynamodb:GetItem", ("1h", "2m"), 0),
        entitlement("chaos-write", session, both, ("1h", "2m"), 1),
        entitlement("chaos-admin", role, both, ("1h", "2m"), 2),
        entitlement("hours-session", session, both, ("8h", "6h"), 1),
        entitlement("hours-role", role, both, ("8h", "6h"), 1),
    ]
    .concat()
}
