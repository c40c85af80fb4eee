//! The function `reconciliation`: wires and starts.

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

/// Where is looked for what no request owns, and for how long that is only observed.
#[derive(Debug)]
struct Looking {
    account: AccountId,
    observe_seconds: u64,
}

impl Observation for Looking {
    fn account(&self) -> AccountId {
        self.account.clone()
    }

    fn observe_seconds(&self) -> u64 {
        self.observe_seconds
    }
}

aws::delegate! {
    Ports {
        table: LoadRequest, CommitRequest, FindDue, ListRequests, LoadSweep, CommitSweep, FindSweeps, LoadAccount, CommitAccount;
        schedules: ArmRevocation, DisarmRevocation;
        roles: MakeRole, ReadRole, RemoveRole, ListRoles, ListOnRole, ReadBoundary, KillSessions;
        managed: MakePolicy, ReplacePolicy, ReadPolicy, RemovePolicy, ListPolicies;
        targets: ReadTarget;
        probes: ProbeDecision;
        looking: Observation;
        clock: Clock;
    }
}

fn wire() -> Result<Ports, Box<dyn std::error::Error>> {
    let clients = Clients::from_env()?;
    let boundary = settings::required("BOUNDARY_ARN")?;
    let target = ScheduleTarget {
        function_arn: settings::required("REVOCATION_FUNCTION_ARN")?,
        role_arn: settings::required("SCHEDULE_ROLE_ARN")?,
        dead_letters_arn: settings::required("SCHEDULE_DLQ_ARN")?,
    };
    Ok(Ports {
        table: clients.table(&settings::required("TABLE_NAME")?),
        schedules: clients.arming_schedules(&settings::required("SCHEDULE_GROUP")?, target),
        roles: clients.roles(&boundary),
        managed: clients.managed_policies(&boundary),
        targets: clients.target_roles(settings::required("CREDENTIALS_ROLE_ARN")?.parse()?),
        probes: clients.probes(),
        looking: Looking {
            account: settings::parsed("ACCOUNT_ID", "an AWS account id")?,
            observe_seconds: settings::parsed::<u64>("ORPHAN_OBSERVATION_HOURS", "a number of hours")?
                .saturating_mul(3_600),
        },
        clock: SystemClock,
    })
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    start::logs();
    let ports = wire().map_err(|error| start::cannot_start(error.as_ref()))?;
    start::run(ports, |ports, event| async move { Box::pin(reconciliation::handle(ports.as_ref(), event)).await }).await
}
