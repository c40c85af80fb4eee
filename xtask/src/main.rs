//! `cargo xtask`: the jobs of this repository, one module each. Start in [`main`]: it names them all.

mod bench;
mod beside;
mod browser;
mod chaos;
mod defects;
mod demo;
mod fuzz;
mod iam_data;
mod local;
mod mutants;
mod output;
mod pictures;
mod simulate;
mod test;
mod tools;
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
       --scenario accounts | activity | audit | ending | overlap    other stories
  test [argument…]        all tests, with a local cloud for those that need one; arguments are cargo nextest's
       --no-cloud         without those
       --no-browser       without those that need Chromium, which is installed if it can be
  lint                    lint the templates and every policy, of the templates and of grants
  simulate                play histories of everything at once under every fault there is, each from a seed;
                          with --optimised, by a program that takes longer to build and is faster
       --seeds n --from seed --jobs n    how many (1,000), from which on (0), on how many threads (all there are)
       --seed seed        one of them again: what it broke, the fewest faults that it takes, and what happened
  defects                 the test of the tests: each of the defects that are in the code on purpose, one at a time
       --only name        this one
       --list             what there is
  chaos                   functions' processes are killed and stand still, and their calls of AWS go wrong, while calls arrive:
                          what is on record then, counted from outside
       --rate n --seconds n --seed n    calls in a second (10), for how long (60), and the seed of all that is drawn (1)
       --faults n --every n    of a thousand calls of AWS so many go wrong (20); milliseconds between two processes (1,000)
        hours              an eight-hour grant and all that follows, with the clock of everything moved
  mutants [argument…]     the code that all rests on, changed in one place at a time: do its tests notice? cargo mutants' arguments
  pictures                take the README's pictures anew
  bench slack             how long people wait for answers in Slack, cold and warm
        grants [n]         how long access takes to come and to go, by mechanism
        panic [n]          how long it takes to end so many grants at once
        burst [rate seconds]    how long events wait until a signed checkpoint covers them
        load               good and hostile calls by a schedule while workers are killed: what is on record then
             --rate n --seconds n --endings n    how many a second (200), how long (300), grants that end in one minute (500)
        activity [MB]      how fast CloudTrail files are read, beside what can't be done without
        log [entries]      how fast the log grows, proves and is verified, and how long its proofs are
        log pace [rate …]  how long entries wait until they are signed for, in virtual time
        log verify [n]     how fast the record of whole grants is verified
        speed              how fast the functions start and answer, and what they take, beside one that does nothing
  fuzz [target…]          what comes from outside, by libFuzzer: each target for a minute, from its corpus on
       --seconds n        of each target
       --jobs n           targets at a time
       --no-doors         without the functions themselves, which take minutes more to build
       --list             what there is
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
            "simulate" => simulate::run(rest),
            "defects" => defects::run(rest),
            "chaos" => chaos::run(rest),
            "mutants" => mutants::run(rest),
            "pictures" => pictures::run(rest),
            "bench" => bench::run(rest),
            "fuzz" => fuzz::run(rest),
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The words of a job's own usage that one may give it, up to what is optional.
    fn choices<'a>(usage: &'a str, before: &str) -> Vec<&'a str> {
        let (_, rest) = usage.split_once(before).unwrap();
        let rest = rest.split_once("] [--").map_or(rest, |(choices, _)| choices);
        rest.split('|').filter_map(|choice| choice.split_whitespace().next()).collect()
    }

    #[test]
    fn the_help_names_every_scenario_and_every_bench() {
        let scenarios = USAGE.lines().find(|line| line.contains("--scenario")).unwrap();
        for scenario in choices(demo::USAGE, "--scenario ") {
            assert!(scenarios.contains(&format!(" {scenario} ")), "{scenario}");
        }
        let (_, benches) = USAGE.split_once("  bench ").unwrap();
        let first = |line: &'static str| line.split_whitespace().next().unwrap_or_default();
        let benches: Vec<&str> = benches.lines().map(first).collect();
        for bench in choices(bench::USAGE, "xtask bench ") {
            assert!(benches.contains(&bench), "{bench}: {benches:?}");
        }
    }
}
