//! Running commands and waiting for them, so that signals reach them and their exit code is ours.

use rustix::process::{Pid, Signal as Sent, kill_process};
use std::io::{Error, Result};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, ExitStatus, Stdio};
use tokio::io::AsyncReadExt as _;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals that would end this program. Once made, they end it no more: whoever has this decides.
pub(super) struct Signals {
    interrupt: Signal,
    quit: Signal,
    terminate: Signal,
    hangup: Signal,
}

impl Signals {
    /// Begins to listen.
    ///
    /// # Errors
    /// The system does not let it.
    pub(super) fn new() -> Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            quit: signal(SignalKind::quit())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// The next one's exit code, as a shell tells it.
    pub(super) async fn next(&mut self) -> u8 {
        tokio::select! {
            _ = self.interrupt.recv() => 130,
            _ = self.quit.recv() => 131,
            _ = self.terminate.recv() => 143,
            _ = self.hangup.recv() => 129,
        }
    }

    /// The same, if one has come already.
    pub(super) async fn came(&mut self) -> Option<u8> {
        tokio::select! {
            biased;
            code = self.next() => Some(code),
            () = std::future::ready(()) => None,
        }
    }

    /// Runs the command to its end, passes signals on, and gives its exit code; 128 and the signal that ended it, as a
    /// shell does.
    ///
    /// # Errors
    /// It can't be run.
    pub(super) async fn run(&mut self, command: Command) -> Result<u8> {
        let mut child = tokio::process::Command::from(command).spawn()?;
        let id = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        let pass = |signal: Sent| {
            if let Some(id) = id {
                // Gone already is what was wanted.
                let _ = kill_process(id, signal);
            }
        };
        loop {
            tokio::select! {
                ended = child.wait() => return ended.map(code),
                // A terminal sends these to the command too; it alone decides what they mean.
                _ = self.interrupt.recv() => {}
                _ = self.quit.recv() => {}
                _ = self.terminate.recv() => pass(Sent::TERM),
                _ = self.hangup.recv() => pass(Sent::HUP),
            }
        }
    }
}

/// What a command writes to stdout, up to `most` bytes and one; the rest of what it has to say goes where ours does.
///
/// # Errors
/// It can't be run, or fails.
pub(super) async fn written(mut command: Command, most: u64) -> Result<Vec<u8>> {
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = tokio::process::Command::from(command).kill_on_drop(true).spawn()?;
    let mut text = Vec::new();
    if let Some(out) = child.stdout.take() {
        out.take(most.saturating_add(1)).read_to_end(&mut text).await?;
    }
    if u64::try_from(text.len()).is_ok_and(|length| length > most) {
        return Ok(text);
    }
    let ended = child.wait().await?;
    if ended.success() { Ok(text) } else { Err(Error::other(format!("it ended with {ended}"))) }
}

fn code(ended: ExitStatus) -> u8 {
    let number = ended.code().or_else(|| ended.signal().map(|signal| signal.saturating_add(128)));
    number.and_then(|number| u8::try_from(number).ok()).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_ends_as_a_shell_tells_it() {
        assert_eq!(code(ExitStatus::from_raw(7 << 8)), 7);
        assert_eq!(code(ExitStatus::from_raw(15)), 143);
    }
}
