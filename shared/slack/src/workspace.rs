//! Which workspaces and which app are ours. A rightly signed request from another one is refused.

use reqwest::Url;

/// Our workspaces and our app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workspace {
    /// Ids of our workspaces (`T…`). In an Enterprise organization its id (`E…`) belongs here too.
    pub teams: Vec<String>,
    /// The id of our app (`A…`).
    pub app: String,
    /// Origin of a local Slack, whose response URLs are then taken as well; see [`Workspace::with_local_slack`].
    local_slack: Option<String>,
}

/// A request that belongs to somebody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ForeignError {
    /// From a workspace or organization that is not ours.
    #[error("from a workspace that is not ours")]
    Team,
    /// For an app that is not ours.
    #[error("for an app that is not ours")]
    App,
    /// From somebody who belongs to another workspace: Slack Connect lets strangers press buttons.
    #[error("from a person of another workspace")]
    Person,
    /// It wants to be answered at an address that is not Slack's.
    #[error("to be answered at an address that is not Slack's")]
    ResponseUrl,
}

impl ForeignError {
    /// The stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Team => "foreign_team",
            Self::App => "foreign_app",
            Self::Person => "foreign_person",
            Self::ResponseUrl => "foreign_response_url",
        }
    }
}

/// Where a command or a press may be answered, for 30 minutes, five times. A capability: whoever knows it can write
/// there, so it is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct ResponseUrl(Url);

impl ResponseUrl {
    pub(crate) fn url(&self) -> &Url {
        &self.0
    }
}

impl std::fmt::Debug for ResponseUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ResponseUrl(..)")
    }
}

impl Workspace {
    /// These workspaces and this app.
    pub fn new(teams: Vec<String>, app: String) -> Self {
        Self { teams, app, local_slack: None }
    }

    /// Takes response URLs of a local Slack too, if `api_url` (where its Web API is) is on loopback. Any other address,
    /// Slack's own included, changes nothing: so the setting can be passed on as it is.
    #[must_use]
    pub fn with_local_slack(mut self, api_url: &str) -> Self {
        self.local_slack = Url::parse(api_url).ok().filter(is_loopback).map(|url| url.origin().ascii_serialization());
        self
    }

    /// Whether a request is from one of our workspaces, for our app. Every id given has to be ours.
    ///
    /// # Errors
    /// If it isn't.
    pub fn check(&self, team: Option<&str>, enterprise: Option<&str>, app: Option<&str>) -> Result<(), ForeignError> {
        self.check_team(team, enterprise)?;
        self.check_app(app)
    }

    /// Whether a request is from one of our workspaces. Every id given has to be ours, and one has to be given.
    ///
    /// # Errors
    /// If it isn't.
    pub fn check_team(&self, team: Option<&str>, enterprise: Option<&str>) -> Result<(), ForeignError> {
        let given = |id: Option<&str>| id.is_some_and(|id| !id.is_empty());
        if !given(team) && !given(enterprise) {
            return Err(ForeignError::Team);
        }
        [team, enterprise].into_iter().flatten().try_for_each(|id| self.check_further_team(id))
    }

    /// Whether a workspace or organization that is named besides is ours too. Slack writes an empty id for none.
    ///
    /// # Errors
    /// If it isn't.
    pub fn check_further_team(&self, id: &str) -> Result<(), ForeignError> {
        if id.is_empty() || self.teams.iter().any(|known| known == id) || model::seeded!("any-workspace") {
            Ok(())
        } else {
            Err(ForeignError::Team)
        }
    }

    /// Whether a request is for our app.
    ///
    /// # Errors
    /// If it isn't.
    pub fn check_app(&self, app: Option<&str>) -> Result<(), ForeignError> {
        if self.app.is_empty() || app != Some(self.app.as_str()) { Err(ForeignError::App) } else { Ok(()) }
    }

    /// Whether a person's own workspace is one of ours.
    ///
    /// # Errors
    /// If it isn't, or is not known.
    pub fn check_person(&self, team: Option<&str>) -> Result<(), ForeignError> {
        let ours = team.is_some_and(|team| self.teams.iter().any(|known| known == team));
        if ours || model::seeded!("any-workspace") { Ok(()) } else { Err(ForeignError::Person) }
    }

