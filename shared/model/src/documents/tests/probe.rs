//! What IAM is asked after an end.

use super::*;

fn base() -> PrincipalArn {
    "arn:aws:iam::111111111111:role/countersign-base/sample".parse().unwrap()
}

#[test]
fn a_granted_action_is_asked_for_that_the_grant_does_not_deny_itself() {
    let action = |permissions: &[&str]| {
        let permissions: Vec<String> = permissions.iter().map(|one| (*one).to_owned()).collect();
        let probe = Probe::of_document(
            Terms::as_asked(&request("orders-db-debug", |facts| facts.permissions = permissions)),
            noon(),
        );
        probe.action
    };
    assert_eq!(action(&["dynamodb:UpdateItem", "dynamodb:GetItem"]), "dynamodb:GetItem");
    // A pattern is no action, and what every grant denies would show nothing.
    for patterns in [&["dynamodb:*"][..], &["*"], &["iam:*", "dynamodb:Get*"], &["sts:AssumeRole", "ec2:Describe*"]] {
        let asked = action(patterns);
        assert!(!asked.contains('*'), "{asked}");
        assert!(patterns.iter().any(|pattern| crate::actions::pattern_matches(pattern, &asked)), "{asked}");
        assert!(!NO_ESCAPE.iter().any(|deny| crate::actions::pattern_matches(deny, &asked)), "{asked}");
    }
    assert_eq!(action(&["iam:*"]), "s3:ListAllMyBuckets", "nothing that was granted could show anything");
}

#[test]
fn what_is_lifted_may_be_asked_for() {
    let lifted = request("orders-db-debug", |facts| {
        facts.permissions = vec!["ssm:StartSession".to_owned()];
        facts.may_outlive = vec!["ssm:StartSession".to_owned()];
    });
    assert_eq!(Probe::of_document(Terms::as_asked(&lifted), noon()).action, "ssm:StartSession");
}

#[test]
fn a_resource_is_asked_for_only_if_it_is_one() {
    let resource = |resources: &[&str]| {
        let resources: Vec<String> = resources.iter().map(|one| (*one).to_owned()).collect();
        Probe::of_document(Terms::as_asked(&request("orders-db-debug", |facts| facts.resources = resources)), noon())
            .resource
    };
    assert_eq!(resource(&["arn:aws:s3:::a/*", "arn:aws:s3:::a"]), "arn:aws:s3:::a");
    assert_eq!(resource(&["arn:aws:s3:::a/*"]), "*");
}

#[test]
fn a_session_carries_every_mark_of_its_grant() {
    let request = request("orders-db-debug", |_| {});
    let probe = Probe::of_session(Terms::as_asked(&request), &base(), noon(), noon().plus(60));
    let text = |key: &str| {
        let found = probe.context.iter().find(|(name, _)| *name == key);
        found.map(|(_, value)| value.clone()).unwrap()
    };
    let id = request.id.to_string();
    assert_eq!(text("aws:SourceIdentity"), ContextValue::Text(id.clone()));
    assert_eq!(text("aws:PrincipalTag/countersign:request"), ContextValue::Text(id.clone()));
    assert_eq!(text("aws:userid"), ContextValue::Text(format!("sample:{id}")));
    assert_eq!(text("aws:TokenIssueTime"), ContextValue::Date(noon()));
    assert_eq!(text("aws:CurrentTime"), ContextValue::Date(noon().plus(60)));
}
