//! What was done under a grant, and how much of an entitlement was needed.

use crate::stand_in::{ID, StandIn, path, problem};
use serde_json::{Value, json};

/// A call at a minute past seven.
fn call(minute: u32, name: &str) -> Value {
    recorded(minute, name, None)
}

/// One after the end that was refused.
fn refused(minute: u32, name: &str) -> Value {
    recorded(minute, name, Some("AccessDenied"))
}

fn recorded(minute: u32, name: &str, error: Option<&str>) -> Value {
    json!({
        "call": {"id": format!("event-{minute}"), "region": "us-east-1", "account": "111111111111",
            "at": format!("2026-11-20T19:{minute:02}:00Z"), "service": "dynamodb", "name": name,
            "action": format!("dynamodb:{name}"), "category": "data", "readOnly": name == "GetItem", "error": error,
            "resources": ["arn:aws:dynamodb:us-east-1:111111111111:table/orders"], "address": "203.0.113.7",
            "agent": "aws-cli/2", "caller": {"kind": "AssumedRole", "invokedBy": "", "console": false}},
        "rule": "sourceIdentity", "when": if error.is_some() { "after" } else { "within" },
        "denied": error.is_some(), "origin": {"from": "bus"},
    })
}

fn page(items: &[Value], cursor: Option<&str>) -> Value {
    let seen = json!({"times": 2, "first": "2026-11-20T19:01:00Z", "last": "2026-11-20T19:09:00Z"});
    json!({
        "requestId": ID,
        "activity": {"calls": 3, "reads": 1, "denied": 1, "failed": 0, "dataCalls": 3, "afterEnd": 1, "chained": 0,
            "byServices": 0, "first": "2026-11-20T19:01:00Z", "last": "2026-11-20T19:09:00Z",
            "actions": {"dynamodb:GetItem": seen}, "resources": {}, "addresses": {"203.0.113.7": seen},
            "agents": {"aws-cli": seen}, "errors": {"AccessDenied": 1}, "regions": {"us-east-1": 3},
            "rules": {"sourceIdentity": 3}, "origins": {"bus": 3}, "uncounted": 0, "notKept": 0},
        "findings": [{"rule": "after_end", "severity": "medium", "subject": "refused", "at": "2026-11-20T19:09:00Z",
            "reason": "dynamodb:DeleteItem was called 4m after the grant had ended; it was refused.", "evidence": ["event-9"]}],
        "coverage": {"state": "provisional", "from": "2026-11-20T19:00:00Z", "until": "2026-11-20T21:05:00Z",
            "finalBy": "2026-11-21T00:05:00Z",
            "sources": [{"source": "trail", "state": "off", "calls": 0}, {"source": "bus", "state": "in", "calls": 3}],
            "kinds": {"management": "unknown", "data": {"are": "seen"}, "sentence": "Some calls on data are recorded."},
            "regions": [], "gaps": [{"code": "no_trail", "region": "", "from": "2026-11-20T19:00:00Z",
                "until": "2026-11-20T21:05:00Z", "sentence": "No trail's files are read."}]},
        "runs": [{"tool": "terraform", "phase": "apply", "exitCode": 0, "created": 1, "changed": 2, "destroyed": 0,
            "digest": "7e508a13", "at": "2026-11-20T19:03:00Z", "diff": null}],
        "items": items, "cursor": cursor,
    })
}

#[tokio::test]
async fn numbers_come_first_then_what_is_odd_what_is_known_and_the_calls() {
    let api = StandIn::start().await;
    let items = [call(1, "GetItem"), call(2, "UpdateItem"), refused(9, "DeleteItem")];
    api.on(&format!("GET {}", path("/activity")), &[(200, page(&items, None))]);
    let ran = api.run(&["activity", ID]).await;
    assert_eq!(ran.code, 0, "{}", ran.err);
    let place = |part: &str| ran.out.find(part).unwrap_or_else(|| panic!("{part} is not in\n{}", ran.out));
    let order = [
        "3: 1 read, 2 write, 1 denied, 1 after the end, 3 on data",
        "medium    after_end",
        "was called 4m after the grant had ended",
        "provisional: ",
        "trail: not set up; bus: in, 3 calls",
        "Some calls on data are recorded.",
        "gap no_trail: No trail's files are read.",
        "terraform apply: 1 made, 2 changed, 0 destroyed; exit code 0",
        "dynamodb:GetItem",
    ];
    // The first call is the first line of the last table.
    let calls = place("CALLS\n");
    let places: Vec<usize> = order.iter().take(8).map(|part| place(part)).chain([calls]).collect();
    assert!(places.is_sorted(), "{places:?}\n{}", ran.out);
    let rows: Vec<&str> = ran.out.split_at(calls).1.lines().skip(2).collect();
    assert_eq!(rows.len(), 3, "{rows:?}");
    assert!(rows[1].contains("write") && !rows[0].contains("write"), "{rows:?}");
    assert!(rows[2].contains("denied") && rows[2].contains("after the end"), "{rows:?}");
}

