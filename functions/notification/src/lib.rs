//! Tells people in Slack what happened. Messages show what is stored; nothing depends on them.

pub mod bot;
mod messages;
#[cfg(test)]
mod tests;

use lambda::start::{Failed, failed};
use messages::{Audience, Note};
use model::event::Event;
use model::names::{RequestId, SlackChannel, SlackUser};
use serde::Deserialize;
use serde_json::Value;
use slack::blocks::Message;
use slack::web::{Posted, WebError};
use std::future::Future;
use workflow::notes::once;
use workflow::ports::{Clock, Fault, LoadRequest, Policies, RememberNotes};

/// Posting, as far as this function needs it.
pub trait Post: Send + Sync {
    /// Posts into a channel, into a thread if there is one.
    fn post(
        &self,
        channel: &SlackChannel,
        message: &Message,
        thread: Option<&str>,
    ) -> impl Future<Output = Result<Posted, NoteError>> + Send;
    /// The direct conversation with a person.
    fn direct(&self, user: &SlackUser) -> impl Future<Output = Result<SlackChannel, NoteError>> + Send;
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

/// Takes one event up.
///
/// # Errors
/// If a message was not sent, after all others of the event were tried: Lambda repeats the event,
/// and what was sent is not sent again. What fails for good goes the same way, since its end is the
/// queue of failures, where a person finds it.
pub async fn handle<P>(ports: &P, event: Value) -> Result<(), Failed>
where
    P: Policies + LoadRequest + RememberNotes + Clock + Post,
{
    let event: BusEvent = serde_json::from_value(event).map_err(|error| failed("malformed_event", &error))?;
    let Detail { request_id: id, seq, event } = event.detail;
    let event: Event = serde_json::from_value(event.get("event").cloned().unwrap_or(Value::Null))
        .map_err(|error| failed("malformed_event", &error))?;
    let stored = ports.load(&id).await.map_err(|fault| failed("store_unavailable", &fault))?;
    let Some(stored) = stored else {
        tracing::warn!(request.id = %id, "an event names {id}, which does not exist");
        return Ok(());
    };
    let policy = ports.policy().await.map_err(|fault| failed("policy_unavailable", &fault))?;
    let mut first_failure = None;
    for note in messages::of(&event, &stored, &policy) {
        if let Err(error) = send(ports, &id, seq, &note).await {
            let passes = match &error {
                NoteError::Fault(_) => true,
                NoteError::Slack(error) => error.is_retryable(),
            };
            tracing::warn!(request.id = %id, seq, target = note.audience.name(), passes, error = %error,
                "a message about {id} was not sent: {error}");
            first_failure.get_or_insert(error);
        }
    }
    match first_failure {
        Some(error) => Err(failed("message_not_sent", &error)),
        None => Ok(()),
    }
}

async fn send<P>(ports: &P, id: &RequestId, seq: u64, note: &Note) -> Result<(), NoteError>
where
    P: RememberNotes + Clock + Post,
{
    let target = note.audience.name();
    once(ports, id, seq, target, || async {
        let posted = match &note.audience {
            Audience::Card(channel) => ports.post(channel, &note.message, None).await?,
            Audience::Thread(channel) => {
                // The card is the message about the first entry. If it is not there (yet), the
                // channel itself gets the message.
                let card = ports.where_posted(id, 1, Audience::CARD).await?;
                ports.post(channel, &note.message, card.as_ref().map(|(_, ts)| ts.as_str())).await?
            }
            Audience::Requester(user) => {
                let channel = ports.direct(user).await?;
                ports.post(&channel, &note.message, None).await?
            }
        };
        Ok((posted.channel.to_string(), posted.ts))
    })
    .await
}
