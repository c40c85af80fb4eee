//! The function `reconciliation`: wires and starts.

use aws::accounts::Spokes;
use aws::clients::Clients;
use aws::managed::{ManagedPolicies, TargetRoles};
use aws::roles::Roles;
use aws::schedules::{ArmingSchedules, ScheduleTarget};
use aws::table::Table;
use aws::time::SystemClock;
use lambda::{settings, start};
use model::names::AccountId;

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
        table: LoadRequest, LoadRequests, CommitRequest, FindDue, ListRequests, LoadSweep, CommitSweep, FindSweeps;
        schedules: ArmRevocation, DisarmRevocation;
        roles: MakeRole, ReadRole, RemoveRole, ListRoles, KillSessions;
        managed: MakePolicy, ReplacePolicy, ReadPolicy, RemovePolicy, ListPolicies;
        targets: ReadTarget;
        clock: Clock;
    }
}

fn wire() -> Result<(Ports, Vec<AccountId>), Box<dyn std::error::Error>> {
    let clients = Clients::from_env()?;
    let boundary = settings::parsed("BOUNDARY_ARN", "the ARN of a managed policy")?;
    let spokes = Spokes::connected(settings::optional("PROVISIONER_ROLE"), settings::optional("SPOKE_EXTERNAL_ID"))?;
    let accounts = clients.accounts(boundary, spokes);
    let target = ScheduleTarget {
        function_arn: settings::required("REVOCATION_FUNCTION_ARN")?,
        role_arn: settings::required("SCHEDULE_ROLE_ARN")?,
        dead_letters_arn: settings::required("SCHEDULE_DLQ_ARN")?,
    };
    let ports = Ports {
        table: clients.table(&settings::required("TABLE_NAME")?),
        schedules: clients.arming_schedules(&settings::required("SCHEDULE_GROUP")?, target),
        roles: clients.roles(&accounts),
        managed: clients.managed_policies(&accounts),
        targets: clients.target_roles(&accounts, settings::required("CREDENTIALS_ROLE_ARN")?.parse()?),
        clock: SystemClock,
    };
    Ok((ports, settings::list("ACCOUNTS", "a list of AWS account ids")?))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    start::logs();
    let wired = wire().map_err(|error| start::cannot_start(error.as_ref()))?;
    start::run(wired, |wired, event| async move { Box::pin(reconciliation::handle(&wired.0, &wired.1, event)).await })
        .await
}
