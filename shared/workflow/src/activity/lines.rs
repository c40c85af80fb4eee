//! Log lines of Kubernetes' API servers, as CloudWatch Logs sends them.

use super::Ports;
use super::ingest::{Record, batch};
use crate::ports::Fault;
use trail::attribution::mentioned;
use trail::entry::Origin;
use trail::kubernetes::subscription;

/// Takes in one delivery of CloudWatch Logs: `awslogs.data`.
///
/// # Errors
/// If something outside did not do its part. What can't be read is put aside and logged.
pub async fn take<P: Ports>(ports: &P, data: &str) -> Result<(), Fault> {
    let sent = match subscription(data) {
        Ok(sent) => sent,
        Err(broken) => {
            tracing::error!(alarm = "broken_lines", error.code = broken.code(), "log lines can't be read");
            return Ok(());
        }
    };
    // The group names the cluster; it is of our own Region, since a subscription can't leave it.
    let Some(cluster) = sent.cluster(ports.region()) else {
        tracing::warn!(logs.group = %sent.group, "log lines of a group that is no cluster's");
        return Ok(());
    };
    let read = sent.read(&cluster, |line| mentioned(line).next().is_some());
    if let Some((line, broken)) = read.broken.first() {
        tracing::error!(
            alarm = "broken_lines",
            error.code = broken.code(),
            line,
            lines = read.broken_count,
            "log lines of Kubernetes can't be read, and were put aside"
        );
    }
    let records = read.requests.into_iter().map(|audited| Record {
        mentions: audited.call.requests(),
        origin: Origin::Logs { group: sent.group.clone() },
        call: audited.call,
        original: None,
    });
    batch(ports, records.collect()).await.map(|_| ())
}
