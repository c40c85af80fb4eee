//! Countersigning, refusing, ending.

use crate::stand_in::{ID, StandIn, path, problem, request};
use serde_json::json;

#[tokio::test]
async fn what_is_countersigned_is_what_was_shown() {
    let api = StandIn::start().await;
    api.on(&format!("GET {}", path("")), &[(200, request("pending"))]);
    api.on(&format!("POST {}", path("/approve")), &[(200, request("provisioning"))]);
    let ran = api.run(&["approve", ID, "--yes"]).await;
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.err.contains("Order 4711 hangs") && ran.err.contains("dynamodb:GetItem"), "{}", ran.err);
    assert!(ran.out.contains("provisioning") && !ran.out.contains("Order"), "{}", ran.out);
    let calls: Vec<String> = api.came().into_iter().map(|came| came.call).collect();
    assert_eq!(calls, [format!("GET {}", path("")), format!("POST {}", path("/approve"))]);
    assert_eq!(api.came()[1].body, json!({"digest": request("pending")["digest"]}));
}

#[tokio::test]
async fn a_note_goes_with_it_and_less_is_given() {
    let api = StandIn::start().await;
    let mut after = request("pending");
    let asked =
        json!({"digest": "0".repeat(64), "permissions": ["s3:*"], "resources": ["*"], "durationSeconds": 7_200});
    after["narrowed"] = json!({"by": "bob", "at": "2026-11-20T19:36:00Z", "asked": asked});
    after["approvals"] =
        json!([{"approver": "bob", "at": "2026-11-20T19:36:00Z", "afterSeconds": 2, "note": "be \u{202e}quick"}]);
    api.on(&format!("GET {}", path("")), &[(200, after.clone())]);
    api.on(&format!("POST {}", path("/approve")), &[(200, after)]);
    let seen = "0".repeat(64);
    let less = ["--for", "30m", "--permission", "s3:GetObject", "--resource", "arn:aws:s3:::b/1"];
    let told = ["approve", ID, "--digest", seen.as_str(), "--note", "be quick"];
    let ran = api.run(&[&told[..], &less[..]].concat()).await;
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.contains("asked again"), "{}", ran.out);
    let body = json!({"digest": seen, "note": "be quick", "durationSeconds": 1_800, "permissions": ["s3:GetObject"],
        "resources": ["arn:aws:s3:::b/1"]});
    assert_eq!(api.came()[0].body, body);
    let shown = api.run(&["show", ID]).await.out;
    for part in
        ["2s after being asked (too soon to have read it): be quick", "by bob at", "asked for was 2h: s3:* on *"]
    {
        assert!(shown.contains(part), "{part}: {shown}");
    }
}

#[tokio::test]
async fn nothing_is_countersigned_that_nobody_confirmed() {
    let api = StandIn::start().await;
    api.on(&format!("GET {}", path("")), &[(200, request("pending"))]);
    let ran = api.run(&["approve", ID]).await;
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("not_confirmed"), "{}", ran.err);
    assert_eq!(api.came().len(), 1);
}

#[tokio::test]
async fn what_was_seen_elsewhere_is_named_by_its_digest() {
    let api = StandIn::start().await;
    api.on(&format!("POST {}", path("/approve")), &[problem(409, "stale_digest", "what you saw is not it")]);
    let seen = "0".repeat(64);
    let ran = api.run(&["approve", ID, "--digest", &seen, "--output", "json"]).await;
    assert_eq!(ran.code, 3);
    assert_eq!(api.came().len(), 1);
    assert_eq!(api.came()[0].body, json!({"digest": seen}));
    let told: serde_json::Value = serde_json::from_str(&ran.err).unwrap();
    assert_eq!((told["code"].as_str(), told["exitCode"].as_u64()), (Some("stale_digest"), Some(3)));
}

#[tokio::test]
async fn refusing_withdrawing_and_ending_say_why() {
    let api = StandIn::start().await;
    api.on(&format!("POST {}", path("/deny")), &[(200, request("denied"))]);
    api.on(&format!("POST {}", path("/cancel")), &[(200, request("cancelled"))]);
    api.on(&format!("POST {}", path("/revoke")), &[(200, request("revoking"))]);
    assert_eq!(api.run(&["deny", ID, "not", "now"]).await.out, "denied\n");
    assert_eq!(api.run(&["cancel", ID]).await.out, "cancelled\n");
    assert!(api.run(&["revoke", ID, "done"]).await.out.starts_with("revoking"));
    let bodies: Vec<_> = api.came().into_iter().map(|came| came.body).collect();
    assert_eq!(bodies, [json!({"reason": "not now"}), json!({}), json!({"reason": "done"})]);
    assert_eq!(api.run(&["revoke", ID]).await.code, 2);
    assert_eq!(api.came().len(), 3);
}
