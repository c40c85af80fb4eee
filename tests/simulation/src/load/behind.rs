//! What follows from calls: the table's stream and what it wakes, the bus, schedules and timers.
//!
//! Source: `template.yaml`, and the Lambda developer guide: a shard has one batch at a time and sends it again until it comes
//! through; what is invoked without waiting is tried again after one and after two minutes. EventBridge Scheduler's user
//! guide: a schedule fires within a minute of its time; here, within twenty seconds.

use super::SECOND;
use super::pool::Pool;
use crate::mail::{Letter, Record, To};
use crate::worker::Done;
use model::lifecycle::{Phase, Verification};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use workflow::double::Aws;

/// Partitions of the table, as [`workflow::double::Mapping`] has it.
const SHARDS: usize = 4;

/// Who reads the stream, how many records at most, and how long it waits for them, in microseconds.
const CONSUMERS: [(To, usize, u64); 2] = [(To::Publication, 100, 0), (To::Audit, 500, SECOND)];

/// How often a shard is asked for more.
const POLLED: u64 = 250_000;

/// How late a schedule fires at most.
const LATE: usize = 20_000_000;

/// A shard as one of its consumers sees it: records, each with when it is there to be read.
type Queue = Mutex<VecDeque<(u64, Record)>>;

/// All of it.
pub(super) struct Behind {
    queues: [[Queue; CONSUMERS.len()]; SHARDS],
    numbers: AtomicU64,
    /// Events and schedules on their way.
    under_way: AtomicU64,
    /// What was tried often enough.
    given_up: AtomicU64,
    stopped: AtomicBool,
    /// `audit` runs once at a time.
    log: tokio::sync::Mutex<()>,
    lag: Mutex<Aws>,
}

impl Behind {
    pub(super) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    fn goes_on(&self) -> bool {
        !self.stopped.load(Ordering::Relaxed)
    }

    fn queued(&self) -> usize {
        self.queues.iter().flatten().map(|queue| queue.lock().unwrap().len()).sum()
    }
}

/// Starts everything.
pub(super) fn start(pool: &Arc<Pool>) -> Arc<Behind> {
    let behind = Arc::new(Behind {
        queues: Default::default(),
        numbers: AtomicU64::new(0),
        under_way: AtomicU64::new(0),
        given_up: AtomicU64::new(0),
        stopped: AtomicBool::new(false),
        log: tokio::sync::Mutex::new(()),
        lag: Mutex::new(Aws::new(pool.settings().seed ^ 0x57, u64::MAX)),
    });
    pool.spawn(carry(Arc::clone(pool), Arc::clone(&behind)));
    pool.spawn(ring(Arc::clone(pool), Arc::clone(&behind)));
    for to in [To::Audit, To::Reconciliation] {
        pool.spawn(every_minute(Arc::clone(pool), Arc::clone(&behind), to));
    }
    for shard in 0..SHARDS {
        for consumer in 0..CONSUMERS.len() {
            pool.spawn(consume(Arc::clone(pool), Arc::clone(&behind), (shard, consumer)));
        }
    }
    behind
}

/// Waits until the log is anchored: nothing is granted before.
pub(super) async fn first_minute(pool: &Arc<Pool>) {
    let letter = Letter::timer(To::Audit, pool.world().aws_now());
    for _ in 0..5 {
        if pool.world().log().is_some() && matches!(pool.run(&letter, None).await, Some(Done::Well)) {
            return;
        }
        drop(pool.run(&letter, None).await);
    }
}

/// What was committed goes into the stream, what the bus took to whoever listens.
async fn carry(pool: Arc<Pool>, behind: Arc<Behind>) {
    while behind.goes_on() {
        let (changes, now) = (pool.world().take_changes(), pool.now());
        // A log of calls is not kept: it would only grow.
        pool.world().forget_calls();
        for change in changes {
            let number = behind.numbers.fetch_add(1, Ordering::Relaxed) + 1;
            let of: usize = change.place.stream.to_string().bytes().map(usize::from).sum();
            let there = now + behind.lag.lock().unwrap().streamed();
            for queue in &behind.queues[of % SHARDS] {
                let mut queue = queue.lock().unwrap();
                // What follows in a shard is never there before what it follows.
                let there = there.max(queue.back().map_or(0, |(there, _)| *there));
                queue.push_back((there, Record::Entry(number, change.clone())));
            }
        }
        let events = std::mem::take(&mut pool.site.side().bus);
        for event in events {
            let detail = serde_json::from_str(&event.detail).unwrap_or_default();
            for letter in Letter::of_bus(&event, &detail, pool.world().aws_now()) {
                send(&pool, &behind, letter, 50_000);
            }
        }
        pool.wait(10_000).await;
    }
}

