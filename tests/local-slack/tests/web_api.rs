//! The Web API, as an app sees it.

#![cfg(test)]

use std::time::{Duration, Instant};

use local_slack::{Fault, LocalSlack, MessageFilter, Options, Say, SettingsChange, limits};
use reqwest::{Client, Response};
use serde_json::{Value, json};

const TOKEN: &str = "xoxb-test";
const APPROVALS: &str = "C0APPROVALS";

async fn start() -> LocalSlack {
    LocalSlack::start(Options::new(TOKEN, "secret")).await.unwrap()
}

/// A call in JSON, as it comes back.
async fn raw(slack: &LocalSlack, method: &str, body: &Value) -> Response {
    Client::new()
        .post(format!("{}/{method}", slack.api_url()))
        .bearer_auth(TOKEN)
        .header("content-type", "application/json; charset=utf-8")
        .body(body.to_string())
        .send()
        .await
        .unwrap()
}

async fn call(slack: &LocalSlack, method: &str, body: &Value) -> Value {
    let response = raw(slack, method, body).await;
    assert_eq!(response.status(), 200, "{method} {body}");
    response.json().await.unwrap()
}

async fn form(slack: &LocalSlack, method: &str, fields: &[(&str, &str)]) -> Value {
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let request = Client::new().post(format!("{}/{method}", slack.api_url())).bearer_auth(TOKEN);
    let request = request.header("content-type", "application/x-www-form-urlencoded").body(body);
    request.send().await.unwrap().json().await.unwrap()
}

fn text(text: &str) -> Value {
    json!({"channel": APPROVALS, "text": text})
}

#[tokio::test]
async fn a_token_is_needed_and_must_be_the_right_one() {
    let slack = start().await;
    let url = format!("{}/auth.test", slack.api_url());
    let answer =
        |request: reqwest::RequestBuilder| async { request.send().await.unwrap().json::<Value>().await.unwrap() };
    assert_eq!(answer(Client::new().post(&url)).await["error"], "not_authed");
    assert_eq!(answer(Client::new().post(&url).bearer_auth("xoxb-other")).await["error"], "invalid_auth");
    let right = answer(Client::new().post(&url).bearer_auth(TOKEN)).await;
    assert_eq!(
        (&right["ok"], &right["team_id"], &right["user_id"]),
        (&json!(true), &json!("T0COUNTER1"), &json!("U0COUNTER1"))
    );
    assert_eq!(call(&slack, "chat.scream", &json!({})).await["error"], "unknown_method");
}

#[tokio::test]
async fn a_message_is_posted_updated_and_read_back() {
    let slack = start().await;
    let blocks = json!([
        {"type": "section", "text": {"type": "mrkdwn", "text": "Please"}},
        {"type": "actions", "elements": [{"type": "button", "action_id": "approve", "value": "v", "text": {"type": "plain_text", "text": "Approve"}}]},
    ]);
    let posted =
        call(&slack, "chat.postMessage", &json!({"channel": APPROVALS, "text": "asks", "blocks": blocks})).await;
    assert_eq!(posted["ok"], true, "{posted}");
    assert_eq!(posted["channel"], APPROVALS);
    assert_eq!(posted["message"]["bot_id"], "B0COUNTER1");
    assert_eq!(posted["message"]["blocks"][1]["elements"][0]["text"]["emoji"], true);
    let ts = posted["ts"].as_str().unwrap();

    let changed = call(&slack, "chat.update", &json!({"channel": APPROVALS, "ts": ts, "text": "decided"})).await;
    assert_eq!(changed["text"], "decided");
    let messages = slack.messages(&MessageFilter { since: Some(ts.to_owned()), ..MessageFilter::default() });
    assert_eq!(messages.len(), 1, "a change after `since` counts");
    assert_eq!((messages[0].ts.as_str(), messages[0].text.as_str()), (ts, "decided"));
    assert!(messages[0].blocks.is_empty(), "text without blocks takes the blocks away");
    assert_eq!(messages[0].edited.as_ref().unwrap().count, 1);

    let form =
        form(&slack, "chat.postMessage", &[("channel", "#approvals"), ("text", "x"), ("blocks", &blocks.to_string())])
            .await;
    assert_eq!(form["ok"], true, "{form}");
}

