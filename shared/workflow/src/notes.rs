//! Messages, once each: claimed before they are sent, remembered after.

use crate::ports::{Claim, Clock, Fault, RememberNotes, Sent};
use model::names::RequestId;
use std::future::Future;

/// Whether a message reached whom it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reached {
    /// It is there, now or from before.
    Yes,
    /// It can't be posted there; somebody else is to be told.
    No,
}

/// Sends the message about entry `seq` to `target`, unless it was posted, or found to be impossible. `send` says what
/// became of it.
///
/// If sending fails the claim is given up, and the next delivery of the same event tries again at
/// once; if not even that works it lapses after a minute. A message whose outcome is unknown may
/// then be posted twice, never lost.
///
/// # Errors
/// If the store or the sending failed; `claimed_elsewhere` if somebody else is about to send it:
/// since they may fail, the event is to be delivered again.
pub async fn once<P, S, F, E>(ports: &P, id: &RequestId, seq: u64, target: &str, send: S) -> Result<Reached, E>
where
    P: RememberNotes + Clock,
    S: FnOnce() -> F,
    F: Future<Output = Result<Sent, E>>,
    E: From<Fault>,
{
    let now = ports.now();
    match ports.claim(id, seq, target, now).await? {
        Claim::Ours => {}
        Claim::Posted if model::seeded!("told-twice") => {}
        Claim::Posted => return Ok(Reached::Yes),
        Claim::Unreachable => return Ok(Reached::No),
        Claim::Held => return Err(Fault::new("claim a message", "claimed_elsewhere").into()),
    }
    let outcome = match send().await {
        Ok(outcome) => outcome,
        Err(error) => {
            if let Err(fault) = ports.release(id, seq, target, now).await {
                tracing::warn!(request.id = %id, seq, target, error.code = %fault.code,
                    "the claim on a message about {id} lapses in a minute only: {fault}");
            }
            return Err(error);
        }
    };
    ports.note(id, seq, target, &outcome).await?;
    match outcome {
        Sent::Posted { .. } => Ok(Reached::Yes),
        Sent::Unreachable { .. } => Ok(Reached::No),
    }
}
