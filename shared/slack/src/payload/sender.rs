//! Who a payload of interactivity is from: the checks that every kind of it goes through first.

use model::names::SlackUser;
use serde_json::Value;

use super::{PayloadError, person};
use crate::form::Form;
use crate::json;
use crate::workspace::{ForeignError, Workspace};

/// The JSON in the form that Slack posts.
pub(super) fn payload(raw_body: &[u8]) -> Result<Value, PayloadError> {
    let form = Form::read(raw_body)?;
    Ok(json::read(form.get("payload").ok_or(PayloadError::Missing("payload"))?)?)
}

/// A text at `pointer`.
pub(super) fn text<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer).and_then(Value::as_str)
}

/// An id that need not be given. One that is no text is not "none": whose it is can't be said.
pub(super) fn given<'a>(value: &'a Value, pointer: &str) -> Result<Option<&'a str>, ForeignError> {
    match value.pointer(pointer) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(id)) => Ok(Some(id)),
        Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => Err(ForeignError::Team),
    }
}

/// Other places at which a workspace or an organization is named.
const FURTHER_TEAMS: [&str; 3] = ["/team/enterprise_id", "/view/team_id", "/view/app_installed_team_id"];

/// The person that an interaction is from, if everything that is named in it is ours.
pub(super) fn check(payload: &Value, workspace: &Workspace) -> Result<SlackUser, PayloadError> {
    // An object without an id, or anything else in its place, names somebody; only not whom.
    for place in ["/team", "/enterprise"] {
        if payload.pointer(place).is_some_and(|value| !value.is_null() && text(value, "/id").is_none()) {
            return Err(ForeignError::Team.into());
        }
    }
    workspace.check_team(text(payload, "/team/id"), text(payload, "/enterprise/id"))?;
    for pointer in FURTHER_TEAMS {
        given(payload, pointer)?.map_or(Ok(()), |id| workspace.check_further_team(id))?;
    }
    match payload.get("api_app_id") {
        // Slack names no app with a global shortcut; its signature is made with our app's secret all the same.
        // Source: <https://docs.slack.dev/reference/interaction-payloads/shortcuts-interaction-payload>.
        None if text(payload, "/type") == Some("shortcut") => {}
        app => workspace.check_app(app.and_then(Value::as_str))?,
    }
    if let Some(app) = payload.pointer("/view/app_id") {
        workspace.check_app(app.as_str())?;
    }
    let own_team = text(payload, "/user/team_id");
    workspace.check_person(own_team)?;
    if payload.pointer("/user/is_stranger").is_some_and(|stranger| *stranger != Value::Bool(false)) {
        return Err(ForeignError::Person.into());
    }
    person(own_team.unwrap_or_default(), text(payload, "/user/id").ok_or(PayloadError::Missing("user"))?)
}
