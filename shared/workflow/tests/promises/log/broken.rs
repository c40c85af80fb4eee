//! The log is away: nothing else waits for it, and it catches up.

use super::scene::Scene;
use crate::support::{HALF_AN_HOUR, Kind};
use workflow::double::{Load, Trouble, Verb};

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

/// More than is read of a stream at once, and in the second case more than a batch takes: none of it is foreign, however
/// long it waited.
#[test]
fn streams_with_more_than_is_read_at_once_are_logged_to_their_end() {
    for streams in [1, 5] {
        let scene = Scene::new();
        scene.minute().unwrap().unwrap();
        let id = scene.site.pending(Kind::Session, HALF_AN_HOUR);
        let entry = scene.world().chain(&id).remove(0);
        let mut load = Load::like(&vec![entry; 1_200], 1).unwrap();
        assert_eq!(scene.site.must(load.burst(scene.world(), streams, 1)), Ok(1_200 * streams));
        scene.world().pass(120);
        scene.settle();
        assert_eq!(scene.defects(), Vec::new(), "{streams}");
        scene.complete();
    }
}
