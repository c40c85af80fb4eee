//! A new request: judged, and stored with its first events in one transaction.

use crate::command::links;
use crate::ports::{
    Clock, Commit, CommitError, CommitRequest, Fault, FindByKey, Guard, Identifiers, LoadRequest, Policies, Stored,
};
use model::digest::{Digest, Encoding};
use model::identity::{Actor, Cause};
use model::lifecycle::{Command, submit as first_transition};
use model::names::IdempotencyKey;
use model::submission::{FieldError, Wish, judge};
use record::chain::Head;

/// How long an idempotency key is remembered, in seconds.
const KEY_LIFETIME: u64 = 86_400;

/// Why nothing was submitted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubmitError {
    /// Fields are wrong.
    #[error("the request is not complete")]
    Invalid(Vec<FieldError>),
    /// The idempotency key was used for something else.
    #[error("this idempotency key was used for another request")]
    KeyReused,
    /// The signed message took effect before.
    #[error("this message took effect before")]
    Replayed,
    /// The person was offboarded.
    #[error("you were offboarded; nothing can be asked for in your name")]
    Barred,
    /// Something outside failed.
    #[error(transparent)]
    Unavailable(#[from] Fault),
}

/// Submits what `actor` wishes. If policy alone approves, provisioning starts in the same
/// transaction: the intent is stored before anything outside happens.
///
/// With an idempotency key, the same wish gives back the request it made before.
///
/// # Errors
/// See [`SubmitError`].
pub async fn submit<P>(
    ports: &P,
    actor: &Actor,
    wish: &Wish,
    key: Option<IdempotencyKey>,
    replay: Option<Guard>,
) -> Result<Stored, SubmitError>
where
    P: Policies + CommitRequest + FindByKey + LoadRequest + Clock + Identifiers,
{
    let policy = ports.policy().await?;
    let now = ports.now();
    let (request, decision) = judge(&policy, ports.request_id(), actor, wish, now).map_err(SubmitError::Invalid)?;
    let id = request.id.clone();
    let transition = first_transition(request, &decision, now).then(&Command::StartProvisioning, now);
    let cause = Cause::Person(actor.clone());
    let (links, head) = links(Head::START, id.as_str(), &cause, &transition.events, now)?;
    let next = Stored { state: transition.next, head, at: now };
    let payload = payload(wish);
    let mut guards: Vec<Guard> = replay.into_iter().collect();
    guards.push(Guard::NotBarred { person: actor.person.clone() });
    if let Some(key) = &key {
        guards.push(Guard::Idempotency {
            person: actor.person.clone(),
            key: key.clone(),
            payload,
            forget_at: now.plus(KEY_LIFETIME),
        });
    }
    match ports.commit(Commit { id: id.clone(), expected: 0, links, next: next.clone(), guards }).await {
        Ok(()) => {
            tracing::info!(
                request.id = %id, person.id = %actor.person, entitlement = %next.state.request.entitlement,
                phase.to = %next.state.status(), risk = %next.state.request.risk.level,
                "{} asked for {}: {id} is {}", actor.person, next.state.request.entitlement, next.state.status(),
            );
            Ok(next)
        }
        Err(CommitError::KeyUsed) => match key {
            Some(key) => earlier(ports, actor, &key, payload).await,
            None => Err(Fault::new("submit the request", "unexpected_key").into()),
        },
        Err(CommitError::Replayed) => Err(SubmitError::Replayed),
        Err(CommitError::Barred(_)) => Err(SubmitError::Barred),
        Err(CommitError::Conflict) => Err(Fault::new("submit the request", "id_in_use").into()),
        Err(CommitError::Unavailable(fault)) => Err(fault.into()),
    }
}

/// What the key was used for before, if it was for the same wish.
async fn earlier<P: FindByKey + LoadRequest>(
    ports: &P,
    actor: &Actor,
    key: &IdempotencyKey,
    payload: Digest,
) -> Result<Stored, SubmitError> {
    let gone = || Fault::new("find the request of an idempotency key", "not_found");
    let (id, before) = ports.request_for_key(&actor.person, key).await?.ok_or_else(gone)?;
    if before != payload {
        return Err(SubmitError::KeyReused);
    }
    Ok(ports.load(&id).await?.ok_or_else(gone)?)
}

fn payload(wish: &Wish) -> Digest {
    let Wish { entitlement, permissions, resources, duration_seconds, justification, ticket } = wish;
    let list = |encoding: Encoding, list: &Option<Vec<String>>| match list {
        Some(list) => encoding.number(1).list(list.iter().map(String::as_str)),
        None => encoding.number(0),
    };
    let encoding = Encoding::of("countersign.wish.v1").text(entitlement);
    let encoding = list(encoding, permissions);
    list(encoding, resources).number(*duration_seconds).text(justification).maybe(ticket.as_deref()).digest()
}
