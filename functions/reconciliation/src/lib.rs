//! Every minute: finishes what is overdue, stuck, orphaned or drifted. Takes no input.

use lambda::start::{Failed, failed};
use serde_json::Value;
use workflow::ports::{
    ArmRevocation, Clock, CommitAccount, CommitRequest, CommitSweep, DisarmRevocation, FindDue, FindSweeps,
    KillSessions, ListOnRole, ListPolicies, ListRequests, ListRoles, LoadAccount, LoadRequest, LoadSweep, MakePolicy,
    MakeRole, Observation, ProbeDecision, ReadBoundary, ReadPolicy, ReadRole, ReadTarget, RemovePolicy, RemoveRole,
    ReplacePolicy,
};
use workflow::reconcile::reconcile;

/// One run. What triggered it is not looked at.
///
/// # Errors
/// If the store could not be asked what is due; the next minute comes anyway.
pub async fn handle<P>(ports: &P, _: Value) -> Result<(), Failed>
where
    P: LoadRequest
        + CommitRequest
        + Clock
        + FindDue
        + ArmRevocation
        + DisarmRevocation
        + KillSessions
        + MakeRole
        + ReadRole
        + RemoveRole
        + ListRoles
        + MakePolicy
        + ReplacePolicy
        + ReadPolicy
        + ReadTarget
        + RemovePolicy
        + ProbeDecision
        + ListOnRole
        + ReadBoundary
        + ListPolicies
        + ListRequests
        + LoadSweep
        + CommitSweep
        + FindSweeps
        + LoadAccount
        + CommitAccount
        + Observation,
{
    let report = reconcile(ports).await.map_err(|error| failed("store_unavailable", &error))?;
    tracing::info!(
        metric = "ReconciliationRan",
        due = report.due,
        orphans = report.orphans,
        drifted = report.drifted,
        failures = report.failures,
        "reconciled: {} due, {} orphans taken out, {} drifted, {} to be tried again",
        report.due,
        report.orphans,
        report.drifted,
        report.failures,
    );
    Ok(())
}
