use super::*;
use crate::ids;
use crate::workspace::Workspace;
use proptest::prelude::*;
use serde_json::{Value, json};

mod anything;
mod commands;
mod events;
mod forms;
mod presses;

const ID: &str = "req_0198c0ffee00700080000000deadbeef";
/// What nobody but its reader may see.
const WORDS: &str = "hush-hush";

fn ours() -> Workspace {
    Workspace::new(vec!["T0COUNTER1".to_owned()], "A0COUNTER1".to_owned())
}

fn form(fields: &[(&str, &str)]) -> Vec<u8> {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish().into_bytes()
}

fn posted(payload: &Value) -> Vec<u8> {
    form(&[("payload", &payload.to_string())])
}

fn read(payload: &Value) -> Result<Interaction, PayloadError> {
    Interaction::read(&posted(payload), &ours())
}

fn code(payload: &Value) -> &'static str {
    read(payload).map(|read| panic!("{read:?}")).map_err(PayloadError::code).unwrap_err()
}

fn suggested(payload: &Value) -> Result<Suggestion, PayloadError> {
    Suggestion::read(&posted(payload), &ours())
}

/// `payload` with `value` at `pointer`, the last part of which may be new.
fn changed(mut payload: Value, pointer: &str, value: Value) -> Value {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    match payload.pointer_mut(parent).unwrap() {
        Value::Object(fields) => drop(fields.insert(name.to_owned(), value)),
        Value::Array(items) => items[name.parse::<usize>().unwrap()] = value,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => panic!("nothing is below {parent}"),
    }
    payload
}

fn button(action: &str) -> Value {
    let value = button_value(&ID.parse().unwrap(), Digest::of(b"request"));
    json!({"type": "button", "action_id": action, "block_id": "decide", "value": value, "action_ts": "1.2"})
}

/// A press of a button in a message.
fn press() -> Value {
    json!({
        "type": "block_actions",
        "user": {"id": "U0BOB00001", "username": "bob", "team_id": "T0COUNTER1"},
        "api_app_id": "A0COUNTER1",
        "container": {"type": "message", "message_ts": "1800000000.000100", "channel_id": "C0APPROVALS"},
        "trigger_id": "1.2.abc",
        "team": {"id": "T0COUNTER1", "domain": "x"},
        "enterprise": null,
        "channel": {"id": "C0APPROVALS", "name": "approvals"},
        "message": {"text": "anything", "blocks": []},
        "state": {"values": {}},
        "response_url": "https://hooks.slack.com/actions/T0COUNTER1/1/abc",
        "actions": [button("approve")],
    })
}

fn view(kind: &str, values: &Value) -> Value {
    json!({
        "id": "V0VIEW0001",
        "team_id": "T0COUNTER1",
        "app_id": "A0COUNTER1",
        "app_installed_team_id": "T0COUNTER1",
        "bot_id": "B0COUNTER1",
        "type": "modal",
        "callback_id": kind,
        "hash": "1569362015.55b5e41b",
        "private_metadata": "",
        "state": {"values": values},
        "blocks": [],
    })
}

/// Something done in a view.
fn in_view(kind: &str, values: &Value, action: &Value) -> Value {
    let mut payload = press();
    let fields = payload.as_object_mut().unwrap();
    for name in ["channel", "message", "state", "response_url"] {
        fields.remove(name);
    }
    fields.insert("container".to_owned(), json!({"type": "view", "view_id": "V0VIEW0001"}));
    fields.insert("view".to_owned(), view(kind, values));
    fields.insert("actions".to_owned(), json!([action]));
    payload
}

fn option(value: &str) -> Value {
    json!({"text": {"type": "plain_text", "text": value, "emoji": false}, "value": value})
}

/// The request modal, filled in.
fn values() -> Value {
    json!({
        "entitlement": {"entitlement": {"type": "external_select", "selected_option": option("orders-db-debug")}},
        "duration.orders-db-debug": {"duration": {"type": "static_select", "selected_option": option("1800")}},
        "permissions.orders-db-debug": {"permissions": {
            "type": "multi_static_select",
            "selected_options": [option("dynamodb:GetItem"), option("dynamodb:Query")],
        }},
        "resources.orders-db-debug": {"resources": {"type": "plain_text_input", "value": WORDS}},
        "ticket.orders-db-debug": {"ticket": {"type": "plain_text_input", "value": WORDS}},
        "justification.orders-db-debug": {"justification": {"type": "plain_text_input", "value": WORDS}},
    })
}

/// The choice of an entitlement in the request modal, filled in.
fn choice() -> Value {
    let action = json!({
        "type": "external_select", "action_id": "entitlement", "block_id": "entitlement",
        "selected_option": option("orders-db-debug"), "action_ts": "1.2",
    });
    in_view(ids::view::ASK, &values(), &action)
}

fn of_kind(kind: &str, view: &Value) -> Value {
    json!({
        "type": kind,
        "user": {"id": "U0ALICE01", "username": "alice", "name": "alice", "team_id": "T0COUNTER1"},
        "team": {"id": "T0COUNTER1", "domain": "x"},
        "api_app_id": "A0COUNTER1",
        "enterprise": null,
        "trigger_id": "1.2.abc",
        "view": view,
        "response_urls": [],
    })
}

