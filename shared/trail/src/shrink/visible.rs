//! Which actions leave a record when they are used. What can't be seen can't be said to be unused, so a doubt is a no.
//!
//! Sources: CloudTrail user guide, "Logging data events"; for each service, the page on CloudTrail in its own guide; the
//! Service Authorization Reference, "permission only" actions.

use model::actions::{AccessLevel, level, matching, pattern_covers, pattern_matches};
use std::collections::BTreeSet;

/// Recorded as data events alone, and so only where a trail was told to.
const DATA: [&str; 69] = [
    "appconfig:GetLatestConfiguration",
    "appconfig:StartConfigurationSession",
    "aps:QueryMetrics",
    "aps:RemoteWrite",
    "bedrock:ApplyGuardrail",
    "bedrock:InvokeAgent",
    "bedrock:InvokeFlow",
    "bedrock:InvokeModel*",
    "bedrock:Retrieve*",
    "cassandra:Modify",
    "cassandra:Select",
    "cloudtrail-data:PutAuditEvents",
    "cloudwatch:GetMetricData",
    "cloudwatch:GetMetricStatistics",
    "cloudwatch:ListMetrics",
    "cloudwatch:PutMetricData",
    "codewhisperer:Generate*",
    "cognito-identity:GetCredentialsForIdentity",
    "cognito-identity:GetId",
    "cognito-identity:GetOpenIdToken*",
    "dynamodb:BatchGetItem",
    "dynamodb:BatchWriteItem",
    "dynamodb:ConditionCheckItem",
    "dynamodb:DeleteItem",
    "dynamodb:GetItem",
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
    "dynamodb:PartiQL*",
    "dynamodb:PutItem",
    "dynamodb:Query",
    "dynamodb:Scan",
    "dynamodb:UpdateItem",
    "ebs:*Snapshot*",
    "geo:*",
    "kendra-ranking:Rescore",
    "kinesis:Get*",
    "kinesis:PutRecord*",
    "kinesis:SubscribeToShard",
    "kinesisvideo:Get*",
    "kinesisvideo:PutMedia",
    "lambda:Invoke*",
    "logs:FilterLogEvents",
    "logs:GetLogEvents",
    "logs:GetLogRecord",
    "logs:GetQueryResults",
    "logs:PutLogEvents",
    "logs:StartLiveTail",
    "medical-imaging:*ImageSet*",
    "medical-imaging:GetImageFrame",
    "rds-data:*",
    "s3-object-lambda:*",
    "s3-outposts:*Object*",
    "s3:*Object*",
    "s3:AbortMultipartUpload",
    "s3:ListBucket",
    "s3:ListBucketMultipartUploads",
    "s3:ListBucketVersions",
    "s3:ListMultipartUploadParts",
    "s3express:*Session",
    "sagemaker:*Record",
    "sagemaker:InvokeEndpoint*",
    "ses:Send*",
    "sns:Publish*",
    "sqs:*Message*",
    "swf:Count*",
    "swf:Poll*",
    "swf:Re*",
    "timestream:Select",
    "xray:Put*",
];

/// Of the patterns above, what is recorded by itself: it concerns things that only are named after objects.
const NOT_DATA: [&str; 2] = ["s3:*BucketObjectLock*", "s3:*ForObjectLambda"];

/// Recorded nowhere, or under another action's name: permissions that another call needs, and doors that CloudTrail
/// doesn't stand at.
const NEVER: [&str; 30] = [
    "aoss:APIAccessAll",
    "aoss:DashboardsAccessAll",
    "chime:Connect",
    "dax:*Item",
    "dax:Query",
    "dax:Scan",
    "dsql:DbConnect*",
    "ec2messages:*",
    "elasticache:Connect",
    "elasticfilesystem:Client*",
    "es:ESHttp*",
    "execute-api:*",
    "iam:PassRole",
    "iot:Connect",
    "iot:Publish",
    "iot:Receive",
    "iot:RetainPublish",
    "iot:Subscribe",
    "kafka-cluster:*",
    "lambda:GetLayerVersion",
    "logs:Unmask",
    "memorydb:Connect",
    "neptune-db:*",
    "rds-db:connect",
    "redshift:CreateClusterUser",
    "redshift:JoinGroup",
    "s3:BypassGovernanceRetention",
    "s3:Replicate*",
    "ssmmessages:*",
    "transcribe:StartStreamTranscription*",
];

