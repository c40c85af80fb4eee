//! Countersigning, and entering what was countersigned.

use std::time::Duration;

use end_to_end::chat::{APPROVALS, Message};
use end_to_end::door::text;
use end_to_end::failure::Failure;
use end_to_end::stage::Stage;
use end_to_end::trail::{Trail, refused};
use end_to_end::waiting::until;
use serde_json::{Value, json};

use crate::{pending, prod_admin};

#[tokio::test]
async fn one_other_person_countersigns_in_slack() -> Result<(), Failure> {
    let stage = Stage::find()?;
    let outcome = stage.chat.command("alice", "orders-db-debug 30m order-1002 is stuck in paying").await?;
    let id = outcome.request_id()?;
    let card = stage.chat.card(&id).await?;
    assert_eq!(card.channel, APPROVALS);
    let card_says = card.words().join("\n");
    for wanted in
        ["U0ALICE01", "orders-db-debug", "30m", "medium", "order-1002 is stuck in paying", "dynamodb:UpdateItem"]
    {
        assert!(card_says.contains(wanted), "the card lacks {wanted}: {card_says}");
    }
    let pressed = stage.chat.press("bob", &card, "approve").await?;
    assert!(pressed.outcome.ok && pressed.answer.text.starts_with("You countersigned"), "{}", pressed.answer.text);

    let shown = stage.alice.reaches(&id, "active").await?;
    assert_eq!(shown.pointer("/approvals/0/approver"), Some(&json!("bob")));
    assert_eq!(shown.pointer("/approvals/0/digest"), shown.get("digest"));
    let cloud = stage.granted(&id).await?;
    for allowed in [cloud.get_order("order-1003").await, cloud.set_order("order-1003", "shipped").await] {
        assert!(allowed.is_allowed(), "{allowed}");
    }
    let other_role = stage.outputs.stack_outputs.get("BaseRoleArn").cloned().unwrap_or_default();
    for denied in [
        cloud.delete_order("order-1003").await,
        cloud.describe_table(&stage.outputs.table_name).await,
        cloud.create_user("backdoor").await,
        cloud.assume(&other_role, None).await.0,
    ] {
        assert!(denied.is_denied(), "{denied}");
    }
    // The approvers see under the card what became of it.
    // That it is approved and that it is active are two messages, in either order.
    let by_bob = |message: &Message| {
        message.thread_ts.as_deref() == Some(card.ts.as_str()) && message.text.contains("U0BOB00001")
    };
    stage.chat.message("the thread is told that bob countersigned", APPROVALS, by_bob).await.map(|_| ())
}

#[tokio::test]
async fn nobody_countersigns_their_own_and_the_attempts_are_on_record() -> Result<(), Failure> {
    let stage = Stage::find()?;
    let asked = pending(&stage, "orders-db-debug").await?;
    let (id, digest) = (text(&asked, "id"), text(&asked, "digest"));
    let own = stage.alice.approve(id, digest).await?;
    assert_eq!((own.status, own.code()), (403, "self_approval"));
    let mallorys = stage.mallory.approve(id, digest).await?;
    assert_eq!((mallorys.status, mallorys.code()), (403, "not_an_approver"));
    let other_digest = stage.bob.approve(id, &"0".repeat(64)).await?;
    assert_eq!((other_digest.status, other_digest.code()), (409, "stale_digest"));
    let card = stage.chat.card(id).await?;
    let pressed = stage.chat.press("alice", &card, "approve").await?;
    assert!(pressed.answer.text.contains("self_approval"), "{}", pressed.answer.text);

    let shown = stage.alice.request(id).await?.expect(200)?;
    assert_eq!((text(&shown, "status"), shown.get("approvals")), ("pending", Some(&json!([]))));
    let entries = Trail::fetch(&stage.dave, id).await?.verify().map_err(|broken| Failure::new(broken.to_string()))?;
    let mut attempts = refused(&entries);
    attempts.sort();
    let wanted = [
        ("alice", "self_approval"),
        ("alice", "self_approval"),
        ("bob", "stale_digest"),
        ("mallory", "not_an_approver"),
    ];
    assert_eq!(attempts, wanted.map(|(person, code)| (person.to_owned(), code.to_owned())));
    Ok(())
}

