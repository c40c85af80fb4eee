//! The Web API methods, their rate limits, and what each does (<https://docs.slack.dev/reference/methods>).

use serde_json::{Value, json};

use super::arguments::Arguments;
use crate::clock::{Micros, seconds};
use crate::limits;
use crate::message::{Content, Destination};
use crate::rates::Limit;
use crate::refusal::Refusal;
use crate::state::Slack;
use crate::workspace::{
    self, BOT_ID, BOT_NAME, BOT_USER_ID, Channel, ChannelKind, PEOPLE, Person, TEAM_DOMAIN, TEAM_ID, find_person,
};

type Run = fn(&mut Slack, &Arguments, Micros) -> Result<Value, Refusal>;

/// One method.
pub(super) struct Method {
    name: &'static str,
    /// Whether it takes a JSON body; Slack's reading methods do not.
    pub(super) takes_json: bool,
    /// Calls a minute; posting is limited by channel instead, and `auth.test` has a tier of its own.
    per_minute: Option<u32>,
    pub(super) run: Run,
}

const fn method(name: &'static str, takes_json: bool, per_minute: Option<u32>, run: Run) -> Method {
    Method { name, takes_json, per_minute, run }
}

const TIER_3: Option<u32> = Some(limits::TIER_3_PER_MINUTE);
const TIER_4: Option<u32> = Some(limits::TIER_4_PER_MINUTE);

const METHODS: &[Method] = &[
    method("auth.test", true, None, |_, _, _| Ok(auth_test())),
    method("chat.postMessage", true, None, post_message),
    method("chat.update", true, TIER_3, update),
    method("chat.delete", true, TIER_3, delete),
    method("chat.postEphemeral", true, TIER_4, post_ephemeral),
    method("conversations.open", true, TIER_3, conversations_open),
    method("users.info", false, TIER_4, users_info),
    method("users.lookupByEmail", false, TIER_3, users_lookup_by_email),
    method("views.open", true, TIER_4, views_open),
    method("views.push", true, TIER_4, views_push),
    method("views.update", true, TIER_4, views_update),
    method("views.publish", true, TIER_4, views_publish),
];

/// Finds a method.
pub(super) fn find(name: &str) -> Option<&'static Method> {
    METHODS.iter().find(|method| method.name == name)
}

impl Method {
    /// Which allowance a call uses up, if limits are on.
    pub(super) fn limit(&self, slack: &Slack, arguments: &Arguments) -> Option<(String, Limit)> {
        if !slack.settings.rate_limits {
            return None;
        }
        if self.name == "chat.postMessage" {
            let asked = arguments.text("channel")?;
            let channel = slack.channel(&asked).map_or(asked.as_str(), |channel| channel.id.as_str());
            let limit = Limit { per_minute: limits::CHANNEL_MESSAGES_PER_MINUTE, burst: slack.settings.message_burst };
            return Some((format!("{}/{channel}", self.name), limit));
        }
        let per_minute = self.per_minute?;
        Some((self.name.to_owned(), Limit { per_minute, burst: per_minute }))
    }
}

fn auth_test() -> Value {
    json!({
        "ok": true,
        "url": format!("https://{TEAM_DOMAIN}.slack.com/"),
        "team": "Countersign Local",
        "team_id": TEAM_ID,
        "user": BOT_NAME,
        "user_id": BOT_USER_ID,
        "bot_id": BOT_ID,
        "is_enterprise_install": false,
    })
}

fn post_message(slack: &mut Slack, arguments: &Arguments, now: Micros) -> Result<Value, Refusal> {
    let asked = arguments.required("channel")?;
    // A user id stands for the direct conversation with that user.
    let channel = match PEOPLE.iter().find(|person| person.user_id == asked) {
        Some(person) => slack.open(&[person.user_id]).0,
        None => joined(slack, &asked)?,
    };
    let content = content(arguments)?;
    content.check()?;
    let to = Destination {
        channel: &channel.id,
        user: BOT_USER_ID,
        thread_ts: arguments.text("thread_ts"),
        ephemeral_for: None,
    };
    let message = slack.put(content, to, now);
    Ok(json!({"ok": true, "channel": message.channel, "ts": message.ts, "message": message.in_slacks_shape()}))
}