/// Needed when an object is put with more than its content; the record is that of `PutObject`.
const PUT_WITH: [&str; 4] =
    ["s3:PutObjectAcl", "s3:PutObjectLegalHold", "s3:PutObjectRetention", "s3:PutObjectTagging"];

/// What of a grant's work its trail recorded, and what may have hidden in it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sight<'a> {
    /// Services whose data events were recorded, everywhere that the grant reached; `*`: of every service.
    pub(super) data: &'a BTreeSet<String>,
    /// Services that were called in a way whose action is not known.
    pub(super) unknown: &'a BTreeSet<String>,
    /// Actions that were used, as they are known.
    pub(super) used: &'a BTreeSet<String>,
}

impl Sight<'_> {
    /// Whether one action, if it had been used, would have been seen.
    pub(super) fn sees(self, action: &str) -> bool {
        !among(&NEVER, action)
            && (self.sees_data_of(action) || !among(&DATA, action) || among(&NOT_DATA, action))
            && !self.unknown.contains(&service(action))
            && !self.is_used_as_other(action)
            && !self.is_given_with(action)
    }

    fn sees_data_of(self, action: &str) -> bool {
        self.data.contains("*") || self.data.contains(&service(action))
    }

    /// Whether it may have been used in a call that was recorded under another name: a version of an object is read by
    /// `GetObject`, and locked when it is put.
    fn is_used_as_other(self, action: &str) -> bool {
        let is_used = |other: &str| self.used.iter().any(|used| used.eq_ignore_ascii_case(other));
        let of_any_version = action.replace("ObjectVersion", "Object");
        pattern_matches("s3:*ObjectVersion*", action) && is_used(&of_any_version)
            || among(&PUT_WITH, action) && is_used("s3:PutObject")
    }

    /// Whether it is a tag that may have been given to something when it was made, which is the making's record alone.
    fn is_given_with(self, action: &str) -> bool {
        let name = action.split_once(':').map_or("", |(_, name)| name).to_ascii_lowercase();
        let takes_away = ["delete", "remove", "un"].iter().any(|start| name.starts_with(start));
        let makes = |used: &String| level(used) == Some(AccessLevel::Write) && service(used) == service(action);
        // Each of them has it in its name, and looking a level up takes longer.
        name.contains("tag")
            && !takes_away
            && level(action) == Some(AccessLevel::Tagging)
            && self.used.iter().any(makes)
    }

    /// What a pattern names that could not have been seen, in few words: patterns of ours where it names all that they do,
    /// else single actions.
    pub(super) fn hidden(self, pattern: &str) -> Vec<String> {
        let data = DATA.iter().filter(|ours| !self.sees_data_of(ours));
        let ours: Vec<&str> = NEVER.iter().chain(data).copied().filter(|ours| pattern_covers(pattern, ours)).collect();
        let single = matching(pattern)
            .map(|(service, name, _)| format!("{service}:{name}"))
            .filter(|action| !self.sees(action) && !among(&ours, action));
        let mut hidden: Vec<String> = single.chain(ours.iter().map(|ours| (*ours).to_owned())).collect();
        hidden.sort();
        hidden
    }
}

/// Whether a list, whose services are plain names, holds an action.
fn among(list: &[&str], action: &str) -> bool {
    let service = service(action);
    let of_service = |pattern: &&&str| pattern.strip_prefix(service.as_str()).is_some_and(|rest| rest.starts_with(':'));
    list.iter().filter(of_service).any(|pattern| pattern_matches(pattern, action))
}

