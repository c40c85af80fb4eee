//! The functions' processes of one local cloud, and nobody else's: known by where their program lies.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use end_to_end::failure::Failure;

/// The folder that the stand-in unpacks the functions' packages into begins so.
const UNPACKED: &str = "ministack-provided-code-";

/// A function's process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Worker {
    id: u32,
    /// In ticks since the machine started: with the id, a name.
    started: String,
    /// The function's name.
    pub(crate) function: String,
}

/// What a process is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signal {
    /// End at once.
    Kill,
    /// Stand still.
    Stop,
    /// Go on.
    Continue,
}

/// Those that run in the cloud whose folder is `home`.
///
/// # Errors
/// The folder is not there.
pub(crate) fn running(home: &Path) -> Result<Vec<Worker>, Failure> {
    let home = home.canonicalize().map_err(|error| Failure::of("finding the cloud's folder", &error))?;
    let listed = fs::read_dir("/proc").map_err(|error| Failure::of("listing processes", &error))?;
    let ids = listed.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let mut workers: Vec<Worker> = ids.filter_map(|id| worker(&home, id)).collect();
    workers.sort_by_key(|worker| worker.id);
    Ok(workers)
}

/// The process with this id, if its program is one that this cloud has unpacked.
fn worker(home: &Path, id: u32) -> Option<Worker> {
    let program = fs::read_link(format!("/proc/{id}/exe")).ok()?;
    if !unpacked(home, &program) {
        return None;
    }
    let environment = fs::read(format!("/proc/{id}/environ")).ok()?;
    let name = environment.split(|byte| *byte == 0).find_map(|one| one.strip_prefix(b"AWS_LAMBDA_FUNCTION_NAME="));
    let function = String::from_utf8_lossy(name.unwrap_or_default()).into_owned();
    Some(Worker { id, started: started(id)?, function })
}

fn unpacked(home: &Path, program: &Path) -> bool {
    let Ok(below) = program.strip_prefix(home) else { return false };
    let first = below.components().next().map(|first| PathBuf::from(first.as_os_str()));
    first.is_some_and(|first| first.to_string_lossy().starts_with(UNPACKED)) && below.ends_with("bootstrap")
}

/// When a process started; nothing if it is none any more.
fn started(id: u32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The second field is the program's name in brackets and may hold anything; count after it.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    (*fields.first()? != "Z").then(|| fields.get(19).map(|ticks| (*ticks).to_owned()))?
}

impl Worker {
    /// Whether it was told: it is, if it still is the one that it was.
    pub(crate) fn signal(&self, home: &Path, signal: Signal) -> bool {
        let is_the_same = home.canonicalize().is_ok_and(|home| worker(&home, self.id).as_ref() == Some(self));
        let name = match signal {
            Signal::Kill => "-KILL",
            Signal::Stop => "-STOP",
            Signal::Continue => "-CONT",
        };
        // The shell's own kill: the program of that name is missing on small systems.
        let told = || Command::new("sh").args(["-c", "kill \"$0\" \"$1\"", name, &self.id.to_string()]).status();
        is_the_same && told().is_ok_and(|status| status.success())
    }
}

/// How often each function was told.
pub(crate) type Told = BTreeMap<String, u64>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_cloud_unpacked_is_a_functions_process() {
        let home = Path::new("/a/cloud");
        assert!(unpacked(home, Path::new("/a/cloud/ministack-provided-code-4566/abc/bootstrap")));
        for other in [
            "/a/cloud/ministack-provided-code-4566/abc/python",
            "/a/cloud/other/bootstrap",
            "/b/cloud/ministack-provided-code-4566/abc/bootstrap",
            "/usr/bin/python3",
        ] {
            assert!(!unpacked(home, Path::new(other)), "{other}");
        }
        assert_eq!(worker(home, std::process::id()), None);
    }
}
