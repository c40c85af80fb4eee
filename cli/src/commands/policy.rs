//! `policy check`, `publish`, `explain` and `test`.

pub(crate) mod explain;
mod judging;
pub(crate) mod table;

use crate::failure::{Answer, Exit, Failure};
use aws::clients::Clients;
use aws::time::SystemClock;
use clap::Args;
use model::catalog::Problems;
use model::policy::{Bundle, Policy};
use serde_json::json;
use std::path::{Path, PathBuf};
use workflow::ports::Clock as _;

/// A bundle.
#[derive(Debug, Args)]
pub(crate) struct Folder {
    /// The folder with catalog.yaml, policies.cedar and schema.cedarschema.
    pub(crate) folder: PathBuf,
}

/// A bundle and where it goes.
#[derive(Debug, Args)]
pub(crate) struct Publish {
    /// The folder with catalog.yaml, policies.cedar and schema.cedarschema.
    folder: PathBuf,
    /// The stack's table: its output `TableName`.
    #[arg(long, env = "TABLE_NAME")]
    table: String,
    /// Who publishes it, for the record: a name or an address.
    #[arg(long, env = "USER", default_value = "unknown")]
    by: String,
}

fn read(folder: &Path) -> Result<Bundle, Failure> {
    let file = |name: &str| {
        let path = folder.join(name);
        std::fs::read_to_string(&path)
            .map_err(|error| Failure::new(Exit::Failed, "no_file", format!("can't read {}: {error}", path.display())))
    };
    Ok(Bundle {
        catalog: file("catalog.yaml")?,
        policies: file("policies.cedar")?,
        schema: file("schema.cedarschema")?,
    })
}

/// Reads a bundle and holds it to all rules.
///
/// # Errors
/// A file can't be read, or the bundle is not valid.
pub(crate) fn load(folder: &Path) -> Result<(Bundle, Policy), Failure> {
    let bundle = read(folder)?;
    let policy = Policy::load(&bundle).map_err(|problems| invalid(&problems))?;
    Ok((bundle, policy))
}

fn invalid(problems: &Problems) -> Failure {
    let sentence = format!("{problems}\n{} problem(s); nothing was changed", problems.0.len());
    Failure::new(Exit::Failed, "invalid_bundle", sentence)
}

/// Checks a bundle.
///
/// # Errors
/// Every problem with file, line and reason.
pub(crate) fn check(folder: &Path) -> Result<Answer, Failure> {
    let (_, policy) = load(folder)?;
    let (entitlements, persons) = (policy.catalog().entitlements().count(), policy.catalog().persons().count());
    let digest = policy.bundle_digest();
    let warnings = policy.catalog().warnings();
    let valid = format!("valid: {entitlements} entitlements, {persons} persons, digest {digest}");
    let lines = warnings.iter().map(|warning| format!("warning: {warning}")).chain([valid]);
    let human = lines.collect::<Vec<_>>().join("\n");
    let answer = json!({"valid": true, "entitlements": entitlements, "persons": persons, "digest": digest, "warnings": warnings});
    Ok(Answer::new(human, answer))
}

/// Checks a bundle and puts it in force. Takes AWS credentials from the environment.
///
/// # Errors
/// It is not valid, or AWS does not take it.
pub(crate) async fn publish(wanted: &Publish) -> Result<Answer, Failure> {
    let (bundle, _) = load(&wanted.folder)?;
    let failed =
        |error: &dyn std::fmt::Display| Failure::new(Exit::Failed, "aws", format!("{error}; nothing was changed"));
    let clients = Clients::from_env_with_system_roots().map_err(|error| failed(&error))?;
    let store = clients.policies(&wanted.table);
    let digest = store.publish(&bundle, &wanted.by, SystemClock.now()).await.map_err(|error| failed(&error))?;
    Ok(Answer::new(format!("in force: {digest}"), json!({"digest": digest})))
}
