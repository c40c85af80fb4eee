//! Which IAM action a recorded call took. A trail says which API was called; IAM may know it by another name.
//!
//! Sources: Service Authorization Reference (through [`model::actions`]); Amazon S3 API reference, "Permissions" of each
//! operation; CloudTrail user guide, `eventSource`.

use model::actions::{self, AccessLevel};

/// Where `eventSource` and IAM's prefix differ.
const PREFIXES: [(&str, &str); 12] = [
    ("amazonmq", "mq"),
    ("appstream2", "appstream"),
    ("cloudcontrolapi", "cloudformation"),
    ("email", "ses"),
    ("models.lex", "lex"),
    ("monitoring", "cloudwatch"),
    ("mturk-requester", "mechanicalturk"),
    ("rdsdata", "rds-data"),
    ("runtime.lex", "lex"),
    ("runtime.sagemaker", "sagemaker"),
    ("streams.dynamodb", "dynamodb"),
    ("tagging", "tag"),
];

/// Calls that IAM knows by another name. What takes several actions, or one that depends on what is in the request
/// (`TransactWriteItems`, `ExecuteStatement`, `ReEncrypt`), is not here: of those no action is claimed.
const ALIASES: [(&str, &str, &str); 68] = [
    ("dynamodb", "TransactGetItems", "GetItem"),
    ("lambda", "Invoke", "InvokeFunction"),
    ("lambda", "InvokeWithResponseStream", "InvokeFunction"),
    ("s3", "CompleteMultipartUpload", "PutObject"),
    ("s3", "CopyObject", "PutObject"),
    ("s3", "CreateMultipartUpload", "PutObject"),
    ("s3", "DeleteAccountPublicAccessBlock", "PutAccountPublicAccessBlock"),
    ("s3", "DeleteBucketAnalyticsConfiguration", "PutAnalyticsConfiguration"),
    ("s3", "DeleteBucketCors", "PutBucketCORS"),
    ("s3", "DeleteBucketEncryption", "PutEncryptionConfiguration"),
    ("s3", "DeleteBucketIntelligentTieringConfiguration", "PutIntelligentTieringConfiguration"),
    ("s3", "DeleteBucketInventoryConfiguration", "PutInventoryConfiguration"),
    ("s3", "DeleteBucketLifecycle", "PutLifecycleConfiguration"),
    ("s3", "DeleteBucketMetricsConfiguration", "PutMetricsConfiguration"),
    ("s3", "DeleteBucketOwnershipControls", "PutBucketOwnershipControls"),
    ("s3", "DeleteBucketPublicAccessBlock", "PutBucketPublicAccessBlock"),
    ("s3", "DeleteBucketReplication", "PutReplicationConfiguration"),
    ("s3", "DeleteBucketTagging", "PutBucketTagging"),
    ("s3", "DeleteObjects", "DeleteObject"),
    ("s3", "DeletePublicAccessBlock", "PutBucketPublicAccessBlock"),
    ("s3", "GetBucketAccelerateConfiguration", "GetAccelerateConfiguration"),
    ("s3", "GetBucketAnalyticsConfiguration", "GetAnalyticsConfiguration"),
    ("s3", "GetBucketEncryption", "GetEncryptionConfiguration"),
    ("s3", "GetBucketIntelligentTieringConfiguration", "GetIntelligentTieringConfiguration"),
    ("s3", "GetBucketInventoryConfiguration", "GetInventoryConfiguration"),
    ("s3", "GetBucketLifecycle", "GetLifecycleConfiguration"),
    ("s3", "GetBucketLifecycleConfiguration", "GetLifecycleConfiguration"),
    ("s3", "GetBucketMetricsConfiguration", "GetMetricsConfiguration"),
    ("s3", "GetBucketNotificationConfiguration", "GetBucketNotification"),
    ("s3", "GetBucketReplication", "GetReplicationConfiguration"),
    ("s3", "GetObjectLockConfiguration", "GetBucketObjectLockConfiguration"),
    ("s3", "GetPublicAccessBlock", "GetBucketPublicAccessBlock"),
    ("s3", "HeadBucket", "ListBucket"),
    ("s3", "HeadObject", "GetObject"),
    ("s3", "ListBucketAnalyticsConfigurations", "GetAnalyticsConfiguration"),
    ("s3", "ListBucketIntelligentTieringConfigurations", "GetIntelligentTieringConfiguration"),
    ("s3", "ListBucketInventoryConfigurations", "GetInventoryConfiguration"),
    ("s3", "ListBucketMetricsConfigurations", "GetMetricsConfiguration"),
    ("s3", "ListBuckets", "ListAllMyBuckets"),
    ("s3", "ListMultipartUploads", "ListBucketMultipartUploads"),
    ("s3", "ListObjectVersions", "ListBucketVersions"),
    ("s3", "ListObjects", "ListBucket"),
    ("s3", "ListObjectsV2", "ListBucket"),
    ("s3", "ListParts", "ListMultipartUploadParts"),
    ("s3", "PostObject", "PutObject"),
    ("s3", "PutBucketAccelerateConfiguration", "PutAccelerateConfiguration"),
    ("s3", "PutBucketAnalyticsConfiguration", "PutAnalyticsConfiguration"),
    ("s3", "PutBucketEncryption", "PutEncryptionConfiguration"),
    ("s3", "PutBucketIntelligentTieringConfiguration", "PutIntelligentTieringConfiguration"),
    ("s3", "PutBucketInventoryConfiguration", "PutInventoryConfiguration"),
    ("s3", "PutBucketLifecycle", "PutLifecycleConfiguration"),
    ("s3", "PutBucketLifecycleConfiguration", "PutLifecycleConfiguration"),
    ("s3", "PutBucketMetricsConfiguration", "PutMetricsConfiguration"),
    ("s3", "PutBucketNotificationConfiguration", "PutBucketNotification"),
    ("s3", "PutBucketReplication", "PutReplicationConfiguration"),
    ("s3", "PutObjectLockConfiguration", "PutBucketObjectLockConfiguration"),
    ("s3", "PutPublicAccessBlock", "PutBucketPublicAccessBlock"),
    ("s3", "SelectObjectContent", "GetObject"),
    ("s3", "UploadPart", "PutObject"),
    ("s3", "UploadPartCopy", "PutObject"),
    ("sns", "PublishBatch", "Publish"),
    ("sqs", "ChangeMessageVisibilityBatch", "ChangeMessageVisibility"),
    ("sqs", "DeleteMessageBatch", "DeleteMessage"),
    ("sqs", "SendMessageBatch", "SendMessage"),
    // IAM knows API Gateway's older calls by the verb of HTTP alone.
    ("apigateway", "GenerateClientCertificate", "POST"),
    ("apigateway", "ImportRestApi", "POST"),
    ("apigateway", "TagResource", "PUT"),
    ("apigateway", "UntagResource", "DELETE"),
];

