//! `cargo xtask`: the jobs of this repository, one module each. Start in [`main`]: it names them all.

mod bench;
mod beside;
mod browser;
mod demo;
mod iam_data;
mod local;
mod output;
mod pictures;
mod test;
mod workspace;

use std::process::ExitCode;

/// One line per job, as `cargo xtask help` shows them.
const USAGE: &str = "\
cargo xtask <job>

  local up                start Countersign on this machine: AWS and Slack stand-ins, template.yaml deployed, people and keys
  local status            what runs, and where
  local logs [function]   what the functions logged (all of them, or one)
  local down              stop it
  local check [word…]     check the stand-in for AWS itself
  demo                    the main job, played from nothing on a local cloud of its own, told line by line
       --scenario accounts | activity | ending | overlap    other stories
  test [argument…]        all tests, with a local cloud for those that need one; arguments are cargo nextest's
       --no-cloud         without those
       --no-browser       without those that need Chromium, which is installed if it can be
       --judge            then say which permissions of the roles none of the tests needed
  lint                    lint the templates and every policy, of the templates and of grants
  pictures                take the README's pictures anew
  bench slack             how long people wait for answers in Slack, cold and warm
        grants [n]         how long access takes to come and to go, by mechanism
        panic [n]          how long it takes to end so many grants at once
        activity [MB]      how fast CloudTrail files are read, beside what can't be done without
        log [entries]      how fast the log grows, proves and is verified, and how long its proofs are
  iam-data [--check]      write the table of IAM actions that risk is judged by
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.split_first() {
        Some((job, rest)) => match job.as_str() {
            "local" => local::run(rest).map(succeeded),
            "demo" => demo::run(rest),
            "test" => test::run(rest),
            "lint" => local::lint().map(succeeded),
            "pictures" => pictures::run(rest),
            "bench" => bench::run(rest),
            "iam-data" => iam_data::run(rest).map(succeeded),
            "help" | "--help" | "-h" => {
                output::say(USAGE);
                Ok(ExitCode::SUCCESS)
            }
            _ => Err(format!("there is no job `{job}`\n\n{USAGE}")),
        },
        None => Err(USAGE.to_owned()),
    };
    match done {
        Ok(code) => code,
        Err(problem) => {
            output::complain(&problem);
            ExitCode::FAILURE
        }
    }
}

/// What a job that only fails or succeeds ends with.
fn succeeded((): ()) -> ExitCode {
    ExitCode::SUCCESS
}
