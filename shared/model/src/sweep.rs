//! An order to end everything of a scope at once: a panic, or the offboarding of a person.
//!
//! A small state machine of its own, with its own record. What it orders is carried out request by
//! request, by the same steps as any other end; a sweep is over once nothing of its scope that was
//! asked for before it is left to be ended.

use crate::identity::Actor;
use crate::lifecycle::{EndReason, Permission, QUARANTINE};
use crate::names::{AccountId, PersonId, SweepId};
use crate::request::Request;
use crate::time::Time;
use crate::words::Words;
use serde::{Deserialize, Serialize};

/// How long a proposed panic waits for the second person, in seconds.
pub const CONFIRM_WITHIN: u64 = 900;

/// How much later than a sweep a request may say it was asked for and still be of it, in seconds:
/// clocks of workers differ.
pub const CLOCKS_DIFFER: u64 = 5;

/// How long a sweep goes on at the least, in seconds: longer than any worker that was at something
/// when it began lives, and than an index lags.
pub const SETTLES_AFTER: u64 = QUARANTINE;

/// What kind of order it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Everything of the scope ends now.
    Panic,
    /// A person left: everything of theirs ends, and they are barred.
    Offboarding,
}

impl Kind {
    /// The word for it, as the API says it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Panic => "panic",
            Self::Offboarding => "offboarding",
        }
    }

    /// Why what it ends is ended.
    pub fn end_reason(self) -> EndReason {
        match self {
            Self::Panic => EndReason::Panic,
            Self::Offboarding => EndReason::Offboarded,
        }
    }
}

/// What it is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Scope {
    /// Everything.
    All,
    /// Everything of one person.
    Person {
        /// Who.
        person: PersonId,
    },
    /// Everything in one account.
    Account {
        /// Which.
        account: AccountId,
    },
}

impl Scope {
    /// The word for it, as policies see it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Person { .. } => "person",
            Self::Account { .. } => "account",
        }
    }

    /// Whether `request` is of it.
    pub fn covers(&self, request: &Request) -> bool {
        match self {
            Self::All => true,
            Self::Person { person } => request.requester == *person,
            Self::Account { account } => request.account == *account,
        }
    }

    /// Whether all sessions of a base role that is of it are of it too.
    pub fn whole_roles(&self) -> bool {
        match self {
            Self::All | Self::Account { .. } => true,
            Self::Person { .. } => false,
        }
    }
}

/// Where it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "lowercase", rename_all_fields = "camelCase")]
pub enum Phase {
    /// Waits for a second person.
    Proposed {
        /// Who proposed it.
        by: PersonId,
        /// Until when it can be confirmed.
        until: Time,
    },
    /// Being carried out.
    Running {
        /// Since when. What was asked for later is not of it.
        since: Time,
    },
    /// Nothing of it is left to be ended.
    Finished {
        /// When it began.
        since: Time,
        /// When that was found.
        at: Time,
    },
    /// Finished, and the person it barred is let back in.
    Reinstated {
        /// When it began.
        since: Time,
        /// When they were.
        at: Time,
    },
}

/// A sweep and where it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sweep {
    /// Its id.
    pub id: SweepId,
    /// What kind of order it is.
    pub kind: Kind,
    /// What it is about.
    pub scope: Scope,
    /// Why, in the words of who ordered it.
    pub reason: Words,
    /// Where it is.
    pub phase: Phase,
}

/// What happened to a sweep.
///
/// INVARIANT (append-only schema): as for the events of requests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Event {
    /// One person wants everything of a scope ended, and needs a second.
    PanicProposed {
        /// Of what.
        scope: Scope,
        /// Why.
        reason: Words,
        /// Who.
        by: PersonId,
        /// Until when it can be confirmed.
        until: Time,
        /// The policies that let them.
        rules: Vec<String>,
    },
    /// Everything of the scope ends from now on.
    PanicStarted {
        /// Of what.
        scope: Scope,
        /// Why.
        reason: Words,
        /// Who started it: the second person, or the one who needs none.
        by: PersonId,
        /// The policies that let them.
        rules: Vec<String>,
    },
    /// Everything of a person ends from now on, and they are barred.
    OffboardingStarted {
        /// Whose.
        person: PersonId,
        /// Why.
        reason: Words,
        /// The policies that let whoever ordered it; empty if it was not a person.
        rules: Vec<String>,
    },
    /// Nothing of the scope is left to be ended.
    SweepFinished {},
    /// The person who was barred is let back in.
    PersonReinstated {
        /// Why.
        reason: Words,
        /// The policies that let whoever did it.
        rules: Vec<String>,
    },
    /// What persons said about it is erased from the record; the hashes of it stay.
    WordsErased {
        /// The AWS identity of who did it.
        by: String,
    },
}

