//! What is refused at the doors, and what it leaves behind: nothing, or an event.

use std::time::Duration;

use end_to_end::chat::Outcome;
use end_to_end::door::text;
use end_to_end::failure::Failure;
use end_to_end::stage::Stage;
use end_to_end::trail::{Trail, refused};
use futures_util::StreamExt as _;
use record::words::{Beside, is};
use serde_json::{Value, json};

use crate::pending;

/// The justifications of all of alice's requests.
async fn reasons(stage: &Stage) -> Result<Vec<String>, Failure> {
    let mut found = Vec::new();
    let mut query = "?limit=100".to_owned();
    loop {
        let page = stage.alice.get(&format!("/v1/requests{query}")).await?.expect(200)?;
        let items = page.get("items").and_then(Value::as_array).cloned().unwrap_or_default();
        found.extend(items.iter().map(|item| text(item, "justification").to_owned()));
        match page.get("cursor").and_then(Value::as_str) {
            Some(cursor) => query = format!("?limit=100&cursor={cursor}"),
            None => return Ok(found),
        }
    }
}

fn code(outcome: &Outcome) -> String {
    let body: Value = serde_json::from_str(outcome.body.as_deref().unwrap_or_default()).unwrap_or_default();
    text(&body, "code").to_owned()
}

#[tokio::test]
async fn what_slack_did_not_sign_for_us_leaves_nothing_behind() -> Result<(), Failure> {
    let stage = Stage::find()?;
    let ask = "logs-read 15m unverified, and never to be stored";
    let cases = [
        (json!({"signature": ""}), 401, "missing_signature"),
        (json!({"signature": format!("v0={}", "0".repeat(64))}), 401, "wrong_signature"),
        (json!({"signature": "v0=short"}), 401, "malformed_signature"),
        (json!({"secret": "0123456789abcdef0123456789abcdef"}), 401, "wrong_signature"),
        (json!({"timestampOffsetSeconds": -301}), 401, "stale_timestamp"),
        // It is read later than it is sent: by how much is the machine's matter.
        (json!({"timestampOffsetSeconds": 600}), 401, "stale_timestamp"),
        (json!({"teamId": "T0ELSEWHERE"}), 401, "foreign_team"),
        (json!({"apiAppId": "A0ELSEWHERE"}), 401, "foreign_app"),
        (json!({"body": "command=%2Faccess&text=logs-read+15m+x"}), 401, "wrong_signature"),
    ];
    for (tamper, status, wanted) in cases {
        let outcome = stage.chat.command_with("alice", ask, &tamper).await?;
        assert_eq!((outcome.status, code(&outcome).as_str()), (Some(status), wanted), "{tamper}");
    }
    assert!(!reasons(&stage).await?.iter().any(|reason| reason.starts_with("unverified")));
    Ok(())
}

#[tokio::test]
async fn a_signed_message_takes_effect_once() -> Result<(), Failure> {
    let stage = Stage::find()?;
    let why = "sent once and replayed";
    let first = stage.chat.command("alice", &format!("logs-read 15m {why}")).await?;
    assert!(first.ok, "{}", first.said());
    let again = json!({
        "path": "/slack/commands", "body": first.request.get("body"), "contentType": first.request.get("contentType"),
        "tamper": {"sentTimestamp": first.request.get("timestamp"), "signature": first.request.get("signature")},
    });
    for _ in 0..3 {
        let replayed = stage.chat.control("send", &again).await?;
        assert_eq!(replayed.get("status"), Some(&json!(401)), "{replayed}");
    }
    assert_eq!(reasons(&stage).await?.iter().filter(|reason| *reason == why).count(), 1);
    Ok(())
}

