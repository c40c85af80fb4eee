//! Tells people in Slack what happened. Messages show what is stored; nothing depends on them.
//!
//! Some are said once. Others are live: the card, and what the requester can press something on, show the request as it
//! is, wherever they were posted, and are brought up to date with every event.

mod live;
mod messages;
mod targets;
#[cfg(test)]
mod tests;

use lambda::start::{Failed, failed};
use messages::Scene;
use model::event::Event;
use model::names::{RequestId, SlackChannel, SlackUser};
use model::request::Status;
use model::unusual;
use record::words::{fill, split};
use serde::Deserialize;
use serde_json::Value;
use slack::blocks::Message;
use slack::bot::BotError;
use slack::web::{Posted, WebError};
use std::collections::VecDeque;
use std::future::Future;
use targets::{Kind, Note, To, card_in};
use workflow::notes::{Reached, once};
use workflow::overview;
use workflow::ports::{
    self, Clock, Fault, ListRequests, LoadRequest, LoadRequests, Policies, RememberNotes, Sent, Stored,
};

/// Posting, as far as this function needs it.
pub trait Post: Send + Sync {
    /// Posts into a channel, into a thread if there is one.
    fn post(
        &self,
        channel: &SlackChannel,
        message: &Message,
        thread: Option<&str>,
    ) -> impl Future<Output = Result<Posted, NoteError>> + Send;
    /// Replaces a message that was posted.
    fn update(
        &self,
        channel: &SlackChannel,
        ts: &str,
        message: &Message,
    ) -> impl Future<Output = Result<(), NoteError>> + Send;
    /// The direct conversation with a person.
    fn direct(&self, user: &SlackUser) -> impl Future<Output = Result<SlackChannel, NoteError>> + Send;
}

workflow::together! {
    /// All that this function asks of the outside.
    pub Ports: Policies, LoadRequest, LoadRequests, ListRequests, RememberNotes, Clock, Post,
}

