//! The function `notification`: wires and starts.

use aws::clients::Clients;
use aws::policy::PolicyStore;
use aws::roots::machine_file;
use aws::secrets::{Secrets, SlackSecret};
use aws::table::Table;
use aws::time::SystemClock;
use lambda::{settings, start};
use model::names::{SlackChannel, SlackUser};
use notification::{NoteError, Post};
use secrecy::SecretString;
use slack::blocks::Message;
use slack::bot::{Bot, Tokens};
use slack::web::{Client, Posted};
use std::sync::Arc;
use workflow::ports::Fault;

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
}

aws::delegate! {
    Ports {
        table: LoadRequest, LoadRequests, ListRequests, RememberNotes;
        policies: Policies;
        clock: Clock;
    }
}

impl Post for Ports {
    async fn post(&self, channel: &SlackChannel, message: &Message, thread: Option<&str>) -> Result<Posted, NoteError> {
        Ok(self.slack.call(|client| async move { client.post_message(channel, message, thread).await }).await?)
    }

    async fn update(&self, channel: &SlackChannel, ts: &str, message: &Message) -> Result<(), NoteError> {
        Ok(self.slack.call(|client| async move { client.update_message(channel, ts, message).await }).await?)
    }

    async fn direct(&self, user: &SlackUser) -> Result<SlackChannel, NoteError> {
        Ok(self.slack.call(|client| async move { client.open_dm(user).await }).await?)
    }
}

fn wire() -> Result<Ports, Box<dyn std::error::Error>> {
    let table = settings::required("TABLE_NAME")?;
    let clients = Clients::from_env()?;
    let secrets = clients.secrets(&settings::required("SLACK_SECRET_ID")?);
    let api_url = settings::required("SLACK_API_URL")?;
    Ok(Ports {
        table: clients.table(&table),
        policies: clients.policies(&table),
        slack: Bot::new(BotTokens(secrets), move |token| Client::with_roots(&api_url, token, machine_file())),
        clock: SystemClock,
    })
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    start::logs();
    let ports = wire().map_err(|error| start::cannot_start(error.as_ref()))?;
    start::run(ports, |ports, event| async move { Box::pin(notification::handle(ports.as_ref(), event)).await }).await
}
