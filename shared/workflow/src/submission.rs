//! A new request: judged, and stored with its first events in one transaction.

use crate::command::{anchored, links};
use crate::limits;
use crate::ports::{
    Clock, Commit, CommitError, CommitRequest, Fault, FindByKey, Guard, Identifiers, LoadRequest, Policies, Stored,
};
use model::digest::{Digest, Encoding};
use model::identity::{Actor, Cause};
use model::lifecycle::{Command, Phase, submit as first_transition};
use model::limits::TooMany;
use model::names::{IdempotencyKey, RequestId};
use model::refusal::Refusal;
use model::request::Status;
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
    /// There is no such request to extend, or none this person may know of.
    #[error("there is no such request")]
    NotFound,
    /// The request can't be extended.
    #[error("{refusal}")]
    Refused {
        /// Why.
        refusal: Refusal,
        /// The request.
        stored: Box<Stored>,
    },
    /// They asked for as much as they may.
    #[error("{0}")]
    TooMany(TooMany),
    /// The person was offboarded.
    #[error("you were offboarded; nothing can be asked for in your name")]
    Barred,
    /// Policy alone would give access, and the log of the record is not anchored.
    #[error("{0}")]
    NotAnchored(Refusal),
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
    let (request, decision) =
        judge(&policy, ports.request_id(), actor, wish, ports.salt(), now).map_err(SubmitError::Invalid)?;
    let id = request.id.clone();
    let transition = first_transition(request, &decision, now).then(&Command::StartProvisioning, now);
    let cause = Cause::Person(actor.clone());
    let (links, head) = links(Head::START, id.as_str(), &cause, &transition.events, now)?;
    let next = Stored { state: transition.next, head, at: now };
    let payload = payload(wish);
    let mut guards: Vec<Guard> = replay.into_iter().filter(|_| !model::seeded!("replays-count")).collect();
    guards.push(Guard::NotBarred { person: actor.person.clone() });
    guards.extend(anchored(&transition.events, now));
    if let Some(key) = key.as_ref().filter(|_| !model::seeded!("keys-are-forgotten")) {
        guards.push(Guard::Idempotency {
            person: actor.person.clone(),
            key: key.clone(),
            payload,
            forget_at: now.plus(KEY_LIFETIME),
        });
    }
    let limits = policy.catalog().limits();
    let mut slots = limits::drawn(&next, limits);
    for _ in 0..limits::ATTEMPTS {
        let guards = guards.iter().cloned().chain(slots).collect();
        let commit = Commit { id: id.clone(), expected: 0, links: links.clone(), next: next.clone(), guards };
        match ports.commit(commit).await {
            Ok(()) => {
                tracing::info!(
                    request.id = %id, person.id = %actor.person, entitlement = %next.state.request.entitlement,
                    phase.to = %next.state.status(), risk = %next.state.request.risk.level,
                    "{} asked for {}: {id} is {}", actor.person, next.state.request.entitlement, next.state.status(),
                );
                return Ok(next);
            }
            Err(CommitError::SlotTaken) => slots = Box::pin(limits::free(ports, &next, limits)).await?,
            Err(CommitError::KeyUsed) => {
                return match key {
                    Some(key) => earlier(ports, actor, &key, payload).await,
                    None => Err(Fault::new("submit the request", "unexpected_key").into()),
                };
            }
            Err(CommitError::Replayed) => return Err(SubmitError::Replayed),
            Err(CommitError::Barred(_)) => return Err(SubmitError::Barred),
            Err(CommitError::NotAnchored) => return Err(SubmitError::NotAnchored(Refusal::RecordNotAnchored)),
            Err(CommitError::Conflict) => return Err(Fault::new("submit the request", "id_in_use").into()),
            Err(CommitError::Unavailable(fault)) => return Err(fault.into()),
        }
    }
    Err(Fault::new("submit the request", "contention").into())
}

/// How long an extension is to last, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extension {
    /// How long, in seconds, from when it is approved.
    pub duration_seconds: u64,
    /// Why.
    pub justification: String,
    /// The ticket.
    pub ticket: Option<String>,
}

/// Asks for the access of the active grant `id` anew: another request, for the same entitlement and
/// scope, judged as any other. Both grants live until their own ends; access is what either gives.
///
/// # Errors
/// If it is not `actor`'s, or not active any more; and see [`SubmitError`].
pub async fn extend<P>(
    ports: &P,
    actor: &Actor,
    id: &RequestId,
    extension: &Extension,
    key: Option<IdempotencyKey>,
) -> Result<Stored, SubmitError>
where
    P: Policies + CommitRequest + FindByKey + LoadRequest + Clock + Identifiers,
{
    let (policy, stored) = futures_util::join!(ports.policy(), ports.load(id));
    let (policy, stored) = (policy?, stored?.ok_or(SubmitError::NotFound)?);
    let request = &stored.state.request;
    if request.requester != actor.person {
        // Who may not see it is not told that it is there.
        if !crate::views::may_see(&policy, actor, &stored, ports.now()) {
            return Err(SubmitError::NotFound);
        }
        let refusal = Refusal::NotTheRequester { action: "extend" };
        return Err(SubmitError::Refused { refusal, stored: Box::new(stored) });
    }
    let open = matches!(stored.state.phase, Phase::Active { .. })
        && crate::ports::window(&stored).is_some_and(|window| window.contains(ports.now()));
    if !open {
        let status = if let Phase::Active { .. } = stored.state.phase { Status::Ended } else { stored.state.status() };
        return Err(SubmitError::Refused { refusal: Refusal::NotActive { status }, stored: Box::new(stored) });
    }
    // For what is held: what an approver took away is not asked for again.
    // What was not narrowed is asked for as the entitlement has it; nobody types its wildcards.
    let entitlement = policy.catalog().entitlement(request.entitlement.as_str());
    let terms = stored.state.terms();
    let narrowed = |held: &[String], whole: Option<&Vec<String>>| {
        if whole.is_some_and(|whole| whole == held) { None } else { Some(held.to_vec()) }
    };
    let wish = Wish {
        entitlement: request.entitlement.to_string(),
        permissions: narrowed(terms.permissions(), entitlement.map(|entitlement| &entitlement.permissions)),
        resources: narrowed(terms.resources(), entitlement.map(|entitlement| &entitlement.resources)),
        duration_seconds: extension.duration_seconds,
        justification: extension.justification.clone(),
        ticket: extension.ticket.clone(),
        extends: Some(id.clone()),
    };
    submit(ports, actor, &wish, key, None).await
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
    let Wish { entitlement, permissions, resources, duration_seconds, justification, ticket, extends } = wish;
    let list = |encoding: Encoding, list: &Option<Vec<String>>| match list {
        Some(list) => encoding.number(1).list(list.iter().map(String::as_str)),
        None => encoding.number(0),
    };
    let encoding = Encoding::of("countersign.wish.v1").text(entitlement);
    let encoding = list(encoding, permissions);
    let encoding = list(encoding, resources).number(*duration_seconds).text(justification).maybe(ticket.as_deref());
    match extends {
        Some(extended) => encoding.text(extended.as_str()).digest(),
        None => encoding.digest(),
    }
}
