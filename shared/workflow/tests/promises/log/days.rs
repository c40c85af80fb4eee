//! What the log says of itself, and of the system.

use super::scene::Scene;
use crate::support::{HALF_AN_HOUR, Kind};
use serde_json::Value;
use workflow::ports::LogSettings as _;

fn of(scene: &Scene, name: &str) -> Vec<Value> {
    scene.said().into_iter().filter(|(said, _)| said == name).map(|(_, data)| data).collect()
}

#[test]
fn a_log_begins_once_and_says_its_key() {
    let scene = Scene::new();
    for _ in 0..3 {
        scene.minute().unwrap().unwrap();
    }
    assert_eq!(scene.said().len(), 1);
    let begun = of(&scene, "logStarted");
    assert_eq!(begun[0]["key"], scene.world().log_key());
    assert_eq!(scene.size(), 1);
    scene.complete();
}

#[test]
fn each_day_says_where_every_stream_ends_that_changed() {
    let scene = Scene::with_work();
    scene.settle();
    assert_eq!(of(&scene, "dailySummary").len(), 0);
    scene.world().pass(43_200);
    scene.settle();
    let first = of(&scene, "dailySummary");
    assert_eq!(first.len(), 1);
    assert_eq!(
        (&first[0]["day"], &first[0]["parts"], &first[0]["cut"]),
        (&Value::from("2026-11-20"), &1.into(), &false.into())
    );
    let ends = first[0]["streams"].as_array().unwrap();
    for id in scene.world().ids() {
        let stored = scene.site.stored(&id);
        let end = ends.iter().find(|end| end["stream"] == id.as_str()).unwrap();
        assert_eq!(
            (end["seq"].as_u64().unwrap(), &end["hash"]),
            (stored.head.seq, &Value::from(stored.head.hash.to_string()))
        );
    }
    // The next one has what changed since.
    let id = scene.site.pending(Kind::Session, HALF_AN_HOUR);
    scene.world().pass(86_400);
    scene.settle();
    let second = of(&scene, "dailySummary").pop().unwrap();
    let streams: Vec<&str> =
        second["streams"].as_array().unwrap().iter().map(|end| end["stream"].as_str().unwrap()).collect();
    assert_eq!(streams, [id.as_str(), "sys_log"]);
    scene.complete();
}
