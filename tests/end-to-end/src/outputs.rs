//! Where the local cloud is, and whose keys there are.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::failure::Failure;

/// The environment variable that names the file.
pub const VARIABLE: &str = "COUNTERSIGN_OUTPUTS";

/// What `outputs.json` holds.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Outputs {
    /// The stand-in for AWS.
    pub endpoint_url: String,
    /// The API; paths like `/v1/requests` follow it.
    pub api_url: String,
    /// The region.
    pub region: String,
    /// The account.
    pub account_id: String,
    /// The stack's name.
    pub stack_name: String,
    /// The table.
    pub table_name: String,
    /// The event bus.
    pub bus_name: String,
    /// The transparency log's bucket.
    pub log_bucket: String,
    /// The bucket that it is anchored in.
    pub anchor_bucket: String,
    /// What verifies the log and its witness, as lines of a file `keys`.
    pub log_keys: Vec<String>,
    /// The account that it is anchored in: its id, and its stack's outputs.
    pub log_archive: BTreeMap<String, String>,
    /// The local Slack.
    pub slack_url: String,
    /// What it signs with.
    pub slack_signing_secret: String,
    /// Its workspace.
    pub slack_team_id: String,
    /// The app in it.
    pub slack_app_id: String,
    /// The stack's own outputs.
    pub stack_outputs: BTreeMap<String, String>,
    /// The people of the sample catalog.
    pub people: BTreeMap<String, Person>,
}

/// One of the people.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Person {
    /// E-mail address.
    pub email: String,
    /// Slack's user id.
    pub slack_user_id: String,
    /// The IAM user.
    pub principal_arn: String,
    /// The IAM user's key.
    pub access_key_id: String,
    /// Its secret.
    pub secret_access_key: String,
    /// The person's MFA device, if there is one.
    #[serde(default)]
    pub mfa_serial: Option<String>,
}

impl Outputs {
    /// Those of the file that [`VARIABLE`] names, else those of `cargo xtask local up`.
    ///
    /// # Errors
    /// There is no such file, or it is another.
    pub fn find() -> Result<Self, Failure> {
        let named = std::env::var_os(VARIABLE).filter(|value| !value.is_empty()).map(PathBuf::from);
        let file = named.unwrap_or_else(standard);
        let text = std::fs::read_to_string(&file).map_err(|error| {
            Failure::new(format!(
                "no local cloud: can't read {} ({error}). `cargo xtask test` runs tests with one of their own; \
                 `cargo xtask local up` starts one to keep; {VARIABLE} names another's outputs.json",
                file.display()
            ))
        })?;
        serde_json::from_str(&text).map_err(|error| Failure::of(&format!("reading {}", file.display()), &error))
    }

    /// One of the people, by id.
    ///
    /// # Errors
    /// There is no such person.
    pub fn person(&self, id: &str) -> Result<&Person, Failure> {
        self.people.get(id).ok_or_else(|| Failure::new(format!("there is no person {id} in the outputs")))
    }
}

/// Where `cargo xtask local up` writes it.
fn standard() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let workspace = here.ancestors().nth(2).unwrap_or(here);
    workspace.join("target").join("local").join("outputs.json")
}
