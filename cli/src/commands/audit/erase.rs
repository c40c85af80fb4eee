//! `audit erase`: what persons said about a request or a sweep, by an operator's own AWS rights.

use crate::failure::{Answer, Exit, Failure};
use aws::clients::Clients;
use aws::table::Table;
use aws::time::SystemClock;
use clap::Args;
use model::names::{RequestId, SweepId};
use model::text::inert;
use serde_json::json;
use std::str::FromStr;
use workflow::command::CommandError;
use workflow::erasure::{erase as erase_all, erase_sweep};
use workflow::sweep::SweepError;

/// Whose words, and where.
#[derive(Debug, Args)]
pub(crate) struct Erase {
    /// The id of a request, `req_…`, or of a panic or an offboarding, `swp_…`.
    #[arg(value_name = "ID")]
    of: Of,
    /// The stack's table: its output `TableName`.
    #[arg(long, env = "TABLE_NAME")]
    table: String,
}

/// What words are about.
#[derive(Debug, Clone)]
enum Of {
    Request(RequestId),
    Sweep(SweepId),
}

impl FromStr for Of {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let request = text.parse().map(Self::Request).ok();
        let of = request.or_else(|| text.parse().map(Self::Sweep).ok());
        of.ok_or_else(|| "expected the id of a request, req_…, or of a sweep, swp_…".to_owned())
    }
}

struct Ports {
    table: Table,
    clock: SystemClock,
}

aws::delegate! {
    Ports {
        table: LoadRequest, CommitRequest, LoadEntries, LoadSweep, CommitSweep, LoadSweepEntries, EraseWords;
        clock: Clock;
    }
}

/// Erases what persons said about a request or a sweep that is over. Takes AWS credentials from the environment.
///
/// # Errors
/// It is not over, there is none, or AWS does not do its part.
pub(crate) async fn erase(wanted: &Erase) -> Result<Answer, Failure> {
    let clients = Clients::from_env_with_system_roots().map_err(|error| failed(&error))?;
    // The record says who did it.
    let by = clients.sessions().caller().await.map_err(|error| failed(&error))?;
    let ports = Ports { table: clients.table(&wanted.table), clock: SystemClock };
    let (name, id, head, entries) = match &wanted.of {
        Of::Request(id) => {
            let erased = Box::pin(erase_all(&ports, id, &by)).await.map_err(|error| why(&error))?;
            ("requestId", id.to_string(), erased.stored.head, erased.entries)
        }
        Of::Sweep(id) => {
            let erased = Box::pin(erase_sweep(&ports, id, &by)).await.map_err(|error| why_not(&error))?;
            ("sweepId", id.to_string(), erased.stored.head, erased.entries)
        }
    };
    let human = format!(
        "{id} holds no words any more: erased beside {entries} entries. Its record is whole; backups keep what they hold.",
    );
    let head = json!({"seq": head.seq, "hash": head.hash.to_string()});
    Ok(Answer::new(human, json!({name: id, "entries": entries, "head": head})))
}

/// The same of a sweep.
fn why_not(error: &SweepError) -> Failure {
    match error {
        SweepError::NotFound => Failure::new(Exit::NotFound, "not_found", error.to_string()),
        SweepError::Refused(refusal) => Failure::new(Exit::Refused, refusal.code(), refusal.to_string()),
        SweepError::Unavailable(_) => {
            failed(error).advise("Erase again: what is erased stays so, and the rest follows.")
        }
    }
}

fn failed(error: &dyn std::fmt::Display) -> Failure {
    Failure::new(Exit::Failed, "aws", inert(&error.to_string(), 400))
}

fn why(error: &CommandError) -> Failure {
    match error {
        CommandError::NotFound(_) => Failure::new(Exit::NotFound, "not_found", error.to_string()),
        CommandError::Refused { refusal, .. } => Failure::new(Exit::Refused, refusal.code(), refusal.to_string()),
        CommandError::Replayed | CommandError::Unavailable(_) => {
            failed(error).advise("Erase again: what is erased stays so, and the rest follows.")
        }
    }
}
