//! Random histories: everybody does anything while workers of the log begin, stand still, die and go on in any order.

use super::scene::Scene;
use crate::support::{Dice, Site, Worker, actor, text, wish};
use std::sync::Arc;
use workflow::decisions::{Wanted, act};
use workflow::double::{Trouble, Verb};
use workflow::log::{minute, sequence};
use workflow::submission::submit;

const HISTORIES: u64 = 60;
const STEPS: usize = 160;
const PERSONS: [&str; 4] = ["alice", "bob", "carol", "dave"];

struct History {
    scene: Scene,
    dice: Dice,
    running: Vec<Worker<'static, ()>>,
}

impl History {
    fn new(seed: u64) -> Self {
        let (scene, mut dice) = (Scene { site: Site::new() }, Dice::new(seed));
        scene.world().set_witness(dice.percent(50));
        scene.world().set_outbox_lag([0, 20, 90][dice.below(3)].try_into().unwrap());
        if dice.percent(50) {
            scene.world().gate_by_anchor();
        }
        let (often, mut own) = ([0, 3, 10][dice.below(3)], Dice::new(seed ^ 0x10C));
        scene.world().trouble(move |call| {
            // Steps of requests have their own histories.
            if matches!(call.verb, Verb::Load | Verb::Commit) {
                return None;
            }
            let kinds = [
                Trouble::FaultBefore,
                Trouble::FaultAfter,
                Trouble::Throttle,
                Trouble::CrashBefore,
                Trouble::CrashAfter,
            ];
            own.percent(often).then(|| kinds[own.below(kinds.len())])
        });
        Self { scene, dice, running: Vec::new() }
    }

    fn somebody_does_something(&mut self) {
        let world = Arc::clone(&self.scene.site.world);
        let person = actor(PERSONS[self.dice.below(4)]);
        let ids = world.ids();
        if ids.is_empty() || self.dice.percent(30) {
            let wanted = ["logs-read", "orders-db-debug", "prod-admin"][self.dice.below(3)];
            let _ = self.scene.site.run(submit(&*world, &person, &wish(wanted, 1_800), None, None));
            return;
        }
        let id = ids[self.dice.below(ids.len())].clone();
        let wanted = match self.dice.below(4) {
            0 => Wanted::Deny { reason: text("no") },
            1 => Wanted::Revoke { reason: text("enough") },
            _ => self.scene.site.approval(&id),
        };
        let _ = self.scene.site.run(act(&*world, &person, &id, &wanted, None));
    }

    fn step(&mut self) {
        let world = Arc::clone(&self.scene.site.world);
        match self.dice.below(100) {
            0..20 => self.somebody_does_something(),
            20..30 => {
                let mut told = self.scene.streams();
                let dice = &mut self.dice;
                told.retain(|_, _| dice.percent(60));
                self.running.push(Worker::new(async move { drop(sequence(&*world, told).await) }));
            }
            30..36 => self.running.push(Worker::new(async move { drop(minute(&*world).await) })),
            36..40 => world.witness_answers(),
            40..46 => world.pass(u64::try_from(1 + self.dice.below(100)).unwrap()),
            46..48 if !self.running.is_empty() => {
                let at = self.dice.below(self.running.len());
                drop(self.running.swap_remove(at));
            }
            _ => {
                for _ in 0..=self.dice.below(10) {
                    if self.running.is_empty() {
                        return;
                    }
                    let at = self.dice.below(self.running.len());
                    if self.running[at].step(&self.scene.site).is_some() {
                        drop(self.running.swap_remove(at));
                    }
                }
            }
        }
    }
}

#[test]
fn every_history_ends_with_every_entry_logged_once_and_in_order() {
    let mut leaves = 0;
    for seed in 0..HISTORIES {
        let played = std::panic::catch_unwind(|| {
            let mut history = History::new(seed);
            for step in 0..STEPS {
                history.step();
                if step % 8 == 0 {
                    history.scene.append_only();
                }
            }
            history.running.clear();
            history.scene.settle();
            history.scene.complete();
            assert_eq!(history.scene.defects(), Vec::new());
            history.scene.size()
        });
        let Ok(size) = played else { panic!("history {seed} broke a promise") };
        leaves += size;
    }
    assert!(leaves > HISTORIES * 20, "histories in which nothing happens prove nothing: {leaves}");
}
