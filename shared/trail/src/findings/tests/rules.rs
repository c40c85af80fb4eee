//! One test per rule: calls that it finds, and calls like them that it doesn't.

use super::*;

type Found = Vec<(String, Severity, String)>;

/// All that `judged` finds by one rule: severities and subjects.
#[track_caller]
fn check(judged: &Judged, rule: &str, calls: &[Entry], expected: &[(Severity, &str)]) {
    let found: Found = judged.found(calls).into_iter().filter(|(code, ..)| code == rule).collect();
    let found: Vec<(Severity, &str)> =
        found.iter().map(|(_, severity, subject)| (*severity, subject.as_str())).collect();
    assert_eq!(found, expected, "{rule}");
}

#[track_caller]
fn one(judged: &Judged, rule: &str, call: Entry, severity: Severity, subject: &str) {
    check(judged, rule, &[call], &[(severity, subject)]);
}

#[track_caller]
fn none(judged: &Judged, rule: &str, call: Entry) {
    check(judged, rule, &[call], &[]);
}

use Severity::{Critical, High, Low, Medium};

#[test]
fn what_was_granted_is_not_odd() {
    let mut judged = Judged::usual();
    judged.grant.source_ips = texts(&["203.0.113.0/24"]);
    judged.services = Some(set(&["s3"]));
    judged.addresses = Some(set(&["203.0.113.7"]));
    assert_eq!(judged.found(&many(100, |i| entry(i * 30))), []);
}

#[test]
fn outside_actions() {
    let judged = Judged::usual();
    let rule = "outside_actions";
    one(&judged, rule, calling(1, "ec2:RunInstances"), High, "ec2:RunInstances");
    one(&judged, rule, denied(calling(1, "ec2:RunInstances")), Low, "ec2:RunInstances");
    one(&judged, rule, denied(calling(1, "iam:AttachRolePolicy")), Medium, "iam:AttachRolePolicy");
    none(&judged, rule, calling(1, "s3:GetBucketLocation"));
    none(&judged, rule, calling(1, "sts:GetCallerIdentity"));
    none(&judged, rule, with(calling(1, "ec2:RunInstances"), |entry| entry.call.action = None));
    none(&judged, rule, with(calling(1, "sts:AssumeRole"), |entry| entry.rule = Rule::Opening));
    none(&judged, rule, with(calling(1, "x:delete"), |entry| entry.call.category = Category::Kubernetes));
    // A page of the console asks for all it could show.
    let page = |entry: &mut Entry| (entry.call.caller.console, entry.call.read_only) = (true, true);
    none(&judged, rule, denied(with(calling(1, "ec2:DescribeHosts"), page)));
    one(&judged, rule, with(calling(1, "ec2:DescribeHosts"), page), High, "ec2:DescribeHosts");
    // A service uses a key of its own for the caller.
    let behalf = |entry: &mut Entry| entry.call.caller.invoked_by = "dynamodb.amazonaws.com".to_owned();
    none(&judged, rule, with(calling(1, "kms:GenerateDataKey"), behalf));
    one(&judged, rule, with(calling(1, "ec2:RunInstances"), behalf), High, "ec2:RunInstances");
}

#[test]
fn outside_resources() {
    let mut judged = Judged::usual();
    let rule = "outside_resources";
    let on = |resources: &[&str]| {
        let resources = texts(resources);
        with(entry(1), |entry| entry.call.resources = resources)
    };
    let other = "arn:aws:s3:::other/1";
    one(&judged, rule, on(&[other, "arn:aws:s3:::other"]), Medium, "arn:aws:s3:::other");
    one(&judged, rule, with(on(&[other]), |entry| entry.call.read_only = false), High, other);
    one(&judged, rule, on(&["arn:aws:s3:::orders-2"]), Medium, "arn:aws:s3:::orders-2");
    none(&judged, rule, on(&["arn:aws:s3:::orders"]));
    none(&judged, rule, on(&[other, "arn:aws:s3:::orders/2"]));
    none(&judged, rule, on(&[other, "not an ARN"]));
    none(&judged, rule, on(&[]));
    none(&judged, rule, denied(on(&[other])));
    none(&judged, rule, with(on(&[other]), |entry| entry.call.incomplete = true));
    none(&judged, rule, with(on(&[other]), |entry| entry.call.action = Some("ec2:RunInstances".to_owned())));
    none(&judged, rule, with(on(&["arn:aws:iam::111111111111:user/alice"]), |_| {}));
    judged.grant.resources = texts(&["arn:aws:secretsmanager:us-east-1:111111111111:secret:db-AbCdEf"]);
    none(&judged, rule, on(&["arn:aws:secretsmanager:us-east-1:111111111111:secret:db"]));
    let foreign = "arn:aws:secretsmanager:us-east-1:111111111111:secret:d";
    one(&judged, rule, on(&[foreign]), Medium, foreign);
}

