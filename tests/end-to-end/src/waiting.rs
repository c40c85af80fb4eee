//! Waiting for what takes its time, and the time of day.

use std::future::Future;
use std::time::{Duration, Instant, SystemTime};

use crate::failure::Failure;

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(50);

/// Within what time IAM denies what is ended early, on a busy machine as well. Less than the 40 s after which reconciliation
/// takes up what is stuck: what is waited for is the deny that follows at once.
pub const DENIED_WITHIN: Duration = Duration::from_secs(35);

/// Looks again and again until `look` finds something, for at most `bound`.
///
/// # Errors
/// `look` fails, or nothing was found in time.
pub async fn until<T, F, L>(what: &str, bound: Duration, mut look: L) -> Result<T, Failure>
where
    L: FnMut() -> F,
    F: Future<Output = Result<Option<T>, Failure>>,
{
    let since = Instant::now();
    loop {
        if let Some(found) = look().await? {
            return Ok(found);
        }
        if since.elapsed() > bound {
            return Err(Failure::new(format!("{what}: did not happen within {} s", bound.as_secs())));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// The time of day on this machine, which is the local cloud's as well.
#[expect(clippy::disallowed_methods, reason = "signatures, and comparing with what IAM takes for the time of day")]
pub fn now() -> SystemTime {
    SystemTime::now()
}

/// How far `time` lies after `reference`, in seconds; negative if before.
pub fn seconds_after(time: SystemTime, reference: SystemTime) -> f64 {
    match time.duration_since(reference) {
        Ok(after) => after.as_secs_f64(),
        Err(before) => -before.duration().as_secs_f64(),
    }
}

/// An RFC 3339 time, as the API gives it.
///
/// # Errors
/// It is none.
pub fn instant(text: &str) -> Result<SystemTime, Failure> {
    let parsed: jiff::Timestamp =
        text.parse().map_err(|error| Failure::of(&format!("reading the time `{text}`"), &error))?;
    Ok(parsed.into())
}
