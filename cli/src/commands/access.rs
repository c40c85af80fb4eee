//! `credentials` and `exec`: using a grant.

use super::running::Signals;
use super::serving;
use super::terraform::{self, Run};
use crate::api::Api;
use crate::connection::GRANT_VARIABLE;
use crate::failure::{Answer, Exit, Failure};
use crate::grants::{Credentials, GrantName};
use clap::Args;
use model::names::RequestId;
use std::ffi::{OsStr, OsString};
use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::sync::Arc;

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
    /// container, for as long as the grant lives. It then sees nothing of your AWS files but the region. Without this,
    /// the keys in its environment end with their session: nothing can renew them there.
    #[arg(long)]
    refresh: bool,
    /// The command and its arguments. What `terraform plan`, `apply` and `destroy` are about to change is recorded with
    /// the grant, without sensitive values; `tofu` likewise.
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

/// What a command that uses a grant finds around it.
pub(super) struct Surroundings {
    variables: Vec<(&'static str, String)>,
}

impl Surroundings {
    fn new(api: &Api, id: &RequestId) -> Self {
        let mut variables = vec![(GRANT_VARIABLE, id.to_string())];
        // The region may have come from the profile that is taken away.
        if let Some(region) = &api.connection().own_region {
            variables.extend([("AWS_REGION", region.clone()), ("AWS_DEFAULT_REGION", region.clone())]);
        }
        Self { variables }
    }

    /// A command in them, still without arguments.
    pub(super) fn command(&self, program: &OsStr) -> Command {
        let mut command = Command::new(program);
        for name in REMOVED {
            command.env_remove(name);
        }
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }
}

/// That a program can't be run.
pub(super) fn not_run(program: &OsStr, error: &std::io::Error) -> Failure {
    Failure::new(Exit::Failed, "not_run", format!("can't run {}: {error}", program.display()))
}

/// Runs the command with sessions of the grant. Without `--refresh` this program becomes the command: signals and the
/// exit code are the command's own. With it, or if what Terraform does is recorded, gives the exit code.
///
/// # Errors
/// There is no access, no answer, or no such command.
pub(crate) async fn exec(api: Api, wanted: &Exec) -> Result<u8, Failure> {
    let (program, arguments) = wanted
        .command
        .split_first()
        .ok_or_else(|| Failure::new(Exit::Usage, "no_command", "there is no command to run"))?;
    let id = wanted.grant.id(&api).await?;
    let api = Arc::new(api);
    let mut surroundings = Surroundings::new(&api, &id);
    // Kept until the command has ended.
    let serving = if wanted.refresh { Some(serving::start(Arc::clone(&api), id.clone()).await?) } else { None };
    match &serving {
        Some(serving) => surroundings.variables.extend(serving.variables()),
        None => surroundings.variables.extend(variables(&Credentials::issue(&api, &id).await?)),
    }
    if let Some(run) = Run::of(program, arguments) {
        return terraform::run(&api, &id, &surroundings, run).await;
    }
    let mut command = surroundings.command(program);
    command.args(arguments);
    if serving.is_none() {
        return Err(not_run(program, &command.exec()));
    }
    let mut signals = Signals::new().map_err(|error| not_run(program, &error))?;
    signals.run(command).await.map_err(|error| not_run(program, &error))
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