/// The service of an action, as IAM writes it.
pub(super) fn service(action: &str) -> String {
    action.split_once(':').map_or("", |(service, _)| service).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(list: &[&str]) -> BTreeSet<String> {
        list.iter().map(|text| (*text).to_owned()).collect()
    }

    fn sees(data: &[&str], used: &[&str], action: &str) -> bool {
        Sight { data: &set(data), unknown: &set(&["sdb"]), used: &set(used) }.sees(action)
    }

    #[test]
    fn what_leaves_a_record() {
        for action in [
            "kms:Decrypt",
            "s3:GetBucketLocation",
            "s3:ListAllMyBuckets",
            "ec2:RunInstances",
            "secretsmanager:GetSecretValue",
        ] {
            assert!(sees(&[], &[], action), "{action}");
        }
        for action in [
            "s3:GetObject",
            "s3:ListBucket",
            "dynamodb:GetItem",
            "lambda:InvokeFunction",
            "sqs:SendMessage",
            "S3:getobject",
        ] {
            assert!(!sees(&[], &[], action), "{action}");
            assert!(sees(&["s3", "dynamodb", "lambda", "sqs"], &[], action), "{action}");
            assert!(sees(&["*"], &[], action), "{action}");
        }
        for action in ["iam:PassRole", "rds-db:connect", "sdb:ListDomains"] {
            assert!(!sees(&["*"], &[], action), "{action}");
        }
    }

    #[test]
    fn what_bears_another_name() {
        assert!(sees(&["s3"], &[], "s3:GetObjectVersion"));
        assert!(!sees(&["s3"], &["s3:GetObject"], "s3:GetObjectVersion"));
        assert!(sees(&["s3"], &["s3:GetObject"], "s3:GetObjectVersionAcl"));
        assert!(!sees(&["s3"], &["s3:PutObject"], "s3:PutObjectAcl"));
        assert!(sees(&["s3"], &["s3:GetObject"], "s3:PutObjectAcl"));
    }

    #[test]
    fn what_hides_in_a_pattern() {
        let hidden = |data: &[&str], used: &[&str], pattern: &str| {
            Sight { data: &set(data), unknown: &set(&[]), used: &set(used) }.hidden(pattern)
        };
        assert_eq!(hidden(&["s3"], &["s3:GetObject"], "s3:Get*"), ["s3:GetObjectVersion"]);
        assert_eq!(
            hidden(&[], &[], "s3:List*"),
            [
                "s3:ListBucket",
                "s3:ListBucketMultipartUploads",
                "s3:ListBucketVersions",
                "s3:ListMultipartUploadParts",
                "s3:ListObjectAnnotations",
                "s3:ListObjectVersionAnnotations",
            ]
        );
        assert!(hidden(&[], &[], "s3:*").contains(&"s3:*Object*".to_owned()));
        assert_eq!(hidden(&["*"], &[], "iam:*"), ["iam:PassRole"]);
        assert_eq!(hidden(&[], &[], "kms:*"), [""; 0]);
    }

    #[test]
    fn tags_may_come_with_what_is_made() {
        assert!(!sees(&[], &["ec2:RunInstances"], "ec2:CreateTags"));
        assert!(sees(&[], &["ec2:RunInstances"], "ec2:DeleteTags"));
        assert!(sees(&[], &["ec2:DescribeInstances"], "ec2:CreateTags"));
        assert!(sees(&[], &["rds:CreateDBInstance"], "ec2:CreateTags"));
    }

    #[test]
    fn each_pattern_names_an_action() {
        for pattern in DATA.iter().chain(&NOT_DATA).chain(&NEVER).chain(&PUT_WITH) {
            assert!(matching(pattern).next().is_some(), "{pattern}");
        }
    }
}
