//! What wakes functions, as API Gateway, Slack, the bus, the table's stream and the trail write it.

use crate::aws::{Aws, SIGNING_SECRET};
use crate::table::text;
use ::aws::time::SystemClock;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use workflow::ports::Clock as _;

/// A call of the HTTP API. `caller`: who IAM says it is.
pub(crate) fn call(route: &str, caller: Option<&str>, id: &str, headers: &[(&str, String)], body: &str) -> Vec<u8> {
    asked(route, caller, id, headers, &json!({}), body)
}

/// The same with a query.
pub(crate) fn asked(
    route: &str,
    caller: Option<&str>,
    id: &str,
    headers: &[(&str, String)],
    query: &Value,
    body: &str,
) -> Vec<u8> {
    let (method, path) = route.split_once(' ').unwrap_or((route, ""));
    let path = path.replace("{id}", id);
    let mut all = json!({
        "accept": "*/*", "content-length": body.len().to_string(), "content-type": "application/json",
        "host": "abc123.execute-api.us-east-1.amazonaws.com", "user-agent": "countersign/0.1.0",
        "x-amzn-trace-id": "Root=1-00000000-000000000000000000000000", "x-forwarded-for": "203.0.113.7",
        "x-forwarded-port": "443", "x-forwarded-proto": "https",
    });
    if let Some(all) = all.as_object_mut() {
        all.extend(headers.iter().map(|(name, value)| ((*name).to_owned(), json!(value))));
    }
    let authorizer = caller.map(|person| {
        let arn = format!("arn:aws:iam::111111111111:user/{person}");
        json!({"iam": {"accessKey": "AKIDEXAMPLE", "accountId": "111111111111", "callerId": "AIDAEXAMPLE",
            "userArn": arn, "userId": "AIDAEXAMPLE"}})
    });
    json!({
        "version": "2.0", "routeKey": route, "rawPath": path, "rawQueryString": "", "headers": all,
        "queryStringParameters": query, "pathParameters": {"id": id},
        "requestContext": {
            "accountId": "111111111111", "apiId": "abc123", "authorizer": authorizer,
            "domainName": "abc123.execute-api.us-east-1.amazonaws.com", "domainPrefix": "abc123",
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7", "userAgent": "x"},
            "requestId": "JKJaXmPLvHcESHA=", "routeKey": route, "stage": "$default",
            "time": "20/Nov/2026:19:00:00 +0000", "timeEpoch": 1_795_201_200_000_u64,
        },
        "body": body, "isBase64Encoded": false,
    })
    .to_string()
    .into_bytes()
}

/// A form that Slack signed just now.
pub(crate) fn slack(route: &str, fields: &[(&str, &str)]) -> Vec<u8> {
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let now = SystemClock.now().as_second().to_string();
    let signature = Hmac::<Sha256>::new_from_slice(SIGNING_SECRET.as_bytes())
        .map(|mac| hex::encode(mac.chain_update(format!("v0:{now}:{body}")).finalize().into_bytes()));
    let headers = [
        ("content-type", "application/x-www-form-urlencoded".to_owned()),
        ("x-slack-request-timestamp", now),
        ("x-slack-signature", format!("v0={}", signature.unwrap_or_default())),
    ];
    call(route, None, "", &headers, &body)
}

/// Alice's slash command.
pub(crate) fn command(aws: &Aws, words: &str) -> Vec<u8> {
    let fields = [
        ("token", "deprecatedTokenNotLookedAt"),
        ("team_id", "T0COUNTER1"),
        ("team_domain", "countersign-local"),
        ("channel_id", "C0APPROVALS"),
        ("channel_name", "approvals"),
        ("user_id", "U0ALICE01"),
        ("user_name", "somebody"),
        ("command", "/access"),
        ("text", words),
        ("api_app_id", "A0COUNTER1"),
        ("is_enterprise_install", "false"),
        ("response_url", &response_url(aws)),
        ("trigger_id", "1.9.abc"),
    ];
    slack("POST /slack/commands", &fields)
}

fn response_url(aws: &Aws) -> String {
    format!("http://127.0.0.1:{}/slack/commands/T0COUNTER1/1/secret", aws.port)
}

