//! What the documents show is what the code does, and what they name is there.

use crate::holds;
use contracts::repository::{self, sources};
use contracts::slack_manifest::Manifest;
use std::fs;

/// The text between `<!-- mark -->` and `<!-- /mark -->`.
fn between<'a>(document: &'a str, mark: &str) -> &'a str {
    let (open, close) = (format!("<!-- {mark} -->"), format!("<!-- /{mark} -->"));
    let after = document.split_once(&open).unwrap().1;
    after.split_once(&close).unwrap().0.trim()
}

/// Every document, by its path.
fn documents() -> Vec<String> {
    let mut found: Vec<String> =
        ["README.md", "ARCHITECTURE.md", "SECURITY.md", "CONTRIBUTING.md"].map(str::to_owned).to_vec();
    for folder in ["docs", "docs/decisions"] {
        for entry in fs::read_dir(repository::root().join(folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if name.to_ascii_lowercase().ends_with(".md") {
                found.push(format!("{folder}/{name}"));
            }
        }
    }
    found.sort();
    found
}

/// What stands between backticks.
fn quoted(text: &str) -> Vec<&str> {
    text.lines().flat_map(|line| line.split('`').skip(1).step_by(2)).collect()
}

/// The targets of links.
fn links(text: &str) -> Vec<&str> {
    text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target).collect()
}

/// How a heading is linked to.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().to_lowercase();
    let kept = kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

fn anchors(text: &str) -> Vec<String> {
    text.lines().filter(|line| line.starts_with('#')).map(|line| anchor(line.trim_start_matches('#'))).collect()
}

#[test]
fn the_state_tables_are_those_that_the_code_makes() {
    let architecture = repository::text("ARCHITECTURE.md").unwrap();
    for (mark, snapshot) in
        [("states", "every_status_against_every_command"), ("states:role", "what_a_role_does_otherwise")]
    {
        let path =
            format!("shared/model/src/lifecycle/tests/snapshots/model__lifecycle__tests__table__{snapshot}.snap");
        let made = repository::text(&path).unwrap();
        let table = made.splitn(3, "---\n").nth(2).unwrap_or_default().trim();
        assert_eq!(between(&architecture, mark), table, "{mark}: copy the table from {path}");
    }
}

#[test]
fn every_path_and_every_link_leads_somewhere() {
    let tops = ["shared/", "functions/", "tests/", "cli/", "infra/", "docs/", "xtask/"];
    let mut complaints = Vec::new();
    for document in documents() {
        let text = repository::text(&document).unwrap();
        let is_path = |word: &str| {
            tops.iter().any(|top| word.starts_with(top))
                && word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-'))
        };
        for path in quoted(&text).into_iter().filter(|word| is_path(word)) {
            if !repository::root().join(path).exists() {
                complaints.push(format!("{document} names {path}, which is not there"));
            }
        }
        let folder = document.rsplit_once('/').map_or("", |(folder, _)| folder);
        for link in links(&text).into_iter().filter(|link| !link.contains("://")) {
            let (file, place) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { document.clone() } else { format!("{folder}/{file}") };
            let target = target.trim_start_matches('/');
            if !repository::root().join(target).exists() {
                complaints.push(format!("{document} links to {link}, which is not there"));
            } else if !place.is_empty() && !anchors(&repository::text(target).unwrap()).iter().any(|one| one == place) {
                complaints.push(format!("{document} links to {link}: no such heading"));
            }
        }
    }
    holds(&complaints);
}

/// The names of tests in `ARCHITECTURE.md` are functions.
#[test]
fn every_test_that_holds_a_promise_exists() {
    let architecture = repository::text("ARCHITECTURE.md").unwrap();
    let tables = architecture.split_once("## Invariants").unwrap().1.split_once("## Failures").unwrap().0;
    let mut source = String::new();
    for folder in ["shared", "functions", "tests", "cli"] {
        source.extend(sources(folder).unwrap().into_iter().map(|(_, text)| text));
    }
    let is_name = |word: &str| word.contains('_') && word.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    // Also `countersigning`, which is one word.
    let names = quoted(tables).into_iter().filter(|word| is_name(word) || *word == "countersigning");
    let gone = names.filter(|name| !source.contains(&format!("fn {name}(")));
    holds(&gone.map(|name| format!("no test is called {name}")).collect());
}

#[test]
fn every_scope_is_explained() {
    let guide = repository::text("docs/slack.md").unwrap();
    let manifest = Manifest::read(&repository::text("infra/slack-manifest.yaml").unwrap()).unwrap();
    let told = |scope: &str| guide.lines().any(|line| line.starts_with(&format!("| `{scope}` |")));
    let missing = manifest.scopes().into_iter().filter(|scope| !told(scope));
    holds(&missing.map(|scope| format!("docs/slack.md does not say what {scope} is for")).collect());
}

/// What people are told to look for is what the code says.
#[test]
fn every_code_of_the_guide_to_slack_is_one_that_the_code_knows() {
    let guide = repository::text("docs/slack.md").unwrap();
    let mut source = String::new();
    for folder in ["shared", "functions"] {
        source.extend(sources(folder).unwrap().into_iter().map(|(_, text)| text));
    }
    let mut complaints = Vec::new();
    for mark in ["codes:people", "codes:logs"] {
        let first = |row: &str| row.split('|').nth(1).map(str::to_owned);
        let cells: Vec<String> = between(&guide, mark).lines().skip(2).filter_map(first).collect();
        let codes: Vec<&str> = cells.iter().flat_map(|cell| quoted(cell)).collect();
        assert!(codes.len() > 10, "{mark}: {codes:?}");
        let unknown = codes.iter().filter(|code| !source.contains(&format!("\"{code}\"")));
        complaints.extend(unknown.map(|code| format!("docs/slack.md: nothing says {code}")));
    }
    holds(&complaints);
}

/// What people are told that may be noticed is what may be noticed.
#[test]
fn the_guide_to_activity_knows_every_rule() {
    let guide = repository::text("docs/activity.md").unwrap();
    let rows = between(&guide, "findings").lines().skip(2);
    let codes: Vec<String> = rows.map(|row| row.split('|').nth(1).unwrap().trim().replace('`', "")).collect();
    assert_eq!(codes, model::findings::RULES);
}
