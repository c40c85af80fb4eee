//! The main job of Countersign, played on a local cloud and told line by line: `cargo xtask demo`.
//!
//! Every line with a mark is an answer that somebody got: from Countersign's doors, or from IAM itself. At the end all
//! are listed against what was expected; the exit code says whether any differed.

mod countersigned;
mod critical;
mod early_end;
mod expiry;
mod low_risk;
mod record_check;
mod story;

use std::process::ExitCode;

use end_to_end::failure::Failure;
use end_to_end::stage::Stage;
use story::Story;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mut story = Story::begin();
    let played = play(&mut story).await;
    if let Err(failure) = &played {
        story.broke_off(failure);
    }
    if story.close() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn play(story: &mut Story) -> Result<(), Failure> {
    let stage = Stage::find()?;
    story.tell(&format!(
        "Countersign on this machine: account {}, {}, API {}",
        stage.outputs.account_id, stage.outputs.region, stage.outputs.api_url
    ));
    let logs = low_risk::play(story, &stage).await?;
    // Its end is awaited in the last but one chapter, while the others are played.
    let short = expiry::begin(story, &stage).await?;
    let orders = countersigned::play(story, &stage).await?;
    let admin = critical::play(story, &stage).await?;
    early_end::play(story, &stage, &orders).await?;
    let short = expiry::end(story, &stage, short).await?;
    let requests = [
        ("logs-read", &logs),
        ("orders-db-debug", &orders.id),
        ("prod-admin", &admin),
        ("the short logs-read", &short),
    ];
    record_check::play(story, &stage, &requests).await
}
