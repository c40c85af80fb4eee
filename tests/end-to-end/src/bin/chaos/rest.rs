//! Waiting until everything is at rest.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use end_to_end::door::text;
use end_to_end::failure::Failure;
use end_to_end::log::Log;
use end_to_end::stage::Stage;
use futures_util::StreamExt as _;
use serde_json::Value;

use crate::record::Record;

/// Between two looks.
const PAUSE: Duration = Duration::from_secs(5);
/// Requests that are looked at together.
const AT_ONCE: usize = 4;
/// How long it may take: reconciliation tries again after up to 15 minutes.
const PATIENCE: Duration = Duration::from_mins(20);

/// What there is once everything rests, and what does not.
#[derive(Debug, Default)]
pub(crate) struct Rest {
    /// Each request as an auditor is shown it.
    pub(crate) views: BTreeMap<String, Value>,
    pub(crate) record: Record,
    /// How long it took.
    pub(crate) took: Duration,
    /// What had not come to rest.
    pub(crate) left: Vec<String>,
}

/// Waits until every request has come to its end, every end is verified, and the log has every entry.
///
/// # Errors
/// The table or the log can't be read.
pub(crate) async fn rest(stage: &Stage) -> Result<Rest, Failure> {
    let (root, log, began) = (stage.root()?, Log::of(stage)?, Instant::now());
    let mut rest = Rest::default();
    loop {
        let record = Record::read(&root, &stage.outputs.table_name).await?;
        let ids: BTreeSet<&String> = record.requests.keys().collect();
        let open: Vec<String> = ids.into_iter().filter(|id| !resting(rest.views.get(*id))).cloned().collect();
        let looks = open.iter().map(|id| async move { (id.clone(), stage.dave.request(id).await) });
        let looks: Vec<_> = futures_util::stream::iter(looks).buffer_unordered(AT_ONCE).collect().await;
        for (id, shown) in looks {
            // Whoever is not answered looks again.
            if let Ok(body) = shown.and_then(|shown| shown.expect(200)) {
                rest.views.insert(id, body);
            }
        }
        let restless = record.requests.keys().filter(|id| !resting(rest.views.get(*id)));
        rest.left = restless.map(|id| format!("{id}: {}", state(rest.views.get(id)))).collect();
        let covered = log.checkpoint().await?.checkpoint.size();
        if record.waiting > 0 {
            rest.left.push(format!("{} entries are not in the log", record.waiting));
        }
        if covered < record.logged {
            rest.left.push(format!("the checkpoint covers {covered} of {} entries", record.logged));
        }
        rest.record = record;
        rest.took = began.elapsed();
        if rest.left.is_empty() {
            break;
        }
        if rest.took > PATIENCE {
            return Ok(rest);
        }
        tokio::time::sleep(PAUSE).await;
    }
    // Numbers and findings may have come to what rested already.
    for id in rest.record.requests.keys() {
        let shown = stage.dave.request(id).await?.expect(200)?;
        rest.views.insert(id.clone(), shown);
    }
    rest.record = Record::read(&root, &stage.outputs.table_name).await?;
    Ok(rest)
}

fn resting(shown: Option<&Value>) -> bool {
    let Some(shown) = shown else { return false };
    let verified = shown.pointer("/verification/status").and_then(Value::as_str) == Some("verified");
    match text(shown, "status") {
        "denied" | "cancelled" | "lapsed" => true,
        "ended" => verified,
        _ => false,
    }
}

fn state(shown: Option<&Value>) -> String {
    let Some(shown) = shown else { return "not shown to an auditor".to_owned() };
    let verification = shown.get("verification").map(Value::to_string).unwrap_or_default();
    let failures = shown.get("failedAttempts").map(Value::to_string).unwrap_or_default();
    format!("{} {verification} {failures}", text(shown, "status")).trim_end().to_owned()
}
