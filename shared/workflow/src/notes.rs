//! Messages, once each: claimed before they are sent, remembered after.

use crate::ports::{Clock, Fault, RememberNotes};
use model::names::RequestId;
use std::future::Future;

/// Sends the message about entry `seq` to `target`, unless it was sent. `send` gives channel and
/// time stamp of what it posted.
///
/// If sending fails the claim lapses after a minute and a later delivery of the same event tries
/// again; a message whose outcome is unknown may then be posted twice, never lost.
///
/// # Errors
/// If the store or the sending failed.
pub async fn once<P, S, F, E>(ports: &P, id: &RequestId, seq: u64, target: &str, send: S) -> Result<(), E>
where
    P: RememberNotes + Clock,
    S: FnOnce() -> F,
    F: Future<Output = Result<(String, String), E>>,
    E: From<Fault>,
{
    if !ports.claim(id, seq, target, ports.now()).await? {
        return Ok(());
    }
    let (channel, ts) = send().await?;
    ports.posted(id, seq, target, &channel, &ts).await?;
    Ok(())
}
