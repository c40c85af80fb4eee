//! How long access takes to come and to go, by mechanism: `cargo xtask bench grants`; and how long a panic takes over
//! many grants: `cargo xtask bench panic`.
//!
//! What is measured is what the requester notices: from the last countersignature to the first call that IAM allows,
//! and from the order to end it to the first call that IAM denies. These are figures, no test: nothing here fails
//! because something is slow.

mod calls;
mod figures;
mod mechanism;
mod panic;
mod roles;

use std::io::{self, Write as _};
use std::process::ExitCode;

use end_to_end::failure::Failure;
use end_to_end::stage::Stage;

/// Grants of each mechanism, and grants that a panic ends.
const GRANTS: usize = 200;
const PANIC: usize = 1_000;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = writeln!(io::stderr(), "{failure}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Failure> {
    let given: Vec<String> = std::env::args().skip(1).collect();
    let given: Vec<&str> = given.iter().map(String::as_str).collect();
    let stage = Stage::find()?;
    let many = |text: &str| text.parse().map_err(|_| Failure::new(format!("`{text}` is not a number of grants")));
    match given.as_slice() {
        ["grants"] => mechanism::measure(&stage, GRANTS).await,
        ["grants", times] => mechanism::measure(&stage, many(times)?).await,
        ["panic"] => panic::measure(&stage, PANIC).await,
        ["panic", grants] => panic::measure(&stage, many(grants)?).await,
        _ => Err(Failure::new("usage: grants (grants|panic) [how many]")),
    }
}

/// On standard output. A closed pipe is the reader's choice, not a failure.
fn line(words: &str) {
    let _ = writeln!(io::stdout(), "{words}");
}
