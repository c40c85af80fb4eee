//! People acting, towards a listener that stands where Countersign would.

#![cfg(test)]

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use local_slack::{
    ActError, Command, LocalSlack, MessageFilter, Options, Press, RawRequest, SettingsChange, Tamper, sign,
};
use reqwest::Client;
use serde_json::{Value, json};

const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";

/// A request as it arrived.
#[derive(Debug, Clone)]
struct Arrived {
    headers: HeaderMap,
    body: String,
}

impl Arrived {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn well_signed(&self) -> bool {
        let timestamp = self.header("x-slack-request-timestamp").parse().unwrap();
        sign(SECRET, timestamp, self.body.as_bytes()) == self.header("x-slack-signature")
    }

    fn field(&self, name: &str) -> String {
        let found = form_urlencoded::parse(self.body.as_bytes()).find(|(field, _)| field == name);
        found.map(|(_, value)| value.into_owned()).unwrap_or_default()
    }

    fn payload(&self) -> Value {
        serde_json::from_str(&self.field("payload")).unwrap()
    }
}

/// A listener that notes what arrives and answers as told.
struct App {
    arrived: Arc<Mutex<Vec<Arrived>>>,
    slack: LocalSlack,
}

impl App {
    async fn start(status: u16, answer: &'static str, delay: Duration) -> Self {
        let arrived = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&arrived);
        let handler = move |headers: HeaderMap, body: Bytes| {
            let body = String::from_utf8(body.to_vec()).unwrap();
            noted.lock().unwrap().push(Arrived { headers, body });
            async move {
                tokio::time::sleep(delay).await;
                (StatusCode::from_u16(status).unwrap(), answer)
            }
        };
        let router = axum::Router::new().route("/base/slack/{what}", post(handler));
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let api_url = format!("http://{}/base/", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let slack = LocalSlack::start(Options::new("xoxb-test", SECRET)).await.unwrap();
        let api_host = Some("api1.execute-api.localhost:4566".to_owned());
        slack.change(SettingsChange { api_url: Some(api_url), api_host, ..SettingsChange::default() });
        Self { arrived, slack }
    }

    fn last(&self) -> Arrived {
        self.arrived.lock().unwrap().last().unwrap().clone()
    }

    /// Posts a message with two buttons and a menu; gives its `ts`.
    async fn post(&self) -> String {
        let blocks = json!([{"type": "actions", "block_id": "decide", "elements": [
            {"type": "button", "action_id": "approve", "value": "req_1", "text": {"type": "plain_text", "text": "Approve"}},
            {"type": "button", "action_id": "deny", "value": "req_1", "text": {"type": "plain_text", "text": "Deny"}},
            {"type": "static_select", "action_id": "pick", "options": [{"text": {"type": "plain_text", "text": "One"}, "value": "1"}]},
        ]}]);
        let body = json!({"channel": "C0APPROVALS", "text": "asks", "blocks": blocks});
        let request = Client::new().post(format!("{}/chat.postMessage", self.slack.api_url())).bearer_auth("xoxb-test");
        let posted: Value = request.json(&body).send().await.unwrap().json().await.unwrap();
        posted["ts"].as_str().unwrap_or_else(|| panic!("{posted}")).to_owned()
    }
}

fn access(text: &str) -> Command {
    Command { user: "alice".into(), command: "/access".into(), text: text.into(), ..Command::default() }
}

fn press(ts: &str, action_id: &str) -> Press {
    Press {
        user: "bob".into(),
        channel: "C0APPROVALS".into(),
        ts: ts.into(),
        action_id: action_id.into(),
        ..Press::default()
    }
}