#[test]
fn many_denied() {
    let judged = Judged::usual();
    let refused = |n| many(n, |i| denied(entry(i * 60)));
    check(&judged, "many_denied", &refused(25), &[(Medium, "denied")]);
    check(&judged, "many_denied", &refused(24), &[]);
    check(&judged, "many_denied", &many(100, |i| with(entry(i), |e| e.call.error = Some("NoSuchKey".to_owned()))), &[]);
    check(&judged, "many_denied", &many(100, |i| denied(with(entry(i), |e| e.call.caller.console = true))), &[]);
}

#[test]
fn permission_change() {
    let mut judged = Judged::usual();
    let rule = "permission_change";
    one(&judged, rule, calling(1, "iam:AttachRolePolicy"), High, "iam:AttachRolePolicy");
    judged.grant.permissions = texts(&["iam:*"]);
    one(&judged, rule, calling(1, "iam:AttachRolePolicy"), High, "iam:AttachRolePolicy");
    judged.grant.permissions = texts(&["iam:attachRolePolicy"]);
    one(&judged, rule, calling(1, "iam:AttachRolePolicy"), Medium, "iam:AttachRolePolicy");
    none(&judged, rule, denied(calling(1, "iam:AttachRolePolicy")));
    none(&judged, rule, calling(1, "iam:ListRoles"));
}

#[test]
fn logging_disabled() {
    let judged = Judged::usual();
    let rule = "logging_disabled";
    one(&judged, rule, calling(1, "cloudtrail:StopLogging"), Critical, "cloudtrail:StopLogging");
    one(&judged, rule, calling(1, "cloudtrail:PutEventSelectors"), High, "cloudtrail:PutEventSelectors");
    one(&judged, rule, denied(calling(1, "cloudtrail:StopLogging")), Medium, "cloudtrail:StopLogging");
    none(&judged, rule, calling(1, "cloudtrail:LookupEvents"));
    none(&judged, rule, calling(1, "cloudtrail:StartLogging"));
}

#[test]
fn new_credentials() {
    let judged = Judged::usual();
    let rule = "new_credentials";
    one(&judged, rule, calling(1, "iam:CreateLoginProfile"), High, "iam:CreateLoginProfile");
    one(&judged, rule, calling(1, "iam:CreateAccessKey"), Medium, "iam:CreateAccessKey");
    none(&judged, rule, denied(calling(1, "iam:CreateLoginProfile")));
    none(&judged, rule, calling(1, "iam:DeleteAccessKey"));
}

#[test]
fn new_trust() {
    let judged = Judged::usual();
    let rule = "new_trust";
    one(&judged, rule, calling(1, "s3:PutBucketPolicy"), High, "s3:PutBucketPolicy");
    one(&judged, rule, calling(1, "kms:CreateGrant"), High, "kms:CreateGrant");
    let behalf = |entry: &mut Entry| entry.call.caller.invoked_by = "ec2.amazonaws.com".to_owned();
    none(&judged, rule, with(calling(1, "kms:CreateGrant"), behalf));
    none(&judged, rule, denied(calling(1, "s3:PutBucketPolicy")));
    none(&judged, rule, calling(1, "s3:GetBucketPolicy"));
}

