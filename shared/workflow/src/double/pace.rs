//! How long AWS takes for what the ports ask of it, and how long entries waited until they were signed for.
//!
//! Every figure is an assumption, drawn from a seed. Median and 99th percentile of one call, as a function in the same
//! region sees it:
//!
//! | call | p50 / p99 | from where |
//! |---|---|---|
//! | item or page read | 5 / 20 ms | DynamoDB developer guide: single-digit milliseconds; tail and SDK on top |
//! | item written | 8 / 30 ms | as a read, replicated to two of three |
//! | transaction | 25 / 80 ms | a read and a write of each item, one after the other; measured by others at some 20 ms for 5 to 25 items |
//! | `GetObject`, `PutObject` | 30 / 150 ms | S3 user guide: small objects take some tens of milliseconds, and one that takes two seconds is to be sent again |
//! | KMS `Sign` | 25 / 120 ms | no figure is published |
//!
//! A function has a share of a processor: 1,769 MB are one (Lambda developer guide, memory). Signing, sending and reading
//! one call is taken to cost 0.35 ms of a whole one, and calls in flight together queue for it.

use super::gate::Call;
use super::{Verb, World};

/// Median and 99th percentile, in microseconds.
#[derive(Debug, Clone, Copy)]
struct Takes(f64, f64);

const READ: Takes = Takes(5_000.0, 20_000.0);
const WRITE: Takes = Takes(8_000.0, 30_000.0);
const TRANSACTION: Takes = Takes(25_000.0, 80_000.0);
const OBJECT: Takes = Takes(30_000.0, 150_000.0);
const SIGN: Takes = Takes(25_000.0, 120_000.0);

/// The 99th percentile of the normal distribution.
const P99: f64 = 2.326_35;

/// Processor time of one call on a whole processor, in microseconds.
const CALL: u64 = 350;

/// Memory that comes with a whole processor, in MB. Source: Lambda developer guide, configure memory.
const WHOLE: u64 = 1_769;

/// Items of a transaction, keys of a batch, and writes in flight, as `aws` has them.
const ITEMS: u64 = 100;
const AT_ONCE: u64 = 64;

/// Parts of the index of what is to be logged.
const SHARDS: u64 = 16;

/// AWS, as far as it takes time.
#[derive(Debug, Clone)]
pub struct Aws {
    dice: u64,
    /// Memory of the function that calls, in MB.
    memory: u64,
    /// When its processor is free.
    free: u64,
}

impl Aws {
    /// As it is for a function with so many MB of memory; equal seeds draw equal times.
    pub fn new(seed: u64, memory: u64) -> Self {
        Self { dice: seed.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15), memory: memory.max(1), free: 0 }
    }

    /// One of 0 to 1, the ends not among them (xorshift64*).
    fn draw(&mut self) -> f64 {
        self.dice ^= self.dice >> 12;
        self.dice ^= self.dice << 25;
        self.dice ^= self.dice >> 27;
        let drawn = self.dice.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 32;
        (f64::from(u32::try_from(drawn).unwrap_or(u32::MAX)) + 0.5) / f64::from(u32::MAX) / 1.000_001
    }

    /// A number of microseconds below `most`, each as likely.
    pub fn below(&mut self, most: u64) -> u64 {
        let drawn = self.draw() * f64::from(u32::try_from(most).unwrap_or(u32::MAX));
        whole(drawn)
    }

    /// How long one call takes: its logarithm is normal.
    fn one(&mut self, Takes(median, p99): Takes) -> u64 {
        let normal = (-2.0 * self.draw().ln()).sqrt() * (std::f64::consts::TAU * self.draw()).cos();
        whole(median * ((p99 / median).ln() / P99 * normal).exp())
    }

    /// The longest of so many at once.
    fn slowest(&mut self, takes: Takes, calls: u64) -> u64 {
        (0..calls).map(|_| self.one(takes)).max().unwrap_or(0)
    }

    /// How long until the table's stream has what was committed.
    pub fn streamed(&mut self) -> u64 {
        self.one(Takes(100_000.0, 500_000.0))
    }

    /// How many calls a port's call is, and how long they take.
    fn of(&mut self, call: &Call) -> (u64, u64) {
        const OBJECTS: [Verb; 6] =
            [Verb::Tile, Verb::PutTile, Verb::Checkpoint, Verb::PutCheckpoint, Verb::PutAnchor, Verb::Anchored];
        let count = |text: &str| text.parse::<u64>().unwrap_or(1);
        let verb = call.verb;
        if verb == Verb::EntriesAt || verb == Verb::LoggedUpTo {
            let calls = count(&call.detail).div_ceil(ITEMS);
            return (calls, self.slowest(READ, calls));
        }
        if verb == Verb::Unlogged {
            return (SHARDS, self.slowest(READ, SHARDS));
        }
        if verb == Verb::MarkLogged {
            let (transactions, streams) = (count(&call.detail).div_ceil(ITEMS), count(&call.on));
            let waves = streams.div_ceil(AT_ONCE);
            let marks = (0..waves).map(|_| self.slowest(WRITE, streams.min(AT_ONCE))).fold(0, u64::saturating_add);
            let takes = self.slowest(TRANSACTION, transactions).saturating_add(marks);
            return (transactions.saturating_add(streams), takes);
        }
        let takes = if verb == Verb::Sign {
            SIGN
        } else if OBJECTS.contains(&verb) {
            OBJECT
        } else if verb == Verb::Stage || verb == Verb::Applied {
            WRITE
        } else if verb.writes() {
            TRANSACTION
        } else {
            READ
        };
        (1, self.one(takes))
    }

    /// How many microseconds `call` takes that is begun at `now`. For [`World::set_durations`].
    pub fn takes(&mut self, call: &Call, now: u64) -> u64 {
        let (calls, takes) = self.of(call);
        let work = CALL.saturating_mul(WHOLE).saturating_mul(calls).div_euclid(self.memory.min(WHOLE));
        self.free = self.free.max(now).saturating_add(work);
        self.free.saturating_sub(now).saturating_add(takes)
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "microseconds of less than an hour")]
fn whole(microseconds: f64) -> u64 {
    microseconds as u64
}

/// How long an entry waited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// When it was committed, in microseconds of [`World::elapsed`].
    pub since: u64,
    /// For how many.
    pub waited: u64,
}

/// How long entries waited since they were committed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Waits {
    /// Until the log's head had them, and with it the signature.
    pub signed: Vec<Wait>,
    /// Until the checkpoint that anybody can read had them.
    pub readable: Vec<Wait>,
}

/// How many milliseconds so many of a hundred waited at most; 0 of none.
pub fn percentile<'a>(waits: impl IntoIterator<Item = &'a Wait>, percent: usize) -> u64 {
    let mut sorted: Vec<u64> = waits.into_iter().map(|wait| wait.waited.div_euclid(1_000)).collect();
    sorted.sort_unstable();
    let rank = sorted.len().saturating_mul(percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or(0)
}

impl World {
    /// How long what is in the log waited.
    pub fn waits(&self) -> Waits {
        self.lock().log.waits.clone()
    }
}
