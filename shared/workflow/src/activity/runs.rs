//! What requesters say they ran under a grant: kept beside the record, bound to it by a digest.

use super::Ports;
use super::ingest::grant;
use super::keep;
use crate::command::{CommandError, carry_out};
use crate::ports::{Activity, Stored};
use model::activity::{RUNS_RECORDED, Run};
use model::identity::{Actor, Cause};
use model::lifecycle::Command;
use model::names::RequestId;
use model::time::Time;
use serde_json::Value;

/// Keeps `kept`, which says what `run` was, and puts that into the record. First the record: what is refused is not kept.
/// Reported again, it changes nothing.
///
/// # Errors
/// If there is no such request, `actor` did not ask for it, it is not active, or something outside did not do its part.
pub async fn report<P: Ports>(
    ports: &P,
    actor: &Actor,
    id: &RequestId,
    run: &Run,
    kept: Value,
) -> Result<(), CommandError> {
    let stored = ports.load(id).await?.ok_or_else(|| CommandError::NotFound(id.clone()))?;
    if stored.state.request.requester != actor.person {
        // Whether it exists is not theirs to learn.
        return Err(CommandError::NotFound(id.clone()));
    }
    let command = |_: &Stored, _: Time| Command::ReportRun { by: actor.clone(), run: Box::new(run.clone()) };
    let done = carry_out(ports, id, &Cause::Person(actor.clone()), command, None, &[]).await?;
    let Some(grant) = grant(&done.stored) else { return Ok(()) };
    // What makes two reports the same, as the record has it.
    let same = |old: &Value| ["tool", "phase", "exitCode", "digest"].iter().all(|part| old.get(part) == kept.get(part));
    keep::update(ports, &grant, |activity| {
        let there = activity.runs.iter().any(same);
        if there || activity.runs.len() >= RUNS_RECORDED {
            return None;
        }
        let mut next: Activity = activity.clone();
        next.runs.push(kept.clone());
        Some(next)
    })
    .await?;
    Ok(())
}
