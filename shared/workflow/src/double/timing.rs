//! Virtual time: calls take as long as is said, and the clock moves on only when all work waits. Nothing really waits, and
//! the same work takes the same time in every run.

use super::World;
use super::gate::{Call, yield_once};
use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

/// How many microseconds a call takes that is begun so many after the beginning.
type Takes = Box<dyn FnMut(&Call, u64) -> u64 + Send>;

pub(super) struct Timing {
    takes: Takes,
    /// Microseconds since it began.
    now: u64,
    /// Who waits, by until when and number.
    waiting: BTreeMap<(u64, u64), Waker>,
    begun: u64,
}

impl Timing {
    pub(super) fn takes(&mut self, call: &Call) -> u64 {
        (self.takes)(call, self.now)
    }
}

#[derive(Default)]
struct Awake(AtomicBool);

impl Wake for Awake {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl World {
    /// From now on each call takes as many microseconds as `takes` says of it and of how many have passed, and work has to
    /// be run by [`World::play`].
    pub fn set_durations(&self, takes: impl FnMut(&Call, u64) -> u64 + Send + 'static) {
        let timing = Timing { takes: Box::new(takes), now: self.elapsed(), waiting: BTreeMap::new(), begun: 0 };
        self.lock().gate.timing = Some(timing);
    }

    /// From now on all calls take equally long, so that what is in flight together returns together, and [`World::rounds`]
    /// is exact. Work has to be run by [`World::play`].
    pub fn count_rounds(&self) {
        self.set_durations(|_, _| 1);
    }

    /// Microseconds that passed since calls take time.
    pub fn elapsed(&self) -> u64 {
        self.lock().elapsed()
    }

    /// Waits so many microseconds; where calls take no time, until everybody else had a turn.
    pub fn wait(&self, microseconds: u64) -> impl Future<Output = ()> + Send {
        let timed = self.lock().gate.timing.is_some();
        let mut place = None;
        async move {
            if !timed {
                return yield_once().await;
            }
            poll_fn(|context| {
                let Some(timing) = &mut self.lock().gate.timing else { return Poll::Ready(()) };
                let (until, _) = *place.get_or_insert_with(|| {
                    timing.begun = timing.begun.saturating_add(1);
                    (timing.now.saturating_add(microseconds), timing.begun)
                });
                if until <= timing.now {
                    return Poll::Ready(());
                }
                timing.waiting.extend(place.map(|place| (place, context.waker().clone())));
                Poll::Pending
            })
            .await;
        }
    }

    /// Runs `work` to its end, and lets time pass whenever all of it waits. `None`: it waits for nothing that comes.
    pub fn play<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let mut work = pin!(work);
        let awake = Arc::new(Awake::default());
        let waker = Waker::from(Arc::clone(&awake));
        loop {
            awake.0.store(false, Ordering::Relaxed);
            if let Poll::Ready(outcome) = work.as_mut().poll(&mut Context::from_waker(&waker)) {
                return Some(outcome);
            }
            if !awake.0.load(Ordering::Relaxed) && !self.next_moment() {
                return None;
            }
        }
    }

    /// Lets time pass until somebody's wait is over. `false`: nobody waits.
    pub fn next_moment(&self) -> bool {
        let waiting = self.lock().gate.timing.as_ref().and_then(|timing| timing.waiting.keys().next().copied());
        let Some((next, _)) = waiting else { return false };
        self.pass_until(next);
        true
    }

    /// Lets time pass until so many microseconds of [`World::elapsed`]: for whoever has a runtime and a clock of their own,
    /// instead of [`World::play`].
    pub fn pass_until(&self, moment: u64) {
        let over = {
            let inner = &mut *self.lock();
            let Some(timing) = &mut inner.gate.timing else { return };
            let moment = moment.max(timing.now);
            let later = timing.waiting.split_off(&(moment.saturating_add(1), 0));
            let over = std::mem::replace(&mut timing.waiting, later);
            let seconds = |microseconds: u64| microseconds.div_euclid(1_000_000);
            inner.now = inner.now.plus(seconds(moment).saturating_sub(seconds(timing.now)));
            timing.now = moment;
            over
        };
        over.into_values().for_each(Waker::wake);
    }
}

impl super::Inner {
    pub(super) fn elapsed(&self) -> u64 {
        self.gate.timing.as_ref().map_or(0, |timing| timing.now)
    }
}
