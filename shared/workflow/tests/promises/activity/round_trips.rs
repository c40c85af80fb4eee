//! Round trips in sequence.

use super::records::{outside, own};
use super::scene::Scene;
use crate::support::HALF_AN_HOUR;
use workflow::activity::settle;
use workflow::double::Verb;

#[test]
fn an_event_is_three_and_one_that_is_known_two() {
    let scene = Scene::new();
    scene.event(&own(&scene.id, "own-1", scene.at(20)));
    assert_eq!(scene.world().rounds(), 3, "keys and grant; what is kept and what is usual; keep");
    scene.world().forget_calls();
    scene.event(&own(&scene.id, "own-1", scene.at(20)));
    assert_eq!(scene.world().rounds(), 2);
    scene.world().forget_calls();
    scene.event(&outside(&scene.id, "outside-1", scene.at(30)));
    assert_eq!(scene.world().rounds(), 4, "and the finding");
    scene.world().forget_calls();
    scene.event(&own(&scene.id, "own-2", scene.at(40)));
    assert_eq!(scene.world().rounds(), 3, "the finding is there: nothing is asked about it");
}

#[test]
fn a_file_costs_the_same_however_many_calls_are_in_it() {
    let rounds = |calls: u64| {
        let scene = Scene::new();
        scene.world().set_piece(usize::MAX);
        let records: Vec<_> =
            (0..calls).map(|nth| own(&scene.id, &format!("own-{nth}"), scene.at(20 + nth % 500))).collect();
        scene.file(5, "all", &records);
        assert_eq!(scene.summary().calls, calls);
        (scene.world().rounds(), scene.world().count(Verb::CommitActivity))
    };
    assert_eq!(rounds(1), (7, 1), "whether it was read, keys, the file; three as of an event; that it was read");
    assert_eq!(rounds(900), (7, 1));
}

#[test]
fn a_file_of_nobodys_calls_is_four() {
    let scene = Scene::new();
    scene.world().set_piece(usize::MAX);
    let unknown = "req_0198c0ffee00700080000000deadbeef".parse().unwrap();
    scene.file(5, "none", &[]);
    assert_eq!(scene.world().rounds(), 4);
    scene.world().forget_calls();
    scene.file(6, "unknown", &[own(&unknown, "unknown", scene.at(20))]);
    assert_eq!(scene.world().rounds(), 5);
}

#[test]
fn summing_up_asks_for_all_hours_at_once() {
    let scene = Scene::new();
    scene.event(&own(&scene.id, "own-1", scene.at(20)));
    scene.pass(HALF_AN_HOUR + 901);
    scene.world().forget_calls();
    scene.site.must(settle::settle(scene.world(), &scene.id)).unwrap();
    let first = scene.world().rounds();
    scene.world().set_now(scene.at(2 * 3_600));
    scene.world().forget_calls();
    scene.site.must(settle::settle(scene.world(), &scene.id)).unwrap();
    assert!(scene.world().count(Verb::Files) >= 2);
    assert!(first <= 13 && scene.world().rounds() <= 6, "{first}, then {}", scene.world().rounds());
}
