//! `infra/slack-manifest.yaml`, held to the routes, the ids and the calls of the code, and to Slack's limits.

use std::collections::BTreeSet;

use crate::Complaints;
use crate::yaml::{self, Node};

/// Where the manifest's addresses begin, until somebody puts their own there.
pub const PLACEHOLDER: &str = "https://api.invalid";

/// What the manifest names, and where the deployed route for it is.
const ADDRESSES: &[(&[&str], &str)] = &[
    (&["settings", "interactivity", "request_url"], "/slack/interactions"),
    (&["settings", "interactivity", "message_menu_options_url"], "/slack/options"),
    (&["settings", "event_subscriptions", "request_url"], "/slack/events"),
];

/// The scope that a method of the Web API takes, and what for; no scope: any token will do.
/// Source: <https://docs.slack.dev/reference/methods>, one page for each.
const METHODS: &[(&str, Option<&str>)] = &[
    // Cards, their threads, direct messages, and bringing them up to date.
    ("chat.postMessage", Some("chat:write")),
    ("chat.postEphemeral", Some("chat:write")),
    ("chat.update", Some("chat:write")),
    // The direct conversation with one person.
    ("conversations.open", Some("im:write")),
    // Views belong to the app itself.
    ("views.open", None),
    ("views.update", None),
    ("views.publish", None),
];

/// The scope that slash commands and shortcuts take.
const COMMANDS: &str = "commands";

/// Texts, and the most characters that Slack takes.
/// Source: <https://docs.slack.dev/reference/app-manifest>.
const LENGTHS: &[(&[&str], usize)] = &[
    (&["display_information", "name"], 35),
    (&["display_information", "description"], 140),
    (&["features", "bot_user", "display_name"], 80),
];

/// The same of each shortcut.
const SHORTCUT_LENGTHS: &[(&str, usize)] = &[("name", 24), ("callback_id", 255), ("description", 150)];

/// The same of each slash command.
const COMMAND_LENGTHS: &[(&str, usize)] =
    &[("command", 32), ("url", 3_000), ("description", 2_000), ("usage_hint", 1_000)];

/// The manifest.
#[derive(Debug, Clone)]
pub struct Manifest {
    root: Node,
    lines: Vec<String>,
}

impl Manifest {
    /// Reads it.
    ///
    /// # Errors
    /// If it is no YAML.
    pub fn read(text: &str) -> Result<Self, String> {
        Ok(Self { root: yaml::read(text)?, lines: text.lines().map(str::to_owned).collect() })
    }

    fn list(&self, keys: &[&str]) -> &[Node] {
        self.root.at(keys).map(Node::items).unwrap_or_default()
    }

    fn shortcuts(&self) -> &[Node] {
        self.list(&["features", "shortcuts"])
    }

    fn commands(&self) -> &[Node] {
        self.list(&["features", "slash_commands"])
    }

    fn is_on(&self, keys: &[&str]) -> bool {
        self.root.at(keys).is_some_and(|node| node.is("", "true"))
    }

    /// The scopes of the bot.
    pub fn scopes(&self) -> BTreeSet<&str> {
        self.list(&["oauth_config", "scopes", "bot"]).iter().filter_map(Node::text).collect()
    }
}

/// What the manifest has to agree with.
#[derive(Debug, Clone)]
pub struct Code {
    /// The deployed routes: `POST /slack/commands`.
    pub routes: Vec<String>,
    /// The slash command, as `infra/openapi.yaml` names it.
    pub command: String,
    /// The source of `shared/slack`, without its tests.
    pub slack: String,
}

impl Code {
    /// The methods of the Web API that the code calls.
    pub fn methods(&self) -> BTreeSet<&str> {
        let literals = self.slack.split('"').skip(1).step_by(2);
        literals.filter(|word| is_method(word)).collect()
    }

    fn has_literal(&self, word: &str) -> bool {
        self.slack.contains(&format!("\"{word}\""))
    }
}

/// Whether `word` is the name of a method: two words with a dot between them, of a family that Slack has.
fn is_method(word: &str) -> bool {
    let families = ["chat", "conversations", "users", "usergroups", "views", "reactions", "files", "auth", "team"];
    word.split_once('.').is_some_and(|(family, verb)| {
        families.contains(&family) && !verb.is_empty() && verb.chars().all(|c| c.is_ascii_alphabetic() || c == '.')
    })
}

/// Every address is a deployed route, and every route for Slack is in the manifest.
pub fn address_complaints(manifest: &Manifest, code: &Code) -> Complaints {
    let mut complaints = Vec::new();
    let mut named = BTreeSet::new();
    for (keys, path) in ADDRESSES {
        match manifest.root.text_at(keys) {
            Some(url) if url == format!("{PLACEHOLDER}{path}") => {
                named.insert((*path).to_owned());
            }
            Some(url) => complaints.push(format!("{} is {url}, not {PLACEHOLDER}{path}", keys.join("."))),
            None => complaints.push(format!("{} is missing", keys.join("."))),
        }
    }
    for command in manifest.commands() {
        let url = command.text_at(&["url"]).unwrap_or_default();
        named.extend(url.strip_prefix(PLACEHOLDER).map(str::to_owned));
        if command.text_at(&["command"]) != Some(code.command.as_str()) {
            complaints.push(format!("the slash command is not {}", code.command));
        }
    }
    let served: BTreeSet<String> = code
        .routes
        .iter()
        .filter_map(|route| route.strip_prefix("POST ").filter(|path| path.starts_with("/slack/")))
        .map(str::to_owned)
        .collect();
    complaints.extend(named.difference(&served).map(|path| format!("{path} is no route")));
    complaints.extend(served.difference(&named).map(|path| format!("Slack is not told of {path}")));
    complaints
}

