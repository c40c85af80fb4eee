//! What a batch takes.

use super::scene::Scene;
use crate::support::{HALF_AN_HOUR, Kind};
use model::identity::Cause;
use model::stream::SystemStream;
use model::system::Event;
use workflow::double::{Load, Verb};
use workflow::log::{Ran, sequence};
use workflow::ports::CommitSystem as _;
use workflow::system::next;

/// What the function does when told of all streams, with its rounds counted.
fn counted(scene: &Scene) -> Ran {
    scene.world().count_rounds();
    scene.world().play(sequence(scene.world(), scene.streams())).unwrap().unwrap()
}

#[test]
fn a_batch_is_eleven_round_trips_however_many_it_holds() {
    let scene = Scene::with_work();
    let ran = counted(&scene);
    assert_eq!(ran.batches, 1);
    assert!(ran.leaves > 5);
    assert_eq!(
        scene.world().rounds(),
        11,
        "head, ends, outboxes, entries, stage, read anew, sign, move, tiles, checkpoint and marks, applied"
    );
    assert_eq!(scene.world().count(Verb::Sign), 1);
}

#[test]
fn nothing_to_log_is_two_and_no_outbox_is_read() {
    let scene = Scene::with_work();
    scene.told().unwrap().unwrap();
    scene.world().forget_calls();
    assert_eq!(counted(&scene).leaves, 0);
    assert_eq!((scene.world().rounds(), scene.world().count(Verb::Outbox)), (2, 0), "head, ends");
}

/// Of one stream no more than 500 are read at once.
#[test]
fn a_thousand_of_one_stream_are_two_batches() {
    let scene = Scene::new();
    scene.minute().unwrap().unwrap();
    for _ in 0..20 {
        let stored = scene.world().stored_system(SystemStream::Log);
        let events = vec![Event::Heartbeat { size: 1 }; 50];
        let commit = next(stored.as_ref(), &Cause::system("audit"), &events, scene.now()).unwrap();
        scene.site.must(scene.world().commit_system(commit)).unwrap();
    }
    scene.world().forget_calls();
    let ran = counted(&scene);
    assert_eq!((ran.leaves, ran.batches), (1_000, 2));
    assert_eq!(scene.world().rounds(), 22);
    scene.complete();
}

/// Of the outboxes, 64 are read at once.
#[test]
fn a_thousand_of_many_streams_are_one_batch() {
    let scene = Scene::new();
    let chain = scene.world().chain(&scene.site.pending(Kind::Role, HALF_AN_HOUR));
    scene.minute().unwrap().unwrap();
    scene.world().count_rounds();
    let mut load = Load::like(&chain, 1).unwrap();
    assert_eq!(scene.world().play(load.burst(scene.world(), 1_000, 1_000)), Some(Ok(1_000)));
    scene.world().forget_calls();
    let ran = counted(&scene);
    assert_eq!((ran.leaves, ran.batches), (1_000, 1));
    let outboxes = usize::div_ceil(scene.world().streams().len(), 64);
    assert_eq!(scene.world().rounds(), 10 + outboxes);
    scene.complete();
}
