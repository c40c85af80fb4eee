//! Kills functions' processes, and has others stand still, while calls arrive.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use end_to_end::failure::Failure;

use crate::processes::{Signal, Told, Worker, running};
use end_to_end::dice::Dice;

/// Between two looks at who is to go on.
const TICK: Duration = Duration::from_millis(100);

/// Of so many processes that are picked one stands still; the others are killed.
const STOPPED: u64 = 3;
/// Of so many that stand still one does for up to [`LONGEST`] seconds, the others for up to [`SHORT`].
const LONG: u64 = 4;
const SHORT: u64 = 8;
const LONGEST: u64 = 90;

/// What was done, by function.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally {
    pub(crate) killed: Told,
    pub(crate) stopped: Told,
    /// The seconds that processes were to stand still, added up.
    pub(crate) still: u64,
}

/// It goes on until it is ended.
#[derive(Debug)]
pub(crate) struct Trouble {
    over: Arc<AtomicBool>,
    making: JoinHandle<Result<Tally, Failure>>,
}

impl Trouble {
    /// In the cloud whose folder is `home`, to some process every so often.
    pub(crate) fn begin(home: &Path, seed: u64, every: Duration) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let (home, ending) = (home.to_path_buf(), Arc::clone(&over));
        let making = thread::spawn(move || Making::new(home, seed).run(every, &ending));
        Self { over, making }
    }

    /// Whoever stands still goes on, and nobody is killed any more.
    ///
    /// # Errors
    /// The processes could not be looked at.
    pub(crate) fn end(self) -> Result<Tally, Failure> {
        self.over.store(true, Ordering::Relaxed);
        self.making.join().unwrap_or_else(|_| Err(Failure::new("whoever kills processes died itself")))
    }
}

struct Making {
    home: PathBuf,
    dice: Dice,
    tally: Tally,
    /// Who stands still, and until when.
    still: Vec<(Worker, Instant)>,
}

impl Making {
    fn new(home: PathBuf, seed: u64) -> Self {
        Self { home, dice: Dice::new(seed ^ 0x7201), tally: Tally::default(), still: Vec::new() }
    }

    fn run(mut self, every: Duration, over: &AtomicBool) -> Result<Tally, Failure> {
        let mut next = Instant::now();
        while !over.load(Ordering::Relaxed) {
            let now = Instant::now();
            self.go_on(|until| until <= now);
            if next <= now {
                self.pick(now)?;
                next = now.checked_add(every).unwrap_or(now);
            }
            thread::sleep(TICK);
        }
        self.go_on(|_| true);
        Ok(self.tally)
    }

    fn go_on(&mut self, due: impl Fn(Instant) -> bool) {
        let home = &self.home;
        self.still.retain(|(worker, until)| {
            let is_due = due(*until);
            if is_due {
                // It may be gone: the stand-in ends what takes too long.
                worker.signal(home, Signal::Continue);
            }
            !is_due
        });
    }

    fn pick(&mut self, now: Instant) -> Result<(), Failure> {
        let mut workers = running(&self.home)?;
        workers.retain(|worker| !self.still.iter().any(|(still, _)| still == worker));
        let Some(worker) = self.dice.one(&workers).cloned() else { return Ok(()) };
        let stops = self.dice.below(STOPPED) == 0;
        let most = if self.dice.below(LONG) == 0 { LONGEST } else { SHORT };
        let seconds = self.dice.below(most).saturating_add(1);
        if !worker.signal(&self.home, if stops { Signal::Stop } else { Signal::Kill }) {
            return Ok(());
        }
        let told = if stops { &mut self.tally.stopped } else { &mut self.tally.killed };
        let times = told.entry(worker.function.clone()).or_default();
        *times = times.saturating_add(1);
        if stops {
            self.tally.still = self.tally.still.saturating_add(seconds);
            self.still.push((worker, now.checked_add(Duration::from_secs(seconds)).unwrap_or(now)));
        }
        Ok(())
    }
}
