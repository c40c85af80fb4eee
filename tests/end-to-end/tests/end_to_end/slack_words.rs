//! The slash command: what it understands and what it says.

use end_to_end::door::text;
use end_to_end::failure::Failure;
use end_to_end::stage::Stage;

use crate::pending;

#[tokio::test]
async fn help_and_list_say_what_there_is() -> Result<(), Failure> {
    let stage = Stage::find()?;
    let help = stage.chat.command("alice", "help").await?;
    assert!(help.ok && help.said().contains("/access list"), "{}", help.said());
    let list = stage.chat.command("alice", "list").await?;
    for name in ["logs-read", "orders-db-debug", "prod-admin"] {
        assert!(list.said().contains(name), "{}", list.said());
    }
    let none = stage.chat.command("mallory", "list").await?;
    assert!(none.said().contains("nothing you may ask for"), "{}", none.said());
    Ok(())
}

#[tokio::test]
async fn a_request_is_followed_and_withdrawn_by_its_id() -> Result<(), Failure> {
    let stage = Stage::find()?;
    let asked = pending(&stage, "orders-db-debug").await?;
    let id = text(&asked, "id");
    let status = stage.chat.command("alice", &format!("status {id}")).await?;
    assert!(status.said().contains("0 of 1 countersigned"), "{}", status.said());
    let strangers = stage.chat.command("mallory", &format!("status {id}")).await?;
    assert!(strangers.said().contains("request_not_found"), "{}", strangers.said());
    let cancelled = stage.chat.command("alice", &format!("cancel {id}")).await?;
    assert!(cancelled.ok && cancelled.said().starts_with("You cancelled"), "{}", cancelled.said());
    assert_eq!(text(&stage.alice.request(id).await?.expect(200)?, "status"), "cancelled");
    Ok(())
}

#[tokio::test]
async fn everything_wrong_is_said_at_once() -> Result<(), Failure> {
    let stage = Stage::find()?;
    let wrong = stage.chat.command("alice", "orders-db-debug forever").await?;
    for code in ["invalid_duration", "invalid_justification"] {
        assert!(wrong.ok && wrong.said().contains(code), "{}", wrong.said());
    }
    let too_long = stage.chat.command("alice", "orders-db-debug 3h all afternoon").await?;
    assert!(too_long.said().contains("invalid_duration"), "{}", too_long.said());
    let policy = stage.chat.command("mallory", "logs-read 15m let me in").await?;
    assert!(policy.said().contains("denied_by_policy"), "{}", policy.said());
    Ok(())
}

#[tokio::test]
async fn both_doors_know_the_same_persons() -> Result<(), Failure> {
    let stage = Stage::find()?;
    let outcome = stage.chat.command("alice", "orders-db-debug 15m order-1002 is stuck").await?;
    let id = outcome.request_id()?;
    let shown = stage.alice.request(&id).await?.expect(200)?;
    assert_eq!(text(&shown, "requester"), "alice");
    let own = stage.alice.approve(&id, text(&shown, "digest")).await?;
    assert_eq!(own.code(), "self_approval", "asked as a Slack user, countersigned as an IAM user");
    Ok(())
}
