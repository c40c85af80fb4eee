//! Modals and home tabs: opened with a trigger id, stacked, updated by id and hash.

pub(crate) mod values;

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::blocks::{as_posted, check_view};
use crate::clock::Micros;
use crate::limits;
use crate::refusal::Refusal;
use crate::state::Slack;
use crate::workspace::{APP_ID, BOT_ID, TEAM_ID};
use values::{Values, carried_over};

/// A view a person has open, or the person's home tab.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct View {
    pub(crate) id: String,
    pub(crate) user: String,
    pub(crate) hash: String,
    /// The view in Slack's own shape.
    pub(crate) shape: Value,
    /// What the person was told is wrong, by block id.
    pub(crate) errors: Map<String, Value>,
}

impl View {
    /// Whether it is a modal, not a home tab.
    pub(crate) fn is_modal(&self) -> bool {
        self.shape.get("type").and_then(Value::as_str) == Some("modal")
    }

    /// Its blocks, as Slack gives them back.
    pub(crate) fn blocks(&self) -> &[Value] {
        self.shape.get("blocks").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
    }

    /// What the person has put in.
    pub(crate) fn values(&self) -> Values {
        self.shape.pointer("/state/values").and_then(Value::as_object).cloned().unwrap_or_default()
    }

    /// Keeps what the person has put in.
    pub(crate) fn set_values(&mut self, values: &Values) {
        if let Some(state) = self.shape.get_mut("state") {
            *state = json!({"values": values});
        }
    }

    /// A flag of the view, false unless set.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.shape.get(name) == Some(&Value::Bool(true))
    }

    /// The view with what the person was told is wrong, for a reader.
    pub(crate) fn with_errors(&self) -> Value {
        let mut shape = self.shape.clone();
        if let Value::Object(fields) = &mut shape {
            fields.insert("errors".to_owned(), Value::Object(self.errors.clone()));
        }
        shape
    }
}

/// Where a view stands: `previous` is the modal below it.
#[derive(Default)]
struct Standing {
    id: Option<String>,
    root: Option<String>,
    previous: Option<String>,
}

impl Slack {
    /// `views.open`: shows a modal to whoever made the trigger. A person has one stack of modals: what was open goes.
    pub(crate) fn open_view(&mut self, trigger_id: &str, view: &Value, now: Micros) -> Result<Value, Refusal> {
        let fields = checked(view, "modal")?;
        self.unique(&fields, None)?;
        let (user, _) = self.exchange(trigger_id, now)?;
        self.close_all(&user);
        Ok(self.keep_view(Standing::default(), &user, fields, now))
    }

    /// `views.push`: puts a modal onto the one in which the trigger was made.
    pub(crate) fn push_view(&mut self, trigger_id: &str, view: &Value, now: Micros) -> Result<Value, Refusal> {
        let fields = checked(view, "modal")?;
        self.unique(&fields, None)?;
        let from = self.triggers.get(trigger_id).and_then(|trigger| trigger.view.clone());
        let open = from.is_some_and(|from| self.views.iter().any(|view| view.id == from && view.is_modal()));
        if self.triggers.contains_key(trigger_id) && !open {
            return Err(Refusal::new("invalid_trigger_id"));
        }
        let (user, _) = self.exchange(trigger_id, now)?;
        self.put_on_top(&user, fields, now)
    }

    /// Puts a modal on top, as an app's answer to a submission asks for it.
    pub(crate) fn push_answer(&mut self, user: &str, view: &Value, now: Micros) -> Result<Value, Refusal> {
        let fields = checked(view, "modal")?;
        self.unique(&fields, None)?;
        self.put_on_top(user, fields, now)
    }

    fn put_on_top(&mut self, user: &str, fields: Map<String, Value>, now: Micros) -> Result<Value, Refusal> {
        let stack = self.modals(user);
        if stack.len() >= limits::MODALS_STACKED {
            return Err(Refusal::new("push_limit_reached"));
        }
        let standing = Standing {
            id: None,
            root: stack.first().map(|view| view.id.clone()),
            previous: stack.last().map(|view| view.id.clone()),
        };
        Ok(self.keep_view(standing, user, fields, now))
    }

    /// `views.update`: replaces a modal, if it is still as the caller saw it.
    pub(crate) fn update_view(
        &mut self,
        id: &str,
        hash: Option<&str>,
        view: &Value,
        now: Micros,
    ) -> Result<Value, Refusal> {
        let fields = checked(view, "modal")?;
        let known = self
            .views
            .iter()
            .find(|known| known.is_modal() && (known.id == id || named(&known.shape, id)))
            .ok_or(Refusal::new("not_found"))?;
        if hash.is_some_and(|hash| hash != known.hash) {
            return Err(Refusal::new("hash_conflict"));
        }
        let (id, user) = (known.id.clone(), known.user.clone());
        let link = |name: &str| known.shape.get(name).and_then(Value::as_str).map(str::to_owned);
        let (root, previous) = (link("root_view_id"), link("previous_view_id"));
        self.unique(&fields, Some(&id))?;
        Ok(self.keep_view(Standing { id: Some(id), root, previous }, &user, fields, now))
    }

    /// `views.publish`: sets a person's home tab.
    pub(crate) fn publish_view(
        &mut self,
        user: &str,
        hash: Option<&str>,
        view: &Value,
        now: Micros,
    ) -> Result<Value, Refusal> {
        let fields = checked(view, "home")?;
        let known = self.home(user);
        if let (Some(known), Some(hash)) = (known, hash)
            && known.hash != hash
        {
            return Err(Refusal::new("hash_conflict"));
        }
        let id = known.map(|known| known.id.clone());
        self.unique(&fields, id.as_deref())?;
        Ok(self.keep_view(Standing { id, ..Standing::default() }, user, fields, now))
    }

