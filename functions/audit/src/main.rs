//! The function `audit`: wires and starts.

use aws::clients::Clients;
use aws::log::{AnchorBucket, LogBucket, SigningKey};
use aws::table::Table;
use aws::time::SystemClock;
use lambda::{settings, start};
use record::note::{Kind, VerifierKey};
use workflow::ports::LogSettings;

#[derive(Debug)]
struct Ports {
    table: Table,
    key: SigningKey,
    objects: LogBucket,
    anchors: AnchorBucket,
    log: Log,
    clock: SystemClock,
}

#[derive(Debug)]
struct Log {
    origin: String,
    key: String,
    witness: Option<String>,
}

impl LogSettings for Ports {
    fn origin(&self) -> &str {
        &self.log.origin
    }

    fn log_key(&self) -> &str {
        &self.log.key
    }

    fn witness_key(&self) -> Option<&str> {
        self.log.witness.as_deref()
    }
}

aws::delegate! {
    Ports {
        table: FindUnlogged, ReadOutbox, ReadStreams, ReadLog, MoveLog, MarkLogged, KeepAnchor, LoadSystem, CommitSystem, ListRequests, FindSweeps;
        key: Sign;
        objects: LogObjects;
        anchors: Anchors;
        clock: Clock;
    }
}

async fn wire() -> Result<Ports, Box<dyn std::error::Error>> {
    let clients = Clients::from_env()?;
    let key = clients.signing_key(&settings::required("LOG_KEY_ARN")?);
    let origin = settings::required("LOG_ORIGIN")?;
    let own = VerifierKey::new(&origin, Kind::Ed25519, &key.public_key().await?)?;
    Ok(Ports {
        table: clients.table(&settings::required("TABLE_NAME")?),
        key,
        objects: clients.log_bucket(&settings::required("LOG_BUCKET")?),
        anchors: clients.anchor_bucket(&settings::required("ANCHOR_BUCKET")?),
        log: Log { origin, key: own.to_string(), witness: settings::optional("WITNESS_KEY") },
        clock: SystemClock,
    })
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    start::logs();
    let ports = wire().await.map_err(|error| start::cannot_start(error.as_ref()))?;
    start::run(ports, |ports, woken| async move { Box::pin(audit::handle(ports.as_ref(), woken)).await }).await
}
