//! Examples: what each kind of request is judged to be.

use super::rules::CREDENTIAL_ACTIONS;
use super::{EscalationPath, Risk, RiskCode, RiskInput, RiskLevel, assess, escalation_paths, opened_paths};
use crate::actions;

const TABLE: &str = "arn:aws:dynamodb:us-east-1:111111111111:table/orders";
const LOG_GROUP: &str = "arn:aws:logs:us-east-1:111111111111:log-group:/app/orders:*";
const HOUR: u64 = 3_600;

fn risk(actions: &[&str], resources: &[&str], environment: &str, duration_seconds: u64) -> Risk {
    assess(&RiskInput { actions, resources, environment, duration_seconds })
}

/// The level, and the codes that reach it.
fn summary(risk: &Risk) -> (RiskLevel, Vec<RiskCode>) {
    let decisive = risk.reasons.iter().filter(|reason| reason.level == risk.level).map(|reason| reason.code);
    (risk.level, decisive.collect())
}

#[test]
fn calibration() {
    use RiskCode as C;
    use RiskLevel as L;
    #[track_caller]
    fn check(actions: &str, resource: &str, environment: &str, hours: u64, level: RiskLevel, codes: &[RiskCode]) {
        let actions: Vec<&str> = actions.split_whitespace().collect();
        let found = risk(&actions, &[resource], environment, hours.saturating_mul(HOUR));
        assert_eq!(summary(&found), (level, codes.to_vec()), "{actions:?} on {resource}: {found:#?}");
    }
    let logs = "logs:FilterLogEvents logs:GetLogEvents logs:DescribeLogGroups logs:DescribeLogStreams logs:StartQuery logs:GetQueryResults";
    check(logs, LOG_GROUP, "prod", 4, L::Low, &[C::ReadAccess]);
    check(logs, LOG_GROUP, "prod", 5, L::Medium, &[C::LongWindow]);
    check(logs, LOG_GROUP, "dev", 5, L::Low, &[C::ReadAccess]);
    check(logs, LOG_GROUP, "dev", 25, L::High, &[C::StandingWindow]);
    check(logs, "*", "prod", 1, L::Medium, &[C::WideResources]);
    check("logs:DescribeLogGroups", "*", "prod", 1, L::Low, &[C::ListAccess]);
    let items = "dynamodb:GetItem dynamodb:Query dynamodb:UpdateItem";
    check(items, TABLE, "prod", 2, L::Medium, &[C::WriteAccess]);
    check(items, TABLE, "dev", 2, L::Low, &[C::WriteAccess]);
    check(items, TABLE, "prod", 5, L::High, &[C::LongWindow]);
    check(items, "arn:aws:dynamodb:us-east-1:111111111111:table/*", "prod", 2, L::High, &[C::WideResources]);
    check(
        "dynamodb:GetItem",
        "arn:aws:dynamodb:us-east-1:111111111111:table/ord*",
        "prod",
        1,
        L::Medium,
        &[C::ResourcePattern],
    );
    check("dynamodb:*Item", TABLE, "prod", 1, L::High, &[C::ActionPattern]);
    check("dynamodb:Get*", TABLE, "prod", 1, L::Low, &[C::ReadAccess]);
    check("dynamodb:TagResource", TABLE, "prod", 1, L::High, &[C::TaggingAccess]);
    check("dynamodb:PutResourcePolicy", TABLE, "dev", 1, L::High, &[C::PermissionsAccess]);
    check("s3:*", "*", "prod", 1, L::Critical, &[C::WideResources, C::WholeService]);
    check("s3:*", "*", "dev", 1, L::Critical, &[C::WideResources, C::WholeService]);
    check("dynamodb:*", "*", "prod", 1, L::Critical, &[C::WideResources, C::WholeService]);
    check("athena:?*", "*", "dev", 1, L::Critical, &[C::WholeService]);
    check("lambda:*", "*", "dev", 1, L::Critical, &[C::WideResources, C::WholeService, C::EscalationPath]);
    check("*", "*", "dev", 1, L::Critical, &[C::WideResources, C::AnyService, C::EscalationPath]);
    check("*:Describe*", TABLE, "dev", 1, L::Critical, &[C::AnyService]);
    check("iam:PassRole", "arn:aws:iam::111111111111:role/app", "dev", 1, L::High, &[C::IdentityChange]);
    check("iam:PassRole ec2:RunInstances", TABLE, "dev", 1, L::Critical, &[C::EscalationPath]);
    check("IAM:passrole EC2:Run*", TABLE, "dev", 1, L::Critical, &[C::EscalationPath]);
    check("sts:AssumeRole", "arn:aws:iam::111111111111:role/app", "dev", 1, L::Critical, &[C::EscalationPath]);
    check("iam:GetRole", "arn:aws:iam::111111111111:role/app", "prod", 1, L::Low, &[C::ReadAccess]);
    check(
        "secretsmanager:GetSecretValue",
        "arn:aws:secretsmanager:us-east-1:111111111111:secret:orders",
        "dev",
        1,
        L::High,
        &[C::HandsOutCredentials],
    );
    check("dynamodb:GetItems", TABLE, "dev", 1, L::High, &[C::UnknownAction]);
    check("nosuch:*", TABLE, "dev", 1, L::High, &[C::WholeService, C::UnknownAction]);
    check("s3:Get\u{41e}bject", TABLE, "dev", 1, L::High, &[C::UnknownAction]);
}

