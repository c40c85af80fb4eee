//! `infra/log-archive.yaml`: those who run the hub put anchors there and change nothing; the witness cosigns and does
//! nothing else.

use crate::holds;
use crate::template::{ELSEWHERE, all_variables};
use contracts::repository;
use contracts::template::{Template, access, functions, log};
use contracts::yaml::Node;
use model::lifecycle::QUARANTINE;

fn text() -> String {
    repository::text("infra/log-archive.yaml").unwrap()
}

fn archive() -> Template {
    Template::read(&text()).unwrap()
}

fn texts(node: Option<&Node>) -> Vec<&str> {
    node.map(Node::items).unwrap_or_default().iter().filter_map(Node::text).collect()
}

#[test]
fn it_keeps_the_rules_of_the_hub() {
    let archive = archive();
    holds(&log::key(&archive, "WitnessKey", "WitnessRole"));
    holds(&log::bucket(&archive, "Anchors"));
    holds(&log::locked(&archive, "Anchors"));
    holds(&access::stars_are_explained(&archive));
    holds(&functions::timeouts(&archive, QUARANTINE));
    holds(&functions::quiet_logs(&archive));
    holds(&functions::failures_are_kept(&archive));
    let mut read = all_variables();
    read.retain(|name, _| name == ELSEWHERE);
    holds(&functions::environment(&archive, &read));
}

#[test]
fn every_alarm_is_told_of() {
    let text = text();
    let page = repository::text("docs/audit.md").unwrap();
    let names: Vec<&str> = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("AlarmName: !Sub '${AWS::StackName}-")?.strip_suffix('\''))
        .collect();
    assert_eq!(names.len(), text.matches("Type: AWS::CloudWatch::Alarm").count());
    for name in names {
        assert!(page.contains(&format!("\n| `{name}` (log-archive account) | ")), "{name}");
    }
}

/// What the bucket's policy lets the hub do, by Sid: actions and the folders.
fn hubs_rights(archive: &Template) -> Vec<(Vec<String>, Vec<String>)> {
    let policy = archive.resource("AnchorsPolicy").unwrap();
    let statements = policy.property(&["PolicyDocument", "Statement"]).unwrap().items();
    let allowed = statements.iter().filter(|one| one.get("Effect").unwrap().is("", "Allow"));
    let owned = |node: Option<&Node>| texts(node).into_iter().map(str::to_owned).collect();
    allowed.map(|one| (owned(one.get("Action")), owned(one.get("Resource")))).collect()
}

#[test]
fn the_hub_puts_anchors_and_reads_and_nothing_else() {
    let rights = hubs_rights(&archive());
    let put = ["${Anchors.Arn}/anchors/*", "${Anchors.Arn}/submissions/*"].map(str::to_owned).to_vec();
    assert_eq!(rights[0], (vec!["s3:PutObject".to_owned()], put));
    assert_eq!(rights[1].0, ["s3:GetObject", "s3:ListBucket"]);
    assert_eq!(rights.len(), 2);
    // And of the hub, one role puts.
    let puts =
        text().split_once("- Sid: HubPuts").and_then(|(_, rest)| rest.split_once("- Sid:")).unwrap().0.to_owned();
    assert!(puts.contains("{'aws:PrincipalArn': !Sub 'arn:${AWS::Partition}:iam::${HubAccountId}:role/countersign-system/${HubStackName}-audit'}"));
}

#[test]
fn the_witness_reads_submissions_and_puts_answers() {
    let archive = archive();
    let role = archive.resource("WitnessRole").unwrap();
    let statements: Vec<&Node> = role.node.walk().into_iter().filter(|node| node.get("Sid").is_some()).collect();
    let mut touched: Vec<(&str, &str)> = Vec::new();
    for statement in statements {
        for action in texts(statement.get("Action")) {
            let folders = texts(statement.get("Resource")).into_iter();
            touched.extend(
                folders.map(|arn| (action, arn.split_once("${AnchorBucket}").map_or("", |(_, folder)| folder))),
            );
        }
    }
    touched.retain(|(action, _)| action.starts_with("s3:") || action.starts_with("kms:"));
    assert_eq!(
        touched,
        [
            ("s3:GetObject", "/submissions/*"),
            ("s3:GetObject", "/witness/checkpoint"),
            ("s3:ListBucket", ""),
            ("s3:PutObject", "/witness/checkpoint"),
            ("s3:PutObject", "/cosigned/*"),
            ("s3:PutObject", "/refused/*"),
        ]
    );
}

#[test]
fn every_rule_notices_when_it_is_broken() {
    let changed = |from: &str, to: &str| {
        let text = text();
        assert!(text.contains(from), "there is no `{from}` to change");
        Template::read(&text.replacen(from, to, 1)).unwrap()
    };
    assert!(!log::locked(&changed("Mode: COMPLIANCE", "Mode: GOVERNANCE"), "Anchors").is_empty());
    let let_go = changed("[s3:DeleteObject, s3:DeleteObjectVersion, s3:By", "[s3:DeleteObject, s3:By");
    assert!(!log::bucket(&let_go, "Anchors").is_empty());
    let shared = changed("Principal: {AWS: !GetAtt WitnessRole.Arn}", "Principal: {AWS: '*'}");
    assert!(!log::key(&shared, "WitnessKey", "WitnessRole").is_empty());
}