#[tokio::test]
async fn malformed_and_oversized_messages_are_refused() -> Result<(), Failure> {
    let stage = Stage::find()?;
    for (body, status) in [
        // Of no workspace and no app.
        ("not a command".to_owned(), 401),
        ("command=%2Faccess&command=%2Faccess&team_id=T0COUNTER1&api_app_id=A0COUNTER1".to_owned(), 400),
        ("command=%2Faccess&team_id=T0COUNTER1&api_app_id=A0COUNTER1&text=%ff%fe".to_owned(), 400),
        (format!("command=%2Faccess&team_id=T0COUNTER1&text={}", "x".repeat(300_000)), 413),
    ] {
        let sent = stage.chat.control("send", &json!({"path": "/slack/commands", "body": body})).await?;
        assert_eq!(sent.get("status"), Some(&json!(status)), "{}", body.get(..60).unwrap_or(&body));
    }
    for payload in ["payload=%7B", "payload=%7B%7D", "payload=%5B%5D&payload=%7B%7D"] {
        let sent = stage.chat.control("send", &json!({"path": "/slack/interactions", "body": payload})).await?;
        let status = sent.get("status").and_then(Value::as_u64).unwrap_or_default();
        assert!([400, 401].contains(&status), "{sent}");
    }
    Ok(())
}

#[tokio::test]
async fn each_wrong_field_is_named_with_what_is_allowed() -> Result<(), Failure> {
    let stage = Stage::find()?;
    let good =
        json!({"entitlement": "orders-db-debug", "durationSeconds": 900, "justification": "order-1002 is stuck"});
    let cases = [
        ("entitlement", json!("no-such-thing"), "unknown_entitlement", "orders-db-debug"),
        ("durationSeconds", json!(0), "invalid_duration", "above 0"),
        ("durationSeconds", json!(-900), "invalid_duration", "above 0"),
        ("durationSeconds", json!("90"), "invalid_duration", "seconds"),
        ("durationSeconds", json!(10), "invalid_duration", "1m5s"),
        // logs-read could be had for four hours: the limit is that of what was asked for.
        ("durationSeconds", json!(14_400), "invalid_duration", "2h"),
        ("justification", json!(""), "invalid_justification", "sentence"),
        ("justification", json!("\u{200b}\u{202e}"), "invalid_justification", "sentence"),
        ("ticketId", json!("not a ticket!"), "invalid_ticket", "A-Z"),
        ("permissions", json!(["dynamodb:DeleteItem"]), "invalid_permissions", "dynamodb:GetItem"),
        ("permissions", json!(["dynamodb:*"]), "invalid_permissions", "wildcard"),
        (
            "resources",
            json!(["arn:aws:dynamodb:us-east-1:111111111111:table/${aws:username}"]),
            "invalid_resources",
            "variable",
        ),
        ("resources", json!(["*"]), "invalid_resources", "table/orders"),
    ];
    for (field, value, wanted, allowed) in cases {
        let mut body = good.clone();
        if let Some(fields) = body.as_object_mut() {
            fields.insert(field.to_owned(), value.clone());
        }
        let reply = stage.alice.post("/v1/requests", &body).await?;
        assert_eq!((reply.status, reply.code()), (422, wanted), "{field} = {value}");
        let errors = reply.body.get("errors").and_then(Value::as_array).cloned().unwrap_or_default();
        let error = errors.first().cloned().unwrap_or_default();
        assert_eq!(text(&error, "field"), field);
        assert!(text(&error, "message").contains(allowed), "{field} = {value}: {}", text(&error, "message"));
    }
    for typed in [
        "orders-db-debug 90 why",
        "orders-db-debug 5 weeks of it",
        "orders-db-debug 0m why",
        "orders-db-debug -1h why",
        "orders-db-debug 3h why",
    ] {
        let outcome = stage.chat.command("alice", typed).await?;
        assert!(
            outcome.ok && outcome.body.as_deref().unwrap_or_default().contains("invalid_duration"),
            "{typed}: {}",
            outcome.said()
        );
    }
    Ok(())
}

