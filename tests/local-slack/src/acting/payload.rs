//! The bodies Slack sends, field by field (<https://docs.slack.dev/interactivity>).

use serde_json::{Map, Value, json};

use super::{Command, Tamper};
use crate::message::Message;
use crate::views::values::Values;
use crate::workspace::{APP_ID, BOT_USER_ID, Channel, Person, TEAM_DOMAIN, TEAM_ID};

/// The old verification token. Slack still sends it; no one should look at it.
const VERIFICATION_TOKEN: &str = "deprecatedTokenNotLookedAt";

/// What the app may use to answer later.
#[derive(Debug)]
pub(super) struct Handles {
    pub(super) response_url: String,
    pub(super) trigger_id: String,
}

/// The form of a slash command.
pub(super) fn command(act: &Command, person: &Person, channel: &Channel, handles: &Handles) -> String {
    let tamper = &act.tamper;
    form_urlencoded::Serializer::new(String::new())
        .append_pair("token", VERIFICATION_TOKEN)
        .append_pair("team_id", tamper.team_id.as_deref().unwrap_or(TEAM_ID))
        .append_pair("team_domain", TEAM_DOMAIN)
        .append_pair("channel_id", &channel.id)
        .append_pair("channel_name", &channel.name)
        .append_pair("user_id", person.user_id)
        .append_pair("user_name", person.name)
        .append_pair("command", &act.command)
        .append_pair("text", &act.text)
        .append_pair("api_app_id", tamper.api_app_id.as_deref().unwrap_or(APP_ID))
        .append_pair("is_enterprise_install", "false")
        .append_pair("response_url", &handles.response_url)
        .append_pair("trigger_id", &handles.trigger_id)
        .finish()
}

/// The pressed element as Slack reports it. `choice` is what it was set to, if it can be set to anything.
pub(super) fn action(
    block: &Value,
    element: &Map<String, Value>,
    choice: Option<(&'static str, Value)>,
    tamper: &Tamper,
    action_ts: &str,
) -> Value {
    let mut action = Map::new();
    for name in ["action_id", "type", "text", "value", "style", "url", "placeholder", "confirm"] {
        if let Some(value) = element.get(name) {
            action.insert(name.to_owned(), value.clone());
        }
    }
    action.insert("block_id".to_owned(), block.get("block_id").cloned().unwrap_or_default());
    action.insert("action_ts".to_owned(), json!(action_ts));
    if let Some((field, value)) = choice {
        action.insert(field.to_owned(), value);
    }
    if let Some(value) = &tamper.value {
        match action.get_mut("selected_option").and_then(Value::as_object_mut) {
            Some(option) => option.insert("value".to_owned(), json!(value)),
            None => action.insert("value".to_owned(), json!(value)),
        };
    }
    Value::Object(action)
}

/// Where something was pressed: in a message, or in a view.
#[derive(Debug)]
pub(super) enum Place<'a> {
    Message { channel: &'a Channel, message: &'a Message },
    View(&'a Value),
}

impl Place<'_> {
    /// What every interaction says of it.
    fn describe(&self, payload: &mut Map<String, Value>) {
        match self {
            Place::Message { channel, message } => {
                let is_ephemeral = message.ephemeral_for.is_some();
                let mut container = json!({"type": "message", "message_ts": message.ts, "channel_id": channel.id,
                    "is_ephemeral": is_ephemeral});
                if let (Some(thread_ts), Value::Object(fields)) = (&message.thread_ts, &mut container) {
                    fields.insert("thread_ts".to_owned(), json!(thread_ts));
                }
                payload.insert("container".to_owned(), container);
                payload.insert("channel".to_owned(), json!({"id": channel.id, "name": channel.name}));
                // Slack keeps no copy of an ephemeral message, so it sends none.
                if !is_ephemeral {
                    payload.insert("message".to_owned(), message.in_slacks_shape());
                }
            }
            Place::View(view) => {
                let id = view.get("id").cloned().unwrap_or_default();
                payload.insert("container".to_owned(), json!({"type": "view", "view_id": id}));
                payload.insert("view".to_owned(), (*view).clone());
            }
        }
    }
}

/// What all interactions have in common.
fn from(person: &Person, kind: &str, tamper: &Tamper) -> Map<String, Value> {
    let team_id = tamper.team_id.as_deref().unwrap_or(TEAM_ID);
    let user_team_id = tamper.user_team_id.as_deref().unwrap_or(team_id);
    let payload = json!({
        "type": kind,
        "user": {"id": person.user_id, "username": person.name, "name": person.name, "team_id": user_team_id},
        "api_app_id": tamper.api_app_id.as_deref().unwrap_or(APP_ID),
        "token": VERIFICATION_TOKEN,
        "team": {"id": team_id, "domain": TEAM_DOMAIN},
        "enterprise": null,
        "is_enterprise_install": false,
    });
    match payload {
        Value::Object(fields) => fields,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Map::new(),
    }
}

