//! The function `revocation`: wires and starts.

use aws::accounts::Spokes;
use aws::clients::Clients;
use aws::managed::ManagedPolicies;
use aws::policy::PolicyStore;
use aws::roles::Roles;
use aws::schedules::Schedules;
use aws::table::Table;
use aws::time::{SystemClock, UuidIds};
use lambda::{settings, start};

#[derive(Debug)]
struct Ports {
    table: Table,
    policies: PolicyStore,
    schedules: Schedules,
    roles: Roles,
    managed: ManagedPolicies,
    clock: SystemClock,
    ids: UuidIds,
}

aws::delegate! {
    Ports {
        table: LoadRequest, LoadRequests, CommitRequest, ListRequests, LoadSweep, CommitSweep, ReadBar;
        policies: Policies;
        schedules: DisarmRevocation;
        roles: MakeRole, ReadRole, RemoveRole, KillSessions;
        managed: MakePolicy, ReplacePolicy, ReadPolicy, RemovePolicy;
        clock: Clock;
        ids: Identifiers;
    }
}

fn wire() -> Result<Ports, Box<dyn std::error::Error>> {
    let clients = Clients::from_env()?;
    let boundary = settings::parsed("BOUNDARY_ARN", "the ARN of a managed policy")?;
    let spokes = Spokes::connected(settings::optional("PROVISIONER_ROLE"), settings::optional("SPOKE_EXTERNAL_ID"))?;
    let accounts = clients.accounts(boundary, spokes);
    let table = settings::required("TABLE_NAME")?;
    Ok(Ports {
        table: clients.table(&table),
        policies: clients.policies(&table),
        schedules: clients.schedules(&settings::required("SCHEDULE_GROUP")?),
        roles: clients.roles(&accounts),
        managed: clients.managed_policies(&accounts),
        clock: SystemClock,
        ids: UuidIds,
    })
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    start::logs();
    let ports = wire().map_err(|error| start::cannot_start(error.as_ref()))?;
    start::run(ports, |ports, event| async move { Box::pin(revocation::handle(ports.as_ref(), event)).await }).await
}
