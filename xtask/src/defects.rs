//! `cargo xtask defects`: the test of the tests. Each of the defects that are in the code on purpose (`model::seeded`) is
//! switched on by itself, and some test has to fail.
//!
//! One build has them all: a feature of `model` alone, so that nothing outside the workspace is compiled again. It goes
//! into the same target folder as every other build; cargo keeps the two apart.

mod list;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use crate::output::{complain, say};
use crate::workspace;
use list::{DEFECTS, Defect};

const USAGE: &str = "usage: cargo xtask defects [--only name]… | defects --list";

/// Names the defect that is there; `model::seeded::CHOSEN`.
const CHOSEN: &str = "COUNTERSIGN_SEEDED_DEFECT";

/// How many histories are played at most: so many are enough that everything comes up in some.
const HISTORIES: &str = "2500";

/// How long a suite may take. One that takes longer hangs, and whoever waits for it notices.
const LONGEST: Duration = Duration::from_mins(30);

/// Tests that need no cloud, as one program each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Suite {
    Model,
    Slack,
    Publication,
    Conversation,
    Aws,
    Promises,
    Histories,
}

impl Suite {
    /// The quick ones first.
    const ALL: [Self; 7] =
        [Self::Publication, Self::Slack, Self::Aws, Self::Model, Self::Promises, Self::Conversation, Self::Histories];

    /// The target that cargo builds it as.
    fn target(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Slack => "slack",
            Self::Publication => "publication",
            Self::Conversation => "conversation",
            Self::Aws => "aws",
            Self::Promises => "promises",
            Self::Histories => "histories",
        }
    }
}

/// `cargo xtask defects [--only name]…`: that something fails with each of these, or of all, which passes without any.
///
/// # Errors
/// In words: what is not understood, or could not be built or started.
pub(crate) fn run(arguments: &[String]) -> Result<ExitCode, String> {
    let mut only = Vec::new();
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--list" => {
                say(&DEFECTS.iter().map(|defect| defect.name).collect::<Vec<_>>().join("\n"));
                return Ok(ExitCode::SUCCESS);
            }
            "--only" => only.push(named(words.next().ok_or(USAGE)?)?),
            _ => return Err(USAGE.to_owned()),
        }
    }
    let wanted = if only.is_empty() { DEFECTS.iter().collect() } else { only };
    let mut suites = Suites::built()?;
    let mut missed = 0_usize;
    say(&format!("{:<32} {:>7}  {:<13} {}", "defect", "seconds", "caught by", "test"));
    for defect in &wanted {
        let began = Instant::now();
        let caught = suites.catch(defect)?;
        missed = missed.saturating_add(usize::from(caught.is_none()));
        let (suite, test) = caught.map_or(("NOTHING", String::new()), |(suite, test)| (suite.target(), test));
        say(&format!("{:<32} {:>7.1}  {suite:<13} {test}", defect.name, began.elapsed().as_secs_f64()));
    }
    say(&format!("{} defects, {} caught", wanted.len(), wanted.len().saturating_sub(missed)));
    Ok(if missed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn named(name: &str) -> Result<&'static Defect, String> {
    let found = DEFECTS.iter().find(|defect| defect.name == name);
    found.ok_or_else(|| format!("there is no defect `{name}`; `cargo xtask defects --list` names them"))
}

/// What came of one suite.
struct Ran {
    /// The first test that failed, and how many more did.
    caught: Option<String>,
}

/// The suites' programs.
struct Suites {
    programs: BTreeMap<String, PathBuf>,
    /// Where they run: not in the checkout, where property tests would keep what fails.
    folder: PathBuf,
    /// Those that passed without a defect.
    sound: BTreeSet<Suite>,
}

impl Suites {
    fn built() -> Result<Self, String> {
        let programs =
            workspace::tests(&["--features", "model/seeded", "--lib", "--test", "promises", "--test", "histories"])?;
        let folder = std::env::temp_dir().join(format!("countersign-defects-{}", std::process::id()));
        fs::create_dir_all(&folder).map_err(|error| format!("can't make {}: {error}", folder.display()))?;
        Ok(Self { programs, folder, sound: BTreeSet::new() })
    }

    /// The suite and test that notice the defect: where it is known to be noticed, or anywhere.
    fn catch(&mut self, defect: &Defect) -> Result<Option<(Suite, String)>, String> {
        self.whole(defect.suite)?;
        if let Some(test) = self.run(defect.suite, defect.tests, Some(defect))?.caught {
            return Ok(Some((defect.suite, test)));
        }
        for suite in Suite::ALL {
            self.whole(suite)?;
            if let Some(test) = self.run(suite, "", Some(defect))?.caught {
                return Ok(Some((suite, test)));
            }
        }
        Ok(None)
    }