/// What Slack sends is what the code reads: shortcuts, events, and the tabs that the calls need.
pub fn surface_complaints(manifest: &Manifest, code: &Code) -> Complaints {
    let mut complaints = Vec::new();
    let shortcuts = manifest.shortcuts().iter().filter_map(|one| one.text_at(&["callback_id"]));
    let unknown: Vec<&str> = shortcuts.filter(|id| !code.has_literal(id)).collect();
    complaints.extend(unknown.iter().map(|id| format!("the code knows no shortcut {id}")));
    if manifest.shortcuts().is_empty() {
        complaints.push("there is no shortcut".to_owned());
    }
    let other = manifest.shortcuts().iter().filter(|one| one.text_at(&["type"]) != Some("global"));
    complaints.extend(other.map(|one| format!("line {}: the code reads global shortcuts only", one.line)));
    let events = manifest.list(&["settings", "event_subscriptions", "bot_events"]);
    let unread = events.iter().filter_map(Node::text).filter(|event| !code.has_literal(event));
    complaints.extend(unread.map(|event| format!("the code does not read the event {event}")));
    let tabs: [(&str, &str, &[&str]); 2] = [
        ("views.publish", "app_home_opened", &["features", "app_home", "home_tab_enabled"]),
        ("conversations.open", "", &["features", "app_home", "messages_tab_enabled"]),
    ];
    for (method, event, tab) in tabs {
        let told = event.is_empty() || events.iter().any(|node| node.text() == Some(event));
        if code.methods().contains(method) && !(told && manifest.is_on(tab)) {
            complaints.push(format!("{method} needs {} and the event {event:?}", tab.join(".")));
        }
    }
    if !manifest.is_on(&["settings", "interactivity", "is_enabled"]) {
        complaints.push("buttons and modals are switched off".to_owned());
    }
    for off in ["org_deploy_enabled", "socket_mode_enabled", "token_rotation_enabled"] {
        if !manifest.root.at(&["settings", off]).is_some_and(|node| node.is("", "false")) {
            complaints.push(format!("settings.{off} is not off; the code can't do that"));
        }
    }
    complaints
}

/// The scopes are those that the calls take, no more, and each says what it is for.
pub fn scope_complaints(manifest: &Manifest, code: &Code) -> Complaints {
    let mut complaints = Vec::new();
    let mut needed = BTreeSet::from([COMMANDS]);
    for method in code.methods() {
        match METHODS.iter().find(|(known, _)| *known == method) {
            Some((_, scope)) => needed.extend(*scope),
            None => complaints.push(format!("{method} is called, and it is not known here which scope it takes")),
        }
    }
    let granted = manifest.scopes();
    complaints.extend(needed.difference(&granted).map(|scope| format!("the scope {scope} is missing")));
    complaints.extend(granted.difference(&needed).map(|scope| format!("no call takes the scope {scope}")));
    for scope in manifest.list(&["oauth_config", "scopes", "bot"]) {
        let line = scope.line.checked_sub(1).and_then(|index| manifest.lines.get(index)).map_or("", String::as_str);
        if line.split_once('#').is_none_or(|(_, reason)| reason.trim().is_empty()) {
            complaints.push(format!("line {} does not say what the scope is for", scope.line));
        }
    }
    if manifest.root.at(&["oauth_config", "scopes", "user"]).is_some() {
        complaints.push("there are scopes of users; the code acts for nobody".to_owned());
    }
    complaints
}

/// Slack takes every text.
pub fn length_complaints(manifest: &Manifest) -> Complaints {
    let named = LENGTHS.iter().map(|(keys, most)| (keys.join("."), manifest.root.text_at(keys), *most));
    let all = |nodes: &'_ [Node], lengths: &[(&'static str, usize)]| {
        let mut found = Vec::new();
        for node in nodes {
            for (key, most) in lengths {
                found.push((format!("line {}, {key}", node.line), node.text_at(&[key]).map(str::to_owned), *most));
            }
        }
        found
    };
    let listed = [all(manifest.shortcuts(), SHORTCUT_LENGTHS), all(manifest.commands(), COMMAND_LENGTHS)].concat();
    let texts = named.map(|(place, text, most)| (place, text.map(str::to_owned), most)).chain(listed);
    texts
        .filter_map(|(place, text, most)| match text {
            None => Some(format!("{place} is missing")),
            Some(text) if text.is_empty() || text.chars().count() > most => {
                Some(format!("{place} takes 1 to {most} characters"))
            }
            Some(_) => None,
        })
        .collect()
}
