//! A local Slack: Slack's side of Countersign, on loopback and in memory.
//!
//! It shares no code with the product, so that a mistake about Slack's contract cannot be made on both sides at once.
//! Three sides of it:
//! - the Web API (`/api/<method>`) and response URLs, which refuse what Slack refuses, in Slack's words;
//! - people who act: [`LocalSlack::command`] and [`LocalSlack::press`] send what Slack sends, signed, cut off after 3 s;
//! - a reading side: [`LocalSlack::messages`], [`LocalSlack::calls`], and failures on request, [`LocalSlack::fail`].
//!
//! The binary offers the same to other programs under `/_local/`.

mod acting;
mod blocks;
mod clock;
mod control;
mod faults;
pub mod limits;
mod message;
mod rates;
mod refusal;
mod response_url;
mod server;
mod signature;
mod state;
mod views;
mod web_api;
pub mod workspace;

use std::io;
use std::sync::Arc;

use serde_json::Value;
use tokio::task::JoinHandle;

pub use acting::{
    ActError, COMMANDS_PATH, Command, INTERACTIONS_PATH, Outcome, Press, RawRequest, SentRequest, Tamper,
};
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

    /// Presses a button of a message as it is now.
    ///
    /// # Errors
    /// As of [`LocalSlack::command`].
    pub async fn press(&self, act: &Press) -> Result<Outcome, ActError> {
        self.shared.press(act).await
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
