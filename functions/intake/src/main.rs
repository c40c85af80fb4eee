//! The function `intake`: wires and starts.

use aws::clients::Clients;
use aws::policy::PolicyStore;
use aws::table::Table;
use aws::time::{SystemClock, UuidIds};
use intake::Installation;
use lambda::{settings, start};

#[derive(Debug)]
struct Ports {
    table: Table,
    policies: PolicyStore,
    clock: SystemClock,
    ids: UuidIds,
}

aws::delegate! {
    Ports {
        table: LoadRequest, LoadRequests, CommitRequest, LoadEntries, ListRequests, FindByKey;
        policies: Policies;
        clock: Clock;
        ids: Identifiers;
    }
}

fn wire() -> Result<(Ports, Installation), Box<dyn std::error::Error>> {
    let table = settings::required("TABLE_NAME")?;
    let clients = Clients::from_env()?;
    let ports =
        Ports { table: clients.table(&table), policies: clients.policies(&table), clock: SystemClock, ids: UuidIds };
    let accounts = settings::list("ACCOUNTS", "a list of AWS account ids")?;
    Ok((ports, Installation { accounts }))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    start::logs();
    let wired = wire().map_err(|error| start::cannot_start(error.as_ref()))?;
    start::run(wired, |wired, event| async move { Ok(Box::pin(intake::handle(&wired.0, &wired.1, event)).await) }).await
}
