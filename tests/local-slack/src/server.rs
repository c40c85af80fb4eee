//! The server: one loopback listener for Slack's Web API, response URLs and the control calls.

use std::io;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::routing::{any, get, post};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::changes::{self, Held};
use crate::clock::now;
use crate::state::{Settings, Slack};
use crate::{control, page, response_url, waiting, web_api};

/// What every handler needs.
pub(crate) struct Shared {
    slack: Mutex<Slack>,
    /// Counts the changes of `slack`.
    pub(crate) changes: watch::Sender<u64>,
    pub(crate) bot_token: String,
    pub(crate) signing_secret: String,
    pub(crate) base_url: String,
    pub(crate) http: reqwest::Client,
}

impl Shared {
    /// The state, for as long as no one awaits.
    pub(crate) fn slack(&self) -> Held<'_> {
        // A panic elsewhere leaves at worst one message half noted: the stand-in goes on.
        Held::new(self.slack.lock().unwrap_or_else(PoisonError::into_inner), &self.changes)
    }
}

/// How to start a local Slack.
#[derive(Clone)]
pub struct Options {
    /// The port; 0 takes a free one.
    pub port: u16,
    /// The token the Web API accepts.
    pub bot_token: String,
    /// The secret requests to Countersign are signed with.
    pub signing_secret: String,
    /// Where Countersign is, and what is enforced.
    pub settings: Settings,
}

impl std::fmt::Debug for Options {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Options")
            .field("port", &self.port)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl Options {
    /// A free port, Countersign's address not known yet, rate limits as Slack's.
    pub fn new(bot_token: impl Into<String>, signing_secret: impl Into<String>) -> Self {
        Self {
            port: 0,
            bot_token: bot_token.into(),
            signing_secret: signing_secret.into(),
            settings: Settings::default(),
        }
    }
}

/// Binds, and serves in the background.
pub(crate) async fn serve(options: Options) -> io::Result<(Arc<Shared>, JoinHandle<()>)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await?;
    let base_url = format!("http://{}", listener.local_addr()?);
    let http = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .user_agent("Slackbot 1.0 (+https://api.slack.com/robots)")
        .build()
        .map_err(io::Error::other)?;
    let shared = Arc::new(Shared {
        slack: Mutex::new(Slack::new(options.settings, now())),
        changes: watch::Sender::new(0),
        bot_token: options.bot_token,
        signing_secret: options.signing_secret,
        base_url,
        http,
    });
    let router = Router::new()
        .route("/api/{method}", any(web_api::call))
        .route("/commands/{team}/{number}/{secret}", post(response_url::answer))
        .route("/actions/{team}/{number}/{secret}", post(response_url::answer))
        .route("/_local/command", post(control::command))
        .route("/_local/press", post(control::press))
        .route("/_local/options", post(control::options))
        .route("/_local/submit", post(control::submit))
        .route("/_local/close", post(control::close))
        .route("/_local/shortcut", post(control::shortcut))
        .route("/_local/home", post(control::home))
        .route("/_local/verify", post(control::verify))
        .route("/_local/send", post(control::send))
        .route("/_local/say", post(control::say))
        .route("/_local/messages", get(control::messages))
        .route("/_local/views", get(control::views))
        .route("/_local/changes", get(changes::stream))
        .route("/_local/waiting", get(waiting::waiting))
        .route("/_local/state", get(control::state))
        .route("/_local/settings", post(control::settings))
        .route("/_local/faults", post(control::faults))
        .route("/_local/reset", post(control::reset))
        .route("/", get(page::index))
        .route("/page/{file}", get(page::asset))
        .with_state(Arc::clone(&shared));
    let serving = tokio::spawn(async move {
        // axum::serve ends only when its task is dropped; it handles errors of single connections itself.
        let _ = axum::serve(listener, router).await;
    });
    Ok((shared, serving))
}
