//! The function `approval`: wires and starts.

use approval::SlackSide;
use aws::clients::Clients;
use aws::policy::PolicyStore;
use aws::secrets::Secrets;
use aws::table::Table;
use aws::time::SystemClock;
use lambda::{settings, start};
use slack::blocks::Message;
use slack::signature::Signatures;
use slack::web::Client;
use slack::workspace::{ResponseUrl, Workspace};
use workflow::ports::Fault;

/// How long telling the outcome may take: Slack shows a failure after 3 s for what is done already.
const PATIENCE: std::time::Duration = std::time::Duration::from_millis(1_500);

/// The code of a secret that is empty, short, or none.
const UNUSABLE_SECRET: &str = "unusable_secret";

#[derive(Debug)]
struct Ports {
    table: Table,
    policies: PolicyStore,
    secrets: Secrets,
    slack_api_url: String,
    clock: SystemClock,
}

aws::delegate! {
    Ports {
        table: LoadRequest, CommitRequest;
        policies: Policies;
        clock: Clock;
    }
}

impl SlackSide for Ports {
    async fn signatures(&self) -> Result<Signatures, Fault> {
        let secret = self.secrets.slack().await?;
        Signatures::new(secret.signing_secrets.clone()).map_err(|error| {
            tracing::error!(error = %error, "the Slack secret is unusable: {error}");
            Fault::new("read the Slack secret", UNUSABLE_SECRET)
        })
    }

    async fn tell(&self, url: &ResponseUrl, message: &Message) {
        let Ok(secret) = self.secrets.slack().await else { return };
        let Ok(client) = Client::new(&self.slack_api_url, secret.bot_token.clone()) else { return };
        match tokio::time::timeout(PATIENCE, client.respond(url, message)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(error = %error, "whoever pressed was not told the outcome: {error}"),
            Err(_) => tracing::warn!("whoever pressed was not told the outcome in time"),
        }
    }
}

async fn wire() -> Result<(Ports, Workspace), Box<dyn std::error::Error>> {
    let table = settings::required("TABLE_NAME")?;
    let slack_api_url = settings::required("SLACK_API_URL")?;
    let clients = Clients::from_env()?;
    let workspace = Workspace::new(settings::list("SLACK_TEAM_IDS")?, settings::required("SLACK_APP_ID")?)
        .with_local_slack(&slack_api_url);
    let ports = Ports {
        table: clients.table(&table),
        policies: clients.policies(&table),
        secrets: clients.secrets(&settings::required("SLACK_SECRET_ID")?),
        slack_api_url,
        clock: SystemClock,
    };
    // An empty or short secret would accept what anybody signs: the function does not start with
    // one. One that can't be read just now closes Slack's door, and not the API's.
    if let Err(fault) = ports.signatures().await
        && fault.code == UNUSABLE_SECRET
    {
        return Err(fault.into());
    }
    Ok((ports, workspace))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    start::logs();
    let wired = wire().await.map_err(|error| start::cannot_start(error.as_ref()))?;
    start::run(wired, |wired, event| async move { Ok(Box::pin(approval::handle(&wired.0, &wired.1, event)).await) })
        .await
}
