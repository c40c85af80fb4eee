//! What code runs. Lambda is asked, not whoever deploys: code that came past every pipeline shows as well.

use super::PART;
use crate::ports::{Clock, CommitSystem, DeploymentSettings, Fault, LoadSystem, ReadFunction};
use crate::system::append;
use futures_util::StreamExt as _;
use model::stream::SystemStream;
use model::system::{Code, deployments_seen};
use model::time::Time;
use std::collections::{BTreeMap, BTreeSet};

/// How often it is looked, in seconds. Lambda lets all callers of an account together ask 15 times a second, deployments
/// among them. Source: Lambda developer guide, quotas, "rate of the remainder of the control plane API".
const EVERY: i64 = 300;

/// What a run that comes every minute may be late by, in seconds.
const A_RUN: i64 = 60;

/// Functions that are asked for at the same time: less than a third of what Lambda lets an account ask in a second.
const AT_ONCE: usize = 4;

crate::together! {
    /// What it takes to look what runs.
    pub Looking: DeploymentSettings, ReadFunction, LoadSystem, CommitSystem, Clock,
}

/// Whether a run at `now` looks: the one that comes first in every five minutes does.
pub(super) fn due(now: Time) -> bool {
    now.as_second().rem_euclid(EVERY) < A_RUN
}

/// Puts on record of which functions other code runs than is known. What can't be looked at is left as it is known, with
/// an alarm, and keeps nothing else from being recorded. Gives back whether anything was put on record.
///
/// # Errors
/// If the store did not answer.
pub async fn look<P: Looking>(ports: &P) -> Result<bool, Fault> {
    let names: BTreeSet<String> = ports.functions().into_iter().collect();
    if names.is_empty() {
        return Ok(false);
    }
    let asked: Vec<_> = names.iter().map(|name| code_of(ports, name)).collect();
    let answers: Vec<_> = futures_util::stream::iter(asked).buffer_unordered(AT_ONCE).collect().await;
    let mut seen: BTreeMap<String, Option<Code>> = BTreeMap::new();
    for (name, answer) in answers {
        match answer {
            Ok(code) => drop(seen.insert(name, code)),
            Err(fault) => tracing::error!(
                error.code = %fault.code, alarm = "deployment_unseen", function = name,
                "what code {name} runs can't be read: a change of it would not be on record",
            ),
        }
    }
    let release = ports.release();
    append(ports, PART, SystemStream::Deployment, |stored, _| {
        deployments_seen(stored.map(|stored| &stored.known), &names, &seen, release.as_deref())
    })
    .await
}

async fn code_of<P: ReadFunction>(ports: &P, name: &str) -> (String, Result<Option<Code>, Fault>) {
    (name.to_owned(), ports.function_code(name).await)
}
