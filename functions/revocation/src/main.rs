//! The function `revocation`: wires and starts.

use aws::clients::Clients;
use aws::roles::Roles;
use aws::schedules::Schedules;
use aws::table::Table;
use aws::time::SystemClock;
use lambda::{settings, start};

#[derive(Debug)]
struct Ports {
    table: Table,
    schedules: Schedules,
    roles: Roles,
    clock: SystemClock,
}

aws::delegate! {
    Ports {
        table: LoadRequest, CommitRequest;
        schedules: DisarmRevocation;
        roles: MakeRole, ReadRole, RemoveRole, KillSessions;
        clock: Clock;
    }
}

fn wire() -> Result<Ports, Box<dyn std::error::Error>> {
    let clients = Clients::from_env()?;
    Ok(Ports {
        table: clients.table(&settings::required("TABLE_NAME")?),
        schedules: clients.schedules(&settings::required("SCHEDULE_GROUP")?),
        roles: clients.roles(&settings::required("BOUNDARY_ARN")?),
        clock: SystemClock,
    })
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    start::logs();
    let ports = wire().map_err(|error| start::cannot_start(error.as_ref()))?;
    start::run(ports, |ports, event| async move { Box::pin(revocation::handle(ports.as_ref(), event)).await }).await
}
