//! Asking, waiting, reading.

use crate::stand_in::{ID, StandIn, path, problem, request};
use serde_json::{Value, json};

#[tokio::test]
async fn what_one_may_ask_for_comes_page_by_page_and_is_signed() {
    let api = StandIn::start().await;
    let one = |name: &str| json!({"name": name, "maxDuration": "2h", "approvalsNeeded": 1, "mechanism": "session"});
    let pages = [
        (200, json!({"items": [one("logs-read")], "cursor": "logs-read"})),
        (200, json!({"items": [one("orders-db-debug")], "cursor": null})),
    ];
    api.on("GET /v1/entitlements", &pages);
    let ran = api.run(&["entitlements"]).await;
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(ran.out.lines().count(), 3, "{}", ran.out);
    let came = api.came();
    assert_eq!(
        came.iter().map(|came| came.query.as_str()).collect::<Vec<_>>(),
        ["limit=100", "limit=100&cursor=logs-read"]
    );
    let signature = came[0].headers["authorization"].to_str().unwrap();
    assert!(signature.starts_with("AWS4-HMAC-SHA256 Credential=AKIAALICE/"), "{signature}");
    assert!(signature.contains("/eu-central-1/execute-api/aws4_request"), "{signature}");

    api.on("GET /v1/entitlements", &[(200, json!({"items": [one("logs-read")], "cursor": null}))]);
    let ran = api.run(&["entitlements", "--output", "json"]).await;
    assert_eq!(ran.json()["items"][0]["name"], "logs-read");
}

#[tokio::test]
async fn who_asks_waits_until_the_access_is_there() {
    let api = StandIn::start().await;
    api.on("POST /v1/requests", &[(201, request("pending"))]);
    let answers = [(200, request("pending")), (200, request("provisioning")), (200, request("active"))];
    api.on(&format!("GET {}", path("")), &answers);
    let ran = api.run(&["request", "orders-db-debug", "30m", "Order", "4711", "hangs", "--ticket", "OPS-1"]).await;
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.err.contains(ID) && ran.err.contains("0 of 1 so far, from approvers"), "{}", ran.err);
    assert!(ran.out.contains(&format!("countersign exec {ID}")), "{}", ran.out);
    let wanted = json!({"entitlement": "orders-db-debug", "durationSeconds": 1800, "justification": "Order 4711 hangs",
        "ticketId": "OPS-1"});
    assert_eq!(api.came()[0].body, wanted);
}

#[tokio::test]
async fn a_submission_that_is_sent_again_carries_the_same_key() {
    let api = StandIn::start().await;
    let (down, up) = (problem(503, "unavailable", "try again"), (201, request("active")));
    // API Gateway's own answer says nothing about what was done; the key makes it safe all the same.
    api.on("POST /v1/requests", &[down, (502, json!({"message": "Bad Gateway"})), up]);
    let ran = api.run(&["request", "logs-read", "15m", "why", "--output", "json"]).await;
    assert_eq!((ran.code, ran.json()["status"].as_str()), (0, Some("active")), "{}", ran.err);
    let keys: Vec<String> =
        api.came().iter().map(|came| came.headers["idempotency-key"].to_str().unwrap().to_owned()).collect();
    assert_eq!(keys.len(), 3);
    assert!(keys.iter().all(|key| key == &keys[0]), "{keys:?}");
    api.run(&["request", "logs-read", "15m", "why", "--no-wait"]).await;
    assert_ne!(api.came()[3].headers["idempotency-key"].to_str().unwrap(), keys[0]);
}

#[tokio::test]
async fn what_will_not_become_access_ends_with_3_and_what_takes_too_long_with_6() {
    let api = StandIn::start().await;
    api.on("POST /v1/requests", &[(201, request("pending"))]);
    api.on(&format!("GET {}", path("")), &[(200, request("denied"))]);
    assert_eq!(api.run(&["request", "orders-db-debug", "30m", "why"]).await.code, 3);
    api.on(&format!("GET {}", path("")), &[(200, request("pending"))]);
    let ran = api.run(&["request", "orders-db-debug", "30m", "why", "--timeout", "1s"]).await;
    assert_eq!(ran.code, 6);
    assert!(ran.err.contains(&format!("countersign cancel {ID}")), "{}", ran.err);
    let ran = api.run(&["request", "orders-db-debug", "30m", "why", "--no-wait"]).await;
    assert_eq!(ran.code, 0);
    assert!(ran.out.contains("pending"), "{}", ran.out);
}

#[tokio::test]
async fn lists_are_filtered_by_the_api_and_cut_here() {
    let api = StandIn::start().await;
    api.on("GET /v1/requests", &[(200, json!({"items": [request("active"), request("active")], "cursor": "next"}))]);
    let ran = api.run(&["list", "--status", "active", "--requester", "alice", "--limit", "2"]).await;
    assert_eq!((ran.code, ran.out.lines().count()), (0, 3), "{}", ran.err);
    assert_eq!(api.came().len(), 1);
    assert_eq!(api.came()[0].query, "status=active&requester=alice&limit=2");
}

#[tokio::test]
async fn one_request_and_its_record_are_shown() {
    let api = StandIn::start().await;
    api.on(&format!("GET {}", path("")), &[(200, request("pending"))]);
    let event = json!({"seq": 1, "type": "requestSubmitted", "at": "2026-11-20T19:35:05Z", "hash": "fae1ea45a29435f7",
        "cause": {"kind": "person", "person": "alice"}});
    let page = json!({"items": [event], "cursor": Value::Null, "head": {"seq": 1, "hash": "fae1ea45a29435f7"}});
    api.on(&format!("GET {}", path("/events")), &[(200, page)]);
    let shown = api.run(&["show", ID]).await;
    assert!(shown.out.contains("Changes things in production."), "{}", shown.out);
    assert_eq!(api.run(&["show", ID, "--output", "json"]).await.json(), request("pending"));
    let events = api.run(&["events", ID]).await;
    assert!(events.out.contains("requestSubmitted") && events.out.contains("alice"), "{}", events.out);
    let events = api.run(&["--output", "json", "events", ID]).await.json();
    assert_eq!(events["head"]["seq"], 1);
}
