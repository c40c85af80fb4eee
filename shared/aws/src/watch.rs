//! Our clock held against AWS's: each answer of DynamoDB and S3 says when it was given.
//!
//! Windows, quarantines and the order of the record are told by the clock of whichever worker is at it, while IAM ends
//! access by AWS's. Lambda's clocks agree with that; one that does not would end a grant on record that still lets somebody
//! in, or take a deny out too early. Every worker reads the table before it does anything, so it stops there.

use crate::time::SystemClock;
use aws_sdk_dynamodb::config::interceptors::{
    BeforeDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextRef,
};
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_sdk_dynamodb::primitives::{DateTime, DateTimeFormat};
use aws_smithy_types::config_bag::{Storable, StoreReplace};
use model::time::{CLOCK_TOLERANCE, Time};
use std::error::Error;
use workflow::ports::Clock as _;

/// Code of the fault that a call ends in when the clocks differ.
pub(crate) const CLOCK_DIFFERS: &str = "clock_differs";

/// Refuses what was answered at a time that our clock does not take for one between asking and hearing.
#[derive(Debug)]
pub(crate) struct Watch;

/// When a call was sent, by our clock.
#[derive(Debug)]
struct Sent(Time);

impl Storable for Sent {
    type Storer = StoreReplace<Self>;
}

/// AWS's clock and ours differ.
#[derive(Debug, thiserror::Error)]
#[error("our clock differs from AWS's: asked at {sent}, answered at {answered}, heard at {heard}")]
struct ClockDiffers {
    sent: Time,
    answered: Time,
    heard: Time,
}

/// Whether `answered`, by AWS's clock, is between `sent` and `heard` by ours. A worker that stood still meanwhile hears late.
fn agree(sent: Time, answered: Time, heard: Time) -> bool {
    let near = sent <= answered.plus(CLOCK_TOLERANCE) && answered <= heard.plus(CLOCK_TOLERANCE);
    near || model::seeded!("clocks-are-not-watched")
}

impl Intercept for Watch {
    fn name(&self) -> &'static str {
        "Watch"
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        bag.interceptor_state().store_put(Sent(SystemClock.now()));
        Ok(())
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // An answer without a readable time is none of AWS's; what it says is judged like any other's.
        let said = context.response().headers().get("date");
        let answered = said.and_then(|date| DateTime::from_str(date, DateTimeFormat::HttpDate).ok());
        let answered = answered.and_then(|date| Time::from_second(date.secs()).ok());
        let (Some(answered), Some(Sent(sent))) = (answered, bag.load::<Sent>()) else { return Ok(()) };
        let heard = SystemClock.now();
        if agree(*sent, answered, heard) {
            return Ok(());
        }
        let differs = ClockDiffers { sent: *sent, answered, heard };
        tracing::error!(alarm = CLOCK_DIFFERS, "{differs}; nothing is done by this clock");
        Err(differs.into())
    }
}

/// Whether that is why a call failed.
pub(crate) fn is_clock(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if error.is::<ClockDiffers>() {
            return true;
        }
        next = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::double::{World, id};
    use model::names::RequestId;
    use serde_json::json;
    use workflow::ports::{Fault, LoadRequest as _, Stored};

    async fn loaded(answered: Option<Time>) -> Result<Option<Stored>, Fault> {
        let world = World::answering(vec![(200, json!({}))]);
        if let Some(answered) = answered {
            let date = DateTime::from_secs(answered.as_second()).fmt(DateTimeFormat::HttpDate).unwrap();
            world.date(&date);
        }
        let id: RequestId = id();
        let loaded = world.clients().table("countersign").load(&id).await;
        assert_eq!(world.sent().len(), 1, "it is not tried again: the clock stays as it is");
        loaded
    }

    #[tokio::test]
    async fn what_is_answered_by_another_clock_is_refused() {
        let now = SystemClock.now();
        for wrong in [now.plus(60), Time::from_second(now.as_second() - 60).unwrap(), Time::EPOCH] {
            let fault = loaded(Some(wrong)).await.unwrap_err();
            assert_eq!(fault.code, CLOCK_DIFFERS);
        }
        assert!(loaded(Some(now)).await.unwrap().is_none());
        assert!(loaded(None).await.unwrap().is_none());
    }

    #[test]
    fn clocks_agree_within_the_tolerance_however_long_a_worker_stood_still() {
        let [sent, heard] = ["2026-11-20T12:00:00Z", "2026-11-20T12:03:00Z"].map(|time| time.parse::<Time>().unwrap());
        for (answered, agreed) in [
            ("2026-11-20T11:59:57Z", false),
            ("2026-11-20T11:59:58Z", true),
            ("2026-11-20T12:00:00Z", true),
            ("2026-11-20T12:03:02Z", true),
            ("2026-11-20T12:03:03Z", false),
        ] {
            assert_eq!(agree(sent, answered.parse().unwrap(), heard), agreed, "{answered}");
        }
    }
}
