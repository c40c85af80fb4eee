//! `countersign`: the command line. It checks a policy bundle and publishes it.

use aws::clients::Clients;
use aws::time::SystemClock;
use clap::{Parser, Subcommand};
use model::catalog::Problems;
use model::policy::{Bundle, Policy};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use workflow::ports::Clock as _;

/// Just-in-time privileged access for AWS.
#[derive(Debug, Parser)]
#[command(name = "countersign", version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The catalog and the Cedar policies.
    #[command(subcommand)]
    Policy(PolicyCommand),
}

#[derive(Debug, Subcommand)]
enum PolicyCommand {
    /// Checks a bundle: every problem with file, line and reason.
    Check {
        /// The folder with catalog.yaml, policies.cedar and schema.cedarschema.
        folder: PathBuf,
    },
    /// Checks a bundle and puts it in force. Takes AWS credentials from the environment.
    Publish {
        /// The folder with catalog.yaml, policies.cedar and schema.cedarschema.
        folder: PathBuf,
        /// The stack's table: its output `TableName`.
        #[arg(long, env = "TABLE_NAME")]
        table: String,
        /// Who publishes it, for the record: a name or an address.
        #[arg(long, env = "USER", default_value = "unknown")]
        by: String,
    },
}

/// Why a command failed.
#[derive(Debug)]
enum Failure {
    /// A file could not be read.
    File(PathBuf, std::io::Error),
    /// The bundle is not valid.
    Policy(Problems),
    /// AWS.
    Aws(String),
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path, error) => write!(f, "can't read {}: {error}", path.display()),
            Self::Policy(problems) => {
                write!(f, "{problems}\n{} problem(s); nothing was changed", problems.0.len())
            }
            Self::Aws(error) => write!(f, "{error}; nothing was changed"),
        }
    }
}

/// Exit codes: 0 done, 1 failed, 2 called in a way that is not understood (clap).
fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match arguments.command {
        Command::Policy(PolicyCommand::Check { folder }) => check(&folder),
        Command::Policy(PolicyCommand::Publish { folder, table, by }) => publish(&folder, &table, &by),
    };
    match done {
        Ok(text) => {
            let _ = writeln!(std::io::stdout(), "{text}");
            ExitCode::SUCCESS
        }
        Err(failure) => {
            let _ = writeln!(std::io::stderr(), "{failure}");
            ExitCode::FAILURE
        }
    }
}

fn read(folder: &Path) -> Result<Bundle, Failure> {
    let file = |name: &str| {
        let path = folder.join(name);
        std::fs::read_to_string(&path).map_err(|error| Failure::File(path, error))
    };
    Ok(Bundle {
        catalog: file("catalog.yaml")?,
        policies: file("policies.cedar")?,
        schema: file("schema.cedarschema")?,
    })
}

fn check(folder: &Path) -> Result<String, Failure> {
    let bundle = read(folder)?;
    let policy = Policy::load(&bundle).map_err(Failure::Policy)?;
    Ok(format!(
        "valid: {} entitlements, {} persons, digest {}",
        policy.catalog().entitlements().count(),
        policy.catalog().persons().count(),
        policy.bundle_digest(),
    ))
}

fn publish(folder: &Path, table: &str, by: &str) -> Result<String, Failure> {
    let bundle = read(folder)?;
    Policy::load(&bundle).map_err(Failure::Policy)?;
    let clients = Clients::from_env().map_err(|error| Failure::Aws(error.to_string()))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Aws(error.to_string()))?;
    let digest = runtime
        .block_on(clients.policies(table).publish(&bundle, by, SystemClock.now()))
        .map_err(|error| Failure::Aws(error.to_string()))?;
    Ok(format!("in force: {digest}"))
}
