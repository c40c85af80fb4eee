use local_slack::{ActError, AskOptions, Outcome, Press};
use serde_json::{Value, json};

use crate::app::{Answer, App, entitlement, field, input, modal, option, plain};

fn button(action_id: &str) -> Value {
    json!({"type": "button", "action_id": action_id, "value": "v", "text": plain("Press")})
}

fn press(view: &Value, action_id: &str) -> Press {
    let view_id = Some(view["id"].as_str().unwrap().to_owned());
    Press { user: "alice".into(), view_id, action_id: action_id.into(), ..Press::default() }
}

async fn ask(app: &App, view: &Value, value: &str) -> Outcome {
    let view_id = Some(view["id"].as_str().unwrap().to_owned());
    let action_id = "entitlement".into();
    let act = AskOptions { user: "alice".into(), view_id, action_id, value: value.into(), ..AskOptions::default() };
    app.slack.options(&act).await.unwrap()
}

#[tokio::test]
async fn a_press_in_a_modal_carries_the_view_with_its_state() {
    let app = App::start().await;
    let actions = json!({"type": "actions", "block_id": "act", "elements": [button("more")]});
    let view = app.open(&modal(&[field("why"), actions])).await;
    let values = json!({"why": {"why": {"value": "so far"}}}).as_object().unwrap().clone();
    let outcome = app.slack.press(&Press { values, ..press(&view, "more") }).await.unwrap();
    assert!(outcome.ok);
    let payload = app.last().payload();
    assert_eq!(
        (&payload["type"], &payload["container"]),
        (&json!("block_actions"), &json!({"type": "view", "view_id": view["id"]}))
    );
    assert_eq!((&payload["view"]["hash"], &payload["view"]["private_metadata"]), (&view["hash"], &json!("kept")));
    assert_eq!(payload["view"]["state"]["values"]["why"]["why"]["value"], "so far");
    assert_eq!((&payload["actions"][0]["block_id"], &payload["actions"][0]["value"]), (&json!("act"), &json!("v")));
    for absent in ["response_url", "message", "channel"] {
        assert!(payload.get(absent).is_none(), "{absent}");
    }
    assert_eq!(app.views()["modals"][0]["state"]["values"]["why"]["why"]["value"], "so far");

    let pushed = app.call("views.push", &json!({"trigger_id": payload["trigger_id"], "view": modal(&[])})).await;
    assert_eq!((&pushed["ok"], &pushed["view"]["previous_view_id"]), (&json!(true), &view["id"]), "{pushed}");
    let again = app.call("views.push", &json!({"trigger_id": payload["trigger_id"], "view": modal(&[])})).await;
    assert_eq!(again["error"], "exchanged_trigger_id", "once only");
    let behind = app.slack.press(&press(&view, "more")).await;
    assert!(matches!(behind, Err(ActError::UnknownView { .. })), "another modal is in front");
}

#[tokio::test]
async fn a_type_ahead_offers_what_the_app_answers_and_no_more() {
    let app = App::start().await;
    let view = app.open(&modal(&[entitlement()])).await;
    app.will_say(&json!({"options": [option("orders-db"), option("logs-read")]}));
    let outcome = ask(&app, &view, "o").await;
    assert_eq!(outcome.options.unwrap()["options"][1], option("logs-read"));
    let arrived = app.last();
    assert!(arrived.well_signed() && arrived.path == "options");
    let payload = arrived.payload();
    for (name, value) in
        [("type", "block_suggestion"), ("action_id", "entitlement"), ("block_id", "entitlement"), ("value", "o")]
    {
        assert_eq!(payload[name], value);
    }
    assert_eq!((&payload["view"]["id"], &payload["container"]["type"]), (&view["id"], &json!("view")));

    app.will_say(&json!({"option_groups": [{"label": plain("Critical"), "options": [option("prod-admin")]}]}));
    assert!(ask(&app, &view, "p").await.ok);
    for value in ["prod-admin", "logs-read"] {
        let choice = Press { option_value: Some(value.into()), ..press(&view, "entitlement") };
        assert!(app.slack.press(&choice).await.unwrap().ok);
        let payload = app.last().payload();
        let state = &payload["view"]["state"]["values"]["entitlement"]["entitlement"]["selected_option"];
        assert_eq!((state, &payload["actions"][0]["selected_option"]), (&shown(value), &shown(value)));
    }
    let never_offered = Press { option_value: Some("root".into()), ..press(&view, "entitlement") };
    assert_eq!(app.slack.press(&never_offered).await.unwrap_err(), ActError::UnknownAction("entitlement".into()));
}

#[tokio::test]
async fn options_slack_cannot_use_are_refused() {
    let app = App::start().await;
    let view = app.open(&modal(&[entitlement()])).await;
    let too_many: Value = (0..101).map(|at| option(&at.to_string())).collect();
    let long = json!([{"text": plain(&"x".repeat(76)), "value": "x"}]);
    for wrong in [
        json!({"options": too_many}),
        json!({"options": long}),
        json!({}),
        json!({"options": [option(&"x".repeat(151))]}),
    ] {
        app.will_say(&wrong);
        let outcome = ask(&app, &view, "").await;
        assert_eq!((outcome.ok, outcome.error.as_deref()), (false, Some("invalid_response")));
        assert!(outcome.shown.is_some() && outcome.options.is_none() && !outcome.findings.is_empty());
    }
    app.will(Answer { status: 500, ..Answer::default() });
    assert_eq!(ask(&app, &view, "").await.error.as_deref(), Some("dispatch_failed"));
}