#[tokio::test]
async fn what_slack_refuses_is_refused() {
    let slack = start().await;
    slack.change(SettingsChange { rate_limits: Some(false), ..SettingsChange::default() });
    let said = slack.say(Say { user: "bob".into(), channel: APPROVALS.into(), text: "hello".into() }).unwrap();
    let long = "x".repeat(limits::UPDATED_TEXT + 1);
    let posted = call(&slack, "chat.postMessage", &text(&long)).await;
    let ts = &posted["ts"];
    let section = json!({"type": "section", "text": {"type": "mrkdwn", "text": "x".repeat(3_000)}});
    for (method, body, error) in [
        ("chat.postMessage", json!({"text": "x"}), "invalid_arguments"),
        ("chat.postMessage", json!({"channel": "C0NOWHERE1", "text": "x"}), "channel_not_found"),
        ("chat.postMessage", json!({"channel": "D0ALICE01", "text": "x"}), "channel_not_found"),
        ("chat.postMessage", json!({"channel": "C0GENERAL1", "text": "x"}), "not_in_channel"),
        ("chat.postMessage", json!({"channel": APPROVALS}), "no_text"),
        ("chat.postMessage", json!({"channel": APPROVALS, "text": "x", "blocks": "{"}), "invalid_blocks_format"),
        ("chat.postMessage", json!({"channel": APPROVALS, "text": "x", "blocks": [{"type": "x"}]}), "invalid_blocks"),
        (
            "chat.postMessage",
            json!({"channel": APPROVALS, "text": "x", "blocks": vec![section; 4]}),
            "msg_blocks_too_long",
        ),
        ("chat.postMessage", json!({"channel": APPROVALS, "text": "x", "metadata": {}}), "invalid_metadata_format"),
        ("chat.update", json!({"channel": APPROVALS, "ts": ts, "text": long}), "msg_too_long"),
        ("chat.update", json!({"channel": APPROVALS, "ts": "1.000000", "text": "x"}), "message_not_found"),
        ("chat.update", json!({"channel": APPROVALS, "ts": said.ts, "text": "x"}), "cant_update_message"),
        ("chat.update", json!({"channel": "U0ALICE01", "ts": ts, "text": "x"}), "channel_not_found"),
        ("chat.postEphemeral", json!({"channel": APPROVALS, "user": "U0NOBODY01", "text": "x"}), "user_not_in_channel"),
        ("conversations.open", json!({}), "users_list_not_supplied"),
        ("conversations.open", json!({"users": "U0NOBODY01"}), "user_not_found"),
        (
            "views.open",
            json!({"trigger_id": "1.2.x", "view": {"type": "modal", "title": {"type": "plain_text", "text": "x"}, "blocks": []}}),
            "invalid_trigger_id",
        ),
        ("views.open", json!({"trigger_id": "1.2.x", "view": {"type": "modal", "blocks": []}}), "invalid_arguments"),
    ] {
        let answer = call(&slack, method, &body).await;
        assert_eq!((&answer["ok"], answer["error"].as_str()), (&json!(false), Some(error)), "{method} {body} {answer}");
    }
    let answer = call(&slack, "chat.postMessage", &json!({"channel": APPROVALS, "blocks": [{"type": "x"}]})).await;
    assert_eq!(
        answer["response_metadata"]["messages"],
        json!(["[ERROR] unsupported type: x [json-pointer:/blocks/0/type]"])
    );
    assert_eq!(slack.messages(&MessageFilter::default()).len(), 2, "nothing refused was posted");
}

#[tokio::test]
async fn people_and_direct_conversations() {
    let slack = start().await;
    let opened = call(&slack, "conversations.open", &json!({"users": "U0ALICE01"})).await;
    assert_eq!(opened["channel"]["id"], "D0ALICE01");
    assert_eq!(call(&slack, "conversations.open", &json!({"users": "U0ALICE01"})).await["already_open"], true);
    let direct = call(&slack, "chat.postMessage", &json!({"channel": "U0ALICE01", "text": "psst"})).await;
    assert_eq!(direct["channel"], "D0ALICE01");
    assert_eq!(slack.messages(&MessageFilter { user: Some("bob".into()), ..MessageFilter::default() }).len(), 0);

    assert_eq!(
        form(&slack, "users.info", &[("user", "U0BOB00001")]).await["user"]["profile"]["email"],
        "bob@example.com"
    );
    assert_eq!(form(&slack, "users.info", &[("user", "U0NOBODY01")]).await["error"], "user_not_found");
    assert_eq!(
        form(&slack, "users.lookupByEmail", &[("email", "Carol@example.com")]).await["user"]["id"],
        "U0CAROL001"
    );
    assert_eq!(form(&slack, "users.lookupByEmail", &[("email", "eve@example.com")]).await["error"], "users_not_found");
    let in_json = call(&slack, "users.lookupByEmail", &json!({"email": "bob@example.com"})).await;
    assert_eq!(in_json["error"], "invalid_arguments", "Slack's reading methods take no JSON");
}

