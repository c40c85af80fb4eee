//! Rules about single functions.

use std::collections::{BTreeMap, BTreeSet};

use super::{Resource, Template};
use crate::Complaints;

/// Variables by which logs would tell more than they may: at `trace`, dependencies log what passes through them.
const LOG_LEVELS: &[&str] = &["AWS_LAMBDA_LOG_LEVEL", "RUST_LOG"];

/// Functions that nothing may starve.
const RESERVED: &[&str] = &["revocation", "reconciliation"];

/// No worker lives as long as the quarantine of an early end, in seconds: what a worker that was overtaken by a
/// revocation still makes is taken out after it.
pub fn timeouts(template: &Template, quarantine: u64) -> Complaints {
    let mut complaints = Vec::new();
    for function in template.functions() {
        let timeout = template.setting(&function, &["Timeout"]).and_then(|node| node.text()?.parse::<u64>().ok());
        match timeout {
            None => complaints.push(format!("{} has no timeout in plain seconds", function.name)),
            Some(timeout) if timeout >= quarantine => {
                complaints.push(format!("{} may run for {timeout} s; the quarantine is {quarantine} s", function.name));
            }
            Some(_) => {}
        }
    }
    complaints
}

/// Logs never tell what passes through a function.
pub fn quiet_logs(template: &Template) -> Complaints {
    let mut complaints = Vec::new();
    for function in template.functions() {
        for (name, value) in template.environment(&function) {
            let level = value.text().unwrap_or("trace");
            if LOG_LEVELS.contains(&name) && level.to_ascii_lowercase().contains("trace") {
                complaints.push(format!("{} logs at {level}, by {name}", function.name));
            }
        }
        let level = template.setting(&function, &["LoggingConfig", "ApplicationLogLevel"]);
        if level.is_some_and(|level| level.text().is_none_or(|level| level == "TRACE")) {
            complaints.push(format!("{} logs at TRACE, by LoggingConfig", function.name));
        }
        if template.setting(&function, &["LoggingConfig", "LogFormat"]).and_then(|format| format.text()) != Some("JSON")
        {
            complaints.push(format!("{} doesn't log as JSON, which the metric filters read", function.name));
        }
    }
    complaints
}

/// A function is given what it reads and nothing else. `read` holds the variables that each function's source reads,
/// by the function's crate.
pub fn environment(template: &Template, read: &BTreeMap<String, BTreeSet<String>>) -> Complaints {
    let mut complaints = Vec::new();
    let functions = template.functions();
    for function in &functions {
        let Some(names) = function.binary().and_then(|binary| read.get(binary)) else {
            complaints.push(format!("{} runs a binary that no crate in functions/ makes", function.name));
            continue;
        };
        let given: BTreeSet<String> =
            template.environment(function).into_iter().map(|(name, _)| name.to_owned()).collect();
        let lacking =
            names.difference(&given).map(|name| format!("{} reads {name} and is not given it", function.name));
        let idle = given.difference(names).map(|name| format!("{} is given {name} and doesn't read it", function.name));
        complaints.extend(lacking.chain(idle));
    }
    let deployed: BTreeSet<&str> = functions.iter().filter_map(Resource::binary).collect();
    let idle = read.keys().filter(|name| !deployed.contains(name.as_str()));
    complaints.extend(idle.map(|name| format!("functions/{name} is in no function of the template")));
    complaints
}

/// What ends grants has concurrency of its own.
pub fn reserved_concurrency(template: &Template) -> Complaints {
    let functions = template.functions();
    let kept = |binary: &&&str| {
        let function = functions.iter().find(|function| function.binary() == Some(binary));
        function.is_some_and(|function| function.property(&["ReservedConcurrentExecutions"]).is_some())
    };
    let without = RESERVED.iter().filter(|binary| !kept(binary));
    without.map(|binary| format!("{binary} has no reserved concurrency")).collect()
}

/// What a function gives up on waits for a person: every function that nobody waits for has an on-failure destination,
/// and so have its stream and its rule.
pub fn failures_are_kept(template: &Template) -> Complaints {
    let mut complaints = Vec::new();
    let integrations = template.of_type("AWS::ApiGatewayV2::Integration");
    let rules = template.of_type("AWS::Events::Rule");
    for function in template.functions() {
        let arn = format!("{}.Arn", function.name);
        let answers = integrations.iter().any(|one| one.text(&["IntegrationUri"]) == Some(&arn));
        let events = function.property(&["Events"]).map(crate::yaml::Node::entries).unwrap_or_default();
        for (name, event) in events {
            if event.at(&["Properties", "DestinationConfig", "OnFailure", "Destination"]).is_none() {
                complaints.push(format!("{}: what {name} can't deliver is lost", function.name));
            }
        }
        let kept = function.property(&["EventInvokeConfig", "DestinationConfig", "OnFailure", "Destination"]).is_some();
        if !answers && events.is_empty() && !kept {
            complaints.push(format!("{}: what it gives up on is lost", function.name));
        }
    }
    for rule in rules {
        for target in rule.property(&["Targets"]).map(crate::yaml::Node::items).unwrap_or_default() {
            if target.at(&["DeadLetterConfig", "Arn"]).is_none() {
                complaints.push(format!("{}: what it can't hand over is lost", rule.name));
            }
        }
    }
    complaints
}