#[tokio::test]
async fn all_pages_are_followed_up_to_the_limit_and_more_is_told() {
    let api = StandIn::start().await;
    let first: Vec<Value> = (0..30).map(|minute| call(minute, "GetItem")).collect();
    let second: Vec<Value> = (30..50).map(|minute| call(minute, "GetItem")).collect();
    let pages = [(200, page(&first, Some("there"))), (200, page(&second, Some("further")))];
    api.on(&format!("GET {}", path("/activity")), &pages);
    let ran = api.run(&["activity", ID, "--limit", "50"]).await;
    assert!(
        ran.out.contains("more calls than these 50") && ran.out.contains("--after 2026-11-20T19:49:00Z"),
        "{}",
        ran.out
    );
    let queries: Vec<String> = api.came().into_iter().map(|came| came.query).collect();
    assert_eq!(queries, ["limit=50", "limit=20&cursor=there"]);
    let all = api.run(&["activity", ID, "--limit", "20"]).await;
    assert!(all.out.contains("more calls than these 20"), "{}", all.out);
}

#[tokio::test]
async fn json_is_what_the_api_says_with_its_pages_joined() {
    let api = StandIn::start().await;
    let pages = || [(200, page(&[call(1, "GetItem")], Some("there"))), (200, page(&[call(2, "GetItem")], None))];
    let whole = page(&[call(1, "GetItem"), call(2, "GetItem")], None);
    for arguments in [["--format", "json"], ["--output", "json"]] {
        api.on(&format!("GET {}", path("/activity")), &pages());
        let ran = api.run(&[["activity", ID], arguments].concat()).await;
        assert_eq!((ran.code, ran.json()), (0, whole.clone()), "{}", ran.err);
    }
}

#[tokio::test]
async fn what_is_asked_for_is_what_the_api_is_asked() {
    let api = StandIn::start().await;
    api.on(&format!("GET {}", path("/activity")), &[(200, page(&[], None))]);
    let asked = [
        "activity",
        ID,
        "--service",
        "s3",
        "--action",
        "s3:Get*",
        "--denied",
        "--writes",
        "--after",
        "2026-11-20T19:00:00Z",
        "--before",
        "2026-11-20T20:00:00Z",
        "--finding",
        "after_end",
    ];
    let ran = api.run(&asked).await;
    assert!(ran.out.contains("no such calls"), "{}", ran.out);
    let query = api.came().remove(0).query;
    assert_eq!(
        query,
        "service=s3&action=s3%3AGet*&denied=true&readOnly=false&after=2026-11-20T19%3A00%3A00Z\
         &before=2026-11-20T20%3A00%3A00Z&finding=after_end&limit=100"
    );
    api.run(&["activity", ID, "--read-only"]).await;
    assert_eq!(api.came().remove(1).query, "readOnly=true&limit=100");
    for wrong in [["--finding", "odd"], ["--after", "yesterday"], ["--format", "xml"]] {
        assert_eq!(api.run(&[["activity", ID], wrong].concat()).await.code, 2, "{wrong:?}");
    }
    assert_eq!(api.run(&["activity", ID, "--writes", "--read-only"]).await.code, 2);
    assert_eq!(api.came().len(), 2, "what is not understood is not asked");
}

#[tokio::test]
async fn a_timeline_is_in_the_order_of_time() {
    let api = StandIn::start().await;
    let items = [call(1, "GetItem"), call(5, "UpdateItem"), refused(9, "DeleteItem")];
    api.on(&format!("GET {}", path("/activity")), &[(200, page(&items, None))]);
    let ran = api.run(&["activity", ID, "--format", "timeline"]).await;
    let kinds: Vec<&str> =
        ran.out.lines().filter_map(|line| line.strip_prefix("2026-")?.split_whitespace().nth(1)).collect();
    assert_eq!(kinds, ["call", "run", "call", "call", "finding"], "{}", ran.out);
    assert!(ran.out.contains("denied (AccessDenied) [after the end, write, data]"), "{}", ran.out);
    assert!(ran.out.contains("provisional: "), "{}", ran.out);
    // Of the time behind the last call that is shown nothing is said, as if nothing had happened before.
    api.on(&format!("GET {}", path("/activity")), &[(200, page(&[call(1, "GetItem")], Some("there")))]);
    let cut = api.run(&["activity", ID, "--format", "timeline", "--limit", "1"]).await;
    assert!(!cut.out.contains("finding") && !cut.out.contains("terraform"), "{}", cut.out);
    assert!(cut.out.contains("more calls than these 1"), "{}", cut.out);
}

