//! What Slack sends: signatures, forms, the JSON in them, and what people type.

use super::text;
use form_urlencoded::Serializer;
use model::time::Time;
use secrecy::SecretString;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use slack::command::parse;
use slack::form::Form;
use slack::json;
use slack::limits::{INPUT_TEXT, JSON_DEPTH, OPTION_VALUE, OPTIONS};
use slack::payload::{AppEvent, Interaction, SlashCommand, Submission, Suggestion};
use slack::signature::Signatures;
use slack::workspace::Workspace;
use std::sync::LazyLock;

/// The secret of tests.
pub(crate) const SECRET: &str = "5c1f0a7e9b2d4f6380a1c3e5d7092b4f";

/// When everything here happens.
static NOW: LazyLock<Time> = LazyLock::new(|| "2026-11-20T12:00:00Z".parse().expect("a time"));

static SIGNATURES: LazyLock<Signatures> =
    LazyLock::new(|| Signatures::new(vec![SecretString::from(SECRET.to_owned())]).expect("a secret"));

/// The workspace and app of the sample.
pub(crate) fn ours() -> Workspace {
    Workspace::new(vec!["T0COUNTER1".to_owned()], "A0COUNTER1".to_owned())
}

/// RFC 2104 over SHA-256, written out: production uses a crate for it.
pub(crate) fn signed(secret: &str, timestamp: &str, body: &[u8]) -> String {
    let mut key = [0_u8; 64];
    for (place, byte) in key.iter_mut().zip(secret.bytes()) {
        *place = byte;
    }
    let inner = Sha256::new()
        .chain_update(key.map(|byte| byte ^ 0x36))
        .chain_update(format!("v0:{timestamp}:"))
        .chain_update(body)
        .finalize();
    let outer = Sha256::new().chain_update(key.map(|byte| byte ^ 0x5c)).chain_update(inner).finalize();
    outer.iter().fold("v0=".to_owned(), |text, byte| format!("{text}{byte:02x}"))
}

/// Three parts, each on a line but the last: time stamp, signature (empty: none; `sign`: the right one), body. What is
/// taken is signed and fresh, by rules read anew here; the right signature over anything else than it was made for is not.
pub(crate) fn slack_headers(data: &[u8]) {
    let mut parts = data.splitn(3, |byte| *byte == b'\n');
    let (Some(timestamp), Some(signature)) = (parts.next().and_then(text), parts.next().and_then(text)) else { return };
    let body = parts.next().unwrap_or_default();
    let right = signed(SECRET, timestamp, body);
    let given = if signature == "sign" { right.as_str() } else { signature };
    let verified = SIGNATURES.verify(*NOW, Some(timestamp), Some(given).filter(|given| !given.is_empty()), body);
    let digits = (1..=12).contains(&timestamp.len()) && timestamp.bytes().all(|byte| byte.is_ascii_digit());
    let fresh = || {
        let sent: i64 = timestamp.parse().unwrap_or(i64::MAX);
        sent.abs_diff(NOW.as_second()) <= 300
    };
    assert_eq!(verified.is_ok(), digits && given == right && fresh(), "{timestamp} {given}");
    if verified.is_ok() {
        let longer = [body, b" "].concat();
        assert!(SIGNATURES.verify(*NOW, Some(timestamp), Some(given), &longer).is_err());
        assert!(SIGNATURES.verify(*NOW, Some(&format!("0{timestamp}")), Some(given), body).is_err());
        assert!(SIGNATURES.verify(NOW.plus(601), Some(timestamp), Some(given), body).is_err());
    }
}