/// What AWS itself says on the default bus, and what of it a rule has to ask for: by source, `detail-type`, and a part of
/// `detail` that narrows it to what concerns us.
const OF_AWS: &[(&str, &str, &[&str])] =
    &[("aws.", "AWS API Call via CloudTrail", &["$or"]), ("aws.s3", "Object Created", &["bucket", "name"])];

/// Whether a rule takes what AWS itself says, and nothing that somebody else could: only AWS can send what begins with
/// `aws.`. Source: EventBridge API reference, `PutEventsRequestEntry`.
fn is_of_aws(rule: &Resource<'_>, pattern: &crate::yaml::Node) -> bool {
    let [kind] = pattern.get("detail-type").map(crate::yaml::Node::items).unwrap_or_default() else { return false };
    let [source] = pattern.get("source").map(crate::yaml::Node::items).unwrap_or_default() else { return false };
    OF_AWS.iter().any(|(from, name, narrowed)| {
        let whole = source.text() == Some(from);
        let begins = from.ends_with('.') && source.text_at(&["prefix"]) == Some(from);
        let narrowed = pattern.get("detail").is_some_and(|detail| detail.at(narrowed).is_some());
        kind.text() == Some(name) && (whole || begins) && narrowed && rule.property(&["EventBusName"]).is_none()
    })
}

/// What every function runs is put on record: the audit function is told the names of all of them, and its role may look at
/// each, and at nothing else by that right.
pub fn deployments(template: &Template) -> Complaints {
    let functions = template.functions();
    let name = |function: &Resource<'_>| function.text(&["FunctionName"]).unwrap_or_default().to_owned();
    let names: BTreeSet<String> = functions.iter().map(name).collect();
    let mut complaints = Vec::new();
    let audit = functions.iter().find(|function| function.binary() == Some("audit"));
    let told = audit.and_then(|audit| {
        let (_, told) = template.environment(audit).into_iter().find(|(name, _)| *name == "FUNCTION_NAMES")?;
        Some(told.text()?.split(',').map(str::to_owned).collect::<BTreeSet<String>>())
    });
    if told.as_ref() != Some(&names) {
        complaints.push(format!("the audit function is told {told:?} as the functions, which are {names:?}"));
    }
    let looks = |node: &&crate::yaml::Node| {
        node.get("Action").is_some_and(|action| action.is("", "lambda:GetFunctionConfiguration"))
    };
    let rights: Vec<&crate::yaml::Node> = template
        .of_type("AWS::IAM::Role")
        .iter()
        .flat_map(|role| role.node.walk().into_iter().filter(looks).collect::<Vec<_>>())
        .collect();
    let seen: BTreeSet<String> = rights
        .iter()
        .flat_map(|right| right.get("Resource").map(crate::yaml::Node::items).unwrap_or_default())
        .filter_map(|arn| Some(arn.text()?.split_once(":function:")?.1.to_owned()))
        .collect();
    if rights.len() != 1 || seen != names {
        complaints.push(format!("what runs may be looked at of {seen:?}, by {} roles' rights", rights.len()));
    }
    complaints
}

/// Rules name events that exist, of our own source or of AWS.
pub fn event_names(template: &Template, names: &BTreeSet<String>) -> Complaints {
    let mut complaints = Vec::new();
    for rule in template.of_type("AWS::Events::Rule") {
        let Some(pattern) = rule.property(&["EventPattern"]) else { continue };
        let of = |wanted: &str| {
            pattern.get("source").is_some_and(|source| source.items().iter().all(|item| item.is("", wanted)))
        };
        // What an identity provider says, from our own account.
        let ours = pattern
            .get("account")
            .is_some_and(|account| account.items().iter().all(|item| item.is("Ref", "AWS::AccountId")));
        if of("countersign.identity") && ours || is_of_aws(&rule, pattern) {
            continue;
        }
        if !of("countersign") {
            complaints.push(format!("{} takes events that are not Countersign's", rule.name));
        }
        for name in pattern.get("detail-type").map(crate::yaml::Node::items).unwrap_or_default() {
            if !name.text().is_some_and(|name| names.contains(name)) {
                complaints.push(format!("{} waits for {:?}, which is no event", rule.name, name.text()));
            }
        }
    }
    complaints
}
