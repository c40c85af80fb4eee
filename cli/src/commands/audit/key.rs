//! `audit key`: what verifies the signatures of a key in KMS.

use crate::failure::{Answer, Exit, Failure};
use aws::clients::Clients;
use clap::Args;
use record::note::{Kind, VerifierKey};
use serde_json::json;

/// A key of KMS.
#[derive(Debug, Args)]
pub(crate) struct Key {
    /// The key: the output `LogKeyArn` of the stack, or `WitnessKeyArn` of the log archive's.
    arn: String,
    /// Its name in notes: the output `LogOriginName`, or `WitnessName`.
    #[arg(long)]
    name: String,
    /// It is a witness's key.
    #[arg(long)]
    witness: bool,
}

/// Reads the public half of a key. Takes AWS credentials from the environment.
///
/// # Errors
/// KMS does not answer, or it is no key that signs notes.
pub(crate) async fn key(wanted: &Key) -> Result<Answer, Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::new(Exit::Failed, "aws", error.to_string());
    let clients = Clients::from_env().map_err(|error| failed(&error))?;
    let bytes = clients.signing_key(&wanted.arn).public_key().await.map_err(|error| failed(&error))?;
    let (kind, word) = if wanted.witness { (Kind::Cosignature, "witness") } else { (Kind::Ed25519, "log") };
    let key = VerifierKey::new(&wanted.name, kind, &bytes);
    let key = key.map_err(|error| Failure::new(Exit::Usage, "invalid_name", error.to_string()))?;
    Ok(Answer::new(format!("{word} {key}"), json!({"kind": word, "key": key.to_string()})))
}