    /// A person's modals, the one in front last.
    pub(crate) fn modals(&self, user: &str) -> Vec<&View> {
        self.views.iter().filter(|view| view.user == user && view.is_modal()).collect()
    }

    /// A person's home tab, if one was published.
    pub(crate) fn home(&self, user: &str) -> Option<&View> {
        self.views.iter().find(|view| view.user == user && !view.is_modal())
    }

    /// What a person can act in: the modal in front, or the home tab.
    pub(crate) fn view_in_front(&self, user: &str, id: &str) -> Option<&View> {
        let modal = self.modals(user).last().copied();
        modal.into_iter().chain(self.home(user)).find(|view| view.id == id)
    }

    /// Finds a view to change it.
    pub(crate) fn view_mut(&mut self, id: &str) -> Option<&mut View> {
        self.views.iter_mut().find(|view| view.id == id)
    }

    /// Takes a view away.
    pub(crate) fn close_view(&mut self, id: &str) {
        self.views.retain(|view| view.id != id);
    }

    /// Takes all of a person's modals away.
    pub(crate) fn close_all(&mut self, user: &str) {
        self.views.retain(|view| view.user != user || !view.is_modal());
    }

    /// A person's views, for a reader.
    pub(crate) fn describe_views(&self, user: &str) -> Value {
        let modals: Vec<Value> = self.modals(user).into_iter().map(View::with_errors).collect();
        json!({"modals": modals, "home": self.home(user).map(View::with_errors)})
    }

    /// Uses a trigger up: says who made it, and in which modal.
    fn exchange(&mut self, trigger_id: &str, now: Micros) -> Result<(String, Option<String>), Refusal> {
        let trigger = self.triggers.get_mut(trigger_id).ok_or(Refusal::new("invalid_trigger_id"))?;
        if trigger.used {
            return Err(Refusal::new("exchanged_trigger_id"));
        }
        if now > trigger.expires {
            return Err(Refusal::new("expired_trigger_id"));
        }
        trigger.used = true;
        Ok((trigger.user.clone(), trigger.view.clone()))
    }

    /// Refuses an external id that another view has.
    fn unique(&self, fields: &Map<String, Value>, own: Option<&str>) -> Result<(), Refusal> {
        let external_id = fields.get("external_id").and_then(Value::as_str).unwrap_or_default();
        let others = self.views.iter().filter(|view| own != Some(view.id.as_str()));
        if others.into_iter().any(|view| named(&view.shape, external_id)) {
            return Err(Refusal::new("duplicate_external_id"));
        }
        Ok(())
    }

    fn keep_view(&mut self, standing: Standing, user: &str, mut fields: Map<String, Value>, now: Micros) -> Value {
        let id = standing.id.unwrap_or_else(|| format!("V{}", self.next_secret().to_uppercase()));
        let hash = self.next_ts(now);
        let blocks = fields.get("blocks").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let blocks = as_posted(blocks, &hash);
        let known = self.views.iter().position(|view| view.id == id);
        let before = known.and_then(|at| self.views.get(at)).map(View::values).unwrap_or_default();
        let values = carried_over(&blocks, &before);
        for name in ["private_metadata", "callback_id", "external_id"] {
            fields.entry(name).or_insert(json!(""));
        }
        for name in ["clear_on_close", "notify_on_close"] {
            fields.entry(name).or_insert(json!(false));
        }
        for (name, value) in [
            ("id", json!(id)),
            ("hash", json!(hash)),
            ("blocks", json!(blocks)),
            ("team_id", json!(TEAM_ID)),
            ("app_id", json!(APP_ID)),
            ("app_installed_team_id", json!(TEAM_ID)),
            ("bot_id", json!(BOT_ID)),
            ("state", json!({"values": values})),
            ("root_view_id", json!(standing.root.unwrap_or_else(|| id.clone()))),
            ("previous_view_id", json!(standing.previous)),
        ] {
            fields.insert(name.to_owned(), value);
        }
        let shape = Value::Object(fields);
        let view = View { id, user: user.to_owned(), hash, shape: shape.clone(), errors: Map::new() };
        match known.and_then(|at| self.views.get_mut(at)) {
            Some(place) => *place = view,
            None => self.views.push(view),
        }
        shape
    }
}

fn named(view: &Value, external_id: &str) -> bool {
    !external_id.is_empty() && view.get("external_id").and_then(Value::as_str) == Some(external_id)
}

fn checked(view: &Value, kind: &str) -> Result<Map<String, Value>, Refusal> {
    let Value::Object(fields) = view else {
        return Err(Refusal::with("invalid_arguments", vec!["must provide an object [json-pointer:/view]".to_owned()]));
    };
    if view.to_string().len() > limits::VIEW_BYTES {
        return Err(Refusal::new("view_too_large"));
    }
    let mut findings = check_view(fields);
    if findings.is_empty() && fields.get("type").and_then(Value::as_str) != Some(kind) {
        findings.push("unsupported type [json-pointer:/view/type]".to_owned());
    }
    if findings.is_empty() { Ok(fields.clone()) } else { Err(Refusal::with("invalid_arguments", findings)) }
}

#[cfg(test)]
mod tests;
