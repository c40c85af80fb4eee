//! `exec -- terraform plan|apply|destroy`: what is about to change is recorded with the grant before it changes, and what
//! came of it after.
//!
//! An `apply` becomes a plan that is kept in a folder of its own, its record, the question that Terraform would ask, and the
//! `apply` of exactly that plan. A record that fails is told and stops nothing: in an incident, the way to repair is not to
//! hang on the way to tell.

mod words;

use super::access::{Surroundings, not_run};
use super::running::{Signals, written};
use crate::api::Api;
use crate::failure::{Exit, Failure};
use model::names::RequestId;
use serde::Deserialize;
use serde_json::Value;
use std::ffi::{OsStr, OsString};
use std::fs::Permissions;
use std::io::{BufRead as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use trail::terraform::{LONGEST_PLAN, Phase, Report, diff};
use words::{Step, Word};

/// Programs that are known, by the name of their file.
const PROGRAMS: [&str; 2] = ["terraform", "tofu"];

/// How long a record may take: whoever repairs something waits for it.
const PATIENCE: Duration = Duration::from_secs(15);

/// Variables that hold more words for a command line. They are taken into ours, since a saved plan takes other words than
/// `apply` does, and `show` again others.
const VARIABLES: [&str; 5] =
    ["TF_CLI_ARGS", "TF_CLI_ARGS_plan", "TF_CLI_ARGS_apply", "TF_CLI_ARGS_destroy", "TF_CLI_ARGS_show"];

/// A run that is recorded.
#[derive(Debug)]
pub(super) struct Run {
    program: OsString,
    before: Vec<OsString>,
    step: Step,
    words: Vec<Word>,
}

impl Run {
    /// `None` if it is not Terraform, or nothing that could change something.
    pub(super) fn of(program: &OsStr, arguments: &[OsString]) -> Option<Self> {
        let name = Path::new(program).file_name()?.to_str()?;
        let (before, step, rest) = words::split(arguments).filter(|_| PROGRAMS.contains(&name))?;
        let more = |name: &str| std::env::var(name).map(|text| words::of_variable(&text)).unwrap_or_default();
        let own = format!("TF_CLI_ARGS_{}", step.name());
        let all: Vec<OsString> = [more("TF_CLI_ARGS"), more(&own), rest].concat();
        Some(Self { program: program.to_owned(), before, step, words: words::read(&all) })
    }
}

/// Runs and records; gives the exit code.
///
/// # Errors
/// It can't be run.
pub(super) async fn run(api: &Api, id: &RequestId, around: &Surroundings, run: Run) -> Result<u8, Failure> {
    let cannot =
        |error: std::io::Error| Failure::new(Exit::Failed, "not_run", format!("no folder for a plan: {error}"));
    // Only its owner may look into it, and it is gone with this value: a plan holds every value, the sensitive ones too.
    let folder = tempfile::Builder::new()
        .prefix("countersign-")
        .permissions(Permissions::from_mode(0o700))
        .tempdir()
        .map_err(cannot)?;
    let signals = Signals::new().map_err(|error| not_run(&run.program, &error))?;
    let mut terraform = Terraform { api, id, around, run: &run, signals };
    let own = folder.path().join("plan");
    match run.step {
        Step::Plan => terraform.plan(&own).await,
        Step::Apply | Step::Destroy => terraform.apply(&own).await,
    }
}

struct Terraform<'a> {
    api: &'a Api,
    id: &'a RequestId,
    around: &'a Surroundings,
    run: &'a Run,
    signals: Signals,
}

/// What a plan says beside what it changes.
#[derive(Deserialize)]
struct Said {
    /// Whether there is anything to apply. Terraform before 1.8 does not say: then it is asked about.
    applyable: Option<bool>,
}

