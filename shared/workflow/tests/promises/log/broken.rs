//! The log is away: nothing else waits for it, and it catches up.

use super::scene::Scene;
use crate::support::{HALF_AN_HOUR, Kind};
use workflow::double::{Trouble, Verb};

#[test]
fn whatever_of_it_is_broken_it_catches_up() {
    let verbs = [
        Verb::Sign,
        Verb::Tile,
        Verb::PutTile,
        Verb::Checkpoint,
        Verb::PutCheckpoint,
        Verb::Stage,
        Verb::MoveHead,
        Verb::Applied,
        Verb::MarkLogged,
        Verb::EntriesAt,
        Verb::Outbox,
        Verb::LogHead,
        Verb::Batch,
        Verb::StreamEnd,
    ];
    for verb in verbs {
        for trouble in [Trouble::FaultBefore, Trouble::FaultAfter, Trouble::CrashAfter] {
            let scene = Scene::with_work();
            scene.world().break_down(verb, trouble);
            for _ in 0..3 {
                let _ = scene.told();
                let _ = scene.minute();
                scene.append_only();
                // Access begins and ends meanwhile.
                let id = scene.site.active(Kind::Session, HALF_AN_HOUR);
                scene.site.revoke(&id);
                scene.world().pass(60);
            }
            scene.settle();
            scene.complete();
            assert_eq!(scene.defects(), Vec::new(), "{verb:?}");
        }
    }
}

#[test]
fn a_stream_that_cannot_be_read_stops_no_other() {
    let scene = Scene::with_work();
    let stuck = scene.world().ids()[0].to_string();
    let of = stuck.clone();
    scene.world().trouble(move |call| (call.verb == Verb::Outbox && call.on == of).then_some(Trouble::FaultBefore));
    let before = scene.size();
    assert!(scene.told().unwrap().is_err(), "it comes again");
    assert!(scene.size() > before);
    let newest = &scene.places()[usize::try_from(before).unwrap()..];
    assert!(newest.iter().all(|place| place.stream.to_string() != stuck));
    scene.settle();
    scene.complete();
}
