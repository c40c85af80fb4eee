//! What may be said on the command line.

use crate::commands::{
    access, activity, asking, audit, configure, console, deciding, policy, reading, shell, stopping,
};
use crate::connection::{EVERYWHERE, Place};
use crate::failure::exit_codes;
use clap::{Parser, Subcommand, ValueEnum};

/// Just-in-time privileged access for AWS: ask for it, get it countersigned, use it, end it.
#[derive(Debug, Parser)]
#[command(name = "countersign", version, arg_required_else_help = true, after_help = exit_codes())]
pub(crate) struct Arguments {
    /// How to answer.
    #[arg(long, global = true, value_enum, default_value_t = Output::Human, help_heading = EVERYWHERE)]
    pub(crate) output: Output,
    /// Where the API is and who calls.
    #[command(flatten)]
    pub(crate) place: Place,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// How to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// Tables, for people.
    Human,
    /// One JSON document on stdout; a failure is one on stderr.
    Json,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// What the API does.
    #[command(flatten)]
    Api(ApiCommand),
    /// The catalog and the Cedar policies.
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// The record that nobody can rewrite, for whoever audits it.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Prints the script that completes this program's words in a shell.
    Completions(shell::Completions),
    /// Prints the manual page, or writes one for each command.
    Man(shell::Manual),
}

/// What is asked of the API.
#[derive(Debug, Subcommand)]
pub(crate) enum ApiCommand {
    /// Lists what you may ask for.
    Entitlements,
    /// Asks for access, and waits until it is there.
    Request(asking::Ask),
    /// Asks for the access of an active grant of yours anew, so that it goes on without a gap.
    Extend(asking::Extend),
    /// Lists requests, the newest first: your own, unless told otherwise.
    List(reading::Which),
    /// Shows a request as it is now.
    Show(reading::Request),
    /// Lists everything that happened to a request.
    Events(reading::Request),
    /// Shows what was done under a grant, what is odd about it, and how much is known.
    Activity(activity::Which),
    /// What becomes of an entitlement.
    #[command(subcommand)]
    Entitlement(activity::Entitlement),
    /// Shows a request and countersigns exactly that.
    Approve(deciding::Approve),
    /// Refuses a request that waits.
    Deny(deciding::WithReason),
    /// Withdraws your own request that waits.
    Cancel(reading::Request),
    /// Ends access before its time. Final.
    Revoke(deciding::WithReason),
    /// Ends all access of a person, of an account, or of everybody, at once. Final.
    Panic(stopping::Panic),
    /// Ends everything of a person who left, and bars them.
    Offboard(stopping::Person),
    /// What becomes of persons.
    #[command(subcommand)]
    Persons(stopping::Persons),
    /// Prints a fresh session of a grant, as AWS's tools read it from a `credential_process`.
    Credentials(access::Grant),
    /// Runs a command with a fresh session of a grant in its environment.
    Exec(access::Exec),
    /// Writes an AWS profile for a grant into ~/.aws/config.
    Configure(configure::Configure),
    /// Opens the AWS console with a session of a grant.
    Console(console::Console),
}

/// What to do with policy.
#[derive(Debug, Subcommand)]
pub(crate) enum PolicyCommand {
    /// Checks a bundle: every problem with file, line and reason.
    Check(policy::Folder),
    /// Checks a bundle and puts it in force. Takes AWS credentials from the environment.
    Publish(policy::Publish),
    /// Explains what a bundle would say of a request, and by which rules. Calls nothing.
    Explain(policy::explain::Explain),
    /// Judges a table of cases, each with what has to come out. Calls nothing.
    Test(policy::table::Test),
}

/// What to do with the record.
#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Judges the whole record, from a folder and keys alone: one verdict, and everything that is wrong. Calls nothing.
    Verify(audit::verify::Verify),
    /// Writes the proof that an entry is in the log: a file that needs nothing else but the keys. Calls nothing.
    Prove(audit::prove::Prove),
    /// Checks such a proof, and shows the entry. Calls nothing.
    Check(audit::check::Check),
    /// Prints what verifies the signatures of a key in KMS. Takes AWS credentials from the environment.
    Key(audit::key::Key),
    /// Copies the log, its anchors and the table's entries to a folder. Takes AWS credentials from the environment.
    Fetch(audit::fetch::Fetch),
    /// Makes the tree anew from a table, or from a copy of one, and compares it with what was signed.
    Rebuild(audit::rebuild::Rebuild),
    /// Exports the table to S3 and makes entries and tables of it. Takes AWS credentials from the environment.
    Export(audit::export::Export),
    /// Asks questions of an export's tables, ready ones or your own. Takes DuckDB's program; calls nothing.
    Sql(audit::sql::Question),
    /// Makes an evidence pack about a control over a period, or checks one. Calls nothing.
    Evidence(audit::evidence::Evidence),
    /// Erases what persons said about a request or a sweep that is over; the record stays whole. Final. Takes AWS credentials from
    /// the environment.
    Erase(audit::erase::Erase),
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_arguments_are_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn the_help_tells_the_exit_codes() {
        assert!(Arguments::command().render_help().to_string().contains("3  refused by policy"));
    }
}
