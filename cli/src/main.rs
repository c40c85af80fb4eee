//! `countersign`: the command line. It asks for access, countersigns it, uses it and ends it, over the API, as the
//! caller's own AWS identity; it checks a policy bundle and publishes it; and it judges the record, proves what is in
//! it, makes evidence of it, and erases words from beside it.

mod api;
mod arguments;
mod aws_files;
mod commands;
mod connection;
mod failure;
mod grants;
mod show;

use api::Api;
use arguments::{ApiCommand, Arguments, AuditCommand, Command, Output, PolicyCommand};
use clap::{CommandFactory as _, Parser as _};
use commands::{access, activity, asking, audit, configure, console, deciding, policy, reading, shell, stopping};
use connection::Place;
use failure::{Answer, Exit, Failure};
use std::io::Write as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let output = arguments.output;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let done = match runtime {
        // Boxed: a command's future is large.
        Ok(runtime) => runtime.block_on(Box::pin(run(arguments))),
        Err(error) => Err(Failure::new(Exit::Failed, "no_runtime", error.to_string())),
    };
    let number = match done {
        Ok(Outcome::Ended(code)) => code,
        Ok(Outcome::Answer(answer)) => match tell(&answer, output) {
            Ok(()) => answer.exit.number(),
            // Whoever read it has read enough.
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => answer.exit.number(),
            Err(_) => Exit::Failed.number(),
        },
        Err(failure) => {
            let _ = match output {
                Output::Human => writeln!(std::io::stderr(), "{failure}"),
                Output::Json => writeln!(std::io::stderr(), "{}", failure.json()),
            };
            failure.exit.number()
        }
    };
    ExitCode::from(number)
}

/// What comes of a command that does not fail.
enum Outcome {
    /// It has something to say.
    Answer(Answer),
    /// It ran another program, which ended with this code.
    Ended(u8),
}

fn tell(answer: &Answer, output: Output) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    match output {
        Output::Human => writeln!(out, "{}", answer.human)?,
        Output::Json => writeln!(out, "{}", show::json(&answer.json))?,
    }
    out.flush()
}

async fn run(arguments: Arguments) -> Result<Outcome, Failure> {
    let answered = match &arguments.command {
        Command::Policy(PolicyCommand::Check(wanted)) => policy::check(&wanted.folder),
        Command::Policy(PolicyCommand::Publish(wanted)) => policy::publish(wanted).await,
        Command::Policy(PolicyCommand::Explain(wanted)) => policy::explain::explain(wanted),
        Command::Policy(PolicyCommand::Test(wanted)) => policy::table::test(wanted),
        Command::Audit(AuditCommand::Key(wanted)) => audit::key::key(wanted).await,
        Command::Audit(AuditCommand::Fetch(wanted)) => audit::fetch::fetch(wanted).await,
        Command::Audit(AuditCommand::Rebuild(wanted)) => audit::rebuild::rebuild(wanted).await,
        Command::Audit(AuditCommand::Verify(wanted)) => audit::verify::verify(wanted),
        Command::Audit(AuditCommand::Prove(wanted)) => audit::prove::prove(wanted),
        Command::Audit(AuditCommand::Check(wanted)) => audit::check::check(wanted),
        Command::Audit(AuditCommand::Export(wanted)) => audit::export::export(wanted).await,
        Command::Audit(AuditCommand::Sql(wanted)) => audit::sql::sql(wanted).await,
        Command::Audit(AuditCommand::Evidence(wanted)) => audit::evidence::evidence(wanted),
        Command::Audit(AuditCommand::Erase(wanted)) => Box::pin(audit::erase::erase(wanted)).await,
        Command::Completions(wanted) => Ok(shell::completions(Arguments::command(), wanted)),
        Command::Man(wanted) => shell::manual(Arguments::command(), wanted),
        Command::Api(wanted) => return answer(wanted, &arguments.place).await,
    };
    answered.map(Outcome::Answer)
}

/// The commands that call the API.
async fn answer(command: &ApiCommand, place: &Place) -> Result<Outcome, Failure> {
    let api = Api::find(place).await?;
    let answered = match command {
        ApiCommand::Entitlements => reading::entitlements(&api).await,
        ApiCommand::Request(wanted) => asking::request(&api, wanted).await,
        ApiCommand::Extend(wanted) => asking::extend(&api, wanted).await,
        ApiCommand::Panic(wanted) => stopping::panic(&api, wanted).await,
        ApiCommand::Offboard(wanted) => stopping::offboard(&api, wanted).await,
        ApiCommand::Persons(wanted) => stopping::persons(&api, wanted).await,
        ApiCommand::List(wanted) => reading::list(&api, wanted).await,
        ApiCommand::Show(wanted) => reading::show(&api, wanted).await,
        ApiCommand::Events(wanted) => reading::events(&api, wanted).await,
        ApiCommand::Activity(wanted) => activity::activity(&api, wanted).await,
        ApiCommand::Entitlement(wanted) => activity::entitlement(&api, wanted).await,
        ApiCommand::Approve(wanted) => deciding::approve(&api, wanted).await,
        ApiCommand::Deny(wanted) => deciding::deny(&api, wanted).await,
        ApiCommand::Cancel(wanted) => deciding::cancel(&api, &wanted.id).await,
        ApiCommand::Revoke(wanted) => deciding::revoke(&api, wanted).await,
        ApiCommand::Credentials(wanted) => access::credentials(&api, &wanted.grant).await,
        ApiCommand::Exec(wanted) => return access::exec(api, wanted).await.map(Outcome::Ended),
        ApiCommand::Configure(wanted) => configure::configure(&api, wanted).await,
        ApiCommand::Console(wanted) => console::console(&api, wanted).await,
    };
    answered.map(Outcome::Answer)
}
