//! No entitlement opens a known way to more permissions unless it says which: every way, in every spelling and shape that
//! a catalog can give it; and what is harmless passes.

use super::*;
use crate::actions::{AccessLevel, matching, pattern_matches};
use crate::risk::{EscalationPath, escalation_paths};
use crate::samples::spelled::{LOOKALIKES, SAME};
use std::collections::BTreeSet;

/// How a catalog has to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    /// Refused with the code, and the way's id.
    Named,
    /// Refused: the catalog has no such form.
    Malformed,
}

/// Each written, one after the other.
fn each<T>(all: impl IntoIterator<Item = T>, write: impl Fn(T) -> String) -> String {
    all.into_iter().map(write).collect()
}

/// A catalog with one entitlement, which lifts every deny so that only what is under test can refuse it. `fields` are the
/// lines of its permissions and resources.
fn catalog(fields: &str, may_open: &str) -> String {
    let lifted = NO_ESCAPE.map(|deny| format!("\"{deny}\"")).join(", ");
    let fields = each(fields.lines(), |line| format!("    {line}\n"));
    format!(
        "version: 1\npersons: {{}}\ngroups: {{}}\nentitlements:\n  way-up:\n    description: Up\n    account: \"111111111111\"\n    \
         environment: dev\n    mechanism: role\n    maxDuration: 1h\n    approvals: 0\n    mayOutlive: [{lifted}]\n    \
         mayOpen: [{may_open}]\n{fields}"
    )
}

/// YAML's own escape for what Rust writes as `\u{…}`.
fn yaml(text: &str) -> String {
    let escaped =
        |c: char| if c.is_ascii_graphic() || c == ' ' { c.to_string() } else { format!("\\U{:08x}", u32::from(c)) };
    format!("\"{}\"", each(text.chars(), escaped))
}

fn flow(patterns: &[String]) -> String {
    format!("permissions: [{}]\n", patterns.iter().map(|pattern| yaml(pattern)).collect::<Vec<_>>().join(", "))
}

const ANY: &str = "resources: [\"*\"]\n";

/// A form that an entitlement can give a way: what was done, and the lines.
fn shapes(actions: &[String]) -> Vec<(&'static str, Due, String)> {
    let harmless: Vec<String> = (0..20).map(|at| format!("dynamodb:Get{at}")).collect();
    let twice: Vec<String> = actions.iter().flat_map(|one| [one.clone(), one.to_ascii_uppercase()]).collect();
    let among: Vec<String> =
        actions.iter().cloned().flat_map(|one| harmless.iter().cloned().chain([one])).take(100).collect();
    let last: Vec<String> = harmless.iter().cloned().chain(actions.iter().cloned()).collect();
    let backwards: Vec<String> = actions.iter().rev().cloned().collect();
    let block = each(actions, |one| format!("  - {one}\n"));
    let folded = each(actions, |one| format!("  - >-\n    {one}\n"));
    let escaped: Vec<String> = actions
        .iter()
        .map(|one| format!("\"{}\"", each(one.chars(), |c| format!("\\x{:02x}", u32::from(c)))))
        .collect();
    let aliased: Vec<String> =
        actions.iter().enumerate().flat_map(|(at, one)| [format!("&a{at} {one}"), format!("*a{at}")]).collect();
    let narrow = "resources: [\"arn:aws:iam::111111111111:role/app\"]\n";
    let own = flow(actions);
    vec![
        ("on a named resource", Due::Named, format!("{own}{narrow}")),
        ("on a pattern", Due::Named, format!("{own}resources: [\"arn:aws:iam::*:role/*\"]\n")),
        ("twice, in another case", Due::Named, format!("{}{ANY}", flow(&twice))),
        ("among others", Due::Named, format!("{}{ANY}", flow(&among))),
        ("after others", Due::Named, format!("{}{ANY}", flow(&last))),
        ("backwards", Due::Named, format!("{}{ANY}", flow(&backwards))),
        ("as a block", Due::Named, format!("permissions:\n{block}{ANY}")),
        ("folded", Due::Named, format!("permissions:\n{folded}{ANY}")),
        ("escaped", Due::Named, format!("permissions: [{}]\n{ANY}", escaped.join(", "))),
        ("by alias", Due::Named, format!("permissions: [{}]\n{ANY}", aliased.join(", "))),
        (
            "tagged as text",
            Due::Named,
            format!(
                "permissions: [{}]\n{ANY}",
                actions.iter().map(|one| format!("!!str {one}")).collect::<Vec<_>>().join(", ")
            ),
        ),
        (
            "a condition that always holds",
            Due::Malformed,
            format!("{own}{ANY}condition: {{StringLike: {{\"aws:PrincipalArn\": \"*\"}}}}\n"),
        ),
        ("what it does not name", Due::Malformed, format!("notPermissions: [\"logs:GetLogEvents\"]\n{ANY}")),
        (
            "what it does not name, besides",
            Due::Malformed,
            format!("permissions: [\"logs:GetLogEvents\"]\nnotPermissions: [\"s3:GetObject\"]\n{ANY}"),
        ),
        ("where it does not hold", Due::Malformed, format!("{own}notResources: [\"arn:aws:s3:::b\"]\n")),
        (
            "IAM's own words",
            Due::Malformed,
            format!("NotAction: \"logs:*\"\nResource: \"*\"\n{ANY}permissions: [\"logs:GetLogEvents\"]\n"),
        ),
        ("one key twice", Due::Malformed, format!("permissions: [\"logs:GetLogEvents\"]\n{own}{ANY}")),
        ("split over statements", Due::Malformed, format!("permissions: [[{}]]\n{ANY}", actions.join("], ["))),
        (
            "merged in",
            Due::Malformed,
            format!("permissions: [\"logs:GetLogEvents\"]\n{ANY}more: {{permissions: [\"iam:*\"]}}\n"),
        ),
        (
            "text with commas",
            Due::Malformed,
            format!("permissions: [\"{}, logs:GetLogEvents\"]\n{ANY}", actions.join(",")),
        ),
    ]
}

