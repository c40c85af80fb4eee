//! What a job tells the person who runs it.

use std::io::{self, Write as _};

/// A line of the result, on standard output. A closed pipe is the reader's choice, not a failure.
pub(crate) fn say(text: &str) {
    let _ = writeln!(io::stdout(), "{}", text.trim_end());
}

/// A line about progress or trouble, on standard error.
pub(crate) fn complain(text: &str) {
    let _ = writeln!(io::stderr(), "{}", text.trim_end());
}
