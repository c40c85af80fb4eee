//! The table's stream and the event source mapping that wakes a function with it, and a timer beside.
//!
//! Source: Lambda developer guide, DynamoDB event source mappings: each shard is polled four times a second and has one
//! batch at a time, which waits for the batching window; a batch that the function has no room for is sent again until it
//! is too old. How long is waited before that is not published: taken to be 0.2 s, doubled up to 3.2 s.

use super::World;
use super::pace::Aws;
use model::stream::{Place, Stream};
use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

const SECOND: u64 = 1_000_000;

/// How often a shard is asked for more, in microseconds.
const POLLED: u64 = 250_000;

/// How long until a batch is sent again that there was no room for: at first, and at most, in microseconds.
const AGAIN: u64 = 200_000;
const LONGEST: u64 = 3_200_000;

/// A mapping, as the template has it, of a function that runs once at a time.
#[derive(Debug, Clone, Copy)]
pub struct Mapping {
    /// Shards of the stream: the table's partitions. A new table on demand has four: it takes 4,000 writes a second, and a
    /// partition 1,000. Source: DynamoDB developer guide, on-demand capacity mode.
    pub shards: usize,
    /// Records of one batch, at most.
    pub batch: usize,
    /// How long records are waited for, in seconds.
    pub window: u64,
    /// Its seed.
    pub seed: u64,
}

impl Mapping {
    /// As the template has it, on a table that has so many partitions.
    pub fn deployed(shards: usize, seed: u64) -> Self {
        Self { shards, batch: 500, window: 1, seed }
    }
}

/// What runs.
struct Running<'a> {
    world: &'a World,
    mapping: Mapping,
    aws: Mutex<Aws>,
    /// By shard: when a record is there to be read, and its stream.
    records: Mutex<Vec<VecDeque<(u64, Place)>>>,
    /// Whether the function runs.
    busy: AtomicBool,
    invoked: AtomicU64,
    over: &'a AtomicBool,
}

impl Mapping {
    /// Wakes `told` with what each batch tells of, by stream and up to which place, and `minute` every minute, never two at once, until `over` and everything
    /// that was committed before was told. Gives back how often they ran.
    pub async fn run<T, M>(
        self,
        world: &World,
        over: &AtomicBool,
        told: impl Fn(BTreeMap<Stream, u64>) -> T,
        minute: impl Fn() -> M,
    ) -> u64
    where
        T: Future<Output = ()>,
        M: Future<Output = ()>,
    {
        world.lock().log.told = Some(VecDeque::new());
        let running = Running {
            world,
            mapping: self,
            aws: Mutex::new(Aws::new(self.seed, u64::MAX)),
            records: Mutex::new(vec![VecDeque::new(); self.shards.max(1)]),
            busy: AtomicBool::new(false),
            invoked: AtomicU64::new(0),
            over,
        };
        let shards = (0..self.shards.max(1)).map(|shard| running.shard(shard, &told));
        futures_util::join!(futures_util::future::join_all(shards), running.timer(&minute));
        running.invoked.load(Ordering::Relaxed)
    }
}

impl Running<'_> {
    /// Puts what was committed where its shard finds it. A stream's entries are all in one.
    fn distribute(&self) {
        let told: Vec<_> = self.world.lock().log.told.iter_mut().flat_map(std::mem::take).collect();
        let records = &mut *self.records.lock().unwrap_or_else(PoisonError::into_inner);
        let aws = &mut *self.aws.lock().unwrap_or_else(PoisonError::into_inner);
        for (moment, place) in told {
            let text = place.stream.to_string();
            let hash = record::entry::EntryHash::of(text.as_bytes()).to_string();
            let shard = usize::from(hash.bytes().last().unwrap_or(0)).checked_rem(records.len()).unwrap_or(0);
            let Some(records) = records.get_mut(shard) else { continue };
            // What follows in a shard is never there before what it follows.
            let there = moment.saturating_add(aws.streamed()).max(records.back().map_or(0, |(there, _)| *there));
            records.push_back((there, place));
        }
    }

    /// Takes what there is in a shard by now, up to a batch's length.
    fn poll(&self, shard: usize, batch: &mut BTreeMap<Stream, u64>, taken: &mut usize) -> bool {
        self.distribute();
        let now = self.world.elapsed();
        let records = &mut *self.records.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(records) = records.get_mut(shard) else { return true };
        while *taken < self.mapping.batch
            && let Some((_, place)) = records.pop_front_if(|(there, _)| *there <= now)
        {
            *taken = taken.saturating_add(1);
            let seq = batch.entry(place.stream).or_insert(0);
            *seq = place.seq.max(*seq);
        }
        records.is_empty()
    }

    async fn shard<T: Future<Output = ()>>(&self, shard: usize, told: &impl Fn(BTreeMap<Stream, u64>) -> T) {
        // They do not poll in step.
        self.world.wait(POLLED.saturating_mul(shard as u64).div_euclid(self.mapping.shards.max(1) as u64)).await;
        loop {
            let (mut batch, mut taken) = (BTreeMap::new(), 0);
            let mut since = None;
            loop {
                let empty = self.poll(shard, &mut batch, &mut taken);
                let now = self.world.elapsed();
                if taken > 0 {
                    let since = *since.get_or_insert(now);
                    let over = now >= since.saturating_add(self.mapping.window.saturating_mul(SECOND));
                    if taken >= self.mapping.batch || over {
                        break;
                    }
                } else if empty && self.over.load(Ordering::Relaxed) {
                    return;
                }
                self.world.wait(POLLED).await;
            }
            self.room(AGAIN, LONGEST).await;
            told(batch).await;
            self.done();
        }
    }

    /// Waits until the function has room.
    async fn room(&self, first: u64, longest: u64) {
        let mut wait = first;
        while self.busy.swap(true, Ordering::Relaxed) {
            let some = self.aws.lock().unwrap_or_else(PoisonError::into_inner).below(wait);
            self.world.wait(wait.div_euclid(2).saturating_add(some)).await;
            wait = wait.saturating_mul(2).min(longest);
        }
        self.invoked.fetch_add(1, Ordering::Relaxed);
    }

    fn done(&self) {
        self.busy.store(false, Ordering::Relaxed);
    }

    async fn timer<M: Future<Output = ()>>(&self, minute: &impl Fn() -> M) {
        let mut next = 60 * SECOND;
        while !self.over.load(Ordering::Relaxed) {
            if self.world.elapsed() < next {
                self.world.wait(SECOND).await;
                continue;
            }
            next = next.saturating_add(60 * SECOND);
            // Lambda's own queue tries again after a second, and then later.
            self.room(SECOND, 8 * SECOND).await;
            minute().await;
            self.done();
        }
    }
}
