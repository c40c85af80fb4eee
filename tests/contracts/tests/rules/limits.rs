//! All three templates, held to the same limits; and each rule shown to notice when one is broken.

use crate::holds;
use contracts::Complaints;
use contracts::repository;
use contracts::template::{Template, limits, storage};

const TEMPLATES: [&str; 3] = ["template.yaml", "infra/spoke.yaml", "infra/log-archive.yaml"];

/// A record of the stream is a hint to it: what it told of is found by its timer as well.
const HINTS: &[(&str, &[&str])] =
    &[("template.yaml", &["audit"]), ("infra/spoke.yaml", &[]), ("infra/log-archive.yaml", &[])];

fn read(path: &str) -> Template {
    Template::read(&repository::text(path).unwrap()).unwrap()
}

#[test]
fn all_templates_keep_the_limits() {
    for path in TEMPLATES {
        let template = read(path);
        holds(&limits::actions_are_named(&template));
        holds(&limits::nobody_is_everybody(&template));
        holds(&limits::services_have_a_source(&template));
        holds(&limits::base_roles_are_bounded(&template));
        holds(&limits::alarms_tell_somebody(&template));
        holds(&limits::queues_ring(&template));
        holds(&limits::everything_stays(&template));
        let groups = storage::log_retention(&template);
        holds(&groups);
        let hints = HINTS.iter().find(|(name, _)| *name == path).unwrap().1;
        holds(&limits::streams_report_failures(&template, hints));
    }
}

/// What a rule says of a template with one thing changed in it.
#[track_caller]
fn changed(path: &str, rule: impl Fn(&Template) -> Complaints, from: &str, to: &str) -> Complaints {
    let text = repository::text(path).unwrap();
    assert!(text.contains(from), "there is no `{from}` to change in {path}");
    rule(&Template::read(&text.replacen(from, to, 1)).unwrap())
}

/// Who is let in, in ways that no template may.
fn broken_access() -> Vec<(&'static str, Complaints)> {
    let [hub, spoke, archive] = TEMPLATES;
    vec![
        ("an action at large", changed(hub, limits::actions_are_named, "Action: events:PutEvents", "Action: events:*")),
        ("actions at large", changed(spoke, limits::actions_are_named, "iam:ListPolicies]", "iam:List*]")),
        (
            "a part of an action",
            changed(archive, limits::actions_are_named, "[logs:CreateLogStream,", "[logs:Create?,"),
        ),
        (
            "what is not allowed",
            changed(hub, limits::actions_are_named, "Action: events:PutEvents", "NotAction: events:PutEvents"),
        ),
        (
            "a key for everybody",
            changed(hub, limits::nobody_is_everybody, "Principal: {AWS: !GetAtt AuditRole.Arn}", "Principal: '*'"),
        ),
        (
            "a role for everybody",
            changed(
                spoke,
                limits::nobody_is_everybody,
                "Principal: {AWS: !Sub 'arn:${AWS::Partition}:iam::${HubAccountId}:root'}",
                "Principal: {AWS: '*'}",
            ),
        ),
        (
            "a bucket for everybody but one",
            changed(
                archive,
                limits::nobody_is_everybody,
                "Principal: {AWS: !Sub 'arn:${AWS::Partition}:iam::${HubAccountId}:root'}",
                "NotPrincipal: {AWS: !Sub 'arn:${AWS::Partition}:iam::${HubAccountId}:root'}",
            ),
        ),
        (
            "a permission at large",
            changed(hub, limits::services_have_a_source, "      SourceArn: !GetAtt GrantRule.Arn\n", ""),
        ),
        (
            "a permission of any account",
            changed(archive, limits::services_have_a_source, "      SourceAccount: !Ref AWS::AccountId\n", ""),
        ),
        (
            "a schedule of anybody",
            changed(hub, limits::services_have_a_source, "aws:SourceArn: !Sub", "aws:SourceX: !Sub"),
        ),
        (
            "a queue for anybody's rules",
            changed(
                hub,
                limits::services_have_a_source,
                "                aws:SourceArn:\n",
                "                aws:X:\n",
            ),
        ),
        (
            "no boundary",
            changed(spoke, limits::base_roles_are_bounded, "PermissionsBoundary: !Ref Boundary", "Tags: []"),
        ),
    ]
}

#[test]
fn every_limit_notices_when_it_is_broken() {
    let [hub, _, archive] = TEMPLATES;
    let streams = |template: &Template| limits::streams_report_failures(template, &["audit"]);
    let no_hints = |template: &Template| limits::streams_report_failures(template, &[]);
    let mut broken = broken_access();
    broken.extend([
        (
            "failures that are not told",
            changed(hub, streams, "            FunctionResponseTypes: [ReportBatchItemFailures]\n", ""),
        ),
        ("a reader that is no hint", no_hints(&read(hub))),
        ("a hint of nobody", limits::streams_report_failures(&read(archive), &["audit"])),
        (
            "an alarm that tells nobody",
            changed(
                hub,
                limits::alarms_tell_somebody,
                "AlarmActions: !If [HasAlarmTopic, [!Ref AlarmTopicArn], !Ref AWS::NoValue]",
                "ActionsEnabled: false",
            ),
        ),
        (
            "an alarm that is never over",
            changed(
                archive,
                limits::alarms_tell_somebody,
                "OKActions: !If [HasAlarmTopic, [!Ref AlarmTopicArn], !Ref AWS::NoValue]",
                "ActionsEnabled: false",
            ),
        ),
        ("a queue that is not watched", changed(hub, limits::queues_ring, "!GetAtt ScheduleFailures.QueueName", "x")),
        (
            "a queue that forgets",
            changed(hub, limits::queues_ring, "MessageRetentionPeriod: 1209600", "MessageRetentionPeriod: 60"),
        ),
        (
            "a queue that is open",
            changed(archive, limits::queues_ring, "SqsManagedSseEnabled: true", "SqsManagedSseEnabled: false"),
        ),
        (
            "a secret that goes",
            changed(
                hub,
                limits::everything_stays,
                "Type: AWS::SecretsManager::Secret\n    DeletionPolicy: Retain",
                "Type: AWS::SecretsManager::Secret",
            ),
        ),
        (
            "a bucket by any way",
            changed(
                archive,
                limits::everything_stays,
                "{Bool: {'aws:SecureTransport': 'false'}}",
                "{Bool: {'aws:X': 'false'}}",
            ),
        ),
        ("logs for ever", changed(archive, storage::log_retention, ", RetentionInDays: !Ref LogRetentionDays", "")),
    ]);
    let unnoticed: Vec<&str> = broken.iter().filter(|(_, found)| found.is_empty()).map(|(what, _)| *what).collect();
    assert!(unnoticed.is_empty(), "{unnoticed:?}");
}
