//! How a command is carried out: consistent read, decide, one transaction; on conflict again.

use crate::ports::{Clock, Commit, CommitError, CommitRequest, Fault, Guard, LoadRequest, Stored};
use model::event::Event;
use model::identity::Cause;
use model::lifecycle::{Command, Effect, Transition, decide};
use model::names::RequestId;
use model::refusal::Refusal;
use model::time::Time;
use record::chain::{self, Head};
use serde::Serialize;

/// How often a command is decided anew because somebody else was faster, before it is given back
/// as unavailable.
const ATTEMPTS: u32 = 12;

/// How often the note of a refused attempt is tried.
const NOTE_ATTEMPTS: u32 = 3;

/// What a command did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// The request after it.
    pub stored: Stored,
    /// What is to be done now that it is stored.
    pub effects: Vec<Effect>,
    /// Whether anything was stored; `false`: it had taken effect before.
    pub changed: bool,
}

/// Why a command did nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// No such request, or none this person may know of.
    #[error("there is no request {0}")]
    NotFound(RequestId),
    /// Refused; the attempt is in the record if a person made it.
    #[error("{refusal}")]
    Refused {
        /// Why.
        refusal: Refusal,
        /// The request, unchanged.
        stored: Box<Stored>,
    },
    /// The signed message took effect before.
    #[error("this message took effect before")]
    Replayed,
    /// Something outside failed.
    #[error(transparent)]
    Unavailable(#[from] Fault),
}

/// The entries for `events` after `head`, and its end after them.
///
/// # Errors
/// If an event can't be written.
pub(crate) fn links<E: Serialize>(
    head: Head,
    id: &str,
    cause: &Cause,
    events: &[E],
    at: Time,
) -> Result<(Vec<chain::Link>, Head), Fault> {
    let unreadable = |error: &dyn std::fmt::Display| {
        tracing::error!(request.id = id, error = %error, "an event can't be written");
        Fault::new("write an event", "unwritable_event")
    };
    let cause = serde_json::to_value(cause).map_err(|error| unreadable(&error))?;
    let mut head = head;
    let mut links = Vec::with_capacity(events.len());
    for event in events {
        let event = serde_json::to_value(event).map_err(|error| unreadable(&error))?;
        let (link, next) =
            chain::append(head, id, &at.to_string(), cause.clone(), event).map_err(|error| unreadable(&error))?;
        links.push(link);
        head = if model::seeded!("not-chained-to-the-one-before") { Head { hash: head.hash, ..next } } else { next };
    }
    Ok((links, head))
}

/// How long after the log of the record was anchored access may still be given, in seconds.
pub const ANCHORED_WITHIN: u64 = 900;

/// What must hold beside everything else if `events` begin to make access: nothing is granted that may never be on
/// record. What ends access never has it.
pub(crate) fn anchored(events: &[Event], now: Time) -> Option<Guard> {
    let begins = events.iter().any(|event| matches!(event, Event::ProvisioningStarted { .. }));
    let within = i64::try_from(ANCHORED_WITHIN).unwrap_or(i64::MAX);
    let not_before = Time::from_second(now.as_second().saturating_sub(within)).unwrap_or(Time::EPOCH);
    (begins && !model::seeded!("no-anchor-needed")).then_some(Guard::Anchored { not_before })
}

/// Stores `transition` on top of `stored`.
///
/// # Errors
/// As [`CommitRequest::commit`].
pub(crate) async fn store<P: CommitRequest>(
    ports: &P,
    stored: &Stored,
    cause: &Cause,
    transition: &Transition,
    now: Time,
    guards: Vec<Guard>,
) -> Result<Stored, CommitError> {
    let id = &stored.state.request.id;
    let (links, head) = links(stored.head, id.as_str(), cause, &transition.events, now)?;
    let next = Stored { state: transition.next.clone(), head, at: now };
    let guards = guards.into_iter().chain(anchored(&transition.events, now)).collect();
    ports.commit(Commit { id: id.clone(), expected: stored.head.seq, links, next: next.clone(), guards }).await?;
    Ok(next)
}

/// Carries `command` out on the request `id`.
///
/// `command` is made anew for every attempt, from what was read. `follow` is a command that goes
/// into the same transaction if it is possible after the first.
///
/// # Errors
/// See [`CommandError`].
pub async fn carry_out<P, F>(
    ports: &P,
    id: &RequestId,
    cause: &Cause,
    command: F,
    follow: Option<&Command>,
    guards: &[Guard],
) -> Result<Done, CommandError>
where
    P: LoadRequest + CommitRequest + Clock,
    F: Fn(&Stored, Time) -> Command,
{
    let stored = ports.load(id).await?;
    carry_out_on(ports, stored, id, cause, command, follow, guards).await
}