#[test]
fn new_address() {
    let mut judged = Judged::usual();
    let rule = "new_address";
    none(&judged, rule, entry(1));
    judged.addresses = Some(set(&["198.51.100.1", "2001:db8:1:2:aaaa::1"]));
    let from = |address: &str| with(entry(1), |entry| address.clone_into(&mut entry.call.address));
    one(&judged, rule, from("203.0.113.7"), Medium, "203.0.113.7");
    one(&judged, rule, denied(from("203.0.113.7")), Medium, "203.0.113.7");
    one(&judged, rule, from("2001:db8:9::1"), Medium, "2001:db8:9::/64");
    for known in ["198.51.100.1", "2001:db8:1:2:bbbb::2", "s3.amazonaws.com", "AWS Internal", "10.0.0.9"] {
        none(&judged, rule, from(known));
    }
    none(&judged, rule, with(entry(1), |entry| entry.call.caller.invoked_by = "athena.amazonaws.com".to_owned()));
    let opened_by = |role: &str| {
        with(calling(1, "sts:AssumeRole"), |entry| {
            entry.rule = Rule::Opening;
            role.clone_into(&mut entry.call.caller.issuer_arn);
        })
    };
    none(&judged, rule, opened_by("arn:aws:iam::999999999999:role/countersign-requests"));
    one(&judged, rule, opened_by("arn:aws:iam::111111111111:role/alice"), Medium, "203.0.113.7");
}

#[test]
fn two_addresses() {
    let judged = Judged::usual();
    let rule = "two_addresses";
    let from = |seconds: i64, address: &str| with(entry(seconds), |entry| address.clone_into(&mut entry.call.address));
    let check = |calls: &[Entry], expected: &[(Severity, &str)]| check(&judged, rule, calls, expected);
    let both = "198.51.100.1 + 203.0.113.7";
    check(&[entry(1), from(301, "198.51.100.1")], &[(High, both)]);
    check(&[entry(1), from(302, "198.51.100.1")], &[]);
    // To and fro, never within five minutes: somebody travels.
    check(&[entry(0), from(1_000, "198.51.100.1"), entry(2_000)], &[]);
    // In the middle of work.
    check(&[entry(0), entry(280), entry(560), from(420, "198.51.100.1")], &[(High, both)]);
    // One machine has an address of each family, and takes a new one within its network whenever it likes.
    check(&[entry(0), from(1, "2001:db8::1"), from(2, "2001:db8::2")], &[]);
    check(&[from(1, "2001:db8::1"), from(2, "2001:db8:0:1::2")], &[(High, "2001:db8:0:1::/64 + 2001:db8::/64")]);
    for nobody in ["lambda.amazonaws.com", "AWS Internal", "10.0.0.9"] {
        check(&[entry(0), from(1, nobody)], &[]);
    }
    check(&[entry(0), with(from(1, "198.51.100.1"), |entry| entry.rule = Rule::Opening)], &[]);
    let service = |entry: &mut Entry| entry.call.caller.invoked_by = "athena.amazonaws.com".to_owned();
    check(&[entry(0), with(from(1, "198.51.100.1"), service)], &[]);
}

#[test]
fn outside_source_ips() {
    let mut judged = Judged::usual();
    let rule = "outside_source_ips";
    none(&judged, rule, entry(1));
    judged.grant.source_ips = texts(&["198.51.100.0/24", "2001:db8::/32"]);
    one(&judged, rule, entry(1), High, "203.0.113.7");
    let from = |address: &str| with(entry(1), |entry| address.clone_into(&mut entry.call.address));
    // A VPC endpoint hides the address, which the grant denies.
    one(&judged, rule, from("10.0.0.9"), High, "10.0.0.9");
    for inside in ["198.51.100.200", "2001:db8:7::7", "athena.amazonaws.com"] {
        none(&judged, rule, from(inside));
    }
    none(&judged, rule, denied(entry(1)));
    none(&judged, rule, calling(1, "sts:GetCallerIdentity"));
    none(&judged, rule, with(calling(1, "sts:AssumeRole"), |entry| entry.rule = Rule::Opening));
    none(&judged, rule, with(entry(1), |entry| entry.call.caller.invoked_by = "athena.amazonaws.com".to_owned()));
}

