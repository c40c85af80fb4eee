//! What requesters say they ran.

use super::scene::Scene;
use crate::support::TROUBLES;
use crate::support::{HALF_AN_HOUR, actor};
use model::activity::{REPORTED_FOR, Run, RunPhase};
use model::digest::Digest;
use serde_json::{Value, json};
use workflow::activity::runs;
use workflow::command::CommandError;

fn run(exit_code: i32) -> Run {
    Run {
        tool: "terraform".to_owned(),
        phase: RunPhase::Apply,
        exit_code,
        created: 1,
        changed: 0,
        destroyed: 0,
        digest: Digest::of(b"the difference"),
    }
}

fn report(scene: &Scene, person: &str, run: &Run) -> Option<Result<(), CommandError>> {
    let mut kept = json!(run);
    kept["at"] = json!(scene.world().aws_now());
    scene.site.run(runs::report(scene.world(), &actor(person), &scene.id, run, kept))
}

fn kept(scene: &Scene) -> Vec<Value> {
    scene.world().kept(&scene.id).map(|(kept, _)| kept.activity.runs).unwrap_or_default()
}

#[test]
fn only_who_asked_may_and_once() {
    let scene = Scene::new();
    for person in ["bob", "mallory", "dave"] {
        assert_eq!(report(&scene, person, &run(0)).unwrap(), Err(CommandError::NotFound(scene.id.clone())));
    }
    assert_eq!(scene.recorded("runReported").len(), 0);
    for _ in 0..3 {
        scene.world().pass(5);
        report(&scene, "alice", &run(0)).unwrap().unwrap();
    }
    assert_eq!((scene.recorded("runReported").len(), kept(&scene).len()), (1, 1));
    report(&scene, "alice", &run(1)).unwrap().unwrap();
    assert_eq!((scene.recorded("runReported").len(), kept(&scene).len()), (2, 2), "how it went is part of it");
}

#[test]
fn not_later_than_a_day_after_the_end() {
    let scene = Scene::new();
    scene.pass(HALF_AN_HOUR + 120);
    report(&scene, "alice", &run(0)).unwrap().unwrap();
    scene.world().pass(REPORTED_FOR + 120);
    let refused = report(&scene, "alice", &run(1)).unwrap();
    assert!(matches!(refused, Err(CommandError::Refused { .. })), "{refused:?}");
    assert_eq!((scene.recorded("runReported").len(), kept(&scene).len()), (1, 1), "what is refused is not kept");
}

#[test]
fn with_a_crash_at_every_call() {
    let prepared = Scene::new();
    for trouble in TROUBLES {
        for nth in 1.. {
            let scene = prepared.fork();
            let before = scene.world().hits();
            scene.world().trouble_at(nth, trouble);
            let _ = report(&scene, "alice", &run(0));
            scene.world().heal();
            report(&scene, "alice", &run(0)).unwrap().unwrap();
            assert_eq!((scene.recorded("runReported").len(), kept(&scene).len()), (1, 1), "{trouble:?} at {nth}");
            if scene.world().hits() == before {
                break;
            }
        }
    }
}
