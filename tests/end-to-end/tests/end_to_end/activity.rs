//! What was done under a grant: from the calls themselves, as the local cloud's CloudTrail records and delivers them, to
//! what the API answers.

use std::time::Duration;

use end_to_end::door::{Api, text};
use end_to_end::failure::Failure;
use end_to_end::signing::http;
use end_to_end::stage::Stage;
use end_to_end::trail::Trail;
use end_to_end::waiting::until;
use record::entry::Entry;
use serde_json::Value;

use crate::{orders_db_debug, prod_admin};

/// Files come every two seconds at most, and look-ups wait for their turn.
const DELIVERED: Duration = Duration::from_mins(2);

/// Grants are summed up for 20 s of each minute, in their order, and other tests end some too.
const SUMMED_UP: Duration = Duration::from_mins(5);

async fn shown(api: &Api, id: &str) -> Result<Value, Failure> {
    api.get(&format!("/v1/requests/{id}/activity?limit=100")).await?.expect(200)
}

fn items(shown: &Value) -> Vec<Value> {
    shown.get("items").and_then(Value::as_array).cloned().unwrap_or_default()
}

fn calls<'a>(items: &'a [Value], name: &str) -> Vec<&'a Value> {
    items.iter().filter(|item| item.pointer("/call/name").and_then(Value::as_str) == Some(name)).collect()
}

fn number(shown: &Value, pointer: &str) -> u64 {
    shown.pointer(pointer).and_then(Value::as_u64).unwrap_or(0)
}

/// What is shown once `enough` of it is there.
async fn once(api: &Api, id: &str, what: &str, enough: impl Fn(&Value) -> bool) -> Result<Value, Failure> {
    until(what, DELIVERED, || async {
        let shown = shown(api, id).await?;
        Ok(enough(&shown).then_some(shown))
    })
    .await
}

#[tokio::test]
async fn each_of_two_grants_of_one_person_has_its_own_calls_and_no_other() -> Result<(), Failure> {
    let stage = Stage::find()?;
    let (one, other) = (orders_db_debug(&stage).await?, orders_db_debug(&stage).await?);
    let (first, second) = (stage.granted(&one).await?, stage.granted(&other).await?);
    for _ in 0..3 {
        assert!(first.get_order("order-1001").await.is_allowed());
    }
    assert!(second.get_order("order-1002").await.is_allowed());
    assert!(second.delete_order("order-1002").await.is_denied());
    let read = |shown: &Value| calls(&items(shown), "GetItem").len();
    let of_one = once(&stage.alice, &one, "three reads", |shown| read(shown) >= 3).await?;
    // Numbers and findings are read before the calls that are listed beside them: these may be newer.
    let findings = |shown: &Value| shown.get("findings").map(Value::to_string).unwrap_or_default();
    let of_other = once(&stage.alice, &other, "a read and a refusal, and what is odd about it", |shown| {
        let listed = read(shown) >= 1 && !calls(&items(shown), "DeleteItem").is_empty();
        listed && number(shown, "/activity/denied") >= 1 && findings(shown).contains("DeleteItem")
    })
    .await?;
    for (id, shown, reads) in [(&one, &of_one, 3), (&other, &of_other, 1)] {
        let items = items(shown);
        assert_eq!(calls(&items, "GetItem").len(), reads, "{shown:#}");
        for item in &items {
            let identity = item.pointer("/call/caller/sourceIdentity").and_then(Value::as_str).unwrap_or_default();
            let opens = text(item, "rule") == "opening";
            assert!(opens || (identity == id.as_str() && text(item, "rule") == "sourceIdentity"), "{item:#}");
        }
    }
    assert_eq!(number(&of_other, "/activity/denied"), 1, "{of_other:#}");
    let findings = findings(&of_other);
    assert!(findings.contains("outside_actions") && findings.contains("DeleteItem"), "{findings}");
    Ok(())
}

/// The holder of a role of its own names their session as they like.
#[tokio::test]
async fn a_role_of_its_own_tells_whose_call_it_was() -> Result<(), Failure> {
    let stage = Stage::find()?;
    let granted = prod_admin(&stage, 900).await?;
    let id = text(&granted, "id");
    let role = granted.pointer("/access/roleArn").and_then(Value::as_str).unwrap_or_default();
    let serial = stage.outputs.person("alice")?.mfa_serial.clone();
    let (_, keys) = stage.as_person("alice")?.assume(role, serial.as_deref()).await;
    let admin = stage.cloud(keys.ok_or_else(|| Failure::new("the role can't be assumed"))?)?;
    assert!(admin.describe_table("orders").await.is_allowed());
    assert!(admin.create_user("backdoor").await.is_denied());
    let shown = once(&stage.carol, id, "its calls", |shown| {
        let items = items(shown);
        ["AssumeRole", "DescribeTable", "CreateUser"].iter().all(|name| !calls(&items, name).is_empty())
    })
    .await?;
    let items = items(&shown);
    for (name, rule) in [("AssumeRole", "opening"), ("DescribeTable", "ownRole"), ("CreateUser", "ownRole")] {
        let call = calls(&items, name);
        assert_eq!(call.first().map(|item| text(item, "rule")), Some(rule), "{name}: {shown:#}");
    }
    Ok(())
}

