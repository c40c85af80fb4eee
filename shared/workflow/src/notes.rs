//! Messages, once each: claimed before they are sent, remembered after.

use crate::ports::{Claim, Clock, Fault, RememberNotes};
use model::names::RequestId;
use std::future::Future;

/// Sends the message about entry `seq` to `target`, unless it was posted. `send` gives channel and
/// time stamp of what it posted.
///
/// If sending fails the claim is given up, and the next delivery of the same event tries again at
/// once; if not even that works it lapses after a minute. A message whose outcome is unknown may
/// then be posted twice, never lost.
///
/// # Errors
/// If the store or the sending failed; `claimed_elsewhere` if somebody else is about to send it:
/// since they may fail, the event is to be delivered again.
pub async fn once<P, S, F, E>(ports: &P, id: &RequestId, seq: u64, target: &str, send: S) -> Result<(), E>
where
    P: RememberNotes + Clock,
    S: FnOnce() -> F,
    F: Future<Output = Result<(String, String), E>>,
    E: From<Fault>,
{
    let now = ports.now();
    match ports.claim(id, seq, target, now).await? {
        Claim::Ours => {}
        Claim::Posted => return Ok(()),
        Claim::Held => return Err(Fault::new("claim a message", "claimed_elsewhere").into()),
    }
    let (channel, ts) = match send().await {
        Ok(posted) => posted,
        Err(error) => {
            if let Err(fault) = ports.release(id, seq, target, now).await {
                tracing::warn!(request.id = %id, seq, target, error.code = %fault.code,
                    "the claim on a message about {id} lapses in a minute only: {fault}");
            }
            return Err(error);
        }
    };
    ports.posted(id, seq, target, &channel, &ts).await?;
    Ok(())
}
