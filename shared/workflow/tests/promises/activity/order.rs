//! Any order, any number of times, split anyhow, beside another worker.

use super::records::{hidden, opening, outside, own};
use super::scene::{BUCKET, Outcome, Scene};
use crate::support::{Dice, Worker};
use serde_json::Value;
use workflow::activity::{file, ingest};

const CHAIN: &str = "ASIACHAIN00000000001";

/// What was done: also something that was not approved, and something in a session that shows nothing of the grant.
fn done(scene: &Scene) -> (Vec<Value>, Vec<Value>) {
    let at = |seconds| scene.at(seconds);
    let id = &scene.id;
    let named: Vec<Value> = (0..9u64).map(|nth| own(id, &format!("own-{nth}"), at(30 + nth * 150))).collect();
    let named = named.into_iter().chain([outside(id, "outside-1", at(40)), outside(id, "outside-2", at(1_000))]);
    let chain = vec![
        opening(own(id, "opening", at(100)), CHAIN),
        hidden(CHAIN, "hidden-1", at(110)),
        hidden(CHAIN, "hidden-2", at(700)),
        hidden("ASIASOMEBODYELSE0001", "not-theirs", at(120)),
    ];
    (named.collect(), chain)
}

fn shuffled<T>(mut items: Vec<T>, dice: &mut Dice) -> Vec<T> {
    for at in (1..items.len()).rev() {
        items.swap(at, dice.below(at + 1));
    }
    items
}

/// Files that hold all of it, split by the dice.
fn files(scene: &Scene, dice: &mut Dice) -> Vec<String> {
    let (named, chain) = done(scene);
    let mut files: Vec<Vec<Value>> = vec![shuffled(chain, dice)];
    files.extend((0..dice.below(4)).map(|_| Vec::new()));
    for record in shuffled(named, dice) {
        let nth = dice.below(files.len());
        let place = dice.below(files[nth].len() + 1);
        files[nth].insert(place, record);
    }
    let minute = |nth: usize| u64::try_from(nth).unwrap() * 17;
    files.iter().enumerate().map(|(nth, records)| scene.deliver(minute(nth), &format!("f{nth}"), records)).collect()
}

/// As it comes out with one file that is read once. What depends on the file's own name and place is left out.
fn plain(outcome: Outcome) -> (Outcome, Vec<bool>) {
    let mut outcome = outcome;
    let mut from_files = Vec::new();
    for entry in &mut outcome.entries {
        from_files.push(matches!(entry.origin, trail::entry::Origin::Trail { .. }));
        entry.origin = trail::entry::Origin::Bus {};
    }
    (outcome, from_files)
}

fn reference() -> (Outcome, Vec<bool>) {
    let scene = Scene::new();
    let (named, chain) = done(&scene);
    scene.file(5, "all", &[chain, named].concat());
    assert_eq!(scene.calls().len(), 14);
    assert!(!scene.calls().contains(&"not-theirs".to_owned()));
    let outcome = scene.outcome();
    assert!(outcome.found.iter().any(|(rule, _, _)| rule == "outside_actions"));
    assert!(outcome.found.iter().any(|(rule, _, _)| rule == "chained_session"));
    assert_eq!(outcome.found, outcome.recorded);
    plain(outcome)
}

#[test]
fn any_order_any_number_of_times_split_anyhow() {
    let expected = reference();
    for seed in 0..60 {
        let (scene, mut dice) = (Scene::new(), Dice::new(seed));
        scene.world().set_piece(1 + dice.below(3_000));
        let (named, _) = done(&scene);
        // Each file once or twice, and some of the calls as events, in any order.
        let files = files(&scene, &mut dice);
        let twice: Vec<String> = files.iter().filter(|_| dice.percent(50)).cloned().collect();
        let events = named.into_iter().filter(|_| dice.percent(60)).collect::<Vec<_>>();
        let events = events.iter().cloned().chain(events.iter().filter(|_| dice.percent(30)).cloned());
        let all = files.into_iter().chain(twice).map(Ok).chain(events.map(Err)).collect::<Vec<Result<String, Value>>>();
        for one in shuffled(all, &mut dice) {
            match one {
                Ok(key) => scene.take(&key).unwrap().unwrap(),
                Err(record) => scene.event(&record),
            }
        }
        assert_eq!(plain(scene.outcome()), expected, "seed {seed}");
    }
}

#[test]
fn beside_other_workers() {
    let expected = reference();
    for seed in 0..60 {
        let (scene, mut dice) = (Scene::new(), Dice::new(seed));
        let (named, _) = done(&scene);
        let keys = files(&scene, &mut dice);
        let texts: Vec<String> = named.iter().map(ToString::to_string).collect();
        let world = scene.world();
        let mut workers: Vec<Worker<'_, Result<(), workflow::ports::Fault>>> = Vec::new();
        for key in keys.iter().chain(&keys) {
            workers.push(Worker::new(file::take(world, BUCKET, key)));
        }
        for text in &texts {
            workers.push(Worker::new(ingest::one(world, text.as_bytes())));
        }
        while !workers.is_empty() {
            let nth = dice.below(workers.len());
            if let Some(outcome) = workers[nth].step(&scene.site) {
                outcome.unwrap();
                drop(workers.swap_remove(nth));
            }
        }
        assert_eq!(plain(scene.outcome()), expected, "seed {seed}");
    }
}
