//! The function `witness`: wires and starts.

use aws::clients::Clients;
use aws::log::{SigningKey, WitnessBucket};
use aws::time::SystemClock;
use lambda::{settings, start};
use record::note::{Kind, VerifierKey};
use workflow::ports::WitnessSettings;

#[derive(Debug)]
struct Ports {
    bucket: WitnessBucket,
    key: SigningKey,
    keys: Keys,
    clock: SystemClock,
}

#[derive(Debug)]
struct Keys {
    own: VerifierKey,
    log: Vec<VerifierKey>,
}

impl WitnessSettings for Ports {
    fn own_key(&self) -> &VerifierKey {
        &self.keys.own
    }

    fn log_keys(&self) -> &[VerifierKey] {
        &self.keys.log
    }
}

aws::delegate! {
    Ports {
        bucket: Submissions;
        key: Sign;
        clock: Clock;
    }
}

async fn wire() -> Result<(Ports, String), Box<dyn std::error::Error>> {
    let clients = Clients::from_env()?;
    let anchors = settings::required("ANCHOR_BUCKET")?;
    let key = clients.signing_key(&settings::required("WITNESS_KEY_ARN")?);
    let own = VerifierKey::new(&settings::required("WITNESS_NAME")?, Kind::Cosignature, &key.public_key().await?)?;
    let keys = Keys { own, log: settings::list("LOG_KEYS", "a list of verifier keys")? };
    Ok((Ports { bucket: clients.witness_bucket(&anchors), key, keys, clock: SystemClock }, anchors))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    start::logs();
    let wired = wire().await.map_err(|error| start::cannot_start(error.as_ref()))?;
    start::run(wired, |wired, told| async move { Box::pin(witness::handle(&wired.0, &wired.1, told)).await }).await
}
