//! Running a program beside a local cloud that lives as long as the program does.
//!
//! Ctrl-C ends the program and this one; the cloud is then left, and stopped when the next one starts in its folder.

use std::path::{Path, PathBuf};
use std::process::{ExitCode, ExitStatus};

use crate::local::{LocalCloud, Options};
use crate::output::complain;

/// Runs `work` beside a fresh local cloud in `folder`, and stops that cloud whatever became of the work. `work` is
/// given the path of `outputs.json`.
///
/// # Errors
/// The cloud can't be started or stopped, or the work's own.
pub(crate) fn within<T>(
    folder: &Path,
    options: &Options,
    work: impl FnOnce(PathBuf) -> Result<T, String>,
) -> Result<T, String> {
    LocalCloud::start(folder, options)?;
    let done = work(folder.join("outputs.json"));
    let stopped = LocalCloud::stop(folder);
    if done.is_err() || stopped.is_err() {
        complain(&format!("what the local cloud logged is in {}", folder.display()));
    }
    let done = done?;
    stopped?;
    Ok(done)
}

/// A program's exit code as ours; a failure if a signal ended it.
pub(crate) fn code(status: ExitStatus) -> ExitCode {
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    code.map_or(ExitCode::FAILURE, ExitCode::from)
}
