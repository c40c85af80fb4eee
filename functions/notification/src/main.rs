//! The function `notification`: wires and starts.

use aws::clients::Clients;
use aws::policy::PolicyStore;
use aws::secrets::Secrets;
use aws::table::Table;
use aws::time::SystemClock;
use lambda::{settings, start};
use model::names::{SlackChannel, SlackUser};
use notification::bot::Bot;
use notification::{NoteError, Post};
use slack::blocks::Message;
use slack::web::{Client, Posted};

#[derive(Debug)]
struct Ports {
    table: Table,
    policies: PolicyStore,
    slack: Bot<Secrets, Client>,
    clock: SystemClock,
}

aws::delegate! {
    Ports {
        table: LoadRequest, RememberNotes;
        policies: Policies;
        clock: Clock;
    }
}

impl Post for Ports {
    async fn post(&self, channel: &SlackChannel, message: &Message, thread: Option<&str>) -> Result<Posted, NoteError> {
        self.slack.post(channel, message, thread).await
    }

    async fn direct(&self, user: &SlackUser) -> Result<SlackChannel, NoteError> {
        self.slack.direct(user).await
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
        slack: Bot::new(secrets, move |token| Client::new(&api_url, token)),
        clock: SystemClock,
    })
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    start::logs();
    let ports = wire().map_err(|error| start::cannot_start(error.as_ref()))?;
    start::run(ports, |ports, event| async move { Box::pin(notification::handle(ports.as_ref(), event)).await }).await
}
