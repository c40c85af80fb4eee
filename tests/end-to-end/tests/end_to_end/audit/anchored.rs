//! Without an anchor nothing new is granted, and what exists ends all the same.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use end_to_end::door::text;
use end_to_end::failure::Failure;
use end_to_end::log::Log;
use end_to_end::stage::Stage;
use end_to_end::waiting::until;

use crate::{logs_read, pending};

/// The item that says what is anchored.
async fn anchor(stage: &Stage) -> Result<std::collections::HashMap<String, AttributeValue>, Failure> {
    let text = |value: &str| AttributeValue::S(value.to_owned());
    let root = stage.root()?;
    let read = root.dynamodb().get_item().table_name(&stage.outputs.table_name).consistent_read(true);
    let read = read.key("pk", text("LOG")).key("sk", text("ANCHOR")).send().await;
    read.map_err(|error| Failure::of("reading the anchor", &error))?
        .item
        .ok_or_else(|| Failure::new("there is no anchor"))
}

/// As if nothing had been anchored since `at`: what says so, and all copies of when that was.
async fn set_back(stage: &Stage, at: &str) -> Result<(), Failure> {
    let (root, table) = (stage.root()?, &stage.outputs.table_name);
    let failed = |error: &dyn std::error::Error| Failure::new(format!("setting the anchor back: {error}"));
    let found = root.dynamodb().query().table_name(table).consistent_read(true);
    let found = found.key_condition_expression("pk = :log AND begins_with(sk, :anchor)");
    let found = found.expression_attribute_values(":log", AttributeValue::S("LOG".to_owned()));
    let found = found.expression_attribute_values(":anchor", AttributeValue::S("ANCHOR".to_owned()));
    let found = found.send().await.map_err(|error| failed(&error))?;
    let puts = found.items().iter().map(|item| {
        let mut item = item.clone();
        item.insert("at".to_owned(), AttributeValue::S(at.to_owned()));
        root.dynamodb().put_item().table_name(table).set_item(Some(item)).send()
    });
    futures_util::future::try_join_all(puts).await.map(|_| ()).map_err(|error| failed(&error))
}

#[tokio::test]
async fn without_an_anchor_nothing_is_granted_and_what_exists_ends() -> Result<(), Failure> {
    let stage = Stage::find()?;
    let log = Log::of(&stage)?;
    let active = logs_read(&stage).await?;
    // The timer may anchor between two calls: then it is set back once more.
    let refused = until("it is refused", Duration::from_mins(1), || async {
        set_back(&stage, "2026-01-01T00:00:00Z").await?;
        let answer = stage.alice.submit("logs-read", 900, "looking into the checkout errors").await?;
        Ok((answer.status != 201).then_some(answer))
    })
    .await?;
    assert_eq!(refused.code(), "record_not_anchored", "{refused:?}");
    // The same; a vote that counted is not given once more, so it is another request's.
    let (asked, refused) = until("the vote is refused", Duration::from_mins(1), || async {
        let asked = pending(&stage, "orders-db-debug").await?;
        set_back(&stage, "2026-01-01T00:00:00Z").await?;
        let answer = stage.bob.approve(text(&asked, "id"), text(&asked, "digest")).await?;
        Ok((answer.status != 200).then_some((asked, answer)))
    })
    .await?;
    assert_eq!(refused.code(), "record_not_anchored", "{refused:?}");
    set_back(&stage, "2026-01-01T00:00:00Z").await?;
    stage.bob.revoke(&active, "that was enough").await?.expect(200)?;
    stage.alice.reaches(&active, "ended").await?;

    // With the next anchor it goes on: the same vote counts.
    until("it is anchored", Duration::from_mins(2), || async {
        log.minute().await?;
        let at = anchor(&stage).await?.remove("at");
        Ok(at.filter(|at| at.as_s().is_ok_and(|at| !at.starts_with("2026-01-01"))))
    })
    .await?;
    stage.bob.approve(text(&asked, "id"), text(&asked, "digest")).await?.expect(200)?;
    stage.alice.reaches(text(&asked, "id"), "active").await?;
    Ok(())
}
