//! What Terraform (or `OpenTofu`) is about to change, from `terraform show -json <plan>`: resource by resource, attribute by
//! attribute, without a secret.
//!
//! A value is never kept if the plan marks it as sensitive on either side, if a part of its path is named like a secret, or
//! if it holds the text of a value that is. What the plan does not say about sensitivity counts as sensitive.
//! Source: <https://developer.hashicorp.com/terraform/internals/json-format>, "Change representation".

mod changes;
mod report;
mod secrets;
#[cfg(test)]
mod tests;

pub use report::{LONGEST_REPORT, Phase, Report};

use crate::terraform::changes::Walk;
use crate::terraform::secrets::Secrets;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// Longest plan that is read, in bytes: some ten thousand resources.
pub const LONGEST_PLAN: usize = 64 * 1024 * 1024;

/// Most resources that are told one by one.
pub const MOST_RESOURCES: usize = 500;

/// Most changed attributes of a resource that are told one by one.
pub const MOST_ATTRIBUTES: usize = 50;

/// Longest value that is kept, in characters.
pub const LONGEST_VALUE: usize = 256;

/// Longest that a diff is as JSON, in bytes: with what is around it, it has to fit into [`LONGEST_REPORT`].
pub const LONGEST_DIFF: usize = 190 * 1024;

/// What stands for a value that is not kept.
pub const SENSITIVE: &str = "(sensitive)";

/// What stands for a value that Terraform does not know yet, in its own words.
pub const UNKNOWN: &str = "(known after apply)";

/// What changes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Diff {
    /// `terraform_version`.
    pub terraform_version: String,
    /// How many resources by what becomes of them: `create`, `update`, `delete`, `replace`, `read`, `no-op`, `forget`.
    pub counts: BTreeMap<String, u64>,
    /// Resources that change, in the plan's order; at most [`MOST_RESOURCES`], and no more than fit.
    pub resources: Vec<Resource>,
    /// How many more change.
    pub more_resources: u64,
    /// Outputs that change.
    pub outputs: Vec<Changed>,
    /// How many more do.
    pub more_outputs: u64,
}

/// A resource that changes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Resource {
    /// `module.a.aws_sqs_queue.orders["eu"]`.
    pub address: String,
    /// `aws_sqs_queue`.
    #[serde(rename = "type")]
    pub kind: String,
    /// `["delete", "create"]` for a replacement.
    pub actions: Vec<String>,
    /// Attributes that change; at most [`MOST_ATTRIBUTES`].
    pub changed: Vec<Changed>,
    /// How many more do.
    #[serde(skip_serializing_if = "is_zero")]
    pub more_changed: u64,
}

/// An attribute that changes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Changed {
    /// `tags.owner`, `ingress[0].from_port`.
    pub path: String,
    /// What it was; absent if it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// What it becomes; absent if it goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// Why a plan, or a report of one, can't be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// Longer than [`LONGEST_PLAN`], or a report longer than [`LONGEST_REPORT`].
    #[error("it is too long")]
    TooLong,
    /// Not the JSON that it should be.
    #[error("it is not JSON of the documented form")]
    Form,
    /// The format's major version is not 1.
    #[error("its format is not of version 1")]
    Version,
}

impl Broken {
    /// Its stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::TooLong => "plan_too_large",
            Self::Form => "bad_plan",
            Self::Version => "unknown_plan_version",
        }
    }
}

#[derive(Deserialize)]
struct Plan {
    format_version: String,
    #[serde(default)]
    terraform_version: String,
    #[serde(default)]
    resource_changes: Vec<ResourceChange>,
    #[serde(default)]
    output_changes: BTreeMap<String, Change>,
    #[serde(default)]
    variables: BTreeMap<String, Variable>,
    #[serde(default)]
    configuration: Value,
}

#[derive(Deserialize)]
struct ResourceChange {
    address: String,
    #[serde(default, rename = "type")]
    kind: String,
    change: Change,
}

#[derive(Deserialize)]
struct Change {
    #[serde(default)]
    actions: Vec<String>,
    #[serde(default)]
    before: Value,
    #[serde(default)]
    after: Value,
    #[serde(default)]
    after_unknown: Value,
    // Absent: nobody said that it is harmless.
    #[serde(default = "sensitive")]
    before_sensitive: Value,
    #[serde(default = "sensitive")]
    after_sensitive: Value,
}

#[derive(Deserialize)]
struct Variable {
    #[serde(default)]
    value: Value,
}

fn sensitive() -> Value {
    Value::Bool(true)
}

/// What `plan` changes.
///
/// # Errors
/// If it is not what `terraform show -json` writes of a plan.
pub fn diff(plan: &[u8]) -> Result<Diff, Broken> {
    if plan.len() > LONGEST_PLAN {
        return Err(Broken::TooLong);
    }
    let plan: Plan = serde_json::from_slice(plan).map_err(|_| Broken::Form)?;
    if plan.format_version.split('.').next() != Some("1") {
        return Err(Broken::Version);
    }
    let secrets = Secrets::of(&plan);
    let mut told = Diff { terraform_version: secrets.name(&plan.terraform_version, 40), ..Diff::default() };
    let mut size = 0_usize;
    for (name, change) in &plan.output_changes {
        if becomes(&change.actions) == "no-op" {
            continue;
        }
        let mut walk = Walk::new(&secrets);
        walk.change(name, change);
        let fits = MOST_ATTRIBUTES.saturating_sub(told.outputs.len());
        for changed in walk.changed.into_iter().take(fits) {
            size = size.saturating_add(length(&changed));
            told.outputs.push(changed);
        }
        let left = walk.seen.saturating_sub(u64::try_from(fits).unwrap_or(u64::MAX));
        told.more_outputs = told.more_outputs.saturating_add(left);
    }
    for resource in &plan.resource_changes {
        let becomes = becomes(&resource.change.actions);
        let count = told.counts.entry(becomes.to_owned()).or_default();
        *count = count.saturating_add(1);
        if becomes == "no-op" {
            continue;
        }
        let resource = of_resource(resource, &secrets);
        size = size.saturating_add(length(&resource));
        if told.resources.len() < MOST_RESOURCES && told.more_resources == 0 && size < LONGEST_DIFF {
            told.resources.push(resource);
        } else {
            told.more_resources = told.more_resources.saturating_add(1);
        }
    }
    Ok(told)
}

fn of_resource(resource: &ResourceChange, secrets: &Secrets) -> Resource {
    let mut walk = Walk::new(secrets);
    walk.change("", &resource.change);
    let told = u64::try_from(walk.changed.len()).unwrap_or(u64::MAX);
    Resource {
        address: secrets.name(&resource.address, 300),
        kind: secrets.name(&resource.kind, 100),
        actions: resource.change.actions.iter().take(4).map(|action| secrets.name(action, 20)).collect(),
        changed: walk.changed,
        more_changed: walk.seen.saturating_sub(told),
    }
}

/// In one word.
fn becomes(actions: &[String]) -> &'static str {
    let actions: Vec<&str> = actions.iter().map(String::as_str).collect();
    match actions.as_slice() {
        ["create"] => "create",
        ["update"] => "update",
        ["delete"] => "delete",
        ["delete", "create"] | ["create", "delete"] => "replace",
        ["read"] => "read",
        ["no-op"] => "no-op",
        ["forget"] => "forget",
        _ => "other",
    }
}

/// As JSON, with the comma that follows.
fn length(value: &impl Serialize) -> usize {
    serde_json::to_vec(value).map_or(usize::MAX, |json| json.len()).saturating_add(1)
}

// Serde asks for a reference.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde's `skip_serializing_if` takes")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}
