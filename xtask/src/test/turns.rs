//! Cargo's own runner, for where cargo-nextest is not installed. It knows nothing of `.config/nextest.toml`: what takes turns
//! there takes turns here.

use std::process::{Command, ExitStatus, Stdio};

/// Whether a test, by its target and its name, takes turns.
type Takes = fn(&str, &str) -> bool;

/// The filters in `.config/nextest.toml` of what takes turns with something, or runs alone; and the same for here.
const TURNS: [(&str, Takes); 6] = [
    ("package(browser) or (package(end-to-end) and test(/^form::/))", |target, test| {
        target == "browser" || test.starts_with("form::")
    }),
    ("package(end-to-end) and test(/^(policy|standing)::/)", |_, test| {
        test.starts_with("policy::") || test.starts_with("standing::")
    }),
    ("package(end-to-end) and test(a_hundred_clicks)", |_, test| test.contains("a_hundred_clicks")),
    ("package(end-to-end) and test(/^audit::(restored|exported)::|the_story_of_the_record/)", |_, test| {
        let of_the_record = ["audit::restored::", "audit::exported::"].iter().any(|module| test.starts_with(module));
        of_the_record || test.contains("the_story_of_the_record")
    }),
    ("package(end-to-end) and test(/^audit::anchored::|^needed::/)", |_, test| {
        test.starts_with("audit::anchored::") || test.starts_with("needed::")
    }),
    // Cargo's own runner has it by itself already.
    ("package(simulation) and test(no_history_breaks_a_promise)", |_, _| false),
];

fn takes_turns(target: &str, test: &str) -> bool {
    TURNS.iter().any(|(_, takes)| takes(target, test))
}

/// Runs all tests; last, and one by one, those of `targets` that take turns. Each is run once: a name is either skipped or
/// asked for. `cargo` is `cargo test` with everything but what comes last; `given` goes there.
///
/// # Errors
/// Cargo can't be started, or does not list the tests.
pub(super) fn run(
    cargo: impl Fn() -> Command,
    given: &[&String],
    targets: &[&'static str],
) -> Result<ExitStatus, String> {
    if !given.is_empty() && !targets.is_empty() {
        // It may name anything, so all of it takes turns.
        return status(cargo().env("RUST_TEST_THREADS", "1").args(given));
    }
    let mut turns = Vec::new();
    for target in targets {
        let tests = listed(cargo().args(["--test", target, "--", "--list", "--format", "terse"]))?;
        turns.extend(tests.into_iter().filter(|test| takes_turns(target, test)));
    }
    if turns.is_empty() {
        return status(cargo().args(given));
    }
    let skipped = turns.iter().flat_map(|test| ["--skip", test.as_str()]);
    let others = status(cargo().args(["--", "--exact"]).args(skipped))?;
    let turns = status(cargo().args(["--", "--exact", "--test-threads=1"]).args(&turns))?;
    Ok(if others.success() { turns } else { others })
}

fn status(command: &mut Command) -> Result<ExitStatus, String> {
    command.status().map_err(|error| format!("can't start cargo: {error}"))
}

/// The names of the tests that a command lists.
fn listed(command: &mut Command) -> Result<Vec<String>, String> {
    let listed = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output();
    let listed = listed.map_err(|error| format!("can't start cargo: {error}"))?;
    if !listed.status.success() {
        return Err("cargo does not list the tests".to_owned());
    }
    Ok(names(&String::from_utf8_lossy(&listed.stdout)))
}

fn names(listed: &str) -> Vec<String> {
    listed.lines().filter_map(|line| line.strip_suffix(": test").map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace;
    use std::collections::BTreeSet;

    #[test]
    fn what_takes_turns_here_is_what_takes_turns_in_nextest() {
        let config = std::fs::read_to_string(workspace::root().join(".config/nextest.toml")).unwrap();
        let overrides = config.split("[[profile.default.overrides]]").skip(1);
        let in_turns = overrides.filter(|one| one.contains("\ntest-group = ") || one.contains("\nthreads-required = "));
        let filter = |one: &str| {
            let line = one.lines().find_map(|line| line.strip_prefix("filter = '")?.strip_suffix('\''));
            line.unwrap().to_owned()
        };
        let known = TURNS.map(|(filter, _)| filter.to_owned());
        assert_eq!(in_turns.map(filter).collect::<BTreeSet<_>>(), BTreeSet::from(known));
    }

    #[test]
    fn a_test_takes_turns_by_its_whole_name() {
        for (target, test, takes) in [
            ("browser", "keyboard::a_form_without_a_mouse", true),
            ("end_to_end", "form::one_request_for_one_form", true),
            ("end_to_end", "standing::it_allows_exactly_what_was_approved", true),
            ("end_to_end", "refusals::a_hundred_clicks_and_two_at_once_make_one_grant", true),
            ("end_to_end", "demo::the_story_of_the_record_goes_as_expected", true),
            ("end_to_end", "audit::exported::changes_alone", true),
            ("end_to_end", "audit::anchored::nothing_begins", true),
            ("end_to_end", "audit::untouchable::an_anchor_stays", false),
            ("end_to_end", "asking::a_form::of_words", false),
        ] {
            assert_eq!(takes_turns(target, test), takes, "{target} {test}");
        }
    }

    #[test]
    fn names_are_those_of_tests_alone() {
        assert_eq!(names("form::a: test\nform::b: benchmark\n\n2 tests, 1 benchmark\n"), ["form::a"]);
    }
}
