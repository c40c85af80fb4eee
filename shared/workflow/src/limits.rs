//! Limits on how much one person asks for and countersigns, kept without a look at what they did before.
//!
//! A limit of `n` is `n` slots, each an item that a request puts in its own transaction unless somebody holds it. Which
//! one is drawn: mostly it is free, and asking stays one round trip. If it is not, all are read, and a free one is
//! taken by its number, or there is none.

use crate::ports::{Fault, FindByKey, Guard, LoadRequest, Stored};
use crate::submission::SubmitError;
use futures_util::{StreamExt as _, TryStreamExt as _};
use model::lifecycle::Phase;
use model::limits::{HOUR, Held, Limits, Slot, SlotKind, TooMany};
use model::names::{PersonId, RequestId};
use model::time::Time;

/// Reads at the same time.
const AT_ONCE: usize = 16;

/// How often other slots are looked for.
pub(crate) const ATTEMPTS: u32 = 6;

/// The slots that a new request takes.
pub(crate) fn drawn(stored: &Stored, limits: Limits) -> Vec<Guard> {
    kinds(stored)
        .into_iter()
        .map(|(kind, until)| guard(stored, limits.guess(kind, &stored.state.request.id), until, None))
        .collect()
}

/// The same, of those that are free.
pub(crate) async fn free<P: FindByKey + LoadRequest>(
    ports: &P,
    stored: &Stored,
    limits: Limits,
) -> Result<Vec<Guard>, SubmitError> {
    let now = stored.at;
    let held = ports.slots(&stored.state.request.requester).await?;
    let open = held.iter().filter(|held| held.slot.kind == SlotKind::Open && held.until > now);
    let looks: Vec<_> = open.map(|held| waits(ports, held, now)).collect();
    let waiting: Vec<_> = futures_util::stream::iter(looks).buffered(AT_ONCE).try_collect().await?;
    let waiting: Vec<RequestId> = waiting.into_iter().flatten().collect();
    let mut guards = Vec::new();
    for (kind, until) in kinds(stored) {
        let (slot, instead_of) = limits.free(kind, &held, &waiting, now).map_err(SubmitError::TooMany)?;
        guards.push(guard(stored, slot, until, instead_of));
    }
    Ok(guards)
}

/// The slot that a countersignature of `person` takes.
pub(crate) fn drawn_vote(person: &PersonId, request: &RequestId, limits: Limits, now: Time) -> Guard {
    vote(person, limits.guess(SlotKind::Vote, request), now)
}

/// The same, of those that are free; or there is none.
pub(crate) async fn free_vote<P: FindByKey>(
    ports: &P,
    person: &PersonId,
    limits: Limits,
    now: Time,
) -> Result<Result<Guard, TooMany>, Fault> {
    let held = ports.slots(person).await?;
    Ok(limits.free(SlotKind::Vote, &held, &[], now).map(|(slot, _)| vote(person, slot, now)))
}

fn vote(person: &PersonId, slot: Slot, now: Time) -> Guard {
    Guard::Slot { person: person.clone(), slot, until: now.plus(HOUR), instead_of: None }
}

/// The request that holds a slot, if it waits.
async fn waits<P: LoadRequest>(ports: &P, held: &Held, now: Time) -> Result<Option<RequestId>, SubmitError> {
    let stored = ports.load(&held.request).await?;
    let waits =
        stored.is_some_and(|stored| matches!(stored.state.phase, Phase::Pending { lapses_at, .. } if now < lapses_at));
    Ok(waits.then(|| held.request.clone()))
}

/// What a new request counts as, and until when at the latest.
fn kinds(stored: &Stored) -> Vec<(SlotKind, Time)> {
    let hour = (SlotKind::Hour, stored.at.plus(HOUR));
    match stored.state.phase {
        Phase::Pending { lapses_at, .. } => vec![hour, (SlotKind::Open, lapses_at)],
        Phase::Approved { .. }
        | Phase::Provisioning { .. }
        | Phase::Active { .. }
        | Phase::Revoking { .. }
        | Phase::Denied { .. }
        | Phase::Cancelled { .. }
        | Phase::Lapsed { .. }
        | Phase::Ended { .. } => vec![hour],
    }
}

fn guard(stored: &Stored, slot: Slot, until: Time, instead_of: Option<RequestId>) -> Guard {
    Guard::Slot { person: stored.state.request.requester.clone(), slot, until, instead_of }
}
