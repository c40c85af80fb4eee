use super::*;
use proptest::prelude::*;
use serde_json::json;

const ID: &str = "req_0198c0ffee00700080000000deadbeef";

fn ours() -> Workspace {
    Workspace::new(vec!["T0COUNTER1".to_owned()], "A0COUNTER1".to_owned())
}

fn form(fields: &[(&str, &str)]) -> Vec<u8> {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish().into_bytes()
}

const COMMAND: [(&str, &str); 9] = [
    ("token", "old"),
    ("team_id", "T0COUNTER1"),
    ("channel_id", "C0APPROVALS"),
    ("user_id", "U0ALICE01"),
    ("command", "/access"),
    ("text", "logs-read 30m the café is down"),
    ("api_app_id", "A0COUNTER1"),
    ("response_url", "https://hooks.slack.com/commands/T0COUNTER1/1/abc"),
    ("trigger_id", "1.2.abc"),
];

fn with<'a>(name: &str, value: &'a str) -> Vec<(&'a str, &'a str)>
where
    'static: 'a,
{
    COMMAND.iter().map(|(known, old)| (*known, if *known == name { value } else { *old })).collect()
}

fn given(body: &[u8]) -> Result<GivenCommand, PayloadError> {
    match SlashCommand::read(body, &ours())? {
        SlashCommand::Given(given) => Ok(*given),
        SlashCommand::SslCheck => panic!("a certificate check"),
    }
}

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
        "response_url": "https://hooks.slack.com/actions/T0COUNTER1/1/abc",
        "actions": [{
            "type": "button",
            "action_id": "approve",
            "block_id": "decide",
            "value": button_value(&ID.parse().unwrap(), Digest::of(b"request")),
        }],
    })
}

fn read(payload: &Value) -> Result<Interaction, PayloadError> {
    Interaction::read(&form(&[("payload", &payload.to_string())]), &ours())
}

fn changed(pointer: &str, value: Value) -> Value {
    let mut payload = press();
    *payload.pointer_mut(pointer).unwrap() = value;
    payload
}

#[test]
fn a_command_is_read() {
    let command = given(&form(&COMMAND)).unwrap();
    assert_eq!(command.user.as_str(), "T0COUNTER1/U0ALICE01");
    assert_eq!(command.text, "logs-read 30m the café is down");
    assert_eq!(
        (command.command.as_str(), command.channel.as_ref().map(SlackChannel::as_str)),
        ("/access", Some("C0APPROVALS"))
    );
    assert!(command.response_url.is_some());
    assert!(!format!("{command:?}").contains("café"));
    let empty = given(&form(&with("text", ""))).unwrap();
    assert_eq!(empty.text, "");
}

#[test]
fn a_certificate_check_is_no_command() {
    let read = SlashCommand::read(&form(&[("ssl_check", "1"), ("token", "old")]), &ours());
    assert_eq!(read, Ok(SlashCommand::SslCheck));
}

#[test]
fn commands_of_others_and_unreadable_ones_are_refused() {
    for (name, value, code) in [
        ("team_id", "T0OTHER", "foreign_team"),
        ("team_id", "", "foreign_team"),
        ("api_app_id", "A0OTHER", "foreign_app"),
        ("user_id", "U0ALICE01/x", "malformed_field"),
        ("user_id", "", "malformed_field"),
        ("command", "", "malformed_field"),
        ("trigger_id", "a b", "malformed_field"),
    ] {
        assert_eq!(given(&form(&with(name, value))).unwrap_err().code(), code, "{name}={value}");
    }
    let mut org = COMMAND.to_vec();
    org.push(("enterprise_id", "E0OTHER"));
    assert_eq!(given(&form(&org)).unwrap_err().code(), "foreign_team");
    let mut twice = COMMAND.to_vec();
    twice.push(("user_id", "U0BOB00001"));
    assert_eq!(given(&form(&twice)).unwrap_err().code(), "malformed_form");
    assert_eq!(given(b"team_id=%ff").unwrap_err().code(), "malformed_form");
    assert_eq!(given(&vec![b'a'; 300_000]).unwrap_err().code(), "payload_too_large");
    assert_eq!(given(b"").unwrap_err().code(), "foreign_team");
}

#[test]
fn a_press_is_read() {
    for action in Action::ALL {
        let press = read(&changed("/actions/0/action_id", json!(action.as_str()))).unwrap();
        assert_eq!(press.action, action);
        assert_eq!(press.user.as_str(), "T0COUNTER1/U0BOB00001");
        assert_eq!((press.request.as_str(), press.digest), (ID, Digest::of(b"request")));
        assert_eq!(
            (press.channel.as_ref().map(SlackChannel::as_str), press.message_ts.as_deref()),
            (Some("C0APPROVALS"), Some("1800000000.000100"))
        );
        assert!(press.response_url.is_some() && press.trigger_id.is_some());
    }
}

