//! The function `reconciliation`: wires and starts.

use aws::accounts::Spokes;
use aws::clients::Clients;
use aws::managed::{ManagedPolicies, TargetRoles};
use aws::probes::Probes;
use aws::roles::Roles;
use aws::schedules::{ArmingSchedules, ScheduleTarget};
use aws::table::Table;
use aws::time::SystemClock;
use lambda::{settings, start};
use model::names::AccountId;
use workflow::ports::Observation;

#[derive(Debug)]
struct Ports {
    table: Table,
    schedules: ArmingSchedules,
    roles: Roles,
    managed: ManagedPolicies,
    targets: TargetRoles,
    probes: Probes,
    looking: Looking,
    clock: SystemClock,
}

/// For how long what no request owns is only observed in a new account.
#[derive(Debug)]
struct Looking {
    observe_seconds: u64,
}

impl Observation for Looking {
    fn observe_seconds(&self) -> u64 {
        self.observe_seconds
    }
}

aws::delegate! {
    Ports {
        table: LoadRequest, LoadRequests, CommitRequest, FindDue, ListRequests, LoadSweep, CommitSweep, FindSweeps, LoadAccount, CommitAccount;
        schedules: ArmRevocation, DisarmRevocation;
        roles: MakeRole, ReadRole, RemoveRole, ListRoles, ListOnRole, ReadBoundary, KillSessions;
        managed: MakePolicy, ReplacePolicy, ReadPolicy, RemovePolicy, ListPolicies;
        targets: ReadTarget;
        probes: ProbeDecision;
        looking: Observation;
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
        probes: clients.probes(&accounts),
        looking: Looking {
            observe_seconds: settings::parsed::<u64>("ORPHAN_OBSERVATION_HOURS", "a number of hours")?
                .saturating_mul(3_600),
        },
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