#[tokio::test]
async fn what_is_tried_after_an_early_end_counts_and_is_flagged() -> Result<(), Failure> {
    let stage = Stage::find()?;
    let id = orders_db_debug(&stage).await?;
    let cloud = stage.granted(&id).await?;
    assert!(cloud.get_order("order-1001").await.is_allowed());
    stage.bob.revoke(&id, "that was enough").await?.expect(200)?;
    stage.alice.reaches(&id, "ended").await?;
    // CloudTrail's times are whole seconds.
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(cloud.get_order("order-1001").await.is_denied());
    let shown = once(&stage.bob, &id, "the late call", |shown| number(shown, "/activity/afterEnd") >= 1).await?;
    let late: Vec<Value> = items(&shown).into_iter().filter(|item| text(item, "when") == "after").collect();
    assert!(late.iter().all(|item| item.pointer("/call/error").is_some()), "{late:#?}");
    let findings = shown.get("findings").map(Value::to_string).unwrap_or_default();
    assert!(findings.contains("after_end"), "{findings}");

    // Noted and summed up, in the record and below the card. The first summary may be of before the late call.
    until("it is noted and summed up", SUMMED_UP, || async {
        let entries = Trail::fetch(&stage.alice, &id).await?.verify();
        let entries = entries.map_err(|broken| Failure::new(broken.to_string()))?;
        let there = |wanted: &str| entries.iter().map(Entry::event_name).any(|name| name == wanted);
        Ok((there("activityFinding") && there("activitySummarised")).then_some(()))
    })
    .await?;
    stage.chat.below_card(&id, "What was done with it").await.map(|_| ())
}

#[tokio::test]
async fn only_those_who_may_see_the_request_see_what_was_done() -> Result<(), Failure> {
    let stage = Stage::find()?;
    let id = orders_db_debug(&stage).await?;
    for (api, status) in [(&stage.alice, 200), (&stage.bob, 200), (&stage.dave, 200), (&stage.mallory, 404)] {
        let reply = api.get(&format!("/v1/requests/{id}/activity")).await?;
        assert_eq!(reply.status, status, "{:#}", reply.body);
    }
    for (query, code) in [
        ("limit=0", "invalid_limit"),
        ("denied=perhaps", "invalid_value"),
        ("after=yesterday", "invalid_value"),
        ("cursor=x", "invalid_cursor"),
        ("finding=anything", "invalid_value"),
    ] {
        let reply = stage.alice.get(&format!("/v1/requests/{id}/activity?{query}")).await?;
        assert_eq!(reply.status, 422, "{query}");
        assert!(reply.body.to_string().contains(code), "{query}: {:#}", reply.body);
    }
    let used = stage.dave.get("/v1/entitlements/orders-db-debug/use").await?.expect(200)?;
    assert!(used.get("diff").is_some(), "{used:#}");
    assert_eq!(stage.alice.get("/v1/entitlements/orders-db-debug/use").await?.status, 404);
    Ok(())
}

/// Whoever holds everything of one part of AWS tries to switch the lights off.
#[tokio::test]
async fn who_touches_the_trail_loses_access_at_once() -> Result<(), Failure> {
    let stage = Stage::find()?;
    let granted = prod_admin(&stage, 900).await?;
    let id = text(&granted, "id");
    let role = granted.pointer("/access/roleArn").and_then(Value::as_str).unwrap_or_default();
    let serial = stage.outputs.person("alice")?.mfa_serial.clone();
    let (_, keys) = stage.as_person("alice")?.assume(role, serial.as_deref()).await;
    let admin = stage.cloud(keys.ok_or_else(|| Failure::new("the role can't be assumed"))?)?;
    assert!(admin.stop_logging("organization").await?.is_denied());
    let ended = until("it is ended", DELIVERED, || async {
        let shown = stage.alice.request(id).await?.expect(200)?;
        Ok(["revoking", "ended"].contains(&text(&shown, "status")).then_some(shown))
    })
    .await?;
    assert_eq!(text(&ended, "endReason"), "finding", "{ended:#}");
    Ok(())
}

