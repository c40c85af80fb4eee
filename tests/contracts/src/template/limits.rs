//! Rules that hold in every template: who is let in, what is allowed at large, and what rings.

use super::{Resource, Template};
use crate::Complaints;
use crate::yaml::Node;

/// A service that says for whom it acts when it calls, by its name.
const BOUND_BY_ACCOUNT: [&str; 2] = ["logs.amazonaws.com", "s3.amazonaws.com"];

/// Lambda gives no source when it enters an execution role, and takes roles of the function's own account only.
const UNBOUND: &str = "lambda.amazonaws.com";

fn is(statement: &Node, effect: &str) -> bool {
    statement.get("Effect").is_some_and(|node| node.is("", effect))
}

fn statements(node: &Node) -> Vec<&Node> {
    node.walk().into_iter().filter(|node| node.get("Effect").is_some()).collect()
}

fn named<'a>(resource: &Resource<'a>, statement: &'a Node) -> String {
    format!("{}: {}", resource.name, statement.text_at(&["Sid"]).unwrap_or("a statement"))
}

/// What a role may do is written out: no action of an Allow has a wildcard, and none says what is not allowed.
pub fn actions_are_named(template: &Template) -> Complaints {
    let mut complaints = Vec::new();
    for role in template.of_type("AWS::IAM::Role") {
        let policies = role.property(&["Policies"]).into_iter().flat_map(statements);
        for statement in policies.filter(|statement| is(statement, "Allow")) {
            let actions = statement.get("Action").map(Node::items).unwrap_or_default();
            if actions.is_empty() || statement.get("NotAction").is_some() {
                complaints.push(format!("{} names no actions", named(&role, statement)));
            }
            if actions.iter().any(|action| action.text().is_none_or(|action| action.contains(['*', '?']))) {
                complaints.push(format!("{} allows actions at large", named(&role, statement)));
            }
        }
    }
    complaints
}

/// No Allow is for everybody, or for everybody but some.
pub fn nobody_is_everybody(template: &Template) -> Complaints {
    let mut complaints = Vec::new();
    for statement in statements(&template.root).into_iter().filter(|statement| is(statement, "Allow")) {
        let everybody = |node: &&Node| node.text() == Some("*");
        let let_in = statement.get("Principal").map(Node::walk).unwrap_or_default();
        if statement.get("NotPrincipal").is_some() || let_in.iter().any(everybody) {
            complaints.push(format!("line {}: everybody is let in", statement.line));
        }
    }
    complaints
}

/// A service that is let in is let in for one source: a permission of a function, a role's trust, a queue's policy.
pub fn services_have_a_source(template: &Template) -> Complaints {
    let mut complaints = Vec::new();
    for permission in template.of_type("AWS::Lambda::Permission") {
        let service = permission.text(&["Principal"]).unwrap_or_default();
        let account = permission.property(&["SourceAccount"]).is_some_and(|node| node.is("Ref", "AWS::AccountId"));
        if permission.property(&["SourceArn"]).is_none() {
            complaints.push(format!("{} is for {service} at large", permission.name));
        }
        // Their ARNs hold no account, or may be anybody's.
        if BOUND_BY_ACCOUNT.contains(&service) && !account {
            complaints.push(format!("{} is for {service} of any account", permission.name));
        }
    }
    for statement in statements(&template.root).into_iter().filter(|statement| is(statement, "Allow")) {
        let Some(service) = statement.text_at(&["Principal", "Service"]) else { continue };
        let conditions = statement.get("Condition").map(Node::entries).unwrap_or_default();
        let asks = |key: &str| conditions.iter().any(|(_, block)| block.get(key).is_some());
        if service != UNBOUND && !asks("aws:SourceArn") {
            complaints.push(format!("line {}: {service} is let in for anybody", statement.line));
        }
    }
    complaints
}

