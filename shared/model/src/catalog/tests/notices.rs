//! Who is asked when, as the catalog says it.

use super::*;
use crate::notices::Reminder;

fn notices(lines: &str) -> Notices {
    let text = GOOD.replace("    maxDuration: 2h", &format!("    maxDuration: 2h\n{lines}"));
    Catalog::read("catalog.yaml", &text).unwrap().entitlement("orders").unwrap().notices.clone()
}

fn round(after_seconds: u64, groups: &[&str]) -> Reminder {
    let groups = groups.iter().map(|group| group.parse().unwrap()).collect();
    Reminder { after_seconds, groups, channel: None }
}

#[test]
fn what_a_catalog_that_says_nothing_means() {
    let usual = Notices { directly: false, reminders: vec![round(1_800, &[])], warn_before_seconds: 300 };
    assert_eq!(notices(""), usual);
    assert_eq!(notices("    approvalWindow: 10m").reminders, [round(300, &[])]);
    assert_eq!(notices("    reminders: []").reminders, []);
}

#[test]
fn rounds_are_in_order_of_time() {
    let written = notices(
        "    askDirectly: true\n    reminders: [30m, 10m]\n    warnBefore: 10m\n    escalation: [{after: 30m, to: [approvers]}, {after: 20m, to: [approvers], channel: C0LEADS}]",
    );
    assert!(written.directly);
    assert_eq!(written.warn_before_seconds, 600);
    let leads = Reminder { channel: Some("C0LEADS".parse().unwrap()), ..round(1_200, &["approvers"]) };
    assert_eq!(written.reminders, [round(600, &[]), leads, round(1_800, &["approvers"])]);
}

#[test]
fn mistakes_are_said_at_their_line() {
    let wrong = |lines: &str, expected: &str| {
        check("    maxDuration: 2h", &format!("    maxDuration: 2h\n{lines}"), expected);
    };
    wrong("    reminders: [1h]", "catalog.yaml:26: `1h` must be from 10s to less than 1h");
    wrong("    reminders: [5s]", "catalog.yaml:26: `5s` must be from 10s to less than 1h");
    wrong(
        "    warnBefore: soon",
        "catalog.yaml:26: `soon` is not a duration: write hours, minutes or seconds with their unit, as in 30m, 2h or 1h30m",
    );
    wrong(
        "    escalation: [{after: 30m, to: [engineers]}]",
        "catalog.yaml:26: `engineers` is not among this entitlement's approvers; who is asked later has to be one of them",
    );
    wrong("    escalation: [{after: 30m, to: []}]", "catalog.yaml:26: escalation takes at least one group under `to`");
    wrong(
        "    reminders: [1m, 2m, 3m, 4m, 5m, 6m, 7m, 8m, 9m]",
        "catalog.yaml:26: reminders and escalation take at most 8 rounds",
    );
}
