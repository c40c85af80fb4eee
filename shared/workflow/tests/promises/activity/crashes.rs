//! One trouble at one call, for every call of every step; and the event that woke the worker delivered again.

use super::digests::Digests;
use super::records::{hidden, opening, outside, own};
use super::scene::{BUCKET, Outcome, Scene};
use crate::support::each_trouble_at_each_call;
use serde_json::Value;
use workflow::activity::{digests, file, ingest, settle};
use workflow::ports::Clock as _;

const CHAIN: &str = "ASIACHAIN00000000001";

/// Runs `step` with every trouble at every call, then again without; and compares what came out with what comes out of
/// it alone.
fn sweep(prepare: impl Fn() -> Scene, step: impl Fn(&Scene)) {
    let prepared = prepare();
    let alone = prepared.fork();
    step(&alone);
    let expected: (Outcome, _) = (alone.outcome(), alone.summaries());
    let calls = each_trouble_at_each_call(|nth, trouble| {
        let scene = prepared.fork();
        let before = scene.world().hits();
        scene.world().trouble_at(nth, trouble);
        step(&scene);
        scene.world().heal();
        step(&scene);
        assert_eq!((scene.outcome(), scene.summaries()), expected, "{trouble:?} at call {nth}");
        scene.world().hits() > before
    });
    assert!(calls > 3, "so few calls: {calls}");
}

fn done(scene: &Scene) -> Vec<Value> {
    let id = &scene.id;
    vec![
        hidden(CHAIN, "hidden-1", scene.at(110)),
        own(id, "own-1", scene.at(20)),
        outside(id, "outside-1", scene.at(40)),
        opening(own(id, "opening", scene.at(100)), CHAIN),
        own(id, "own-2", scene.at(900)),
    ]
}

#[test]
fn an_event() {
    sweep(Scene::new, |scene| {
        let text = outside(&scene.id, "outside-1", scene.at(40)).to_string();
        let _ = scene.site.run(ingest::one(scene.world(), text.as_bytes()));
    });
}

#[test]
fn a_file_that_tells_of_a_key_late() {
    sweep(
        || {
            let scene = Scene::new();
            scene.world().set_piece(200);
            scene
        },
        |scene| {
            let key = scene.deliver(5, "all", &done(scene));
            let _ = scene.site.run(file::take(scene.world(), BUCKET, &key));
        },
    );
}

#[test]
fn summing_up_with_what_the_history_knows() {
    sweep(
        || {
            let scene = Scene::new();
            scene.event(&own(&scene.id, "own-1", scene.at(20)));
            for record in done(&scene) {
                scene.world().remember(&record);
            }
            scene.pass(crate::support::HALF_AN_HOUR + 901);
            scene
        },
        |scene| {
            let _ = scene.site.run(settle::settle(scene.world(), &scene.id));
        },
    );
}

#[test]
fn a_digest_that_names_a_file_nothing_told_of() {
    sweep(
        || {
            let scene = Scene::new();
            let key = scene.deliver(5, "all", &done(&scene));
            let mut digests = Digests::of(&scene);
            digests.sign(0, &[&key]);
            scene.pass(3_600);
            scene
        },
        |scene| {
            let place = Digests::place(scene, 0);
            let _ = scene.site.run(digests::take(scene.world(), &place));
        },
    );
}

/// By its timer alone: who dies in between has not made it forget that something is due.
#[test]
fn summing_up_what_is_due() {
    sweep(
        || {
            let scene = Scene::new();
            scene.event(&own(&scene.id, "own-1", scene.at(20)));
            scene.pass(crate::support::HALF_AN_HOUR + 901);
            scene
        },
        |scene| {
            // What failed is put off for some minutes.
            scene.world().set_now(scene.world().now().plus(600));
            let _ = scene.site.run(settle::due(scene.world()));
        },
    );
}
