//! `template.yaml` keeps its rules; and each rule notices when it is broken.

use crate::{holds, names_on_the_bus, template, template_text};
use contracts::Complaints;
use contracts::repository::sources;
use contracts::settings;
use contracts::template::{Template, access, functions, log, storage};
use model::lifecycle::QUARANTINE;
use std::collections::{BTreeMap, BTreeSet};

/// The one function that is in no account of ours: see `infra/log-archive.yaml`.
pub(crate) const ELSEWHERE: &str = "witness";

/// The variables that each function's source reads; those of [`ELSEWHERE`] apart.
fn variables() -> BTreeMap<String, BTreeSet<String>> {
    let mut read = all_variables();
    read.remove(ELSEWHERE);
    read
}

/// The variables that each function's source reads.
pub(crate) fn all_variables() -> BTreeMap<String, BTreeSet<String>> {
    let mut read: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (path, source) in sources("functions").unwrap() {
        let function = path.split('/').nth(1).unwrap();
        let names = settings::read_by(&source).map_err(|error| format!("{path}: {error}")).unwrap();
        read.entry(function.to_owned()).or_default().extend(names);
    }
    read
}

#[test]
fn no_worker_outlives_the_quarantine() {
    holds(&functions::timeouts(&template(), QUARANTINE));
}

#[test]
fn logs_never_tell_what_passes_through() {
    holds(&functions::quiet_logs(&template()));
}

#[test]
fn functions_are_given_what_they_read_and_nothing_else() {
    holds(&functions::environment(&template(), &variables()));
}

/// Reads the environment only where defects are asked for.
const SEEDED: &str = "shared/model/src/seeded.rs";

/// Settings have one door, so that the test above sees them all.
#[test]
fn the_environment_is_read_through_settings_only() {
    let folders = ["shared/model", "shared/record", "shared/workflow", "shared/slack", "functions"];
    let read = |folder: &&str| sources(folder).unwrap();
    let live = folders.iter().flat_map(read).filter(|(path, _)| !path.contains("/tests"));
    // Defects on purpose are chosen by one; `seeded.rs` here sees to it that what is shipped has none, and reads none.
    let live = live.filter(|(path, _)| !path.ends_with(SEEDED));
    let direct = live.filter(|(_, source)| source.contains("env::var"));
    holds(&direct.map(|(path, _)| format!("{path} reads the environment itself")).collect());
}

#[test]
fn what_ends_grants_has_concurrency_of_its_own() {
    holds(&functions::reserved_concurrency(&template()));
}

#[test]
fn what_is_given_up_on_waits_for_a_person() {
    holds(&functions::failures_are_kept(&template()));
}

#[test]
fn rules_wait_for_events_that_exist() {
    let names = names_on_the_bus();
    assert!(names.contains("requestSubmitted") && names.contains("commandRefused"), "{names:?}");
    holds(&functions::event_names(&template(), &names));
}

#[test]
fn routes_are_signed_and_each_may_call_its_function() {
    holds(&access::routes(&template()));
    holds(&access::rule_permissions(&template()));
}

#[test]
fn every_function_has_a_sealed_role_of_its_own() {
    holds(&access::own_roles(&template()));
}

#[test]
fn no_function_erases_or_changes_what_is_stored() {
    holds(&access::append_only(&template()));
}

#[test]
fn who_tells_about_requests_can_not_change_one() {
    holds(&access::table_keys(&template()));
    holds(&access::base_roles(&template()));
}

#[test]
fn only_grants_policies_are_attached_to_roles_of_others() {
    holds(&access::attachments(&template()));
}

#[test]
fn every_star_says_why() {
    holds(&access::stars_are_explained(&template()));
}

#[test]
fn only_our_own_schedules_use_their_role() {
    holds(&access::schedule_trust(&template()));
}

#[test]
fn the_table_can_not_be_lost() {
    holds(&storage::table(&template()));
}

#[test]
fn only_the_audit_function_signs_for_the_log() {
    holds(&log::key(&template(), "LogKey", "AuditRole"));
}

