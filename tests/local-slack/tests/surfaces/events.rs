use std::time::Duration;

use local_slack::{Home, Press, SettingsChange, Shortcut, Verify};
use serde_json::{Value, json};

use crate::app::{Answer, App, plain};

fn opening() -> Home {
    Home { user: "alice".into(), ..Home::default() }
}

fn retry_after(app: &App, millis: &[u64]) {
    app.slack.change(SettingsChange { retry_delays_ms: Some(millis.to_vec()), ..SettingsChange::default() });
}

async fn until(what: impl Fn() -> bool) {
    let waited = async {
        while !what() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), waited).await.expect("it does not happen");
}

#[tokio::test]
async fn opening_the_home_tab_is_an_event_with_the_view_once_there_is_one() {
    let app = App::start().await;
    assert!(app.slack.home(&opening()).await.unwrap().ok);
    let arrived = app.last();
    assert!(arrived.well_signed() && arrived.path == "events");
    assert_eq!(arrived.header("content-type"), "application/json");
    let first: Value = serde_json::from_str(&arrived.body).unwrap();
    assert_eq!(
        (&first["type"], &first["team_id"], &first["api_app_id"]),
        (&json!("event_callback"), &json!("T0COUNTER1"), &json!("A0COUNTER1"))
    );
    let event = &first["event"];
    assert_eq!(
        (&event["type"], &event["user"], &event["tab"]),
        (&json!("app_home_opened"), &json!("U0ALICE01"), &json!("home"))
    );
    assert_eq!((&event["channel"], event.get("view")), (&json!("D0ALICE01"), None));

    let refresh = json!({"type": "button", "action_id": "refresh", "text": plain("Refresh")});
    let home = json!({"type": "home", "callback_id": "home", "blocks": [{"type": "actions", "block_id": "top", "elements": [refresh]}]});
    let published = app.call("views.publish", &json!({"user_id": "U0ALICE01", "view": home})).await;
    assert_eq!(published["ok"], true, "{published}");
    let view = &app.views()["home"];
    assert_eq!((&view["id"], &view["errors"]), (&published["view"]["id"], &json!({})));
    app.slack.home(&opening()).await.unwrap();
    let second: Value = serde_json::from_str(&app.last().body).unwrap();
    assert_eq!(second["event"]["view"]["hash"], published["view"]["hash"]);
    assert_ne!(second["event_id"], first["event_id"]);

    let view_id = published["view"]["id"].as_str().map(str::to_owned);
    let act = Press { user: "alice".into(), view_id, action_id: "refresh".into(), ..Press::default() };
    assert!(app.slack.press(&act).await.unwrap().ok);
    let payload = app.last().payload();
    assert_eq!((&payload["view"]["type"], &payload["container"]["type"]), (&json!("home"), &json!("view")));
    let trigger_id = &payload["trigger_id"];
    let modal = json!({"type": "modal", "title": plain("Ask"), "blocks": []});
    assert_eq!(app.call("views.open", &json!({"trigger_id": trigger_id, "view": modal})).await["ok"], true);
    assert_eq!(app.views()["home"]["id"], published["view"]["id"], "a modal does not take the home tab away");
}

#[tokio::test]
async fn an_event_that_is_not_taken_comes_again_three_times() {
    let app = App::start().await;
    retry_after(&app, &[0, 10, 10]);
    for _ in 0..4 {
        app.will(Answer { status: 500, ..Answer::default() });
    }
    let outcome = app.slack.home(&opening()).await.unwrap();
    assert_eq!((outcome.ok, outcome.status), (false, Some(500)));
    until(|| app.arrived().len() == 4).await;
    tokio::time::sleep(Duration::from_millis(60)).await;
    let arrived = app.arrived();
    assert_eq!(arrived.len(), 4, "no fourth retry");
    let ids: Vec<Value> =
        arrived.iter().map(|one| serde_json::from_str::<Value>(&one.body).unwrap()["event_id"].clone()).collect();
    assert!(ids.iter().all(|id| id == &ids[0]), "{ids:?}");
    let numbers: Vec<&str> = arrived.iter().map(|one| one.header("x-slack-retry-num")).collect();
    assert_eq!(numbers, ["", "1", "2", "3"]);
    assert!(arrived[1..].iter().all(|one| one.header("x-slack-retry-reason") == "http_error" && one.well_signed()));
}

#[tokio::test]
async fn retries_end_with_success_or_when_the_app_says_so() {
    let app = App::start().await;
    retry_after(&app, &[0, 0, 0]);
    app.will(Answer { status: 500, ..Answer::default() });
    app.slack.home(&opening()).await.unwrap();
    until(|| app.arrived().len() == 2).await;
    app.will(Answer { status: 500, no_retry: true, ..Answer::default() });
    app.slack.home(&opening()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(60)).await;
    assert_eq!(app.arrived().len(), 3);
}

#[tokio::test]
async fn a_planned_retry_can_be_seen_and_is_forgotten_by_a_reset() {
    let app = App::start().await;
    retry_after(&app, &[50, 50, 50]);
    app.will(Answer { delay: Duration::from_secs(4), ..Answer::default() });
    let outcome = app.slack.home(&opening()).await.unwrap();
    assert_eq!(outcome.error.as_deref(), Some("operation_timeout"));
    let planned = app.slack.waiting()["eventRetries"].clone();
    assert_eq!(
        (planned.as_array().unwrap().len(), &planned[0]["attempt"], &planned[0]["user"]),
        (1, &json!(1), &json!("U0ALICE01"))
    );
    app.slack.reset();
    tokio::time::sleep(Duration::from_millis(120)).await;
    assert_eq!(app.arrived().len(), 1);
    app.will(Answer { delay: Duration::from_secs(4), ..Answer::default() });
    app.slack.home(&opening()).await.unwrap();
    until(|| app.arrived().len() == 3).await;
    assert_eq!(app.last().header("x-slack-retry-reason"), "http_timeout");
}

#[tokio::test]
async fn a_shortcut_names_no_app_and_no_channel() {
    let app = App::start().await;
    let act = Shortcut { user: "carol".into(), callback_id: "ask_for_access".into(), ..Shortcut::default() };
    assert!(app.slack.shortcut(&act).await.unwrap().ok);
    assert!(app.last().well_signed());
    let payload = app.last().payload();
    assert_eq!((&payload["type"], &payload["callback_id"]), (&json!("shortcut"), &json!("ask_for_access")));
    assert_eq!((&payload["user"]["id"], &payload["team"]["id"]), (&json!("U0CAROL001"), &json!("T0COUNTER1")));
    assert!(payload["action_ts"].is_string() && payload["trigger_id"].is_string());
    for absent in ["api_app_id", "channel", "response_url", "message"] {
        assert!(payload.get(absent).is_none(), "{absent}");
    }
    app.will(Answer { status: 500, ..Answer::default() });
    assert!(app.slack.shortcut(&act).await.unwrap().shown.is_some());
}

#[tokio::test]
async fn an_address_is_verified_by_its_answer() {
    let app = App::start().await;
    let outcome = app.slack.verify(&Verify::default()).await.unwrap();
    assert_eq!((outcome.ok, outcome.error.as_deref()), (false, Some("challenge_failed")), "an empty answer is none");
    let body: Value = serde_json::from_str(&app.last().body).unwrap();
    assert_eq!(body["type"], "url_verification");
    assert!(app.last().well_signed() && body["challenge"].is_string());
}
