//! What one grant costs: its calls of IAM and STS, as CloudTrail has them.

use std::collections::BTreeMap;
use std::time::Duration;

use end_to_end::cloud::Cloud;
use end_to_end::failure::Failure;
use serde_json::Value;

/// Between the last call and its event.
const LATE: Duration = Duration::from_secs(2);

/// The calls of IAM and STS that name this grant, by service and name.
///
/// # Errors
/// CloudTrail does not answer.
pub(crate) async fn of(root: &Cloud, id: &str) -> Result<BTreeMap<String, usize>, Failure> {
    tokio::time::sleep(LATE).await;
    let mut calls: BTreeMap<String, usize> = BTreeMap::new();
    for (service, source) in [("IAM", "iam.amazonaws.com"), ("STS", "sts.amazonaws.com")] {
        for event in root.trail_events(source).await? {
            // Whoever holds the grant calls too, with its session; what counts is what we do about it.
            let by = event.pointer("/userIdentity/sessionContext/sessionIssuer/userName").and_then(Value::as_str);
            if by.is_some_and(|role| role.starts_with("countersign-")) && event.to_string().contains(id) {
                let name = event.get("eventName").and_then(Value::as_str).unwrap_or_default();
                let count = calls.entry(format!("{service} {name}")).or_default();
                *count = count.saturating_add(1);
            }
        }
    }
    Ok(calls)
}
