//! Three sources, one result.

use super::records::{hidden, opening, outside, own};
use super::scene::Scene;
use crate::support::HALF_AN_HOUR;
use std::collections::BTreeMap;
use trail::entry::Origin;
use workflow::double::{Trail, Verb};

#[test]
fn an_event_first_and_the_file_later_is_one_entry_of_the_file() {
    let scene = Scene::new();
    let record = own(&scene.id, "own-1", scene.at(20));
    scene.event(&record);
    assert_eq!(scene.entries()[0].origin, Origin::Bus {});
    scene.file(5, "all", std::slice::from_ref(&record));
    assert_eq!(scene.calls(), ["own-1"]);
    assert!(matches!(&scene.entries()[0].origin, Origin::Trail { length, .. } if *length > 100));
    assert_eq!(scene.summary().origins, BTreeMap::from([("trail".to_owned(), 1)]));
    let kept = scene.world().kept(&scene.id);
    scene.event(&record);
    assert_eq!(scene.world().kept(&scene.id), kept, "the event again changes nothing, not even a version");
}

#[test]
fn a_file_first_and_the_event_later_changes_nothing() {
    let scene = Scene::new();
    let record = own(&scene.id, "own-1", scene.at(20));
    scene.file(5, "all", std::slice::from_ref(&record));
    let kept = scene.world().kept(&scene.id);
    scene.event(&record);
    assert_eq!(scene.world().kept(&scene.id), kept);
}

#[test]
fn the_history_fills_what_neither_delivered() {
    let scene = Scene::new();
    let records: Vec<_> = (0..8u64).map(|nth| own(&scene.id, &format!("own-{nth}"), scene.at(20 + nth))).collect();
    scene.event(&records[0]);
    scene.file(5, "all", &records[1..3]);
    for record in &records {
        scene.world().remember(record);
    }
    scene.settled();
    assert_eq!(scene.calls().len(), 8, "of three pages");
    let origins = [("bus", 0), ("lookup", 6), ("trail", 2)].into_iter().filter(|(_, calls)| *calls > 0);
    let origins: BTreeMap<String, u64> = origins.map(|(name, calls)| (name.to_owned(), calls)).collect();
    assert_eq!(scene.summary().origins, origins, "what the history has is more complete than the bus");
    assert_eq!(scene.summaries(), [("provisional".to_owned(), 8)]);
    // Asked once.
    scene.world().forget_calls();
    scene.pass(2 * 3_600);
    scene.settle();
    assert_eq!(scene.world().count(Verb::LookUp), 0);
    assert_eq!(scene.summaries().len(), 1, "and the record says it once");
}

#[test]
fn the_history_of_another_account_is_not_asked() {
    let scene = Scene::with_trail(Trail { home: "222222222222".parse().unwrap(), ..Trail::default() });
    scene.event(&own(&scene.id, "own-1", scene.at(20)));
    scene.world().remember(&own(&scene.id, "own-2", scene.at(30)));
    scene.settled();
    assert_eq!(scene.world().count(Verb::LookUp), 0);
    assert_eq!(scene.summaries(), [("provisional".to_owned(), 1)]);
}

#[test]
fn without_a_trail_nothing_is_ever_proven_and_that_is_no_finding() {
    let scene = Scene::with_trail(Trail { bucket: None, ..Trail::default() });
    scene.event(&own(&scene.id, "own-1", scene.at(20)));
    scene.settled();
    for hour in [3, 9, 24, 48] {
        scene.pass(hour * 3_600);
        scene.settle();
    }
    assert_eq!(scene.summaries(), [("provisional".to_owned(), 1)]);
    assert_eq!(scene.rules().len(), 0);
    assert_eq!(scene.world().count(Verb::Files) + scene.world().count(Verb::Digests), 0);
}

#[test]
fn calls_that_come_late_are_told_up_to_a_bound() {
    let scene = Scene::new();
    scene.event(&own(&scene.id, "own", scene.at(20)));
    scene.settled();
    for nth in 0..40u64 {
        let record = own(&scene.id, &format!("late-{nth}"), scene.at(60 + nth));
        scene.file(60 + nth * 30, &format!("late{nth}"), &[record]);
        scene.world().pass(1_000);
        scene.settle();
    }
    let told = scene.summaries();
    assert_eq!(told[0], ("provisional".to_owned(), 1));
    assert_eq!(told[1], ("provisional".to_owned(), 2));
    assert_eq!(told.len(), 19, "the last place is for what is final");
    assert_eq!(scene.summary().calls, 41, "all of it is kept");
}

#[test]
fn what_was_never_access_has_no_activity() {
    let scene = Scene::new();
    let asked = scene.site.pending(crate::support::Kind::Session, HALF_AN_HOUR);
    scene.event(&own(&asked, "forged", scene.at(20)));
    assert_eq!(scene.world().kept(&asked), None);
    let unknown = "req_0198c0ffee00700080000000deadbeef".parse().unwrap();
    scene.event(&outside(&unknown, "unknown", scene.at(20)));
    scene.event(&opening(hidden("ASIASTRANGE", "strange", scene.at(20)), "ASIASTRANGER"));
    assert_eq!(scene.world().count(Verb::CommitActivity), 0);
}

/// For whoever keeps the trail itself for a shorter time.
#[test]
fn originals_are_copied_byte_by_byte_if_that_is_wanted() {
    let scene = Scene::with_trail(Trail { copies: true, ..Trail::default() });
    let records: Vec<_> = (0..3u64).map(|nth| own(&scene.id, &format!("own-{nth}"), scene.at(20 + nth))).collect();
    let nobodys = own(&"req_0190f3c2a1b27def8123456789abcdef".parse().unwrap(), "nobodys", scene.at(30));
    scene.file(5, "all", &[&records[..], &[nobodys]].concat());
    let copies = scene.world().copies();
    assert_eq!(copies.len(), 1, "{copies:?}");
    let (name, text) = copies.first_key_value().unwrap();
    assert!(name.starts_with(&format!("activity/{}/", scene.id)), "{name}");
    let lines: Vec<serde_json::Value> =
        String::from_utf8_lossy(text).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines, records);
    // Delivered again, it is the same under the same name; an event of the bus is not complete, and is not copied.
    scene.file(6, "again", &records);
    scene.event(&own(&scene.id, "own-9", scene.at(60)));
    assert_eq!(scene.world().copies(), copies);
}

#[test]
fn nothing_is_copied_unless_it_is_wanted() {
    let scene = Scene::new();
    scene.file(5, "all", &[own(&scene.id, "own-1", scene.at(20))]);
    assert!(scene.world().copies().is_empty());
    assert_eq!(scene.world().count(Verb::KeepCopy), 0);
}
