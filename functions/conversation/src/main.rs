//! The function `conversation`: wires and starts.

use aws::clients::Clients;
use aws::policy::PolicyStore;
use aws::roots::machine_file;
use aws::secrets::{Secrets, SlackSecret};
use aws::table::Table;
use aws::time::{SystemClock, UuidIds};
use conversation::{Installation, NotShown, SlackSide};
use lambda::{settings, start};
use model::names::SlackUser;
use secrecy::SecretString;
use slack::blocks::{Message, View};
use slack::bot::{Bot, BotError, Tokens};
use slack::signature::Signatures;
use slack::web::{Client, OpenedView};
use slack::workspace::{ResponseUrl, Workspace};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use workflow::ports::Fault;

/// How long one call of Slack may take within an answer. Slack shows a failure after 3 s for what is done already, and
/// an answer may take two such calls.
const PATIENCE: Duration = Duration::from_millis(1_300);

/// The code of a secret that is empty, short, or none.
const UNUSABLE_SECRET: &str = "unusable_secret";

struct BotTokens(Secrets);

impl Tokens for BotTokens {
    type Secret = SlackSecret;
    type Fault = Fault;

    async fn secret(&self) -> Result<Arc<SlackSecret>, Fault> {
        self.0.slack().await
    }

    async fn after(&self, refused: &Arc<SlackSecret>) -> Result<Arc<SlackSecret>, Fault> {
        self.0.after(refused).await
    }

    fn token(secret: &SlackSecret) -> &SecretString {
        &secret.bot_token
    }
}

#[derive(Debug)]
struct Ports {
    table: Table,
    policies: PolicyStore,
    slack: Bot<BotTokens, Client>,
    clock: SystemClock,
    ids: UuidIds,
}

aws::delegate! {
    Ports {
        table: LoadRequest, LoadRequests, CommitRequest, LoadEntries, ListRequests, FindByKey;
        policies: Policies;
        clock: Clock;
        ids: Identifiers;
    }
}

/// What came of a call, at the latest after [`PATIENCE`].
async fn within<A>(call: impl Future<Output = Result<A, BotError<Fault>>>) -> Result<A, NotShown> {
    match tokio::time::timeout(PATIENCE, call).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(BotError::Slack(error))) => {
            Err(NotShown { code: error.code().to_owned(), passes: error.is_retryable() })
        }
        Ok(Err(BotError::Token(fault))) => Err(NotShown { code: fault.code, passes: true }),
        Err(_) => Err(NotShown { code: "slack_too_slow".to_owned(), passes: true }),
    }
}

impl SlackSide for Ports {
    async fn signatures(&self) -> Result<Signatures, Fault> {
        let secret = self.slack.tokens().0.slack().await?;
        Signatures::new(secret.signing_secrets.clone()).map_err(|error| {
            tracing::error!(error = %error, "the Slack secret is unusable: {error}");
            Fault::new("read the Slack secret", UNUSABLE_SECRET)
        })
    }

    async fn tell(&self, url: &ResponseUrl, message: &Message) {
        let told = self.slack.call(|client| async move { client.respond(url, message).await });
        if let Err(not) = within(told).await {
            tracing::warn!(error.code = %not.code, "whoever pressed was not told the outcome");
        }
    }

    async fn open(&self, trigger_id: &str, view: &View) -> Result<OpenedView, NotShown> {
        within(self.slack.call(|client| async move { client.open_view(trigger_id, view).await })).await
    }

    async fn update(&self, id: &str, hash: Option<&str>, view: &View) -> Result<(), NotShown> {
        within(self.slack.call(|client| async move { client.update_view(id, hash, view).await.map(drop) })).await
    }

    async fn publish_home(&self, user: &SlackUser, view: &View) -> Result<(), NotShown> {
        within(self.slack.call(|client| async move { client.publish_home(user, view).await.map(drop) })).await
    }
}

async fn wire() -> Result<(Ports, Installation), Box<dyn std::error::Error>> {
    let table = settings::required("TABLE_NAME")?;
    let slack_api_url = settings::required("SLACK_API_URL")?;
    let clients = Clients::from_env()?;
    let workspace = Workspace::new(
        settings::list("SLACK_TEAM_IDS", "a list separated by commas")?,
        settings::required("SLACK_APP_ID")?,
    )
    .with_local_slack(&slack_api_url);
    let secrets = clients.secrets(&settings::required("SLACK_SECRET_ID")?);
    let ports = Ports {
        table: clients.table(&table),
        policies: clients.policies(&table),
        slack: Bot::new(BotTokens(secrets), move |token| Client::with_roots(&slack_api_url, token, machine_file())),
        clock: SystemClock,
        ids: UuidIds,
    };
    // An empty or short secret would accept what anybody signs: the function does not start with
    // one. One that can't be read just now closes the door until it can.
    if let Err(fault) = ports.signatures().await
        && fault.code == UNUSABLE_SECRET
    {
        return Err(fault.into());
    }
    let accounts = settings::list("ACCOUNTS", "a list of AWS account ids")?;
    Ok((ports, Installation { workspace, accounts }))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    start::logs();
    let wired = wire().await.map_err(|error| start::cannot_start(error.as_ref()))?;
    start::run(wired, |wired, event| async move { Ok(Box::pin(conversation::handle(&wired.0, &wired.1, event)).await) })
        .await
}
