//! What the README says it costs is of what the templates make.

use contracts::repository;
use contracts::template::Template;
use contracts::yaml::Node;
use std::collections::BTreeSet;

/// How many there are of what is paid by the month: alarms, metrics, keys, and rules that run every minute.
fn counts(file: &str) -> [usize; 4] {
    let template = Template::read(&repository::text(file).unwrap()).unwrap();
    let filters = template.of_type("AWS::Logs::MetricFilter");
    let metrics = filters.iter().flat_map(|filter| filter.property(&["MetricTransformations"]).unwrap().items());
    let metrics: BTreeSet<&str> = metrics.filter_map(|metric| metric.get("MetricName").and_then(Node::text)).collect();
    let rules = template.of_type("AWS::Events::Rule");
    let timers = rules.iter().filter(|rule| rule.text(&["ScheduleExpression"]) == Some("rate(1 minute)"));
    [
        template.of_type("AWS::CloudWatch::Alarm").len(),
        metrics.len(),
        template.of_type("AWS::KMS::Key").len(),
        timers.count(),
    ]
}

#[test]
fn what_is_paid_by_the_month_is_counted_right() {
    let readme = repository::text("README.md").unwrap();
    let [alarms, metrics, keys, timers] = counts("template.yaml");
    // One of the timers has a line of its own.
    assert_eq!((keys, timers), (1, 3));
    for line in [
        format!("| {alarms} alarms at $0.10 |"),
        format!("| {metrics} metrics from logs at $0.30 |"),
        "| the log's key in KMS | 1.00 |".to_owned(),
        "| reconciliation and the timer of `activity`, 43,800 runs each".to_owned(),
        "| the timer of `audit`, 43,800 runs".to_owned(),
    ] {
        assert!(readme.contains(&line), "{line}");
    }
    let [alarms, metrics, keys, timers] = counts("infra/log-archive.yaml");
    assert_eq!((metrics, keys, timers), (1, 1, 0));
    assert!(readme.contains(&format!("The log-archive account: {alarms} alarms, 1 metric, a key,")));
}
