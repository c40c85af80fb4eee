//! Buttons and the shortcut.

use super::*;
use model::names::SlackChannel;

const ABOUT_A_REQUEST: [Action; 5] = [Action::Approve, Action::Deny, Action::Cancel, Action::Revoke, Action::Details];

fn pressed(payload: &Value) -> Press {
    let Interaction::Pressed(press) = read(payload).unwrap() else { panic!("no press: {payload}") };
    press
}

#[test]
fn a_press_in_a_message_is_read() {
    for action in ABOUT_A_REQUEST {
        let press = pressed(&changed(press(), "/actions/0/action_id", json!(action.as_str())));
        assert_eq!(press.action, action);
        assert_eq!(press.user.as_str(), "T0COUNTER1/U0BOB00001");
        assert_eq!((press.request.as_str(), press.digest), (ID, Digest::of(b"request")));
        let place =
            Place::Message { channel: Some("C0APPROVALS".parse().unwrap()), ts: Some("1800000000.000100".to_owned()) };
        assert_eq!(press.place, place);
        assert!(press.response_url.is_some() && press.trigger_id.is_some());
    }
}

#[test]
fn a_press_in_a_view_is_read() {
    for action in ABOUT_A_REQUEST {
        for kind in [ids::view::HOME, ids::view::DETAILS, ids::view::NOTICE] {
            let press = pressed(&in_view(kind, &json!({}), &button(action.as_str())));
            let Place::View(view) = press.place else { panic!("not in a view") };
            assert_eq!((press.action, press.response_url), (action, None));
            assert_eq!((view.id.as_str(), view.kind.as_str()), ("V0VIEW0001", kind));
            assert_eq!(view.hash.as_deref(), Some("1569362015.55b5e41b"));
            assert_eq!(press.trigger_id.as_deref(), Some("1.2.abc"));
        }
    }
}

#[test]
fn what_the_message_says_changes_nothing() {
    let said = json!({"text": "req_00000000000000000000000000000000", "blocks": [{"value": "x"}]});
    assert_eq!(read(&changed(press(), "/message", said)), read(&press()));
    // An ephemeral message is not sent along at all.
    let mut without = press();
    without.as_object_mut().unwrap().remove("message");
    assert_eq!(read(&without), read(&press()));
    let in_details = in_view(ids::view::DETAILS, &json!({}), &button("approve"));
    let other = changed(in_details.clone(), "/view/blocks", json!([{"value": "x"}]));
    assert_eq!(read(&other), read(&in_details));
}

