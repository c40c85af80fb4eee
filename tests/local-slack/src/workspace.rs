//! The sample workspace: its people, its channels and the installed app.

use serde::Serialize;

/// The workspace.
pub const TEAM_ID: &str = "T0COUNTER1";
/// The workspace's subdomain.
pub const TEAM_DOMAIN: &str = "countersign-local";
/// The installed app.
pub const APP_ID: &str = "A0COUNTER1";
/// The app's user.
pub const BOT_USER_ID: &str = "U0COUNTER1";
/// The app's bot.
pub const BOT_ID: &str = "B0COUNTER1";
/// The app's name as a user.
pub const BOT_NAME: &str = "countersign";
/// The channel approvals are posted to; the app and all people are in it.
pub const APPROVALS: &str = "C0APPROVALS";
/// A channel the people are in and the app is not.
pub const GENERAL: &str = "C0GENERAL1";

/// One person of the workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Person {
    /// Slack's user id.
    pub user_id: &'static str,
    /// Handle.
    pub name: &'static str,
    /// Full name.
    pub real_name: &'static str,
    /// E-mail address.
    pub email: &'static str,
}

/// Everyone in the workspace.
pub const PEOPLE: [Person; 5] = [
    person("U0ALICE01", "alice", "Alice Abara", "alice@example.com"),
    person("U0BOB00001", "bob", "Bob Brandt", "bob@example.com"),
    person("U0CAROL001", "carol", "Carol Costa", "carol@example.com"),
    person("U0DAVE0001", "dave", "Dave Dahl", "dave@example.com"),
    person("U0MALLORY1", "mallory", "Mallory Marsh", "mallory@example.com"),
];

const fn person(user_id: &'static str, name: &'static str, real_name: &'static str, email: &'static str) -> Person {
    Person { user_id, name, real_name, email }
}

/// Finds a person by user id, handle or e-mail address.
pub fn find_person(whom: &str) -> Option<&'static Person> {
    PEOPLE
        .iter()
        .find(|person| person.user_id == whom || person.name == whom || person.email.eq_ignore_ascii_case(whom))
}

/// What sort of conversation a channel is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum ChannelKind {
    /// A channel with a name.
    Public,
    /// One person and the app.
    Direct,
    /// Several people and the app.
    Group,
}

/// A conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Channel {
    /// Slack's channel id.
    pub id: String,
    /// The name without `#`, or what Slack calls an unnamed conversation in a slash command.
    pub name: String,
    /// What sort of conversation it is.
    pub kind: ChannelKind,
    /// User ids of everyone in it, the app included.
    pub members: Vec<String>,
}

impl Channel {
    /// Whether a user is in it.
    pub fn has(&self, user_id: &str) -> bool {
        self.members.iter().any(|member| member == user_id)
    }
}

/// The channels that exist before anyone opens a conversation.
pub(crate) fn channels() -> Vec<Channel> {
    let people = || PEOPLE.iter().map(|person| person.user_id.to_owned());
    let public = |id: &str, name: &str, members| Channel {
        id: id.to_owned(),
        name: name.to_owned(),
        kind: ChannelKind::Public,
        members,
    };
    vec![
        public(APPROVALS, "approvals", people().chain([BOT_USER_ID.to_owned()]).collect()),
        public(GENERAL, "general", people().collect()),
    ]
}

/// The conversation of the app with `user_ids`; its id is made from theirs, so it is the same each time it is opened.
pub(crate) fn conversation(user_ids: &[&str]) -> Channel {
    let mut members: Vec<String> = user_ids.iter().map(|&id| id.to_owned()).collect();
    members.sort_unstable();
    members.dedup();
    let (prefix, name, kind) = match members.len() {
        0 | 1 => ("D", "directmessage", ChannelKind::Direct),
        _ => ("G", "privategroup", ChannelKind::Group),
    };
    let rest: String = members.iter().map(|id| id.trim_start_matches('U')).collect();
    members.push(BOT_USER_ID.to_owned());
    Channel { id: format!("{prefix}{rest}"), name: name.to_owned(), kind, members }
}
