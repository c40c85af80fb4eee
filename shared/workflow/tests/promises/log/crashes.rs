//! One trouble at one call, for every call of what brings entries into the log.

use super::scene::Scene;
use crate::support::each_trouble_at_each_call;

/// For every trouble and every call of `step`: what holds at once, and that everything is logged once nothing goes wrong.
fn sweep(prepare: impl Fn() -> Scene, step: impl Fn(&Scene)) -> u64 {
    let prepared = prepare();
    each_trouble_at_each_call(|nth, trouble| {
        let scene = prepared.fork();
        let before = scene.world().hits();
        scene.world().trouble_at(nth, trouble);
        step(&scene);
        scene.append_only();
        let hit = scene.world().hits() > before;
        // The same is told again; or nothing is, and the timer finds it.
        if nth % 2 == 0 {
            scene.world().heal();
            step(&scene);
            scene.append_only();
        }
        scene.settle();
        scene.complete();
        assert_eq!(scene.defects(), Vec::new());
        hit
    })
}

#[test]
fn a_batch_told_of_by_the_stream() {
    let calls = sweep(Scene::with_work, |scene| {
        let _ = scene.told();
    });
    assert!(calls > 15, "{calls}");
}

#[test]
fn the_first_batch_of_all() {
    sweep(
        || {
            let scene = Scene::new();
            scene.site.pending(crate::support::Kind::Role, crate::support::HALF_AN_HOUR);
            scene
        },
        |scene| {
            let _ = scene.minute();
        },
    );
}

#[test]
fn a_minute_with_a_witness() {
    sweep(
        || {
            let scene = Scene::with_work();
            scene.world().set_witness(true);
            scene.minute().unwrap().unwrap();
            scene.world().witness_answers();
            scene.site.pending(crate::support::Kind::Role, crate::support::HALF_AN_HOUR);
            scene
        },
        |scene| {
            let _ = scene.minute();
        },
    );
}

#[test]
fn a_day_summed_up() {
    sweep(
        || {
            let scene = Scene::with_work();
            scene.world().pass(86_400);
            scene
        },
        |scene| {
            let _ = scene.minute();
        },
    );
}
