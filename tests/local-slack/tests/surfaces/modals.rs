use std::time::{Duration, Instant};

use local_slack::{ActError, Close, Outcome, Submit};
use serde_json::{Value, json};

use crate::app::{Answer, App, field, modal, plain};

async fn submit(app: &App, view: &Value, values: &Value) -> Outcome {
    let act = Submit {
        user: "alice".into(),
        view_id: view["id"].as_str().unwrap().into(),
        values: values.as_object().unwrap().clone(),
        ..Submit::default()
    };
    app.slack.submit(&act).await.unwrap()
}

async fn close(app: &App, view: &Value, all: bool) -> Outcome {
    let view_id = view["id"].as_str().unwrap().into();
    app.slack.close(&Close { user: "alice".into(), view_id, all, ..Close::default() }).await.unwrap()
}

fn why() -> Value {
    json!({"why": {"why": {"type": "plain_text_input", "value": "On call"}}})
}

#[tokio::test]
async fn a_submission_carries_the_view_and_what_was_put_in() {
    let app = App::start().await;
    let view = app.open(&modal(&[field("why")])).await;
    assert!(submit(&app, &view, &why()).await.ok);
    let arrived = app.last();
    assert!(arrived.well_signed() && arrived.path == "interactions");
    let payload = arrived.payload();
    assert_eq!(payload["type"], "view_submission");
    assert_eq!(payload["user"]["id"], "U0ALICE01");
    for name in ["id", "hash", "callback_id", "private_metadata", "blocks", "root_view_id"] {
        assert_eq!(payload["view"][name], view[name], "{name}");
    }
    assert_eq!(
        (&payload["view"]["callback_id"], &payload["view"]["private_metadata"]),
        (&json!("ask"), &json!("kept"))
    );
    assert_eq!(payload["view"]["state"]["values"]["why"]["why"]["value"], "On call");
    assert_eq!(payload["response_urls"], json!([]));
    assert_eq!(app.views()["modals"], json!([]), "an empty answer closes the modal");
    let again = app.call("views.open", &json!({"trigger_id": payload["trigger_id"], "view": modal(&[])})).await;
    assert_eq!(again["ok"], true, "{again}");
}

#[tokio::test]
async fn what_is_required_and_missing_is_not_sent() {
    let app = App::start().await;
    let view = app.open(&modal(&[field("why")])).await;
    let before = app.arrived().len();
    let outcome = submit(&app, &view, &json!({"why": {"why": {"value": ""}}})).await;
    assert_eq!((outcome.ok, outcome.error.as_deref()), (false, Some("required_field")));
    assert_eq!(outcome.errors.keys().collect::<Vec<_>>(), ["why"]);
    assert_eq!(app.views()["modals"][0]["errors"], Value::Object(outcome.errors));
    assert_eq!(app.arrived().len(), before);
    let foreign = json!({"other": {"why": {"value": "x"}}}).as_object().unwrap().clone();
    let view_id = view["id"].as_str().unwrap().to_owned();
    let act = Submit { user: "alice".into(), view_id: view_id.clone(), values: foreign, ..Submit::default() };
    assert!(matches!(app.slack.submit(&act).await, Err(ActError::Unfillable(_))));
    let act = Submit { user: "bob".into(), view_id, ..Submit::default() };
    assert!(matches!(app.slack.submit(&act).await, Err(ActError::UnknownView { .. })), "not bob's");
}

#[tokio::test]
async fn errors_stay_in_place_until_the_view_is_sent_again() {
    let app = App::start().await;
    let view = app.open(&modal(&[field("why"), json!({"type": "divider", "block_id": "line"})])).await;
    let errors = json!({"why": "Say more."});
    app.will_say(&json!({"response_action": "errors", "errors": errors}));
    let outcome = submit(&app, &view, &why()).await;
    assert!(outcome.ok && outcome.shown.is_none(), "{outcome:?}");
    assert_eq!((Value::Object(outcome.errors), &app.views()["modals"][0]["errors"]), (errors.clone(), &errors));
    assert_eq!(app.views()["modals"][0]["state"]["values"]["why"]["why"]["value"], "On call");

    for wrong in [json!({"line": "Not an input."}), json!({"nowhere": "x"}), json!({}), json!({"why": 1})] {
        app.will_say(&json!({"response_action": "errors", "errors": wrong}));
        let outcome = submit(&app, &view, &why()).await;
        assert_eq!((outcome.ok, outcome.error.as_deref()), (false, Some("invalid_response")), "{wrong}");
        assert_eq!(outcome.shown.as_deref(), Some("We had some trouble connecting. Try again?"));
        assert!(!outcome.findings.is_empty());
    }
    assert!(submit(&app, &view, &why()).await.ok);
    assert_eq!(app.views()["modals"], json!([]));
}