fn update(slack: &mut Slack, arguments: &Arguments, now: Micros) -> Result<Value, Refusal> {
    let asked = arguments.required("channel")?;
    let ts = arguments.required("ts")?;
    let channel = slack.channel(&asked).ok_or(Refusal::new("channel_not_found"))?.id.clone();
    let message = slack.message(&channel, &ts).filter(|message| message.ephemeral_for.is_none());
    let message = message.ok_or(Refusal::new("message_not_found"))?;
    if message.user != BOT_USER_ID {
        return Err(Refusal::new("cant_update_message"));
    }
    let content = content(arguments)?;
    if content.text.as_ref().is_some_and(|text| text.chars().count() > limits::UPDATED_TEXT) {
        return Err(Refusal::new("msg_too_long"));
    }
    content.check()?;
    let message = slack.edit(&channel, &ts, content, now).ok_or(Refusal::new("message_not_found"))?;
    Ok(json!({"ok": true, "channel": channel, "ts": ts, "text": message.text, "message": message.in_slacks_shape()}))
}

fn delete(slack: &mut Slack, arguments: &Arguments, now: Micros) -> Result<Value, Refusal> {
    let asked = arguments.required("channel")?;
    let ts = arguments.required("ts")?;
    let channel = slack.channel(&asked).ok_or(Refusal::new("channel_not_found"))?.id.clone();
    let message = slack.message(&channel, &ts).filter(|message| message.ephemeral_for.is_none());
    if message.ok_or(Refusal::new("message_not_found"))?.user != BOT_USER_ID {
        return Err(Refusal::new("cant_delete_message"));
    }
    slack.delete(&channel, &ts, now).ok_or(Refusal::new("message_not_found"))?;
    Ok(json!({"ok": true, "channel": channel, "ts": ts}))
}

fn post_ephemeral(slack: &mut Slack, arguments: &Arguments, now: Micros) -> Result<Value, Refusal> {
    let channel = joined(slack, &arguments.required("channel")?)?;
    let user = arguments.required("user")?;
    if !channel.has(&user) {
        return Err(Refusal::new("user_not_in_channel"));
    }
    let content = content(arguments)?;
    if content.text.as_ref().is_some_and(|text| text.chars().count() > limits::POSTED_TEXT) {
        return Err(Refusal::new("msg_too_long"));
    }
    content.check()?;
    let to = Destination {
        channel: &channel.id,
        user: BOT_USER_ID,
        thread_ts: arguments.text("thread_ts"),
        ephemeral_for: Some(&user),
    };
    let message = slack.put(content, to, now);
    Ok(json!({"ok": true, "message_ts": message.ts}))
}

fn conversations_open(slack: &mut Slack, arguments: &Arguments, now: Micros) -> Result<Value, Refusal> {
    let users = arguments.text("users").unwrap_or_default();
    let users: Vec<&str> = users.split(',').map(str::trim).filter(|user| !user.is_empty()).collect();
    let (channel, already) = match (users.as_slice(), arguments.text("channel")) {
        ([], None) => return Err(Refusal::new("users_list_not_supplied")),
        ([], Some(asked)) => {
            let known = slack.channel(&asked).filter(|channel| channel.kind != ChannelKind::Public);
            (known.ok_or(Refusal::new("channel_not_found"))?.clone(), true)
        }
        (users, _) if users.len() > limits::GROUP_MESSAGE_USERS => {
            return Err(Refusal::new("too_many_users"));
        }
        (users, _) if users.iter().any(|user| !PEOPLE.iter().any(|person| person.user_id == *user)) => {
            return Err(Refusal::new("user_not_found"));
        }
        (users, _) => slack.open(users),
    };
    let mut shape = json!({"id": channel.id});
    if arguments.flag("return_im") {
        let user = channel.members.iter().find(|member| *member != BOT_USER_ID);
        let is_im = channel.kind == ChannelKind::Direct;
        shape = json!({"id": channel.id, "created": seconds(now), "is_im": is_im, "is_open": true, "user": user});
    }
    let mut body = json!({"ok": true, "channel": shape});
    if let (true, Value::Object(fields)) = (already, &mut body) {
        fields.insert("no_op".to_owned(), json!(true));
        fields.insert("already_open".to_owned(), json!(true));
    }
    Ok(body)
}

fn users_info(_: &mut Slack, arguments: &Arguments, _: Micros) -> Result<Value, Refusal> {
    let user = arguments.text("user").unwrap_or_default();
    if user == BOT_USER_ID {
        let profile = json!({"real_name": "Countersign", "display_name": BOT_NAME, "bot_id": BOT_ID, "team": TEAM_ID});
        let shape = json!({"id": BOT_USER_ID, "team_id": TEAM_ID, "name": BOT_NAME, "deleted": false,
            "real_name": "Countersign", "is_bot": true, "is_app_user": false, "profile": profile});
        return Ok(json!({"ok": true, "user": shape}));
    }
    let person = PEOPLE.iter().find(|person| person.user_id == user).ok_or(Refusal::new("user_not_found"))?;
    Ok(json!({"ok": true, "user": user_shape(person)}))
}

