//! Rules about what is kept.

use super::Template;
use crate::Complaints;
use crate::yaml::Node;

/// The table can be brought back, is not deleted by accident, is encrypted with a key whose use is on record, and tells
/// the outbox what was written.
pub fn table(template: &Template) -> Complaints {
    let tables = template.of_type("AWS::DynamoDB::Table");
    let [table] = tables.as_slice() else { return vec!["there has to be one table".to_owned()] };
    let mut complaints = Vec::new();
    let mut demand = |holds: bool, what: &str| {
        if !holds {
            complaints.push(format!("the table {what}"));
        }
    };
    let is = |keys: &[&str], text: &str| table.property(keys).is_some_and(|node| node.is("", text));
    demand(
        is(&["PointInTimeRecoverySpecification", "PointInTimeRecoveryEnabled"], "true"),
        "can't be brought back to a point in time",
    );
    let protected = table.property(&["DeletionProtectionEnabled"]);
    let switch = protected.is_some_and(|node| {
        let [condition, yes, no] = node.items() else { return node.is("", "true") };
        node.tag.as_deref() == Some("If")
            && condition.is("", "ProtectTable")
            && yes.is("", "true")
            && no.is("", "false")
    });
    demand(switch, "can be deleted");
    let default = template.root.text_at(&["Parameters", "DeletionProtection", "Default"]);
    demand(default == Some("true"), "can be deleted unless somebody says otherwise");
    for policy in ["DeletionPolicy", "UpdateReplacePolicy"] {
        demand(table.node.text_at(&[policy]) == Some("Retain"), "goes with the stack");
    }
    demand(
        is(&["SSESpecification", "SSEEnabled"], "true") && is(&["SSESpecification", "SSEType"], "KMS"),
        "is not encrypted with a KMS key",
    );
    demand(is(&["StreamSpecification", "StreamViewType"], "NEW_IMAGE"), "has no stream of new images");
    demand(is(&["BillingMode"], "PAY_PER_REQUEST"), "has a fixed capacity");
    complaints
}

/// Logs are kept for as long as the operator says: each log group has a retention, and each function logs into one.
pub fn log_retention(template: &Template) -> Complaints {
    let groups = template.of_type("AWS::Logs::LogGroup");
    let mut complaints: Complaints = groups
        .iter()
        .filter(|group| group.property(&["RetentionInDays"]).is_none())
        .map(|group| format!("{} keeps logs for ever", group.name))
        .collect();
    for function in template.functions() {
        let group = template.setting(&function, &["LoggingConfig", "LogGroup"]).and_then(Node::text);
        if !groups.iter().any(|known| Some(known.name) == group) {
            complaints.push(format!("{} logs into a group that is not in the template", function.name));
        }
    }
    complaints
}
