//! The function `activity`: wires and starts.

use aws::clients::Clients;
use aws::policy::PolicyStore;
use aws::table::Table;
use aws::time::SystemClock;
use aws::trail::{History, Objects, Signatures};
use lambda::{settings, start};
use model::names::AccountId;
use std::collections::BTreeSet;
use workflow::ports::TrailSettings;

/// Where CloudTrail records what is global: IAM, STS' global endpoint. Source: CloudTrail user guide, concepts.
const GLOBAL: &str = "us-east-1";

#[derive(Debug)]
struct Ports {
    table: Table,
    policies: PolicyStore,
    objects: Objects,
    history: History,
    signatures: Signatures,
    trail: Trail,
    clock: SystemClock,
}

#[derive(Debug)]
struct Trail {
    bucket: Option<String>,
    data_events: Vec<String>,
    copies: bool,
    own_roles: Vec<String>,
    region: String,
    regions: Vec<String>,
    home: AccountId,
    delay_seconds: u64,
}

impl TrailSettings for Trail {
    fn bucket(&self) -> Option<&str> {
        self.bucket.as_deref()
    }

    fn data_events(&self) -> &[String] {
        &self.data_events
    }

    fn copies(&self) -> bool {
        self.copies
    }

    fn own_roles(&self) -> &[String] {
        &self.own_roles
    }

    fn region(&self) -> &str {
        &self.region
    }

    fn regions(&self) -> &[String] {
        &self.regions
    }

    fn home(&self) -> &AccountId {
        &self.home
    }

    fn delay_seconds(&self) -> u64 {
        self.delay_seconds
    }
}

aws::delegate! {
    Ports {
        table: LoadRequest, LoadRequests, CommitRequest, LoadActivity, CommitActivity, FindDueActivity, LiveKeys, KnowHabits, KeepUses, LoadUses, KnowFiles, KnowDigests;
        policies: Policies;
        objects: ReadObject, KeepCopies;
        history: LookUp, DigestKeys;
        signatures: VerifyDigest;
        trail: TrailSettings;
        clock: Clock;
    }
}

fn wire() -> Result<Ports, Box<dyn std::error::Error>> {
    let table = settings::required("TABLE_NAME")?;
    let clients = Clients::from_env()?;
    let copies = settings::optional("COPIES_BUCKET");
    let region = clients.region().to_owned();
    let regions: BTreeSet<String> =
        listed(settings::optional("TRAIL_REGIONS")).into_iter().chain([region.clone(), GLOBAL.to_owned()]).collect();
    Ok(Ports {
        table: clients.table(&table),
        policies: clients.policies(&table),
        objects: clients.objects(copies.clone()),
        history: clients.history(),
        signatures: Signatures,
        trail: Trail {
            bucket: settings::optional("TRAIL_BUCKET"),
            data_events: listed(settings::optional("TRAIL_DATA_EVENTS")),
            copies: copies.is_some(),
            own_roles: own_roles()?,
            region,
            regions: regions.into_iter().collect(),
            home: settings::parsed("ACCOUNT_ID", "an AWS account id")?,
            delay_seconds: settings::parsed("ACTIVITY_DELAY_SECONDS", "a number of seconds")?,
        },
        clock: SystemClock,
    })
}

/// A list that may be empty.
fn listed(setting: Option<String>) -> Vec<String> {
    let text = setting.unwrap_or_default();
    text.split(',').map(|entry| entry.trim().to_owned()).filter(|entry| !entry.is_empty()).collect()
}

/// The roles that work under the ids of requests: of our own functions, and the provisioners of other accounts.
fn own_roles() -> Result<Vec<String>, settings::SettingError> {
    let mut own: Vec<String> = settings::list("OWN_ROLES", "a list of ARNs of roles")?;
    if let Some(provisioner) = settings::optional("PROVISIONER_ROLE") {
        let accounts: Vec<AccountId> = settings::list("ACCOUNTS", "a list of AWS account ids")?;
        let partition = own.first().and_then(|arn| arn.split(':').nth(1)).unwrap_or("aws").to_owned();
        own.extend(accounts.iter().map(|account| format!("arn:{partition}:iam::{account}:role/{provisioner}")));
    }
    Ok(own)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    start::logs();
    let ports = wire().map_err(|error| start::cannot_start(error.as_ref()))?;
    start::run(ports, |ports, event| async move { Box::pin(activity::handle(ports.as_ref(), event)).await }).await
}