/// The form all interactions come in: one field, `payload`, with JSON in it.
fn in_form(payload: Map<String, Value>) -> String {
    let written = as_slack_writes(&Value::Object(payload));
    form_urlencoded::Serializer::new(String::new()).append_pair("payload", &written).finish()
}

fn set<const N: usize>(payload: &mut Map<String, Value>, fields: [(&str, Value); N]) {
    payload.extend(fields.map(|(name, value)| (name.to_owned(), value)));
}

/// A press. In a message it has a response URL and the state of its fields; a view carries its own.
pub(super) fn block_actions(
    person: &Person,
    tamper: &Tamper,
    place: &Place<'_>,
    action: &Value,
    trigger_id: &str,
    in_message: Option<(&str, Values)>,
) -> String {
    let mut payload = from(person, "block_actions", tamper);
    place.describe(&mut payload);
    set(&mut payload, [("trigger_id", json!(trigger_id)), ("actions", json!([action]))]);
    if let Some((response_url, values)) = in_message {
        set(&mut payload, [("response_url", json!(response_url)), ("state", json!({"values": values}))]);
    }
    in_form(payload)
}

/// A menu asks for its options.
pub(super) fn block_suggestion(
    person: &Person,
    tamper: &Tamper,
    place: &Place<'_>,
    block: &Value,
    action_id: &str,
    typed: &str,
) -> String {
    let mut payload = from(person, "block_suggestion", tamper);
    place.describe(&mut payload);
    let block_id = block.get("block_id").cloned().unwrap_or_default();
    set(&mut payload, [("action_id", json!(action_id)), ("block_id", block_id), ("value", json!(typed))]);
    in_form(payload)
}

/// A modal is sent off.
pub(super) fn view_submission(person: &Person, tamper: &Tamper, view: &Value, trigger_id: &str) -> String {
    let mut payload = from(person, "view_submission", tamper);
    set(&mut payload, [("trigger_id", json!(trigger_id)), ("view", view.clone()), ("response_urls", json!([]))]);
    in_form(payload)
}

/// A modal is closed without being sent off.
pub(super) fn view_closed(person: &Person, tamper: &Tamper, view: &Value, is_cleared: bool) -> String {
    let mut payload = from(person, "view_closed", tamper);
    set(&mut payload, [("view", view.clone()), ("is_cleared", json!(is_cleared))]);
    in_form(payload)
}

/// A global shortcut. It names no app and no channel, and less of the user than other interactions:
/// <https://docs.slack.dev/reference/interaction-payloads/shortcuts-interaction-payload>.
pub(super) fn shortcut(
    person: &Person,
    tamper: &Tamper,
    callback_id: &str,
    trigger_id: &str,
    action_ts: &str,
) -> String {
    let mut payload = from(person, "shortcut", tamper);
    if tamper.api_app_id.is_none() {
        payload.remove("api_app_id");
    }
    if let Some(Value::Object(user)) = payload.get_mut("user") {
        user.remove("name");
    }
    set(
        &mut payload,
        [("callback_id", json!(callback_id)), ("trigger_id", json!(trigger_id)), ("action_ts", json!(action_ts))],
    );
    in_form(payload)
}

/// An event, in its envelope. Events are JSON, not a form.
pub(super) fn event(tamper: &Tamper, event: &Value, event_id: &str, event_time: i64) -> String {
    let team_id = tamper.team_id.as_deref().unwrap_or(TEAM_ID);
    as_slack_writes(&json!({
        "token": VERIFICATION_TOKEN,
        "team_id": team_id,
        "context_team_id": team_id,
        "context_enterprise_id": null,
        "api_app_id": tamper.api_app_id.as_deref().unwrap_or(APP_ID),
        "event": event,
        "type": "event_callback",
        "event_id": event_id,
        "event_time": event_time,
        "authorizations": [{"enterprise_id": null, "team_id": team_id, "user_id": BOT_USER_ID, "is_bot": true,
            "is_enterprise_install": false}],
        "is_ext_shared_channel": false,
    }))
}

/// The question whether the app is at an address.
pub(super) fn url_verification(challenge: &str) -> String {
    as_slack_writes(&json!({"token": VERIFICATION_TOKEN, "challenge": challenge, "type": "url_verification"}))
}

/// JSON as Slack's servers write it: `/` and everything beyond ASCII escaped.
fn as_slack_writes(value: &Value) -> String {
    let mut written = String::new();
    for character in value.to_string().chars() {
        match character {
            '/' => written.push_str("\\/"),
            character if character.is_ascii() => written.push(character),
            character => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    written.extend(["\\u", &format!("{unit:04x}")]);
                }
            }
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::as_slack_writes;

    #[test]
    fn escapes_are_slacks_and_mean_the_same() {
        let value = json!({"url": "https://x/y", "text": "né 🔑 \"q\" \\"});
        let written = as_slack_writes(&value);
        assert!(written.is_ascii() && written.contains(r"https:\/\/x\/y"), "{written}");
        assert_eq!(serde_json::from_str::<Value>(&written).unwrap(), value);
    }
}
