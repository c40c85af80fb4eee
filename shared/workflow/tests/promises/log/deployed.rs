//! What code runs.

use super::scene::Scene;
use crate::support::{HALF_AN_HOUR, Kind};
use model::stream::SystemStream;
use model::system::{Code, Known};
use serde_json::Value;
use workflow::double::{Trouble, Verb};
use workflow::log::look;

const FUNCTIONS: [&str; 6] = ["activity", "approval", "audit", "grant", "intake", "revocation"];

fn code(hash: &str) -> Code {
    Code::new(hash, "arm64", "2026-11-20T12:00:00.000+0000")
}

/// A log of a stack whose functions all run `hash`.
fn deployed(hash: &str) -> Scene {
    let scene = Scene::new();
    for name in FUNCTIONS {
        scene.world().deploy(name, Some(code(hash)));
    }
    scene
}

/// What is on record: the function, the hash that runs, and the one before.
fn told(scene: &Scene) -> Vec<(String, Option<String>, Option<String>)> {
    let entries = scene.world().stream_chain(&"sys_deployment".parse().unwrap());
    let read = entries.iter().map(|bytes| serde_json::from_slice::<Value>(bytes).unwrap());
    read.map(|entry| {
        assert_eq!(entry["event"]["type"], "deploymentSeen");
        let data = &entry["event"]["data"];
        let hash = |of: &str| data[of]["sha256"].as_str().map(str::to_owned);
        (data["function"].as_str().unwrap().to_owned(), hash("code"), hash("previous"))
    })
    .collect()
}

fn looked(scene: &Scene) -> bool {
    scene.site.must(look(scene.world())).unwrap()
}

#[test]
fn every_function_is_on_record_once_and_then_what_changes() {
    let scene = deployed("a");
    assert!(looked(&scene));
    let first = told(&scene);
    assert_eq!(first.len(), FUNCTIONS.len());
    for ((name, now, before), expected) in first.iter().zip(FUNCTIONS) {
        assert_eq!((name.as_str(), now.as_deref(), before.as_deref()), (expected, Some("a"), None));
    }
    assert!(!looked(&scene), "nothing changed");
    scene.world().call_release("v2");
    assert!(!looked(&scene), "a name alone changes nothing that runs");
    scene.world().deploy("grant", Some(code("b")));
    assert!(looked(&scene));
    assert_eq!(told(&scene)[FUNCTIONS.len()..], [("grant".to_owned(), Some("b".to_owned()), Some("a".to_owned()))]);
    let newest = scene.world().stream_chain(&"sys_deployment".parse().unwrap()).pop().unwrap();
    let newest: Value = serde_json::from_slice(&newest).unwrap();
    assert_eq!(newest["event"]["data"]["release"], "v2");
    scene.settle();
    scene.complete();
}

#[test]
fn a_function_that_is_gone_is_said() {
    let scene = deployed("a");
    looked(&scene);
    scene.world().deploy("intake", None);
    scene.world().undeploy("grant");
    assert!(looked(&scene));
    let last = told(&scene).split_off(FUNCTIONS.len());
    let names: Vec<(&str, bool)> = last.iter().map(|(name, now, _)| (name.as_str(), now.is_none())).collect();
    assert_eq!(names, [("grant", true), ("intake", true)]);
    assert!(!looked(&scene));
}

/// It is not taken for gone, what else changed is recorded, and the log goes on.
#[test]
fn a_function_that_can_not_be_read_stops_nothing() {
    let scene = deployed("a");
    looked(&scene);
    scene
        .world()
        .trouble(|call| (call.verb == Verb::FunctionCode && call.on != "grant").then_some(Trouble::FaultBefore));
    scene.world().deploy("grant", Some(code("b")));
    scene.world().deploy("intake", Some(code("b")));
    assert!(looked(&scene));
    assert_eq!(told(&scene)[FUNCTIONS.len()..], [("grant".to_owned(), Some("b".to_owned()), Some("a".to_owned()))]);
    scene.world().trouble(|call| (call.verb == Verb::FunctionCode).then_some(Trouble::FaultBefore));
    scene.site.pending(Kind::Session, HALF_AN_HOUR);
    for _ in 0..6 {
        scene.world().pass(60);
        scene.minute().unwrap().unwrap();
    }
    scene.complete();
    scene.world().heal();
    assert!(looked(&scene), "seen once it can be");
    scene.settle();
    scene.complete();
}

#[test]
fn the_timer_looks_every_five_minutes() {
    let scene = deployed("a");
    scene.minute().unwrap().unwrap();
    scene.world().forget_calls();
    for _ in 0..10 {
        scene.world().pass(60);
        scene.minute().unwrap().unwrap();
    }
    assert_eq!(scene.world().count(Verb::FunctionCode), 2 * FUNCTIONS.len());
    scene.settle();
    assert_eq!(told(&scene).len(), FUNCTIONS.len());
    scene.complete();
}

/// Four at a time, and one look at what is known.
#[test]
fn a_look_is_a_few_round_trips() {
    let scene = deployed("a");
    looked(&scene);
    scene.world().forget_calls();
    looked(&scene);
    assert_eq!(scene.world().count(Verb::FunctionCode), FUNCTIONS.len());
    assert!(scene.world().rounds() <= 3, "{}", scene.world().rounds());
}

/// More functions than one transaction holds are told over some looks; two lookers at once tell each one once.
#[test]
fn many_functions_and_two_lookers() {
    let scene = Scene::new();
    for nth in 0..90 {
        scene.world().deploy(&format!("f{nth:02}"), Some(code("a")));
    }
    let both = scene.site.must(async {
        let (one, other) = futures_util::join!(look(scene.world()), look(scene.world()));
        (one.unwrap(), other.unwrap())
    });
    assert!(both.0 && both.1, "{both:?}");
    assert!(looked(&scene));
    assert!(!looked(&scene));
    let told = told(&scene);
    let names: std::collections::BTreeSet<&String> = told.iter().map(|(name, _, _)| name).collect();
    assert_eq!((told.len(), names.len()), (90, 90));
    let Known::Deployment { functions } = scene.world().stored_system(SystemStream::Deployment).unwrap().known else {
        panic!("another stream's");
    };
    assert_eq!(functions.len(), 90);
}
