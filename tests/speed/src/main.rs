//! How fast the functions start and answer, and what they take: `cargo xtask bench speed`.
//!
//! Each runs as it is deployed, as a process of its own, behind a Runtime API of ours ([`runtime`]) and before something
//! that answers as AWS and Slack do ([`aws`]); so what is measured is the functions themselves, and no network. Beside
//! each, in turns and in the same run, a function that does nothing: the machine may be slow or busy, ratios say what
//! they said. Times on the processor are the kernel's, of all threads of the function.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::cast_precision_loss,
    reason = "figures, no facts that anything depends on"
)]

mod aws;
mod decisions;
mod events;
mod http;
mod limits;
mod process;
mod report;
mod runtime;
mod settings;
mod sizes;
mod stage;
mod story;
mod table;

use limits::Limits;
use report::say;
use serde_json::json;
use stage::{Stage, Times};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const USAGE: &str = "speed-bench <folder of programs> [--json file] [--starts n] [--requests n] [--only function]… [--quick] [--shipped]";

/// What is asked for.
struct Wanted {
    programs: PathBuf,
    json: Option<PathBuf>,
    times: Times,
    only: Vec<String>,
    /// Without what grows, and without callgrind.
    quick: bool,
    /// As it is deployed, so that sizes and starts are judged.
    is_shipped: bool,
}

impl Wanted {
    fn read(arguments: &[String]) -> Option<Self> {
        let mut words = arguments.iter();
        let mut wanted = Self {
            programs: words.next()?.into(),
            json: None,
            times: Times { starts: 20, requests: 1_000 },
            only: Vec::new(),
            quick: false,
            is_shipped: false,
        };
        while let Some(word) = words.next() {
            match word.as_str() {
                "--json" => wanted.json = Some(words.next()?.into()),
                "--starts" => wanted.times.starts = words.next()?.parse().ok().filter(|times| *times > 0)?,
                "--requests" => wanted.times.requests = words.next()?.parse().ok().filter(|times| *times > 0)?,
                "--only" => wanted.only.push(words.next()?.clone()),
                "--quick" => wanted.quick = true,
                "--shipped" => wanted.is_shipped = true,
                _ => return None,
            }
        }
        Some(wanted)
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match (words.as_slice(), Wanted::read(&arguments)) {
        (["decide", times], _) => match times.parse() {
            Ok(times) => decisions::repeated(times).map(|()| true),
            Err(_) => Err(format!("{times} is no number")),
        },
        (_, Some(wanted)) => run(&wanted),
        (_, None) => Err(format!("usage: {USAGE}")),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(problem) => {
            let _ = writeln!(std::io::stderr(), "{problem}");
            ExitCode::FAILURE
        }
    }
}

/// Whether nothing is over its limit.
fn run(wanted: &Wanted) -> Result<bool, String> {
    let limits = Limits::read()?;
    let mut stage = Stage::new(&wanted.programs, wanted.times, wanted.only.clone())?;
    publish(&stage)?;
    let sizes = stage.functions().into_iter().chain(["hello"]);
    let sizes: Result<BTreeMap<_, _>, String> =
        sizes.map(|name| Ok((name.to_owned(), sizes::zipped(&stage.program(name))?))).collect();
    let sizes = sizes?;
    story::play(&mut stage)?;
    report::table(&stage, &sizes);
    let mut more = json!({"starts": wanted.times.starts, "requests": wanted.times.requests});
    if !wanted.quick {
        let lists = story::lists(&stage, wanted.times.requests.min(100))?;
        report::rows("a page of a list, with ever more requests there", &lists);
        let growth = decisions::growth()?;
        report::rows("a decision, with ever more entitlements and policies", &growth);
        let instructions = decisions::instructions()?;
        match instructions {
            Some(count) => say(&format!("\ninstructions of a decision, by callgrind: {count}")),
            None => say("\ninstructions of a decision: there is no valgrind here"),
        }
        more = json!({"starts": wanted.times.starts, "requests": wanted.times.requests, "lists": lists, "decisions": growth,
            "instructions": instructions});
    }
    if let Some(file) = &wanted.json {
        written(file, &format!("{:#}\n", report::json(&stage, &sizes, &more)))?;
    }
    let exceeded = limits.exceeded(wanted.is_shipped, &stage.started, &stage.acts, &sizes);
    if !exceeded.is_empty() {
        say(&format!("\nover what tests/speed/limits.json allows:\n{}", exceeded.join("\n")));
    }
    Ok(exceeded.is_empty())
}

fn written(file: &Path, text: &str) -> Result<(), String> {
    let folder = file.parent().map_or(Ok(()), std::fs::create_dir_all);
    folder.and_then(|()| std::fs::write(file, text)).map_err(|error| format!("{}: {error}", file.display()))
}

/// Puts the sample policy into the table.
fn publish(stage: &Stage) -> Result<(), String> {
    let item = decisions::published()?;
    stage.aws.with_table(|table| table.put(item));
    Ok(())
}
