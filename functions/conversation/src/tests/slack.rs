//! A Slack in memory: it shows what it is asked to, keeps what people put in, and refuses or dawdles as told.

use crate::{NotShown, SlackSide};
use ::slack::blocks::{Message, View};
use ::slack::signature::Signatures;
use ::slack::web::OpenedView;
use ::slack::workspace::ResponseUrl;
use model::names::SlackUser;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard};
use workflow::double::World;
use workflow::ports::Fault;

use super::SECRET;

/// What goes wrong with a call of Slack.
#[derive(Debug, Clone, Copy)]
pub(super) enum Trouble {
    /// Slack says no, and will say so again.
    Refused(&'static str),
    /// Slack is down.
    Down,
    /// Slack does it, and answers too late.
    TooSlow,
}

/// A view that somebody has in front of them.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub(super) shape: Value,
    pub(super) hash: String,
    /// What is chosen and typed in it.
    pub(super) values: Map<String, Value>,
}

#[derive(Default)]
pub(super) struct Side {
    pub(super) trouble: Option<Trouble>,
    /// How often others have their turn before a view is opened.
    pub(super) dawdles: u32,
    pub(super) views: BTreeMap<String, Kept>,
    /// The kinds of views that were opened, with their ids, in order.
    pub(super) opened: Vec<(String, String)>,
    /// The views that were replaced, with the hash that was named.
    pub(super) updated: Vec<(String, Option<String>)>,
    /// Whose Home tab was set.
    pub(super) published: Vec<String>,
    pub(super) told: Vec<Message>,
    spent: BTreeSet<String>,
    number: u32,
    /// What the policy had been asked for when a view was opened.
    pub(super) policy_reads: Vec<u64>,
}

impl Side {
    fn next(&mut self) -> u32 {
        self.number = self.number.saturating_add(1);
        self.number
    }

    /// What Slack does with a call before or instead of doing it.
    fn met(&self) -> Result<(), NotShown> {
        let not = |code: &str, passes| Err(NotShown { code: code.to_owned(), passes });
        match self.trouble {
            Some(Trouble::Refused(code)) => not(code, false),
            Some(Trouble::Down) => not("http_503", true),
            Some(Trouble::TooSlow) | None => Ok(()),
        }
    }

    /// What Slack answers to what it has done.
    fn answered<T>(&self, answer: T) -> Result<T, NotShown> {
        match self.trouble {
            Some(Trouble::TooSlow) => Err(NotShown { code: "slack_too_slow".to_owned(), passes: true }),
            Some(Trouble::Refused(_) | Trouble::Down) | None => Ok(answer),
        }
    }

    /// Shows a view. What was put into a block stays as long as the block does.
    pub(super) fn show(&mut self, id: &str, shape: &Value) -> String {
        assert_eq!(local_slack::check_view_shape(shape), [""; 0], "{shape:#}");
        let hash = format!("1795201200.{}", self.next());
        let mut values = initial_values(shape);
        if let Some(before) = self.views.get(id) {
            for (block, state) in &mut values {
                if let Some(kept) = before.values.get(block) {
                    *state = kept.clone();
                }
            }
        }
        self.views.insert(id.to_owned(), Kept { shape: shape.clone(), hash: hash.clone(), values });
        hash
    }
}

/// What the fields of a view hold at first.
fn initial_values(shape: &Value) -> Map<String, Value> {
    let mut values = Map::new();
    for block in shape["blocks"].as_array().unwrap().iter().filter(|block| block["type"] == "input") {
        let element = &block["element"];
        let initial = |name: &str| element.get(name).cloned().unwrap_or_default();
        let state = match element["type"].as_str().unwrap() {
            kind @ ("external_select" | "static_select") => {
                json!({"type": kind, "selected_option": initial("initial_option")})
            }
            "multi_static_select" => {
                let chosen = element.get("initial_options").cloned().unwrap_or(json!([]));
                json!({"type": "multi_static_select", "selected_options": chosen})
            }
            kind => json!({"type": kind, "value": initial("initial_value")}),
        };
        let action = element["action_id"].as_str().unwrap();
        values.insert(block["block_id"].as_str().unwrap().to_owned(), json!({action: state}));
    }
    values
}