/// A body as it comes: a form read as the URL standard has it, unless two readers could read it differently.
pub(crate) fn slack_form_body(data: &[u8]) {
    if let Ok(form) = Form::read(data) {
        let others: Vec<(String, String)> = form_urlencoded::parse(data).into_owned().collect();
        for (name, value) in &others {
            assert_eq!(form.get(name), Some(value.as_str()), "{name} is read in two ways");
        }
        assert!(others.len() <= 64);
        let names: std::collections::BTreeSet<&String> = others.iter().map(|(name, _)| name).collect();
        assert_eq!(names.len(), others.len(), "a field twice");
        if let Ok(SlashCommand::Given(given)) = SlashCommand::read(data, &ours()) {
            assert_eq!(form.get("team_id"), Some("T0COUNTER1"));
            assert_eq!(form.get("api_app_id"), Some("A0COUNTER1"));
            assert_eq!(given.user.as_str().strip_prefix("T0COUNTER1/"), form.get("user_id"));
            slack_command_text(given.text.as_bytes());
        }
    } else {
        assert!(SlashCommand::read(data, &ours()).is_err());
    }
    // The same bytes at the other doors.
    let _ = Suggestion::read(data, &ours());
    let _ = Interaction::read(data, &ours());
    event(data);
}

fn event(data: &[u8]) {
    if let Ok(AppEvent::HomeOpened { user, .. }) = AppEvent::read(data, &ours()) {
        let value: Value = serde_json::from_slice(data).expect("what was read is JSON");
        assert_eq!((&value["team_id"], &value["api_app_id"]), (&json!("T0COUNTER1"), &json!("A0COUNTER1")));
        assert!(user.as_str().starts_with("T0COUNTER1/"));
    }
}

/// What follows `/access`. Whatever is wrong is said in words that fit a message.
pub(crate) fn slack_command_text(data: &[u8]) {
    let Some(text) = text(data) else { return };
    match parse(text) {
        Ok(_) => {}
        Err(errors) => {
            assert!(!errors.is_empty());
            for error in errors {
                assert!(!error.message.chars().any(char::is_control), "{:?}", error.message);
                assert!(error.message.chars().count() <= 1_000, "{}", error.message.len());
            }
        }
    }
}

/// The JSON of an interaction. Our reader takes what `serde_json` takes for the same, and refuses only a key twice and what
/// is too deep; nothing of another workspace, app or person is taken.
pub(crate) fn slack_interaction_json(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let (read, other) = (json::read(text), serde_json::from_str::<Value>(text));
    if let Ok(read) = &read {
        assert_eq!(Some(read), other.as_ref().ok(), "two readers of JSON differ");
    } else if let Ok(value) = &other {
        let twice = keys_written(text) > keys_of(value);
        assert!(twice || depth(value) > JSON_DEPTH, "refused for no reason: {text}");
    }
    let body = Serializer::new(String::new()).append_pair("payload", text).finish();
    if let Ok(interaction) = Interaction::read(body.as_bytes(), &ours()) {
        interaction_of(&read.expect("what is taken is JSON"), &interaction);
    }
    if let Ok(suggestion) = Suggestion::read(body.as_bytes(), &ours()) {
        assert!(suggestion.user.as_str().starts_with("T0COUNTER1/"));
    }
    event(data);
}

/// It is from whom the payload says, and they are of our workspace.
fn interaction_of(payload: &Value, interaction: &Interaction) {
    let user = match interaction {
        Interaction::Pressed(press) => &press.user,
        Interaction::Asked(asked) => &asked.user,
        Interaction::Refreshed(refreshed) => &refreshed.user,
        Interaction::Chosen(chosen) => &chosen.user,
        Interaction::Submitted(submitted) => &submitted.user,
        Interaction::Closed => return,
    };
    let said = payload.pointer("/user/id").and_then(Value::as_str);
    assert_eq!(user.as_str().strip_prefix("T0COUNTER1/"), said);
    assert_eq!(payload.pointer("/user/team_id").and_then(Value::as_str), Some("T0COUNTER1"));
    if let Some(app) = payload.get("api_app_id") {
        assert_eq!(app, "A0COUNTER1");
    }
    if let Interaction::Pressed(press) = interaction {
        let value = payload.pointer("/actions/0/value").and_then(Value::as_str);
        assert_eq!(
            value,
            Some(format!("{}:{}", press.request, press.digest).as_str()),
            "another request than the button's"
        );
    }
}

