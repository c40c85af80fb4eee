//! What bounds grants, and what ends them, is in the template as the code counts on it.

use crate::template;
use contracts::template::Template;
use model::documents::{KILL_ALL_POLICY, kill_all_before, kill_all_policy};
use model::time::Time;
use serde_json::Value;
use workflow::double::{DEPLOYED_MEMORY, Mapping};

/// Longest managed policy, in characters without white space. Source: IAM user guide, quotas.
const LONGEST_MANAGED_POLICY: usize = 6_144;

/// Whether `text` is of the form `pattern`, in which `*` stands for any characters.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((head, tail)) => text
            .strip_prefix(head)
            .is_some_and(|rest| (0..=rest.len()).any(|from| rest.get(from..).is_some_and(|rest| matches(tail, rest)))),
    }
}

/// The actions that the boundary denies on everything, without a condition.
fn denied(template: &Template) -> Vec<String> {
    let boundary = template.resource("Boundary").unwrap();
    let statements = boundary.property(&["PolicyDocument", "Statement"]).unwrap().items();
    statements
        .iter()
        .filter(|one| {
            one.text_at(&["Effect"]) == Some("Deny")
                && one.text_at(&["Resource"]) == Some("*")
                && one.get("Condition").is_none()
        })
        .flat_map(|one| one.get("Action").unwrap().items())
        .filter_map(|action| action.text().map(str::to_owned))
        .collect()
}

#[test]
fn the_boundary_closes_the_known_doors() {
    let denied = denied(&template());
    let doors = [
        "s3:GetDataAccess",
        "s3:CreateAccessGrant",
        "s3:CreateAccessGrantsInstance",
        "s3:PutAccessGrantsInstanceResourcePolicy",
        "s3:PutReplicationConfiguration",
        "s3:PutBucketAcl",
        "s3:PutObjectAcl",
        "s3:PutBucketOwnershipControls",
        "s3:PutBucketPolicy",
        "sqs:SetQueueAttributes",
        "sqs:AddPermission",
        "sns:SetTopicAttributes",
        "sns:AddPermission",
        "logs:PutDestinationPolicy",
        "logs:PutSubscriptionFilter",
        "logs:PutResourcePolicy",
        "dynamodb:PutResourcePolicy",
        "kms:PutKeyPolicy",
        "ecs:ExecuteCommand",
        "codebuild:StartBuild",
        "codebuild:StartBuildBatch",
        "states:UpdateStateMachine",
        "glue:PutResourcePolicy",
        "elasticfilesystem:PutFileSystemPolicy",
        "transfer:CreateUser",
    ];
    let open: Vec<&str> = doors.into_iter().filter(|door| !denied.iter().any(|deny| matches(deny, door))).collect();
    assert_eq!(open, [""; 0]);
    // What a grant of the samples is for stays possible.
    for needed in ["s3:GetObject", "s3:PutObject", "sqs:SendMessage", "dynamodb:UpdateItem", "logs:FilterLogEvents"] {
        assert!(!denied.iter().any(|deny| matches(deny, needed)), "{needed}");
    }
}

/// With every reference at the longest that AWS lets its value be.
#[test]
fn the_boundary_fits() {
    let template = template();
    let document = template.resource("Boundary").unwrap().property(&["PolicyDocument"]).unwrap().to_json();
    let longest = [
        ("${AWS::Partition}", "aws-us-gov"),
        ("${AWS::Region}", "ap-southeast-1"),
        ("${AWS::AccountId}", "111111111111"),
        ("${AWS::StackName}", "countersign-production"),
    ];
    let text = longest.iter().fold(document.to_string(), |text, (name, value)| text.replace(name, value));
    let length = text.chars().filter(|c| !c.is_whitespace()).count();
    // References that stand for a whole ARN are longer than their names: 100 characters for each of 13.
    assert!(length + 1_300 <= LONGEST_MANAGED_POLICY, "{length}");
}

/// Who judges the record shares no code with who writes it, and yet has to mean the same.
#[test]
fn evidence_holds_grants_to_the_bounds_that_they_were_made_by() {
    use evidence::{tables, tests_of_control};
    use model::lifecycle::{HASTY, QUARANTINE, SCHEDULE_MARGIN};
    assert_eq!(tests_of_control::HASTY, HASTY);
    assert_eq!(tests_of_control::LONGEST_GRANT, model::catalog::LONGEST_GRANT);
    // And one run of reconciliation.
    assert_eq!(tables::LATE_AFTER, SCHEDULE_MARGIN + QUARANTINE + 60);
}

/// What `log::pace` holds to its bar is the function as it is deployed.
#[test]
fn the_sequencer_is_measured_as_the_template_has_it() {
    let template = template();
    let audit = template.resource("AuditFunction").unwrap();
    let number = |path: &[&str]| audit.property(path).unwrap().text().unwrap().parse::<u64>().unwrap();
    let stored = |name| number(&["Events", "Stored", "Properties", name]);
    let mapping = Mapping::deployed(4, 0);
    assert_eq!(number(&["MemorySize"]), DEPLOYED_MEMORY);
    assert_eq!(number(&["ReservedConcurrentExecutions"]), 1);
    assert_eq!((stored("BatchSize"), stored("MaximumBatchingWindowInSeconds")), (mapping.batch as u64, mapping.window));
}

/// What an early end writes when a base role is full has to have its room beforehand.
#[test]
fn the_base_role_carries_the_deny_for_all_its_sessions_from_the_start() {
    let template = template();
    let role = template.resource("BaseRole").unwrap();
    let policies = role.property(&["Policies"]).unwrap().items();
    let policy = policies.iter().find(|one| one.text_at(&["PolicyName"]) == Some(KILL_ALL_POLICY)).unwrap();
    let document: Value = policy.get("PolicyDocument").unwrap().to_json();
    let idle: Time = "2000-01-01T00:00:00Z".parse().unwrap();
    assert_eq!(kill_all_before(&document.to_string()), Some(idle), "{document}");
    assert_eq!(document.to_string().len(), kill_all_policy(idle).len());
}