/// An event of the bus.
#[derive(Debug, Deserialize)]
struct BusEvent {
    detail: Detail,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Detail {
    request_id: RequestId,
    seq: u64,
    event: Value,
}

/// Why a note was not sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// AWS did not do its part.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// Slack did not.
    #[error(transparent)]
    Slack(#[from] WebError),
}

impl From<BotError<Fault>> for NoteError {
    fn from(error: BotError<Fault>) -> Self {
        match error {
            BotError::Token(fault) => Self::Fault(fault),
            BotError::Slack(error) => Self::Slack(error),
        }
    }
}

impl NoteError {
    /// Whether the same may work later, without anybody changing anything.
    fn passes(&self) -> bool {
        match self {
            Self::Fault(_) => true,
            Self::Slack(error) => error.is_retryable(),
        }
    }
}

/// Takes one event up.
///
/// # Errors
/// If a message was not sent or not brought up to date, after all others of the event were tried: Lambda repeats the
/// event, and what was sent is not sent again. What fails for good goes the same way, since its end is the queue of
/// failures, where a person finds it.
pub async fn handle<P: Ports>(ports: &P, event: Value) -> Result<(), Failed> {
    let event: BusEvent = serde_json::from_value(event).map_err(|error| failed("malformed_event", &error))?;
    let Detail { request_id: id, seq, event } = event.detail;
    let event = event.get("event").cloned().unwrap_or(Value::Null);
    let stored = ports.load(&id).await.map_err(|fault| failed("store_unavailable", &fault))?;
    let Some(stored) = stored else {
        tracing::warn!(request.id = %id, "an event names {id}, which does not exist");
        return Ok(());
    };
    let event = said(event, &stored).map_err(|error| failed("malformed_event", &error))?;
    let policy = ports.policy().await.map_err(|fault| failed("policy_unavailable", &fault))?;
    let unusual = unusual(ports, &stored).await;
    let scene = Scene { state: &stored.state, policy: &policy, unusual: &unusual, now: ports.now() };
    let mut notes = scene.notes(&event);
    if let Event::ApproversReminded { .. } = &event {
        // Whoever has the card has it already, from another round.
        let before = ports.notes(&id).await.map_err(|fault| failed("store_unavailable", &fault))?;
        notes.retain(|note| !has_it(&before, seq, note));
    }
    let sent = !notes.is_empty();
    let mut first_failure = send_all(ports, &id, seq, &scene, notes).await;
    if let Err(error) = live::refresh(ports, &stored, &policy, &unusual, sent).await {
        first_failure.get_or_insert(error);
    }
    match first_failure {
        Some(error) => Err(failed("message_not_sent", &error)),
        None => Ok(()),
    }
}

/// The event with what persons said in it, which is not on the bus: what is shown is what is still stored.
fn said(event: Value, stored: &Stored) -> Result<Event, serde_json::Error> {
    let (_, words) = split(serde_json::to_value(&stored.state)?);
    serde_json::from_value(fill(event, &words))
}

/// What is out of the ordinary about a request that waits; nothing if that can't be found out, since a card without it
/// is better than none.
async fn unusual<P: LoadRequests + ListRequests>(ports: &P, stored: &Stored) -> Vec<String> {
    let request = &stored.state.request;
    if stored.state.status() != Status::Pending {
        return Vec::new();
    }
    match overview::before(ports, request).await {
        Ok((earlier, all)) => unusual::observe(request, &earlier, all),
        Err(fault) => {
            tracing::warn!(request.id = %request.id, error.code = %fault.code, "what is unusual is not known: {fault}");
            Vec::new()
        }
    }
}

/// Sends `notes`, and what is sent instead of those that can't be. Gives the first failure.
async fn send_all<P: Ports>(
    ports: &P,
    id: &RequestId,
    seq: u64,
    scene: &Scene<'_>,
    notes: Vec<Note>,
) -> Option<NoteError> {
    let mut first_failure = None;
    let mut notes = VecDeque::from(notes);
    while let Some(note) = notes.pop_front() {
        let target = note.name();
        match send(ports, id, seq, &target, &note).await {
            Ok(Reached::Yes) => {}
            Ok(Reached::No) => {
                let before = ports.notes(id).await.unwrap_or_default();
                let why = why_not(&before, seq, &target);
                // An operator has something to put right: a channel to open, a person to take out.
                tracing::error!(request.id = %id, seq, target, error.code = why, alarm = "unreachable",
                    "a message about {id} can't be posted where it belongs");
                notes.extend(scene.instead(&note, why).into_iter().filter(|note| !has_it(&before, seq, note)));
            }
            Err(error) => {
                tracing::warn!(request.id = %id, seq, target, passes = error.passes(), error = %error,
                    "a message about {id} was not sent: {error}");
                first_failure.get_or_insert(error);
            }
        }
    }
    first_failure
}

/// Whether a card is where `note` would put one, from an earlier event.
fn has_it(before: &[ports::Note], seq: u64, note: &Note) -> bool {
    note.kind == Kind::Card && before.iter().any(|old| old.seq < seq && old.target == note.name())
}

/// Why a message can't be posted, as it was noted.
fn why_not<'a>(notes: &'a [ports::Note], seq: u64, target: &str) -> &'a str {
    let found = notes.iter().find(|note| note.seq == seq && note.target == target);
    match found.map(|note| &note.sent) {
        Some(Sent::Unreachable { code }) => code,
        Some(Sent::Posted { .. }) | None => "unreachable",
    }
}

async fn send<P: Ports>(ports: &P, id: &RequestId, seq: u64, target: &str, note: &Note) -> Result<Reached, NoteError> {
    once(ports, id, seq, target, || async {
        match post(ports, id, note).await {
            Ok(posted) => Ok(Sent::Posted {
                channel: posted.channel.to_string(),
                ts: posted.ts,
                shown: live::shown_by(&note.message),
            }),
            Err(NoteError::Slack(WebError::Refused(error)))
                if error.conversation_is_dead() || error.person_is_unreachable() =>
            {
                Ok(Sent::Unreachable { code: error.code().to_owned() })
            }
            Err(error) => Err(error),
        }
    })
    .await
}

async fn post<P: Ports>(ports: &P, id: &RequestId, note: &Note) -> Result<Posted, NoteError> {
    match &note.to {
        To::Channel(channel) => ports.post(channel, &note.message, None).await,
        To::Thread(channel) => {
            // If the card is not there (yet), the channel itself gets the message.
            let card = card_at(&ports.notes(id).await?, channel);
            ports.post(channel, &note.message, card.as_deref()).await
        }
        To::Person(user) => {
            let channel = ports.direct(user).await?;
            ports.post(&channel, &note.message, None).await
        }
    }
}

/// Where the card in `channel` is.
fn card_at(notes: &[ports::Note], channel: &SlackChannel) -> Option<String> {
    let name = card_in(channel);
    notes.iter().find(|note| note.target == name).and_then(|note| match &note.sent {
        Sent::Posted { ts, .. } => Some(ts.clone()),
        Sent::Unreachable { .. } => None,
    })
}