#[tokio::test]
async fn an_answer_may_update_push_and_clear() {
    let app = App::start().await;
    let first = app.open(&modal(&[field("why")])).await;
    app.will_say(&json!({"response_action": "update", "view": modal(&[field("why"), field("more")])}));
    let updated = submit(&app, &first, &why()).await.view.unwrap();
    assert_eq!(updated["id"], first["id"]);
    assert_ne!(updated["hash"], first["hash"]);
    assert_eq!(updated["state"]["values"]["why"]["why"]["value"], "On call", "what was typed stays");

    let mut top = updated;
    let filled = json!({"why": {"why": {"value": "On call"}}, "more": {"more": {"value": "x"}}});
    for depth in 2..=3 {
        app.will_say(&json!({"response_action": "push", "view": modal(&[field("why"), field("more")])}));
        top = submit(&app, &top, &filled).await.view.unwrap();
        assert_eq!(app.views()["modals"].as_array().unwrap().len(), depth);
    }
    assert_eq!((&top["root_view_id"], &app.views()["modals"][2]["id"]), (&first["id"], &top["id"]));
    app.will_say(&json!({"response_action": "push", "view": modal(&[])}));
    let outcome = submit(&app, &top, &filled).await;
    assert_eq!(
        (outcome.error.as_deref(), outcome.findings[0].as_str()),
        (Some("invalid_response"), "push_limit_reached")
    );
    app.will_say(&json!({"response_action": "update", "view": {"type": "modal", "blocks": []}}));
    assert_eq!(submit(&app, &top, &filled).await.error.as_deref(), Some("invalid_response"));
    for useless in ["ok", "[]", r#"{"response_action":"dance"}"#, r#"{"response_action":"update"}"#] {
        app.will(Answer { body: useless.into(), ..Answer::default() });
        assert_eq!(submit(&app, &top, &filled).await.error.as_deref(), Some("invalid_response"), "{useless}");
    }
    assert_eq!(app.views()["modals"].as_array().unwrap().len(), 3);
    app.will_say(&json!({"response_action": "clear"}));
    assert!(submit(&app, &top, &filled).await.ok);
    assert_eq!(app.views()["modals"], json!([]));
}

#[tokio::test]
async fn a_late_or_failed_answer_leaves_the_modal_as_it_is() {
    let app = App::start().await;
    let view = app.open(&modal(&[field("why")])).await;
    app.will(Answer { delay: Duration::from_secs(5), ..Answer::default() });
    let started = Instant::now();
    let outcome = submit(&app, &view, &why()).await;
    assert!((3_000..4_500).contains(&started.elapsed().as_millis()));
    assert_eq!((outcome.ok, outcome.error.as_deref()), (false, Some("operation_timeout")));
    assert_eq!(outcome.shown.as_deref(), Some("We had some trouble connecting. Try again?"));
    app.will(Answer { status: 500, ..Answer::default() });
    assert_eq!(submit(&app, &view, &why()).await.error.as_deref(), Some("dispatch_failed"));
    assert_eq!(app.views()["modals"][0]["state"]["values"]["why"]["why"]["value"], "On call");
}

#[tokio::test]
async fn closing_is_told_only_if_asked_for() {
    let app = App::start().await;
    let view = app.open(&modal(&[])).await;
    let before = app.arrived().len();
    assert!(close(&app, &view, false).await.ok);
    assert_eq!((app.arrived().len(), &app.views()["modals"]), (before, &json!([])));

    let mut telling = modal(&[]);
    telling["notify_on_close"] = json!(true);
    let first = app.open(&telling).await;
    app.will_say(&json!({"response_action": "push", "view": telling}));
    let second = submit(&app, &first, &json!({})).await.view.unwrap();
    close(&app, &second, false).await;
    let payload = app.last().payload();
    assert_eq!((&payload["type"], &payload["is_cleared"]), (&json!("view_closed"), &json!(false)));
    assert_eq!((&payload["view"]["id"], &app.views()["modals"][0]["id"]), (&second["id"], &first["id"]));

    app.will_say(&json!({"response_action": "push", "view": telling}));
    let second = submit(&app, &first, &json!({})).await.view.unwrap();
    let before = app.arrived().len();
    close(&app, &second, true).await;
    let told: Vec<Value> =
        app.arrived()[before..].iter().map(|arrived| arrived.payload()["view"]["id"].clone()).collect();
    assert_eq!(told, [second["id"].clone(), first["id"].clone()]);
    assert_eq!((&app.last().payload()["is_cleared"], &app.views()["modals"]), (&json!(true), &json!([])));
}

#[tokio::test]
async fn a_modal_without_submit_cannot_be_sent_off() {
    let app = App::start().await;
    let view = app.open(&json!({"type": "modal", "title": plain("Details"), "blocks": []})).await;
    let view_id = view["id"].as_str().unwrap().to_owned();
    let act = Submit { user: "alice".into(), view_id: view_id.clone(), ..Submit::default() };
    assert_eq!(app.slack.submit(&act).await.unwrap_err(), ActError::NoSubmit(view_id));
}
