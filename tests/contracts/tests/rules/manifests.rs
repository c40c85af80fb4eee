//! No crate is let off the lints.

use crate::dependencies::resolved;
use crate::holds;
use contracts::repository::{sources, text};

/// Lints that forbid what may stop a worker in the middle of its work, or hide a state that was forgotten.
const FORBIDDEN: &[&str] = &[
    "unwrap_used",
    "expect_used",
    "panic",
    "unreachable",
    "todo",
    "unimplemented",
    "indexing_slicing",
    "string_slice",
    "arithmetic_side_effects",
    "wildcard_enum_match_arm",
];

#[test]
fn every_crate_keeps_the_workspace_lints() {
    let let_off = |(folder, _): &(&str, &str)| {
        let manifest = text(&format!("{folder}/Cargo.toml")).unwrap();
        !manifest.contains("\n[lints]\nworkspace = true\n")
    };
    let graph = resolved();
    let complaints =
        graph.own().into_iter().filter(let_off).map(|(folder, _)| format!("{folder} is let off the lints"));
    holds(&complaints.collect());
}

#[test]
fn the_lints_forbid_what_could_stop_a_worker() {
    let manifest = text("Cargo.toml").unwrap();
    let missing = FORBIDDEN.iter().chain(&["allow_attributes", "allow_attributes_without_reason"]);
    let missing = missing.filter(|lint| !manifest.contains(&format!("\n{lint} = \"deny\"\n")));
    let mut complaints: Vec<String> = missing.map(|lint| format!("{lint} is not denied")).collect();
    if !manifest.contains("\nunsafe_code = \"forbid\"\n") {
        complaints.push("unsafe code is not forbidden".to_owned());
    }
    holds(&complaints);
}

#[test]
fn no_source_switches_a_lint_off() {
    // In two parts, so that this line is none itself.
    let switches = [concat!("#[al", "low("), concat!("#![al", "low(")];
    let mut complaints = Vec::new();
    for folder in ["shared", "functions", "cli", "tests", "xtask"] {
        for (path, source) in sources(folder).unwrap() {
            let lines =
                source.lines().enumerate().filter(|(_, line)| switches.iter().any(|switch| line.contains(switch)));
            complaints
                .extend(lines.map(|(index, line)| format!("{path}:{}: {}", index.saturating_add(1), line.trim())));
        }
    }
    holds(&complaints);
}

/// What runs in AWS has no exception from those lints: only tests and doubles may.
#[test]
fn what_runs_in_aws_has_no_exception() {
    let mut complaints = Vec::new();
    let shared = sources("shared").unwrap();
    for (path, source) in shared.into_iter().chain(sources("functions").unwrap()) {
        if path.contains("/tests") || path.contains("/double") {
            continue;
        }
        let exceptions =
            source.split("expect(").skip(1).filter_map(|rest| rest.split_once(')')).map(|(names, _)| names);
        let exceptions = exceptions.flat_map(|names| names.split(','));
        let wrong = exceptions.filter(|name| FORBIDDEN.iter().any(|lint| name.trim() == format!("clippy::{lint}")));
        complaints.extend(wrong.map(|name| format!("{path} expects {}", name.trim())));
    }
    holds(&complaints);
}
