//! Times, from few: what is to be forgotten is so now and then just as somebody looks.

use end_to_end::dice::Dice;
use model::time::Time;

/// How long something may last, in seconds.
const LASTING: [u64; 7] = [1, 30, 59, 60, 61, 900, 3_600];

/// How much time passes between two steps, in seconds.
const PASSING: [u64; 12] = [0, 0, 0, 0, 1, 1, 29, 30, 31, 60, 840, 7_200];

/// When every walk begins.
pub(crate) fn beginning() -> Time {
    // 2026-11-20T19:00:00Z
    Time::EPOCH.plus(1_795_201_200)
}

/// How long something lasts.
pub(crate) fn lasting(dice: &mut Dice) -> u64 {
    dice.one(&LASTING).copied().unwrap_or_default()
}

/// How much time passes.
pub(crate) fn passing(dice: &mut Dice) -> u64 {
    dice.one(&PASSING).copied().unwrap_or_default()
}

/// So many seconds before.
pub(crate) fn before(time: Time, seconds: u64) -> Time {
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    Time::from_second(time.as_second().saturating_sub(seconds)).unwrap_or(Time::EPOCH)
}

/// About now: a worker's clock differs a little from AWS's.
pub(crate) fn about(now: Time, dice: &mut Dice) -> Time {
    match dice.below(4) {
        0 => before(now, 1),
        1 => now.plus(1),
        _ => now,
    }
}