#[tokio::test]
async fn a_denial_and_a_withdrawal_end_a_request() -> Result<(), Failure> {
    let stage = Stage::find()?;
    let asked = pending(&stage, "orders-db-debug").await?;
    let id = text(&asked, "id");
    let denied = stage.carol.deny(id, "ask for logs-read first").await?.expect(200)?;
    assert_eq!((text(&denied, "status"), text(&denied, "deniedBy")), ("denied", "carol"));
    let late = stage.bob.approve(id, text(&asked, "digest")).await?;
    assert_eq!((late.status, late.code()), (409, "already_decided"));

    let asked = pending(&stage, "orders-db-debug").await?;
    let id = text(&asked, "id");
    let cancelled = stage.alice.cancel(id).await?.expect(200)?;
    assert_eq!(text(&cancelled, "status"), "cancelled");
    let none = stage.alice.credentials(id).await?;
    assert_eq!((none.status, none.code()), (409, "not_active"));
    Ok(())
}

#[tokio::test]
async fn critical_access_takes_two_persons_and_is_a_role_of_its_own() -> Result<(), Failure> {
    let stage = Stage::find()?;
    let asked = pending(&stage, "prod-admin").await?;
    let (id, digest) = (text(&asked, "id"), text(&asked, "digest"));
    assert_eq!(text(&asked, "risk"), "critical");
    let card = stage.chat.card(id).await?;
    stage.chat.press("bob", &card, "approve").await?;
    let twice = stage.bob.approve(id, digest).await?;
    assert_eq!((twice.status, twice.code()), (409, "already_approved"), "one person, one countersignature");
    assert_eq!(text(&stage.bob.request(id).await?.expect(200)?, "status"), "pending");
    stage.carol.approve(id, digest).await?.expect(200)?;
    let shown = stage.alice.reaches(id, "active").await?;
    let role = shown.pointer("/access/roleArn").and_then(Value::as_str).unwrap_or_default();

    let made =
        stage.root()?.iam().get_role().role_name(id).send().await.map_err(|error| Failure::of("reading", &error))?;
    let made = made.role().ok_or_else(|| Failure::new("there is no role"))?;
    assert_eq!((made.arn(), made.path()), (role, "/countersign/"));
    let boundary = made.permissions_boundary().and_then(|boundary| boundary.permissions_boundary_arn());
    assert_eq!(boundary, stage.outputs.stack_outputs.get("BoundaryArn").map(String::as_str));
    let tag = |name: &str| made.tags().iter().find(|tag| tag.key() == name).map(|tag| tag.value().to_owned());
    assert_eq!(tag("countersign:request").as_deref(), Some(id));
    assert_eq!(tag("countersign:managed").as_deref(), Some("true"));
    assert_eq!(tag("countersign:digest").as_deref(), Some(digest));

    // The way out was prepared.
    let group = stage.outputs.stack_outputs.get("ScheduleGroupName").cloned().unwrap_or_default();
    let schedule = stage.root()?.scheduler().get_schedule().group_name(group).name(id).send().await;
    let schedule = schedule.map_err(|error| Failure::of("reading the schedule", &error))?;
    let at = format!("at({})", text(&shown, "expiresAt").trim_end_matches('Z'));
    assert_eq!(schedule.schedule_expression(), Some(at.as_str()));

    let no_credentials = stage.alice.credentials(id).await?;
    assert_eq!((no_credentials.status, no_credentials.code()), (409, "own_identity"));
    Ok(())
}

#[tokio::test]
async fn a_role_is_entered_by_its_requester_with_a_second_factor() -> Result<(), Failure> {
    let stage = Stage::find()?;
    let shown = prod_admin(&stage, 900).await?;
    let role = shown.pointer("/access/roleArn").and_then(Value::as_str).unwrap_or_default();
    let serial = stage.outputs.person("alice")?.mfa_serial.clone();
    for denied in [
        stage.as_person("alice")?.assume(role, None).await.0,
        stage.as_person("bob")?.assume(role, serial.as_deref()).await.0,
        stage.as_person("mallory")?.assume(role, serial.as_deref()).await.0,
    ] {
        assert!(denied.is_denied(), "{denied}");
    }
    let alice = stage.as_person("alice")?;
    let keys = until("alice assumes the role", Duration::from_mins(1), || async {
        Ok(alice.assume(role, serial.as_deref()).await.1)
    });
    let admin = stage.cloud(keys.await?)?;
    for allowed in
        [admin.list_buckets().await?, admin.describe_table("orders").await, admin.get_order("order-1001").await]
    {
        assert!(allowed.is_allowed(), "{allowed}");
    }
    for denied in [admin.create_user("backdoor").await, admin.assume(role, None).await.0] {
        assert!(denied.is_denied(), "{denied}");
    }
    Ok(())
}
