//! The bodies Slack sends, field by field (<https://docs.slack.dev/interactivity>).

use serde_json::{Map, Value, json};

use super::{Command, Press};
use crate::message::Message;
use crate::workspace::{APP_ID, Channel, Person, TEAM_DOMAIN, TEAM_ID};

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

/// The pressed element as Slack reports it; nothing if the message has no such element or option.
pub(super) fn action(message: &Message, act: &Press, action_ts: &str) -> Option<Value> {
    let (block_id, element) = message.element(&act.action_id)?;
    let kind = element.get("type").and_then(Value::as_str)?;
    let mut action = Map::new();
    for name in ["action_id", "type", "text", "value", "style", "url", "placeholder", "confirm"] {
        if let Some(value) = element.get(name) {
            action.insert(name.to_owned(), value.clone());
        }
    }
    action.insert("block_id".to_owned(), json!(block_id));
    action.insert("action_ts".to_owned(), json!(action_ts));
    if kind != "button" {
        let wanted = act.option_value.as_deref()?;
        let alone = element.get("options").and_then(Value::as_array).into_iter().flatten();
        let groups = element.get("option_groups").and_then(Value::as_array).into_iter().flatten();
        let grouped = groups.filter_map(|group| group.get("options").and_then(Value::as_array)).flatten();
        let option = alone.chain(grouped).find(|option| option.get("value").and_then(Value::as_str) == Some(wanted))?;
        action.insert("selected_option".to_owned(), option.clone());
    }
    if let Some(value) = &act.tamper.value {
        match action.get_mut("selected_option").and_then(Value::as_object_mut) {
            Some(option) => option.insert("value".to_owned(), json!(value)),
            None => action.insert("value".to_owned(), json!(value)),
        };
    }
    Some(Value::Object(action))
}

/// The form of a press: one field, `payload`, with JSON in it.
pub(super) fn block_actions(
    act: &Press,
    person: &Person,
    channel: &Channel,
    message: &Message,
    action: &Value,
    handles: &Handles,
) -> String {
    let tamper = &act.tamper;
    let team_id = tamper.team_id.as_deref().unwrap_or(TEAM_ID);
    let user_team_id = tamper.user_team_id.as_deref().unwrap_or(team_id);
    let is_ephemeral = message.ephemeral_for.is_some();
    let mut container =
        json!({"type": "message", "message_ts": message.ts, "channel_id": channel.id, "is_ephemeral": is_ephemeral});
    if let (Some(thread_ts), Value::Object(fields)) = (&message.thread_ts, &mut container) {
        fields.insert("thread_ts".to_owned(), json!(thread_ts));
    }
    let mut payload = json!({
        "type": "block_actions",
        "user": {"id": person.user_id, "username": person.name, "name": person.name, "team_id": user_team_id},
        "api_app_id": tamper.api_app_id.as_deref().unwrap_or(APP_ID),
        "token": VERIFICATION_TOKEN,
        "container": container,
        "trigger_id": handles.trigger_id,
        "team": {"id": team_id, "domain": TEAM_DOMAIN},
        "enterprise": null,
        "is_enterprise_install": false,
        "channel": {"id": channel.id, "name": channel.name},
        "state": {"values": {}},
        "response_url": handles.response_url,
        "actions": [action],
    });
    // Slack keeps no copy of an ephemeral message, so it sends none.
    if let (false, Value::Object(fields)) = (is_ephemeral, &mut payload) {
        fields.insert("message".to_owned(), message.in_slacks_shape());
    }
    form_urlencoded::Serializer::new(String::new()).append_pair("payload", &as_slack_writes(&payload)).finish()
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