impl Terraform<'_> {
    async fn plan(&mut self, own: &Path) -> Result<u8, Failure> {
        let words = &self.run.words;
        let out = words::value(words, "out").map_or_else(|| own.as_os_str().to_owned(), OsStr::to_owned);
        let options = words::for_plan(words);
        let (code, _) = self.planned(&options, &out).await?;
        Ok(code)
    }

    async fn apply(&mut self, own: &Path) -> Result<u8, Failure> {
        let words = &self.run.words;
        let mut may = self.run.step == Step::Apply && words::saved(words).is_some();
        if may {
            self.keep(own);
            let read = if own.exists() { self.read(own.as_os_str()).await } else { None };
            self.record(Phase::Plan, 0, read.as_deref()).await;
        } else {
            let mut options = words::for_plan(words);
            if self.run.step == Step::Destroy {
                options.insert(0, "-destroy".into());
            }
            let (code, said) = self.planned(&options, own.as_os_str()).await?;
            if code != 0 {
                return Ok(code);
            }
            let nothing = said.and_then(|said| said.applyable) == Some(false);
            may = nothing || words::is_on(words, "auto-approve");
        }
        // Between two commands nobody else hears a signal.
        if let Some(code) = self.signals.came().await {
            return Ok(code);
        }
        if !may {
            match self.ask().await {
                Ok(true) => {}
                Ok(false) => {
                    say("Not applied.");
                    return Ok(1);
                }
                Err(code) => return Ok(code),
            }
        }
        // What could not be taken aside is left to Terraform, which knows why.
        let kept = own.exists().then_some(own.as_os_str());
        let plan = kept.or_else(|| words::saved(words).map(OsString::as_os_str)).unwrap_or_default();
        let mut command = self.command("apply");
        command.args(words::for_apply(words)).arg(plan);
        let code = self.signals.run(command).await.map_err(|error| not_run(&self.run.program, &error))?;
        self.record(Phase::Apply, code, None).await;
        Ok(code)
    }

    /// Plans into `out` and records it. Gives the exit code, and what the plan says.
    async fn planned(&mut self, options: &[OsString], out: &OsStr) -> Result<(u8, Option<Said>), Failure> {
        let mut into = OsString::from("-out=");
        into.push(out);
        let mut command = self.command("plan");
        // Words that `plan` takes none of are its own to complain about.
        command.args(options).arg(into).args(words::others(&self.run.words));
        let code = self.signals.run(command).await.map_err(|error| not_run(&self.run.program, &error))?;
        // With `-detailed-exitcode`, 2 says that something changes.
        let read = if code == 0 || code == 2 { self.read(out).await } else { None };
        self.record(Phase::Plan, code, read.as_deref()).await;
        Ok((code, read.and_then(|json| serde_json::from_slice(&json).ok())))
    }

    /// A saved plan, taken aside so that what is recorded is what is applied.
    fn keep(&self, own: &Path) {
        let Some(saved) = words::saved(&self.run.words) else { return };
        let given = self.run.before.iter().rev().find_map(|word| {
            let text = word.to_string_lossy();
            text.trim_start_matches('-').strip_prefix("chdir=").map(PathBuf::from)
        });
        let saved = given.unwrap_or_default().join(saved);
        if let Err(error) = std::fs::copy(&saved, own) {
            warn("plan_not_read", &format!("can't read the plan {}: {error}", saved.display()));
            let _ = std::fs::remove_file(own);
        }
    }

    /// The plan as JSON.
    async fn read(&self, plan: &OsStr) -> Option<Vec<u8>> {
        let mut command = self.command("show");
        command.arg("-json").arg(plan);
        match written(command, u64::try_from(LONGEST_PLAN).unwrap_or(u64::MAX)).await {
            Ok(json) => Some(json),
            Err(error) => {
                warn("plan_not_read", &format!("can't show the plan: {error}"));
                None
            }
        }
    }

    /// Never fails: what can't be recorded is told.
    async fn record(&self, phase: Phase, code: u8, plan: Option<&[u8]>) {
        let diff = plan.and_then(|plan| match diff(plan) {
            Ok(diff) => Some(diff),
            Err(broken) => {
                warn(broken.code(), &format!("can't read the plan: {broken}"));
                None
            }
        });
        let report = Report::Terraform { phase, exit_code: i32::from(code), diff };
        let recorded = match serde_json::to_value(&report) {
            Ok(body) => self.send(&body).await,
            Err(error) => Err(Failure::new(Exit::Failed, "bad_plan", error.to_string())),
        };
        if let Err(failure) = recorded {
            let what = match phase {
                Phase::Plan => "plan",
                Phase::Apply => "outcome",
            };
            warn("not_recorded", &format!("the {what} is not in the grant's record: {failure}"));
        }
    }

    async fn send(&self, body: &Value) -> Result<(), Failure> {
        // Sent again, it is the same record.
        let key = uuid::Uuid::new_v4().to_string();
        let path = format!("/v1/requests/{}/activity", self.id);
        let sent = tokio::time::timeout(PATIENCE, self.api.post_once(&path, &key, body)).await;
        let late = |_| Failure::new(Exit::TimedOut, "no_answer", format!("no answer within {} s", PATIENCE.as_secs()));
        sent.map_err(late)?.map(|_| ())
    }

    /// Whether to apply, as Terraform asks it.
    ///
    /// # Errors
    /// The exit code, if a signal was the answer.
    async fn ask(&mut self) -> Result<bool, u8> {
        say("\nApply this plan? Only 'yes' is taken for one.");
        let _ = write!(std::io::stderr(), "  Enter a value: ");
        let (tell, told) = tokio::sync::oneshot::channel();
        // A thread that nobody waits for: it may never get an answer.
        std::thread::spawn(move || {
            let mut line = String::new();
            let read = std::io::stdin().lock().read_line(&mut line);
            let _ = tell.send(read.is_ok() && line.trim() == "yes");
        });
        tokio::select! {
            yes = told => Ok(yes.unwrap_or(false)),
            code = self.signals.next() => Err(code),
        }
    }

    fn command(&self, step: &str) -> Command {
        let mut command = self.around.command(&self.run.program);
        for name in VARIABLES {
            command.env_remove(name);
        }
        command.args(&self.run.before).arg(step);
        command
    }
}

fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

fn warn(code: &str, sentence: &str) {
    say(&format!("warning: {} ({code})", model::text::inert(sentence, 1_000)));
}