/// A key of its own stack, which comes in the place of another, is as good.
#[test]
fn a_new_key_signs_for_the_audit_function_alone() {
    let text = contracts::repository::text("infra/log-key.yaml").unwrap();
    let template = Template::read(&text).unwrap();
    holds(&log::key(&template, "LogKey", "AuditRoleArn"));
    holds(&access::stars_are_explained(&template));
    let wide = text.replace("{AWS: !Ref AuditRoleArn}", "{AWS: '*'}");
    assert!(!log::key(&Template::read(&wide).unwrap(), "LogKey", "AuditRoleArn").is_empty());
}

#[test]
fn what_every_function_runs_is_put_on_record() {
    holds(&functions::deployments(&template()));
}

#[test]
fn what_is_logged_and_anchored_stays() {
    holds(&log::bucket(&template(), "LogBucket"));
    holds(&log::bucket(&template(), "Anchors"));
    holds(&log::locked(&template(), "Anchors"));
}

#[test]
fn logs_are_kept_for_a_time() {
    holds(&storage::log_retention(&template()));
}

/// What a rule says of the template with one thing changed in it.
#[track_caller]
fn changed(rule: impl Fn(&Template) -> Complaints, from: &str, to: &str) -> Complaints {
    let text = template_text();
    assert!(text.contains(from), "there is no `{from}` to change");
    rule(&Template::read(&text.replacen(from, to, 1)).unwrap())
}