const GATEWAY_VERBS: [(&str, &str); 5] =
    [("Get", "GET"), ("Create", "POST"), ("Update", "PATCH"), ("Put", "PUT"), ("Delete", "DELETE")];

/// The service as IAM writes it: `cloudwatch` of `monitoring.amazonaws.com`.
pub(super) fn service(source: &str) -> &str {
    let name = source.strip_suffix(".amazonaws.com.cn").or_else(|| source.strip_suffix(".amazonaws.com"));
    let name = name.unwrap_or(source);
    let known = PREFIXES.iter().find(|(recorded, _)| *recorded == name);
    // What ended in a blank before the suffix does not any more.
    known.map_or_else(|| name.split('.').next().unwrap_or(name).trim_end(), |(_, prefix)| prefix)
}

/// The action as IAM writes it, and how deep it reaches; `None` if it isn't known. `versioned`: whether the request
/// names a version of an object, which is another action.
pub(super) fn action(service: &str, name: &str, versioned: bool) -> Option<(String, AccessLevel)> {
    let alias =
        |name: &str| ALIASES.iter().find(|(of, called, _)| *of == service && *called == name).map(|found| found.2);
    let name = alias(name).or_else(|| alias(unversioned(name))).unwrap_or(name);
    if versioned
        && service == "s3"
        && let Some((verb, what)) = name.split_once("Object")
        && let Some(found) = known(service, &format!("{verb}ObjectVersion{what}"))
    {
        return Some(found);
    }
    known(service, name).or_else(|| known(service, unversioned(name))).or_else(|| {
        let verb = GATEWAY_VERBS.iter().find(|(start, _)| service == "apigateway" && name.starts_with(start))?;
        known(service, verb.1)
    })
}

/// As the table spells it.
fn known(service: &str, name: &str) -> Option<(String, AccessLevel)> {
    let is_word = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
    if !is_word(service) || !is_word(name) {
        return None;
    }
    actions::highest(&format!("{service}:{name}")).map(|(service, name, level)| (format!("{service}:{name}"), level))
}