    /// Takes a response URL: `https://hooks.slack.com/…`, or of the local Slack.
    ///
    /// # Errors
    /// If it is any other address.
    pub fn response_url(&self, text: &str) -> Result<ResponseUrl, ForeignError> {
        let url = Url::parse(text).map_err(|_| ForeignError::ResponseUrl)?;
        let bare = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
        let slack = url.scheme() == "https" && url.host_str() == Some("hooks.slack.com") && url.port().is_none();
        let local = self.local_slack.as_ref().is_some_and(|origin| *origin == url.origin().ascii_serialization());
        if bare && (slack || local) { Ok(ResponseUrl(url)) } else { Err(ForeignError::ResponseUrl) }
    }
}

/// Whether a URL stays on this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    url.scheme() == "http" && matches!(url.host_str(), Some("127.0.0.1" | "[::1]" | "localhost"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours() -> Workspace {
        Workspace::new(vec!["T0COUNTER1".to_owned(), "E0COUNTER1".to_owned()], "A0COUNTER1".to_owned())
    }

    #[test]
    fn every_id_given_has_to_be_ours() {
        let (team, org, app) = (Some("T0COUNTER1"), Some("E0COUNTER1"), Some("A0COUNTER1"));
        assert_eq!(ours().check(team, None, app), Ok(()));
        assert_eq!(ours().check(team, Some(""), app), Ok(()));
        assert_eq!(ours().check(team, org, app), Ok(()));
        assert_eq!(ours().check(None, org, app), Ok(()));
        for (team, org, app, error) in [
            (Some("T0OTHER"), None, app, ForeignError::Team),
            (Some("T0OTHER"), org, app, ForeignError::Team),
            (team, Some("E0OTHER"), app, ForeignError::Team),
            (None, None, app, ForeignError::Team),
            (Some(""), Some(""), app, ForeignError::Team),
            (Some("t0counter1"), None, app, ForeignError::Team),
            (team, org, None, ForeignError::App),
            (team, org, Some("A0OTHER"), ForeignError::App),
        ] {
            assert_eq!(ours().check(team, org, app), Err(error));
        }
        let nobody = Workspace::new(vec![String::new()], String::new());
        assert!(nobody.check(Some(""), None, Some("")).is_err());
        assert!(nobody.check_person(None).is_err());
    }

    #[test]
    fn answers_go_to_slack_only() {
        assert!(ours().response_url("https://hooks.slack.com/actions/T0/1/abc").is_ok());
        for bad in [
            "http://hooks.slack.com/x",
            "https://hooks.slack.com.evil.example/x",
            "https://evil.example/hooks.slack.com",
            "https://hooks.slack.com@evil.example/x",
            "https://a:b@hooks.slack.com/x",
            "https://hooks.slack.com:8443/x",
            "//hooks.slack.com/x",
            "",
            "http://127.0.0.1:9000/x",
            "http://169.254.169.254/latest/meta-data/",
        ] {
            assert_eq!(ours().response_url(bad), Err(ForeignError::ResponseUrl), "{bad}");
        }
        let local = ours().with_local_slack("http://127.0.0.1:9000/api");
        assert!(local.response_url("http://127.0.0.1:9000/response/1").is_ok());
        assert!(local.response_url("https://hooks.slack.com/x").is_ok());
        for bad in ["http://127.0.0.1:9001/x", "http://localhost:9000/x", "https://127.0.0.1:9000/x"] {
            assert!(local.response_url(bad).is_err(), "{bad}");
        }
        assert_eq!(ours().with_local_slack("https://slack.com/api"), ours());
        assert_eq!(ours().with_local_slack("http://evil.example/api"), ours());
    }

    #[test]
    fn response_urls_are_not_printed() {
        let url = ours().response_url("https://hooks.slack.com/actions/T0/1/abc").unwrap();
        assert!(!format!("{url:?}").contains("abc"));
    }
}
