//! Every minute: finishes what is overdue, stuck or orphaned. Takes no input.

use lambda::start::{Failed, failed};
use model::names::AccountId;
use serde_json::Value;
use workflow::reconcile::{Ports, reconcile};

/// One run, over what is due and over what there is in `accounts`. What triggered it is not looked at.
///
/// # Errors
/// If the store could not be asked what is due; the next minute comes anyway.
pub async fn handle<P: Ports>(ports: &P, accounts: &[AccountId], _: Value) -> Result<(), Failed> {
    let report = reconcile(ports, accounts).await.map_err(|error| failed("store_unavailable", &error))?;
    tracing::info!(
        metric = "ReconciliationRan",
        due = report.due,
        orphans = report.orphans,
        failures = report.failures,
        "reconciled: {} due, {} orphans taken out, {} to be tried again",
        report.due,
        report.orphans,
        report.failures,
    );
    Ok(())
}