#[test]
fn every_escalation_path_is_critical_and_named() {
    assert!(escalation_paths().count() >= 60);
    for path in escalation_paths() {
        let actions: Vec<&str> = path.required().collect();
        let found = risk(&actions, &[TABLE], "dev", HOUR);
        assert_eq!(found.level, RiskLevel::Critical, "{}", path.id);
        let reason = found.reasons.iter().find(|reason| reason.code == RiskCode::EscalationPath);
        assert!(reason.is_some_and(|reason| reason.level == RiskLevel::Critical), "{}", path.id);
        // One that contains shorter ones may be named by those: at most three are.
        let open = opened_paths(&actions);
        assert!(open.iter().any(|found| found.id == path.id));
        assert!(
            reason.is_some_and(|reason| open.iter().take(3).all(|path| reason.sentence.contains(path.id))),
            "{found:?}"
        );
    }
}

#[test]
fn our_own_lists_name_real_actions() {
    for action in escalation_paths().flat_map(EscalationPath::required).chain(CREDENTIAL_ACTIONS) {
        assert!(actions::level(action).is_some(), "{action}");
    }
}

#[test]
fn an_empty_list_bounds_nothing() {
    assert_eq!(risk(&[], &[TABLE], "dev", HOUR), risk(&["*"], &[TABLE], "dev", HOUR));
    assert_eq!(risk(&["dynamodb:GetItem"], &[], "dev", HOUR), risk(&["dynamodb:GetItem"], &["*"], "dev", HOUR));
}

#[test]
fn reads_as_people_speak() {
    let found = risk(&["dynamodb:*", "dynamodb:GetItem"], &[TABLE, "*"], "prod", 4 * HOUR + 1);
    let lines: Vec<String> =
        found.reasons.iter().map(|reason| format!("{}: {}", reason.level, reason.sentence)).collect();
    assert_eq!(
        lines,
        [
            "critical: Not bound to named resources: *.",
            "critical: Everything that a service can do: dynamodb:* (dynamodb:DeleteResourcePolicy).",
            "high: Changes who may do what in production: dynamodb:* (dynamodb:DeleteResourcePolicy).",
            "high: A wildcard stands for actions that change things: dynamodb:* (dynamodb:DeleteResourcePolicy).",
            "high: Lasts 4 h 1 min, which is longer than 4 h.",
        ]
    );
}

#[test]
fn is_stored_in_snake_case_names_and_camel_case_fields() {
    let found = risk(&["logs:GetLogEvents"], &[LOG_GROUP], "prod", HOUR);
    let json = serde_json::to_value(&found).ok();
    let expected = serde_json::json!({
        "level": "low",
        "reasons": [
            {"code": "read_access", "level": "low", "sentence": "Reads, and changes nothing: logs:GetLogEvents."}
        ],
    });
    assert_eq!(json.as_ref(), Some(&expected));
    assert_eq!(json.and_then(|json| serde_json::from_value::<Risk>(json).ok()), Some(found));
}
