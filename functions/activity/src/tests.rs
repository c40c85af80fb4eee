use super::*;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write as _;
use workflow::double::{Trouble, Verb, World};

const ID: &str = "req_0198c0ffee00700080000000deadbeef";
const KEY: &str =
    "AWSLogs/111111111111/CloudTrail/us-east-1/2026/11/20/111111111111_CloudTrail_us-east-1_20261120T1205Z_a.json.gz";

fn raw(event: &Value) -> Box<RawValue> {
    RawValue::from_string(event.to_string()).unwrap()
}

fn woken(event: &Value) -> Wake {
    wake(&raw(event)).unwrap()
}

fn code(event: &Value) -> String {
    wake(&raw(event)).unwrap_err().code
}

/// As EventBridge sends it.
fn sent(source: &str, kind: &str, detail: &Value) -> Value {
    json!({
        "version": "0", "id": "17793124-05d4-b198-2fde-7ededc63b103", "account": "111111111111",
        "time": "2026-11-20T12:05:00Z", "region": "us-east-1", "resources": [],
        "source": source, "detail-type": kind, "detail": detail,
    })
}

fn created(bucket: &str, key: &str) -> Value {
    sent(
        "aws.s3",
        "Object Created",
        &json!({
            "version": "0", "bucket": {"name": bucket}, "object": {"key": key, "size": 5, "etag": "x"}, "reason": "PutObject",
        }),
    )
}

fn called() -> Value {
    sent(
        "aws.dynamodb",
        "AWS API Call via CloudTrail",
        &json!({
            "eventVersion": "1.11", "eventID": "e-1", "awsRegion": "us-east-1", "eventTime": "2026-11-20T12:05:00Z",
            "eventSource": "dynamodb.amazonaws.com", "eventName": "Query",
            "userIdentity": {"type": "AssumedRole", "principalId": format!("AROAEXAMPLE:{ID}")},
        }),
    )
}

fn lines() -> Value {
    let audit = json!({
        "kind": "Event", "apiVersion": "audit.k8s.io/v1", "stage": "ResponseComplete", "auditID": "a-1", "verb": "get",
        "requestURI": "/api/v1/pods", "user": {
            "username": "x", "extra": {
                "arn": [format!("arn:aws:sts::111111111111:assumed-role/countersign-sample/{ID}")],
                "canonicalArn": ["arn:aws:iam::111111111111:role/countersign-sample"],
                "accessKeyId": ["ASIAEXAMPLE"], "sessionName": [ID], "principalId": ["AROAEXAMPLE"],
            },
        },
        "objectRef": {"resource": "pods", "apiVersion": "v1"}, "responseStatus": {"code": 200},
        "stageTimestamp": "2026-11-20T12:05:00.000000Z",
    });
    let inside = json!({
        "messageType": "DATA_MESSAGE", "owner": "111111111111", "logGroup": "/aws/eks/orders/cluster",
        "logStream": "kube-apiserver-audit-1", "subscriptionFilters": ["x"],
        "logEvents": [{"id": "1", "timestamp": 1, "message": audit.to_string()}],
    });
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(inside.to_string().as_bytes()).unwrap();
    json!({"awslogs": {"data": STANDARD.encode(packed.finish().unwrap())}})
}

#[test]
fn each_form_is_known() {
    assert!(matches!(woken(&json!({})), Wake::Minute));
    assert!(
        matches!(woken(&created("trail", "a b/ü+%2B")), Wake::Object { bucket, key } if bucket == "trail" && key == "a b/ü+%2B")
    );
    assert!(matches!(woken(&lines()), Wake::Lines(data) if !data.is_empty()));
    for name in ["grantActivated", "grantEnded"] {
        let event = sent("countersign", name, &json!({"requestId": ID, "seq": 4, "event": {}}));
        assert!(matches!(woken(&event), Wake::Grant(id) if id.as_str() == ID));
    }
    let api = json!({"version": "2.0", "routeKey": "GET /v1/requests/{id}/activity", "rawPath": "/", "rawQueryString": "",
        "headers": {}, "requestContext": {"http": {"method": "GET", "path": "/", "protocol": "HTTP/1.1"}}, "isBase64Encoded": false});
    assert!(
        matches!(woken(&api), Wake::Api(call) if call.route_key.as_deref() == Some("GET /v1/requests/{id}/activity"))
    );
}

