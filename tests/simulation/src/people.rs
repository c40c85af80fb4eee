//! What people send: through the API, signed by AWS; through Slack, signed by Slack; and what neither signed.

use crate::mail::{APP, TEAM};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::time::Time;
use serde_json::{Value, json};

/// Who there is: their name, their ARNs and their Slack users.
pub(crate) const PERSONS: [(&str, &[&str], &[&str]); 8] = [
    ("alice", &["user/alice", "user/alice-too"], &["U0ALICE01", "U0ALICE02"]),
    ("bob", &["user/bob"], &["U0BOB00001"]),
    ("carol", &["user/carol"], &["U0CAROL001"]),
    ("dave", &["user/dave"], &["U0DAVE0001"]),
    ("erin", &["user/erin"], &[]),
    ("frank", &["user/frank"], &[]),
    ("grace", &["user/grace"], &[]),
    ("mallory", &["user/mallory"], &["U0MALLORY1"]),
];

/// A call of the API. `signer` is whose signature API Gateway verified.
pub(crate) fn api(route: &str, signer: &str, id: &str, body: &Value, key: Option<&str>) -> Value {
    let mut headers = json!({"content-type": "application/json"});
    if let Some(key) = key {
        headers["idempotency-key"] = json!(key);
    }
    let path = route.split(' ').next_back().unwrap_or_default().replace("{id}", id);
    json!({
        "version": "2.0", "routeKey": route, "rawPath": path, "rawQueryString": "", "headers": headers,
        "pathParameters": {"id": id},
        "requestContext": {
            "routeKey": route, "http": {"method": "POST"}, "timeEpoch": 0,
            "authorizer": {"iam": {"userArn": format!("arn:aws:iam::111111111111:{signer}")}},
        },
        "body": body.to_string(), "isBase64Encoded": false,
    })
}

/// Something that Slack sends, signed with `secret` at `at`.
pub(crate) fn slack(route: &str, body: &str, secret: &str, at: Time) -> Value {
    let timestamp = at.as_second();
    let signature = local_slack::sign(secret, timestamp, body.as_bytes());
    json!({
        "version": "2.0", "routeKey": route, "rawPath": route.trim_start_matches("POST "), "rawQueryString": "",
        "headers": {"x-slack-request-timestamp": timestamp.to_string(), "x-slack-signature": signature},
        "requestContext": {"routeKey": route, "http": {"method": "POST"}, "timeEpoch": 0},
        "body": STANDARD.encode(body), "isBase64Encoded": true,
    })
}

/// `/access text`.
pub(crate) fn command(team: &str, user: &str, text: &str, nth: u64) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs([
            ("token", "notLookedAt"),
            ("team_id", team),
            ("team_domain", "countersign-local"),
            ("channel_id", "C0APPROVALS"),
            ("channel_name", "approvals"),
            ("user_id", user),
            ("user_name", "somebody"),
            ("command", "/access"),
            ("text", text),
            ("api_app_id", APP),
            ("is_enterprise_install", "false"),
            ("response_url", "https://hooks.slack.com/commands/T0COUNTER1/1/secret"),
            ("trigger_id", &format!("{nth}.9.abc")),
        ])
        .finish()
}

/// A press of a button about a request. `value` is what the button holds, `shows` what the message around it says.
pub(crate) fn press(user: &str, action: &str, value: &str, shows: &str, nth: u64) -> String {
    let payload = json!({
        "type": "block_actions",
        "user": {"id": user, "username": "somebody", "name": "somebody", "team_id": TEAM},
        "api_app_id": APP, "token": "notLookedAt", "team": {"id": TEAM, "domain": "countersign-local"},
        "enterprise": null, "is_enterprise_install": false,
        "container": {"type": "message", "message_ts": "1795201200.000001", "channel_id": "C0APPROVALS",
            "is_ephemeral": false},
        "channel": {"id": "C0APPROVALS", "name": "approvals"},
        "message": {"type": "message", "ts": "1795201200.000001", "text": shows},
        "trigger_id": format!("{nth}.9.abc"), "response_url": "https://hooks.slack.com/actions/T0COUNTER1/1/secret",
        "actions": [{"type": "button", "action_id": action, "block_id": "b", "value": value, "action_ts": "1.2"}],
        "state": {"values": {}},
    });
    form_urlencoded::Serializer::new(String::new()).append_pair("payload", &payload.to_string()).finish()
}
