//! Where things are, and how cargo builds them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// The folder of the workspace.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// Where caches that outlive a checkout go: `$XDG_CACHE_HOME/countersign` or `~/.cache/countersign`.
///
/// # Errors
/// Neither variable is set.
pub(crate) fn cache() -> Result<PathBuf, String> {
    let base = match std::env::var_os("XDG_CACHE_HOME").filter(|value| !value.is_empty()) {
        Some(given) => PathBuf::from(given),
        None => match std::env::var_os("HOME") {
            Some(home) => PathBuf::from(home).join(".cache"),
            None => {
                return Err("set HOME or XDG_CACHE_HOME: the local cloud is installed there".to_owned());
            }
        },
    };
    Ok(base.join("countersign"))
}

/// The functions: every folder under `functions/`, which is also the name of the package and of its binary.
///
/// # Errors
/// The folder can't be read.
pub(crate) fn functions() -> Result<Vec<String>, String> {
    let folder = root().join("functions");
    let entries = fs::read_dir(&folder).map_err(|error| format!("can't read {}: {error}", folder.display()))?;
    let mut names: Vec<String> = entries
        .filter_map(Result::ok)
        .filter(|entry| entry.path().join("Cargo.toml").is_file())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    Ok(names)
}

/// Builds the workspace's binaries in the dev profile and says where they are, wherever cargo is told to put them.
///
/// The whole workspace, and not only the packages that are needed: cargo builds a library once for each set of features
/// that a selection of packages asks for, and the tests ask for those of the whole workspace. But for the packages that run
/// the functions over the in-memory world: beside them, the functions would be built with it. And but for the bench that
/// runs them in the release profile.
///
/// # Errors
/// Cargo can't be started, or the build fails: cargo has said why.
pub(crate) fn build() -> Result<BTreeMap<String, PathBuf>, String> {
    built(&["--bins", "--exclude", "fuzz", "--exclude", "simulation", "--exclude", "speed"], &[])
}

/// Builds all programs of the functions, and those of the package `beside` them, as what is deployed is built: in the
/// release profile, with the features that they ask for and no others.
///
/// # Errors
/// As [`build`].
pub(crate) fn shipped(beside: &str) -> Result<BTreeMap<String, PathBuf>, String> {
    let packages: Vec<String> = functions()?.into_iter().chain([beside.to_owned()]).collect();
    let packages = packages.iter().flat_map(|name| ["--package", name]);
    compiled(&["build"], &packages.chain(["--bins", "--release"]).collect::<Vec<&str>>(), &[])
}

/// Builds one of the workspace's binaries in the same way, or in another `profile`, and says where it is.
///
/// # Errors
/// As [`build`].
pub(crate) fn program(name: &str, profile: &str) -> Result<PathBuf, String> {
    let program = built(&["--bin", name, "--profile", profile], &[])?.remove(name);
    program.ok_or_else(|| format!("the workspace has no binary {name}"))
}

/// Builds these targets, with these variables, and says where their programs are.
///
/// # Errors
/// As [`build`].
pub(crate) fn built(targets: &[&str], variables: &[(&str, &str)]) -> Result<BTreeMap<String, PathBuf>, String> {
    compiled(&["build", "--workspace"], targets, variables)
}

/// Builds these targets as tests, and says where their programs are.
///
/// # Errors
/// As [`build`].
pub(crate) fn tests(targets: &[&str]) -> Result<BTreeMap<String, PathBuf>, String> {
    compiled(&["test", "--no-run", "--workspace"], targets, &[])
}

fn compiled(job: &[&str], targets: &[&str], variables: &[(&str, &str)]) -> Result<BTreeMap<String, PathBuf>, String> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root()).args(job).arg("--message-format=json-render-diagnostics");
    cargo.args(targets).envs(variables.iter().copied());
    // Cargo tells a program it runs about that program; a build for others must not hear of it.
    cargo.env_remove("CARGO_MANIFEST_DIR").env_remove("CARGO_PKG_NAME");
    let built = cargo
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("can't start cargo: {error}"))?;
    if !built.status.success() {
        return Err("the build failed".to_owned());
    }
    let lines = String::from_utf8_lossy(&built.stdout);
    let messages = lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    Ok(messages
        .filter_map(|message| {
            let name = message.pointer("/target/name")?.as_str()?.to_owned();
            Some((name, PathBuf::from(message.get("executable")?.as_str()?)))
        })
        .collect())
}
