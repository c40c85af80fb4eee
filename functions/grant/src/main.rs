//! The function `grant`: wires and starts.

use aws::accounts::Spokes;
use aws::clients::Clients;
use aws::managed::{ManagedPolicies, TargetRoles};
use aws::roles::Roles;
use aws::schedules::{ArmingSchedules, ScheduleTarget};
use aws::table::Table;
use aws::time::SystemClock;
use lambda::{settings, start};

#[derive(Debug)]
struct Ports {
    table: Table,
    schedules: ArmingSchedules,
    roles: Roles,
    managed: ManagedPolicies,
    targets: TargetRoles,
    clock: SystemClock,
}

aws::delegate! {
    Ports {
        table: LoadRequest, CommitRequest;
        schedules: ArmRevocation;
        roles: MakeRole, ReadRole;
        managed: MakePolicy, ReadPolicy;
        targets: ReadTarget;
        clock: Clock;
    }
}

fn wire() -> Result<Ports, Box<dyn std::error::Error>> {
    let clients = Clients::from_env()?;
    let boundary = settings::parsed("BOUNDARY_ARN", "the ARN of a managed policy")?;
    let spokes = Spokes::connected(settings::optional("PROVISIONER_ROLE"), settings::optional("SPOKE_EXTERNAL_ID"))?;
    let accounts = clients.accounts(boundary, spokes);
    let target = ScheduleTarget {
        function_arn: settings::required("REVOCATION_FUNCTION_ARN")?,
        role_arn: settings::required("SCHEDULE_ROLE_ARN")?,
        dead_letters_arn: settings::required("SCHEDULE_DLQ_ARN")?,
    };
    Ok(Ports {
        table: clients.table(&settings::required("TABLE_NAME")?),
        schedules: clients.arming_schedules(&settings::required("SCHEDULE_GROUP")?, target),
        roles: clients.roles(&accounts),
        managed: clients.managed_policies(&accounts),
        targets: clients.target_roles(&accounts, settings::required("CREDENTIALS_ROLE_ARN")?.parse()?),
        clock: SystemClock,
    })
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    start::logs();
    let ports = wire().map_err(|error| start::cannot_start(error.as_ref()))?;
    start::run(ports, |ports, event| async move { Box::pin(grant::handle(ports.as_ref(), event)).await }).await
}
