//! Packs of the day.

use crate::story::{UGLY, given, streams};
use evidence::control::{CONTROLS, control};
use evidence::moment::Moment;
use evidence::pack::{Files, MANIFEST, NoPack, Parameters, check, make};
use evidence::tables::{newest, read};
use serde_json::Value;

pub(crate) const TOOL: &str = "countersign 0.1.0";

fn time(text: &str) -> Moment {
    text.parse().unwrap()
}

pub(crate) fn parameters(id: &str) -> Parameters {
    Parameters {
        control: control(id).unwrap(),
        from: time("2026-11-20"),
        to: time("2026-11-21"),
        as_of: newest(&read(&given()).0).unwrap(),
        checkpoint: Some("example.com/log\n35\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n".to_owned()),
        tool: TOOL.to_owned(),
    }
}

pub(crate) fn pack(id: &str) -> Files {
    make(&given(), &parameters(id), &Files::new()).unwrap()
}

pub(crate) fn numbers(files: &Files) -> Value {
    serde_json::from_slice::<Value>(&files[MANIFEST]).unwrap()["numbers"].clone()
}

fn text(files: &Files, path: &str) -> String {
    String::from_utf8(files[path].clone()).unwrap()
}

#[test]
fn the_day_in_numbers() {
    let numbers = numbers(&pack("soc2-cc6.1"));
    for (name, value) in [
        ("requests", 6),
        ("requests_denied", 1),
        ("requests_cancelled", 1),
        ("requests_narrowed", 1),
        ("grants", 4),
        ("grants_by_policy", 2),
        ("grants_countersigned", 2),
        ("grants_used", 1),
        ("grants_unused", 2),
        ("approvers", 2),
        ("with_ticket", 1),
        ("ended.planned", 2),
        ("ended.early", 2),
        ("ends_verified", 4),
        ("ended_by_offboarding", 1),
        ("findings.high", 1),
        ("credentials", 1),
        ("offboardings", 1),
        ("per_day.2026-11-20", 4),
        ("duration.15 min", 1),
        ("duration.30 min", 3),
        ("to_approve.1 min", 1),
        ("sample", 4),
        ("exceptions.self_approval", 0),
        ("exceptions.missing_quorum", 0),
        ("exceptions.grave_finding", 1),
        ("exceptions.broken_chain", 0),
    ] {
        assert_eq!(numbers[name], value, "{name} in {numbers:#}");
    }
}

#[test]
fn every_control_has_a_pack_that_holds() {
    for control in CONTROLS {
        let files = pack(control.id);
        assert_eq!(check(&files, TOOL, None), [], "{}", control.id);
        let html = text(&files, "report.html");
        for question in control.questions {
            assert!(question.numbers.iter().all(|name| html.contains(&format!("data-number=\"{name}\""))), "{html}");
        }
        let numbers = numbers(&files);
        let known = |name: &&'static str| numbers.get(*name).is_some();
        assert!(control.questions.iter().all(|question| question.numbers.iter().all(known)), "{}", control.id);
    }
}

#[test]
fn the_same_entries_give_the_same_bytes() {
    let mut turned = given();
    turned.reverse();
    turned.push(given()[0].clone());
    assert_eq!(make(&turned, &parameters("pci-7"), &Files::new()).unwrap(), pack("pci-7"));
}

#[test]
fn the_report_is_inert_and_needs_nothing_else() {
    let html = text(&pack("soc2-cc6.1"), "report.html");
    assert!(html.contains("=HYPERLINK(&quot;http://example.com&quot;) &lt;script&gt;"), "{html}");
    for no in ["<script", "http://example.com\")", " src=", " href=", "url(", "@import", "onload"] {
        assert!(!html.contains(no), "{no}");
    }
    assert!(text(&pack("soc2-cc6.1"), "population.csv").contains(&UGLY.replace('"', "\"\"")));
}

#[test]
fn only_the_period_counts_and_what_it_takes_is_in_it() {
    let later = Parameters { from: time("2026-11-20T12:30:00Z"), ..parameters("nist-ac-2") };
    let files = make(&given(), &later, &Files::new()).unwrap();
    assert_eq!((&numbers(&files)["grants"], &numbers(&files)["requests"]), (&1.into(), &1.into()));
    assert!(!text(&files, "entries.jsonl").contains(&streams()[0]));
    assert_eq!(check(&files, TOOL, None), []);
    let never = Parameters { to: time("2026-11-19"), ..parameters("nist-ac-2") };
    assert!(matches!(make(&given(), &never, &Files::new()), Err(NoPack::NoPeriod { .. })));
}

#[test]
fn nothing_of_a_day_without_grants() {
    let next = Parameters { from: time("2026-11-21"), to: time("2027-11-21"), ..parameters("soc2-cc6.3") };
    let files = make(&given(), &next, &Files::new()).unwrap();
    assert_eq!(numbers(&files)["grants"], 0);
    assert_eq!(check(&files, TOOL, None), []);
    assert!(text(&files, "report.html").contains("Grants per week, by its Monday"));
}