/// Bob's press of the button Approve.
pub(crate) fn press(aws: &Aws, id: &str, digest: &str) -> Vec<u8> {
    let payload = json!({
        "type": "block_actions",
        "user": {"id": "U0BOB00001", "username": "somebody", "name": "somebody", "team_id": "T0COUNTER1"},
        "api_app_id": "A0COUNTER1", "token": "deprecatedTokenNotLookedAt",
        "team": {"id": "T0COUNTER1", "domain": "countersign-local"}, "enterprise": null, "is_enterprise_install": false,
        "container": {"type": "message", "message_ts": "1795201200.000001", "channel_id": "C0APPROVALS", "is_ephemeral": false},
        "channel": {"id": "C0APPROVALS", "name": "approvals"}, "trigger_id": "1.9.abc", "response_url": response_url(aws),
        "actions": [{"type": "button", "action_id": "approve", "block_id": "b", "value": format!("{id}:{digest}"), "action_ts": "1.2"}],
        "state": {"values": {}}, "message": {"text": "anything", "blocks": []},
    });
    slack("POST /slack/interactions", &[("payload", &payload.to_string())])
}

/// An event of ours on the bus, from the item of its entry.
pub(crate) fn published(item: &Value) -> Vec<u8> {
    let bytes = item.pointer("/event/B").and_then(Value::as_str).and_then(|bytes| STANDARD.decode(bytes).ok());
    let entry: Value = serde_json::from_slice(&bytes.unwrap_or_default()).unwrap_or_default();
    json!({
        "version": "0", "id": "x", "source": "countersign", "detail-type": text(item, "type"), "account": "111111111111",
        "time": "2026-11-20T19:00:00Z", "region": "us-east-1", "resources": [],
        "detail": {
            "schema": "countersign.event.v1", "requestId": text(item, "pk").trim_start_matches("REQ#"),
            "seq": entry.get("seq"), "hash": text(item, "hash"), "event": entry,
        },
    })
    .to_string()
    .into_bytes()
}

/// A batch of the table's stream: these items, as they were put.
pub(crate) fn stream(items: &[Value]) -> Vec<u8> {
    let record = |(nth, item): (usize, &Value)| {
        json!({
            "eventID": nth.to_string(), "eventName": "INSERT", "eventVersion": "1.1", "eventSource": "aws:dynamodb",
            "awsRegion": "us-east-1",
            "dynamodb": {
                "ApproximateCreationDateTime": 1_795_201_200.0, "SequenceNumber": format!("{nth:021}"), "SizeBytes": 1_000,
                "StreamViewType": "NEW_IMAGE", "Keys": {"pk": item.get("pk"), "sk": item.get("sk")}, "NewImage": item,
            },
        })
    };
    json!({"Records": items.iter().enumerate().map(record).collect::<Vec<_>>()}).to_string().into_bytes()
}

/// A call under the grant `id`, as EventBridge has it from CloudTrail.
pub(crate) fn trail(id: &str, at: &str) -> Vec<u8> {
    let arn = format!("arn:aws:sts::111111111111:assumed-role/countersign-sample/{id}");
    json!({
        "version": "0", "id": "x", "source": "aws.dynamodb", "detail-type": "AWS API Call via CloudTrail",
        "account": "111111111111", "time": at, "region": "us-east-1", "resources": [],
        "detail": {
            "eventVersion": "1.11", "eventTime": at, "eventSource": "dynamodb.amazonaws.com", "eventName": "GetItem",
            "userIdentity": {
                "type": "AssumedRole", "principalId": format!("AROASPEED0000000001:{id}"), "arn": arn,
                "accountId": "111111111111", "accessKeyId": "ASIASPEED0000000001",
                "sessionContext": {
                    "sessionIssuer": {"type": "Role", "principalId": "AROASPEED0000000001",
                        "arn": "arn:aws:iam::111111111111:role/countersign-base/countersign-sample",
                        "accountId": "111111111111", "userName": "countersign-sample"},
                    "attributes": {"creationDate": at, "mfaAuthenticated": "false"}, "sourceIdentity": id,
                },
            },
            "awsRegion": "us-east-1", "sourceIPAddress": "203.0.113.7", "userAgent": "aws-cli/2.15",
            "requestParameters": {"tableName": "orders", "key": {"id": {"S": "4711"}}}, "responseElements": null,
            "requestID": "R1", "eventID": "0a1b2c3d-0000-4000-8000-000000000001", "readOnly": true,
            "resources": [{"accountId": "111111111111", "type": "AWS::DynamoDB::Table",
                "ARN": "arn:aws:dynamodb:us-east-1:111111111111:table/orders"}],
            "eventType": "AwsApiCall", "managementEvent": false, "recipientAccountId": "111111111111", "eventCategory": "Data",
        },
    })
    .to_string()
    .into_bytes()
}

/// What S3 tells the witness.
pub(crate) fn submitted(bucket: &str, key: &str) -> Vec<u8> {
    json!({"Records": [{"eventVersion": "2.6", "eventSource": "aws:s3", "eventName": "ObjectCreated:Put",
        "s3": {"bucket": {"name": bucket}, "object": {"key": key, "size": 3}}}]})
    .to_string()
    .into_bytes()
}