#[test]
fn presses_that_can_not_be_ours_are_refused() {
    let digest = Digest::of(b"request");
    for (pointer, value, expected) in [
        ("/type", json!("message_action"), "unknown_interaction"),
        ("/type", json!(null), "unknown_interaction"),
        ("/actions", json!([]), "malformed_field"),
        ("/actions", json!({}), "missing_field"),
        ("/actions", json!([button("approve"), button("approve")]), "malformed_field"),
        ("/actions/0/action_id", json!("grant"), "unknown_action"),
        ("/actions/0/action_id", json!("Approve"), "unknown_action"),
        ("/actions/0/action_id", json!(null), "unknown_action"),
        ("/actions/0/action_id", json!("reason"), "unknown_action"),
        ("/actions/0/type", json!("static_select"), "unknown_action"),
        ("/actions/0/value", json!(ID), "malformed_field"),
        ("/actions/0/value", json!(format!("{ID}:")), "malformed_field"),
        ("/actions/0/value", json!(format!("{ID}:{digest}:")), "malformed_field"),
        ("/actions/0/value", json!(format!("{ID}:{}", digest.to_string().to_uppercase())), "malformed_field"),
        ("/actions/0/value", json!(format!(" {ID}:{digest}")), "malformed_field"),
        ("/actions/0/value", json!(7), "malformed_field"),
        ("/trigger_id", json!("a b"), "malformed_field"),
        ("/container/type", json!("message_attachment"), "malformed_field"),
        ("/container/type", json!(1), "malformed_field"),
        ("/container/type", json!("view"), "missing_field"),
    ] {
        assert_eq!(code(&changed(press(), pointer, value.clone())), expected, "{pointer} {value}");
    }
    let doubled = press().to_string().replacen(r#""type""#, r#""type":"block_actions","type""#, 1);
    assert_eq!(Interaction::read(&form(&[("payload", &doubled)]), &ours()).unwrap_err().code(), "malformed_json");
    assert_eq!(Interaction::read(b"payload=", &ours()).unwrap_err().code(), "malformed_json");
    assert_eq!(Interaction::read(b"x=y", &ours()).unwrap_err().code(), "missing_field");
}

#[test]
fn views_that_can_not_be_ours_are_refused() {
    let long = "m".repeat(crate::limits::PRIVATE_METADATA + 1);
    for (pointer, value, expected) in [
        ("/view", json!(null), "missing_field"),
        ("/view", json!("V0VIEW0001"), "missing_field"),
        ("/view/callback_id", json!("other"), "unknown_view"),
        ("/view/callback_id", json!(""), "unknown_view"),
        ("/view/callback_id", json!(null), "missing_field"),
        ("/view/id", json!(""), "malformed_field"),
        ("/view/id", json!(null), "missing_field"),
        ("/view/id", json!("V0VIEW0002"), "malformed_field"),
        ("/container/view_id", json!("V0VIEW0002"), "malformed_field"),
        ("/container/view_id", json!({}), "malformed_field"),
        ("/view/hash", json!("a b"), "malformed_field"),
        ("/view/hash", json!(1), "malformed_field"),
        ("/view/private_metadata", json!(long), "malformed_field"),
        ("/view/private_metadata", json!({}), "malformed_field"),
    ] {
        let payload = in_view(ids::view::HOME, &json!({}), &button("revoke"));
        assert_eq!(code(&changed(payload, pointer, value.clone())), expected, "{pointer} {value}");
    }
}

#[test]
fn what_is_not_needed_is_left_out_rather_than_believed() {
    for (pointer, value) in [
        ("/response_url", json!("https://evil.example/")),
        ("/container/message_ts", json!("yesterday")),
        ("/container/channel_id", json!("#approvals")),
    ] {
        let press = pressed(&changed(press(), pointer, value.clone()));
        let Place::Message { channel, ts } = press.place else { panic!("not in a message") };
        let left = [press.response_url.is_some(), ts.is_some(), channel.is_some()];
        assert_eq!(left.iter().filter(|left| **left).count(), 2, "{pointer} {value}");
    }
    let mut bare = press();
    bare.as_object_mut().unwrap().remove("container");
    let Place::Message { channel, ts } = pressed(&bare).place else { panic!("not in a message") };
    assert_eq!((channel.as_ref().map(SlackChannel::as_str), ts), (Some("C0APPROVALS"), None));
}

#[test]
fn access_is_asked_for_from_anywhere() {
    let asked = |payload: &Value| match read(payload) {
        Ok(Interaction::Asked(Asked { user, trigger_id, entitlement })) => {
            assert!(user.as_str().starts_with("T0COUNTER1/U0"));
            assert_eq!(trigger_id, "1.2.abc");
            Ok(entitlement)
        }
        Ok(other) => panic!("{other:?}"),
        Err(error) => Err(error.code()),
    };
    assert_eq!(asked(&shortcut()), Ok(None));
    let ask = |value: Value| changed(button("ask"), "/value", value);
    for payload in [
        |action: &Value| in_view(ids::view::HOME, &json!({}), action),
        |action: &Value| in_view(ids::view::NOTICE, &json!({}), action),
        |action: &Value| changed(press(), "/actions/0", action.clone()),
    ] {
        assert_eq!(asked(&payload(&ask(json!("logs-read")))), Ok(Some("logs-read".to_owned())));
        assert_eq!(asked(&payload(&ask(json!("")))), Ok(None));
        assert_eq!(asked(&payload(&ask(json!(null)))), Ok(None));
        assert_eq!(asked(&payload(&ask(json!("Not a name")))), Err("malformed_field"));
        assert_eq!(asked(&payload(&ask(json!(7)))), Err("malformed_field"));
        let mut without = payload(&ask(json!("logs-read")));
        without.as_object_mut().unwrap().remove("trigger_id");
        assert_eq!(asked(&without), Err("missing_field"));
    }
    assert_eq!(asked(&changed(shortcut(), "/callback_id", json!("other"))), Err("unknown_action"));
    assert_eq!(asked(&changed(shortcut(), "/trigger_id", json!(null))), Err("missing_field"));
}

#[test]
fn a_fresh_home_tab_is_asked_for() {
    let payload = in_view(ids::view::HOME, &json!({}), &changed(button("refresh"), "/value", json!(null)));
    let user = "T0COUNTER1/U0BOB00001".parse().unwrap();
    assert_eq!(read(&payload), Ok(Interaction::Refreshed(Refreshed { user })));
}

proptest! {
    #[test]
    fn button_values_are_read_back(id in "req_[0-9a-f]{32}", seed: u64) {
        let (request, digest): (RequestId, _) = (id.parse().unwrap(), Digest::of(&seed.to_be_bytes()));
        let value = button_value(&request, digest);
        prop_assert!(value.len() <= crate::limits::BUTTON_VALUE);
        prop_assert_eq!(read_button_value(&value), Some((request, digest)));
    }
}
