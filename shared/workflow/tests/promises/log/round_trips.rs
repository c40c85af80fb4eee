//! What a batch takes.

use super::scene::Scene;
use model::identity::Cause;
use model::stream::SystemStream;
use model::system::Event;
use workflow::double::Verb;
use workflow::ports::CommitSystem as _;
use workflow::system::next;

#[test]
fn a_batch_is_ten_round_trips_however_many_it_holds() {
    let scene = Scene::with_work();
    let ran = scene.told().unwrap().unwrap();
    assert_eq!(ran.batches, 1);
    assert!(ran.leaves > 5);
    assert_eq!(
        scene.world().rounds(),
        10,
        "head, outboxes, entries, stage, read anew, sign, move, tiles, checkpoint and marks, applied"
    );
    assert_eq!(scene.world().count(Verb::Sign), 1);
}

#[test]
fn nothing_to_log_is_two() {
    let scene = Scene::with_work();
    scene.told().unwrap().unwrap();
    scene.world().forget_calls();
    assert_eq!(scene.told().unwrap().unwrap().leaves, 0);
    assert_eq!(scene.world().rounds(), 2);
}

#[test]
fn a_thousand_at_once_are_two_batches() {
    let scene = Scene::new();
    scene.minute().unwrap().unwrap();
    for _ in 0..20 {
        let stored = scene.world().stored_system(SystemStream::Log);
        let events = vec![Event::Heartbeat { size: 1 }; 50];
        let commit = next(stored.as_ref(), &Cause::system("audit"), &events, scene.now()).unwrap();
        scene.site.must(scene.world().commit_system(commit)).unwrap();
    }
    scene.world().forget_calls();
    let ran = scene.told().unwrap().unwrap();
    assert_eq!((ran.leaves, ran.batches), (1_000, 2));
    // Ten of each batch, and a look whether anything is left.
    assert!(scene.world().rounds() <= 25, "{}", scene.world().rounds());
    scene.complete();
}
