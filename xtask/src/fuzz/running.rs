//! One target under libFuzzer, and what it says at the end.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

/// Longest that one input may take, in seconds, on a machine that has other work: production's bound is a hundredth.
const LONGEST: u64 = 2;

/// Most memory of the whole process, in MiB, and most that may be asked for at once.
const MEMORY: u64 = 1_024;
const AT_ONCE: u64 = 64;

/// Longest input, in bytes: a quarter of the API's bodies. What is longer takes longer, and says no more.
const INPUT: u64 = 65_536;

/// What came of one target.
#[derive(Debug)]
pub(crate) struct Ran {
    /// Inputs that were run.
    pub(crate) executions: u64,
    /// How long, by the clock on the wall.
    pub(crate) seconds: u64,
    /// Edges of the program that were reached.
    pub(crate) edges: u64,
    /// Inputs in the corpus at the end.
    pub(crate) inputs: u64,
    /// New files in `crashes`.
    pub(crate) crashes: Vec<String>,
    /// Whether something did not hold.
    pub(crate) broken: bool,
    /// Its last words, if it is broken.
    pub(crate) says: String,
}

/// Runs a target for so many seconds. What it learns is kept beside the program; the corpus that is checked in is read.
///
/// # Errors
/// In words: a folder can't be made, or the program not started.
pub(crate) fn run_one(program: &Path, folder: &Path, target: &str, seconds: u64) -> Result<Ran, String> {
    let make =
        |path: &Path| fs::create_dir_all(path).map_err(|error| format!("can't make {}: {error}", path.display()));
    let learned = program.with_file_name("learned").join(target);
    let crashes = folder.join("crashes").join(target);
    make(&learned)?;
    make(&crashes)?;
    let before = files(&crashes);
    let began = Instant::now();
    let told = Command::new(program)
        .env("COUNTERSIGN_FUZZ_TARGET", target)
        .arg(&learned)
        .arg(folder.join("corpus").join(target))
        .arg(format!("-dict={}", folder.join("words.dict").display()))
        .arg(format!("-artifact_prefix={}/", crashes.display()))
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-timeout={LONGEST}"))
        .arg(format!("-rss_limit_mb={MEMORY}"))
        .arg(format!("-malloc_limit_mb={AT_ONCE}"))
        .arg(format!("-max_len={INPUT}"))
        .args(["-print_final_stats=1", "-use_value_profile=1"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .output()
        .map_err(|error| format!("can't start {}: {error}", program.display()))?;
    let text = String::from_utf8_lossy(&told.stderr);
    let new: Vec<String> = files(&crashes).difference(&before).cloned().collect();
    // Left empty, it would be a folder that is in nobody's checkout.
    let _ = fs::remove_dir(&crashes);
    let says = text.lines().find(|line| line.contains("panicked at") || line.starts_with("==")).unwrap_or_default();
    let broken = !told.status.success();
    Ok(Ran {
        executions: stated(&text, "stat::number_of_executed_units:").unwrap_or(0),
        seconds: began.elapsed().as_secs(),
        edges: text.lines().rev().find_map(|line| after(line, "cov: ")).unwrap_or(0),
        inputs: text.lines().rev().find_map(|line| after(line, "corp: ")).unwrap_or(0),
        crashes: new,
        broken,
        says: if broken { says.chars().take(160).collect() } else { String::new() },
    })
}

fn files(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

fn stated(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
}

/// The number behind a word.
fn after(line: &str, word: &str) -> Option<u64> {
    let rest = line.split_once(word)?.1;
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_libfuzzer_says_is_read() {
        let line = "#8192\tpulse  cov: 812 ft: 2021 corp: 77/3071b lim: 63 exec/s: 4096 rss: 61Mb";
        assert_eq!((after(line, "cov: "), after(line, "corp: ")), (Some(812), Some(77)));
        let text = "stat::number_of_executed_units: 12345\nstat::average_exec_per_sec:     4115";
        assert_eq!(stated(text, "stat::number_of_executed_units:"), Some(12_345));
        assert_eq!(after("#1\tINITED", "cov: "), None);
    }
}
