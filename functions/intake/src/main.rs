//! The function `intake`: wires and starts.

use aws::clients::Clients;
use aws::policy::PolicyStore;
use aws::secrets::Secrets;
use aws::table::Table;
use aws::time::{SystemClock, UuidIds};
use intake::{Installation, SigningSecrets};
use lambda::{settings, start};
use slack::signature::Signatures;
use slack::workspace::Workspace;
use workflow::ports::Fault;

/// The code of a secret that is empty, short, or none.
const UNUSABLE_SECRET: &str = "unusable_secret";

#[derive(Debug)]
struct Ports {
    table: Table,
    policies: PolicyStore,
    secrets: Secrets,
    clock: SystemClock,
    ids: UuidIds,
}

aws::delegate! {
    Ports {
        table: LoadRequest, CommitRequest, LoadEntries, ListRequests, FindByKey;
        policies: Policies;
        clock: Clock;
        ids: Identifiers;
    }
}

impl SigningSecrets for Ports {
    async fn signatures(&self) -> Result<Signatures, Fault> {
        let secret = self.secrets.slack().await?;
        Signatures::new(secret.signing_secrets.clone()).map_err(|error| {
            tracing::error!(error = %error, "the Slack secret is unusable: {error}");
            Fault::new("read the Slack secret", UNUSABLE_SECRET)
        })
    }
}

async fn wire() -> Result<(Ports, Installation), Box<dyn std::error::Error>> {
    let table = settings::required("TABLE_NAME")?;
    let clients = Clients::from_env()?;
    let ports = Ports {
        table: clients.table(&table),
        policies: clients.policies(&table),
        secrets: clients.secrets(&settings::required("SLACK_SECRET_ID")?),
        clock: SystemClock,
        ids: UuidIds,
    };
    // An empty or short secret would accept what anybody signs: the function does not start with
    // one. One that can't be read just now closes Slack's door, and not the API's.
    if let Err(fault) = ports.signatures().await
        && fault.code == UNUSABLE_SECRET
    {
        return Err(fault.into());
    }
    let workspace = Workspace::new(settings::list("SLACK_TEAM_IDS")?, settings::required("SLACK_APP_ID")?)
        .with_local_slack(&settings::required("SLACK_API_URL")?);
    let account = settings::parsed("ACCOUNT_ID", "an AWS account id")?;
    Ok((ports, Installation { workspace, account }))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    start::logs();
    let wired = wire().await.map_err(|error| start::cannot_start(error.as_ref()))?;
    start::run(wired, |wired, event| async move { Ok(Box::pin(intake::handle(&wired.0, &wired.1, event)).await) }).await
}