#[tokio::test]
async fn a_command_arrives_as_slack_sends_it_and_its_answer_is_shown() {
    let app = App::start(200, r#"{"response_type":"ephemeral","text":"noted"}"#, Duration::ZERO).await;
    let outcome = app.slack.command(&access("orders-db-debug 30m fix & <go>")).await.unwrap();
    assert_eq!((outcome.ok, outcome.status), (true, Some(200)), "{outcome:?}");
    let arrived = app.last();
    assert!(arrived.well_signed());
    assert_eq!(arrived.header("host"), "api1.execute-api.localhost:4566");
    assert_eq!(arrived.header("content-type"), "application/x-www-form-urlencoded");
    for (field, value) in [
        ("command", "/access"),
        ("text", "orders-db-debug 30m fix & <go>"),
        ("user_id", "U0ALICE01"),
        ("team_id", "T0COUNTER1"),
        ("api_app_id", "A0COUNTER1"),
        ("channel_id", "D0ALICE01"),
        ("channel_name", "directmessage"),
    ] {
        assert_eq!(arrived.field(field), value, "{field}");
    }
    let shown = app.slack.messages(&MessageFilter { user: Some("alice".into()), ..MessageFilter::default() });
    assert_eq!((shown[0].text.as_str(), shown[0].ephemeral_for.as_deref()), ("noted", Some("U0ALICE01")));

    let answered =
        Client::new().post(arrived.field("response_url")).json(&json!({"text": "later"})).send().await.unwrap();
    assert_eq!(answered.status(), 200);
    assert_eq!(app.slack.messages(&MessageFilter::default()).last().unwrap().text, "later");
}

#[tokio::test]
async fn a_press_carries_the_message_as_posted() {
    let app = App::start(200, "", Duration::ZERO).await;
    let ts = app.post().await;
    assert!(app.slack.press(&press(&ts, "approve")).await.unwrap().ok);
    let arrived = app.last();
    assert!(arrived.well_signed());
    let payload = arrived.payload();
    assert_eq!(payload["type"], "block_actions");
    assert_eq!(payload["user"]["id"], "U0BOB00001");
    assert_eq!((&payload["team"]["id"], &payload["user"]["team_id"]), (&json!("T0COUNTER1"), &json!("T0COUNTER1")));
    assert_eq!(payload["api_app_id"], "A0COUNTER1");
    assert_eq!(
        payload["container"],
        json!({"type": "message", "message_ts": ts, "channel_id": "C0APPROVALS", "is_ephemeral": false})
    );
    assert_eq!(
        (&payload["message"]["ts"], &payload["message"]["blocks"][0]["block_id"]),
        (&json!(ts), &json!("decide"))
    );
    let action = &payload["actions"][0];
    assert_eq!(
        (&action["action_id"], &action["block_id"], &action["value"]),
        (&json!("approve"), &json!("decide"), &json!("req_1"))
    );

    let choice = Press { option_value: Some("1".into()), ..press(&ts, "pick") };
    app.slack.press(&choice).await.unwrap();
    assert_eq!(app.last().payload()["actions"][0]["selected_option"]["value"], "1");

    let replace = json!({"replace_original": true, "text": "approved"});
    let url = payload["response_url"].as_str().unwrap();
    Client::new().post(url).json(&replace).send().await.unwrap();
    assert_eq!(app.slack.press(&press(&ts, "approve")).await.unwrap_err(), ActError::UnknownAction("approve".into()));
    assert!(matches!(app.slack.press(&press("1.000000", "approve")).await, Err(ActError::UnknownMessage { .. })));
}

#[tokio::test]
async fn requests_can_be_wrong_in_every_way() {
    let app = App::start(401, "no", Duration::ZERO).await;
    let send = |tamper: Tamper| {
        let act = Command { tamper, ..access("list") };
        let slack = &app.slack;
        async move { slack.command(&act).await.unwrap() }
    };
    let outcome = send(Tamper { signature: Some("v0=00".into()), ..Tamper::default() }).await;
    assert_eq!((outcome.ok, outcome.status, outcome.error.as_deref()), (false, Some(401), Some("dispatch_failed")));
    assert!(!app.last().well_signed());
    send(Tamper { signature: Some(String::new()), ..Tamper::default() }).await;
    assert!(!app.last().headers.contains_key("x-slack-signature"));
    send(Tamper { body: Some("command=%2Faccess".into()), ..Tamper::default() }).await;
    assert!(!app.last().well_signed() && app.last().body == "command=%2Faccess");
    send(Tamper { sent_timestamp: Some("1".into()), ..Tamper::default() }).await;
    assert!(!app.last().well_signed());
    send(Tamper { secret: Some("other".into()), ..Tamper::default() }).await;
    assert!(!app.last().well_signed());
    let old = send(Tamper { timestamp_offset_seconds: -301, ..Tamper::default() }).await;
    assert!(app.last().well_signed(), "well signed, but old: {}", old.request.timestamp);
    let team_id = Some("T0OTHER0001".to_owned());
    let api_app_id = Some("A0OTHER0001".to_owned());
    send(Tamper { team_id, api_app_id, ..Tamper::default() }).await;
    assert!(app.last().well_signed());
    assert_eq!(
        (app.last().field("team_id"), app.last().field("api_app_id")),
        ("T0OTHER0001".into(), "A0OTHER0001".into())
    );

    let ts = app.post().await;
    let tamper = Tamper { value: Some("req_2".into()), user_team_id: Some("T0OTHER0001".into()), ..Tamper::default() };
    app.slack.press(&Press { tamper, ..press(&ts, "approve") }).await.unwrap();
    let payload = app.last().payload();
    assert_eq!(
        (&payload["actions"][0]["value"], &payload["user"]["team_id"]),
        (&json!("req_2"), &json!("T0OTHER0001"))
    );

    let first = app.last();
    let tamper = Tamper {
        sent_timestamp: Some(first.header("x-slack-request-timestamp").into()),
        signature: Some(first.header("x-slack-signature").into()),
        ..Tamper::default()
    };
    let again =
        RawRequest { path: "/slack/interactions".into(), body: first.body.clone(), tamper, ..RawRequest::default() };
    app.slack.send(&again).await.unwrap();
    assert!(app.last().well_signed() && app.last().body == first.body, "a replay is the same request again");
}

#[tokio::test]
async fn three_seconds_and_no_more() {
    let app = App::start(200, "late", Duration::from_secs(5)).await;
    let started = Instant::now();
    let outcome = app.slack.command(&access("list")).await.unwrap();
    assert_eq!((outcome.ok, outcome.error.as_deref(), outcome.status), (false, Some("operation_timeout"), None));
    assert!((3_000..4_500).contains(&started.elapsed().as_millis()));
    assert!(app.slack.messages(&MessageFilter::default()).is_empty());
}

#[tokio::test]
async fn the_control_calls_do_the_same() {
    let app = App::start(200, "plain text", Duration::ZERO).await;
    let post = |path: &str, body: Value| {
        let request = Client::new().post(format!("{}/_local/{path}", app.slack.url())).json(&body);
        async move {
            let response = request.send().await.unwrap();
            (response.status().as_u16(), response.json::<Value>().await.unwrap_or_default())
        }
    };
    let get = |path: &str| {
        let request = Client::new().get(format!("{}/_local/{path}", app.slack.url()));
        async move { request.send().await.unwrap().json::<Value>().await.unwrap() }
    };
    let (status, outcome) =
        post("command", json!({"user": "alice", "command": "/access", "text": "help", "channel": "C0APPROVALS"})).await;
    assert_eq!((status, &outcome["message"]["text"]), (200, &json!("plain text")), "{outcome}");
    let ts = app.post().await;
    let (status, outcome) =
        post("press", json!({"user": "U0CAROL001", "channel": "C0APPROVALS", "ts": ts, "actionId": "deny"})).await;
    assert_eq!((status, &outcome["ok"]), (200, &json!(true)), "{outcome}");
    assert_eq!(get("messages?channel=C0APPROVALS&user=bob").await["messages"].as_array().unwrap().len(), 1);
    assert_eq!(post("press", json!({"user": "nobody", "channel": "C", "ts": "1", "actionId": "x"})).await.0, 404);
    assert_eq!(post("press", json!({"user": "bob"})).await.0, 400);
    assert_eq!(post("command", json!({"user": "bob", "command": "/access", "tampr": {}})).await.0, 400);
    let (_, faults) = post("faults", json!({"method": "chat.update", "times": 2, "status": 500})).await;
    assert_eq!(faults["faults"][0]["times"], 2);
    let state = get("state").await;
    assert_eq!(
        (&state["users"][0]["userId"], &state["calls"][0]["method"]),
        (&json!("U0ALICE01"), &json!("chat.postMessage"))
    );
    assert!(!state.to_string().contains(SECRET) && !state.to_string().contains("xoxb-test"));
    assert_eq!(post("reset", json!({})).await.0, 204);
    assert_eq!(get("messages").await, json!({"messages": []}));
    assert_eq!(post("settings", json!({"apiUrl": ""})).await.1["settings"]["apiUrl"], Value::Null);
    assert_eq!(post("command", json!({"user": "bob", "command": "/access"})).await.0, 409);
}