/// The request modal, sent.
fn request_sent() -> Value {
    of_kind("view_submission", &view(ids::view::ASK, &values()))
}

/// The modal that asks for a reason, sent.
fn denial_sent() -> Value {
    let values = json!({"reason": {"reason": {"type": "plain_text_input", "value": WORDS}}});
    let about = button_value(&ID.parse().unwrap(), Digest::of(b"request"));
    of_kind("view_submission", &changed(view(ids::view::DENY, &values), "/private_metadata", json!(about)))
}

/// The global shortcut. Slack names no app with it.
fn shortcut() -> Value {
    json!({
        "type": "shortcut",
        "token": "old",
        "action_ts": "1581106241.371594",
        "team": {"id": "T0COUNTER1", "domain": "x"},
        "user": {"id": "U0ALICE01", "username": "alice", "team_id": "T0COUNTER1"},
        "is_enterprise_install": false,
        "enterprise": null,
        "callback_id": ids::SHORTCUT_ASK,
        "trigger_id": "1.2.abc",
    })
}

/// Something typed into the menu of entitlements.
fn suggestion() -> Value {
    let mut payload = of_kind("block_suggestion", &view(ids::view::ASK, &values()));
    payload["container"] = json!({"type": "view", "view_id": "V0VIEW0001"});
    payload["action_id"] = json!("entitlement");
    payload["block_id"] = json!("entitlement");
    payload["value"] = json!(WORDS);
    payload
}

/// The Home tab, opened.
fn home_opened() -> Value {
    json!({
        "token": "old",
        "team_id": "T0COUNTER1",
        "context_team_id": "T0COUNTER1",
        "context_enterprise_id": null,
        "api_app_id": "A0COUNTER1",
        "event": {
            "type": "app_home_opened", "user": "U0ALICE01", "channel": "D0ALICE01", "tab": "home",
            "event_ts": "1515449522.000016", "view": view(ids::view::HOME, &json!({})),
        },
        "type": "event_callback",
        "event_id": "Ev0PV52K21",
        "event_time": 1_515_449_522,
        "authorizations": [{"team_id": "T0COUNTER1", "user_id": "U0COUNTER1", "is_bot": true}],
    })
}

#[test]
fn strangers_are_refused_whatever_they_do() {
    let kinds = [press(), choice(), request_sent(), denial_sent(), of_kind("view_closed", &view("ask", &json!({})))];
    for payload in kinds.into_iter().chain([shortcut(), suggestion()]) {
        let read = |payload: &Value| match payload["type"].as_str() {
            Some("block_suggestion") => suggested(payload).map(drop),
            _ => read(payload).map(drop),
        };
        assert_eq!(read(&payload), Ok(()), "{payload}");
        for (pointer, value, code) in [
            ("/team/id", json!("T0OTHER"), "foreign_team"),
            ("/team/id", json!(7), "foreign_team"),
            ("/team", json!("T0COUNTER1"), "foreign_team"),
            ("/team", json!(null), "foreign_team"),
            ("/team/enterprise_id", json!("E0OTHER"), "foreign_team"),
            ("/enterprise", json!({"id": "E0OTHER"}), "foreign_team"),
            ("/enterprise", json!({"name": "ours"}), "foreign_team"),
            ("/enterprise", json!("E0OTHER"), "foreign_team"),
            ("/api_app_id", json!("A0OTHER"), "foreign_app"),
            ("/api_app_id", json!(null), "foreign_app"),
            ("/user/team_id", json!("T0OTHER"), "foreign_person"),
            ("/user/team_id", json!(null), "foreign_person"),
            ("/user/is_stranger", json!(true), "foreign_person"),
            ("/user/is_stranger", json!("no"), "foreign_person"),
            ("/user/id", json!("bob"), "malformed_field"),
            ("/user/id", json!(null), "missing_field"),
        ] {
            let error = read(&changed(payload.clone(), pointer, value.clone())).unwrap_err();
            assert_eq!(error.code(), code, "{pointer} {value} of {payload}");
            assert_eq!(error.is_foreign(), code.starts_with("foreign"));
        }
        if payload.get("view").is_none() {
            continue;
        }
        for (pointer, value, code) in [
            ("/view/team_id", json!("T0OTHER"), "foreign_team"),
            ("/view/team_id", json!(["T0COUNTER1"]), "foreign_team"),
            ("/view/app_installed_team_id", json!("T0OTHER"), "foreign_team"),
            ("/view/app_id", json!("A0OTHER"), "foreign_app"),
        ] {
            let error = read(&changed(payload.clone(), pointer, value)).unwrap_err();
            assert_eq!(error.code(), code, "{pointer} of {payload}");
        }
    }
    let nameless = changed(shortcut(), "/api_app_id", json!("A0COUNTER1"));
    assert_eq!(read(&nameless), read(&shortcut()));
    let mut press = press();
    press.as_object_mut().unwrap().remove("api_app_id");
    assert_eq!(code(&press), "foreign_app");
}