#[test]
fn every_rule_notices_when_it_is_broken() {
    let timeouts = |template: &Template| functions::timeouts(template, QUARANTINE);
    let environment = |template: &Template| functions::environment(template, &variables());
    let names = |template: &Template| functions::event_names(template, &names_on_the_bus());
    let log_key = |template: &Template| log::key(template, "LogKey", "AuditRole");
    let log_bucket = |template: &Template| log::bucket(template, "LogBucket");
    let anchors = |template: &Template| log::locked(template, "Anchors");
    let broken: Vec<(&str, Complaints)> = vec![
        ("a long timeout", changed(timeouts, "Timeout: 55", "Timeout: 75")),
        ("a long timeout for all", changed(timeouts, "    Timeout: 10\n", "    Timeout: 900\n")),
        ("a timeout nobody can read", changed(timeouts, "Timeout: 60", "Timeout: !Ref ThrottleRate")),
        ("logs at trace", changed(functions::quiet_logs, "BUS_NAME: !Ref Bus\n", "RUST_LOG: aws_smithy=Trace\n")),
        (
            "logs at trace for all",
            changed(
                functions::quiet_logs,
                "    Timeout: 10\n",
                "    Environment: {Variables: {AWS_LAMBDA_LOG_LEVEL: TRACE}}\n",
            ),
        ),
        (
            "logs at TRACE",
            changed(functions::quiet_logs, "{LogFormat: JSON,", "{LogFormat: JSON, ApplicationLogLevel: TRACE,"),
        ),
        ("logs as text", changed(functions::quiet_logs, "{LogFormat: JSON,", "{LogFormat: Text,")),
        ("a variable too few", changed(environment, "          BUS_NAME: !Ref Bus\n", "          BUS: !Ref Bus\n")),
        (
            "a variable too many",
            changed(environment, "BUS_NAME: !Ref Bus\n", "BUS_NAME: !Ref Bus\n          MORE: x\n"),
        ),
        ("a binary of nobody", changed(environment, "{Binary: grant}", "{Binary: granting}")),
        (
            "a function that nobody looks at",
            changed(functions::deployments, "function:${AWS::StackName}-grant'\n", "function:${AWS::StackName}-x'\n"),
        ),
        ("a function that nobody is told of", changed(functions::deployments, "${AWS::StackName}-intake,", "")),
        (
            "no reserved concurrency",
            changed(functions::reserved_concurrency, "ReservedConcurrentExecutions: 1", "Tracing: Active"),
        ),
        (
            "a lost failure",
            changed(
                functions::failures_are_kept,
                "DestinationConfig: {OnFailure: {Type: SQS, Destination: !GetAtt InvocationFailures.Arn}}",
                "MaximumConcurrency: 1",
            ),
        ),
        (
            "a lost batch",
            changed(
                functions::failures_are_kept,
                "DestinationConfig: {OnFailure: {Type: SQS, Destination: !GetAtt PublicationFailures.Arn}}",
                "Enabled: true",
            ),
        ),
        (
            "a lost event",
            changed(functions::failures_are_kept, "DeadLetterConfig: {Arn: !GetAtt RuleFailures.Arn}", "RoleArn: x"),
        ),
        ("an event of nobody", changed(names, "[provisioningStarted]", "[provisioningBegan]")),
        ("events of others", changed(names, "source: [countersign]", "source: [aws.iam]")),
        ("calls that somebody else tells of", changed(names, "source: [{prefix: aws.}]", "source: [{prefix: a}]")),
        ("calls of everybody", changed(names, "          $or:\n", "          $not:\n")),
        ("files of any bucket", changed(names, "bucket: {name: [!Ref TrailBucket]}", "bucket: {arn: [x]}")),
        ("an unsigned route", changed(access::routes, "AuthorizationType: AWS_IAM", "AuthorizationType: NONE")),
        ("a signed Slack", changed(access::routes, "AuthorizationType: NONE", "AuthorizationType: AWS_IAM")),
        ("a route elsewhere", changed(access::routes, "'GET /v1/entitlements'", "'GET /entitlements'")),
        (
            "a route without permission",
            changed(access::routes, "$default/POST/v1/requests'", "$default/PUT/v1/requests'"),
        ),
        ("a permission too wide", changed(access::routes, "$default/GET/v1/requests/*'", "*'")),
        (
            "a permission of another function",
            changed(access::routes, "FunctionName: !Ref CredentialsFunction", "FunctionName: !Ref GrantFunction"),
        ),
        (
            "a rule without permission",
            changed(
                access::rule_permissions,
                "SourceArn: !GetAtt GrantRule.Arn",
                "SourceArn: !GetAtt NotificationRule.Arn",
            ),
        ),
        (
            "a policy template",
            changed(
                access::own_roles,
                "      Timeout: 55\n",
                "      Timeout: 55\n      Policies: [AWSLambdaExecute]\n",
            ),
        ),
        ("a shared role", changed(access::own_roles, "Role: !GetAtt ApprovalRole.Arn", "Role: !GetAtt IntakeRole.Arn")),
        ("functions that may erase", changed(access::append_only, "              - dynamodb:UpdateItem\n", "")),
        (
            "a role without seal",
            changed(access::own_roles, "ManagedPolicyArns: [!Ref Seal]", "ManagedPolicyArns: [!Ref Boundary]"),
        ),
        (
            "activity kept by anybody",
            changed(access::table_keys, "LeadingKeys': ['NOTE#*']", "LeadingKeys': ['NOTE#*', 'ACT#*']"),
        ),
        ("a note among the requests", changed(access::table_keys, "['NOTE#*']", "['REQ#*']")),
        (
            "a policy that can be written",
            changed(
                access::table_keys,
                "['REQ#*', 'BARRED#*', 'IDEM#*', 'REPLAY#*', 'OUT#*', LOG]",
                "['REQ#*', 'IDEM#*', 'POLICY']",
            ),
        ),
        (
            "a bar put by anybody",
            changed(
                access::table_keys,
                "- Sid: NeverBars\n                Effect: Deny",
                "- Sid: NeverBars\n                Effect: Allow",
            ),
        ),
        (
            "an account noted by anybody",
            changed(access::table_keys, "['SWEEP#*', 'BARRED#*', 'OUT#*']", "['SWEEP#*', 'ACCOUNT#*']"),
        ),
        (
            "an anchor put by anybody",
            changed(
                access::table_keys,
                "- Sid: NeverAnchors\n                Effect: Deny",
                "- Sid: NeverAnchors\n                Effect: Allow",
            ),
        ),
        (
            "the log's head put by anybody",
            changed(access::table_keys, "LeadingKeys': ['NOTE#*']", "LeadingKeys': ['NOTE#*', LOG]"),
        ),
        (
            "what is logged said by who stores it",
            changed(access::table_keys, "'REPLAY#*', 'OUT#*', LOG]", "'REPLAY#*', 'OUT#*', 'LOGGED#*', LOG]"),
        ),
        (
            "something logged by who stores nothing",
            changed(access::table_keys, "LeadingKeys': ['NOTE#*']", "LeadingKeys': ['NOTE#*', 'OUT#*']"),
        ),
        (
            "a policy read by anybody",
            changed(access::table_keys, "LeadingKeys': ['REQ#*', 'OUT#*', LOG]}", "LeadingKeys': ['POLICY']}"),
        ),
        (
            "a role of others",
            changed(
                access::base_roles,
                "role/countersign-base/*'\n                Condition: {StringEquals: {'iam:PermissionsBoundary': !Ref Boundary}}\n",
                "role/countersign-base/*'\n",
            ),
        ),
        (
            "a policy of others on a shared role",
            changed(
                access::attachments,
                "iam:PolicyARN': !Sub 'arn:${AWS::Partition}:iam::${AWS::AccountId}:policy/countersign/req_*'",
                "iam:PolicyARN': !Sub 'arn:${AWS::Partition}:iam::aws:policy/*'",
            ),
        ),
        (
            "any policy on a shared role",
            changed(access::attachments, "{ArnLike: {'iam:PolicyARN'", "{ArnLike: {'iam:x'"),
        ),
        ("a star without reason", changed(access::stars_are_explained, "              # /countersign/ only.\n", "\n")),
        (
            "a schedule of others",
            changed(access::schedule_trust, "schedule-group/${AWS::StackName}-expiry", "schedule-group/*"),
        ),
        (
            "a schedule of another account",
            changed(access::schedule_trust, "aws:SourceAccount: !Ref AWS::AccountId", "aws:SourceAccount: '*'"),
        ),
        (
            "no point in time",
            changed(storage::table, "PointInTimeRecoveryEnabled: true", "PointInTimeRecoveryEnabled: false"),
        ),
        (
            "no protection",
            changed(storage::table, "!If [ProtectTable, true, false]", "!If [ProtectTable, false, false]"),
        ),
        ("no encryption", changed(storage::table, "SSEType: KMS", "SSEType: AES256")),
        ("no stream", changed(storage::table, "NEW_IMAGE", "KEYS_ONLY")),
        ("a table that goes", changed(storage::table, "DeletionPolicy: Retain", "DeletionPolicy: Delete")),
        (
            "a key that somebody else signs with",
            changed(log_key, "Action: [kms:Sign, kms:GetPublicKey]", "Action: [kms:GetPublicKey]"),
        ),
        (
            "a key that administrators sign with",
            changed(log_key, "              - kms:DescribeKey\n", "              - kms:Sign\n"),
        ),
        (
            "a key whose use is given away",
            changed(log_key, "Action: [kms:Sign, kms:CreateGrant]", "Action: [kms:Verify]"),
        ),
        (
            "a key that goes",
            changed(
                log_key,
                "LogKey:\n    Type: AWS::KMS::Key\n    DeletionPolicy: Retain",
                "LogKey:\n    Type: AWS::KMS::Key",
            ),
        ),
        (
            "a tile that is put over",
            changed(
                log_bucket,
                "Condition: {'Null': {'s3:if-none-match': 'true'}}",
                "Condition: {'Null': {'s3:x': 'true'}}",
            ),
        ),
        (
            "a tile that is deleted",
            changed(log_bucket, "Action: [s3:DeleteObject, s3:DeleteObjectVersion]", "Action: [s3:DeleteObject]"),
        ),
        (
            "a log without versions",
            changed(
                log_bucket,
                "VersioningConfiguration: {Status: Enabled}",
                "VersioningConfiguration: {Status: Suspended}",
            ),
        ),
        ("a log for everybody", changed(log_bucket, "RestrictPublicBuckets: true", "RestrictPublicBuckets: false")),
        ("an anchor that can be let go", changed(anchors, "Mode: COMPLIANCE", "Mode: GOVERNANCE")),
        ("logs for ever", changed(storage::log_retention, ", RetentionInDays: !Ref LogRetentionDays", "")),
        ("logs elsewhere", changed(storage::log_retention, "LogGroup: !Ref GrantLogs", "LogGroup: !Ref GrantLog")),
    ];
    let unnoticed: Vec<&str> = broken.iter().filter(|(_, found)| found.is_empty()).map(|(what, _)| *what).collect();
    assert!(unnoticed.is_empty(), "{unnoticed:?}");
}
