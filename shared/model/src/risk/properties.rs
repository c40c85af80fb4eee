//! What holds for every request.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::{RiskInput, RiskLevel, SENTENCE_CHARS_MAX, assess};
use crate::actions;

const TABLE: &str = "arn:aws:dynamodb:us-east-1:111111111111:table/orders";
const LOG_GROUP: &str = "arn:aws:logs:us-east-1:111111111111:log-group:/app/orders:*";

fn action() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::sample::select(vec![
            "logs:GetLogEvents", "logs:DescribeLogGroups", "dynamodb:GetItem", "dynamodb:UpdateItem", "dynamodb:TagResource",
            "dynamodb:*", "dynamodb:Get*", "s3:PutBucketPolicy", "iam:PassRole", "ec2:RunInstances", "ec2:Describe*", "*:List*",
            "*", "lambda:CreateFunction", "lambda:InvokeFunction", "ssm:GetParameter", "iam:CreateUser", "nosuch:Thing",
        ]).prop_map(str::to_owned),
        1 => "\\PC{0,200}",
    ]
}

fn resource() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => prop::sample::select(vec![
            TABLE, LOG_GROUP, "*", "arn:aws:s3:::orders/*", "arn:aws:s3:::*", "arn:aws:s3:::ord*/x", "orders",
        ]).prop_map(str::to_owned),
        1 => "\\PC{0,200}",
    ]
}

prop_compose! {
    fn request()(
        actions in prop::collection::vec(action(), 1..5),
        resources in prop::collection::vec(resource(), 1..4),
        environment in prop::sample::select(vec!["prod", "dev", "", "staging"]),
        duration in 0_u64..100_000,
    ) -> (Vec<String>, Vec<String>, &'static str, u64) {
        (actions, resources, environment, duration)
    }
}

fn level(actions: &[String], resources: &[String], environment: &str, duration_seconds: u64) -> RiskLevel {
    assess(&RiskInput { actions, resources, environment, duration_seconds }).level
}

proptest! {
    #[test]
    fn more_is_never_less(
        (actions, resources, environment, duration) in request(),
        one_more in action(), another in resource(), longer in 0_u64..200_000,
    ) {
        let before = level(&actions, &resources, environment, duration);
        let with_action: Vec<String> = actions.iter().cloned().chain([one_more]).collect();
        let with_resource: Vec<String> = resources.iter().cloned().chain([another]).collect();
        prop_assert!(level(&with_action, &resources, environment, duration) >= before);
        prop_assert!(level(&actions, &with_resource, environment, duration) >= before);
        prop_assert!(level(&actions, &resources, environment, duration.saturating_add(longer)) >= before);
        prop_assert!(level(&actions, &resources, "prod", duration) >= before);
    }

    /// A pattern is never judged milder than any one action that it names.
    #[test]
    fn a_pattern_weighs_what_it_names(
        pattern in prop::sample::select(vec!["dynamodb:*", "iam:*", "s3:Put*", "ec2:*e*", "*:Get*", "ss?:*", "logs:D*", "sts:*"]),
        pick in any::<prop::sample::Index>(), (_, resources, environment, duration) in request(),
    ) {
        let named: Vec<_> = actions::matching(pattern).collect();
        let (service, action, _) = pick.get(&named);
        let one = level(&[format!("{service}:{action}")], &resources, environment, duration);
        prop_assert!(level(&[pattern.to_owned()], &resources, environment, duration) >= one, "{service}:{action}");
    }

    #[test]
    fn case_of_actions_never_counts((actions, resources, environment, duration) in request()) {
        let upper: Vec<String> = actions.iter().map(|action| action.to_ascii_uppercase()).collect();
        prop_assert_eq!(
            level(&upper, &resources, environment, duration),
            level(&actions, &resources, environment, duration)
        );
    }

    #[test]
    fn reasons_are_bounded_plain_and_explain_the_level((actions, resources, environment, duration) in request()) {
        let found = assess(&RiskInput { actions: &actions, resources: &resources, environment, duration_seconds: duration });
        prop_assert_eq!(found.reasons.iter().map(|reason| reason.level).max(), Some(found.level));
        let codes: BTreeSet<_> = found.reasons.iter().map(|reason| reason.code).collect();
        prop_assert_eq!(codes.len(), found.reasons.len());
        for reason in found.reasons {
            prop_assert!(reason.sentence.chars().count() <= SENTENCE_CHARS_MAX);
            prop_assert!(!reason.sentence.chars().any(char::is_control));
        }
    }
}
