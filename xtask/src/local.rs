//! `cargo xtask local`: Countersign on this machine.
//!
//! A local cloud is a folder (`target/local` for `up`; tests and the demo take another) and two processes that outlive
//! the command: the stand-in for AWS (`tests/local-cloud`) and the one for Slack (`tests/local-slack`). Each listens on
//! a free loopback port. The folder holds their process ids, their logs and `outputs.json`, which says where all is.

mod cloud;
mod http;
mod install;
mod process;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use serde_json::Value;

use crate::output::{complain, say};
use crate::workspace;

pub(crate) use cloud::{LocalCloud, Options};
pub(crate) use install::faketime;

/// `cargo xtask local …`.
///
/// # Errors
/// In words: what could not be built, started, deployed or stopped.
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["up"] => up(),
        ["down"] => down(),
        ["status"] => status(),
        ["logs"] => logs(None),
        ["logs", function] => logs(Some(function)),
        ["check", words @ ..] => check(words),
        _ => Err("usage: cargo xtask local up | down | status | logs [function] | check [word…]".to_owned()),
    }
}

/// Runs the checks of the stand-in for AWS: all, or those whose name has one of `words`.
///
/// # Errors
/// A check failed; it has said why.
pub(crate) fn check(words: &[&str]) -> Result<(), String> {
    let ran = Command::new(install::python()?)
        .args(["-B", "-m", "checks"])
        .args(words)
        .current_dir(workspace::root().join("tests/local-cloud"))
        .status()
        .map_err(|error| format!("can't start the checks: {error}"))?;
    if ran.success() { Ok(()) } else { Err("the local cloud is not what it should be".to_owned()) }
}

/// Judges the roles of the local cloud that `outputs` tells of by the calls that were recorded in `decisions`: whether
/// anything needs each of their permissions. What IAM says of the roles is left beside the record.
///
/// # Errors
/// A permission that nothing needs, or a reason for one that is none; they have been said.
pub(crate) fn judge(outputs: &Path, decisions: &Path) -> Result<(), String> {
    let text = fs::read_to_string(outputs).map_err(|error| format!("can't read {}: {error}", outputs.display()))?;
    let told: Value = serde_json::from_str(&text).map_err(|error| format!("{}: {error}", outputs.display()))?;
    let at = |pointer: &str| told.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    let spokes = told.get("spokes").and_then(Value::as_object).into_iter().flat_map(|spokes| spokes.keys().cloned());
    let accounts = [at("/accountId"), at("/logArchive/accountId")].into_iter().chain(spokes);
    let judged = Command::new(install::python()?)
        .args(["-B", "judge.py", "--endpoint", &at("/endpointUrl"), "--decisions"])
        .arg(decisions)
        .arg("--roles")
        .arg(decisions.with_file_name("roles.json"))
        .args(accounts.map(|account| format!("--account={account}")))
        .current_dir(workspace::root().join("tests/local-cloud"))
        .status()
        .map_err(|error| format!("can't start the judge: {error}"))?;
    if judged.success() { Ok(()) } else { Err("the roles are not what they should be".to_owned()) }
}

/// Lints the templates and every policy, of the templates and of grants.
///
/// # Errors
/// A finding without a reason, or a reason without a finding; they have been said.
pub(crate) fn lint() -> Result<(), String> {
    let linted = Command::new(install::linters()?)
        .args(["-B", "lint.py"])
        .current_dir(workspace::root().join("tests/linters"))
        .status()
        .map_err(|error| format!("can't start the linters: {error}"))?;
    if linted.success() { Ok(()) } else { Err("the linters found something".to_owned()) }
}

/// The folder with the programs that were installed with the stand-in for AWS.
///
/// # Errors
/// They can't be installed.
pub(crate) fn programs() -> Result<PathBuf, String> {
    let python = install::python()?;
    python.parent().map(PathBuf::from).ok_or_else(|| format!("{} lies nowhere", python.display()))
}

/// The folder of the local cloud that `up` starts. In the checkout, wherever cargo puts what it builds.
fn folder() -> PathBuf {
    workspace::root().join("target").join("local")
}

fn up() -> Result<(), String> {
    let started = Instant::now();
    if let Some(running) = LocalCloud::running(&folder())? {
        complain("already up; `cargo xtask local down` first to start anew");
        summary(&running.outputs);
        return Ok(());
    }
    let cloud = LocalCloud::start(&folder(), &Options::default())?;
    summary(&cloud.outputs);
    say(&format!("up after {:.1} s", started.elapsed().as_secs_f32()));
    Ok(())
}

/// Starts the local cloud of `up`, which must not be running; gives the path of `outputs.json`.
///
/// # Errors
/// It is running, or can't be started.
pub(crate) fn begin() -> Result<PathBuf, String> {
    if LocalCloud::running(&folder())?.is_some() {
        return Err("a local cloud is up already; `cargo xtask local down` stops it".to_owned());
    }
    LocalCloud::start(&folder(), &Options::default())?;
    Ok(folder().join("outputs.json"))
}

/// Says where to click.
///
/// # Errors
/// It is not running any more.
pub(crate) fn invite() -> Result<(), String> {
    let found = found()?;
    let slack = found.outputs.get("slackUrl").and_then(Value::as_str).unwrap_or("?").to_owned();
    say(&format!(
        "\nAll of it is still there. Be alice, bob or carol in its Slack: {slack}\n`cargo xtask local down` ends it."
    ));
    Ok(())
}

fn down() -> Result<(), String> {
    let stopped = LocalCloud::stop(&folder())?;
    say(if stopped == 0 { "nothing was running" } else { "stopped" });
    Ok(())
}

fn status() -> Result<(), String> {
    summary(&found()?.outputs);
    Ok(())
}

fn found() -> Result<LocalCloud, String> {
    LocalCloud::running(&folder())?.ok_or_else(|| "not running; `cargo xtask local up` starts it".to_owned())
}

fn logs(function: Option<&str>) -> Result<(), String> {
    let names = match function {
        Some(name) => vec![name.to_owned()],
        None => workspace::functions()?,
    };
    let cloud = found()?;
    for name in names {
        say(&format!("== {name}"));
        say(&cloud.logs(&name)?);
    }
    Ok(())
}

/// Where everything is, for a person.
fn summary(outputs: &Value) {
    let text = |name: &str| outputs.get(name).and_then(Value::as_str).unwrap_or("?").to_owned();
    say(&format!(
        "\
Countersign is up (account {account}, {region})
  API        {api}
  AWS        {endpoint}   (AWS_ENDPOINT_URL)
  Slack      {slack}
  table      {table}
  bus        {bus}
  everything {file}",
        account = text("accountId"),
        region = text("region"),
        api = text("apiUrl"),
        endpoint = text("endpointUrl"),
        slack = text("slackUrl"),
        table = text("tableName"),
        bus = text("busName"),
        file = folder().join("outputs.json").display(),
    ));
    if let Some(people) = outputs.get("people").and_then(Value::as_object) {
        let names: Vec<&str> = people.keys().map(String::as_str).collect();
        say(&format!("  people     {} (keys in the file)", names.join(", ")));
    }
}
