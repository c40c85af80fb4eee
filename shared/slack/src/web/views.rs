//! Modals and Home tabs.
//! Source: <https://docs.slack.dev/surfaces/modals>, <https://docs.slack.dev/surfaces/app-home>.

use model::names::SlackUser;
use serde_json::{Map, Value, json};

use super::sending::{OPENING, Pace, SHOWING};
use super::{Client, WebError, user_id};
use crate::blocks::View;
use crate::payload::is_token;

/// A modal that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenedView {
    /// Its id: `V…`.
    pub id: String,
    /// How new it is: another update of it changes this.
    pub hash: String,
}

impl Client {
    /// Opens a modal for whoever did what the trigger came with, at most 3 s ago; a trigger opens one. Takes 2 s at most.
    ///
    /// # Errors
    /// See [`WebError`].
    pub async fn open_view(&self, trigger_id: &str, view: &View) -> Result<OpenedView, WebError> {
        self.show("views.open", [("trigger_id", json!(trigger_id))], view.shape(), &OPENING).await
    }

    /// Replaces a modal that is open; with a hash, only if nothing has changed it since. Takes 2 s at most.
    ///
    /// # Errors
    /// See [`WebError`].
    pub async fn update_view(&self, id: &str, hash: Option<&str>, view: &View) -> Result<OpenedView, WebError> {
        let which = [("view_id", json!(id))].into_iter().chain(hash.map(|hash| ("hash", json!(hash))));
        self.show("views.update", which, view.shape(), &SHOWING).await
    }

    /// Sets somebody's Home tab. Takes 2 s at most.
    ///
    /// # Errors
    /// See [`WebError`].
    pub async fn publish_home(&self, user: &SlackUser, view: &View) -> Result<(), WebError> {
        self.show("views.publish", [("user_id", json!(user_id(user)))], view.shape(), &SHOWING).await.map(drop)
    }

    pub(super) async fn show(
        &self,
        method: &'static str,
        which: impl IntoIterator<Item = (&'static str, Value)>,
        view: &Value,
        pace: &Pace,
    ) -> Result<OpenedView, WebError> {
        let mut arguments: Map<String, Value> =
            which.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        arguments.insert("view".to_owned(), view.clone());
        let answer = self.call(method, arguments, pace).await?;
        let token = |pointer: &str| answer.pointer(pointer).and_then(Value::as_str).filter(|id| is_token(id));
        match (token("/view/id"), token("/view/hash")) {
            (Some(id), Some(hash)) => Ok(OpenedView { id: id.to_owned(), hash: hash.to_owned() }),
            _ => Err(WebError::Unreadable { why: "it does not say which view" }),
        }
    }
}
