//! A worker: one invocation of a function, which can be stopped between any two calls.

use super::Site;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

/// An invocation.
pub(crate) struct Worker<'a, T> {
    work: Pin<Box<dyn Future<Output = T> + 'a>>,
}

impl<'a, T> Worker<'a, T> {
    pub(crate) fn new(work: impl Future<Output = T> + 'a) -> Self {
        Self { work: Box::pin(work) }
    }

    /// One step: to the next call.
    pub(crate) fn step(&mut self, site: &Site) -> Option<T> {
        let polled = self.work.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        site.watch();
        match polled {
            Poll::Ready(outcome) => Some(outcome),
            Poll::Pending => None,
        }
    }

    /// Until it is done; `None`: it died, or stands still.
    pub(crate) fn run(&mut self, site: &Site) -> Option<T> {
        let (halted, held) = (site.world.halted(), site.world.held());
        for _ in 0..1_000_000 {
            if let Some(outcome) = self.step(site) {
                return Some(outcome);
            }
            if site.world.halted() > halted || site.world.held() > held {
                return None;
            }
        }
        panic!("a worker runs for ever");
    }
}
