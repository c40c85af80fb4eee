//! How long it takes from an event's commit to the signed checkpoint that covers it: `cargo xtask bench burst [rate
//! seconds]`. Events are committed as the functions commit them, entry and outbox in one transaction, each to one of many
//! streams; what is waited for is the checkpoint that anybody can read. These are figures, no test.

use std::collections::HashMap;
use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use end_to_end::cloud::Cloud;
use end_to_end::failure::Failure;
use end_to_end::log::Log;
use end_to_end::stage::Stage;
use futures_util::StreamExt as _;
use jiff::Timestamp;
use record::chain::{Head, Link, append};
use record::tile::{Holds, Tile, WIDTH, decode_entries};
use serde_json::{Value, json};

/// Events in a second, and for how many seconds.
const RATE: u64 = 200;
const SECONDS: u64 = 10;

/// Streams that they are of.
const STREAMS: u64 = 100;

/// Transactions at once.
const AT_ONCE: usize = 64;

/// How long is waited for the last of them.
const PATIENCE: Duration = Duration::from_mins(3);

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = writeln!(io::stderr(), "{failure}");
            ExitCode::FAILURE
        }
    }
}

/// What is committed, in order of time: the stream and the link.
fn planned(rate: u64, seconds: u64, at: Timestamp) -> Result<Vec<(String, Link)>, Failure> {
    let mut heads: HashMap<String, Head> = HashMap::new();
    let mut planned = Vec::new();
    for number in 0..rate.saturating_mul(seconds) {
        let (round, nth) = (number.checked_div(STREAMS).unwrap_or(0), number.checked_rem(STREAMS).unwrap_or(0));
        let time = at.as_millisecond().unsigned_abs();
        // As ids are: version 7, of this run alone.
        let stream = format!("req_{time:012x}7{nth:03x}8{nth:03x}{time:012x}");
        let head = heads.get(&stream).copied().unwrap_or(Head::START);
        let second = i64::try_from(number.checked_div(rate).unwrap_or(0)).unwrap_or(0);
        let at = Timestamp::from_second(at.as_second().saturating_add(second));
        let at = at.map_err(|error| Failure::of("reading the time", &error))?.to_string();
        let event = json!({"type": "burst", "data": {"round": round, "number": number}});
        let cause = json!({"kind": "system", "part": "bench"});
        let (link, next) =
            append(head, &stream, &at, cause, event).map_err(|error| Failure::of("writing an entry", &error))?;
        heads.insert(stream.clone(), next);
        planned.push((stream, link));
    }
    Ok(planned)
}

/// Entry and outbox, in one transaction.
async fn commit(root: &Cloud, table: &str, stream: &str, link: &Link) -> Result<Instant, Failure> {
    let text = |value: &str| AttributeValue::S(value.to_owned());
    let value: Value = serde_json::from_slice(&link.bytes).map_err(|error| Failure::of("reading an entry", &error))?;
    let at = value.get("at").and_then(Value::as_str).unwrap_or_default();
    let shard = record::entry::EntryHash::of(stream.as_bytes()).to_string().pop().unwrap_or('0');
    let entry = [
        ("pk", text(&format!("REQ#{stream}"))),
        ("sk", text(&format!("EVENT#{:06}", link.seq))),
        ("event", AttributeValue::B(link.bytes.clone().into())),
        ("type", text(&link.name)),
        ("hash", text(&link.hash.to_string())),
    ];
    let out = [
        ("pk", text(&format!("OUT#{stream}"))),
        ("sk", text(&format!("{:06}", link.seq))),
        ("at", text(at)),
        ("hash", text(&link.hash.to_string())),
        ("duePk", text(&format!("UNLOGGED#{shard}"))),
        ("dueSk", text(&format!("{at}#{stream}#{:06}", link.seq))),
    ];
    let put = |item: Vec<(&str, AttributeValue)>| {
        let item = item.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let put = Put::builder().table_name(table).set_item(Some(item)).build();
        put.map(|put| TransactWriteItem::builder().put(put).build()).map_err(|error| Failure::of("putting", &error))
    };
    let write = root.dynamodb().transact_write_items();
    let write = write.transact_items(put(entry.to_vec())?).transact_items(put(out.to_vec())?);
    write.send().await.map_err(|error| Failure::of("committing", &error))?;
    Ok(Instant::now())
}

