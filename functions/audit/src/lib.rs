//! Puts every stored event into the transparency log. Woken by the table's stream within a second of each commit, and every
//! minute by a timer, which takes up what the stream did not bring, says that there was nothing, and anchors the log.

use lambda::start::{Failed, failed};
use model::stream::Stream;
use serde::Deserialize;
use std::collections::BTreeMap;
use workflow::log::{Keeping, Ran, look, minute, sequence};

/// What wakes the function: a batch of the table's stream; the timer, which says nothing; or somebody who deployed and
/// does not want to wait until it is looked.
#[derive(Debug, Default, Deserialize)]
pub struct Woken {
    #[serde(rename = "Records", default)]
    records: Vec<Record>,
    /// Whether to look at once what code runs.
    #[serde(default)]
    deployments: bool,
}

#[derive(Debug, Deserialize)]
struct Record {
    dynamodb: Change,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Change {
    keys: Keys,
    /// Seconds since 1970.
    #[serde(default)]
    approximate_creation_date_time: f64,
}

#[derive(Debug, Deserialize)]
struct Keys {
    pk: Text,
    sk: Text,
}

#[derive(Debug, Deserialize)]
struct Text {
    #[serde(rename = "S")]
    s: String,
}

impl Woken {
    /// The streams that something was put into the outbox of, and up to which place. A record of something else is passed
    /// over: the mapping's filter lets nothing else through, but a filter can change.
    fn told(&self) -> BTreeMap<Stream, u64> {
        let mut told: BTreeMap<Stream, u64> = BTreeMap::new();
        for Keys { pk, sk } in self.records.iter().map(|record| &record.dynamodb.keys) {
            let stream: Option<Stream> = pk.s.strip_prefix("OUT#").and_then(|stream| stream.parse().ok());
            if let (Some(stream), Ok(seq)) = (stream, sk.s.parse::<u64>()) {
                let until = told.entry(stream).or_default();
                *until = seq.max(*until);
            }
        }
        told
    }

    /// When the oldest of them was stored, in seconds since 1970.
    fn since(&self) -> Option<f64> {
        let times = self.records.iter().map(|record| record.dynamodb.approximate_creation_date_time);
        times.filter(|time| *time > 0.0).min_by(f64::total_cmp)
    }
}

/// Logs what the event tells of, or whatever there is. Done twice, it changes nothing the second time.
///
/// # Errors
/// If something outside did not do its part: the stream repeats its batch, and the next minute comes anyway.
pub async fn handle<P: Keeping>(ports: &P, woken: Woken) -> Result<(), Failed> {
    let unavailable = |fault: workflow::ports::Fault| failed("unavailable", &fault);
    let ran = if woken.records.is_empty() {
        let ran = Box::pin(minute(ports)).await;
        anchored(ports).await.map_err(unavailable)?;
        ran
    } else {
        Box::pin(sequence(ports, woken.told())).await
    };
    if woken.deployments {
        Box::pin(look(ports)).await.map_err(unavailable)?;
    }
    if let Some(since) = woken.since() {
        lag(ports, since);
    }
    tell(ran.map_err(unavailable)?);
    Ok(())
}

fn tell(ran: Ran) {
    let (leaves, batches) = (ran.leaves, ran.batches);
    tracing::info!(metric = "Logged", leaves, batches, "{leaves} entries were logged, in {batches} batches");
}

/// How long the oldest of a batch waited, which an alarm looks at: of a batch that failed as well.
fn lag<P: Keeping>(ports: &P, since: f64) {
    #[expect(clippy::cast_possible_truncation, reason = "a time in seconds")]
    let since = since as i64;
    let seconds = ports.now().as_second().saturating_sub(since).max(0);
    tracing::info!(metric = "LogLag", seconds, "the oldest entry of the batch is {seconds} s old");
}

/// How old the newest anchor is, which an alarm looks at. Before the first one there is nothing to say.
async fn anchored<P: Keeping>(ports: &P) -> Result<(), workflow::ports::Fault> {
    if let Some(anchor) = ports.anchor().await? {
        let seconds = anchor.at.seconds_until(ports.now());
        tracing::info!(metric = "LogAnchorAge", seconds, size = anchor.size, "the newest anchor is {seconds} s old");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn woken(text: &str) -> Woken {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_batch_tells_of_streams_each_once() {
        let record = |pk: &str, sk: &str, at: f64| {
            format!(
                r#"{{"eventName":"INSERT","dynamodb":{{"ApproximateCreationDateTime":{at},
                    "Keys":{{"pk":{{"S":"{pk}"}},"sk":{{"S":"{sk}"}}}},"SequenceNumber":"1"}}}}"#
            )
        };
        let of = |keys: &[(&str, &str, f64)]| {
            let records: Vec<String> = keys.iter().map(|(pk, sk, at)| record(pk, sk, *at)).collect();
            woken(&format!(r#"{{"Records":[{}]}}"#, records.join(",")))
        };
        let batch = of(&[
            ("OUT#sys_policy", "000012", 1_795_000_010.0),
            ("OUT#sys_policy", "000011", 1_795_000_005.5),
            ("REQ#req_0198c0ffee00700080000000deadbeef", "STATE", 0.0),
            ("OUT#req_0198c0ffee00700080000000deadbeef", "000003", 1_795_000_007.0),
            ("OUT#sys_log", "!LAST", 1_795_000_009.0),
            ("OUT#nothing of ours", "000001", 1_795_000_009.0),
        ]);
        let told: Vec<(String, u64)> =
            batch.told().into_iter().map(|(stream, seq)| (stream.to_string(), seq)).collect();
        let expected = [("req_0198c0ffee00700080000000deadbeef", 3), ("sys_policy", 12)];
        assert_eq!(told, expected.map(|(stream, seq)| (stream.to_owned(), seq)));
        assert_eq!(batch.since(), Some(1_795_000_005.5));
    }

    #[test]
    fn the_timer_says_nothing() {
        let timer = woken("{}");
        assert!(timer.records.is_empty() && timer.since().is_none() && !timer.deployments);
        assert!(woken(r#"{"deployments": true}"#).deployments);
    }
}