#[tokio::test]
async fn a_short_query_is_not_sent() {
    let app = App::start().await;
    let view = app
        .open(&modal(&[input("entitlement", &json!({"type": "external_select", "action_id": "entitlement"}))]))
        .await;
    let before = app.arrived().len();
    let outcome = ask(&app, &view, "lo").await;
    assert!(outcome.ok && outcome.options.is_none());
    assert_eq!(app.arrived().len(), before, "three characters unless the menu says otherwise");
    app.will_say(&json!({"options": []}));
    assert!(ask(&app, &view, "log").await.ok);
    assert_eq!(app.arrived().len(), before + 1);
}

#[tokio::test]
async fn an_input_is_told_only_if_its_block_dispatches() {
    let app = App::start().await;
    let quiet = field("why");
    let mut loud = field("how");
    loud["dispatch_action"] = json!(true);
    let pick =
        json!({"type": "multi_static_select", "action_id": "pick", "options": [option("a"), option("b"), option("c")]});
    let view = app
        .open(&modal(&[
            quiet,
            loud,
            json!({"type": "section", "block_id": "pick", "text": plain("x"), "accessory": pick}),
        ]))
        .await;
    let act = Press { text: Some("x".into()), ..press(&view, "why") };
    assert_eq!(app.slack.press(&act).await.unwrap_err(), ActError::NotDispatched("why".into()));
    let act = Press { text: Some("typed".into()), ..press(&view, "how") };
    assert!(app.slack.press(&act).await.unwrap().ok);
    let payload = app.last().payload();
    assert_eq!(
        (&payload["actions"][0]["value"], &payload["view"]["state"]["values"]["how"]["how"]["value"]),
        (&json!("typed"), &json!("typed"))
    );
    let act = Press { option_values: Some(vec!["c".into(), "a".into()]), ..press(&view, "pick") };
    assert!(app.slack.press(&act).await.unwrap().ok);
    assert_eq!(app.last().payload()["actions"][0]["selected_options"], json!([shown("c"), shown("a")]));
}

/// An option as Slack gives it back.
fn shown(value: &str) -> Value {
    json!({"text": {"type": "plain_text", "text": value, "emoji": true}, "value": value})
}

#[tokio::test]
async fn a_press_that_fails_is_marked_beside_the_button() {
    let app = App::start().await;
    let view = app.open(&modal(&[json!({"type": "actions", "block_id": "act", "elements": [button("more")]})])).await;
    app.will(Answer { status: 503, ..Answer::default() });
    let outcome = app.slack.press(&press(&view, "more")).await.unwrap();
    assert_eq!((outcome.ok, outcome.error.as_deref(), outcome.status), (false, Some("dispatch_failed"), Some(503)));
    assert!(outcome.shown.is_some());
    let nowhere = Press { user: "alice".into(), action_id: "more".into(), ..Press::default() };
    assert_eq!(app.slack.press(&nowhere).await.unwrap_err(), ActError::NoPlace);
}

#[tokio::test]
async fn a_menu_in_a_message_comes_with_the_state_of_its_fields() {
    let app = App::start().await;
    let menu = json!({"type": "static_select", "action_id": "how_long", "options": [option("1h"), option("2h")], "initial_option": option("1h")});
    let blocks = json!([{"type": "actions", "block_id": "act", "elements": [menu, button("go")]}]);
    let posted = app.call("chat.postMessage", &json!({"channel": "C0APPROVALS", "text": "x", "blocks": blocks})).await;
    let ts = posted["ts"].as_str().unwrap().to_owned();
    let act =
        Press { user: "bob".into(), channel: "C0APPROVALS".into(), ts, action_id: "go".into(), ..Press::default() };
    app.slack.press(&act).await.unwrap();
    let chosen = |payload: &Value| payload["state"]["values"]["act"]["how_long"]["selected_option"]["value"].clone();
    assert_eq!(chosen(&app.last().payload()), "1h", "an initial value is a value");
    let act = Press { action_id: "how_long".into(), option_value: Some("2h".into()), ..act };
    app.slack.press(&act).await.unwrap();
    assert_eq!(chosen(&app.last().payload()), "2h");
}

#[tokio::test]
async fn a_type_ahead_in_a_message_names_the_message() {
    let app = App::start().await;
    let menu = json!({"type": "external_select", "action_id": "entitlement", "min_query_length": 0});
    let blocks = json!([{"type": "actions", "block_id": "act", "elements": [menu]}]);
    let posted = app.call("chat.postMessage", &json!({"channel": "C0APPROVALS", "text": "x", "blocks": blocks})).await;
    let ts = posted["ts"].as_str().unwrap().to_owned();
    let (user, channel, action_id) = ("bob".to_owned(), "C0APPROVALS".to_owned(), "entitlement".to_owned());
    let act = AskOptions {
        user: user.clone(),
        channel: channel.clone(),
        ts: ts.clone(),
        action_id: action_id.clone(),
        ..AskOptions::default()
    };
    app.will_say(&json!({"options": [option("logs-read")]}));
    assert!(app.slack.options(&act).await.unwrap().ok);
    let payload = app.last().payload();
    assert_eq!((&payload["container"]["message_ts"], &payload["message"]["ts"]), (&json!(ts), &json!(ts)));
    assert!(payload.get("view").is_none());
    let choice = Press { user, channel, ts, action_id, option_value: Some("logs-read".into()), ..Press::default() };
    assert!(app.slack.press(&choice).await.unwrap().ok);
    assert_eq!(app.last().payload()["actions"][0]["selected_option"], shown("logs-read"));
}
