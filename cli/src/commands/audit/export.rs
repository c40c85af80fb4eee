//! `audit export`: the table's continuous backups to S3, and from there into a folder with tables.

mod catalogue;
mod download;
mod reading;

use super::{copies, exported, folder};
use crate::failure::{Answer, Exit, Failure};
use aws::clients::Clients;
use aws::exports::{Export as Found, Exports, LONGEST_SPAN, SHORTEST_SPAN, Span, Standing};
use aws::time::SystemClock;
use catalogue::Catalogue;
use clap::Args;
use model::text::inert;
use model::time::Time;
use serde_json::json;
use std::path::PathBuf;
use std::time::Duration;
use workflow::ports::{Clock as _, Fault};

/// Longest ARN that is shown, in characters. Source: DynamoDB API reference, `DescribeExport`: 1,024.
const LONGEST_ARN: usize = 1_024;

/// The code of an export that AWS gave up: there is nothing to go on with.
const FAILED: &str = "export_failed";

/// What to export, or what was exported already.
#[derive(Debug, Args)]
pub(crate) struct Export {
    /// The stack's table: its output `TableName`. Starts an export of it.
    #[arg(long, env = "TABLE_NAME")]
    table: Option<String>,
    /// The bucket that DynamoDB writes the export to.
    #[arg(long)]
    bucket: Option<String>,
    /// What the keys in the bucket begin with.
    #[arg(long)]
    prefix: Option<String>,
    /// Only what changed since then: 2026-11-20T19:00:00Z. Else: all of it.
    #[arg(long, value_name = "TIME", value_parser = time)]
    since: Option<Time>,
    /// An export that was started before, to go on with. May be given several times.
    #[arg(long, value_name = "ARN", conflicts_with_all = ["since", "from"])]
    arn: Vec<String>,
    /// A folder with an export that was downloaded already. Calls nothing.
    #[arg(long, value_name = "FOLDER", requires = "to")]
    from: Option<PathBuf>,
    /// The folder to put everything into. Waits until the export is there.
    #[arg(long, value_name = "FOLDER")]
    to: Option<PathBuf>,
    /// Waits until the export is there, without downloading it.
    #[arg(long)]
    wait: bool,
    /// How long to wait at most, in seconds.
    #[arg(long, default_value_t = 14_400, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    timeout: u64,
    /// How often to look, in seconds.
    #[arg(long, default_value_t = 15, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=600))]
    every: u64,
}

fn time(text: &str) -> Result<Time, String> {
    text.parse().map_err(|_| "a time in UTC such as 2026-11-20T19:00:00Z".to_owned())
}

/// What went wrong at AWS.
fn of_aws(fault: &Fault) -> Failure {
    let failure = Failure::new(Exit::Failed, "aws", format!("can't {}: {}", fault.doing, fault.code));
    match fault.code.as_ref() {
        "PointInTimeRecoveryUnavailableException" => {
            failure.advise("Exports take the table's continuous backups: turn point-in-time recovery on.")
        }
        "InvalidExportTimeException" => {
            failure.advise("Continuous backups reach back 35 days at most, and to when they were turned on.")
        }
        _ => failure,
    }
}

/// Starts an export, follows it, and makes tables of it; or whichever of that is asked for.
///
/// # Errors
/// AWS does not do it, it is not there in time, or a file can't be read or written.
pub(crate) async fn export(wanted: &Export) -> Result<Answer, Failure> {
    if let (Some(from), Some(to)) = (&wanted.from, &wanted.to) {
        return reading::all(&[from.clone(), to.join("AWSDynamoDB")], to);
    }
    let clients =
        Clients::from_env_with_system_roots().map_err(|error| Failure::new(Exit::Failed, "aws", error.to_string()))?;
    let exports = clients.exports();
    let mut catalogue = Catalogue::open(wanted.to.as_deref())?;
    let mut found = Vec::new();
    if wanted.arn.is_empty() {
        let started = start(wanted, &exports, &mut catalogue, &mut found).await;
        started.map_err(|failure| resumable(failure, &found))?;
    }
    for arn in &wanted.arn {
        found.push(exports.follow(arn).await.map_err(|fault| of_aws(&fault))?);
    }
    if wanted.to.is_none() && !wanted.wait {
        return Ok(told("started", &found));
    }
    let deadline = SystemClock.now().plus(wanted.timeout);
    let mut done = Vec::new();
    for (place, export) in found.iter().enumerate() {
        let there = wait(wanted, &exports, export.clone(), deadline, &mut catalogue).await;
        done.push(there.map_err(|failure| {
            let first = if failure.code == FAILED { place.saturating_add(1) } else { place };
            resumable(failure, found.get(first..).unwrap_or_default())
        })?);
    }
    let Some(to) = &wanted.to else { return Ok(told("there", &done)) };
    let objects = clients.objects(None);
    for export in &done {
        download::one(&objects, export, to).await?;
        catalogue.read(export, SystemClock.now())?;
    }
    reading::all(&[to.join("AWSDynamoDB")], to)
}

