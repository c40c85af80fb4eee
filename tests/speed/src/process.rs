//! A function's program as a process, and what the kernel says of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A process that ends with this value.
#[derive(Debug)]
pub(crate) struct Process(Child);

impl Process {
    /// Starts `program` with these variables and no others.
    ///
    /// # Errors
    /// It can't be started.
    pub(crate) fn start(program: &Path, variables: &BTreeMap<String, String>) -> Result<Self, String> {
        let mut command = Command::new(program);
        command.env_clear().envs(variables).stdin(Stdio::null());
        // `SPEED_LOGS` shows what a function says, when it does not do what is expected.
        if std::env::var_os("SPEED_LOGS").is_none() {
            command.stdout(Stdio::null()).stderr(Stdio::null());
        }
        let started = command.spawn().map_err(|error| format!("can't start {}: {error}", program.display()))?;
        Ok(Self(started))
    }

    /// Whether it is over, and how.
    pub(crate) fn over(&mut self) -> Option<String> {
        self.0.try_wait().ok().flatten().map(|status| status.to_string())
    }

    /// Nanoseconds that its threads have run, user and system together.
    ///
    /// # Errors
    /// The kernel does not tell.
    pub(crate) fn nanoseconds(&self) -> Result<u64, String> {
        let folder = format!("/proc/{}/task", self.0.id());
        let threads = fs::read_dir(&folder).map_err(|error| format!("{folder}: {error}"))?;
        let ran = |path: std::path::PathBuf| {
            fs::read_to_string(path.join("schedstat")).ok()?.split(' ').next()?.parse::<u64>().ok()
        };
        Ok(threads.filter_map(Result::ok).filter_map(|thread| ran(thread.path())).sum())
    }

    /// KiB of memory that it holds now, and the most that it ever held.
    ///
    /// # Errors
    /// The kernel does not tell.
    pub(crate) fn kibibytes(&self) -> Result<(u64, u64), String> {
        let path = format!("/proc/{}/status", self.0.id());
        let status = fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
        let figure = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
            line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<u64>().ok())
        };
        figure("VmRSS").zip(figure("VmHWM")).ok_or_else(|| format!("{path} has no VmRSS"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may be over by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