#[tokio::test]
async fn a_hundred_clicks_and_two_at_once_make_one_grant() -> Result<(), Failure> {
    let stage = Stage::find()?;
    let asked = pending(&stage, "orders-db-debug").await?;
    let (id, digest) = (text(&asked, "id"), text(&asked, "digest"));
    let clicks = (0..100).map(|n| {
        let by = if n % 2 == 0 { &stage.bob } else { &stage.carol };
        by.approve(id, digest)
    });
    let mut granted = 0;
    // Forty at a time: each is a process of its own here, and a hundred that start at once on a small machine take longer
    // than a function may.
    let replies: Vec<_> = futures_util::stream::iter(clicks).buffer_unordered(40).collect().await;
    for reply in replies {
        let reply = reply?;
        match reply.status {
            200 => granted += 1,
            409 => assert!(["already_approved", "already_decided"].contains(&reply.code()), "{}", reply.code()),
            // So many at once on one request: told to try again, nothing half done.
            503 => assert_eq!(reply.code(), "unavailable"),
            other => return Err(Failure::new(format!("a click was answered {other} {}", reply.code()))),
        }
    }
    assert_eq!(granted, 1);
    // Nothing else runs: sooner than reconciliation would take it up.
    stage.alice.reaches_within(id, "active", Duration::from_secs(30)).await?;
    let entries = Trail::fetch(&stage.dave, id).await?.verify().map_err(|broken| Failure::new(broken.to_string()))?;
    let count = |name: &str| entries.iter().filter(|entry| entry.event_name() == name).count();
    for once in ["approvalGiven", "requestApproved", "provisioningStarted", "grantActivated"] {
        assert_eq!(count(once), 1, "{once}");
    }
    let schedules = stage.root()?.scheduler().list_schedules().name_prefix(id).send().await;
    let schedules = schedules.map_err(|error| Failure::of("listing schedules", &error))?;
    assert_eq!(schedules.schedules().len(), 1);
    let late = stage.carol.deny(id, "too late").await?;
    assert_eq!((late.status, late.code()), (409, "already_decided"));
    let entries = Trail::fetch(&stage.dave, id).await?.verify().map_err(|broken| Failure::new(broken.to_string()))?;
    assert!(refused(&entries).contains(&("carol".to_owned(), "already_decided".to_owned())));
    Ok(())
}

#[tokio::test]
async fn overlapping_grants_of_one_person_do_not_touch_each_other() -> Result<(), Failure> {
    let stage = Stage::find()?;
    let first = crate::logs_read(&stage).await?;
    let second = crate::logs_read(&stage).await?;
    let (before, keys) = (stage.alice.request(&second).await?.expect(200)?, stage.granted(&second).await?);
    stage.granted(&first).await?;
    stage.alice.revoke(&first, "only this one").await?.expect(200)?;
    stage.alice.reaches(&first, "ended").await?;
    let after = stage.alice.request(&second).await?.expect(200)?;
    assert_eq!(text(&after, "status"), "active");
    assert_eq!(after.get("expiresAt"), before.get("expiresAt"));
    assert!(keys.read_logs("/app/orders").await?.is_allowed());
    Ok(())
}

#[tokio::test]
async fn ugly_words_are_shown_inert_and_kept_whole() -> Result<(), Failure> {
    let stage = Stage::find()?;
    let ugly = format!(
        "<!channel> <https://evil.example|Approve> & \u{202e}gnirts \u{1f525}\n*bold* `code` {}",
        "é".repeat(3_001 - 62)
    );
    let asked = stage.alice.submit("orders-db-debug", 900, &ugly).await?.expect(201)?;
    let id = text(&asked, "id");
    assert_eq!(text(&asked, "justification"), ugly);
    let card = stage.chat.card(id).await?;
    assert!(!card.text.contains("evil") && !card.text.contains("channel>"));
    for block in &card.blocks {
        let markup = block.pointer("/text/type").and_then(Value::as_str) == Some("mrkdwn");
        assert!(!(markup && block.to_string().contains("evil")), "{block}");
    }
    let entries = Trail::fetch(&stage.dave, id).await?.verify().map_err(|broken| Failure::new(broken.to_string()))?;
    let kept = entries.first().and_then(|entry| entry.event.pointer("/data/request/justification").cloned());
    // The record holds its hash, and it lies beside.
    let hash = kept.as_ref().and_then(|kept| kept.get("hash")).and_then(Value::as_str).unwrap_or_default();
    let page = stage.dave.get(&format!("/v1/requests/{id}/events?limit=1")).await?.expect(200)?;
    let beside: Beside = serde_json::from_value(page.pointer("/items/0/words").cloned().unwrap_or_default())
        .map_err(|error| Failure::new(error.to_string()))?;
    let said = beside.get(hash).ok_or_else(|| Failure::new(format!("nothing beside {hash}: {page}")))?;
    assert_eq!((said.text.as_str(), is(said, hash)), (ugly.as_str(), true));
    Ok(())
}