#[test]
fn a_call_is_handed_on_as_it_was_written() {
    let event = called();
    let Wake::Call(record) = woken(&event) else { panic!("no call") };
    assert_eq!(serde_json::from_str::<Value>(record.get()).unwrap(), event["detail"]);
}

#[test]
fn what_is_malformed_has_a_code() {
    for event in [
        json!([]),
        json!("text"),
        json!({"detail": {}, "source": 7}),
        json!({"awslogs": {}}),
        json!({"awslogs": "text"}),
        sent("aws.s3", "Object Created", &json!({"bucket": "trail"})),
        sent("aws.s3", "Object Created", &json!(null)),
        sent("countersign", "grantEnded", &json!({})),
        sent("countersign", "grantEnded", &json!({"requestId": "req_1"})),
        json!({"routeKey": "GET /", "headers": 7}),
    ] {
        let code = code(&event);
        // A field that is null is one that is not there.
        assert!(code == "malformed_event" || event["detail"].is_null() && code == "unknown_event", "{event}: {code}");
    }
    for event in [
        sent("aws.s3", "Object Deleted", &json!({})),
        sent("aws.events", "Scheduled Event", &json!({})),
        json!({"Records": [{"s3": {}}]}),
        json!({"source": "aws.s3"}),
    ] {
        assert_eq!(code(&event), "unknown_event", "{event}");
    }
}

/// What the function asked of the outside.
async fn asked(world: &World, event: &Value) -> Vec<Verb> {
    world.forget_calls();
    assert!(handle(world, raw(event)).await.unwrap().is_none());
    world.calls().into_iter().map(|call| call.verb).collect()
}

#[tokio::test]
async fn each_form_is_acted_on() {
    let world = World::new("2026-11-20T12:10:00Z".parse().unwrap());
    world.put_object(
        "trail",
        KEY,
        called()["detail"].to_string().replacen('{', "{\"Records\":[{", 1).into_bytes(),
        BTreeMap::new(),
    );
    assert_eq!(asked(&world, &json!({})).await, [Verb::DueActivity]);
    assert_eq!(asked(&world, &called()).await, [Verb::LiveKeys, Verb::LoadMany]);
    assert_eq!(asked(&world, &lines()).await, [Verb::LiveKeys, Verb::LoadMany]);
    let ended = sent("countersign", "grantEnded", &json!({"requestId": ID}));
    assert_eq!(asked(&world, &ended).await, [Verb::Load]);
    assert_eq!(asked(&world, &created("theirs", KEY)).await, []);
    assert_eq!(asked(&world, &created("trail", "notes.txt")).await, []);
    let read = asked(&world, &created("trail", KEY)).await;
    assert_eq!(read.first(), Some(&Verb::Files));
    assert_eq!(read.last(), Some(&Verb::NoteFile));
    assert_eq!(world.files_read()[0].broken.len(), 1, "it was cut");
}

#[tokio::test]
async fn a_fault_has_a_code_so_that_lambda_tries_again() {
    let world = World::new("2026-11-20T12:10:00Z".parse().unwrap());
    for (event, verb) in [
        (json!({}), Verb::DueActivity),
        (called(), Verb::LiveKeys),
        (lines(), Verb::LoadMany),
        (created("trail", KEY), Verb::Files),
        (created("trail", KEY), Verb::ReadObject),
    ] {
        world.break_down(verb, Trouble::Throttle);
        assert_eq!(handle(&world, raw(&event)).await.unwrap_err().code, "unavailable", "{verb:?}");
    }
}