    /// Whatever fails without a defect shows none.
    fn whole(&mut self, suite: Suite) -> Result<(), String> {
        if self.sound.contains(&suite) {
            return Ok(());
        }
        if let Some(failed) = self.run(suite, "", None)?.caught {
            return Err(format!("{} fails without any defect: {failed}", suite.target()));
        }
        self.sound.insert(suite);
        Ok(())
    }

    /// Runs the tests of a suite whose names have `tests` in them.
    fn run(&self, suite: Suite, tests: &str, defect: Option<&Defect>) -> Result<Ran, String> {
        let target = suite.target();
        let program = self.programs.get(target).ok_or_else(|| format!("the workspace has no tests {target}"))?;
        let log = self.folder.join("log");
        let file = || File::create(&log).map_err(|error| format!("can't write {}: {error}", log.display()));
        let out = file()?;
        let err = out.try_clone().map_err(|error| format!("can't write {}: {error}", log.display()))?;
        let mut command = Command::new(program);
        command.args([tests].iter().filter(|tests| !tests.is_empty())).current_dir(&self.folder);
        // Nothing is written into the checkout.
        command.env("INSTA_UPDATE", "no").env("INSTA_WORKSPACE_ROOT", workspace::root());
        command.env(CHOSEN, defect.map_or("", |defect| defect.name)).env("HISTORIES", HISTORIES);
        let started = command.stdin(Stdio::null()).stdout(out).stderr(err).spawn();
        let mut child = started.map_err(|error| format!("can't start {}: {error}", program.display()))?;
        let began = Instant::now();
        let passed = loop {
            match child.try_wait().map_err(|error| format!("can't wait for {target}: {error}"))? {
                Some(status) => break Some(status.success()),
                None if began.elapsed() > LONGEST => break None,
                None => std::thread::sleep(Duration::from_millis(20)),
            }
        };
        let caught = match passed {
            Some(true) => None,
            Some(false) => Some(failures(&log)),
            None => {
                let _ = child.kill();
                let _ = child.wait();
                Some("does not end".to_owned())
            }
        };
        Ok(Ran { caught })
    }
}

impl Drop for Suites {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.folder) {
            complain(&format!("{} is left behind: {error}", self.folder.display()));
        }
    }
}

/// The first test that failed, by what a test program wrote, and how many more.
fn failures(log: &Path) -> String {
    let text = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let mut failed = text.lines().filter_map(|line| line.strip_prefix("test ")?.strip_suffix(" ... FAILED"));
    match (failed.next(), failed.count()) {
        (Some(first), 0) => first.to_owned(),
        (Some(first), more) => format!("{first} and {more} more"),
        (None, _) => "it ended before its tests did".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names in every `seeded!("…")` below a folder.
    fn seeded(folder: &Path, names: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                seeded(&path, names);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let uses = text.split("seeded!(\"").skip(1).filter_map(|rest| rest.split_once("\")"));
                names.extend(uses.flat_map(|(named, _)| named.split("\", \"")).map(str::to_owned));
            }
        }
    }

    #[test]
    fn the_list_is_what_is_in_the_sources() {
        let mut found = BTreeSet::new();
        for folder in ["shared", "functions", "cli"] {
            seeded(&workspace::root().join(folder), &mut found);
        }
        // The one that `seeded` itself shows to be none.
        assert!(found.remove("any"));
        let listed: BTreeSet<String> = DEFECTS.iter().map(|defect| defect.name.to_owned()).collect();
        assert_eq!(listed, found);
        assert_eq!(listed.len(), DEFECTS.len(), "one is listed twice");
    }

    #[test]
    fn what_failed_is_read_from_what_the_tests_wrote() {
        let log = std::env::temp_dir().join(format!("countersign-defects-test-{}", std::process::id()));
        let told = |text: &str| {
            fs::write(&log, text).unwrap();
            failures(&log)
        };
        assert_eq!(told("test a::b ... ok\ntest a::c ... FAILED\n\nfailures:\n    a::c\n"), "a::c");
        assert_eq!(told("test a ... FAILED\ntest b ... FAILED\ntest c ... FAILED\n"), "a and 2 more");
        assert_eq!(told("running 3 tests\n"), "it ended before its tests did");
        fs::remove_file(&log).unwrap();
    }
}