/// A name without the version of its API: `GetFunction` of `GetFunction20150331v2`, `CreateDistribution` of
/// `CreateDistribution2020_05_31`. As it is if there is none.
fn unversioned(name: &str) -> &str {
    let without = |text: &'_ str, ends: fn(char) -> bool| text.trim_end_matches(ends).len();
    let is_digit: fn(char) -> bool = |c| c.is_ascii_digit();
    // A `v2` at the end counts only behind a date.
    let dated = name.get(..without(name, is_digit)).and_then(|rest| rest.strip_suffix('v')).unwrap_or(name);
    let Some(bare) = dated.get(..without(dated, |c| c.is_ascii_digit() || c == '_')) else { return name };
    let digits = dated.chars().skip(bare.chars().count()).filter(char::is_ascii_digit).count();
    if digits == 8 && !bare.is_empty() { bare } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_are_those_that_iam_knows() {
        for (source, name, wanted) in [
            ("s3.amazonaws.com", "ListObjectsV2", Some("s3:ListBucket")),
            ("s3.amazonaws.com", "HeadObject", Some("s3:GetObject")),
            ("s3.amazonaws.com", "GetBucketCors", Some("s3:GetBucketCORS")),
            ("s3.amazonaws.com", "GetBucketEncryption", Some("s3:GetEncryptionConfiguration")),
            ("s3.amazonaws.com", "UploadPart", Some("s3:PutObject")),
            ("lambda.amazonaws.com", "Invoke", Some("lambda:InvokeFunction")),
            ("lambda.amazonaws.com", "GetFunction20150331v2", Some("lambda:GetFunction")),
            ("lambda.amazonaws.com", "ListFunctions20150331", Some("lambda:ListFunctions")),
            ("cloudfront.amazonaws.com", "CreateDistribution2020_05_31", Some("cloudfront:CreateDistribution")),
            ("monitoring.amazonaws.com", "DescribeAlarms", Some("cloudwatch:DescribeAlarms")),
            ("email.amazonaws.com", "SendEmail", Some("ses:SendEmail")),
            ("tagging.amazonaws.com", "GetResources", Some("tag:GetResources")),
            ("streams.dynamodb.amazonaws.com", "GetRecords", Some("dynamodb:GetRecords")),
            ("elasticloadbalancing.amazonaws.com", "DescribeRules", Some("elasticloadbalancing:DescribeRules")),
            ("apigateway.amazonaws.com", "CreateRestApi", Some("apigateway:POST")),
            ("apigateway.amazonaws.com", "GetRestApis", Some("apigateway:GET")),
            ("states.amazonaws.com", "StartExecution", Some("states:StartExecution")),
            ("execute-api.amazonaws.com", "Invoke", Some("execute-api:Invoke")),
            ("dynamodb.amazonaws.com", "TransactWriteItems", None),
            ("signin.amazonaws.com", "ConsoleLogin", None),
            ("s3.amazonaws.com", "*", None),
            ("s3.amazonaws.com", "", None),
            ("*.amazonaws.com", "GetObject", None),
        ] {
            let service = service(source);
            let found = action(service, name, false).map(|(action, _)| action);
            assert_eq!(found.as_deref(), wanted, "{source} {name}");
        }
        assert_eq!(service("monitoring.amazonaws.com.cn"), "cloudwatch");
    }

    #[test]
    fn a_version_of_an_object_is_another_action() {
        for (name, wanted) in [
            ("GetObject", "s3:GetObjectVersion"),
            ("HeadObject", "s3:GetObjectVersion"),
            ("DeleteObject", "s3:DeleteObjectVersion"),
            ("GetObjectTagging", "s3:GetObjectVersionTagging"),
            ("CopyObject", "s3:PutObject"),
        ] {
            assert_eq!(action("s3", name, true).unwrap().0, wanted, "{name}");
        }
    }

    #[test]
    fn every_alias_is_an_action() {
        for (service, name, action) in ALIASES {
            assert!(known(service, action).is_some(), "{service}:{name} is said to be {action}");
        }
        for (_, prefix) in PREFIXES {
            assert!(actions::highest(&format!("{prefix}:*")).is_some(), "{prefix}");
        }
    }

    #[test]
    fn only_a_date_is_a_version() {
        assert_eq!(unversioned("PutObjectLockV2"), "PutObjectLockV2");
        assert_eq!(unversioned("ListObjectsV2"), "ListObjectsV2");
        assert_eq!(unversioned("GetFunction20150331"), "GetFunction");
        assert_eq!(unversioned("20150331"), "20150331");
        assert_eq!(unversioned("Describe2015"), "Describe2015");
    }
}
