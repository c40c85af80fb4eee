//! The edge under load: good and hostile calls of Slack and of the API at a rate, by a schedule that waits for nobody,
//! beside everything that follows from them, while workers are killed and stand still and calls of AWS fail. Then what is on
//! record is counted, whatever those who called believe.
//!
//! The functions are those that run in AWS, from API Gateway's event to its answer, with Slack's real signatures. AWS is
//! the in-memory world, as slow as [`workflow::double::Aws`] takes it to be; and so are API Gateway, Lambda, the stream, the
//! bus and the timers, which are modelled here ([`pool`], [`behind`]). Nothing of this is a seed's alone once threads run:
//! what counts is what holds in every run.

mod acts;
mod behind;
mod count;
mod endings;
mod ledger;
mod people;
mod pool;

pub use count::Count;
pub use endings::{Ends, endings};
pub use ledger::{Figures, percentile};

use crate::dice::Dice;
use crate::plan::Hits;
use crate::site::Site;
use acts::Acts;
use ledger::Ledger;
use pool::Pool;
use std::fmt;
use std::sync::{Arc, Mutex};
use workflow::double::{Aws, World};
use workflow::ports::ANCHOR_COPIES;

/// Microseconds of a second.
pub(crate) const SECOND: u64 = 1_000_000;

/// A Friday, 12:00.
const NOON: &str = "2026-11-20T12:00:00Z";

/// How many processors the calls of AWS queue for, as [`Aws`] has it: one for each of so many workers.
const PROCESSORS: usize = 64;

/// What is put on the edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Calls in a second.
    pub rate: u64,
    /// For how many seconds.
    pub seconds: u64,
    /// What is drawn by.
    pub seed: u64,
    /// Of a thousand workers so many are killed, and so many stand still for seconds.
    pub killed: usize,
    /// See there.
    pub paused: usize,
    /// Of a thousand calls of AWS so many go wrong: throttled, an error before or after they are done, a worker's death.
    pub faults: usize,
    /// How many workers there are at most: the account's concurrency.
    pub workers: usize,
}

impl Settings {
    /// What the issue asks for.
    pub fn new(rate: u64, seconds: u64, seed: u64) -> Self {
        Self { rate, seconds, seed, killed: 10, paused: 5, faults: 4, workers: 200 }
    }
}

/// Which clock everything goes by.
pub enum Pace {
    /// That of the wall: gives microseconds since some moment. Calls arrive in it, processors take their time, and the
    /// model's waits are waits.
    Wall(Box<dyn Fn() -> u64 + Send + Sync>),
    /// A virtual one, on one thread: it moves on only when all work waits, so that only the model's times count.
    Virtual,
}

impl fmt::Debug for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_virtual() { "Virtual" } else { "Wall" })
    }
}

impl Pace {
    fn is_virtual(&self) -> bool {
        matches!(self, Self::Virtual)
    }
}

/// What a run came to.
#[derive(Debug)]
pub struct Report {
    /// What those who called saw.
    pub figures: Figures,
    /// What is on record.
    pub count: Count,
}

/// A world as it is for a load.
fn site(seed: u64) -> Arc<Site> {
    let world = World::new(NOON.parse().unwrap());
    world.set_policy(Some(people::policy()));
    world.watch_clocks();
    world.set_witness(false);
    world.gate_by_anchor();
    drop(world.take_changes());
    world.contend(ANCHOR_COPIES, seed);
    let mut processors: Vec<Aws> = (0..PROCESSORS as u64).map(|nth| Aws::new(seed ^ (nth << 32), u64::MAX)).collect();
    let mut next = 0;
    world.set_durations(move |call, now| {
        next = (next + 1) % PROCESSORS;
        processors[next].takes(call, now)
    });
    let site = Site::new(world, Arc::new(Hits::default()), Dice::new(seed));
    site.side().brief = true;
    Arc::new(site)
}

/// Puts the load on, waits until everything has come to rest, and counts.
///
/// # Panics
/// If there is no runtime to be had.
pub fn run(settings: Settings, pace: Pace) -> Report {
    let runtime = if pace.is_virtual() {
        tokio::runtime::Builder::new_current_thread().build().unwrap()
    } else {
        tokio::runtime::Builder::new_multi_thread().enable_time().build().unwrap()
    };
    runtime.block_on(async move {
        let pool = Pool::new(site(settings.seed), settings, pace);
        let clock = tokio::spawn(Arc::clone(&pool).keep_time());
        let report = pool.counted(whole(&pool, settings)).await;
        clock.abort();
        report
    })
}

async fn whole(pool: &Arc<Pool>, settings: Settings) -> Report {
    let ledger = Arc::new(Mutex::new(Ledger::default()));
    let behind = behind::start(pool);
    // The log has to have been anchored once before anything is granted.
    behind::first_minute(pool).await;
    Acts::new(pool, &ledger, settings.seed).arrive().await;
    let over = pool.world().aws_now();
    pool.heal();
    let left = behind::come_to_rest(pool, &behind).await;
    let count = count::count(pool, &ledger, over, left).await;
    behind.stop();
    let figures = ledger.lock().unwrap().figures(pool, settings);
    Report { figures, count }
}
