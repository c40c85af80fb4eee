//! Lambda, as far as it matters here: so many workers at once, each with one event, its time, and its fate; and the clock
//! that everything goes by.

use super::{Pace, SECOND, Settings};
use crate::dice::Dice;
use crate::mail::{Letter, To, invoke};
use crate::site::{CALL, Site};
use crate::worker::Done;
use futures_util::future::{Either, select};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use workflow::double::{Trouble, World};

/// How many times as fast the wall's clock goes for the model once nothing arrives any more.
const HURRY: u64 = 8;

/// What happens to workers, and how often it did.
#[derive(Debug, Default)]
pub(super) struct Fates {
    /// Dropped in the middle of whatever they did.
    pub(super) killed: AtomicU64,
    /// Stood still for seconds, and then went on.
    pub(super) paused: AtomicU64,
    /// Ran longer than they may.
    pub(super) timed_out: AtomicU64,
    /// Never began: there was no worker to be had.
    pub(super) throttled: AtomicU64,
    /// All that began.
    pub(super) begun: AtomicU64,
}

/// All workers.
pub(super) struct Pool {
    pub(super) site: Arc<Site>,
    pub(super) fates: Fates,
    settings: Settings,
    pace: Pace,
    dice: Mutex<Dice>,
    running: AtomicUsize,
    most: AtomicUsize,
    healed: AtomicBool,
    /// How often anything was polled: where nothing is, all work waits.
    polls: AtomicU64,
}

/// What is drawn for a worker.
enum Fate {
    Lives,
    Killed(u64),
    Paused(u64, u64),
}

/// How long a function runs at most, in seconds. Source: `template.yaml`, `Timeout`; API Gateway's
/// `TimeoutInMillis` is as long as that of what it calls.
fn longest(to: To) -> u64 {
    match to {
        To::Approval | To::Conversation | To::Credentials | To::Intake => 10,
        To::Grant | To::Publication | To::Notification | To::Witness => 30,
        To::Reconciliation => 55,
        To::Activity | To::Audit | To::Operator | To::Revocation => 60,
    }
}

struct Counted<'a>(&'a AtomicUsize);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Pool {
    pub(super) fn new(site: Arc<Site>, settings: Settings, pace: Pace) -> Arc<Self> {
        let mut dice = Dice::new(settings.seed ^ 0x10AD);
        let mut own = dice.split();
        let faults = settings.faults;
        site.world.trouble(move |_| {
            if !own.permille(faults) {
                return None;
            }
            let kinds = [
                Trouble::Throttle,
                Trouble::Throttle,
                Trouble::FaultBefore,
                Trouble::FaultAfter,
                Trouble::FaultAfter,
                Trouble::CrashBefore,
                Trouble::CrashAfter,
            ];
            own.one(&kinds).copied()
        });
        Arc::new(Self {
            site,
            fates: Fates::default(),
            settings,
            pace,
            dice: Mutex::new(dice),
            running: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
            healed: AtomicBool::new(false),
            polls: AtomicU64::new(0),
        })
    }

    pub(super) fn world(&self) -> &World {
        &self.site.world
    }

    pub(super) fn settings(&self) -> Settings {
        self.settings
    }

    /// The most workers that there were at once.
    pub(super) fn most(&self) -> usize {
        self.most.load(Ordering::Relaxed)
    }

    /// From now on nothing goes wrong.
    pub(super) fn heal(&self) {
        self.healed.store(true, Ordering::Relaxed);
        self.world().heal();
    }

    /// Microseconds since the beginning.
    pub(super) fn now(&self) -> u64 {
        self.world().elapsed()
    }

    pub(super) async fn wait(&self, microseconds: u64) {
        self.world().wait(microseconds).await;
    }

    /// Does this, and counts how often it is polled.
    pub(super) async fn counted<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        poll_fn(|context| {
            self.polls.fetch_add(1, Ordering::Relaxed);
            work.as_mut().poll(context)
        })
        .await
    }

    /// Does this beside everything else.
    pub(super) fn spawn(self: &Arc<Self>, work: impl Future<Output = ()> + Send + 'static) {
        let pool = Arc::clone(self);
        tokio::spawn(async move { pool.counted(work).await });
    }

    /// Moves the world's clock.
    pub(super) async fn keep_time(self: Arc<Self>) {
        match &self.pace {
            Pace::Wall(clock) => {
                let (mut before, mut moment) = (clock(), self.now());
                loop {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                    let now = clock();
                    let passed = now.saturating_sub(before);
                    moment += if self.healed.load(Ordering::Relaxed) { passed * HURRY } else { passed };
                    before = now;
                    self.world().pass_until(moment);
                }
            }
            // One thread gives every task that is ready its turn before this one has another: if none was, all wait.
            Pace::Virtual => loop {
                let before = self.polls.load(Ordering::Relaxed);
                tokio::task::yield_now().await;
                if self.polls.load(Ordering::Relaxed) == before && !self.world().next_moment() {
                    tokio::task::yield_now().await;
                }
            },
        }
    }

    pub(super) fn draw<T>(&self, draw: impl FnOnce(&mut Dice) -> T) -> T {
        draw(&mut self.dice.lock().unwrap())
    }

    fn fate(&self) -> Fate {
        if self.healed.load(Ordering::Relaxed) {
            return Fate::Lives;
        }
        self.draw(|dice| {
            if dice.permille(self.settings.killed) {
                // Most answers take less.
                return Fate::Killed(dice.seconds(120_000));
            }
            if dice.permille(self.settings.paused) {
                return Fate::Paused(dice.seconds(120_000), SECOND + dice.seconds(7_000_000));
            }
            Fate::Lives
        })
    }

    /// Has a worker do this. `None`: there is none, it died, or it took too long.
    pub(super) async fn run(&self, letter: &Letter, call: Option<u64>) -> Option<Done> {
        let running = self.running.fetch_add(1, Ordering::Relaxed) + 1;
        let _counted = Counted(&self.running);
        if running > self.settings.workers {
            self.fates.throttled.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        self.most.fetch_max(running, Ordering::Relaxed);
        self.fates.begun.fetch_add(1, Ordering::Relaxed);
        let work = invoke(&self.site, letter);
        let work = async move {
            match call {
                Some(call) => CALL.scope(call, work).await,
                None => work.await,
            }
        };
        let lives = Box::pin(self.live(work));
        match select(lives, pin!(self.wait(longest(letter.to) * SECOND))).await {
            Either::Left((done, _)) => done,
            Either::Right(_) => {
                self.fates.timed_out.fetch_add(1, Ordering::Relaxed);
                None
            }
        }
    }

    async fn live(&self, work: impl Future<Output = Done>) -> Option<Done> {
        let mut work = pin!(work);
        match self.fate() {
            Fate::Lives => Some(work.await),
            Fate::Killed(after) => match select(work, pin!(self.wait(after))).await {
                Either::Left((done, _)) => Some(done),
                Either::Right(_) => {
                    self.fates.killed.fetch_add(1, Ordering::Relaxed);
                    None
                }
            },
            Fate::Paused(after, still) => {
                if let Either::Left((done, _)) = select(work.as_mut(), pin!(self.wait(after))).await {
                    return Some(done);
                }
                self.fates.paused.fetch_add(1, Ordering::Relaxed);
                self.wait(still).await;
                Some(work.await)
            }
        }
    }
}
