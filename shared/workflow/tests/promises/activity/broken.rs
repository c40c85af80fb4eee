//! What is foreign or broken is put aside; the rest, and all others, are taken in.

use super::records::{file_key, own, packed, text};
use super::scene::{BUCKET, Scene};
use serde_json::json;
use std::collections::BTreeMap;
use workflow::activity::file;
use workflow::double::Verb;

fn put(scene: &Scene, name: &str, bytes: Vec<u8>) -> String {
    let key = file_key(scene.at(300), name);
    scene.world().put_object(BUCKET, &key, bytes, BTreeMap::new());
    key
}

#[test]
fn another_bucket_is_not_read() {
    let scene = Scene::new();
    let key = file_key(scene.at(300), "all");
    let bytes = packed(&text(&[own(&scene.id, "forged", scene.at(20))]));
    scene.world().put_object("theirs", &key, bytes, BTreeMap::new());
    scene.site.must(file::take(scene.world(), "theirs", &key)).unwrap();
    assert_eq!(scene.world().calls().len(), 0);
}

#[test]
fn objects_that_are_not_of_a_trail_are_left_alone() {
    let scene = Scene::new();
    let insight = file_key(scene.at(300), "x")
        .replace("/CloudTrail/", "/CloudTrail-Insight/")
        .replace("_CloudTrail_", "_CloudTrail-Insight_");
    for key in ["notes.txt", "AWSLogs/111111111111/elasticloadbalancing/us-east-1/2026/11/20/x.log.gz", &insight] {
        scene.world().put_object(BUCKET, key, b"hello".to_vec(), BTreeMap::new());
        scene.take(key).unwrap().unwrap();
    }
    assert_eq!(scene.world().count(Verb::ReadObject), 0);
    // Nor does one that is gone by now stop anything.
    scene.take(&file_key(scene.at(300), "gone")).unwrap().unwrap();
    assert_eq!(scene.world().files_read(), []);
}

#[test]
fn broken_files_are_put_aside_and_the_rest_is_taken_in() {
    let scene = Scene::new();
    let record = |event: &str| own(&scene.id, event, scene.at(20));
    let whole = packed(&text(&[record("cut-1"), record("cut-2")]));
    let mut no_record = record("no-record");
    no_record["eventID"] = json!(null);
    let mut deep = record("deep");
    deep["requestParameters"] = (0..110).fold(json!(1), |inner, _| json!({"in": inner}));
    let mut large = record("large");
    large["requestParameters"] = json!("x".repeat(300_000));
    let bad = String::from_utf8(text(&[record("before"), record("after")])).unwrap().replacen("},{", "},}{", 1);
    let none: &[&str] = &[];
    let cases = [
        ("empty", Vec::new(), "empty", false, none),
        ("foreign", b"hello".to_vec(), "foreign_object", false, none),
        ("cutgzip", whole[..whole.len() - 9].to_vec(), "cut_gzip", false, &["cut-1", "cut-2"][..]),
        ("badrecord", bad.into_bytes(), "after_damage", false, &["before"][..]),
        ("norecord", text(&[no_record, record("fine-1")]), "", true, &["fine-1"][..]),
        ("deep", text(&[deep, record("fine-2")]), "too_deep", true, &["fine-2"][..]),
        ("large", text(&[large, record("fine-3")]), "record_too_large", true, &["fine-3"][..]),
    ];
    let mut expected: Vec<String> = Vec::new();
    for (name, bytes, code, is_whole, calls) in cases {
        let key = put(&scene, name, bytes);
        scene.take(&key).unwrap().unwrap();
        let file = scene.world().files_read().into_iter().find(|file| file.key == key).unwrap();
        assert!(
            file.broken.iter().any(|one| one.contains(code)) && !file.broken.is_empty(),
            "{name}: {:?}",
            file.broken
        );
        assert_eq!(file.whole, is_whole, "{name}");
        expected.extend(calls.iter().map(|call| (*call).to_owned()));
        expected.sort();
        assert_eq!(scene.calls(), expected, "{name}");
    }
    scene.file(6, "good", &[own(&scene.id, "good", scene.at(30))]);
    assert!(scene.calls().contains(&"good".to_owned()));
    // What is not known is a gap, and said once.
    scene.settled();
    scene.settle();
    let gaps: Vec<_> = scene.outcome().recorded.into_iter().filter(|(rule, _, _)| rule == "coverage_gap").collect();
    assert_eq!(gaps.len(), 1, "{gaps:?}");
    assert!(gaps[0].1.starts_with("file_not_read"));
}

#[test]
fn a_file_that_was_cut_is_read_when_it_comes_again() {
    let scene = Scene::new();
    let bytes = packed(&text(&[own(&scene.id, "own-1", scene.at(20)), own(&scene.id, "own-2", scene.at(30))]));
    let key = put(&scene, "all", bytes[..bytes.len() / 2].to_vec());
    scene.take(&key).unwrap().unwrap();
    assert!(!scene.world().files_read()[0].whole);
    put(&scene, "all", bytes);
    scene.take(&key).unwrap().unwrap();
    assert!(scene.world().files_read()[0].whole);
    assert_eq!(scene.calls(), ["own-1", "own-2"]);
}

#[test]
fn an_event_that_is_no_record_is_put_aside() {
    let scene = Scene::new();
    scene.event(&json!({"eventID": 7}));
    assert_eq!(scene.world().calls().len(), 0);
}