fn users_lookup_by_email(_: &mut Slack, arguments: &Arguments, _: Micros) -> Result<Value, Refusal> {
    let email = arguments.required("email")?;
    let person = find_person(&email).filter(|person| person.email.eq_ignore_ascii_case(&email));
    Ok(json!({"ok": true, "user": user_shape(person.ok_or(Refusal::new("users_not_found"))?)}))
}

fn views_open(slack: &mut Slack, arguments: &Arguments, now: Micros) -> Result<Value, Refusal> {
    let trigger_id = arguments.required("trigger_id")?;
    let view = slack.open_view(&trigger_id, &view(arguments)?, now)?;
    Ok(json!({"ok": true, "view": view}))
}

fn views_push(slack: &mut Slack, arguments: &Arguments, now: Micros) -> Result<Value, Refusal> {
    let trigger_id = arguments.required("trigger_id")?;
    let view = slack.push_view(&trigger_id, &view(arguments)?, now)?;
    Ok(json!({"ok": true, "view": view}))
}

fn views_update(slack: &mut Slack, arguments: &Arguments, now: Micros) -> Result<Value, Refusal> {
    let id = arguments.text("view_id").or_else(|| arguments.text("external_id"));
    let id = id.ok_or_else(|| Refusal::missing("view_id"))?;
    let view = slack.update_view(&id, arguments.text("hash").as_deref(), &view(arguments)?, now)?;
    Ok(json!({"ok": true, "view": view}))
}

fn views_publish(slack: &mut Slack, arguments: &Arguments, now: Micros) -> Result<Value, Refusal> {
    let user = arguments.required("user_id")?;
    if !PEOPLE.iter().any(|person| person.user_id == user) {
        return Err(Refusal::with("invalid_arguments", vec!["invalid `user_id`".to_owned()]));
    }
    let view = slack.publish_view(&user, arguments.text("hash").as_deref(), &view(arguments)?, now)?;
    Ok(json!({"ok": true, "view": view}))
}

/// A conversation the app may post to.
fn joined(slack: &Slack, asked: &str) -> Result<Channel, Refusal> {
    let channel = slack.channel(asked).ok_or(Refusal::new("channel_not_found"))?;
    if channel.has(BOT_USER_ID) { Ok(channel.clone()) } else { Err(Refusal::new("not_in_channel")) }
}

fn content(arguments: &Arguments) -> Result<Content, Refusal> {
    let blocks = match arguments.json("blocks") {
        Ok(None) => None,
        Ok(Some(Value::Array(blocks))) => Some(blocks),
        Ok(Some(_)) | Err(()) => return Err(Refusal::new("invalid_blocks_format")),
    };
    let metadata = arguments.json("metadata").map_err(|()| Refusal::new("invalid_metadata_format"))?;
    if !matches!(arguments.json("attachments"), Ok(None)) {
        // Ours, not Slack's: better than to drop what the caller meant people to see.
        return Err(Refusal::with("invalid_arguments", vec!["the local Slack has no attachments".to_owned()]));
    }
    Ok(Content { text: arguments.text("text"), blocks, metadata })
}

fn view(arguments: &Arguments) -> Result<Value, Refusal> {
    match arguments.json("view") {
        Ok(Some(view)) => Ok(view),
        Ok(None) => Err(Refusal::missing("view")),
        Err(()) => {
            Err(Refusal::with("invalid_arguments", vec!["must provide an object [json-pointer:/view]".to_owned()]))
        }
    }
}

fn user_shape(person: &Person) -> Value {
    json!({
        "id": person.user_id,
        "team_id": workspace::TEAM_ID,
        "name": person.name,
        "deleted": false,
        "real_name": person.real_name,
        "tz": "Etc/UTC",
        "tz_label": "UTC",
        "tz_offset": 0,
        "profile": {
            "real_name": person.real_name,
            "real_name_normalized": person.real_name,
            "display_name": person.name,
            "display_name_normalized": person.name,
            "email": person.email,
            "team": workspace::TEAM_ID,
        },
        "is_admin": false,
        "is_owner": false,
        "is_restricted": false,
        "is_ultra_restricted": false,
        "is_bot": false,
        "is_app_user": false,
        "is_stranger": false,
    })
}
