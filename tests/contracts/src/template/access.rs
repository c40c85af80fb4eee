//! Rules about who may do what.

use super::{Resource, Template};
use crate::Complaints;
use crate::yaml::Node;

/// `/v1` is signed, only `/slack` is not; and each route, and nothing else, may call its function.
pub fn routes(template: &Template) -> Complaints {
    let mut complaints = Vec::new();
    let routes = template.of_type("AWS::ApiGatewayV2::Route");
    let mut permissions: Vec<(Resource<'_>, &str)> = template
        .of_type("AWS::Lambda::Permission")
        .into_iter()
        .filter(|permission| permission.text(&["Principal"]) == Some("apigateway.amazonaws.com"))
        .map(|permission| (permission, permission.text(&["SourceArn"]).unwrap_or_default()))
        .collect();
    if routes.is_empty() {
        complaints.push("there is no route".to_owned());
    }
    for route in routes {
        let key = route.text(&["RouteKey"]).unwrap_or_default();
        let Some((method, path)) = key.split_once(' ') else {
            complaints.push(format!("{} has no method and path", route.name));
            continue;
        };
        let needed = match path {
            path if path.starts_with("/v1/") => "AWS_IAM",
            path if path.starts_with("/slack/") => "NONE",
            _ => {
                complaints.push(format!("{key} is neither below /v1 nor below /slack"));
                continue;
            }
        };
        if !route.property(&["AuthorizationType"]).is_some_and(|kind| kind.is("", needed)) {
            complaints.push(format!("{key} has to be {needed}"));
        }
        let Some(function) = function_of(template, &route) else {
            complaints.push(format!("{key} leads to no function"));
            continue;
        };
        // A part of the path that varies is `*` in the address that a call is authorised by.
        let pattern: Vec<&str> = path.split('/').map(|part| if part.starts_with('{') { "*" } else { part }).collect();
        let arn = format!(
            "arn:${{AWS::Partition}}:execute-api:${{AWS::Region}}:${{AWS::AccountId}}:${{Api}}/$default/{method}{}",
            pattern.join("/"),
        );
        let fits = |(permission, source): &(Resource<'_>, &str)| {
            *source == arn && permission.text(&["FunctionName"]) == Some(function)
        };
        match permissions.iter().position(fits) {
            Some(index) => drop(permissions.remove(index)),
            None => complaints.push(format!("{key} may not call {function}")),
        }
    }
    complaints
        .extend(permissions.iter().map(|(permission, _)| format!("{} lets in what is no route", permission.name)));
    complaints
}

fn function_of<'a>(template: &'a Template, route: &Resource<'a>) -> Option<&'a str> {
    let name = route.text(&["Target"])?.strip_prefix("integrations/${")?.strip_suffix('}')?;
    template.resource(name)?.text(&["IntegrationUri"])?.strip_suffix(".Arn")
}

/// Whatever a rule calls, it may call.
pub fn rule_permissions(template: &Template) -> Complaints {
    let permissions = template.of_type("AWS::Lambda::Permission");
    let mut complaints = Vec::new();
    for rule in template.of_type("AWS::Events::Rule") {
        let arn = format!("{}.Arn", rule.name);
        for target in rule.property(&["Targets"]).map(Node::items).unwrap_or_default() {
            let function = target.text_at(&["Arn"]).and_then(|arn| arn.strip_suffix(".Arn")).unwrap_or_default();
            let allowed = permissions.iter().any(|permission| {
                permission.text(&["FunctionName"]) == Some(function)
                    && permission.text(&["Principal"]) == Some("events.amazonaws.com")
                    && permission.text(&["SourceArn"]) == Some(&arn)
            });
            if !allowed {
                complaints.push(format!("{} may not call {function}", rule.name));
            }
        }
    }
    complaints
}

/// Every function has a role that is written out here, used by it alone, and sealed.
pub fn own_roles(template: &Template) -> Complaints {
    let mut complaints = Vec::new();
    let mut used: Vec<&str> = Vec::new();
    for function in template.functions() {
        if template.setting(&function, &["Policies"]).is_some() {
            complaints.push(format!("{} has a policy template; write its statements out", function.name));
        }
        let role = function.text(&["Role"]).and_then(|arn| arn.strip_suffix(".Arn"));
        let Some(role) = role.and_then(|name| template.resource(name)) else {
            complaints.push(format!("{} has no role of its own", function.name));
            continue;
        };
        if used.contains(&role.name) {
            complaints.push(format!("{} shares {}", function.name, role.name));
        }
        used.push(role.name);
        let attached = role.property(&["ManagedPolicyArns"]).map(Node::items).unwrap_or_default();
        if !matches!(attached, [only] if only.is("Ref", "Seal")) {
            complaints.push(format!("{} carries something else than the seal", role.name));
        }
    }
    complaints
}

/// What is in the table is put anew, never updated or deleted: the seal denies it, and no statement allows it. Who erases
/// words needs it, so no function can.
pub fn append_only(template: &Template) -> Complaints {
    let mut complaints = Vec::new();
    let effect =
        |wanted: &'static str| move |node: &&Node| node.get("Effect").is_some_and(|effect| effect.is("", wanted));
    let denied: Vec<&Node> = template.root.walk().into_iter().filter(effect("Deny")).collect();
    let roles = template.functions().into_iter().filter_map(|function| {
        let role = function.text(&["Role"]).and_then(|arn| arn.strip_suffix(".Arn"))?;
        template.resource(role)?.property(&["Policies"])
    });
    let allowed: Vec<&Node> = roles.flat_map(Node::walk).filter(effect("Allow")).collect();
    let names = |statement: &&Node, action: &str| {
        let actions = statement.get("Action").map(Node::items).unwrap_or_default();
        actions.iter().any(|named| named.text() == Some(action))
            || statement.get("Action").is_some_and(|named| named.text() == Some(action))
    };
    for action in ["dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem"] {
        let sealed = |statement: &&Node| {
            statement.text_at(&["Sid"]) == Some("RecordIsAppendOnly")
                && statement.text_at(&["Resource"]) == Some("*")
                && names(statement, action)
        };
        if !denied.iter().any(sealed) {
            complaints.push(format!("the seal does not deny {action}"));
        }
        for statement in allowed.iter().filter(|statement| names(statement, action)) {
            complaints.push(format!("line {}: {action} is allowed", statement.line));
        }
    }
    complaints
}

/// Every Allow on `*` says in a comment above it why there is no narrower form. A Deny is strictest on `*`.
pub fn stars_are_explained(template: &Template) -> Complaints {
    let mut complaints = Vec::new();
    let statements = template.root.walk().into_iter().filter(|node| node.get("Effect").is_some());
    for statement in statements {
        let allows = statement.get("Effect").is_some_and(|effect| effect.is("", "Allow"));
        let star = |node: &Node| node.items().iter().any(|item| item.text() == Some("*"));
        let wide = statement.get("Resource").is_some_and(star) || statement.get("NotResource").is_some();
        if allows && wide && !template.line_before(statement.line).trim_start().starts_with('#') {
            let sid = statement.text_at(&["Sid"]).unwrap_or("a statement");
            complaints.push(format!("line {}: {sid} allows on every resource and doesn't say why", statement.line));
        }
    }
    complaints
}

/// The schedules' role serves the schedules of our own group in our own account, and only those.
pub fn schedule_trust(template: &Template) -> Complaints {
    let Some(role) = template.resource("ScheduleRole") else { return vec!["there is no ScheduleRole".to_owned()] };
    let group = template.resource("ScheduleGroup").and_then(|group| group.text(&["Name"])).unwrap_or_default();
    let statements = role.property(&["AssumeRolePolicyDocument", "Statement"]).map(Node::items).unwrap_or_default();
    let [statement] = statements else {
        return vec!["ScheduleRole trusts by something else than one statement".to_owned()];
    };
    let mut complaints = Vec::new();
    let only = |key: &str| statement.at(&["Condition", "StringEquals", key]);
    if !statement.at(&["Principal", "Service"]).is_some_and(|service| service.is("", "scheduler.amazonaws.com")) {
        complaints.push("ScheduleRole trusts something else than EventBridge Scheduler".to_owned());
    }
    if !only("aws:SourceAccount").is_some_and(|account| account.is("Ref", "AWS::AccountId")) {
        complaints.push("ScheduleRole trusts other accounts".to_owned());
    }
    let arn = format!("arn:${{AWS::Partition}}:scheduler:${{AWS::Region}}:${{AWS::AccountId}}:schedule-group/{group}");
    if group.is_empty() || !only("aws:SourceArn").is_some_and(|source| source.is("Sub", &arn)) {
        complaints.push("ScheduleRole trusts schedules of other groups".to_owned());
    }
    complaints
}

/// The functions that change requests. Everybody else reads them at most.
/// `Activity` puts into the record what it found, and ends a grant of whose entitlement that is demanded.
const WRITERS: [&str; 8] =
    ["Conversation", "Intake", "Approval", "Credentials", "Grant", "Revocation", "Reconciliation", "Activity"];

/// The functions that ask policy.
const JUDGES: [&str; 7] =
    ["Conversation", "Intake", "Approval", "Credentials", "Notification", "Revocation", "Activity"];

/// What is kept of activity, and by what it is found. One function reads and writes it.
const OF_ACTIVITY: [&str; 6] = ["ACT#*", "KEY", "FILE#*", "DIGEST#*", "SEEN#*", "USE#*"];

/// What the transparency log is made of, beside the events themselves.
const OF_LOG: [&str; 3] = ["LOG", "LOGGED#*", "SYSTEM#*"];

/// The functions that bar persons. Nobody else writes who is.
const BARRING: [&str; 2] = ["Approval", "Revocation"];

/// Who does not change requests may not write them; who does not ask policy may not read it; and
/// nobody writes it.
pub fn table_keys(template: &Template) -> Complaints {
    let mut complaints = Vec::new();
    for function in template.functions() {
        let name = function.name.strip_suffix("Function").unwrap_or(function.name);
        for statement in statements(template, &function) {
            let actions = texts(statement.get("Action"));
            let families = texts(statement.at(&["Condition", "ForAllValues:StringLike", "dynamodb:LeadingKeys"]));
            let reads = ["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query"];
            let writes = actions.iter().any(|action| !reads.contains(action));
            if families.contains(&"POLICY") && (writes || !JUDGES.contains(&name)) {
                complaints.push(format!("{name} has no business with the policy"));
            }
            let denies = statement.get("Effect").is_some_and(|effect| effect.is("", "Deny"));
            // Keys of one transaction may be looked at together: a transaction that looks at a bar is allowed the
            // family, and a Deny keeps the bar itself from being put.
            let kept = |family: &str| {
                self::statements(template, &function).iter().any(|one| {
                    one.get("Effect").is_some_and(|effect| effect.is("", "Deny"))
                        && texts(one.get("Action")).contains(&"dynamodb:PutItem")
                        && texts(one.at(&["Condition", "ForAllValues:StringLike", "dynamodb:LeadingKeys"])) == [family]
                })
            };
            let puts = !denies && actions.contains(&"dynamodb:PutItem");
            if families.contains(&"BARRED#*") && puts && !BARRING.contains(&name) && !kept("BARRED#*") {
                complaints.push(format!("{name} may bar persons"));
            }
            for family in families.iter().filter(|family| OF_LOG.contains(family)) {
                if puts && name != "Audit" && !kept(family) {
                    complaints.push(format!("{name} may write what the log is made of"));
                }
            }
            if families.contains(&"OUT#*") && !WRITERS.contains(&name) && name != "Audit" {
                complaints.push(format!("{name} stores no events and has no business with what is to be logged"));
            }
            if families.contains(&"ACCOUNT#*") && name != "Reconciliation" && (writes || name != "Audit") {
                complaints.push(format!("{name} has no business with what is known of accounts"));
            }
            if families.iter().any(|family| OF_ACTIVITY.contains(family)) && name != "Activity" {
                complaints.push(format!("{name} has no business with what is kept of activity"));
            }
            if families.contains(&"REQ#*") && writes && !WRITERS.contains(&name) {
                complaints.push(format!("{name} may write requests"));
            }
        }
    }
    complaints
}

/// Policies are written to and taken out of base roles that carry our boundary, and no others.
pub fn base_roles(template: &Template) -> Complaints {
    let mut complaints = Vec::new();
    for function in template.functions() {
        for statement in statements(template, &function) {
            let base = texts(statement.get("Resource")).iter().any(|arn| arn.contains(":role/countersign-base/"));
            let actions = texts(statement.get("Action"));
            let changes = actions.iter().any(|action| matches!(*action, "iam:PutRolePolicy" | "iam:DeleteRolePolicy"));
            let bounded = statement
                .at(&["Condition", "StringEquals", "iam:PermissionsBoundary"])
                .is_some_and(|boundary| boundary.is("Ref", "Boundary"));
            if base && changes && !bounded {
                let sid = statement.text_at(&["Sid"]).unwrap_or("a statement");
                complaints.push(format!("{}: {sid} changes base roles without our boundary", function.name));
            }
        }
    }
    complaints
}

/// What is attached to roles or taken off them is a grant's own policy, or the role is a grant's own.
pub fn attachments(template: &Template) -> Complaints {
    let mut complaints = Vec::new();
    for function in template.functions() {
        for statement in statements(template, &function) {
            let actions = texts(statement.get("Action"));
            let moves = actions.iter().any(|action| matches!(*action, "iam:AttachRolePolicy" | "iam:DetachRolePolicy"));
            let own_role = texts(statement.get("Resource")).iter().all(|arn| arn.contains(":role/countersign/req_"));
            let own_policy = texts(statement.at(&["Condition", "ArnLike", "iam:PolicyARN"]));
            let own_policy =
                !own_policy.is_empty() && own_policy.iter().all(|arn| arn.contains(":policy/countersign/req_"));
            if moves && !own_role && !own_policy {
                let sid = statement.text_at(&["Sid"]).unwrap_or("a statement");
                complaints.push(format!("{}: {sid} attaches or detaches what is no grant's", function.name));
            }
        }
    }
    complaints
}

/// The statements of a function's role.
fn statements<'a>(template: &'a Template, function: &Resource<'a>) -> Vec<&'a Node> {
    let role = function.text(&["Role"]).and_then(|arn| arn.strip_suffix(".Arn"));
    let policies = role.and_then(|name| template.resource(name)).and_then(|role| role.property(&["Policies"]));
    let documents = policies.map(Node::items).unwrap_or_default().iter();
    // One that is there only under a condition counts as if it were.
    let documents = documents.map(|policy| match policy.tag.as_deref() {
        Some("If") => policy.items().get(1).unwrap_or(policy),
        _ => policy,
    });
    documents.filter_map(|policy| policy.at(&["PolicyDocument", "Statement"])).flat_map(Node::items).collect()
}

/// The texts of a list, or the one text.
fn texts(node: Option<&Node>) -> Vec<&str> {
    node.map(Node::items).unwrap_or_default().iter().filter_map(Node::text).collect()
}
