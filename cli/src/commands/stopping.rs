//! `panic`, `offboard`, `persons`: everything of a scope ended at once, and who left barred.

use crate::api::Api;
use crate::failure::{Answer, Failure};
use crate::show::text;
use clap::{Args, Subcommand};
use model::names::{AccountId, PersonId, SweepId};
use model::text::inert;
use serde_json::{Value, json};

/// What to end at once.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Panic {
    /// Confirm what somebody else proposed.
    #[command(subcommand)]
    second: Option<Second>,
    /// Of what.
    #[command(flatten)]
    order: Option<Order>,
}

/// What the second person does.
#[derive(Debug, Subcommand)]
enum Second {
    /// Confirms a panic that somebody else proposed.
    Confirm {
        /// Its id: `swp_…`.
        id: SweepId,
    },
    /// Shows how far a panic or an offboarding is.
    Show {
        /// Its id: `swp_…`.
        id: SweepId,
    },
}

/// Of what, and why.
#[derive(Debug, Args)]
struct Order {
    /// Of what.
    #[command(flatten)]
    scope: Scope,
    /// Why, in your words; it is kept in the record.
    #[arg(long, required = true)]
    reason: String,
}

/// Of what.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Scope {
    /// All access of one person.
    #[arg(long, value_name = "ID")]
    person: Option<PersonId>,
    /// All access in one account.
    #[arg(long, value_name = "12 DIGITS")]
    account: Option<AccountId>,
    /// All access there is.
    #[arg(long)]
    all: bool,
}

/// Who left, and why that is said.
#[derive(Debug, Args)]
pub(crate) struct Person {
    /// The person's id in the catalog.
    person: PersonId,
    /// Why, in your words; it is kept in the record.
    #[arg(required = true, num_args = 1.., value_name = "REASON")]
    reason: Vec<String>,
}

/// What to do with a person.
#[derive(Debug, Subcommand)]
pub(crate) enum Persons {
    /// Lets a person who was offboarded back in. What was ended stays so.
    Reinstate(Person),
}

/// Proposes, starts or confirms a panic.
///
/// # Errors
/// Refused, or no answer.
pub(crate) async fn panic(api: &Api, wanted: &Panic) -> Result<Answer, Failure> {
    let after = match (&wanted.second, &wanted.order) {
        (Some(Second::Confirm { id }), _) => api.post(&format!("/v1/panic/{id}/confirm"), Some(&json!({}))).await?,
        (Some(Second::Show { id }), _) => api.get(&format!("/v1/sweeps/{id}")).await?,
        (None, Some(Order { scope, reason })) => {
            let scope = match (&scope.person, &scope.account) {
                (Some(person), _) => json!({"person": person}),
                (None, Some(account)) => json!({"account": account}),
                (None, None) => json!({"all": true}),
            };
            api.post("/v1/panic", Some(&json!({"scope": scope, "reason": reason}))).await?
        }
        (None, None) => return Err(unsaid()),
    };
    Ok(answered(after))
}

fn unsaid() -> Failure {
    Failure::new(crate::failure::Exit::Usage, "no_scope", "say of what: --person, --account or --all, and --reason")
}

/// Ends everything of a person, and bars them.
///
/// # Errors
/// Refused, or no answer.
pub(crate) async fn offboard(api: &Api, wanted: &Person) -> Result<Answer, Failure> {
    of_person(api, wanted, "offboard").await
}

/// Lets a person back in.
///
/// # Errors
/// Refused, or no answer.
pub(crate) async fn persons(api: &Api, wanted: &Persons) -> Result<Answer, Failure> {
    let Persons::Reinstate(wanted) = wanted;
    of_person(api, wanted, "reinstate").await
}

async fn of_person(api: &Api, wanted: &Person, verb: &str) -> Result<Answer, Failure> {
    let body = json!({"reason": wanted.reason.join(" ")});
    Ok(answered(api.post(&format!("/v1/persons/{}/{verb}", wanted.person), Some(&body)).await?))
}

fn answered(after: Value) -> Answer {
    let id = inert(text(&after, "id"), 64);
    let human = match text(&after, "status") {
        "proposed" => format!(
            "{id} is proposed and ends nothing yet: a second person confirms it by {} with `countersign panic confirm {id}`",
            inert(text(&after, "confirmBy"), 40),
        ),
        "running" => format!("{id} is running: everything of it is being ended. `countersign panic show {id}`"),
        "finished" => format!("{id} is finished: nothing of it was left at {}", inert(text(&after, "finishedAt"), 40)),
        "reinstated" => format!("reinstated; what {id} ended stays ended"),
        status => inert(status, 40),
    };
    Answer::new(human, after)
}
