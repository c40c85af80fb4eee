//! Rules about the transparency log's key and buckets.

use super::{Resource, Template};
use crate::Complaints;
use crate::yaml::Node;

/// What makes signatures, or lets others make them.
const SIGNING: [&str; 2] = ["kms:Sign", "kms:CreateGrant"];

/// The key `name` signs for the role `signer` and for nobody else, whatever IAM says, and is not deleted with its stack. The
/// signer is a role of the template, or a parameter with the ARN of one.
pub fn key(template: &Template, name: &str, signer: &str) -> Complaints {
    let Some(key) = template.resource(name) else { return vec![format!("there is no {name}")] };
    let mut complaints = kept(&key);
    if key.text(&["KeySpec"]) != Some("ECC_NIST_EDWARDS25519") || key.text(&["KeyUsage"]) != Some("SIGN_VERIFY") {
        complaints.push(format!("{name} is no key that signs as C2SP's notes are signed"));
    }
    let arn = format!("{signer}.Arn");
    let is_signer = |node: &Node| node.is("GetAtt", &arn) || node.is("Ref", signer);
    let statements = key.property(&["KeyPolicy", "Statement"]).map(Node::items).unwrap_or_default();
    let signs =
        |statement: &Node| actions(statement).iter().any(|action| SIGNING.contains(action) || action.contains('*'));
    let allowed: Vec<&Node> = statements.iter().filter(|one| is(one, "Allow") && signs(one)).collect();
    let ours = matches!(allowed.as_slice(), [only] if only.at(&["Principal", "AWS"]).is_some_and(is_signer));
    if !ours {
        complaints.push(format!("{name} does not sign for {signer} alone"));
    }
    let denied = statements.iter().any(|one| {
        let others = one.at(&["Condition", "ArnNotEquals", "aws:PrincipalArn"]);
        is(one, "Deny")
            && SIGNING.iter().all(|action| actions(one).contains(action))
            && one.get("Principal").is_some_and(|who| who.is("", "*"))
            && others.is_some_and(is_signer)
    });
    if !denied {
        complaints.push(format!("{name} does not refuse everybody but {signer}"));
    }
    complaints
}

/// The bucket `name` is private, versioned and encrypted, is reached by TLS only, and nothing in it is deleted or put over
/// without saying what.
pub fn bucket(template: &Template, name: &str) -> Complaints {
    let Some(bucket) = template.resource(name) else { return vec![format!("there is no {name}")] };
    let mut complaints = kept(&bucket);
    let mut demand = |holds: bool, what: &str| {
        if !holds {
            complaints.push(format!("{name} {what}"));
        }
    };
    demand(bucket.text(&["VersioningConfiguration", "Status"]) == Some("Enabled"), "has no versions");
    demand(bucket.property(&["BucketEncryption", "ServerSideEncryptionConfiguration"]).is_some(), "is not encrypted");
    let blocked = ["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"];
    let blocks = |what: &str| bucket.text(&["PublicAccessBlockConfiguration", what]) == Some("true");
    demand(blocked.into_iter().all(blocks), "can be made public");
    let policies = template.of_type("AWS::S3::BucketPolicy");
    let policy = policies.iter().find(|one| one.property(&["Bucket"]).is_some_and(|bucket| bucket.is("Ref", name)));
    let document = policy.and_then(|policy| policy.property(&["PolicyDocument", "Statement"]));
    let denies: Vec<&Node> =
        document.map(Node::items).unwrap_or_default().iter().filter(|one| is(one, "Deny")).collect();
    let for_all = |one: &Node| one.get("Principal").is_some_and(|who| who.is("", "*"));
    let has = |action: &str, condition: &[&str], value: &str| {
        denies.iter().any(|one| {
            let met = match condition {
                [] => one.get("Condition").is_none(),
                keys => one.get("Condition").and_then(|all| all.at(keys)).is_some_and(|node| node.is("", value)),
            };
            for_all(one) && actions(one).contains(&action) && met
        })
    };
    demand(has("s3:*", &["Bool", "aws:SecureTransport"], "false"), "is reached without TLS");
    demand(has("s3:DeleteObjectVersion", &[], "") && has("s3:DeleteObject", &[], ""), "can be emptied");
    demand(has("s3:PutObject", &["Null", "s3:if-none-match"], "true"), "can be put over");
    complaints
}

/// Nobody, root included, takes anything out of the bucket `name` before its time.
pub fn locked(template: &Template, name: &str) -> Complaints {
    let Some(bucket) = template.resource(name) else { return vec![format!("there is no {name}")] };
    let rule = ["ObjectLockConfiguration", "Rule", "DefaultRetention"];
    let mode = bucket.property(&rule).and_then(|rule| rule.text_at(&["Mode"]));
    let days = bucket.property(&rule).and_then(|rule| rule.get("Days"));
    let locked = bucket.text(&["ObjectLockEnabled"]) == Some("true") && mode == Some("COMPLIANCE") && days.is_some();
    if locked { Vec::new() } else { vec![format!("{name} is not locked")] }
}

/// What goes with its stack is lost.
fn kept(resource: &Resource<'_>) -> Complaints {
    let goes = |policy: &&str| resource.node.text_at(&[*policy]) != Some("Retain");
    let goes = ["DeletionPolicy", "UpdateReplacePolicy"].into_iter().filter(goes);
    goes.map(|policy| format!("{} goes with its stack, by {policy}", resource.name)).collect()
}

fn is(statement: &Node, effect: &str) -> bool {
    statement.get("Effect").is_some_and(|node| node.is("", effect))
}

fn actions(statement: &Node) -> Vec<&str> {
    statement.get("Action").map(Node::items).unwrap_or_default().iter().filter_map(Node::text).collect()
}
