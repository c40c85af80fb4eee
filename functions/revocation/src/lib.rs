//! Ends access, on time or early, of one grant or of everything in a scope. No rules in here: parse, call, answer.

use lambda::start::{Failed, failed};
use model::names::{PersonId, RequestId, SweepId};
use model::text::FreeText;
use serde::Deserialize;
use serde_json::Value;
use workflow::command::CommandError;
use workflow::ending::{Ending, end};
use workflow::ports::{
    Clock, CommitRequest, CommitSweep, DisarmRevocation, Fault, Identifiers, KillSessions, ListRequests, LoadRequest,
    LoadRequests, LoadSweep, MakePolicy, MakeRole, Policies, ProbeDecision, ReadBar, ReadPolicy, ReadRole,
    RemovePolicy, RemoveRole, ReplacePolicy,
};
use workflow::sweep::carry_out::carry_out;
use workflow::sweep::{OrderedBy, offboard};

workflow::together! {
    /// All that this function asks of the outside.
    pub Ports:
        LoadRequest, LoadRequests, CommitRequest, ListRequests, Clock, Identifiers, Policies, DisarmRevocation,
        KillSessions, MakeRole, ReadRole, RemoveRole, LoadSweep, CommitSweep, ReadBar, MakePolicy,
        ReplacePolicy, ReadPolicy, RemovePolicy, ProbeDecision,
}

/// A schedule's input, or an event of the bus. Nothing but ids is taken from any of them.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Trigger {
    #[serde(rename_all = "camelCase")]
    Schedule {
        request_id: RequestId,
    },
    Grant {
        detail: OfGrant,
    },
    Sweep {
        detail: OfSweep,
    },
    /// Who left, as an identity provider says it.
    Person {
        detail: OfPerson,
    },
    Email {
        detail: OfEmail,
    },
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct OfGrant {
    request_id: RequestId,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct OfSweep {
    sweep_id: SweepId,
}

#[derive(Debug, Deserialize)]
struct OfPerson {
    person: PersonId,
}

#[derive(Debug, Deserialize)]
struct OfEmail {
    email: String,
}

/// Takes one trigger up.
///
/// # Errors
/// If it failed: Lambda repeats it, and reconciliation takes up besides what was stored.
pub async fn handle<P: Ports>(ports: &P, event: Value) -> Result<(), Failed> {
    let trigger: Trigger = serde_json::from_value(event).map_err(|error| failed("malformed_event", &error))?;
    match trigger {
        Trigger::Schedule { request_id } | Trigger::Grant { detail: OfGrant { request_id } } => {
            grant(ports, &request_id).await
        }
        Trigger::Sweep { detail: OfSweep { sweep_id } } => sweep(ports, &sweep_id).await,
        Trigger::Person { detail: OfPerson { person } } => left(ports, &person).await,
        Trigger::Email { detail: OfEmail { email } } => {
            let policy = Policies::policy(ports).await.map_err(|error| failed("policy_unavailable", &error))?;
            let found = policy
                .catalog()
                .persons()
                .find(|person| person.email.as_ref().is_some_and(|known| known.eq_ignore_ascii_case(&email)));
            match found {
                Some(person) => left(ports, &person.id).await,
                // Kept in the queue of failures, for a person: somebody may be in under another address.
                None => Err(failed("unknown_person", &Fault::new("find the person who left", "unknown_person"))),
            }
        }
    }
}

async fn grant<P: Ports>(ports: &P, id: &RequestId) -> Result<(), Failed> {
    match end(ports, "revocation", id).await {
        Ok(Ending::Ended | Ending::Denied { .. } | Ending::NotNeeded | Ending::Failed { .. }) => Ok(()),
        Err(CommandError::NotFound(_)) => {
            tracing::warn!(request.id = %id, "a trigger names {id}, which does not exist");
            Ok(())
        }
        Err(error) => Err(failed("store_unavailable", &error)),
    }
}

async fn sweep<P: Ports>(ports: &P, id: &SweepId) -> Result<(), Failed> {
    carry_out(ports, id).await.map(drop).map_err(|error| failed("store_unavailable", &error))
}

/// The bus tells of the sweep that this begins, and then it is carried out.
async fn left<P: Ports>(ports: &P, person: &PersonId) -> Result<(), Failed> {
    let reason = FreeText::new("the identity provider says that this person left")
        .map_err(|error| failed("unwritable_reason", &error))?;
    offboard(ports, &OrderedBy::IdentityProvider, person, reason)
        .await
        .map(drop)
        .map_err(|error| failed("store_unavailable", &error))
}