/// CloudTrail's own proof that no file is missing: signed, chained, each file with its hash.
#[tokio::test]
async fn digests_prove_that_no_file_is_missing() -> Result<(), Failure> {
    let stage = Stage::find()?;
    let id = orders_db_debug(&stage).await?;
    let cloud = stage.granted(&id).await?;
    assert!(cloud.get_order("order-1001").await.is_allowed());
    once(&stage.alice, &id, "the call", |shown| !calls(&items(shown), "GetItem").is_empty()).await?;
    let close = format!("{}/_local/cloudtrail/digest", stage.outputs.endpoint_url);
    let closed = http()?.post(close).send().await.map_err(|error| Failure::of("closing the hour", &error))?;
    assert!(closed.status().is_success(), "{closed:?}");
    let shown = once(&stage.alice, &id, "the hour is proven", |shown| {
        let spans = shown.pointer("/coverage/regions").map(Value::to_string).unwrap_or_default();
        spans.contains("\"state\":\"validated\"")
    })
    .await?;
    let gaps = shown.pointer("/coverage/gaps").map(Value::to_string).unwrap_or_default();
    assert!(!gaps.contains("signature") && !gaps.contains("file_"), "{gaps}");
    Ok(())
}

/// Kubernetes' own log: the session's name is all that joins it to the grant.
#[tokio::test]
async fn requests_to_a_cluster_are_of_the_grant_whose_session_made_them() -> Result<(), Failure> {
    let stage = Stage::find()?;
    let id = orders_db_debug(&stage).await?;
    let root = stage.root()?;
    let group = format!("/aws/eks/{}/cluster", id.replace("req_", "c"));
    let stream = "kube-apiserver-audit-0001";
    let function =
        format!("arn:aws:lambda:us-east-1:{}:function:{}-activity", stage.outputs.account_id, stage.outputs.stack_name);
    root.logs("CreateLogGroup", &serde_json::json!({"logGroupName": group})).await?;
    root.logs("CreateLogStream", &serde_json::json!({"logGroupName": group, "logStreamName": stream})).await?;
    let filter = serde_json::json!({
        "logGroupName": group, "filterName": "countersign", "filterPattern": "", "destinationArn": function,
    });
    root.logs("PutSubscriptionFilter", &filter).await?;
    let now = end_to_end::waiting::now();
    let since =
        now.duration_since(std::time::SystemTime::UNIX_EPOCH).map_err(|error| Failure::of("the clock", &error))?;
    let at = model::time::Time::from_second(i64::try_from(since.as_secs()).unwrap_or(0))
        .map_err(|error| Failure::of("the clock", &error))?;
    let line = serde_json::json!({
        "kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "Metadata", "stage": "ResponseComplete",
        "auditID": format!("5c8cb5e2-0000-4000-8000-{}", id.chars().rev().take(12).collect::<String>()),
        "requestURI": "/api/v1/namespaces/shop/secrets/db", "verb": "get",
        "user": {
            "username": format!("arn:aws:sts::{}:assumed-role/countersign-sample/{id}", stage.outputs.account_id),
            "groups": ["system:authenticated"],
            "extra": {
                "arn": [format!("arn:aws:sts::{}:assumed-role/countersign-sample/{id}", stage.outputs.account_id)],
                "sessionName": [id],
            },
        },
        "sourceIPs": ["203.0.113.7"], "userAgent": "kubectl/v1.34.0",
        "objectRef": {"resource": "secrets", "namespace": "shop", "name": "db", "apiVersion": "v1"},
        "responseStatus": {"metadata": {}, "code": 200},
        "requestReceivedTimestamp": at.to_string().replace('Z', ".120000Z"),
        "stageTimestamp": at.to_string().replace('Z', ".140000Z"),
    });
    let put = serde_json::json!({
        "logGroupName": group, "logStreamName": stream,
        "logEvents": [{"timestamp": u64::try_from(since.as_millis()).unwrap_or(0), "message": line.to_string()}],
    });
    root.logs("PutLogEvents", &put).await?;
    let shown = once(&stage.alice, &id, "the request to the cluster", |shown| {
        items(shown).iter().any(|item| item.pointer("/call/service").and_then(Value::as_str) == Some("kubernetes"))
    })
    .await?;
    let asked = items(&shown)
        .into_iter()
        .find(|item| item.pointer("/call/service").and_then(Value::as_str) == Some("kubernetes"));
    let asked = asked.unwrap_or_default();
    assert_eq!(text(&asked, "rule"), "sessionName", "{asked:#}");
    assert!(asked.to_string().contains("secrets"), "{asked:#}");
    Ok(())
}