/// Every variant of a way: what was done, what is due, the lines.
fn variants(path: EscalationPath) -> Vec<(String, Due, String)> {
    let actions: Vec<String> = path.required().map(str::to_owned).collect();
    let mut all: Vec<(String, Due, String)> =
        shapes(&actions).into_iter().map(|(how, due, lines)| (how.to_owned(), due, lines)).collect();
    for (spellings, due) in [(SAME.as_slice(), Due::Named), (LOOKALIKES.as_slice(), Due::Malformed)] {
        for spelling in spellings {
            let written: Vec<String> = actions.iter().map(|action| (spelling.write)(action)).collect();
            all.push((spelling.how.to_owned(), due, format!("{}{ANY}", flow(&written))));
            // Only one of several is written so.
            if let Some((one, others)) = actions.split_last().filter(|(_, others)| !others.is_empty()) {
                let mixed: Vec<String> = others.iter().cloned().chain([(spelling.write)(one)]).collect();
                all.push((format!("{}, the last", spelling.how), due, format!("{}{ANY}", flow(&mixed))));
            }
        }
    }
    all
}

#[test]
fn every_known_way_up_is_refused_in_every_form() {
    let (mut paths, mut named, mut malformed) = (0, 0, 0);
    for path in escalation_paths() {
        paths += 1;
        for (how, due, lines) in variants(path) {
            let text = catalog(&lines, "");
            let Err(problems) = Catalog::read("catalog.yaml", &text) else {
                panic!("{} {how}: taken\n{text}", path.id);
            };
            let told = problems.0.iter().find(|problem| problem.code == Some(OPENS_ESCALATION_PATH));
            match due {
                Due::Named => {
                    let reason = &told.unwrap_or_else(|| panic!("{} {how}: {problems}", path.id)).reason;
                    assert!(reason.contains(path.id), "{} {how}: {reason}", path.id);
                    // Nothing else is wrong with it: whoever means it can have it.
                    let marked = Catalog::read("catalog.yaml", &catalog(&lines, "all"));
                    assert!(marked.is_ok(), "{} {how}: {}", path.id, marked.unwrap_err());
                    named += 1;
                }
                Due::Malformed => {
                    assert!(Catalog::read("catalog.yaml", &catalog(&lines, "all")).is_err(), "{} {how}", path.id);
                    malformed += 1;
                }
            }
        }
    }
    println!(
        "{paths} ways, {} variants: {named} refused by name, {malformed} as no catalog; none was taken",
        named + malformed
    );
    assert_eq!(paths, 65);
    assert!(named >= 2_000 && malformed >= 1_000, "{named} {malformed}");
}

