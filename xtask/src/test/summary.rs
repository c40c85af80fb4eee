//! The runner's summary is the last that is said, though the roles are judged after the tests.

use std::io::{BufRead as _, BufReader, IsTerminal as _};
use std::process::{Command, ExitStatus, Stdio};

use crate::output::complain;

/// How a line of cargo-nextest's begins that sums up.
const SUMMARY: &str = "Summary [";

/// What a runner left to be said.
#[derive(Debug, Default)]
pub(super) struct Held(Vec<String>);

impl Held {
    /// Says it.
    pub(super) fn say(self) {
        self.0.iter().for_each(|line| complain(line));
    }

    /// Whether this line, or one before it, sums up: then it is kept.
    fn takes(&mut self, line: &str) -> bool {
        let begins = !self.0.is_empty() || line.contains(SUMMARY);
        if begins {
            self.0.push(line.to_owned());
        }
        begins
    }
}

/// Runs cargo-nextest. What it says goes on as it comes, but for its summary. On a terminal, which it would notice was taken
/// from it, nothing is kept back.
///
/// # Errors
/// It can't be started.
pub(super) fn run(command: &mut Command) -> Result<(ExitStatus, Held), String> {
    let cannot = |error| format!("can't start cargo: {error}");
    let mut held = Held::default();
    if std::io::stderr().is_terminal() {
        return Ok((command.status().map_err(cannot)?, held));
    }
    let mut runner = command.stderr(Stdio::piped()).spawn().map_err(cannot)?;
    if let Some(said) = runner.stderr.take() {
        let mut said = BufReader::new(said);
        let mut line = Vec::new();
        // What tests print need not be text.
        while said.read_until(b'\n', &mut line).map_err(|error| format!("can't read what cargo says: {error}"))? > 0 {
            let text = String::from_utf8_lossy(&line);
            if !held.takes(text.trim_end()) {
                complain(&text);
            }
            line.clear();
        }
    }
    Ok((runner.wait().map_err(cannot)?, held))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_from_the_summary_on_is_kept() {
        let script = "printf 'one\\n  two\\n     Summary [ 1.2s] 3 tests run\\n  FAIL it\\nerror: failed' >&2; exit 3";
        let (status, held) = run(Command::new("sh").args(["-c", script])).unwrap();
        assert_eq!(status.code(), Some(3));
        assert_eq!(held.0, ["     Summary [ 1.2s] 3 tests run", "  FAIL it", "error: failed"]);
    }
}
