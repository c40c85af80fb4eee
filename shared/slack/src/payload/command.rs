//! Slash commands.
//! Source: <https://docs.slack.dev/interactivity/implementing-slash-commands>.

use std::fmt;

use model::names::{SlackChannel, SlackUser};

use super::{PayloadError, person, token};
use crate::form::Form;
use crate::workspace::{ResponseUrl, Workspace};

/// What came to the address of slash commands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SlashCommand {
    /// Slack checks our certificate now and then; the answer is an empty 200.
    SslCheck,
    /// Somebody gave a command.
    Given(Box<GivenCommand>),
}

/// A slash command as somebody gave it.
#[derive(Clone, PartialEq, Eq)]
pub struct GivenCommand {
    /// The command: `/access`.
    pub command: String,
    /// What follows it, as Slack sent it; for [`crate::command::parse`].
    pub text: String,
    /// Who.
    pub user: SlackUser,
    /// Where.
    pub channel: Option<SlackChannel>,
    /// Where it may be answered later.
    pub response_url: Option<ResponseUrl>,
    /// What opens a modal, within 3 s.
    pub trigger_id: Option<String>,
}

/// Without the text: those are a person's words.
impl fmt::Debug for GivenCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GivenCommand")
            .field("command", &self.command)
            .field("user", &self.user)
            .field("channel", &self.channel)
            .finish_non_exhaustive()
    }
}

impl SlashCommand {
    /// Reads a slash command of our workspace, for our app.
    ///
    /// # Errors
    /// If it is unreadable or somebody else's.
    pub fn read(raw_body: &[u8], workspace: &Workspace) -> Result<Self, PayloadError> {
        let form = Form::read(raw_body)?;
        if form.get("ssl_check") == Some("1") {
            return Ok(Self::SslCheck);
        }
        let team = form.get("team_id");
        workspace.check(team, form.get("enterprise_id"), form.get("api_app_id"))?;
        // Slack lets only members of the installing workspace give commands.
        workspace.check_person(team)?;
        let required = |name: &'static str| form.get(name).ok_or(PayloadError::Missing(name));
        let present = |name: &'static str| form.get(name).filter(|value| !value.is_empty());
        Ok(Self::Given(Box::new(GivenCommand {
            command: token(required("command")?, "command")?,
            text: form.get("text").unwrap_or_default().to_owned(),
            user: person(team.unwrap_or_default(), required("user_id")?)?,
            channel: present("channel_id").and_then(|id| id.parse().ok()),
            // An address that is not Slack's is never called; the command counts all the same.
            response_url: present("response_url").and_then(|url| workspace.response_url(url).ok()),
            trigger_id: present("trigger_id").map(|id| token(id, "trigger_id")).transpose()?,
        })))
    }
}
