//! The function `approval`: wires and starts.

use aws::clients::Clients;
use aws::policy::PolicyStore;
use aws::table::Table;
use aws::time::{SystemClock, UuidIds};
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
        table: LoadRequest, CommitRequest, FindByKey, LoadSweep, CommitSweep, ReadBar;
        policies: Policies;
        clock: Clock;
        ids: Identifiers;
    }
}

fn wire() -> Result<Ports, Box<dyn std::error::Error>> {
    let table = settings::required("TABLE_NAME")?;
    let clients = Clients::from_env()?;
    Ok(Ports { table: clients.table(&table), policies: clients.policies(&table), clock: SystemClock, ids: UuidIds })
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    start::logs();
    let ports = wire().map_err(|error| start::cannot_start(error.as_ref()))?;
    start::run(ports, |ports, event| async move { Ok(Box::pin(approval::handle(ports.as_ref(), event)).await) }).await
}