/// A world, and Slack on the other side.
pub(super) struct Site {
    pub(super) world: World,
    side: Mutex<Side>,
}

aws::delegate! {
    Site {
        world: LoadRequest, LoadRequests, CommitRequest, LoadEntries, ListRequests, FindByKey, Policies, Clock, Identifiers;
    }
}

impl SlackSide for Site {
    async fn signatures(&self) -> Result<Signatures, Fault> {
        Ok(Signatures::new(vec![SECRET.to_owned().into()]).unwrap())
    }

    async fn tell(&self, _url: &ResponseUrl, message: &Message) {
        let shape = serde_json::to_value(message).unwrap();
        assert_eq!(local_slack::check_message(&shape), [""; 0], "{shape:#}");
        self.side().told.push(message.clone());
    }

    async fn open(&self, trigger_id: &str, view: &View) -> Result<OpenedView, NotShown> {
        for _ in 0..self.dawdles() {
            tokio::task::yield_now().await;
        }
        let reads = self.world.policy_reads();
        let mut side = self.side();
        side.met()?;
        if !side.spent.insert(trigger_id.to_owned()) {
            return Err(NotShown { code: "exchanged_trigger_id".to_owned(), passes: false });
        }
        side.policy_reads.push(reads);
        let id = format!("V{:04}", side.next());
        let hash = side.show(&id, view.shape());
        side.opened.push((view.shape()["callback_id"].as_str().unwrap().to_owned(), id.clone()));
        side.answered(OpenedView { id, hash })
    }

    async fn update(&self, id: &str, hash: Option<&str>, view: &View) -> Result<(), NotShown> {
        let mut side = self.side();
        side.met()?;
        side.updated.push((id.to_owned(), hash.map(str::to_owned)));
        let Some(kept) = side.views.get(id) else {
            return Err(NotShown { code: "not_found".to_owned(), passes: false });
        };
        if hash.is_some_and(|hash| hash != kept.hash) {
            return Err(NotShown { code: "hash_conflict".to_owned(), passes: false });
        }
        side.show(id, view.shape());
        side.answered(())
    }

    async fn publish_home(&self, user: &SlackUser, view: &View) -> Result<(), NotShown> {
        let mut side = self.side();
        side.met()?;
        let user = user.as_str().rsplit('/').next().unwrap().to_owned();
        side.show(&home_of(&user), view.shape());
        side.published.push(user);
        side.answered(())
    }
}

/// The id of somebody's Home tab.
pub(super) fn home_of(user: &str) -> String {
    format!("VHOME{user}")
}

impl Site {
    /// A world in which nothing happened yet.
    pub(super) fn new() -> Self {
        Self { world: World::new("2026-11-20T12:00:00Z".parse().unwrap()), side: Mutex::default() }
    }

    pub(super) fn side(&self) -> MutexGuard<'_, Side> {
        self.side.lock().unwrap()
    }

    fn dawdles(&self) -> u32 {
        self.side().dawdles
    }

    /// From now on this happens to every call of Slack.
    pub(super) fn trouble(&self, trouble: Option<Trouble>) {
        self.side().trouble = trouble;
    }

    /// The view with this id, as it is shown.
    pub(super) fn view(&self, id: &str) -> Value {
        self.side().views[id].shape.clone()
    }

    /// Whether `words` are anywhere in that view.
    pub(super) fn view_says(&self, id: &str, words: &str) -> bool {
        self.view(id).to_string().contains(words)
    }

    /// The modal that was opened last: its kind and its id.
    pub(super) fn front(&self) -> (String, String) {
        self.side().opened.last().unwrap().clone()
    }

    /// What was told privately since this was asked last: one message.
    pub(super) fn take_told(&self) -> String {
        let told = std::mem::take(&mut self.side().told);
        assert_eq!(told.len(), 1, "{told:?}");
        serde_json::to_string(&told[0]).unwrap()
    }

    /// Nothing was shown or told to anybody.
    pub(super) fn is_untouched(&self) -> bool {
        let side = self.side();
        side.opened.is_empty() && side.updated.is_empty() && side.published.is_empty() && side.told.is_empty()
    }
}
