//! Ending everything of a scope at once: what persons order. [`carry_out`] is how it is done.
//!
//! Whoever orders it waits for one transaction: the intent, and with an offboarding the bar. From
//! then on workers carry it out, and reconciliation does until nothing is left.

pub mod carry_out;

use crate::command::links;
use crate::ports::{
    Bar, Barring, Clock, CommitError, CommitSweep, Fault, Identifiers, LoadSweep, Policies, ReadBar, StoredSweep,
    SweepCommit,
};
use model::identity::{Actor, Cause};
use model::lifecycle::Permission;
use model::names::{PersonId, SweepId};
use model::sweep::{Event, Phase, Refusal, Scope, Sweep, offboard as offboarding, panic as panicking};
use model::text::FreeText;
use model::time::Time;
use model::words::Words;
use record::chain::Head;
use serde_json::{Value, json};

/// How often something is decided anew because somebody else was faster.
const ATTEMPTS: u32 = 5;

/// Why nothing was ordered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SweepError {
    /// No such sweep, or none this person may know of.
    #[error("there is no such sweep")]
    NotFound,
    /// Refused.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Something outside failed.
    #[error(transparent)]
    Unavailable(#[from] Fault),
}

/// Who ordered an offboarding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrderedBy {
    /// A person, through the API.
    Person(Actor),
    /// An identity provider, through the bus: whoever may put events there.
    IdentityProvider,
}

async fn store<P: CommitSweep>(
    ports: &P,
    before: Option<&StoredSweep>,
    id: &SweepId,
    cause: &Cause,
    event: &Event,
    bar: Option<(PersonId, Barring)>,
    now: Time,
) -> Result<StoredSweep, CommitError> {
    let head = before.map_or(Head::START, |before| before.head);
    let (links, after) = links(head, id.as_str(), cause, std::slice::from_ref(event), now)?;
    let sweep = Sweep::evolve(before.map(|before| before.sweep.clone()), id, event, now)
        .ok_or_else(|| Fault::new("store the sweep", "impossible_event"))?;
    let next = StoredSweep { sweep, head: after, at: now };
    ports.commit_sweep(SweepCommit { id: id.clone(), expected: head.seq, links, next: next.clone(), bar }).await?;
    tracing::warn!(
        sweep.id = %id, scope = next.sweep.scope.kind(), kind = next.sweep.kind.as_str(),
        "the {} {id} over {} goes on", next.sweep.kind.as_str(), next.sweep.scope.kind(),
    );
    Ok(next)
}

fn unexpected(error: CommitError) -> SweepError {
    match error {
        CommitError::Unavailable(fault) => fault.into(),
        CommitError::Conflict
        | CommitError::Replayed
        | CommitError::KeyUsed
        | CommitError::SlotTaken
        | CommitError::NotAnchored
        | CommitError::Barred(_) => Fault::new("store the sweep", "contention").into(),
    }
}

/// Proposes that everything of `scope` ends, or starts that at once if policy trusts `actor` alone.
///
/// # Errors
/// See [`SweepError`].
pub async fn panic<P>(ports: &P, actor: &Actor, scope: Scope, reason: FreeText) -> Result<StoredSweep, SweepError>
where
    P: Policies + CommitSweep + Clock + Identifiers,
{
    let policy = ports.policy().await?;
    let (may, alone) = (policy.may_panic(actor, &scope, false), policy.may_panic_alone(actor, &scope));
    let (now, reason) = (ports.now(), Words::new(reason, ports.salt()));
    let event = panicking(actor, scope, reason, &may, &alone, now)?;
    let cause = Cause::Person(actor.clone());
    store(ports, None, &ports.sweep_id(), &cause, &event, None, now).await.map_err(unexpected)
}

/// Confirms a proposed panic as the second person. One that has begun stays as it is.
///
/// # Errors
/// See [`SweepError`].
pub async fn confirm<P>(ports: &P, actor: &Actor, id: &SweepId) -> Result<StoredSweep, SweepError>
where
    P: Policies + LoadSweep + CommitSweep + Clock,
{
    for _ in 0..ATTEMPTS {
        let (policy, stored) = futures_util::join!(ports.policy(), ports.load_sweep(id));
        let (policy, stored) = (policy?, stored?.ok_or(SweepError::NotFound)?);
        let now = ports.now().max(stored.at);
        let may = policy.may_panic(actor, &stored.sweep.scope, true);
        let Some(event) = stored.sweep.confirm(actor, &may, now)? else { return Ok(stored) };
        let cause = Cause::Person(actor.clone());
        match store(ports, Some(&stored), id, &cause, &event, None, now).await {
            Err(CommitError::Conflict) => ports.pause(20).await,
            outcome => return outcome.map_err(unexpected),
        }
    }
    Err(Fault::new("store the sweep", "contention").into())
}

/// Forgets what was said about a sweep that is over, for whoever erases it. Beside its entries something is `left`, or not.
pub(crate) async fn forget<P>(ports: &P, id: &SweepId, left: bool, by: &str) -> Result<StoredSweep, SweepError>
where
    P: LoadSweep + CommitSweep + Clock,
{
    for _ in 0..ATTEMPTS {
        let stored = ports.load_sweep(id).await?.ok_or(SweepError::NotFound)?;
        let now = ports.now().max(stored.at);
        let Some(event) = stored.sweep.erase(left, by, now)? else { return Ok(stored) };
        match store(ports, Some(&stored), id, &Cause::system("erasure"), &event, None, now).await {
            Err(CommitError::Conflict) => ports.pause(20).await,
            outcome => return outcome.map_err(unexpected),
        }
    }
    Err(Fault::new("store the sweep", "contention").into())
}