#[tokio::test]
async fn an_ephemeral_message_is_seen_by_one() {
    let slack = start().await;
    let body = json!({"channel": APPROVALS, "user": "U0BOB00001", "text": "only you"});
    let posted = call(&slack, "chat.postEphemeral", &body).await;
    let seen =
        |user: &str| slack.messages(&MessageFilter { user: Some(user.into()), ..MessageFilter::default() }).len();
    assert_eq!((seen("bob"), seen("alice")), (1, 0));
    let update = json!({"channel": APPROVALS, "ts": posted["message_ts"], "text": "x"});
    assert_eq!(call(&slack, "chat.update", &update).await["error"], "message_not_found");
}

#[tokio::test]
async fn one_message_a_second_and_channel() {
    let slack = start().await;
    for _ in 0..limits::CHANNEL_MESSAGE_BURST {
        assert_eq!(call(&slack, "chat.postMessage", &text("x")).await["ok"], true);
    }
    let refused = raw(&slack, "chat.postMessage", &text("x")).await;
    assert_eq!(refused.status(), 429);
    assert_eq!(refused.headers()["retry-after"], "1");
    assert_eq!(refused.json::<Value>().await.unwrap()["error"], "ratelimited");
    assert_eq!(call(&slack, "chat.postMessage", &json!({"channel": "U0BOB00001", "text": "x"})).await["ok"], true);
    tokio::time::sleep(Duration::from_millis(1_050)).await;
    assert_eq!(call(&slack, "chat.postMessage", &text("x")).await["ok"], true);
}

#[tokio::test]
async fn calls_fail_as_asked() {
    let slack = start().await;
    let fault = |fault: Fault| slack.fail(Fault { method: "chat.postMessage".into(), times: 1, ..fault });
    fault(Fault { status: Some(429), retry_after: Some(7), ..Fault::default() });
    fault(Fault { status: Some(503), carried_out: true, ..Fault::default() });
    fault(Fault { error: Some("fatal_error".into()), ..Fault::default() });
    fault(Fault { delay_ms: 150, ..Fault::default() });
    let count = || slack.messages(&MessageFilter::default()).len();

    let limited = raw(&slack, "chat.postMessage", &text("a")).await;
    assert_eq!((limited.status().as_u16(), limited.headers()["retry-after"].to_str().unwrap(), count()), (429, "7", 0));
    assert_eq!(
        (raw(&slack, "chat.postMessage", &text("b")).await.status().as_u16(), count()),
        (503, 1),
        "done, but not said so"
    );
    assert_eq!(
        (call(&slack, "chat.postMessage", &text("c")).await["error"].as_str(), count()),
        (Some("fatal_error"), 1)
    );
    let started = Instant::now();
    assert_eq!((call(&slack, "chat.postMessage", &text("d")).await["ok"].as_bool(), count()), (Some(true), 2));
    assert!(started.elapsed() >= Duration::from_millis(150));
    assert_eq!(call(&slack, "chat.postMessage", &text("e")).await["ok"], true);

    let statuses: Vec<u16> = slack.calls().iter().map(|call| call.status).collect();
    assert_eq!(statuses, [429, 503, 200, 200, 200]);
    slack.reset();
    assert_eq!((count(), slack.calls().len()), (0, 0));
}

#[tokio::test]
async fn a_fault_can_be_about_one_channel() {
    let slack = start().await;
    let only_for = Some(APPROVALS.to_owned());
    let error = Some("is_archived".to_owned());
    slack.fail(Fault { method: "chat.postMessage".into(), times: 2, only_for, error, ..Fault::default() });
    let direct = json!({"channel": "U0BOB00001", "text": "x"});
    for _ in 0..2 {
        assert_eq!(call(&slack, "chat.postMessage", &direct).await["ok"], true);
        assert_eq!(call(&slack, "chat.postMessage", &text("x")).await["error"], "is_archived");
    }
    assert_eq!(call(&slack, "chat.postMessage", &text("x")).await["ok"], true);
}