fn told(word: &str, exports: &[Found]) -> Answer {
    let arns: Vec<&str> = exports.iter().map(|export| export.arn.as_str()).collect();
    let lines: Vec<String> = arns.iter().map(|arn| format!("{word}: {arn}")).collect();
    Answer::new(lines.join("\n"), json!({"status": word, "exports": arns}))
}

/// What went wrong, with how to go on with what was started: AWS writes it all the same, and without a folder nothing else
/// keeps what it is called.
fn resumable(failure: Failure, started: &[Found]) -> Failure {
    if started.is_empty() {
        return failure;
    }
    let arns: Vec<String> = started.iter().map(|export| format!("--arn {}", inert(&export.arn, LONGEST_ARN))).collect();
    let command = format!("countersign audit export {} --to <folder>", arns.join(" "));
    let before = failure.advice.as_ref().map(|advice| format!("{advice}\n")).unwrap_or_default();
    failure.advise(format!("{before}What was started is being written: go on with `{command}`."))
}

/// Starts what is asked for: all of the table, or each day of changes. What was started before something went wrong is in
/// `started`.
async fn start(
    wanted: &Export,
    exports: &Exports,
    catalogue: &mut Catalogue,
    started: &mut Vec<Found>,
) -> Result<(), Failure> {
    let (Some(table), Some(bucket)) = (&wanted.table, &wanted.bucket) else {
        let failure = Failure::new(Exit::Usage, "no_source", "there is nothing to export");
        return Err(failure.advise("Give --table and --bucket, --arn, or --from with --to."));
    };
    let now = SystemClock.now();
    let spans = spans(wanted.since, now)?;
    let arn = exports.table_arn(table).await.map_err(|fault| of_aws(&fault))?;
    for span in spans {
        // The SDK's own retries start none twice.
        let token = uuid::Uuid::new_v4().to_string();
        let sent = exports.start(&arn, bucket, wanted.prefix.as_deref(), span, &token).await;
        let export = sent.map_err(|fault| of_aws(&fault))?;
        let kept = catalogue.started(&export, span, now);
        started.push(export);
        kept?;
    }
    Ok(())
}

/// The spans that a time is asked for in: an export of changes holds a day at most, and a quarter of an hour at least.
/// They may overlap: what comes twice changes nothing.
fn spans(since: Option<Time>, now: Time) -> Result<Vec<Span>, Failure> {
    let Some(mut from) = since else { return Ok(vec![Span::Full]) };
    if from.plus(SHORTEST_SPAN) > now {
        let sentence =
            format!("changes are exported for {SHORTEST_SPAN} s at the least, and {from} is not so long ago");
        return Err(Failure::new(Exit::Usage, "span_too_short", sentence));
    }
    let mut spans = Vec::new();
    while from < now {
        let to = from.plus(LONGEST_SPAN).min(now);
        let shortest =
            Time::from_second(to.as_second().saturating_sub(i64::try_from(SHORTEST_SPAN).unwrap_or(i64::MAX)));
        let begins = shortest.map_or(from, |shortest| from.min(shortest));
        spans.push(Span::Changes { from: begins, to });
        from = to;
    }
    Ok(spans)
}

async fn wait(
    wanted: &Export,
    exports: &Exports,
    mut export: Found,
    deadline: Time,
    catalogue: &mut Catalogue,
) -> Result<Found, Failure> {
    loop {
        catalogue.follow(&export)?;
        match &export.standing {
            Standing::Done { .. } => return Ok(export),
            Standing::Failed { code } => {
                let sentence = format!("the export {} failed: {code}", export.arn);
                return Err(Failure::new(Exit::Failed, FAILED, sentence));
            }
            Standing::Running if SystemClock.now() >= deadline => {
                let sentence = format!("the export {} is still being written", export.arn);
                return Err(Failure::new(Exit::TimedOut, "export_running", sentence));
            }
            Standing::Running => {}
        }
        tokio::time::sleep(Duration::from_secs(wanted.every)).await;
        export = exports.follow(&export.arn).await.map_err(|fault| of_aws(&fault))?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_longer_time_is_asked_for_in_days_none_of_them_too_short() {
        let time = |text: &str| text.parse::<Time>().unwrap();
        let now = time("2026-11-21T19:05:00Z");
        let spans = |since: &str| spans(Some(time(since)), now);
        let day = Span::Changes { from: time("2026-11-20T19:00:00Z"), to: time("2026-11-21T19:00:00Z") };
        let rest = Span::Changes { from: time("2026-11-21T18:50:00Z"), to: now };
        assert_eq!(spans("2026-11-20T19:00:00Z").unwrap(), [day, rest]);
        assert_eq!(spans("2026-11-21T18:50:00Z").unwrap(), [rest]);
        assert_eq!(spans("2026-11-21T19:00:00Z").unwrap_err().code, "span_too_short");
        assert_eq!(super::spans(None, now).unwrap(), [Span::Full]);
    }
}
