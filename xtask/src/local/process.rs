//! Processes that outlive the command that starts them, known by a file each.
//!
//! A process id alone is no name: ids are used again. The file holds the id and when the process started, and only a
//! process that matches both is ever signalled.

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long a process may take to stop after SIGTERM before it is killed.
const PATIENCE: Duration = Duration::from_secs(10);

/// A process that runs on its own.
#[derive(Debug)]
pub(crate) struct Process {
    id: u32,
    started: String,
    file: PathBuf,
}

impl Process {
    /// Starts `command` in a process group of its own, so that Ctrl-C in the terminal does not reach it, with its output
    /// in `<name>.log`, and notes it in `<name>.pid`.
    ///
    /// # Errors
    /// The program can't be started, or the folder can't be written.
    pub(crate) fn start(folder: &Path, name: &str, mut command: Command) -> Result<Self, String> {
        let log_path = folder.join(format!("{name}.log"));
        let log =
            fs::File::create(&log_path).map_err(|error| format!("can't write {}: {error}", log_path.display()))?;
        let also = log.try_clone().map_err(|error| format!("can't write {}: {error}", log_path.display()))?;
        let child = command
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(also)
            .process_group(0)
            .spawn()
            .map_err(|error| format!("can't start {}: {error}", command.get_program().display()))?;
        let id = child.id();
        let started = start_time(id).ok_or_else(|| format!("{name} ended at once; see {}", log_path.display()))?;
        let file = folder.join(format!("{name}.pid"));
        fs::write(&file, format!("{id}\n{started}\n"))
            .map_err(|error| format!("can't write {}: {error}", file.display()))?;
        Ok(Self { id, started, file })
    }

    /// The process that `<name>.pid` tells of, if it still runs.
    pub(crate) fn find(folder: &Path, name: &str) -> Option<Self> {
        let file = folder.join(format!("{name}.pid"));
        let text = fs::read_to_string(&file).ok()?;
        let mut lines = text.lines();
        let found = Self { id: lines.next()?.parse().ok()?, started: lines.next()?.to_owned(), file };
        found.is_running().then_some(found)
    }

    /// Whether it still runs.
    pub(crate) fn is_running(&self) -> bool {
        start_time(self.id).is_some_and(|started| started == self.started)
    }

    /// Asks it to stop, waits until it has, and forgets it. Kills it only after [`PATIENCE`].
    ///
    /// # Errors
    /// It can't be signalled.
    pub(crate) fn stop(self) -> Result<(), String> {
        self.signal("-TERM")?;
        let since = Instant::now();
        let mut killed = false;
        while self.is_running() {
            if since.elapsed() > PATIENCE && !killed {
                self.signal("-KILL")?;
                killed = true;
            }
            sleep(Duration::from_millis(20));
        }
        fs::remove_file(&self.file).map_err(|error| format!("can't remove {}: {error}", self.file.display()))
    }

    fn signal(&self, signal: &str) -> Result<(), String> {
        if !self.is_running() {
            return Ok(());
        }
        // The shell's own kill: the program of that name is missing on small systems.
        let sent = Command::new("sh").args(["-c", "kill \"$0\" \"$1\"", signal, &self.id.to_string()]).status();
        match sent {
            Ok(status) if status.success() || !self.is_running() => Ok(()),
            Ok(_) => Err(format!("can't stop process {}", self.id)),
            Err(error) => Err(format!("can't run sh: {error}")),
        }
    }
}

/// When a running process was started, in whatever form the system has; nothing if there is none (or only its remains:
/// a process that ended but was not waited for).
fn start_time(id: u32) -> Option<String> {
    if Path::new("/proc/self/stat").exists() {
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        // The second field is the program's name in brackets and may hold anything; count after it.
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let state = *fields.first()?;
        return (state != "Z").then(|| fields.get(19).map(|ticks| (*ticks).to_owned()))?;
    }
    let told = Command::new("ps").args(["-o", "lstart=", "-p", &id.to_string()]).output().ok()?;
    let text = String::from_utf8_lossy(&told.stdout).trim().to_owned();
    (!text.is_empty()).then_some(text)
}
