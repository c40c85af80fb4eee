//! `audit erase`: what persons said about a request, by an operator's own AWS rights.

use crate::failure::{Answer, Exit, Failure};
use aws::clients::Clients;
use aws::table::Table;
use aws::time::SystemClock;
use clap::Args;
use model::names::RequestId;
use model::text::inert;
use serde_json::json;
use workflow::command::CommandError;
use workflow::erasure::{Erased, erase as erase_all};

/// Whose words, and where.
#[derive(Debug, Args)]
pub(crate) struct Erase {
    /// The request's id: `req_…`.
    id: RequestId,
    /// The stack's table: its output `TableName`.
    #[arg(long, env = "TABLE_NAME")]
    table: String,
}

struct Ports {
    table: Table,
    clock: SystemClock,
}

aws::delegate! {
    Ports {
        table: LoadRequest, CommitRequest, LoadEntries, EraseWords;
        clock: Clock;
    }
}

/// Erases what persons said about a request that is over. Takes AWS credentials from the environment.
///
/// # Errors
/// It is not over, there is none, or AWS does not do its part.
pub(crate) async fn erase(wanted: &Erase) -> Result<Answer, Failure> {
    let clients = Clients::from_env().map_err(|error| failed(&error))?;
    // The record says who did it.
    let by = clients.sessions().caller().await.map_err(|error| failed(&error))?;
    let ports = Ports { table: clients.table(&wanted.table), clock: SystemClock };
    let Erased { stored, entries } = Box::pin(erase_all(&ports, &wanted.id, &by)).await.map_err(|error| why(&error))?;
    let head = json!({"seq": stored.head.seq, "hash": stored.head.hash.to_string()});
    let human = format!(
        "{} holds no words any more: erased beside {entries} entries. Its record is whole; backups keep what they hold.",
        wanted.id,
    );
    Ok(Answer::new(human, json!({"requestId": wanted.id, "entries": entries, "head": head})))
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