#[test]
fn what_the_message_says_changes_nothing() {
    let other =
        changed("/message", json!({"text": "req_00000000000000000000000000000000", "blocks": [{"value": "x"}]}));
    assert_eq!(read(&other), read(&press()));
    // An ephemeral message is not sent along at all.
    let mut without = press();
    without.as_object_mut().unwrap().remove("message");
    assert_eq!(read(&without), read(&press()));
}

#[test]
fn presses_of_others_and_unreadable_ones_are_refused() {
    let digest = Digest::of(b"request");
    for (pointer, value, code) in [
        ("/team/id", json!("T0OTHER"), "foreign_team"),
        ("/team", json!(null), "foreign_team"),
        ("/enterprise", json!({"id": "E0OTHER"}), "foreign_team"),
        ("/api_app_id", json!("A0OTHER"), "foreign_app"),
        ("/user/team_id", json!("T0OTHER"), "foreign_person"),
        ("/user/team_id", json!(null), "foreign_person"),
        ("/user", json!({"id": "U0BOB00001", "team_id": "T0COUNTER1", "is_stranger": true}), "foreign_person"),
        ("/user/id", json!("bob"), "malformed_field"),
        ("/type", json!("view_submission"), "unknown_interaction"),
        ("/actions", json!([]), "malformed_field"),
        ("/actions", json!({}), "missing_field"),
        ("/actions/0/action_id", json!("grant"), "unknown_action"),
        ("/actions/0/action_id", json!("Approve"), "unknown_action"),
        ("/actions/0/type", json!("static_select"), "unknown_action"),
        ("/actions/0/value", json!(ID), "malformed_field"),
        ("/actions/0/value", json!(format!("{ID}:")), "malformed_field"),
        ("/actions/0/value", json!(format!("{ID}:{digest}:")), "malformed_field"),
        ("/actions/0/value", json!(format!("{ID}:{}", digest.to_string().to_uppercase())), "malformed_field"),
        ("/actions/0/value", json!(format!(" {ID}:{digest}")), "malformed_field"),
        ("/actions/0/value", json!(7), "malformed_field"),
    ] {
        assert_eq!(read(&changed(pointer, value.clone())).unwrap_err().code(), code, "{pointer} {value}");
    }
    let twice = changed("/actions", json!([press()["actions"][0], press()["actions"][0]]));
    assert_eq!(read(&twice).unwrap_err().code(), "malformed_field");
    let doubled = press().to_string().replacen(r#""type""#, r#""type":"block_actions","type""#, 1);
    assert_eq!(Interaction::read(&form(&[("payload", &doubled)]), &ours()).unwrap_err().code(), "malformed_json");
    assert_eq!(Interaction::read(b"payload=", &ours()).unwrap_err().code(), "malformed_json");
    assert_eq!(Interaction::read(b"x=y", &ours()).unwrap_err().code(), "missing_field");
}

#[test]
fn what_is_not_needed_is_left_out_rather_than_believed() {
    for (pointer, value) in [
        ("/response_url", json!("https://evil.example/")),
        ("/container/message_ts", json!("yesterday")),
        ("/container/channel_id", json!("#approvals")),
    ] {
        let press = read(&changed(pointer, value.clone())).unwrap();
        let left = [press.response_url.is_some(), press.message_ts.is_some(), press.channel.is_some()];
        assert_eq!(left.iter().filter(|left| **left).count(), 2, "{pointer} {value}");
    }
    let command = given(&form(&with("response_url", "https://evil.example/"))).unwrap();
    assert_eq!(command.response_url, None);
    assert_eq!(given(&form(&with("channel_id", "general"))).unwrap().channel, None);
}

proptest! {
    #[test]
    fn any_body_is_survived(body in prop::collection::vec(any::<u8>(), 0..400), text in "\\PC{0,200}") {
        for raw in [body, form(&[("payload", &text)]), form(&[("team_id", &text), ("text", &text)])] {
            let commands = SlashCommand::read(&raw, &ours());
            prop_assert!(commands.is_err());
            let presses = Interaction::read(&raw, &ours());
            prop_assert!(presses.is_err());
        }
    }

    #[test]
    fn a_cut_or_changed_press_is_survived(cut: prop::sample::Index, byte: u8) {
        let whole = form(&[("payload", &press().to_string())]);
        let at = cut.index(whole.len());
        let _ = Interaction::read(&whole[..at], &ours());
        let mut changed = whole.clone();
        changed[at] = byte;
        let _ = Interaction::read(&changed, &ours());
    }

    #[test]
    fn button_values_are_read_back(id in "req_[0-9a-f]{32}", seed: u64) {
        let (request, digest): (RequestId, _) = (id.parse().unwrap(), Digest::of(&seed.to_be_bytes()));
        let value = button_value(&request, digest);
        prop_assert!(value.len() <= crate::limits::BUTTON_VALUE);
        prop_assert_eq!(read_button_value(&value), Some((request, digest)));
    }
}
