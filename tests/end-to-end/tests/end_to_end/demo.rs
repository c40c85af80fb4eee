//! The demo's stories, as `cargo xtask demo` plays them: every answer in them is the one that is expected.
//!
//! Those of accounts and of ends are left out: they wait for minutes, and the second ends all access of a person whose
//! access another test counts on. `accounts` and `ending` beside this go through the same.

use std::process::{Command, Output};
use std::time::Duration;

use end_to_end::failure::Failure;
use end_to_end::stage::Stage;
use end_to_end::waiting::until;

/// The built program plays `scenario`, on the local cloud that these tests use.
fn play(scenario: Option<&str>) -> Result<Output, Failure> {
    let mut program = Command::new(env!("CARGO_BIN_EXE_demo"));
    program.args(scenario).output().map_err(|error| Failure::of("starting the demo", &error))
}

/// What it told, if all was as expected.
fn as_expected(scenario: Option<&str>) -> Result<String, Failure> {
    let played = play(scenario)?;
    let told = String::from_utf8_lossy(&played.stdout).into_owned();
    if played.status.success() {
        return Ok(told);
    }
    let complaint = String::from_utf8_lossy(&played.stderr);
    Err(Failure::new(format!("the demo ended with {}:\n{told}\n{complaint}", played.status)))
}

/// Until Slack's door answers in time. The demo has the machine to itself; here many functions start for the first time at
/// once, and what one start takes is measured by `cargo xtask bench slack`.
async fn slack_is_answered() -> Result<(), Failure> {
    let chat = Stage::find()?.chat;
    until("Slack is answered in time", Duration::from_mins(1), || async {
        Ok(chat.command("alice", "help").await?.ok.then_some(()))
    })
    .await
}

#[tokio::test]
async fn the_main_story_goes_as_expected() -> Result<(), Failure> {
    slack_is_answered().await?;
    let told = as_expected(None)?;
    assert!(told.contains("The record: nobody can rewrite it unseen"), "{told}");
    Ok(())
}

#[test]
fn the_story_of_overlapping_grants_goes_as_expected() -> Result<(), Failure> {
    let told = as_expected(Some("overlap"))?;
    assert!(told.contains("Access that goes on"), "{told}");
    Ok(())
}

#[test]
fn the_story_of_what_was_done_goes_as_expected() -> Result<(), Failure> {
    let told = as_expected(Some("activity"))?;
    assert!(told.contains("Used against granted"), "{told}");
    Ok(())
}

/// Without it the others could not fail.
#[test]
fn a_story_that_breaks_off_is_a_failure() -> Result<(), Failure> {
    let played = play(Some("nothing"))?;
    let told = String::from_utf8_lossy(&played.stdout);
    assert_eq!(played.status.code(), Some(1), "{told}");
    assert!(told.contains("there is no scenario `nothing`"), "{told}");
    Ok(())
}

#[test]
fn the_story_of_the_record_goes_as_expected() -> Result<(), Failure> {
    let told = as_expected(Some("audit"))?;
    assert!(told.contains("One byte in S3"), "{told}");
    Ok(())
}
