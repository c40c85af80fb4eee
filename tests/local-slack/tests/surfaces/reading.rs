use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::routing::post;
use local_slack::{LocalSlack, MessageFilter, Options, SettingsChange, Verify};
use reqwest::Client;
use serde_json::{Value, json};

use crate::app::{Answer, App, field, modal};

async fn get(app: &App, path: &str) -> (u16, String, String) {
    let response = Client::new().get(format!("{}{path}", app.slack.url())).send().await.unwrap();
    let kind = response.headers().get("content-type").map_or("", |kind| kind.to_str().unwrap()).to_owned();
    (response.status().as_u16(), kind, response.text().await.unwrap())
}

async fn act(app: &App, path: &str, body: &Value) -> (u16, Value) {
    let response = Client::new().post(format!("{}/_local/{path}", app.slack.url())).json(body).send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

#[tokio::test]
async fn the_control_calls_do_the_same_as_the_library() {
    let app = App::start().await;
    let view = app.open(&modal(&[field("why")])).await;
    let (status, kind, views) = get(&app, "/_local/views?user=alice").await;
    assert_eq!((status, kind.as_str()), (200, "application/json"));
    assert_eq!(serde_json::from_str::<Value>(&views).unwrap(), app.views());
    assert_eq!(get(&app, "/_local/views?user=nobody").await.0, 404);

    let (status, outcome) = act(&app, "submit", &json!({"user": "alice", "viewId": view["id"], "values": {}})).await;
    assert_eq!((status, &outcome["error"]), (200, &json!("required_field")), "{outcome}");
    assert_eq!(act(&app, "submit", &json!({"user": "bob", "viewId": view["id"]})).await.0, 404);
    assert_eq!(act(&app, "press", &json!({"user": "bob", "actionId": "x"})).await.0, 400);
    let unknown = json!({"user": "alice", "viewId": view["id"], "actionId": "x", "value": ""});
    assert_eq!(act(&app, "options", &unknown).await.0, 404);
    assert_eq!(act(&app, "close", &json!({"user": "alice", "viewId": view["id"], "all": true})).await.1["ok"], true);
    assert_eq!(act(&app, "shortcut", &json!({"user": "alice", "callbackId": "ask_for_access"})).await.1["ok"], true);
    assert_eq!(act(&app, "home", &json!({"user": "alice"})).await.1["ok"], true);
    assert_eq!(act(&app, "verify", &json!({})).await.1["error"], "challenge_failed");
    assert_eq!(act(&app, "command", &json!({"user": "alice", "command": "/access"})).await.1["shown"], Value::Null);
    app.will(Answer { status: 500, ..Answer::default() });
    let (_, outcome) = act(&app, "command", &json!({"user": "alice", "command": "/access"})).await;
    assert_eq!(outcome["shown"], "/access failed with the error \"dispatch_failed\"");
}

#[tokio::test]
async fn a_right_answer_verifies_the_address() {
    let router = axum::Router::new().route(
        "/slack/events",
        post(|body: Bytes| async move {
            let asked: Value = serde_json::from_slice(&body).unwrap();
            Json(json!({"challenge": asked["challenge"]}))
        }),
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let api_url = Some(format!("http://{}", listener.local_addr().unwrap()));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let slack = LocalSlack::start(Options::new("xoxb-test", "secret")).await.unwrap();
    slack.change(SettingsChange { api_url, ..SettingsChange::default() });
    assert!(slack.verify(&Verify::default()).await.unwrap().ok);
}

#[tokio::test]
async fn changes_are_told_as_they_happen() {
    let app = App::start().await;
    let mut stream = Client::new().get(format!("{}/_local/changes", app.slack.url())).send().await.unwrap();
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    let mut next = async || {
        let chunk = tokio::time::timeout(Duration::from_secs(5), stream.chunk()).await.unwrap().unwrap().unwrap();
        let text = String::from_utf8(chunk.to_vec()).unwrap();
        let told = text.lines().filter_map(|line| line.strip_prefix("data: ")).next_back();
        told.unwrap_or_else(|| panic!("no number in {text}")).parse::<u64>().unwrap()
    };
    let before = next().await;
    let posted = app.call("chat.postMessage", &json!({"channel": "C0APPROVALS", "text": "x"})).await;
    let after = next().await;
    assert!(after > before);
    let reads = *app.slack.changes().borrow();
    app.slack.messages(&MessageFilter::default());
    get(&app, "/_local/waiting").await;
    app.views();
    assert_eq!(*app.slack.changes().borrow(), reads, "reading changes nothing");
    let deleted = app.call("chat.delete", &json!({"channel": "C0APPROVALS", "ts": posted["ts"]})).await;
    assert_eq!(deleted["ok"], true, "{deleted}");
    assert!(next().await > after);
    assert!(app.slack.messages(&MessageFilter::default())[0].deleted);
    let again = app.call("chat.delete", &json!({"channel": "C0APPROVALS", "ts": posted["ts"]})).await;
    assert_eq!(again["error"], "message_not_found");
}

#[tokio::test]
async fn what_is_pending_can_be_read() {
    let app = App::start().await;
    app.slack.change(SettingsChange { rate_limits: Some(true), message_burst: Some(1), ..SettingsChange::default() });
    app.will(Answer { delay: Duration::from_millis(2_500), ..Answer::default() });
    let command = json!({"user": "alice", "command": "/access", "channel": "C0APPROVALS"});
    let look = async {
        tokio::time::sleep(Duration::from_millis(150)).await;
        for _ in 0..2 {
            app.call("chat.postMessage", &json!({"channel": "C0APPROVALS", "text": "x"})).await;
        }
        serde_json::from_str::<Value>(&get(&app, "/_local/waiting").await.2).unwrap()
    };
    let (_, waiting) = tokio::join!(act(&app, "command", &command), look);
    let request = &waiting["requests"][0];
    assert_eq!(
        (&request["path"], &request["user"], &request["withinMs"]),
        (&json!("/slack/commands"), &json!("U0ALICE01"), &json!(3_000))
    );
    assert_eq!(
        (&waiting["triggers"][0]["user"], &waiting["triggers"][0]["viewId"]),
        (&json!("U0ALICE01"), &Value::Null)
    );
    let url = &waiting["responseUrls"][0];
    assert_eq!((&url["channel"], &url["usesLeft"]), (&json!("C0APPROVALS"), &json!(5)));
    assert_eq!(waiting["rateLimited"][0]["channel"], "C0APPROVALS");
    assert_eq!(app.slack.waiting()["requests"], json!([]), "what is answered is no longer pending");
}

#[tokio::test]
async fn the_page_and_its_files_are_served() {
    let app = App::start().await;
    let (status, kind, index) = get(&app, "/").await;
    assert_eq!((status, kind.as_str()), (200, "text/html; charset=utf-8"));
    let mut referred = 0;
    for part in index.split("\"/page/").skip(1) {
        let name = part.split('"').next().unwrap();
        let (status, kind, text) = get(&app, &format!("/page/{name}")).await;
        assert!(status == 200 && !text.is_empty(), "{name}");
        assert!(kind.starts_with("text/css") || kind.starts_with("text/javascript"), "{name}: {kind}");
        referred += 1;
    }
    assert!(referred > 0);
    assert_eq!(get(&app, "/page/Cargo.toml").await.0, 404);
}
