//! `credentials` and `exec`: using a grant.

use super::serving;
use crate::api::Api;
use crate::connection::GRANT_VARIABLE;
use crate::failure::{Answer, Exit, Failure};
use crate::grants::{Credentials, GrantName};
use clap::Args;
use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

/// What would lead AWS's tools elsewhere than to the keys in the environment, or hold other keys.
const REMOVED: [&str; 11] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_SECURITY_TOKEN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_ROLE_ARN",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
];

/// A grant.
#[derive(Debug, Args)]
pub(crate) struct Grant {
    /// The request's id, or an entitlement: then your active grant of it.
    pub(crate) grant: GrantName,
}

/// A command to run with a grant.
#[derive(Debug, Args)]
pub(crate) struct Exec {
    /// The request's id, or an entitlement: then your active grant of it.
    grant: GrantName,
    /// For a command that outlives a session of an hour at most: it gets fresh ones from a loopback port, as in a
    /// container, for as long as the grant lives. It then sees nothing of your AWS files but the region.
    #[arg(long)]
    refresh: bool,
    /// The command and its arguments.
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

/// The `credential_process` document of a fresh session. This is the one place that shows a secret.
///
/// # Errors
/// There is no access, or no answer.
pub(crate) async fn credentials(api: &Api, grant: &GrantName) -> Result<Answer, Failure> {
    let id = grant.id(api).await?;
    let document = Credentials::issue(api, &id).await?.document();
    Ok(Answer::new(document.to_string(), document))
}

/// Runs the command with sessions of the grant. Without `--refresh` this program becomes the command: signals and the
/// exit code are the command's own. With it, gives the exit code.
///
/// # Errors
/// There is no access, no answer, or no such command.
pub(crate) async fn exec(api: Api, wanted: &Exec) -> Result<u8, Failure> {
    let (program, arguments) = wanted
        .command
        .split_first()
        .ok_or_else(|| Failure::new(Exit::Usage, "no_command", "there is no command to run"))?;
    let id = wanted.grant.id(&api).await?;
    let mut command = Command::new(program);
    command.args(arguments);
    for name in REMOVED {
        command.env_remove(name);
    }
    command.env(GRANT_VARIABLE, id.as_str());
    // The region may have come from the profile that is taken away.
    if let Some(region) = &api.connection().own_region {
        command.env("AWS_REGION", region).env("AWS_DEFAULT_REGION", region);
    }
    if wanted.refresh {
        return serving::run(api, id, command).await;
    }
    let session = Credentials::issue(&api, &id).await?;
    let error = command.envs(variables(&session)).exec();
    Err(Failure::new(Exit::Failed, "not_run", format!("can't run {}: {error}", program.display())))
}

/// The session, as a command finds it in its environment.
fn variables(session: &Credentials) -> [(&'static str, String); 5] {
    let until = session.expiration.to_string();
    [
        ("AWS_ACCESS_KEY_ID", session.access_key_id.clone()),
        ("AWS_SECRET_ACCESS_KEY", session.secret_access_key.clone()),
        ("AWS_SESSION_TOKEN", session.session_token.clone()),
        // The name that boto reads, and the one that other tools of this kind set.
        ("AWS_CREDENTIAL_EXPIRATION", until.clone()),
        ("AWS_SESSION_EXPIRATION", until),
    ]
}