#[tokio::test]
async fn nothing_that_was_recorded_steers_a_terminal() {
    let api = StandIn::start().await;
    let ugly = "x\u{1b}]0;gone\u{7}\u{9b}2J\u{202e}\ny";
    let mut one = call(1, "GetItem");
    for field in ["service", "name", "action", "address", "agent", "error"] {
        one["call"][field] = json!(ugly);
    }
    one["call"]["resources"] = json!([ugly, ugly]);
    one["call"]["caller"]["invokedBy"] = json!(ugly);
    one["rule"] = json!(ugly);
    let mut shown = page(&[one], None);
    for map in ["actions", "resources", "addresses", "agents", "errors", "regions", "rules"] {
        shown["activity"][map] = json!({ugly: {"times": 1}});
    }
    for field in ["rule", "severity", "subject", "reason"] {
        shown["findings"][0][field] = json!(ugly);
    }
    shown["coverage"]["gaps"][0]["sentence"] = json!(ugly);
    shown["coverage"]["kinds"]["sentence"] = json!(ugly);
    shown["coverage"]["sources"][0]["source"] = json!(ugly);
    shown["coverage"]["state"] = json!(ugly);
    shown["runs"][0]["tool"] = json!(ugly);
    api.on(&format!("GET {}", path("/activity")), &[(200, shown)]);
    for format in ["table", "timeline", "json"] {
        let ran = api.run(&["activity", ID, "--format", format]).await;
        assert_eq!(ran.code, 0, "{}", ran.err);
        let is_inert = |c: char| c == '\n' || (!c.is_control() && c != '\u{202e}');
        assert!(ran.out.chars().all(is_inert), "{format}: {:?}", ran.out);
    }
    let ran = api.run(&["activity", ID, "--format", "json"]).await;
    assert_eq!(ran.json()["items"][0]["rule"], ugly, "it is escaped, not changed");
}

#[tokio::test]
async fn what_never_was_access_says_so() {
    let api = StandIn::start().await;
    let none = json!({"requestId": ID, "activity": null, "items": [], "cursor": null});
    api.on(&format!("GET {}", path("/activity")), &[(200, none)]);
    for format in ["table", "timeline"] {
        let ran = api.run(&["activity", ID, "--format", format]).await;
        assert!(ran.code == 0 && ran.out.contains("never was access"), "{ran:?}");
    }
    let other = StandIn::start().await;
    other.on(&format!("GET {}", path("/activity")), &[problem(404, "request_not_found", "there is no such request")]);
    assert_eq!(other.run(&["activity", ID]).await.code, 4);
}

fn used(confident: bool, diff: &str) -> Value {
    json!({
        "entitlement": "orders-db-debug", "grants": if confident { 12 } else { 2 },
        "proposal": {"grants": [ID], "confident": confident, "unused": false,
            "permissions": [
                {"pattern": "dynamodb:GetItem", "outcome": {"kind": "kept", "because": "used"}, "usedBy": 2, "times": 9,
                    "last": "2026-11-20T19:02:10Z"},
                {"pattern": "dynamodb:Query", "outcome": {"kind": "removed"}, "usedBy": 0, "times": 0},
                {"pattern": "s3:*", "outcome": {"kind": "narrowed", "to": ["s3:GetObject", "s3:ListBucket"],
                    "unseen": ["s3:GetObject"]}, "usedBy": 1, "times": 3}],
            "resources": [{"pattern": "*", "outcome": {"kind": "kept", "because": "not_visible"}, "usedBy": 2, "times": 12}]},
        "diff": diff,
    })
}

#[tokio::test]
async fn a_narrower_entitlement_is_shown_with_its_evidence() {
    let api = StandIn::start().await;
    let diff = "--- orders-db-debug\n+++ orders-db-debug\n@@ -1,3 +1,2 @@\n   orders-db-debug:\n     permissions:\n-      - dynamodb:Query\n";
    let call = "GET /v1/entitlements/orders-db-debug/use";
    api.on(call, &[(200, used(true, diff)), (200, used(false, ""))]);
    let sure = api.run(&["entitlement", "shrink", "orders-db-debug", "--grants", "12"]).await;
    assert_eq!(sure.code, 0, "{}", sure.err);
    // The blanks at the beginning of a line mean something in the catalog.
    assert!(sure.out.contains(diff.trim_end()), "{}", sure.out);
    for part in ["by 12 grants: enough to go by", "never used", "no record would show its use", "stay unseen"] {
        assert!(sure.out.contains(part), "{part}: {}", sure.out);
    }
    assert_eq!(api.came().remove(0).query, "grants=12");
    let unsure = api.run(&["entitlement", "shrink", "orders-db-debug"]).await;
    assert!(
        unsure.out.contains("by 2 grants: too few") && unsure.out.contains("Nothing can be taken out"),
        "{}",
        unsure.out
    );
    assert_eq!(api.came().remove(1).query, "grants=50");
    let json = api.run(&["entitlement", "shrink", "orders-db-debug", "--output", "json"]).await;
    assert_eq!(json.json(), used(false, ""));
}

#[tokio::test]
async fn who_may_not_audit_learns_nothing_of_an_entitlement() {
    let api = StandIn::start().await;
    let call = "GET /v1/entitlements/orders-db-debug/use";
    api.on(call, &[problem(404, "request_not_found", "there is no such request")]);
    assert_eq!(api.run(&["entitlement", "shrink", "orders-db-debug"]).await.code, 4);
    assert_eq!(api.run(&["entitlement", "shrink", "orders-db-debug", "--grants", "201"]).await.code, 2);
    assert_eq!(api.run(&["entitlement", "shrink", "Not A Name"]).await.code, 2);
    assert_eq!(api.came().len(), 1);
}
