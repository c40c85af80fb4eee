//! The sequencer under load, in virtual time: what commits entries, what wakes the function, and the function itself as it
//! is, with AWS as slow as it is assumed to be.

use super::{Aws, Load, Mapping, Waits, World};
use crate::log::{Ran, minute, sequence};
use crate::ports::Fault;
use model::stream::Stream;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

/// How far the index of what is to be logged is behind, in whole seconds: mostly it is a fraction of one. Source: DynamoDB
/// developer guide, global secondary indexes.
const LAG: u64 = 1;

/// Memory of the function, in MB, as the template has it.
pub const DEPLOYED_MEMORY: u64 = 1_024;

/// A load, and where it falls.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Entries in a second.
    pub rate: u64,
    /// For how many seconds.
    pub seconds: u64,
    /// Grants that are open at the same time.
    pub streams: u64,
    /// So many grants are stopped at once besides, half-way through.
    pub panic: u64,
    /// What wakes the function.
    pub mapping: Mapping,
    /// Memory of the function, in MB.
    pub memory: u64,
}

/// What it came to.
#[derive(Debug, Clone, Default)]
pub struct Paced {
    /// Entries that were committed, beside those of the log itself.
    pub entries: u64,
    /// How long entries waited.
    pub waits: Waits,
    /// How often the function ran.
    pub runs: u64,
    /// Batches that were logged.
    pub batches: u64,
    /// Calls of ports that it made.
    pub calls: u64,
    /// How much of the time the function ran, in microseconds.
    pub busy: u64,
}

impl Pace {
    /// Puts the load on `world`, whose grants are all like that with this chain.
    ///
    /// # Errors
    /// The chain is none, or the function failed: here nothing does.
    pub fn run(self, world: &World, chain: &[Vec<u8>]) -> Result<Paced, Fault> {
        let mut aws = Aws::new(self.mapping.seed, self.memory);
        world.set_durations(move |call, now| aws.takes(call, now));
        world.set_outbox_lag(LAG);
        let (mut steady, mut burst) = (Load::like(chain, 1)?, Load::like(chain, 2)?);
        let over = AtomicBool::new(false);
        let (paced, failed) = (RefCell::new(Paced::default()), Cell::new(None));
        let ran = |outcome: Result<Ran, Fault>, since: u64| {
            let paced = &mut *paced.borrow_mut();
            paced.busy = paced.busy.saturating_add(world.elapsed().saturating_sub(since));
            paced.calls = paced.calls.saturating_add(world.calls().len() as u64);
            world.forget_calls();
            match outcome {
                Ok(ran) => paced.batches = paced.batches.saturating_add(ran.batches),
                Err(fault) => failed.set(Some(fault)),
            }
        };
        let loads = async {
            let half = self.seconds.saturating_mul(500_000);
            let panic = async {
                world.wait(half).await;
                burst.burst(world, self.panic, 32).await
            };
            let both = futures_util::join!(steady.run(world, self.rate, self.seconds, self.streams), panic);
            over.store(true, Ordering::Relaxed);
            both
        };
        let told = |streams: BTreeMap<Stream, u64>| {
            let ran = &ran;
            async move {
                let since = world.elapsed();
                ran(Box::pin(sequence(world, streams)).await, since);
            }
        };
        let timer = || {
            let ran = &ran;
            async move {
                let since = world.elapsed();
                ran(Box::pin(minute(world)).await, since);
            }
        };
        let stands = || Fault::new("keep pace", "stands_still");
        let done = world.play(async { futures_util::join!(loads, self.mapping.run(world, &over, told, timer)) });
        let ((steady, burst), runs) = done.ok_or_else(stands)?;
        if let Some(fault) = failed.take() {
            return Err(fault);
        }
        let entries = steady?.saturating_add(burst?);
        Ok(Paced { entries, runs, waits: world.waits(), ..paced.take() })
    }
}
