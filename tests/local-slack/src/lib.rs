//! A local Slack: Slack's side of Countersign, on loopback and in memory.
//!
//! It shares no code with the product, so that a mistake about Slack's contract cannot be made on both sides at once.
//! Three sides of it:
//! - the Web API (`/api/<method>`) and response URLs, which refuse what Slack refuses, in Slack's words;
//! - people who act: [`LocalSlack::command`], [`LocalSlack::press`], [`LocalSlack::submit`] and others send what Slack
//!   sends, signed, cut off after 3 s;
//! - a reading side: [`LocalSlack::messages`], [`LocalSlack::views`], [`LocalSlack::calls`], and failures on request,
//!   [`LocalSlack::fail`].
//!
//! The binary offers the same to other programs under `/_local/`, and to people as a page at `/`. What Slack takes can
//! be asked without any of it: [`check_message`] and [`check_view_shape`].

mod acting;
mod blocks;
mod changes;
mod clock;
mod control;
mod faults;
pub mod limits;
mod message;
mod page;
mod rates;
mod refusal;
mod response_url;
mod server;
mod signature;
mod state;
mod views;
mod waiting;
mod web_api;
pub mod workspace;

use std::io;
use std::sync::Arc;

use serde_json::Value;
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub use acting::{
    ActError, AskOptions, COMMANDS_PATH, Close, Command, EVENTS_PATH, Home, INTERACTIONS_PATH, OPTIONS_PATH, Outcome,
    Press, RawRequest, SentRequest, Shortcut, Submit, Tamper, Verify,
};
pub use blocks::{check_message, check_view_shape};
pub use control::Say;
pub use faults::Fault;
pub use message::{Edited, Message, MessageFilter};
pub use server::Options;
pub use signature::sign;
pub use state::{Call, Settings, SettingsChange};

/// A running local Slack. It stops when dropped.
pub struct LocalSlack {
    shared: Arc<server::Shared>,
    serving: JoinHandle<()>,
}

impl std::fmt::Debug for LocalSlack {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("LocalSlack").field("url", &self.shared.base_url).finish_non_exhaustive()
    }
}

impl Drop for LocalSlack {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl LocalSlack {
    /// Starts one on loopback.
    ///
    /// # Errors
    /// The port is taken, or the HTTP client could not be made.
    pub async fn start(options: Options) -> io::Result<Self> {
        let (shared, serving) = server::serve(options).await?;
        Ok(Self { shared, serving })
    }

    /// Serves until the process ends.
    pub async fn serve_forever(mut self) {
        // An error here is a panic in the serving task, which has already been reported.
        let _ = (&mut self.serving).await;
    }

    /// Where it listens, as `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        &self.shared.base_url
    }

    /// What Countersign takes for Slack's Web API, as `http://127.0.0.1:PORT/api`.
    pub fn api_url(&self) -> String {
        format!("{}/api", self.shared.base_url)
    }

    /// Gives a slash command. An answer with content becomes a message.
    ///
    /// # Errors
    /// Nothing was sent: see [`ActError`]. What Countersign answers, or fails to, is in the outcome.
    pub async fn command(&self, act: &Command) -> Result<Outcome, ActError> {
        self.shared.command(act).await
    }

    /// Presses a button, or chooses in a menu, of a message or view as it is now.
    ///
    /// # Errors
    /// As of [`LocalSlack::command`].
    pub async fn press(&self, act: &Press) -> Result<Outcome, ActError> {
        self.shared.press(act).await
    }

    /// Asks for the options of a menu with external ones. Only what was offered can be chosen.
    ///
    /// # Errors
    /// As of [`LocalSlack::command`].
    pub async fn options(&self, act: &AskOptions) -> Result<Outcome, ActError> {
        self.shared.options(act).await
    }

    /// Sends a modal off, unless Slack's client does not let it through, and does what the app answers.
    ///
    /// # Errors
    /// As of [`LocalSlack::command`].
    pub async fn submit(&self, act: &Submit) -> Result<Outcome, ActError> {
        self.shared.submit(act).await
    }

    /// Closes a modal; the app hears of it if the modal asks for that.
    ///
    /// # Errors
    /// As of [`LocalSlack::command`].
    pub async fn close(&self, act: &Close) -> Result<Outcome, ActError> {
        self.shared.close(act).await
    }

    /// Uses a global shortcut.
    ///
    /// # Errors
    /// As of [`LocalSlack::command`].
    pub async fn shortcut(&self, act: &Shortcut) -> Result<Outcome, ActError> {
        self.shared.shortcut(act).await
    }

    /// Opens the app's home tab. The outcome is that of the first attempt; retries follow in the background.
    ///
    /// # Errors
    /// As of [`LocalSlack::command`].
    pub async fn home(&self, act: &Home) -> Result<Outcome, ActError> {
        self.shared.home(act).await
    }

    /// Asks whether the app is at its address for events.
    ///
    /// # Errors
    /// As of [`LocalSlack::command`].
    pub async fn verify(&self, act: &Verify) -> Result<Outcome, ActError> {
        self.shared.verify(act).await
    }

    /// A person's views, `{"modals": […], "home": …}`: Slack's shape, and `errors` by block id.
    ///
    /// # Errors
    /// There is no such person.
    pub fn views(&self, user: &str) -> Result<Value, ActError> {
        self.shared.views(user)
    }

    /// What is pending, as `GET /_local/waiting` gives it.
    pub fn waiting(&self) -> Value {
        self.shared.slack().waiting(clock::now())
    }

    /// A number that rises with every change of anything.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.shared.changes.subscribe()
    }

    /// Sends a body of the caller's own making, such as one sent before.
    ///
    /// # Errors
    /// Countersign's address is not known.
    pub async fn send(&self, act: &RawRequest) -> Result<Outcome, ActError> {
        self.shared.send(act).await
    }

    /// Posts a message as a person.
    ///
    /// # Errors
    /// There is no such person, or the person is not in that channel.
    pub fn say(&self, act: Say) -> Result<Message, ActError> {
        self.shared.say(act)
    }

    /// The messages a filter lets through, oldest first.
    pub fn messages(&self, filter: &MessageFilter) -> Vec<Message> {
        self.shared.slack().messages(filter)
    }

    /// The Web API calls that came in, oldest first.
    pub fn calls(&self) -> Vec<Call> {
        self.shared.slack().calls()
    }

    /// Everything but the messages, as `GET /_local/state` gives it.
    pub fn state(&self) -> Value {
        self.shared.slack().describe()
    }

    /// Makes the next calls of a method fail.
    pub fn fail(&self, fault: Fault) {
        self.shared.slack().faults.add(fault);
    }

    /// Changes settings, such as Countersign's address.
    pub fn change(&self, change: SettingsChange) {
        self.shared.slack().change(change);
    }

    /// Forgets everything that happened; settings stay.
    pub fn reset(&self) {
        self.shared.slack().reset(clock::now());
    }
}