/// Invokes without waiting for it, and again if that failed.
fn send(pool: &Arc<Pool>, behind: &Arc<Behind>, letter: Letter, after: u64) {
    behind.under_way.fetch_add(1, Ordering::Relaxed);
    let (own, behind) = (Arc::clone(pool), Arc::clone(behind));
    pool.spawn(async move {
        own.wait(after).await;
        let mut came = false;
        for again in [60, 120, 0] {
            if matches!(own.run(&letter, None).await, Some(Done::Well)) {
                came = true;
                break;
            }
            own.wait(again * SECOND).await;
        }
        behind.given_up.fetch_add(u64::from(!came), Ordering::Relaxed);
        behind.under_way.fetch_sub(1, Ordering::Relaxed);
    });
}

/// Schedules fire.
async fn ring(pool: Arc<Pool>, behind: Arc<Behind>) {
    while behind.goes_on() {
        for id in pool.world().fire_schedules() {
            let late = pool.draw(|dice| dice.seconds(LATE));
            send(&pool, &behind, Letter::schedule(id.as_str(), pool.world().aws_now()), late);
        }
        pool.wait(SECOND).await;
    }
}

async fn every_minute(pool: Arc<Pool>, behind: Arc<Behind>, to: To) {
    while behind.goes_on() {
        {
            let _alone = if to == To::Audit { Some(behind.log.lock().await) } else { None };
            let letter = Letter::timer(to, pool.world().aws_now());
            drop(pool.run(&letter, None).await);
        }
        pool.wait(60 * SECOND).await;
    }
}

/// One consumer of one shard.
async fn consume(pool: Arc<Pool>, behind: Arc<Behind>, (shard, consumer): (usize, usize)) {
    let (to, most, window) = CONSUMERS[consumer];
    let queue = &behind.queues[shard][consumer];
    while behind.goes_on() {
        let now = pool.now();
        let first = queue.lock().unwrap().front().map(|(there, _)| *there);
        let ready = first.is_some_and(|there| there + window <= now || queue.lock().unwrap().len() >= most);
        if !ready {
            pool.wait(POLLED).await;
            continue;
        }
        let records: Vec<Record> = {
            let queue = queue.lock().unwrap();
            let there = queue.iter().take(most).take_while(|(there, _)| *there <= now);
            there.map(|(_, record)| record.clone()).collect()
        };
        if records.is_empty() {
            pool.wait(POLLED).await;
            continue;
        }
        let letter = Letter::batch(to, (shard, consumer), &records, pool.world().aws_now());
        let done = {
            let _alone = if to == To::Audit { Some(behind.log.lock().await) } else { None };
            pool.run(&letter, None).await
        };
        let through = match done {
            Some(Done::Well | Done::Batch(None)) => records.len(),
            Some(Done::Batch(Some(from))) => {
                let from: u64 = from.parse().unwrap_or(0);
                records.iter().take_while(|record| record.number() < from).count()
            }
            Some(Done::Badly | Done::Answered(_)) | None => 0,
        };
        queue.lock().unwrap().drain(..through);
        if through == 0 {
            pool.wait(POLLED).await;
        }
    }
}

/// Waits until every grant has ended and is verified, and everything that was committed is published and in the log. What is
/// left after an hour of the model's time is told.
pub(super) async fn come_to_rest(pool: &Arc<Pool>, behind: &Arc<Behind>) -> Vec<String> {
    let mut left = Vec::new();
    for _ in 0..720 {
        pool.wait(5 * SECOND).await;
        left = still(pool, behind);
        if left.is_empty() {
            break;
        }
    }
    left
}

fn still(pool: &Arc<Pool>, behind: &Arc<Behind>) -> Vec<String> {
    let world = pool.world();
    let mut left = Vec::new();
    for id in world.ids() {
        let Some(stored) = world.stored(&id) else { continue };
        let rests = matches!(
            stored.state.phase,
            Phase::Pending { .. }
                | Phase::Denied { .. }
                | Phase::Cancelled { .. }
                | Phase::Lapsed { .. }
                | Phase::Ended { residue: None, verification: Verification::Verified { .. }, .. }
        );
        if !rests {
            left.push(format!("{id} is {:?}", stored.state.status()));
        }
    }
    if !left.is_empty() {
        return left;
    }
    let (queued, under_way) = (behind.queued(), behind.under_way.load(Ordering::Relaxed));
    if queued > 0 || under_way > 0 {
        left.push(format!("{queued} records of the stream, {under_way} messages"));
    }
    let entries: usize = world.streams().iter().map(|stream| world.stream_chain(stream).len()).sum();
    let size = world.log().map_or(0, |head| head.edge.size());
    if u64::try_from(entries) != Ok(size) {
        left.push(format!("{size} of {entries} entries are in the log"));
    }
    left
}
