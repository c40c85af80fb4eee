//! Time on the processor.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::cast_precision_loss,
    reason = "figures, no facts that anything depends on"
)]

use std::time::Instant;

/// Seconds of this thread on the processor; by the clock on the wall where the kernel does not tell.
#[derive(Debug)]
pub struct Clock {
    wall: Instant,
    own: Option<u64>,
}

impl Clock {
    /// Begins now.
    pub fn start() -> Self {
        Self { wall: Instant::now(), own: own() }
    }

    /// Seconds since it began.
    pub fn seconds(&self) -> f64 {
        match (self.own, own()) {
            (Some(before), Some(now)) => (now - before) as f64 / 1e9,
            _ => self.wall.elapsed().as_secs_f64(),
        }
    }
}

/// Nanoseconds that this thread has run.
fn own() -> Option<u64> {
    std::fs::read_to_string("/proc/thread-self/schedstat").ok()?.split(' ').next()?.parse().ok()
}
