//! What the command line says of a run, and how that is taken: whoever sends it may send anything.

use super::secrets::is_secret_name;
use super::{Broken, Changed, Diff, LONGEST_VALUE, MOST_ATTRIBUTES, MOST_RESOURCES, Resource, SENSITIVE};
use model::text::inert;
use serde::{Deserialize, Serialize};

/// Longest report, in bytes.
pub const LONGEST_REPORT: usize = 200 * 1024;

/// Of which step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Phase {
    /// A plan was made; nothing has changed.
    Plan,
    /// It was carried out, or that was tried.
    Apply,
}

/// A report: `{"kind": "terraform", "phase": "plan", "exitCode": 0, "diff": {…}}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Report {
    /// Terraform or `OpenTofu` ran.
    Terraform {
        /// Of which step.
        phase: Phase,
        /// How the step ended.
        exit_code: i32,
        /// What it is about; absent if the plan could not be read.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        diff: Option<Diff>,
    },
}

impl Report {
    /// Takes a report: bounded anew, inert, and what is named like a secret is not kept.
    ///
    /// # Errors
    /// If it is none, or longer than [`LONGEST_REPORT`].
    pub fn parse(body: &[u8]) -> Result<Self, Broken> {
        if body.len() > LONGEST_REPORT {
            return Err(Broken::TooLong);
        }
        let Self::Terraform { phase, exit_code, diff } = serde_json::from_slice(body).map_err(|_| Broken::Form)?;
        Ok(Self::Terraform { phase, exit_code, diff: diff.map(bounded) })
    }
}

fn bounded(diff: Diff) -> Diff {
    let resources = u64::try_from(diff.resources.len().saturating_sub(MOST_RESOURCES)).unwrap_or(u64::MAX);
    let outputs = u64::try_from(diff.outputs.len().saturating_sub(MOST_ATTRIBUTES)).unwrap_or(u64::MAX);
    Diff {
        terraform_version: inert(&diff.terraform_version, 40),
        counts: diff.counts.into_iter().take(10).map(|(name, count)| (inert(&name, 20), count)).collect(),
        more_resources: diff.more_resources.saturating_add(resources),
        resources: diff.resources.into_iter().take(MOST_RESOURCES).map(of_resource).collect(),
        more_outputs: diff.more_outputs.saturating_add(outputs),
        outputs: diff.outputs.into_iter().take(MOST_ATTRIBUTES).map(of_attribute).collect(),
    }
}

fn of_resource(resource: Resource) -> Resource {
    let more = u64::try_from(resource.changed.len().saturating_sub(MOST_ATTRIBUTES)).unwrap_or(u64::MAX);
    Resource {
        address: inert(&resource.address, 300),
        kind: inert(&resource.kind, 100),
        actions: resource.actions.iter().take(4).map(|action| inert(action, 20)).collect(),
        more_changed: resource.more_changed.saturating_add(more),
        changed: resource.changed.into_iter().take(MOST_ATTRIBUTES).map(of_attribute).collect(),
    }
}

fn of_attribute(changed: Changed) -> Changed {
    let secret = changed.path.split(['.', '[']).any(is_secret_name);
    let kept = |value: Option<String>| {
        value.map(|value| if secret { SENSITIVE.to_owned() } else { inert(&value, LONGEST_VALUE) })
    };
    Changed { path: inert(&changed.path, 300), before: kept(changed.before), after: kept(changed.after) }
}
