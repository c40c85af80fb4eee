//! Driving what is asynchronous and waits for nothing but itself.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// More turns than anything in memory takes.
const TURNS: u32 = 1_000_000;

/// What comes of it. What never comes to an end is a finding.
pub(crate) fn done<T>(work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    let mut context = Context::from_waker(Waker::noop());
    let mut turns = 0..TURNS;
    loop {
        if let Poll::Ready(outcome) = work.as_mut().poll(&mut context) {
            return outcome;
        }
        assert!(turns.next().is_some(), "it does not come to an end");
    }
}
