//! `audit key`: what verifies the signatures of a key in KMS.

use crate::failure::{Answer, Exit, Failure};
use aws::clients::Clients;
use clap::Args;
use record::note::{Kind, VerifierKey};
use serde_json::json;

/// Most keys that are asked for at once.
const MOST: usize = 16;

/// Keys of KMS.
#[derive(Debug, Args)]
pub(crate) struct Key {
    /// The key: the output `LogKeyArn` of the stack, or `WitnessKeyArn` of the log archive's. Two while the log's is being
    /// changed.
    #[arg(required = true, num_args = 1..=MOST)]
    arn: Vec<String>,
    /// Its name in notes: the output `LogOriginName`, or `WitnessName`.
    #[arg(long)]
    name: String,
    /// It is a witness's key.
    #[arg(long)]
    witness: bool,
}

/// Reads the public half of each key. Takes AWS credentials from the environment.
///
/// # Errors
/// KMS does not answer, or it is no key that signs notes.
pub(crate) async fn key(wanted: &Key) -> Result<Answer, Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::new(Exit::Failed, "aws", error.to_string());
    let clients = Clients::from_env_with_system_roots().map_err(|error| failed(&error))?;
    let (kind, word) = if wanted.witness { (Kind::Cosignature, "witness") } else { (Kind::Ed25519, "log") };
    let (mut lines, mut keys) = (Vec::new(), Vec::new());
    for arn in &wanted.arn {
        let bytes = clients.signing_key(arn).public_key().await.map_err(|error| failed(&error))?;
        let key = VerifierKey::new(&wanted.name, kind, &bytes);
        let key = key.map_err(|error| Failure::new(Exit::Usage, "invalid_name", error.to_string()))?;
        lines.push(format!("{word} {key}"));
        keys.push(json!({"kind": word, "key": key.to_string()}));
    }
    // One alone, as it was before there were more.
    let json = if keys.len() == 1 { keys.remove(0) } else { json!(keys) };
    Ok(Answer::new(lines.join("\n"), json))
}