/// `view.state.values` of a form that is sent. What is taken is within the bounds of what the form offers.
pub(crate) fn slack_view_state(data: &[u8]) {
    let Some(values) = text(data).and_then(|text| serde_json::from_str::<Value>(text).ok()) else { return };
    let request = "req_0198c0ffee00700080000000deadbeef";
    let about = format!("{request}:{}", "0123456789abcdef".repeat(4));
    for (kind, metadata) in [("ask", ""), ("approve", about.as_str()), ("deny", about.as_str()), ("extend", request)] {
        let payload = json!({
            "type": "view_submission", "api_app_id": "A0COUNTER1", "enterprise": null,
            "team": {"id": "T0COUNTER1"}, "user": {"id": "U0ALICE01", "team_id": "T0COUNTER1"},
            "view": {
                "id": "V0VIEW0001", "team_id": "T0COUNTER1", "app_id": "A0COUNTER1", "type": "modal",
                "callback_id": kind, "hash": "1569362015.55b5e41b", "private_metadata": metadata,
                "state": {"values": values}, "blocks": [],
            },
        });
        let body = Serializer::new(String::new()).append_pair("payload", &payload.to_string()).finish();
        let Ok(Interaction::Submitted(sent)) = Interaction::read(body.as_bytes(), &ours()) else { continue };
        assert_eq!(sent.user.as_str(), "T0COUNTER1/U0ALICE01");
        let typed = |text: Option<&String>, longest: usize| text.is_none_or(|text| text.chars().count() <= longest);
        match &sent.what {
            Submission::Ask(form) | Submission::Extend { form, .. } => {
                assert!(
                    typed(form.entitlement.as_ref(), OPTION_VALUE) && typed(form.justification.as_ref(), INPUT_TEXT)
                );
                assert!(typed(form.ticket.as_ref(), INPUT_TEXT));
                let entitlement = form.entitlement.clone().unwrap_or_default();
                assert!(values.to_string().len() >= entitlement.len());
                bounded(&form.permissions);
                bounded(&form.resources);
            }
            Submission::Approve { form, .. } => {
                assert!(typed(form.note.as_ref(), INPUT_TEXT));
                bounded(&form.permissions);
                bounded(&form.resources);
            }
            Submission::Deny { reason, .. } => assert!(typed(Some(reason), INPUT_TEXT)),
        }
    }
}

fn bounded(selection: &slack::ask::Selection) {
    use slack::ask::Selection;
    match selection {
        Selection::All => {}
        Selection::Chosen(values) => {
            assert!((1..=OPTIONS).contains(&values.len()));
            assert!(values.iter().all(|value| (1..=OPTION_VALUE).contains(&value.chars().count())));
        }
        Selection::Written(text) => assert!((1..=INPUT_TEXT).contains(&text.chars().count())),
    }
}

/// How many keys a text of JSON writes: texts that a colon follows.
fn keys_written(text: &str) -> usize {
    let (mut keys, mut bytes) = (0_usize, text.bytes().peekable());
    while let Some(byte) = bytes.next() {
        if byte != b'"' {
            continue;
        }
        while let Some(inside) = bytes.next() {
            match inside {
                b'\\' => drop(bytes.next()),
                b'"' => break,
                _ => {}
            }
        }
        while bytes.next_if(|byte| b" \t\r\n".contains(byte)).is_some() {}
        if bytes.peek() == Some(&b':') {
            keys = keys.saturating_add(1);
        }
    }
    keys
}

/// How many keys a value has.
fn keys_of(value: &Value) -> usize {
    match value {
        Value::Object(fields) => fields.values().map(keys_of).fold(fields.len(), usize::saturating_add),
        Value::Array(items) => items.iter().map(keys_of).fold(0, usize::saturating_add),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

/// How deep a value is nested.
fn depth(value: &Value) -> usize {
    let below = match value {
        Value::Object(fields) => fields.values().map(depth).max(),
        Value::Array(items) => items.iter().map(depth).max(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return 0,
    };
    below.unwrap_or(0).saturating_add(1)
}