#[tokio::test]
async fn whoever_has_no_rights_learns_nothing() -> Result<(), Failure> {
    let stage = Stage::find()?;
    let asked = pending(&stage, "orders-db-debug").await?;
    let id = text(&asked, "id");
    let denied = stage.mallory.submit("logs-read", 900, "let me in").await?;
    assert_eq!((denied.status, denied.code()), (403, "denied_by_policy"));
    assert_eq!(stage.mallory.request(id).await?.status, 404);
    assert_eq!(stage.mallory.get(&format!("/v1/requests/{id}/events")).await?.status, 404);
    let listed = stage.mallory.get("/v1/requests?requester=alice&limit=1").await?.expect(200)?;
    assert_eq!((listed.get("items"), listed.get("cursor")), (Some(&json!([])), Some(&Value::Null)));
    let asked_wrongly =
        json!({"entitlement": "prod-admin", "durationSeconds": 900, "justification": "x", "permissions": ["x:y"]});
    let reply = stage.mallory.post("/v1/requests", &asked_wrongly).await?;
    assert!(!reply.body.to_string().contains("s3:*"), "{}", reply.body);
    for reply in [
        stage.mallory.revoke(id, "mine now").await?,
        stage.mallory.cancel(id).await?,
        stage.mallory.credentials(id).await?,
    ] {
        assert_eq!(reply.status, 403, "{}", reply.body);
        assert_eq!(reply.body.get("requestStatus"), None);
    }
    // The denial is on record.
    let recorded = denied.body.get("requestId").and_then(Value::as_str).unwrap_or_default();
    let entries =
        Trail::fetch(&stage.dave, recorded).await?.verify().map_err(|broken| Failure::new(broken.to_string()))?;
    let names: Vec<&str> = entries.iter().map(record::entry::Entry::event_name).collect();
    assert_eq!(names, ["requestSubmitted", "requestDenied"]);
    Ok(())
}

#[tokio::test]
async fn no_secret_of_a_session_is_kept_or_told() -> Result<(), Failure> {
    let stage = Stage::find()?;
    let id = crate::logs_read(&stage).await?;
    let document = stage.alice.credentials(&id).await?.expect(200)?;
    let secrets = ["SecretAccessKey", "SessionToken"].map(|field| text(&document, field).to_owned());
    assert!(secrets.iter().all(|secret| secret.len() > 20));
    let root = stage.root()?;
    let mut start = None;
    loop {
        let page = root.dynamodb().scan().table_name(&stage.outputs.table_name).set_exclusive_start_key(start).send();
        let page = page.await.map_err(|error| Failure::of("reading the table", &error))?;
        for item in page.items() {
            let item = format!("{item:?}");
            assert!(!secrets.iter().any(|secret| item.contains(secret.as_str())), "a secret is in the table");
        }
        start = page.last_evaluated_key().cloned();
        if start.is_none() {
            break;
        }
    }
    let trail = Trail::fetch(&stage.dave, &id).await?;
    let entries = trail.verify().map_err(|broken| Failure::new(broken.to_string()))?;
    assert!(entries.iter().any(|entry| entry.event_name() == "credentialsIssued"));
    for entry in &entries {
        let told = format!("{} {}", entry.cause, entry.event);
        assert!(!secrets.iter().any(|secret| told.contains(secret.as_str())), "a secret is in the record");
    }
    for message in stage.chat.messages("D0ALICE01", Some("alice")).await? {
        assert!(!secrets.iter().any(|secret| message.names(secret)), "a secret was told in Slack");
    }
    Ok(())
}
