//! Events: what Slack tells us about without anybody having to wait for an answer.
//! Source: <https://docs.slack.dev/apis/events-api>.

use model::names::SlackUser;
use serde_json::Value;

use super::sender::{given, text};
use super::{PayloadError, person, token};
use crate::form::within_bounds;
use crate::json::{self, JsonError};
use crate::workspace::{ForeignError, Workspace};

/// What came to the address of events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AppEvent {
    /// Slack wants to know that the address is ours; the answer is this text.
    Challenge(String),
    /// Somebody opened the Home tab.
    HomeOpened {
        /// Who.
        user: SlackUser,
        /// The event: the same each time Slack sends it again.
        event_id: String,
    },
    /// Something we have no use for.
    Other,
}

/// Other places at which a workspace or an organization is named.
const FURTHER_TEAMS: [&str; 4] =
    ["/context_team_id", "/context_enterprise_id", "/event/view/team_id", "/event/view/app_installed_team_id"];

/// Places at which an event names the workspace of the person it is about.
const TEAMS_OF_PERSON: [&str; 3] = ["/event/user_team", "/event/source_team", "/event/team"];

impl AppEvent {
    /// Reads an event in our workspace, for our app.
    ///
    /// # Errors
    /// If it is unreadable or somebody else's.
    pub fn read(raw_body: &[u8], workspace: &Workspace) -> Result<Self, PayloadError> {
        within_bounds(raw_body)?;
        let body = json::read(std::str::from_utf8(raw_body).map_err(|_| JsonError)?)?;
        let kind = text(&body, "/type").ok_or(PayloadError::Missing("type"))?;
        if kind == "url_verification" {
            // Names neither workspace nor app: it is sent before anything is installed.
            let challenge = text(&body, "/challenge").ok_or(PayloadError::Missing("challenge"))?;
            return Ok(Self::Challenge(token(challenge, "challenge")?));
        }
        let team = given(&body, "/team_id")?;
        workspace.check(team, given(&body, "/enterprise_id")?, text(&body, "/api_app_id"))?;
        for pointer in FURTHER_TEAMS {
            given(&body, pointer)?.map_or(Ok(()), |id| workspace.check_further_team(id))?;
        }
        if let Some(app) = body.pointer("/event/view/app_id") {
            workspace.check_app(app.as_str())?;
        }
        let opened = kind == "event_callback" && text(&body, "/event/type") == Some("app_home_opened");
        if !opened || text(&body, "/event/tab") != Some("home") {
            return Ok(Self::Other);
        }
        // An event names people without their workspace; it is the event's own, unless it says otherwise.
        workspace.check_person(team)?;
        for pointer in TEAMS_OF_PERSON {
            if let Some(own) = body.pointer(pointer).filter(|own| !own.is_null()) {
                workspace.check_person(own.as_str())?;
            }
        }
        if body.pointer("/event/is_stranger").is_some_and(|stranger| *stranger != Value::Bool(false)) {
            return Err(ForeignError::Person.into());
        }
        let user = text(&body, "/event/user").ok_or(PayloadError::Missing("user"))?;
        let event_id = text(&body, "/event_id").ok_or(PayloadError::Missing("event_id"))?;
        Ok(Self::HomeOpened { user: person(team.unwrap_or_default(), user)?, event_id: token(event_id, "event_id")? })
    }
}
