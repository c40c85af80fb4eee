//! What persons do to a request: countersign, refuse, withdraw, end early. Slack and API both come
//! through here, so neither door lacks a rule that the other has.

use crate::command::{CommandError, Done, SLOT_TAKEN, carry_out_on, note_refusal};
use crate::limits::{ATTEMPTS, drawn_vote, free_vote};
use crate::ports::{Clock, CommitRequest, Fault, FindByKey, Guard, Identifiers, LoadRequest, Policies, Stored};
use model::digest::Digest;
use model::identity::{Actor, Cause};
use model::lifecycle::{Command, Vote, decide};
use model::limits::TooMany;
use model::names::RequestId;
use model::policy::Policy;
use model::refusal::Refusal;
use model::terms::Narrower;
use model::text::{FreeText, Note};
use model::time::Time;
use model::words::{Salt, Words};

/// What a person wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// Countersign, having seen what has this digest.
    Approve {
        /// The digest.
        digest: Digest,
        /// What they say with it.
        note: Option<Note>,
        /// What they grant less of.
        narrower: Option<Narrower>,
    },
    /// Refuse.
    Deny {
        /// Why.
        reason: FreeText,
    },
    /// Withdraw.
    Cancel,
    /// End early.
    Revoke {
        /// Why.
        reason: FreeText,
    },
}

impl Wanted {
    /// Countersign all of what has this digest, without a word.
    pub fn approve(digest: Digest) -> Self {
        Self::Approve { digest, note: None, narrower: None }
    }
}

/// Does what `actor` wants with request `id`. A countersignature that completes the quorum starts
/// provisioning in the same transaction.
///
/// # Errors
/// See [`CommandError`].
pub async fn act<P>(
    ports: &P,
    actor: &Actor,
    id: &RequestId,
    wanted: &Wanted,
    replay: Option<Guard>,
) -> Result<Done, CommandError>
where
    P: Policies + LoadRequest + CommitRequest + FindByKey + Clock + Identifiers,
{
    let (policy, read) = futures_util::join!(ports.policy(), ports.load(id));
    let (policy, read) = (policy?, read?);
    act_on(ports, &policy, read, actor, id, wanted, replay).await
}

/// As [`act`], for a request that was read already.
///
/// # Errors
/// See [`CommandError`].
pub async fn act_on<P>(
    ports: &P,
    policy: &Policy,
    read: Option<Stored>,
    actor: &Actor,
    id: &RequestId,
    wanted: &Wanted,
    replay: Option<Guard>,
) -> Result<Done, CommandError>
where
    P: LoadRequest + CommitRequest + FindByKey + Clock + Identifiers,
{
    let mut guards: Vec<Guard> = replay.into_iter().collect();
    guards.extend(
        unbarred(actor, wanted, read.as_ref()).into_iter().filter(|_| !model::seeded!("the-barred-countersign")),
    );
    let follow = match wanted {
        Wanted::Approve { .. } => Some(&Command::StartProvisioning),
        Wanted::Deny { .. } | Wanted::Cancel | Wanted::Revoke { .. } => None,
    };
    let cause = Cause::Person(actor.clone());
    let salt = ports.salt();
    let command = |stored: &Stored, now| command(policy, actor, wanted, salt, stored, now);
    let limits = policy.catalog().limits();
    let counts = matches!(wanted, Wanted::Approve { .. });
    guards.extend(counts.then(|| drawn_vote(&actor.person, id, limits, ports.now())));
    let mut read = read;
    for _ in 0..ATTEMPTS {
        // Boxed: what is awaited here is large.
        match Box::pin(carry_out_on(ports, read.take(), id, &cause, command, follow, &guards)).await {
            Err(CommandError::Unavailable(fault)) if counts && fault.code == SLOT_TAKEN => {}
            done => return done,
        }
        // The drawn place is taken: one that is free, or they countersigned often enough.
        drop(guards.pop());
        read = ports.load(id).await?;
        match free_vote(ports, &actor.person, limits, ports.now()).await? {
            Ok(guard) => guards.push(guard),
            Err(too_many) => return too_often(ports, id, &cause, command, too_many, &guards).await,
        }
    }
    Err(Fault::new("store the change", "contention").into())
}