/// Every role that grants are cut from carries the boundary.
pub fn base_roles_are_bounded(template: &Template) -> Complaints {
    let roles = template.of_type("AWS::IAM::Role").into_iter();
    let base = roles.filter(|role| role.text(&["Path"]) == Some("/countersign-base/"));
    base.filter(|role| !role.property(&["PermissionsBoundary"]).is_some_and(|limit| limit.is("Ref", "Boundary")))
        .map(|role| format!("{} is not bounded", role.name))
        .collect()
}

/// Who reads a stream says which records failed, so that the others are not read again. Of `hints`, functions whose records
/// are not what they work by, nothing is demanded.
pub fn streams_report_failures(template: &Template, hints: &[&str]) -> Complaints {
    let mut complaints = Vec::new();
    let mut unused: Vec<&str> = hints.to_vec();
    for function in template.functions() {
        for (name, event) in function.property(&["Events"]).map(Node::entries).unwrap_or_default() {
            if !["DynamoDB", "Kinesis", "SQS"].iter().any(|kind| event.text_at(&["Type"]) == Some(kind)) {
                continue;
            }
            let types = event.at(&["Properties", "FunctionResponseTypes"]).map(Node::items).unwrap_or_default();
            let reports = types.iter().any(|kind| kind.is("", "ReportBatchItemFailures"));
            let hint = function.binary().is_some_and(|binary| hints.contains(&binary));
            if reports == hint {
                complaints.push(format!("{}.{name} reports failures: {reports}", function.name));
            }
            unused.retain(|one| Some(*one) != function.binary());
        }
    }
    complaints.extend(unused.iter().map(|one| format!("{one} reads no stream")));
    complaints
}

/// Every alarm tells somebody, when it rings and when it is over.
pub fn alarms_tell_somebody(template: &Template) -> Complaints {
    let alarms = template.of_type("AWS::CloudWatch::Alarm");
    let tells = |alarm: &Resource<'_>, when: &str| {
        alarm.property(&[when]).is_some_and(|node| node.walk().iter().any(|node| node.is("Ref", "AlarmTopicArn")))
    };
    let silent = alarms.iter().filter(|alarm| !tells(alarm, "AlarmActions") || !tells(alarm, "OKActions"));
    silent.map(|alarm| format!("{} tells nobody", alarm.name)).collect()
}

/// What waits in a queue waits as long as SQS keeps it, encrypted, and rings.
pub fn queues_ring(template: &Template) -> Complaints {
    let alarms = template.of_type("AWS::CloudWatch::Alarm");
    let mut complaints = Vec::new();
    for queue in template.of_type("AWS::SQS::Queue") {
        let name = format!("{}.QueueName", queue.name);
        let watches = |alarm: &Resource<'_>| {
            alarm.text(&["MetricName"]) == Some("ApproximateNumberOfMessagesVisible")
                && alarm.node.walk().iter().any(|node| node.is("GetAtt", &name))
        };
        if !alarms.iter().any(watches) {
            complaints.push(format!("nothing rings for {}", queue.name));
        }
        if queue.text(&["MessageRetentionPeriod"]) != Some("1209600") {
            complaints.push(format!("{} forgets before its time", queue.name));
        }
        if queue.text(&["SqsManagedSseEnabled"]) != Some("true") {
            complaints.push(format!("{} is not encrypted", queue.name));
        }
    }
    complaints
}

/// Every bucket keeps the rules of a bucket, and every key and table stays when its stack goes.
pub fn everything_stays(template: &Template) -> Complaints {
    let buckets = template.of_type("AWS::S3::Bucket");
    let mut complaints: Complaints =
        buckets.iter().flat_map(|bucket| super::log::bucket(template, bucket.name)).collect();
    for kind in ["AWS::DynamoDB::Table", "AWS::KMS::Key", "AWS::S3::Bucket", "AWS::SecretsManager::Secret"] {
        for resource in template.of_type(kind) {
            let stays = |policy: &str| resource.node.text_at(&[policy]) == Some("Retain");
            if !["DeletionPolicy", "UpdateReplacePolicy"].into_iter().all(stays) {
                complaints.push(format!("{} goes with the stack", resource.name));
            }
        }
    }
    complaints
}
