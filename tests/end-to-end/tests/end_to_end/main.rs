//! Countersign from its front doors, on a local cloud: requests in, and IAM's own answers out.
//!
//! `cargo xtask test` runs this beside a local cloud of its own; with `cargo xtask local up` it can be run by itself. All
//! tests share one cloud and may run at the same time: each looks only at the requests that it made.

mod accounts;
mod activity;
mod asking;
mod audit;
mod cli;
mod countersigning;
mod demo;
mod ending;
mod escalation;
mod extend;
mod form;
mod needed;
mod offboard;
mod panic;
mod policy;
mod proof;
mod reading;
mod refusals;
mod slack_words;
mod standing;

use end_to_end::door::{Api, text};
use end_to_end::failure::Failure;
use end_to_end::stage::Stage;
use serde_json::Value;

/// A grant of alice's that policy approves; active.
async fn logs_read(stage: &Stage) -> Result<String, Failure> {
    let asked = stage.alice.submit("logs-read", 900, "looking into the checkout errors").await?.expect(201)?;
    active(stage, &asked).await
}

/// A grant of somebody's that policy approves; active.
async fn reading_logs(person: &Api) -> Result<String, Failure> {
    let asked = person.submit("logs-read", 900, "looking into the checkout errors").await?.expect(201)?;
    let id = text(&asked, "id").to_owned();
    person.reaches(&id, "active").await?;
    Ok(id)
}

/// A request of alice's that waits: as the API shows it.
async fn pending(stage: &Stage, entitlement: &str) -> Result<Value, Failure> {
    stage.alice.submit(entitlement, 900, "order-1002 is stuck in paying").await?.expect(201)
}

/// A grant of alice's that bob countersigned; active.
async fn orders_db_debug(stage: &Stage) -> Result<String, Failure> {
    let asked = pending(stage, "orders-db-debug").await?;
    stage.bob.approve(text(&asked, "id"), text(&asked, "digest")).await?.expect(200)?;
    active(stage, &asked).await
}

/// A grant of alice's that bob and carol countersigned; active, as the API shows it.
async fn prod_admin(stage: &Stage, seconds: u64) -> Result<Value, Failure> {
    let asked = stage.alice.submit("prod-admin", seconds, "restoring the orders table").await?.expect(201)?;
    let (id, digest) = (text(&asked, "id"), text(&asked, "digest"));
    stage.bob.approve(id, digest).await?.expect(200)?;
    stage.carol.approve(id, digest).await?.expect(200)?;
    stage.alice.reaches(id, "active").await
}

async fn active(stage: &Stage, asked: &Value) -> Result<String, Failure> {
    let id = text(asked, "id").to_owned();
    stage.alice.reaches(&id, "active").await?;
    Ok(id)
}
