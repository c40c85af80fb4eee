//! Control calls, under `/_local/`: for tests, the demo and anyone who wants to act in the sample workspace.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::acting::{
    ActError, AskOptions, Close, Command, Home, Outcome, Press, RawRequest, Shortcut, Submit, Verify, person, visible,
};
use crate::clock::now;
use crate::faults::Fault;
use crate::message::{Content, Destination, Message, MessageFilter};
use crate::server::Shared;
use crate::state::SettingsChange;

/// A person writes a message; the app only sees that it is not its own.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Say {
    /// Who writes: user id, handle or e-mail address.
    pub user: String,
    /// Where: channel id or name.
    pub channel: String,
    /// What.
    pub text: String,
}

/// A control call that could not be carried out.
pub(crate) struct Failure(StatusCode, String);

impl axum::response::IntoResponse for Failure {
    fn into_response(self) -> Response {
        (self.0, Json(json!({"error": self.1}))).into_response()
    }
}

impl From<ActError> for Failure {
    fn from(error: ActError) -> Self {
        let status = match error {
            ActError::NoApiUrl | ActError::NotDispatched(_) | ActError::NoSubmit(_) => StatusCode::CONFLICT,
            ActError::NoPlace | ActError::Unfillable(_) => StatusCode::BAD_REQUEST,
            ActError::UnknownUser(_)
            | ActError::UnknownChannel { .. }
            | ActError::UnknownMessage { .. }
            | ActError::UnknownView { .. }
            | ActError::UnknownAction(_) => StatusCode::NOT_FOUND,
        };
        Self(status, error.to_string())
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(body).map_err(|error| Failure(StatusCode::BAD_REQUEST, error.to_string()))
}

pub(crate) async fn command(State(shared): State<Arc<Shared>>, body: Bytes) -> Result<Json<Outcome>, Failure> {
    let act: Command = read(&body)?;
    Ok(Json(shared.command(&act).await?))
}

pub(crate) async fn press(State(shared): State<Arc<Shared>>, body: Bytes) -> Result<Json<Outcome>, Failure> {
    let act: Press = read(&body)?;
    Ok(Json(shared.press(&act).await?))
}

pub(crate) async fn options(State(shared): State<Arc<Shared>>, body: Bytes) -> Result<Json<Outcome>, Failure> {
    let act: AskOptions = read(&body)?;
    Ok(Json(shared.options(&act).await?))
}

pub(crate) async fn submit(State(shared): State<Arc<Shared>>, body: Bytes) -> Result<Json<Outcome>, Failure> {
    let act: Submit = read(&body)?;
    Ok(Json(shared.submit(&act).await?))
}

pub(crate) async fn close(State(shared): State<Arc<Shared>>, body: Bytes) -> Result<Json<Outcome>, Failure> {
    let act: Close = read(&body)?;
    Ok(Json(shared.close(&act).await?))
}

pub(crate) async fn shortcut(State(shared): State<Arc<Shared>>, body: Bytes) -> Result<Json<Outcome>, Failure> {
    let act: Shortcut = read(&body)?;
    Ok(Json(shared.shortcut(&act).await?))
}

pub(crate) async fn home(State(shared): State<Arc<Shared>>, body: Bytes) -> Result<Json<Outcome>, Failure> {
    let act: Home = read(&body)?;
    Ok(Json(shared.home(&act).await?))
}

pub(crate) async fn verify(State(shared): State<Arc<Shared>>, body: Bytes) -> Result<Json<Outcome>, Failure> {
    let act: Verify = read(&body)?;
    Ok(Json(shared.verify(&act).await?))
}

/// Whose views to read.
#[derive(Debug, Deserialize)]
pub(crate) struct WhoseViews {
    user: String,
}

pub(crate) async fn views(
    State(shared): State<Arc<Shared>>,
    Query(whose): Query<WhoseViews>,
) -> Result<Json<Value>, Failure> {
    Ok(Json(shared.views(&whose.user)?))
}

pub(crate) async fn send(State(shared): State<Arc<Shared>>, body: Bytes) -> Result<Json<Outcome>, Failure> {
    let act: RawRequest = read(&body)?;
    Ok(Json(shared.send(&act).await?))
}

pub(crate) async fn say(State(shared): State<Arc<Shared>>, body: Bytes) -> Result<Json<Message>, Failure> {
    let act: Say = read(&body)?;
    Ok(Json(shared.say(act)?))
}

pub(crate) async fn messages(State(shared): State<Arc<Shared>>, Query(filter): Query<MessageFilter>) -> Json<Value> {
    Json(json!({"messages": shared.slack().messages(&filter)}))
}

pub(crate) async fn state(State(shared): State<Arc<Shared>>) -> Json<Value> {
    Json(shared.slack().describe())
}

pub(crate) async fn settings(State(shared): State<Arc<Shared>>, body: Bytes) -> Result<Json<Value>, Failure> {
    let change: SettingsChange = read(&body)?;
    let mut slack = shared.slack();
    slack.change(change);
    Ok(Json(json!({"settings": slack.settings})))
}

pub(crate) async fn faults(State(shared): State<Arc<Shared>>, body: Bytes) -> Result<Json<Value>, Failure> {
    let fault: Fault = read(&body)?;
    if fault.status.is_some_and(|status| StatusCode::from_u16(status).is_err()) {
        return Err(Failure(StatusCode::BAD_REQUEST, "there is no such HTTP status".to_owned()));
    }
    let mut slack = shared.slack();
    slack.faults.add(fault);
    Ok(Json(json!({"faults": slack.faults.pending()})))
}

pub(crate) async fn reset(State(shared): State<Arc<Shared>>) -> Response {
    shared.slack().reset(now());
    StatusCode::NO_CONTENT.into_response()
}

impl Shared {
    /// A person's modals and home tab.
    pub(crate) fn views(&self, user: &str) -> Result<Value, ActError> {
        let person = person(user)?;
        Ok(self.slack().describe_views(person.user_id))
    }

    /// Posts what a person writes.
    pub(crate) fn say(&self, act: Say) -> Result<Message, ActError> {
        let person = person(&act.user)?;
        let mut slack = self.slack();
        let channel = visible(slack.channel(&act.channel), person, &act.channel)?;
        let content = Content { text: Some(act.text), ..Content::default() };
        let to = Destination { channel: &channel.id, user: person.user_id, thread_ts: None, ephemeral_for: None };
        Ok(slack.put(content, to, now()))
    }
}
