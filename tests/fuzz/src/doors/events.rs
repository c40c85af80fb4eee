//! What wakes functions from within: the table's stream, the bus, schedules, the trail.

use super::{driven, standing, world};
use crate::made::MADE;
use serde_json::Value;
use serde_json::value::RawValue;
use std::sync::Mutex;
use workflow::ports::{Fault, PublishEvents, Published};

/// An event for the function that takes in activity. None of them gives anybody access, or ends what waits.
pub(crate) fn activity_event(data: &[u8]) {
    let Ok(event) = serde_json::from_slice::<Box<RawValue>>(data) else { return };
    let world = world();
    let before = standing(&world).map(|one| one.map(|state| state.status()));
    match driven(Box::pin(activity::handle(&world, event))) {
        Ok(answer) => drop(answer.map(|answer| super::assert_answer(&answer))),
        Err(failed) => assert!(!failed.code.is_empty()),
    }
    let after = standing(&world).map(|one| one.map(|state| state.status()));
    assert_eq!(after[0], before[0], "a recorded call decides a request");
    assert_eq!(after[2], before[2], "a recorded call opens what was denied");
    assert_eq!(world.breaches(), Vec::<String>::new());
}

/// An event of the bus, for the function that makes access: what is made follows from what is stored.
pub(crate) fn bus_event(data: &[u8]) {
    let Ok(event) = serde_json::from_slice::<Value>(data) else { return };
    let world = world();
    let before = standing(&world);
    if let Err(failed) = driven(Box::pin(grant::handle(&world, event))) {
        assert!(!failed.code.is_empty());
    }
    assert_eq!(standing(&world), before, "an event decides");
    assert_eq!(world.roles(), MADE.world.roles(), "an event makes a role");
    assert_eq!(world.breaches(), Vec::<String>::new());
}

/// What a schedule, the bus or an identity provider says, for the function that ends access: it ends what it names, and
/// nothing else.
pub(crate) fn scheduler_event(data: &[u8]) {
    let Ok(event) = serde_json::from_slice::<Value>(data) else { return };
    let said = event.to_string().to_ascii_lowercase();
    let world = world();
    let before = standing(&world);
    if let Err(failed) = driven(Box::pin(revocation::handle(&world, event))) {
        assert!(!failed.code.is_empty());
    }
    let after = standing(&world);
    if !said.contains("alice") {
        for (id, (before, after)) in
            [&MADE.pending, &MADE.active, &MADE.denied].into_iter().zip(before.iter().zip(&after))
        {
            assert!(before == after || said.contains(id.as_str()), "{id} is ended, and was not named");
        }
    }
    assert!(after[0].is_some() && after[1].is_some() && after[2] == before[2]);
    assert_eq!(world.breaches(), Vec::<String>::new());
}

/// A bus that keeps what it is given.
#[derive(Default)]
struct Bus(Mutex<Vec<Published>>);

impl PublishEvents for Bus {
    async fn publish(&self, events: &[Published]) -> Result<Vec<usize>, Fault> {
        self.0.lock().expect("nobody else has it").extend_from_slice(events);
        Ok(Vec::new())
    }
}

/// A batch of the table's stream, for the two functions that take it: what is published is of the batch, what is to be
/// delivered again is too, and nothing gets into the log that is not in the table.
pub(crate) fn stream_batch(data: &[u8]) {
    if let Ok(batch) = serde_json::from_slice::<publication::Batch>(data) {
        let bus = Bus::default();
        let outcome = driven(publication::handle(&bus, batch));
        let outcome = serde_json::to_value(outcome).expect("an outcome is JSON");
        // As text: what is passed over of a batch is not looked into, and may be no JSON.
        let numbers = serde_json::from_slice::<Value>(data).map(|value| value.to_string());
        for failure in outcome["batchItemFailures"].as_array().into_iter().flatten() {
            let known = |numbers: &String| numbers.contains(&failure["itemIdentifier"].to_string());
            assert!(numbers.as_ref().map_or(true, known), "what was not delivered is to come again");
        }
        for event in bus.0.lock().expect("nobody else has it").iter() {
            let detail: Value = serde_json::from_str(&event.detail).expect("a detail is JSON");
            assert_eq!(detail["schema"], "countersign.event.v1");
            assert_eq!(detail["event"]["event"]["type"].as_str().unwrap_or_default(), event.name);
        }
    }
    if let Ok(woken) = serde_json::from_slice::<audit::Woken>(data) {
        let world = world();
        if let Err(failed) = driven(Box::pin(audit::handle(&world, woken))) {
            assert!(!failed.code.is_empty());
        }
        for stream in world.streams() {
            let known = MADE.world.streams().contains(&stream) || stream.to_string().starts_with("sys_");
            assert!(known, "a stream comes to be of what wakes the log: {stream}");
        }
        assert_eq!(world.breaches(), Vec::<String>::new());
    }
}
