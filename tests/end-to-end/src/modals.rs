//! Slack's modals and Home tab, as a person uses them.

use std::time::Duration;

use serde_json::{Value, json};

use crate::chat::{Chat, Outcome, outcome};
use crate::failure::Failure;
use crate::waiting::until;

/// How long a modal may take to be what it should be.
const PATIENCE: Duration = Duration::from_mins(1);

/// A modal that somebody has open, or their Home tab.
#[derive(Debug, Clone)]
pub struct View(pub Value);

impl View {
    /// Its id.
    pub fn id(&self) -> &str {
        self.text("id")
    }

    /// What kind of view it is.
    pub fn kind(&self) -> &str {
        self.text("callback_id")
    }

    fn text(&self, name: &str) -> &str {
        self.0.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// Whether `words` are anywhere in it.
    pub fn says(&self, words: &str) -> bool {
        self.0.get("blocks").is_some_and(|blocks| blocks.to_string().contains(words))
    }

    /// What is said to be wrong, by block.
    pub fn errors(&self) -> Value {
        self.0.get("errors").cloned().unwrap_or_default()
    }

    /// The block of `field`.
    pub fn block(&self, field: &str) -> Option<&str> {
        let blocks = self.0.get("blocks")?.as_array()?;
        let ids = blocks.iter().filter_map(|block| block.get("block_id")?.as_str());
        ids.into_iter().find(|id| id.split('.').next() == Some(field))
    }

    /// The value of the option of `field` that is called `label`.
    pub fn option(&self, field: &str, label: &str) -> Option<String> {
        let blocks = self.0.get("blocks")?.as_array()?;
        let block = blocks.iter().find(|block| {
            block.get("block_id").and_then(Value::as_str).is_some_and(|id| id.split('.').next() == Some(field))
        })?;
        let options = block.pointer("/element/options")?.as_array()?;
        let option =
            options.iter().find(|option| option.pointer("/text/text").and_then(Value::as_str) == Some(label))?;
        option.get("value")?.as_str().map(str::to_owned)
    }
}

impl Chat {
    /// What somebody has open: their modals from the bottom up, and their Home tab.
    ///
    /// # Errors
    /// The local Slack does not answer.
    pub async fn views(&self, user: &str) -> Result<(Vec<View>, Option<View>), Failure> {
        let found = self.get(&format!("views?user={user}")).await?;
        let modals = found.get("modals").and_then(Value::as_array).cloned().unwrap_or_default();
        let home = found.get("home").filter(|home| !home.is_null()).cloned();
        Ok((modals.into_iter().map(View).collect(), home.map(View)))
    }

    /// Waits until the modal in front of `user` is as wanted.
    ///
    /// # Errors
    /// It does not become so.
    pub async fn modal(&self, what: &str, user: &str, wanted: impl Fn(&View) -> bool) -> Result<View, Failure> {
        until(what, PATIENCE, || async {
            let (modals, _) = self.views(user).await?;
            Ok(modals.into_iter().next_back().filter(|view| wanted(view)))
        })
        .await
    }

    /// Types into a field with choices of our own: what is offered, by value.
    ///
    /// # Errors
    /// There is no such field.
    pub async fn offered(&self, user: &str, view: &View, field: &str, typed: &str) -> Result<Vec<String>, Failure> {
        let act = json!({"user": user, "viewId": view.id(), "actionId": field, "value": typed});
        let answer = self.control("options", &act).await?;
        let options = answer.pointer("/options/options").and_then(Value::as_array).cloned().unwrap_or_default();
        Ok(options.iter().filter_map(|option| option.get("value")?.as_str().map(str::to_owned)).collect())
    }

    /// Chooses in a field of a modal, or presses a button in it or in the Home tab.
    ///
    /// # Errors
    /// There is no such field or button.
    pub async fn choose(&self, user: &str, view: &View, field: &str, choice: Value) -> Result<Outcome, Failure> {
        let mut act = json!({"user": user, "viewId": view.id(), "actionId": field});
        if let (Some(act), Value::Object(choice)) = (act.as_object_mut(), choice) {
            act.extend(choice);
        }
        outcome(self.control("press", &act).await?)
    }

    /// Sends a modal with what was typed: texts by field.
    ///
    /// # Errors
    /// There is no such modal.
    pub async fn submit(&self, user: &str, view: &View, texts: &[(&str, &str)]) -> Result<Value, Failure> {
        let values: serde_json::Map<String, Value> = texts
            .iter()
            .filter_map(|(field, text)| {
                let block = view.block(field)?.to_owned();
                Some((block, json!({*field: {"type": "plain_text_input", "value": text}})))
            })
            .collect();
        self.control("submit", &json!({"user": user, "viewId": view.id(), "values": values})).await
    }
}
