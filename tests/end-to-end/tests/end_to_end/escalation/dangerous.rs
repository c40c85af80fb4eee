//! What each role of the system may do of what is dangerous in any hands: no more than is listed here, by IAM's own answers.

use std::collections::BTreeSet;

use end_to_end::failure::Failure;
use end_to_end::simulation::{Question, Whom, simulate};
use end_to_end::stage::Stage;

use super::{HUB, ROLES};

/// A request that is nobody's.
const REQUEST: &str = "req_0198c0ffee00700080000000deadbeef";

/// Actions that change, sign, delete or hand over, besides those of the known ways up.
const ACTIONS: [&str; 46] = [
    "cloudformation:DeleteStack",
    "cloudformation:UpdateStack",
    "cloudtrail:DeleteTrail",
    "cloudtrail:StopLogging",
    "cloudwatch:DeleteAlarms",
    "dynamodb:DeleteItem",
    "dynamodb:DeleteTable",
    "dynamodb:PutItem",
    "dynamodb:Scan",
    "dynamodb:UpdateItem",
    "dynamodb:UpdateTable",
    "dynamodb:UpdateTimeToLive",
    "events:DisableRule",
    "events:PutEvents",
    "events:PutRule",
    "events:RemoveTargets",
    "iam:CreateRole",
    "iam:CreateServiceLinkedRole",
    "iam:DeletePolicy",
    "iam:DeleteRole",
    "iam:DeleteRolePermissionsBoundary",
    "iam:DeleteRolePolicy",
    "iam:DetachRolePolicy",
    "iam:PassRole",
    "iam:PutRolePermissionsBoundary",
    "kms:CreateGrant",
    "kms:Decrypt",
    "kms:PutKeyPolicy",
    "kms:ScheduleKeyDeletion",
    "kms:Sign",
    "lambda:InvokeFunction",
    "lambda:PutFunctionConcurrency",
    "lambda:UpdateFunctionCode",
    "lambda:UpdateFunctionConfiguration",
    "logs:DeleteLogGroup",
    "logs:PutRetentionPolicy",
    "organizations:LeaveOrganization",
    "s3:DeleteObject",
    "s3:PutBucketPolicy",
    "s3:PutObject",
    "scheduler:CreateSchedule",
    "scheduler:DeleteSchedule",
    "scheduler:UpdateSchedule",
    "secretsmanager:GetSecretValue",
    "secretsmanager:PutSecretValue",
    "sts:AssumeRole",
];

/// What a call may be about, by what it is called in [`ALLOWED`].
fn resources(stage: &Stage, account: &str) -> Vec<(&'static str, String)> {
    let (outputs, region) = (&stage.outputs, &stage.outputs.region);
    let of = |service: &str, rest: &str| format!("arn:aws:{service}:{region}:{account}:{rest}");
    let iam = |rest: &str| format!("arn:aws:iam::{account}:{rest}");
    vec![
        ("everything", "*".to_owned()),
        ("the table", of("dynamodb", &format!("table/{}", outputs.table_name))),
        ("another table", of("dynamodb", "table/orders")),
        ("the bus", of("events", &format!("event-bus/{}", outputs.bus_name))),
        ("a rule", of("events", "rule/countersign-reconciliation")),
        ("the log's bucket", format!("arn:aws:s3:::{}/tile/0/000", outputs.log_bucket)),
        ("an anchor", format!("arn:aws:s3:::{}/anchors/1", outputs.anchor_bucket)),
        ("a cosignature", format!("arn:aws:s3:::{}/cosigned/1", outputs.anchor_bucket)),
        ("the witness's memory", format!("arn:aws:s3:::{}/witness/checkpoint", outputs.anchor_bucket)),
        ("the log's key", outputs.stack_outputs.get("LogKeyArn").cloned().unwrap_or_default()),
        ("the witness's key", outputs.log_archive.get("WitnessKeyArn").cloned().unwrap_or_default()),
        ("a function", of("lambda", "function:countersign-revocation")),
        ("another function", of("lambda", "function:countersign-intake")),
        ("a log group", of("logs", "log-group:/aws/lambda/countersign-grant:*")),
        ("a grant's schedule", of("scheduler", &format!("schedule/countersign-expiry/{REQUEST}"))),
        ("another schedule", of("scheduler", "schedule/default/nightly")),
        ("a secret", of("secretsmanager", "secret:payments-AbCdEf")),
        ("the schedules' role", iam("role/countersign-system/countersign-schedule")),
        ("a role of the system", iam("role/countersign-system/countersign-grant")),
        ("a grant's role", iam(&format!("role/countersign/{REQUEST}"))),
        ("a base role", iam("role/countersign-base/countersign-sample")),
        ("another role", iam("role/administrators")),
        ("a grant's policy", iam(&format!("policy/countersign/{REQUEST}"))),
        ("the boundary", iam("policy/countersign-boundary/countersign-boundary")),
        ("the trail", of("cloudtrail", "trail/countersign")),
        ("the stack", of("cloudformation", "stack/countersign/0")),
    ]
}

