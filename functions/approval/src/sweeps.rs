//! Ending everything of a scope, and barring who left, through the API.

use crate::api::{body, reason, wrong};
use lambda::http::{Answer, Call};
use lambda::problem::Problem;
use model::identity::Actor;
use model::names::{PersonId, SweepId};
use model::sweep::Scope;
use serde_json::{Map, Value};
use workflow::ports::{Clock, CommitSweep, Identifiers, LoadSweep, Policies, ReadBar};
use workflow::sweep::{OrderedBy, confirm, offboard, one, panic, reinstate, view};

/// The routes that are answered here.
pub(crate) const ROUTES: [&str; 5] = [
    "POST /v1/panic",
    "POST /v1/panic/{id}/confirm",
    "GET /v1/sweeps/{id}",
    "POST /v1/persons/{id}/offboard",
    "POST /v1/persons/{id}/reinstate",
];

/// Carries out one order of `actor`.
pub(crate) async fn answer<P>(ports: &P, actor: &Actor, call: &Call) -> Result<Answer, Problem>
where
    P: Policies + LoadSweep + CommitSweep + ReadBar + Clock + Identifiers,
{
    let mut fields = body(&call.body)?;
    // What was ordered goes on after the answer.
    let (status, stored) = match call.route.as_str() {
        "POST /v1/panic" => {
            let (scope, reason) = (scope(&mut fields)?, reason(&mut fields)?);
            nothing_else(&fields)?;
            (202, panic(ports, actor, scope, reason).await?)
        }
        "POST /v1/panic/{id}/confirm" => {
            nothing_else(&fields)?;
            (202, confirm(ports, actor, &sweep_id(call)?).await?)
        }
        "GET /v1/sweeps/{id}" => (200, one(ports, actor, &sweep_id(call)?).await?),
        "POST /v1/persons/{id}/offboard" => {
            let (person, reason) = (person(call)?, reason(&mut fields)?);
            nothing_else(&fields)?;
            (202, offboard(ports, &OrderedBy::Person(actor.clone()), &person, reason).await?)
        }
        "POST /v1/persons/{id}/reinstate" => {
            let (person, reason) = (person(call)?, reason(&mut fields)?);
            nothing_else(&fields)?;
            (200, reinstate(ports, actor, &person, reason).await?)
        }
        _ => return Err(Problem::no_route()),
    };
    Ok(Answer::json(status, &view(&stored)))
}

fn nothing_else(fields: &Map<String, Value>) -> Result<(), Problem> {
    match fields.keys().next() {
        None => Ok(()),
        Some(unknown) => {
            Err(Problem::invalid_body(&format!("there is no field `{}`", model::text::inert(unknown, 64))))
        }
    }
}

/// A sweep id that is malformed is one that does not exist.
fn sweep_id(call: &Call) -> Result<SweepId, Problem> {
    call.path("id").parse().map_err(|_| workflow::sweep::SweepError::NotFound.into())
}

/// Whoever left may be in the catalog no more: any id that could be a person's is taken.
fn person(call: &Call) -> Result<PersonId, Problem> {
    call.path("id")
        .parse()
        .map_err(|error: model::names::NameError| wrong("person", "invalid_person", error.to_string()))
}

fn scope(fields: &mut Map<String, Value>) -> Result<Scope, Problem> {
    let invalid = || {
        let message = "scope is one of {\"all\": true}, {\"person\": \"<id>\"} and {\"account\": \"<12 digits>\"}";
        wrong("scope", "invalid_scope", message.to_owned())
    };
    let Some(Value::Object(scope)) = fields.remove("scope") else { return Err(invalid()) };
    let mut entries = scope.into_iter();
    match (entries.next(), entries.next()) {
        (Some((name, value)), None) => match (name.as_str(), value) {
            ("all", Value::Bool(true)) => Ok(Scope::All),
            ("person", Value::String(person)) => Ok(Scope::Person { person: person.parse().map_err(|_| invalid())? }),
            ("account", Value::String(account)) => {
                Ok(Scope::Account { account: account.parse().map_err(|_| invalid())? })
            }
            _ => Err(invalid()),
        },
        _ => Err(invalid()),
    }
}