impl Event {
    /// The names of all of them, as in the record and on the bus.
    pub const NAMES: [&'static str; 6] =
        ["panicProposed", "panicStarted", "offboardingStarted", "sweepFinished", "personReinstated", "wordsErased"];
}

/// Why a command on a sweep changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Policy does not let this person.
    #[error("policy does not let you {action}")]
    NotPermitted {
        /// What, as a verb phrase.
        action: &'static str,
    },
    /// Who proposed it is not the second person.
    #[error("you proposed this yourself; somebody else has to confirm it")]
    SelfConfirmation,
    /// Nobody confirmed it in time.
    #[error("nobody confirmed this by {at}; propose it again")]
    ProposalLapsed {
        /// When it lapsed.
        at: Time,
    },
    /// The person is not barred, or not by this.
    #[error("this person is not barred")]
    NotBarred,
    /// Its words are still needed.
    #[error("it is not over yet; what was said about it can be erased once it is")]
    StillOpen,
    /// What was ordered is still being carried out.
    #[error("what is theirs is still being ended; try again in two minutes")]
    StillRunning,
}

impl Refusal {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotPermitted { .. } => "not_permitted",
            Self::SelfConfirmation => "self_confirmation",
            Self::ProposalLapsed { .. } => "proposal_lapsed",
            Self::NotBarred => "not_barred",
            Self::StillOpen => "still_open",
            Self::StillRunning => "still_running",
        }
    }

    /// Whether it is about the person rather than about the state.
    pub fn forbids(&self) -> bool {
        matches!(self, Self::NotPermitted { .. } | Self::SelfConfirmation)
    }
}

fn permitted(permission: &Permission, action: &'static str) -> Result<Vec<String>, Refusal> {
    if permission.granted { Ok(permission.rules.clone()) } else { Err(Refusal::NotPermitted { action }) }
}

/// The first event of a panic: it starts at once if `alone` permits that, else it is proposed.
///
/// # Errors
/// If policy permits neither.
pub fn panic(
    by: &Actor,
    scope: Scope,
    reason: Words,
    may: &Permission,
    alone: &Permission,
    now: Time,
) -> Result<Event, Refusal> {
    let person = by.person.clone();
    if alone.granted {
        return Ok(Event::PanicStarted { scope, reason, by: person, rules: alone.rules.clone() });
    }
    let rules = permitted(may, "end everything at once")?;
    Ok(Event::PanicProposed { scope, reason, by: person, until: now.plus(CONFIRM_WITHIN), rules })
}

/// The first event of an offboarding.
///
/// # Errors
/// If policy does not permit it.
pub fn offboard(person: PersonId, reason: Words, may: &Permission) -> Result<Event, Refusal> {
    let rules = permitted(may, "offboard a person")?;
    Ok(Event::OffboardingStarted { person, reason, rules })
}

impl Sweep {
    /// What a confirmation by `by` does; `None`: it has begun already.
    ///
    /// # Errors
    /// A [`Refusal`]; nothing changes.
    pub fn confirm(&self, by: &Actor, may: &Permission, now: Time) -> Result<Option<Event>, Refusal> {
        let rules = permitted(may, "end everything at once")?;
        match &self.phase {
            Phase::Proposed { by: proposer, .. } if *proposer == by.person => Err(Refusal::SelfConfirmation),
            Phase::Proposed { until, .. } if now >= *until => Err(Refusal::ProposalLapsed { at: *until }),
            Phase::Proposed { .. } => Ok(Some(Event::PanicStarted {
                scope: self.scope.clone(),
                reason: self.reason.clone(),
                by: by.person.clone(),
                rules,
            })),
            Phase::Running { .. } | Phase::Finished { .. } | Phase::Reinstated { .. } => Ok(None),
        }
    }