/// The families of keys in the table.
const FAMILIES: [&str; 6] = ["REQ#x", "BARRED#alice", "POLICY", "LOG", "NOTE#x", "ACT#x"];

/// Who may do what with what, with the calls that its own work is made of: all there is.
const ALLOWED: &[(&str, &[&str])] = &[
    ("conversation", &["dynamodb:PutItem the table REQ#x"]),
    ("intake", &["dynamodb:PutItem the table REQ#x"]),
    ("approval", &["dynamodb:PutItem the table BARRED#alice", "dynamodb:PutItem the table REQ#x"]),
    ("credentials", &["dynamodb:PutItem the table REQ#x", "sts:AssumeRole a base role"]),
    (
        "grant",
        &[
            "dynamodb:PutItem the table REQ#x",
            "iam:CreateRole a grant's role",
            "iam:PassRole the schedules' role",
            "scheduler:CreateSchedule a grant's schedule",
        ],
    ),
    (
        "revocation",
        &[
            "dynamodb:PutItem the table BARRED#alice",
            "dynamodb:PutItem the table REQ#x",
            "iam:CreateRole a grant's role",
            "iam:DeletePolicy a grant's policy",
            "iam:DeleteRole a grant's role",
            "iam:DeleteRolePolicy a base role",
            "iam:DeleteRolePolicy a grant's role",
            "iam:DetachRolePolicy a grant's role",
            "scheduler:DeleteSchedule a grant's schedule",
        ],
    ),
    (
        "reconciliation",
        &[
            "dynamodb:PutItem the table REQ#x",
            "iam:CreateRole a grant's role",
            "iam:DeletePolicy a grant's policy",
            "iam:DeleteRole a grant's role",
            "iam:DeleteRolePolicy a base role",
            "iam:DeleteRolePolicy a grant's role",
            "iam:DetachRolePolicy a grant's role",
            "iam:PassRole the schedules' role",
            "scheduler:CreateSchedule a grant's schedule",
            "scheduler:DeleteSchedule a grant's schedule",
        ],
    ),
    ("notification", &["dynamodb:PutItem the table NOTE#x"]),
    ("publication", &["events:PutEvents the bus"]),
    ("schedule", &["lambda:InvokeFunction a function"]),
    ("activity", &["dynamodb:PutItem the table ACT#x", "dynamodb:PutItem the table REQ#x"]),
    ("audit", &["dynamodb:PutItem the table LOG", "s3:PutObject an anchor", "s3:PutObject the log's bucket"]),
    ("log-archive-witness", &["s3:PutObject a cosignature", "s3:PutObject the witness's memory"]),
    (
        "provisioner",
        &[
            "iam:CreateRole a grant's role",
            "iam:DeletePolicy a grant's policy",
            "iam:DeleteRole a grant's role",
            "iam:DeleteRolePolicy a base role",
            "iam:DeleteRolePolicy a grant's role",
            "iam:DetachRolePolicy a grant's role",
        ],
    ),
];

fn service_of(action: &str) -> &str {
    action.split_once(':').map_or(action, |(service, _)| service)
}