#[test]
fn a_way_that_is_meant_is_said_by_its_id() {
    let lines = format!("permissions: [\"codebuild:StartBuild\"]\n{ANY}");
    let taken = Catalog::read("catalog.yaml", &catalog(&lines, "codebuild-002")).unwrap();
    assert_eq!(taken.entitlement("way-up").unwrap().may_open, ["codebuild-002"]);
    let said = |may_open| Catalog::read("catalog.yaml", &catalog(&lines, may_open)).map(drop).unwrap_err().to_string();
    assert_eq!(
        said("").lines().collect::<Vec<_>>(),
        [
            "catalog.yaml:14: opens known ways to more permissions: codebuild-002, the first by codebuild:StartBuild; name fewer \
          actions, or list the ids under mayOpen if it is meant [opens_escalation_path]"
        ]
    );
    assert_eq!(
        said("codebuild-002, ec2-001"),
        "catalog.yaml:13: `ec2-001` is not opened by these permissions; take it out of mayOpen"
    );
    assert!(said("nonsense, codebuild-002").contains("`nonsense` is not a known way to more permissions"));
    // One that is meant does not cover another.
    assert!(said("iam-001").contains(OPENS_ESCALATION_PATH));
}

#[test]
fn an_entitlement_without_marks_has_the_digest_it_always_had() {
    let sample = Catalog::read("catalog.yaml", CATALOG).unwrap();
    let text = serde_json::to_string(sample.entitlement("logs-read").unwrap()).unwrap();
    assert!(!text.contains("mayOpen"), "{text}");
}

/// What people ask for in their daily work: to look at things, and to run them, service by service.
fn harmless() -> Vec<(String, Vec<String>)> {
    const VERBS: [&str; 12] = [
        "Start", "Stop", "Restart", "Reboot", "Resume", "Cancel", "Retry", "Put", "Update", "Send", "Invoke", "Execute",
    ];
    let usable = |action: &String| !NO_ESCAPE.iter().any(|deny| pattern_matches(deny, action));
    let services: BTreeSet<&str> = matching("*").map(|(service, _, _)| service).collect();
    let mut all = Vec::new();
    for service in services {
        let of = |wanted: &dyn Fn(&str, AccessLevel) -> bool| -> Vec<String> {
            let whole = format!("{service}:*");
            let actions = matching(&whole).filter(|(_, name, level)| wanted(name, *level));
            actions.map(|(service, name, _)| format!("{service}:{name}")).filter(usable).take(100).collect()
        };
        all.push((format!("look at {service}"), of(&|_, level| level <= AccessLevel::Read)));
        let runs = |name: &str, level| level == AccessLevel::Write && VERBS.iter().any(|verb| name.starts_with(verb));
        all.push((format!("run {service}"), of(&runs)));
        let patterns = ["Describe*", "Get*", "List*"].map(|name| format!("{service}:{name}"));
        let patterns = patterns.into_iter().filter(|pattern| matching(pattern).next().is_some() && usable(pattern));
        all.push((format!("look at {service} by patterns"), patterns.collect()));
    }
    all.retain(|(_, actions)| !actions.is_empty());
    all
}

#[test]
fn what_people_do_every_day_passes() {
    let templates = harmless();
    let refused: Vec<String> = templates
        .iter()
        .filter_map(|(what, actions)| {
            let lines = format!("{}resources: [\"arn:aws:s3:::orders\"]\n", flow(actions));
            let problems = Catalog::read("catalog.yaml", &catalog(&lines, "")).err()?;
            Some(format!("{what}: {problems}"))
        })
        .collect();
    let (all, refused_count) = (templates.len(), refused.len());
    println!("{all} harmless templates, {refused_count} refused:\n{}", refused.join("\n"));
    assert!(all >= 500, "{all}");
    assert!(refused_count * 50 <= all, "more than 2 %: {refused_count} of {all}");
}