/// Refused, and the attempt is in the record.
async fn too_often<P>(
    ports: &P,
    id: &RequestId,
    cause: &Cause,
    command: impl Fn(&Stored, Time) -> Command,
    too_many: TooMany,
    guards: &[Guard],
) -> Result<Done, CommandError>
where
    P: LoadRequest + CommitRequest + Clock,
{
    let stored = ports.load(id).await?.ok_or_else(|| CommandError::NotFound(id.clone()))?;
    let refusal = Refusal::TooManyApprovals(too_many);
    let command = command(&stored, ports.now().max(stored.at));
    Box::pin(note_refusal(ports, stored.clone(), id, cause, &command, &refusal, guards)).await?;
    Err(CommandError::Refused { refusal, stored: Box::new(stored) })
}

/// Who must not be barred, as a condition of the same transaction: whoever votes; and, for a
/// countersignature, whoever it is for and whoever gave one before.
fn unbarred(actor: &Actor, wanted: &Wanted, read: Option<&Stored>) -> Vec<Guard> {
    let mut persons = match wanted {
        Wanted::Cancel | Wanted::Revoke { .. } => return Vec::new(),
        Wanted::Deny { .. } => vec![&actor.person],
        Wanted::Approve { .. } => {
            let of_it = read.iter().flat_map(|stored| {
                let earlier = stored.state.approvals().iter().map(|approval| &approval.person);
                earlier.chain([&stored.state.request.requester])
            });
            of_it.chain([&actor.person]).collect()
        }
    };
    persons.sort();
    persons.dedup();
    persons.into_iter().map(|person| Guard::NotBarred { person: person.clone() }).collect()
}

/// Why `actor` could not do what they want, if so. Nothing is done, and nothing recorded.
pub fn refusal(policy: &Policy, actor: &Actor, wanted: &Wanted, stored: &Stored, now: Time) -> Option<Refusal> {
    let now = now.max(stored.at);
    // Nothing of it is stored.
    let salt = Salt::new([0; 16]);
    decide(&stored.state, &command(policy, actor, wanted, salt, stored, now), now).err()
}

fn command(policy: &Policy, actor: &Actor, wanted: &Wanted, salt: Salt, stored: &Stored, now: Time) -> Command {
    let request = &stored.state.request;
    let by = actor.clone();
    let words = |said: &FreeText| Words::new(said.clone(), salt);
    match wanted {
        Wanted::Approve { digest, note, narrower } => Command::Approve {
            by,
            digest: *digest,
            permission: policy.may_approve(actor, request, now),
            // Who asked, and who countersigned before, must still be entitled to: what rests on
            // somebody who is not has to be asked for again.
            judged: policy.judged_now(&request.entitlement).filter(|_| {
                let mut approvals = stored.state.approvals().iter();
                let entitled = policy.may_still_ask(request)
                    && approvals.all(|approval| policy.may_still_approve(&approval.person, request, approval.at));
                entitled || model::seeded!("stale-membership")
            }),
            vote: Box::new(Vote {
                asked_at: policy.asked_at(&actor.person, &stored.state),
                note: note.as_ref().map(|note| words(note.text())),
                narrower: narrower.clone(),
            }),
        },
        Wanted::Deny { reason } => {
            Command::Deny { by, reason: words(reason), permission: policy.may_approve(actor, request, now) }
        }
        Wanted::Cancel => Command::Cancel { by },
        Wanted::Revoke { reason } => {
            Command::Revoke { by, reason: words(reason), permission: policy.may_revoke(actor, request, now) }
        }
    }
}
