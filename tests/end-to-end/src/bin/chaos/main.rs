//! What holds when functions' processes are killed and stand still, and their calls of AWS go wrong, while good and hostile
//! calls arrive: `cargo xtask chaos`. And what holds over hours that pass in seconds: `cargo xtask chaos hours`.
//!
//! Everything here is real but AWS itself: the functions' programs in processes of their own, HTTP, SigV4, IAM's decisions on
//! every call. What is on record then is counted from outside.

mod acts;
mod calls;
mod count;
mod faults;
mod forwarder;
mod hours;
mod ledger;
mod processes;
mod record;
mod rest;
mod storm;
mod trouble;
mod verdict;
mod wire;

use std::io::{self, Write as _};
use std::process::ExitCode;

use end_to_end::failure::Failure;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            let _ = writeln!(io::stderr(), "{failure}");
            ExitCode::FAILURE
        }
    }
}

/// Whether everything held.
async fn run() -> Result<bool, Failure> {
    let given: Vec<String> = std::env::args().skip(1).collect();
    if given == ["hours"] {
        return hours::run().await;
    }
    storm::run(&storm::Settings::of(&given)?).await
}

/// On standard output. A closed pipe is the reader's choice, not a failure.
fn line(words: &str) {
    let _ = writeln!(io::stdout(), "{}", words.trim_end());
}
