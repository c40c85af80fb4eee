//! The function `audit`: wires and starts.

use aws::clients::Clients;
use aws::functions::Functions;
use aws::log::{AnchorBucket, FormerKey, LogBucket, SigningKey};
use aws::table::Table;
use aws::time::SystemClock;
use lambda::{settings, start};
use record::note::{Kind, VerifierKey};
use workflow::ports::{DeploymentSettings, LogSettings};

#[derive(Debug)]
struct Ports {
    table: Table,
    key: SigningKey,
    former: FormerKey,
    objects: LogBucket,
    anchors: AnchorBucket,
    functions: Functions,
    log: Log,
    deployed: Deployed,
    clock: SystemClock,
}

#[derive(Debug)]
struct Log {
    origin: String,
    key: String,
    former: Option<String>,
    witness: Option<String>,
}

/// What is deployed together.
#[derive(Debug)]
struct Deployed {
    functions: Vec<String>,
    release: Option<String>,
}

impl DeploymentSettings for Ports {
    fn functions(&self) -> Vec<String> {
        self.deployed.functions.clone()
    }

    fn release(&self) -> Option<String> {
        self.deployed.release.clone()
    }
}

impl LogSettings for Ports {
    fn origin(&self) -> &str {
        &self.log.origin
    }

    fn log_key(&self) -> &str {
        &self.log.key
    }

    fn former_key(&self) -> Option<&str> {
        self.log.former.as_deref()
    }

    fn witness_key(&self) -> Option<&str> {
        self.log.witness.as_deref()
    }
}

aws::delegate! {
    Ports {
        table: FindUnlogged, ReadOutbox, ReadStreams, ReadLog, MoveLog, MarkLogged, KeepAnchor, LoadSystem, CommitSystem, ListRequests, FindSweeps, FindChanged;
        key: Sign;
        former: SignAsFormer;
        objects: LogObjects;
        anchors: Anchors;
        functions: ReadFunction;
        clock: Clock;
    }
}

async fn wire() -> Result<Ports, Box<dyn std::error::Error>> {
    let clients = Clients::from_env()?;
    let deployed = Deployed {
        functions: settings::list("FUNCTION_NAMES", "a list of names of functions")?,
        release: settings::optional("RELEASE"),
    };
    let origin = settings::required("LOG_ORIGIN")?;
    let key = clients.signing_key(&settings::required("LOG_KEY_ARN")?);
    let (former, public) = match settings::optional("FORMER_LOG_KEY_ARN") {
        Some(arn) => FormerKey::of(clients.signing_key(&arn)).await?,
        None => (FormerKey::NONE, None),
    };
    let log = Log {
        key: verifier(&origin, &key.public_key().await?)?,
        former: public.map(|public| verifier(&origin, &public)).transpose()?,
        origin,
        witness: settings::optional("WITNESS_KEY"),
    };
    Ok(Ports {
        table: clients.table(&settings::required("TABLE_NAME")?),
        key,
        former,
        objects: clients.log_bucket(&settings::required("LOG_BUCKET")?),
        anchors: clients.anchor_bucket(&settings::required("ANCHOR_BUCKET")?),
        functions: clients.functions(),
        log,
        deployed,
        clock: SystemClock,
    })
}

/// What verifies the signatures of a log's key, of which this is the public half.
fn verifier(origin: &str, public: &[u8; 32]) -> Result<String, Box<dyn std::error::Error>> {
    Ok(VerifierKey::new(origin, Kind::Ed25519, public)?.to_string())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    start::logs();
    let ports = wire().await.map_err(|error| start::cannot_start(error.as_ref()))?;
    start::run(ports, |ports, woken| async move { Box::pin(audit::handle(ports.as_ref(), woken)).await }).await
}