/// A service and, of the table's, a family of keys: each is asked about at once, with what is of that service.
fn questions() -> Vec<(&'static str, &'static str)> {
    let services: BTreeSet<&str> = ACTIONS.iter().map(|action| service_of(action)).collect();
    let families = |service: &str| if service == "dynamodb" { &FAMILIES[..] } else { &["LOG"][..] };
    services.into_iter().flat_map(|service| families(service).iter().map(move |family| (service, *family))).collect()
}

/// The circumstances of our own functions' calls: whoever has the role can bring them about.
fn as_our_own(account: &str, family: &str) -> Vec<(&'static str, Vec<String>)> {
    let boundary = format!("arn:aws:iam::{account}:policy/countersign-boundary/countersign-boundary");
    let policy = format!("arn:aws:iam::{account}:policy/countersign/{REQUEST}");
    [
        ("dynamodb:LeadingKeys", family),
        ("iam:PermissionsBoundary", &boundary),
        ("iam:PolicyARN", &policy),
        ("iam:PassedToService", "scheduler.amazonaws.com"),
        ("aws:RequestTag/countersign:managed", "true"),
        ("aws:RequestTag/countersign:request", REQUEST),
        ("aws:ResourceTag/countersign:managed", "true"),
        ("aws:SourceIdentity", REQUEST),
        ("sts:SourceIdentity", REQUEST),
        ("events:source", "countersign"),
    ]
    .map(|(key, value)| (key, vec![value.to_owned()]))
    .to_vec()
}

#[tokio::test]
async fn no_role_of_the_system_holds_more_danger_than_is_listed() -> Result<(), Failure> {
    let stage = Stage::find()?;
    let archive = stage.outputs.log_archive.get("accountId").cloned().unwrap_or_default();
    let witness = (archive.as_str(), "countersign-log-archive-witness");
    let mut asked = 0_usize;
    for (account, role) in ROLES.iter().map(|(account, role, _)| (*account, *role)).chain([witness]) {
        let root = stage.root_of(account)?;
        let named = resources(&stage, account);
        let mut found = BTreeSet::new();
        for (service, family) in questions() {
            let of = |arn: &str| {
                arn == "*" || arn.split(':').nth(2) == Some(service) || service == "sts" && arn.contains(":role/")
            };
            let about: Vec<&(&str, String)> = named.iter().filter(|(_, arn)| of(arn)).collect();
            let question = Question {
                whom: Whom::Principal(format!("arn:aws:iam::{account}:role/countersign-system/{role}")),
                actions: ACTIONS
                    .iter()
                    .filter(|action| service_of(action) == service)
                    .map(|one| (*one).to_owned())
                    .collect(),
                resources: about.iter().map(|(_, arn)| arn.clone()).collect(),
                keys: as_our_own(account, family),
                added: Vec::new(),
            };
            let decided = simulate(&root, &question).await?;
            asked = asked.saturating_add(decided.len());
            for one in decided.into_iter().filter(|one| one.allowed) {
                let name = about.iter().find(|(_, arn)| *arn == one.resource).map_or("?", |(name, _)| *name);
                let family = if service == "dynamodb" { format!(" {family}") } else { String::new() };
                found.insert(format!("{} {name}{family}", one.action));
            }
        }
        let short = role.trim_start_matches("countersign-");
        let listed = ALLOWED.iter().find(|(name, _)| *name == short).map_or(&[][..], |(_, listed)| *listed);
        let listed: BTreeSet<String> = listed.iter().map(|one| (*one).to_owned()).collect();
        let more: Vec<&String> = found.difference(&listed).collect();
        let less: Vec<&String> = listed.difference(&found).collect();
        assert!(more.is_empty() && less.is_empty(), "{role} in {account} may {more:?}, and may not {less:?}");
    }
    println!("dangerous: {} actions on what there is, {asked} asked", ACTIONS.len());
    assert!(ROLES.iter().any(|(account, _, _)| *account == HUB) && asked > 2_000, "{asked}");
    Ok(())
}