/// As [`carry_out`], for a request that was read already.
///
/// # Errors
/// See [`CommandError`].
pub async fn carry_out_on<P, F>(
    ports: &P,
    read: Option<Stored>,
    id: &RequestId,
    cause: &Cause,
    command: F,
    follow: Option<&Command>,
    guards: &[Guard],
) -> Result<Done, CommandError>
where
    P: LoadRequest + CommitRequest + Clock,
    F: Fn(&Stored, Time) -> Command,
{
    let mut read = read;
    for attempt in 0..ATTEMPTS {
        let stored = match read.take() {
            Some(stored) => stored,
            None if attempt == 0 => return Err(CommandError::NotFound(id.clone())),
            None => ports.load(id).await?.ok_or_else(|| CommandError::NotFound(id.clone()))?,
        };
        // Clocks of workers differ; the record's does not go backwards.
        let now = ports.now().max(stored.at);
        let command = command(&stored, now);
        let transition = match decide(&stored.state, &command, now) {
            Ok(transition) => transition,
            Err(refusal) => {
                if let Cause::Person(_) = cause {
                    Box::pin(note_refusal(ports, stored.clone(), id, cause, &command, &refusal, guards)).await?;
                }
                return Err(CommandError::Refused { refusal, stored: Box::new(stored) });
            }
        };
        let transition = match follow {
            Some(follow) => transition.then(follow, now),
            None => transition,
        };
        if transition.events.is_empty() {
            return Ok(Done { stored, effects: transition.effects, changed: false });
        }
        match store(ports, &stored, cause, &transition, now, guards.to_vec()).await {
            Ok(next) => {
                log(id, cause, &command, &stored, &next);
                return Ok(Done { stored: next, effects: transition.effects, changed: true });
            }
            Err(CommitError::Conflict) => {
                ports.pause(20u64.saturating_mul(u64::from(attempt).saturating_add(1))).await;
            }
            Err(CommitError::Replayed) => return Err(CommandError::Replayed),
            Err(CommitError::Barred(person)) => {
                let refusal = Refusal::Barred { person };
                Box::pin(note_refusal(ports, stored.clone(), id, cause, &command, &refusal, guards)).await?;
                return Err(CommandError::Refused { refusal, stored: Box::new(stored) });
            }
            Err(CommitError::NotAnchored) => {
                let refusal = Refusal::RecordNotAnchored;
                if let Cause::Person(_) = cause {
                    Box::pin(note_refusal(ports, stored.clone(), id, cause, &command, &refusal, guards)).await?;
                } else {
                    tracing::error!(
                        request.id = %id, alarm = "record_not_anchored",
                        "{id} is not granted: the log of the record is not anchored",
                    );
                }
                return Err(CommandError::Refused { refusal, stored: Box::new(stored) });
            }
            Err(CommitError::SlotTaken) => return Err(Fault::new("store the change", SLOT_TAKEN).into()),
            Err(CommitError::KeyUsed) => return Err(Fault::new("store the change", "unexpected_key").into()),
            Err(CommitError::Unavailable(fault)) => return Err(fault.into()),
        }
    }
    Err(Fault::new("store the change", "contention").into())
}

fn log(id: &RequestId, cause: &Cause, command: &Command, before: &Stored, after: &Stored) {
    let by = match cause {
        Cause::Person(actor) => actor.person.as_str(),
        Cause::System { part } => part,
    };
    tracing::info!(
        request.id = %id, person.id = by, command = command.verb(),
        phase.from = %before.state.status(), phase.to = %after.state.status(), seq = after.head.seq,
        "{} {id}: {} to {}", command.verb(), before.state.status(), after.state.status(),
    );
}

/// The code of a change whose slot somebody else's request holds.
pub(crate) const SLOT_TAKEN: &str = "slot_taken";

/// Puts a refused attempt into the record. A lost race is tried again a few times; after that the
/// log line alone says it, since the answer to the person must not wait.
pub(crate) async fn note_refusal<P>(
    ports: &P,
    stored: Stored,
    id: &RequestId,
    cause: &Cause,
    command: &Command,
    refusal: &Refusal,
    guards: &[Guard],
) -> Result<(), CommandError>
where
    P: LoadRequest + CommitRequest + Clock,
{
    let by = match cause {
        Cause::Person(actor) => actor.person.as_str(),
        Cause::System { part } => part,
    };
    tracing::warn!(
        request.id = %id, person.id = by, command = command.verb(), error.code = refusal.code(),
        "{} {id} was refused: {}", command.verb(), refusal.code(),
    );
    let note = Command::NoteRefusal { command: command.verb().to_owned(), code: refusal.code().to_owned() };
    // That somebody is barred does not keep their attempt out of the record, and it takes nobody's place.
    let counts = |guard: &&Guard| !matches!(guard, Guard::NotBarred { .. } | Guard::Slot { .. });
    let guards: Vec<Guard> = guards.iter().filter(counts).cloned().collect();
    let mut read = Some(stored);
    for attempt in 0..NOTE_ATTEMPTS {
        let Some(stored) = (match read.take() {
            Some(stored) => Some(stored),
            None => ports.load(id).await?,
        }) else {
            return Ok(());
        };
        let now = ports.now().max(stored.at);
        let Ok(transition) = decide(&stored.state, &note, now) else { return Ok(()) };
        if transition.events.is_empty() {
            return Ok(());
        }
        match store(ports, &stored, cause, &transition, now, guards.clone()).await {
            Ok(_)
            | Err(CommitError::KeyUsed | CommitError::SlotTaken | CommitError::Barred(_) | CommitError::NotAnchored) => {
                return Ok(());
            }
            Err(CommitError::Conflict) => {
                ports.pause(20u64.saturating_mul(u64::from(attempt).saturating_add(1))).await;
            }
            Err(CommitError::Replayed) => return Err(CommandError::Replayed),
            Err(CommitError::Unavailable(fault)) => return Err(fault.into()),
        }
    }
    tracing::warn!(request.id = %id, "the refused attempt on {id} is only in the log: others were faster");
    Ok(())
}