    /// What a full pass that found nothing and began at `began` does; `None`: it is not over.
    pub fn finish(&self, began: Time) -> Option<Event> {
        match self.phase {
            Phase::Running { since }
                if since.seconds_until(began) >= SETTLES_AFTER || crate::seeded!("a-sweep-is-over-at-once") =>
            {
                Some(Event::SweepFinished {})
            }
            Phase::Running { .. } | Phase::Proposed { .. } | Phase::Finished { .. } | Phase::Reinstated { .. } => None,
        }
    }

    /// What letting the person back in does.
    ///
    /// # Errors
    /// A [`Refusal`]; nothing changes.
    pub fn reinstate(&self, reason: Words, may: &Permission) -> Result<Event, Refusal> {
        let rules = permitted(may, "reinstate a person")?;
        match (self.kind, &self.phase) {
            (Kind::Offboarding, Phase::Finished { .. }) => Ok(Event::PersonReinstated { reason, rules }),
            (Kind::Offboarding, Phase::Running { .. }) => Err(Refusal::StillRunning),
            (Kind::Offboarding, Phase::Proposed { .. } | Phase::Reinstated { .. }) | (Kind::Panic, _) => {
                Err(Refusal::NotBarred)
            }
        }
    }

    /// Whether it is over at `at`: nobody can confirm it any more, and nothing of it is carried out.
    fn is_over(&self, at: Time) -> bool {
        match &self.phase {
            Phase::Proposed { until, .. } => at >= *until,
            Phase::Running { .. } => false,
            Phase::Finished { .. } | Phase::Reinstated { .. } => true,
        }
    }

    /// What erasing what was said about it does, as the AWS identity `by`; `None`: nothing is left, neither here nor, as
    /// `left` says, beside its entries.
    ///
    /// # Errors
    /// If it is not over: who confirms it or carries it out needs to know why.
    pub fn erase(&self, left: bool, by: &str, now: Time) -> Result<Option<Event>, Refusal> {
        let left = left || self.reason.said().is_some();
        if self.is_over(now) {
            Ok(left.then(|| Event::WordsErased { by: by.to_owned() }))
        } else {
            Err(Refusal::StillOpen)
        }
    }

    /// Whether `request` is of it: of its scope, and asked for before it began.
    pub fn covers(&self, request: &Request) -> bool {
        match self.phase {
            Phase::Running { since } => self.scope.covers(request) && request.submitted_at <= since.plus(CLOCKS_DIFFER),
            Phase::Proposed { .. } | Phase::Finished { .. } | Phase::Reinstated { .. } => false,
        }
    }

    /// The sweep `id` after `event`, which happened at `at`; `None`: the event can't follow.
    pub fn evolve(before: Option<Self>, id: &SweepId, event: &Event, at: Time) -> Option<Self> {
        let begun = |kind, scope: &Scope, reason: &Words, phase| {
            Some(Self { id: id.clone(), kind, scope: scope.clone(), reason: reason.clone(), phase })
        };
        let Some(sweep) = before else {
            return match event {
                Event::PanicProposed { scope, reason, by, until, .. } => {
                    begun(Kind::Panic, scope, reason, Phase::Proposed { by: by.clone(), until: *until })
                }
                Event::PanicStarted { scope, reason, .. } => {
                    begun(Kind::Panic, scope, reason, Phase::Running { since: at })
                }
                Event::OffboardingStarted { person, reason, .. } => {
                    let scope = Scope::Person { person: person.clone() };
                    begun(Kind::Offboarding, &scope, reason, Phase::Running { since: at })
                }
                Event::SweepFinished {} | Event::PersonReinstated { .. } | Event::WordsErased { .. } => None,
            };
        };
        if let Event::WordsErased { .. } = event {
            return sweep.is_over(at).then(|| Self { reason: sweep.reason.erased(), ..sweep });
        }
        let phase = match (&sweep.phase, event) {
            (Phase::Proposed { .. }, Event::PanicStarted { .. }) => Phase::Running { since: at },
            (Phase::Running { since }, Event::SweepFinished {}) => Phase::Finished { since: *since, at },
            (Phase::Finished { since, .. }, Event::PersonReinstated { .. }) => Phase::Reinstated { since: *since, at },
            _ => return None,
        };
        Some(Self { phase, ..sweep })
    }
}

#[cfg(test)]
mod tests;
