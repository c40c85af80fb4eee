//! Where lines come from: a subscription of CloudWatch Logs, or an object of lines.

use super::{Audited, Broken, Cluster};
use base64::Engine as _;
use flate2::read::MultiGzDecoder;
use serde::Deserialize;
use std::io::Read as _;

/// Most that a batch of CloudWatch Logs may hold, in bytes. It comes as Lambda's event, of 6 MB at most; text of this kind
/// compresses by ten to twenty.
pub const LARGEST_BATCH: u64 = 64 * 1024 * 1024;

/// Most broken lines that are told one by one; the rest is counted.
pub const MOST_BROKEN: usize = 100;

/// What a subscription sends: `awslogs.data`, unpacked.
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html>.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// The account whose log it is.
    pub owner: String,
    /// The log group.
    pub group: String,
    /// The log stream.
    pub stream: String,
    /// The lines; none if CloudWatch Logs only asks whether anybody listens.
    pub lines: Vec<String>,
}

/// What came of lines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lines {
    /// Requests.
    pub requests: Vec<Audited>,
    /// How many lines there were.
    pub read: u64,
    /// How many were passed over: not wanted, or of a request that had only just come in.
    pub passed_over: u64,
    /// Lines that could not be read, the first counted as 0, and why; at most [`MOST_BROKEN`].
    pub broken: Vec<(u64, Broken)>,
    /// How many could not be read.
    pub broken_count: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    message_type: String,
    #[serde(default)]
    owner: String,
    #[serde(default)]
    log_group: String,
    #[serde(default)]
    log_stream: String,
    #[serde(default)]
    log_events: Vec<LogEvent>,
}

#[derive(Deserialize)]
struct LogEvent {
    #[serde(default)]
    message: String,
}

/// Unpacks `awslogs.data`.
///
/// # Errors
/// If it is not what CloudWatch Logs sends, or holds more than [`LARGEST_BATCH`].
pub fn subscription(data: &str) -> Result<Subscription, Broken> {
    unpacked(data, LARGEST_BATCH)
}

pub(super) fn unpacked(data: &str, most: u64) -> Result<Subscription, Broken> {
    let packed = base64::engine::general_purpose::STANDARD.decode(data).map_err(|_| Broken::Batch)?;
    let mut inside = Vec::new();
    MultiGzDecoder::new(packed.as_slice())
        .take(most.saturating_add(1))
        .read_to_end(&mut inside)
        .map_err(|_| Broken::Batch)?;
    if u64::try_from(inside.len()).is_ok_and(|length| length > most) {
        return Err(Broken::BatchTooLarge);
    }
    let envelope: Envelope = serde_json::from_slice(&inside).map_err(|_| Broken::Form)?;
    let events = if envelope.message_type == "DATA_MESSAGE" { envelope.log_events } else { Vec::new() };
    Ok(Subscription {
        owner: envelope.owner,
        group: envelope.log_group,
        stream: envelope.log_stream,
        lines: events.into_iter().map(|event| event.message).collect(),
    })
}

impl Subscription {
    /// The cluster, if it is the audit log of one of EKS: group `/aws/eks/<cluster>/cluster`, stream
    /// `kube-apiserver-audit-…`. The other streams of that group (authenticator, scheduler) hold other things.
    pub fn cluster(&self, region: &str) -> Option<Cluster> {
        let name = self.group.strip_prefix("/aws/eks/")?.strip_suffix("/cluster")?;
        let is_audit = self.stream.starts_with("kube-apiserver-audit-");
        (is_audit && !name.is_empty() && !name.contains('/')).then(|| Cluster {
            name: name.to_owned(),
            account: self.owner.clone(),
            region: region.to_owned(),
        })
    }

    /// Reads its lines. See [`lines`].
    pub fn read(&self, cluster: &Cluster, wants: impl Fn(&[u8]) -> bool) -> Lines {
        gather(self.lines.iter().map(String::as_bytes), cluster, wants)
    }
}

/// Reads an object that has one event in each line. Lines that nobody `wants` are not looked into: most of such a log is
/// of nodes and controllers. A line that can't be read is told, and the rest goes on.
pub fn lines(text: &[u8], cluster: &Cluster, wants: impl Fn(&[u8]) -> bool) -> Lines {
    gather(text.split(|byte| *byte == b'\n'), cluster, wants)
}

fn gather<'a>(lines: impl Iterator<Item = &'a [u8]>, cluster: &Cluster, wants: impl Fn(&[u8]) -> bool) -> Lines {
    let mut found = Lines::default();
    for line in lines.map(<[u8]>::trim_ascii).filter(|line| !line.is_empty()) {
        let at = found.read;
        found.read = found.read.saturating_add(1);
        if !wants(line) {
            found.passed_over = found.passed_over.saturating_add(1);
            continue;
        }
        match Audited::parse(line, cluster) {
            Ok(Some(request)) => found.requests.push(request),
            Ok(None) => found.passed_over = found.passed_over.saturating_add(1),
            Err(broken) => {
                found.broken_count = found.broken_count.saturating_add(1);
                if found.broken.len() < MOST_BROKEN {
                    found.broken.push((at, broken));
                }
            }
        }
    }
    found
}
