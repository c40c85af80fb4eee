//! Somebody with all rights to the table or the bucket: what they did is found, said once, and stops nothing else; or the
//! log stands still rather than sign it.

use super::scene::Scene;
use crate::support::{HALF_AN_HOUR, Kind};
use model::stream::Place;
use record::tree::Edge;
use workflow::double::{Trouble, Verb};
use workflow::ports::LogHead;

fn place(scene: &Scene, of: usize, seq: u64) -> Place {
    Place { stream: model::stream::Stream::Request(scene.world().ids()[of].clone()), seq }
}

fn found(scene: &Scene, code: &str, place: &Place) -> usize {
    scene.defects().iter().filter(|defect| **defect == (code.to_owned(), place.to_string())).count()
}

/// Everything else is in the log.
fn others_are_logged(scene: &Scene, but: &Place) {
    let places = scene.places();
    for stream in scene.world().streams() {
        for seq in 1..=scene.world().stream_chain(&stream).len() {
            let place = Place { stream: stream.clone(), seq: u64::try_from(seq).unwrap() };
            assert_eq!(places.iter().filter(|logged| **logged == place).count(), usize::from(place != *but), "{place}");
        }
    }
}

#[test]
fn a_changed_entry_is_logged_as_it_is_and_said() {
    let scene = Scene::with_work();
    let changed = place(&scene, 0, 2);
    let bytes = String::from_utf8(scene.world().stream_chain(&changed.stream)[1].clone()).unwrap();
    scene.world().tamper(&changed, Some(bytes.replace("bob", "eve").into_bytes()));
    scene.told().unwrap().unwrap();
    scene.settle();
    scene.append_only();
    assert_eq!(found(&scene, "entry_changed", &changed), 1);
    assert_eq!(found(&scene, "link_broken", &place(&scene, 0, 3)), 1, "what follows names another");
    assert_eq!(scene.defects().len(), 2);
    let at = scene.places().iter().position(|logged| *logged == changed).unwrap();
    assert!(String::from_utf8(scene.leaves()[at].clone()).unwrap().contains("eve"), "as it lies there");
    others_are_logged(&scene, &Place { seq: 999, ..changed });
}

#[test]
fn what_is_no_entry_is_logged_or_passed_over() {
    for (bytes, logged) in [(b"{}".to_vec(), true), (vec![b'x'; 60_001], false)] {
        let scene = Scene::with_work();
        let odd = place(&scene, 1, 2);
        scene.world().tamper(&odd, Some(bytes));
        scene.told().unwrap().unwrap();
        scene.settle();
        scene.append_only();
        assert_eq!(scene.places().contains(&odd), logged);
        assert_eq!(found(&scene, if logged { "entry_changed" } else { "not_an_entry" }, &odd), 1);
        let but = if logged { Place { seq: 999, ..odd } } else { odd };
        others_are_logged(&scene, &but);
    }
}

#[test]
fn a_missing_entry_is_waited_for_a_minute_then_passed_over() {
    let scene = Scene::with_work();
    let gone = place(&scene, 0, 2);
    scene.world().tamper(&gone, None);
    scene.told().unwrap().unwrap();
    assert_eq!(scene.defects(), Vec::new(), "reads of several items are not of one moment");
    assert!(!scene.places().iter().any(|logged| logged.stream == gone.stream && logged.seq > 2));
    scene.settle();
    scene.append_only();
    assert_eq!(scene.defects(), [("entry_missing".to_owned(), gone.to_string())]);
    others_are_logged(&scene, &gone);
    // Nothing of it is looked at for ever.
    scene.settle();
    assert_eq!(scene.defects().len(), 1);
}

#[test]
fn a_place_that_was_never_reached_is_said_once() {
    let scene = Scene::with_work();
    let foreign = place(&scene, 0, 999_999);
    scene.world().plant_out(&foreign, scene.now());
    scene.told().unwrap().unwrap();
    scene.settle();
    assert_eq!(scene.defects(), [("outbox_foreign".to_owned(), foreign.to_string())]);
    scene.complete();
}

#[test]
fn what_is_not_in_the_outbox_is_found_by_what_follows_it() {
    let scene = Scene::with_work();
    let lost = place(&scene, 0, 2);
    scene.world().lose_out(&lost);
    scene.world().pass(120);
    scene.told().unwrap().unwrap();
    scene.settle();
    assert_eq!(scene.defects(), [("outbox_missing".to_owned(), lost.to_string())]);
    scene.complete();
}

#[test]
fn a_tail_that_is_not_in_the_outbox_is_found_by_the_days_summary() {
    let scene = Scene::with_work();
    let stream = place(&scene, 0, 2).stream;
    let end = u64::try_from(scene.world().stream_chain(&stream).len()).unwrap();
    for seq in 2..=end {
        scene.world().lose_out(&Place { stream: stream.clone(), seq });
    }
    scene.settle();
    assert_eq!(scene.places().iter().filter(|place| place.stream == stream).count(), 1);
    scene.world().pass(86_400);
    scene.settle();
    let lost: Vec<_> = (2..=end).map(|seq| ("outbox_missing".to_owned(), format!("{stream}/{seq}"))).collect();
    assert_eq!(scene.defects(), lost);
    scene.complete();
}

