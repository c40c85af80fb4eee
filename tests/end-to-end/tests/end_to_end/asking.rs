//! Asking for access: what one may ask for, how, and what comes of it without anybody's countersignature.

use end_to_end::chat::Message;
use end_to_end::door::text;
use end_to_end::failure::Failure;
use end_to_end::stage::Stage;
use end_to_end::trail::Trail;
use record::entry::Entry;
use reqwest::Method;
use serde_json::{Value, json};

use crate::logs_read;

#[tokio::test]
async fn everyone_sees_what_they_may_ask_for_and_nothing_else() -> Result<(), Failure> {
    let stage = Stage::find()?;
    let names = |body: &Value| -> Vec<String> {
        let items = body.get("items").and_then(Value::as_array).cloned().unwrap_or_default();
        items.iter().map(|item| text(item, "name").to_owned()).collect()
    };
    let alices = stage.alice.get("/v1/entitlements").await?.expect(200)?;
    let of_the_sample = ["legacy-debug", "logs-read", "orders-db-debug", "prod-admin"];
    let of_other_accounts = ["archive-debug", "invoices-debug", "invoices-repair"];
    assert_eq!(names(&alices), [of_other_accounts.as_slice(), &of_the_sample].concat());
    for person in [&stage.bob, &stage.dave, &stage.mallory] {
        assert!(names(&person.get("/v1/entitlements").await?.expect(200)?).is_empty());
    }
    Ok(())
}

#[tokio::test]
async fn low_risk_is_granted_by_policy_and_reaches_no_further() -> Result<(), Failure> {
    let stage = Stage::find()?;
    let outcome = stage.chat.command("alice", "logs-read 15m looking into the checkout errors ticket=OPS-7").await?;
    assert!(outcome.said().contains("approved by policy"), "{}", outcome.said());
    let id = outcome.request_id()?;
    let shown = stage.alice.reaches(&id, "active").await?;
    assert_eq!(text(&shown, "risk"), "low");
    assert_eq!(text(&shown, "ticketId"), "OPS-7");
    assert_eq!(text(&shown, "justification"), "looking into the checkout errors");

    let cloud = stage.granted(&id).await?;
    let allowed = cloud.read_logs("/app/orders").await?;
    assert!(allowed.is_allowed(), "{allowed}");
    for denied in [
        cloud.read_logs("/aws/lambda/countersign-intake").await?,
        cloud.get_order("order-1001").await,
        cloud.create_user("backdoor").await,
        cloud.list_buckets().await?,
    ] {
        assert!(denied.is_denied(), "{denied}");
    }

    // She is told, and the message carries the way to end it.
    let told = |message: &Message| {
        message.names(&id) && message.has_button("revoke") && message.text.contains("You have access")
    };
    stage.chat.message("the requester is told that she has access", "D0ALICE01", told).await?;

    let entries = Trail::fetch(&stage.alice, &id).await?.verify().map_err(|broken| Failure::new(broken.to_string()))?;
    // What she just tried may be on record already.
    let names = entries.iter().map(Entry::event_name).filter(|name| !name.starts_with("activity"));
    let wanted = [
        "requestSubmitted",
        "requestApproved",
        "provisioningStarted",
        "grantActivated",
        "credentialsRequested",
        "credentialsIssued",
    ];
    assert_eq!(names.collect::<Vec<_>>(), wanted);
    Ok(())
}

#[tokio::test]
async fn one_key_makes_one_request() -> Result<(), Failure> {
    let stage = Stage::find()?;
    let key = format!("deploy-{}", std::process::id());
    let ask = async |seconds: u64| {
        let wish = json!({"entitlement": "orders-db-debug", "durationSeconds": seconds, "justification": "once"});
        stage.alice.call(Method::POST, "/v1/requests", &[("idempotency-key", &key)], Some(&wish)).await
    };
    let first = ask(900).await?.expect(201)?;
    let again = ask(900).await?.expect(201)?;
    assert_eq!(text(&first, "id"), text(&again, "id"));
    let other = ask(901).await?;
    assert_eq!((other.status, other.code()), (409, "idempotency_key_reused"));
    Ok(())
}

#[tokio::test]
async fn a_request_can_be_narrower_than_its_entitlement() -> Result<(), Failure> {
    let stage = Stage::find()?;
    let wish = json!({
        "entitlement": "orders-db-debug", "durationSeconds": 900, "justification": "one look is enough",
        "permissions": ["dynamodb:GetItem"],
    });
    let asked = stage.alice.post("/v1/requests", &wish).await?.expect(201)?;
    let id = text(&asked, "id");
    assert_eq!(asked.get("permissions"), Some(&json!(["dynamodb:GetItem"])));
    if text(&asked, "status") == "pending" {
        stage.bob.approve(id, text(&asked, "digest")).await?.expect(200)?;
    }
    stage.alice.reaches(id, "active").await?;
    let cloud = stage.granted(id).await?;
    let read = cloud.get_order("order-1001").await;
    assert!(read.is_allowed(), "{read}");
    let written = cloud.set_order("order-1001", "paid").await;
    assert!(written.is_denied(), "{written}");
    Ok(())
}

#[tokio::test]
async fn credentials_can_be_had_again_while_the_grant_lives() -> Result<(), Failure> {
    let stage = Stage::find()?;
    let id = logs_read(&stage).await?;
    let first = stage.alice.credentials(&id).await?.expect(200)?;
    let second = stage.alice.credentials(&id).await?.expect(200)?;
    assert_ne!(text(&first, "AccessKeyId"), text(&second, "AccessKeyId"));
    let shown = stage.alice.request(&id).await?.expect(200)?;
    assert!(text(&first, "Expiration") <= text(&shown, "expiresAt"), "they end with the grant at the latest");
    Ok(())
}
