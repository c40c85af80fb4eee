//! What is shown: page by page all of it, and to whom.

use super::records::{outside, own};
use super::scene::Scene;
use crate::support::actor;
use std::collections::BTreeSet;
use trail::ledger::Filter;
use workflow::activity::reading::{evidence, shown, uses};

/// Calls in 45 slots of ten minutes, more than are read at once.
fn long() -> Scene {
    let scene = Scene::new();
    let records: Vec<_> = (0..135u64).map(|nth| own(&scene.id, &format!("own-{nth}"), scene.at(nth * 200))).collect();
    scene.file(5, "all", &records);
    scene
}

fn paged(scene: &Scene, filter: &Filter, limit: usize) -> Vec<String> {
    let (mut calls, mut cursor) = (Vec::new(), None);
    loop {
        let alice = actor("alice");
        let asked = shown(scene.world(), &alice, &scene.id, filter, cursor.as_ref(), limit);
        let page = scene.site.must(asked).unwrap().unwrap().unwrap().page;
        assert!(page.entries.len() <= limit);
        calls.extend(page.entries.into_iter().map(|entry| entry.call.id));
        cursor = page.next;
        if cursor.is_none() {
            return calls;
        }
    }
}

#[test]
fn pages_together_are_all_calls_in_order() {
    let scene = long();
    let all = scene.calls();
    for limit in [1, 7, 60, 100, 200] {
        assert_eq!(paged(&scene, &Filter::default(), limit), all, "{limit}");
    }
    let one = Filter { ids: Some(BTreeSet::from(["own-130".to_owned()])), ..Filter::default() };
    assert_eq!(paged(&scene, &one, 10), ["own-130"]);
    let late = Filter { after: Some(scene.at(134 * 200)), ..Filter::default() };
    assert_eq!(paged(&scene, &late, 10), ["own-134"]);
}

#[test]
fn only_to_those_who_may_see_the_request() {
    let scene = Scene::new();
    scene.event(&outside(&scene.id, "outside-1", scene.at(40)));
    let world = scene.world();
    for (person, may) in [("alice", true), ("bob", true), ("dave", true), ("mallory", false)] {
        let (by, all) = (actor(person), Filter::default());
        let asked = shown(world, &by, &scene.id, &all, None, 10);
        assert_eq!(scene.site.must(asked).unwrap().is_some(), may, "{person}");
        let asked = evidence(world, &by, &scene.id, "outside_actions");
        let showing = BTreeSet::from(["outside-1".to_owned()]);
        assert_eq!(scene.site.must(asked).unwrap(), may.then_some(showing), "{person}");
    }
}

#[test]
fn what_an_entitlement_is_used_for_is_for_auditors() {
    let scene = Scene::new();
    scene.event(&own(&scene.id, "own-1", scene.at(40)));
    scene.settled();
    let name = "orders-db-debug".parse().unwrap();
    let of = |person: &str| scene.site.must(uses(scene.world(), &actor(person), &name, 10)).unwrap();
    assert_eq!((of("alice"), of("mallory")), (None, None));
    let used = of("dave").unwrap();
    assert_eq!(used.len(), 1, "once, however often it is summed up");
    assert_eq!(serde_json::to_value(&used[0]).unwrap()["grant"], scene.id.as_str());
}