#[test]
fn an_item_far_beyond_the_end_hides_no_tail_from_the_days_summary() {
    let scene = Scene::with_work();
    let (lost, far) = (place(&scene, 0, 2), place(&scene, 0, 999_999));
    let end = u64::try_from(scene.world().stream_chain(&lost.stream).len()).unwrap();
    for seq in 2..=end {
        scene.world().lose_out(&Place { seq, ..lost.clone() });
    }
    scene.world().plant_out(&far, scene.now());
    scene.settle();
    scene.world().plant_out(&far, scene.now().plus(86_400));
    scene.world().pass(86_400);
    scene.settle();
    for seq in 2..=end {
        assert_eq!(found(&scene, "outbox_missing", &Place { seq, ..lost.clone() }), 1);
    }
    scene.complete();
}

#[test]
fn a_state_that_cannot_be_read_takes_neither_its_entries_nor_the_days_summary() {
    let scene = Scene::with_work();
    let stream = place(&scene, 0, 2).stream;
    scene.world().damage_end(&stream);
    scene.told().unwrap().unwrap();
    scene.settle();
    scene.world().pass(86_400);
    scene.settle();
    let summed = scene.said().into_iter().filter(|(said, _)| said == "dailySummary").map(|(_, data)| data.to_string());
    let summed: String = summed.collect();
    let named = scene.world().ids().into_iter().filter(|id| summed.contains(id.as_str())).count();
    assert_eq!(named, scene.world().ids().len() - 1, "all but the one that can't be read");
    assert_eq!(scene.defects(), Vec::new());
    scene.complete();
}

#[test]
fn what_waits_in_vain_is_no_silence() {
    let scene = Scene::with_work();
    let stuck = place(&scene, 0, 1).stream.to_string();
    scene.world().trouble(move |call| (call.verb == Verb::Outbox && call.on == stuck).then_some(Trouble::FaultBefore));
    let before = scene.said().len();
    for _ in 0..7 {
        scene.world().pass(61);
        assert!(scene.minute().unwrap().is_err(), "said, each time");
    }
    let beats = scene.said().into_iter().skip(before).filter(|(said, _)| said == "heartbeat").count();
    assert_eq!(beats, 1);
    assert!(scene.world().anchored_up_to().is_some_and(|anchor| anchor.at.seconds_until(scene.now()) < 300));
    scene.settle();
    scene.complete();
}

#[test]
fn a_head_that_the_key_did_not_sign_is_not_gone_on_from() {
    let scene = Scene::with_work();
    let head = scene.world().log().unwrap();
    let forged = LogHead { edge: Edge::new(1, vec![record::tree::leaf(b"another")]).unwrap(), ..head.clone() };
    scene.world().plant_log_head(forged);
    let signed = scene.world().signed_checkpoints().len();
    assert_eq!(scene.told().unwrap().unwrap_err().code, "unsound_log_head");
    assert_eq!(scene.world().signed_checkpoints().len(), signed);
    // Nor is it put where nobody can take it out.
    let anchored = scene.world().anchor_files();
    let cut = LogHead { note: head.note.chars().take(60).collect(), ..head.clone() };
    scene.world().plant_log_head(cut);
    assert_eq!(scene.site.must(workflow::log::anchor(scene.world())).unwrap_err().code, "unsound_log_head");
    assert_eq!(scene.world().anchor_files(), anchored);
    scene.world().plant_log_head(head);
    scene.settle();
    scene.complete();
}

#[test]
fn a_file_that_is_another_stops_the_log() {
    let scene = Scene::with_work();
    let ran = scene.fork();
    ran.told().unwrap().unwrap();
    let new = ran.world().log_files().into_keys().find(|path| !scene.world().log_files().contains_key(path)).unwrap();
    scene.world().plant_log_file(&new, b"another".to_vec());
    assert_eq!(scene.told().unwrap().unwrap_err().code, "log_object_differs");
    assert_eq!(scene.told().unwrap().unwrap_err().code, "log_object_differs", "until somebody looked");
    // Access goes on until the anchor is too old.
    scene.site.active(Kind::Session, HALF_AN_HOUR);
}

#[test]
fn an_entry_that_changes_once_it_is_staged_stops_the_log() {
    let scene = Scene::with_work();
    scene.world().break_down(Verb::Sign, Trouble::CrashBefore);
    assert!(scene.told().is_none());
    scene.world().heal();
    let staged = scene.world().batches().last().cloned().unwrap();
    let place = &staged.places[1];
    let original = scene.world().stream_chain(&place.stream)[usize::try_from(place.seq - 1).unwrap()].clone();
    scene.world().tamper(place, Some(b"{}".to_vec()));
    let signed = scene.world().signed_checkpoints().len();
    assert_eq!(scene.told().unwrap().unwrap_err().code, "staged_entry_changed");
    assert_eq!(scene.world().signed_checkpoints().len(), signed, "two roots for one size are never signed");
    // From the table's backup.
    scene.world().tamper(place, Some(original));
    scene.settle();
    scene.append_only();
    assert_eq!(scene.places().iter().filter(|logged| *logged == place).count(), 1);
}