#[test]
fn after_end() {
    let judged = Judged::usual();
    let rule = "after_end";
    one(&judged, rule, entry(3_700), Critical, "s3:GetObject");
    one(&judged, rule, entry(3_605), High, "s3:GetObject");
    check(&judged, rule, &[entry(3_605), entry(3_606)], &[(Critical, "s3:GetObject")]);
    one(&judged, rule, denied(entry(3_700)), Medium, "refused");
    one(&judged, rule, calling(3_700, "sts:GetCallerIdentity"), Medium, "refused");
    let opened = with(calling(3_700, "sts:AssumeRole"), |entry| entry.rule = Rule::Opening);
    one(&judged, rule, opened, Critical, "sts:AssumeRole");
    none(&judged, rule, entry(3_599));
    none(&judged, rule, with(entry(-30), |entry| entry.when = When::JustBefore));
}

#[test]
fn chained_session() {
    let judged = Judged::usual();
    let rule = "chained_session";
    let deploy = "arn:aws:iam::222222222222:role/deploy";
    let chained = with(entry(1), |entry| {
        entry.chained = true;
        deploy.clone_into(&mut entry.call.caller.issuer_arn);
    });
    one(&judged, rule, chained, Medium, deploy);
    none(&judged, rule, entry(1));
}

#[test]
fn first_service() {
    let mut judged = Judged::usual();
    let rule = "first_service";
    none(&judged, rule, entry(1));
    judged.services = Some(set(&["ec2"]));
    one(&judged, rule, entry(1), Low, "s3");
    none(&judged, rule, calling(1, "ec2:RunInstances"));
    none(&judged, rule, denied(entry(1)));
    none(&judged, rule, calling(1, "sts:GetCallerIdentity"));
    none(&judged, rule, with(entry(1), |entry| entry.call.caller.invoked_by = "athena.amazonaws.com".to_owned()));
    none(&judged, rule, with(calling(1, "sts:AssumeRole"), |entry| entry.rule = Rule::Opening));
}

#[test]
fn bulk_read() {
    let judged = Judged::usual();
    let rule = "bulk_read";
    let check = |calls: &[Entry], expected: &[(Severity, &str)]| check(&judged, rule, calls, expected);
    check(&many(500, entry), &[(Medium, "reads")]);
    check(&many(499, entry), &[]);
    check(&many(600, |i| entry(i * 3)), &[]);
    check(&many(600, |i| denied(entry(i))), &[]);
    check(&many(600, |i| with(entry(i), |entry| entry.call.action = Some("s3:ListBucket".to_owned()))), &[]);
    check(&many(600, |i| with(entry(i), |entry| entry.call.category = Category::Management)), &[]);
    let secret = |i: i64| {
        let mut entry = calling(i * 100, "secretsmanager:GetSecretValue");
        entry.call.resources = vec![format!("arn:aws:secretsmanager:us-east-1:111111111111:secret:{i}-AbCdEf")];
        entry
    };
    check(&many(20, secret), &[(High, "secrets")]);
    check(&many(19, secret), &[]);
    check(&many(30, |i| secret(i % 3)), &[]);
    check(&many(30, |i| denied(secret(i))), &[]);
}

#[test]
fn mass_deletion() {
    let judged = Judged::usual();
    let rule = "mass_deletion";
    let check = |calls: &[Entry], expected: &[(Severity, &str)]| check(&judged, rule, calls, expected);
    let delete = |i| calling(i, "dynamodb:DeleteItem");
    check(&many(50, delete), &[(High, "deletions")]);
    check(&many(49, delete), &[]);
    check(&many(50, |i| delete(i * 60)), &[]);
    check(&many(80, |i| denied(delete(i))), &[]);
    check(&many(80, |i| calling(i, "s3:PutObject")), &[]);
}
