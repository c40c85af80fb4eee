//! Workers beside each other, slow ones, and answers that are lost.

use super::scene::Scene;
use crate::support::{Dice, HALF_AN_HOUR, Kind, Worker, actor, wish};
use std::sync::Arc;
use workflow::double::{Trouble, Verb};
use workflow::log::{minute, sequence};
use workflow::submission::submit;

#[test]
fn two_at_once_wherever_one_stands_still() {
    let prepared = Scene::with_work();
    for stop in 0.. {
        let scene = prepared.fork();
        let mut slow = Worker::new(sequence(scene.world(), scene.streams()));
        let mut over = false;
        for _ in 0..stop {
            over = over || slow.step(&scene.site).is_some();
        }
        scene.told().unwrap().unwrap();
        // More comes, and is logged, too, before the slow one goes on.
        scene.site.pending(Kind::Role, HALF_AN_HOUR);
        scene.minute().unwrap().unwrap();
        if !over {
            let _ = slow.run(&scene.site);
        }
        scene.append_only();
        scene.settle();
        scene.complete();
        if over {
            assert!(stop > 12, "{stop}");
            break;
        }
    }
}

#[test]
fn step_by_step_in_any_order() {
    let prepared = Scene::with_work();
    for seed in 0..60 {
        let (scene, mut dice) = (prepared.fork(), Dice::new(seed));
        let mut one = Worker::new(sequence(scene.world(), scene.streams()));
        let mut other = Worker::new(minute(scene.world()));
        let (mut first, mut second) = (false, false);
        while !(first && second) {
            if dice.percent(50) {
                first = first || one.step(&scene.site).is_some();
            } else {
                second = second || other.step(&scene.site).is_some();
            }
            scene.append_only();
        }
        scene.settle();
        scene.complete();
    }
}

#[test]
fn a_slow_worker_puts_no_older_checkpoint_over_a_newer() {
    for verb in [Verb::Sign, Verb::MoveHead, Verb::PutTile, Verb::Checkpoint, Verb::PutCheckpoint, Verb::MarkLogged] {
        let scene = Scene::with_work();
        let mut stood = false;
        scene.world().trouble(move |call| {
            let hold = call.verb == verb && !stood;
            stood |= hold;
            hold.then_some(Trouble::Hold)
        });
        let mut slow = Worker::new(sequence(scene.world(), scene.streams()));
        assert!(slow.run(&scene.site).is_none(), "{verb:?} stands still");
        scene.world().heal();
        for _ in 0..3 {
            scene.site.submit("carol", &wish("orders-db-debug", HALF_AN_HOUR)).unwrap();
            scene.told().unwrap().unwrap();
        }
        let newest = scene.world().log_files()["checkpoint"].clone();
        scene.world().release();
        let _ = slow.run(&scene.site);
        assert_eq!(scene.world().log_files()["checkpoint"], newest, "{verb:?}");
        scene.settle();
        scene.complete();
    }
}

#[test]
fn a_lost_answer_is_looked_up() {
    let scene = Scene::with_work();
    scene.world().break_down(Verb::MoveHead, Trouble::FaultAfter);
    let ran = scene.told().unwrap().unwrap();
    assert!(ran.leaves > 5, "it took effect, and that was seen");
    scene.complete();
    let scene = Scene::with_work();
    let before = scene.size();
    scene.world().break_down(Verb::MoveHead, Trouble::FaultBefore);
    assert_eq!(scene.told().unwrap().unwrap_err().code, "ServiceUnavailable");
    assert_eq!(scene.size(), before);
    assert_eq!(scene.world().batches().last().unwrap().note, None, "staged, and signed by nobody for others to see");
    // What comes meanwhile does not change what is staged.
    let staged = scene.world().batches().last().cloned().unwrap();
    scene.world().heal();
    scene.site.pending(Kind::Role, HALF_AN_HOUR);
    scene.told().unwrap().unwrap();
    let logged = scene.world().batches().into_iter().find(|batch| batch.first == staged.first).unwrap();
    assert_eq!(logged.places, staged.places);
    scene.complete();
}

#[test]
fn whatever_the_stream_loses_is_found_by_the_timer() {
    let scene = Scene::with_work();
    scene.world().set_outbox_lag(90);
    scene.minute().unwrap().unwrap();
    assert!(scene.places().iter().all(|place| place.seq == 1 || place.stream.to_string() == "sys_log"));
    scene.world().pass(91);
    scene.minute().unwrap().unwrap();
    let logged = scene.size();
    assert!(logged > 12, "{logged}");
    scene.settle();
    scene.complete();
}

#[test]
fn everybody_asks_while_it_logs() {
    let scene = Scene::with_work();
    let world = Arc::clone(&scene.site.world);
    for pause in 0..30 {
        let mut logging = Worker::new(sequence(scene.world(), scene.streams()));
        let mut asking = {
            let world = Arc::clone(&world);
            Worker::new(async move {
                let person = ["alice", "carol"][pause % 2];
                drop(submit(&*world, &actor(person), &wish("logs-read", HALF_AN_HOUR), None, None).await);
            })
        };
        let over = (0..pause).any(|_| logging.step(&scene.site).is_some());
        let _ = asking.run(&scene.site);
        if !over && pause < 15 {
            let _ = logging.run(&scene.site);
        }
    }
    scene.settle();
    scene.complete();
}
