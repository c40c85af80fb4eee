//! The main job of Countersign, played on a local cloud and told line by line: `cargo xtask demo`; or one of the other
//! scenarios: `cargo xtask demo --scenario accounts`.
//!
//! Every line with a mark is an answer that somebody got: from Countersign's doors, or from IAM itself. At the end all
//! are listed against what was expected; the exit code says whether any differed.

mod accounts;
mod activity;
mod audit;
mod countersigned;
mod critical;
mod early_end;
mod ending;
mod expiry;
mod low_risk;
mod overlap;
mod record_check;
mod story;

use std::process::ExitCode;

use end_to_end::failure::Failure;
use end_to_end::stage::Stage;
use story::Story;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mut story = Story::begin();
    let scenario = std::env::args().nth(1);
    let played = play(&mut story, scenario.as_deref()).await;
    if let Err(failure) = &played {
        story.broke_off(failure);
    }
    if story.close() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn play(story: &mut Story, scenario: Option<&str>) -> Result<(), Failure> {
    let stage = Stage::find()?;
    story.tell(&format!(
        "Countersign on this machine: account {}, {}, API {}",
        stage.outputs.account_id, stage.outputs.region, stage.outputs.api_url
    ));
    match scenario {
        None => main_job(story, &stage).await,
        Some("accounts") => accounts::play(story, &stage).await,
        Some("activity") => activity::play(story, &stage).await,
        Some("audit") => audit::play(story, &stage).await,
        Some("ending") => ending::play(story, &stage).await,
        Some("overlap") => overlap::play(story, &stage).await,
        Some(other) => {
            Err(Failure::new(format!("there is no scenario `{other}`: accounts, activity, audit, ending, overlap")))
        }
    }
}

async fn main_job(story: &mut Story, stage: &Stage) -> Result<(), Failure> {
    let logs = low_risk::play(story, stage).await?;
    // Its end is awaited in the last but one chapter, while the others are played.
    let short = expiry::begin(story, stage).await?;
    let orders = countersigned::play(story, stage).await?;
    let admin = critical::play(story, stage).await?;
    early_end::play(story, stage, &orders).await?;
    let short = expiry::end(story, stage, short).await?;
    let requests = [
        ("logs-read", &logs),
        ("orders-db-debug", &orders.id),
        ("prod-admin", &admin),
        ("the short logs-read", &short),
    ];
    record_check::play(story, stage, &requests).await
}