/// Ends everything of `person` and bars them. Whoever is barred already stays so, by the same sweep.
///
/// # Errors
/// See [`SweepError`].
pub async fn offboard<P>(
    ports: &P,
    by: &OrderedBy,
    person: &PersonId,
    reason: FreeText,
) -> Result<StoredSweep, SweepError>
where
    P: Policies + LoadSweep + CommitSweep + ReadBar + Clock + Identifiers,
{
    let scope = Scope::Person { person: person.clone() };
    let (may, cause) = match by {
        OrderedBy::Person(actor) => (ports.policy().await?.may_offboard(actor, &scope), Cause::Person(actor.clone())),
        OrderedBy::IdentityProvider => {
            (Permission { granted: true, rules: Vec::new() }, Cause::system("identityProvider"))
        }
    };
    let event = offboarding(person.clone(), Words::new(reason, ports.salt()), &may)?;
    for _ in 0..ATTEMPTS {
        if let Some(Bar { sweep, lifted: false }) = ports.bar(person).await? {
            return ports.load_sweep(&sweep).await?.ok_or(SweepError::NotFound);
        }
        let bar = Some((person.clone(), Barring::Bar));
        match store(ports, None, &ports.sweep_id(), &cause, &event, bar, ports.now()).await {
            Err(CommitError::Conflict) => ports.pause(20).await,
            outcome => return outcome.map_err(unexpected),
        }
    }
    Err(Fault::new("store the sweep", "contention").into())
}

/// Lets a person who was barred back in. What was ended stays so.
///
/// # Errors
/// See [`SweepError`].
pub async fn reinstate<P>(
    ports: &P,
    actor: &Actor,
    person: &PersonId,
    reason: FreeText,
) -> Result<StoredSweep, SweepError>
where
    P: Policies + LoadSweep + CommitSweep + ReadBar + Clock + Identifiers,
{
    let reason = Words::new(reason, ports.salt());
    for _ in 0..ATTEMPTS {
        let (policy, bar) = futures_util::join!(ports.policy(), ports.bar(person));
        let may = policy?.may_reinstate(actor, &Scope::Person { person: person.clone() });
        if !may.granted {
            return Err(Refusal::NotPermitted { action: "reinstate a person" }.into());
        }
        let Some(Bar { sweep: id, lifted: false }) = bar? else { return Err(Refusal::NotBarred.into()) };
        let stored = ports.load_sweep(&id).await?.ok_or(SweepError::NotFound)?;
        let event = stored.sweep.reinstate(reason.clone(), &may)?;
        let (cause, now) = (Cause::Person(actor.clone()), ports.now().max(stored.at));
        let bar = Some((person.clone(), Barring::Lift));
        match store(ports, Some(&stored), &id, &cause, &event, bar, now).await {
            Err(CommitError::Conflict) => ports.pause(20).await,
            outcome => return outcome.map_err(unexpected),
        }
    }
    Err(Fault::new("store the sweep", "contention").into())
}

/// The sweep `id`, if `actor` may confirm or order one like it, or audits.
///
/// # Errors
/// See [`SweepError`].
pub async fn one<P: Policies + LoadSweep>(ports: &P, actor: &Actor, id: &SweepId) -> Result<StoredSweep, SweepError> {
    let (policy, stored) = futures_util::join!(ports.policy(), ports.load_sweep(id));
    let (policy, stored) = (policy?, stored?.ok_or(SweepError::NotFound)?);
    let scope = &stored.sweep.scope;
    let may = [
        policy.may_panic(actor, scope, true),
        policy.may_panic(actor, scope, false),
        policy.may_panic_alone(actor, scope),
        policy.may_offboard(actor, scope),
        policy.may_audit(actor),
    ];
    if may.iter().any(|may| may.granted) { Ok(stored) } else { Err(SweepError::NotFound) }
}

/// The sweep as the API shows it.
pub fn view(stored: &StoredSweep) -> Value {
    let Sweep { id, kind, scope, reason, phase } = &stored.sweep;
    let scope = match scope {
        Scope::All => json!({"all": true}),
        Scope::Person { person } => json!({"person": person}),
        Scope::Account { account } => json!({"account": account}),
    };
    let mut shown = json!({
        "id": id, "kind": kind, "scope": scope, "reason": reason.shown(), "version": stored.head.seq, "updatedAt": stored.at,
    });
    let mut set = |key: &str, value: Value| {
        if let Some(shown) = shown.as_object_mut() {
            shown.insert(key.to_owned(), value);
        }
    };
    match phase {
        Phase::Proposed { by, until } => {
            set("status", json!("proposed"));
            set("proposedBy", json!(by));
            set("confirmBy", json!(until));
        }
        Phase::Running { since } => {
            set("status", json!("running"));
            set("startedAt", json!(since));
        }
        Phase::Finished { since, at } => {
            set("status", json!("finished"));
            set("startedAt", json!(since));
            set("finishedAt", json!(at));
        }
        Phase::Reinstated { since, at } => {
            set("status", json!("reinstated"));
            set("startedAt", json!(since));
            set("reinstatedAt", json!(at));
        }
    }
    shown
}