async fn run() -> Result<(), Failure> {
    let given: Vec<u64> = std::env::args().skip(1).filter_map(|word| word.parse().ok()).collect();
    let (rate, seconds) = match given.as_slice() {
        [rate, seconds] => (*rate, *seconds),
        _ => (RATE, SECONDS),
    };
    let stage = Stage::find()?;
    let (log, root, table) = (Log::of(&stage)?, stage.root()?, stage.outputs.table_name.clone());
    let first = log.checkpoint().await?.checkpoint.size();
    let planned = planned(
        rate,
        seconds,
        Timestamp::try_from(end_to_end::waiting::now()).map_err(|error| Failure::of("the time", &error))?,
    )?;
    let count = planned.len();
    let begun = Instant::now();
    let gap = Duration::from_secs(1).checked_div(u32::try_from(rate).unwrap_or(1)).unwrap_or_default();
    let writing = async {
        let commits = planned.iter().enumerate().map(|(nth, (stream, link))| {
            let (root, table) = (&root, &table);
            async move {
                let due = begun.checked_add(gap.saturating_mul(u32::try_from(nth).unwrap_or(u32::MAX)));
                tokio::time::sleep_until(due.unwrap_or(begun).into()).await;
                let done = commit(root, table, stream, link).await?;
                Ok::<_, Failure>(((stream.clone(), link.seq), done))
            }
        });
        let done: Vec<Result<_, Failure>> = futures_util::stream::iter(commits).buffered(AT_ONCE).collect().await;
        done.into_iter().collect::<Result<HashMap<(String, u64), Instant>, Failure>>()
    };
    let (committed, seen) = futures_util::join!(writing, watch(&log, first, count));
    let (committed, seen) = (committed?, seen?);
    let took = committed.values().max().map_or(0.0, |last| last.duration_since(begun).as_secs_f64());
    let mut waited: Vec<u128> = committed
        .iter()
        .filter_map(|(place, done)| Some(seen.get(place)?.saturating_duration_since(*done).as_millis()))
        .collect();
    waited.sort_unstable();
    let percentile = |percent: usize| {
        let rank = waited.len().saturating_mul(percent).div_ceil(100);
        waited.get(rank.saturating_sub(1)).copied().unwrap_or_default()
    };
    let reached = f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / took.max(0.001);
    let words = format!(
        "{count} events in {took:.1} s ({reached:.0}/s, {rate}/s asked for); commit to signed checkpoint: p50 {} ms, \
         p99 {} ms, last {} ms; {} were not seen",
        percentile(50),
        percentile(99),
        waited.last().copied().unwrap_or_default(),
        count.saturating_sub(waited.len()),
    );
    let _ = writeln!(io::stdout(), "{words}");
    Ok(())
}

/// When the checkpoint that covers each entry was there to be read, from the leaf `first` on, until `count` of this run
/// were seen.
async fn watch(log: &Log, first: u64, count: usize) -> Result<HashMap<(String, u64), Instant>, Failure> {
    let (mut seen, mut known, since) = (HashMap::new(), first, Instant::now());
    while seen.len() < count && since.elapsed() < PATIENCE {
        let size = log.checkpoint().await?.checkpoint.size();
        let now = Instant::now();
        let width = u64::from(WIDTH);
        while known < size {
            let index = known.checked_div(width).unwrap_or(0);
            let tile = Tile::at(Holds::Entries, index, size).ok_or_else(|| Failure::new("there is no such bundle"))?;
            let bytes = log.file(&tile.to_string()).await?.ok_or_else(|| Failure::new(format!("{tile} is missing")))?;
            let entries = decode_entries(&bytes, tile.width()).map_err(|_| Failure::new(format!("{tile}")))?;
            let skip = usize::try_from(known.saturating_sub(index.saturating_mul(width))).unwrap_or(0);
            for entry in entries.iter().skip(skip) {
                known = known.saturating_add(1);
                let value: Value = serde_json::from_slice(entry).unwrap_or_default();
                let text = |name: &str| value.pointer(name).and_then(Value::as_str).unwrap_or_default();
                if text("/event/type") == "burst" {
                    let seq = value.get("seq").and_then(Value::as_u64).unwrap_or_default();
                    seen.insert((text("/request").to_owned(), seq), now);
                }
            }
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(seen)
}
