//! Messages that show the request as it is, wherever they were posted.

use crate::messages::Scene;
use crate::targets::Kind;
use crate::{NoteError, Ports};
use model::digest::Digest;
use model::names::{RequestId, SlackChannel};
use model::policy::Policy;
use slack::blocks::Message;
use slack::web::{SlackError, WebError};
use std::collections::BTreeSet;
use workflow::ports::{Note, Sent, Stored};

/// How often all is looked at again because the request moved on meanwhile. Its next event comes anyway.
const PASSES: usize = 4;

/// Brings every live message about a request up to date.
///
/// Two workers may do so at once, one of them with an older state. So whoever has changed a message reads the request
/// again, and if it moved on, changes what it has changed once more: the last one to write has looked after writing.
/// `sent` says whether this worker posted something just now, which others may not have seen to be there.
///
/// # Errors
/// The first failure, after all others were tried.
pub(crate) async fn refresh<P: Ports>(
    ports: &P,
    stored: &Stored,
    policy: &Policy,
    unusual: &[String],
    sent: bool,
) -> Result<(), NoteError> {
    let id = &stored.state.request.id;
    let mut current = stored.clone();
    // What this worker has changed, which may not be what it noted last.
    let mut changed: BTreeSet<(u64, String)> = BTreeSet::new();
    let mut first_failure = None;
    for pass in 0..PASSES {
        let scene = Scene { state: &current.state, policy, unusual, now: ports.now() };
        let mut wrote = pass == 0 && sent;
        for note in ports.notes(id).await? {
            match bring_up_to_date(ports, id, &scene, &note, &changed).await {
                Ok(true) => {
                    wrote = true;
                    changed.insert((note.seq, note.target));
                }
                Ok(false) => {}
                Err(error) => {
                    tracing::warn!(request.id = %id, seq = note.seq, target = note.target, passes = error.passes(),
                        error = %error, "a message about {id} is not up to date: {error}");
                    first_failure.get_or_insert(error);
                }
            }
        }
        if !wrote {
            break;
        }
        match ports.load(id).await? {
            Some(newer) if newer.head != current.head => current = newer,
            Some(_) | None => break,
        }
    }
    match first_failure {
        Some(error) => Err(error),
        None => Ok(()),
    }
}

/// Whether the message had to be changed.
async fn bring_up_to_date<P: Ports>(
    ports: &P,
    id: &RequestId,
    scene: &Scene<'_>,
    note: &Note,
    changed: &BTreeSet<(u64, String)>,
) -> Result<bool, NoteError> {
    let Sent::Posted { channel, ts, shown } = &note.sent else { return Ok(false) };
    let Some(message) = Kind::of(&note.target).and_then(|kind| scene.shown(kind)) else { return Ok(false) };
    let now = shown_by(&message);
    let by_us = changed.contains(&(note.seq, note.target.clone()));
    if now == *shown && !by_us {
        return Ok(false);
    }
    let Ok(conversation) = channel.parse::<SlackChannel>() else { return Ok(false) };
    match ports.update(&conversation, ts, &message).await {
        Ok(()) => {}
        // Somebody took it away, or closed where it is: there is nothing to bring up to date.
        Err(NoteError::Slack(WebError::Refused(error))) if is_gone(&error) => {
            tracing::warn!(request.id = %id, seq = note.seq, target = note.target, error.code = error.code(),
                "a message about {id} can't be brought up to date any more");
        }
        Err(error) => return Err(error),
    }
    let sent = Sent::Posted { channel: channel.clone(), ts: ts.clone(), shown: now };
    ports.note(id, note.seq, &note.target, &sent).await?;
    Ok(true)
}

/// What a message shows, as a digest.
pub(crate) fn shown_by(message: &Message) -> Digest {
    Digest::of(&serde_json::to_vec(message).unwrap_or_default())
}

fn is_gone(error: &SlackError) -> bool {
    error.conversation_is_dead() || error.message_is_gone()
}
