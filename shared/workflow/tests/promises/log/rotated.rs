//! The log's key is changed.

use super::scene::Scene;
use crate::support::{HALF_AN_HOUR, Kind};
use record::checkpoint::open;
use record::note::VerifierKey;
use workflow::double::{Trouble, Verb};
use workflow::ports::LogSettings as _;

fn key(text: &str) -> VerifierKey {
    text.parse().unwrap()
}

/// Who signed the newest checkpoint, of the log's first key and the one it has now.
fn signers(scene: &Scene) -> (bool, bool) {
    let files = scene.world().log_files();
    let signed = |text: &str| open(&files["checkpoint"], &[key(text)]).is_ok();
    (signed(scene.world().first_log_key()), signed(scene.world().log_key()))
}

fn changes(scene: &Scene) -> Vec<serde_json::Value> {
    scene.said().into_iter().filter(|(name, _)| name == "keyChanged").map(|(_, data)| data).collect()
}

#[test]
fn while_it_is_changed_both_keys_sign_the_new_one_first_and_the_record_says_so() {
    let scene = Scene::with_work();
    scene.told().unwrap().unwrap();
    let before = scene.world().log_key().to_owned();
    assert_eq!(signers(&scene), (true, true));
    scene.world().change_log_key(true);
    scene.site.pending(Kind::Role, HALF_AN_HOUR);
    scene.settle();
    assert_eq!(signers(&scene), (true, true));
    let note = String::from_utf8(scene.world().log_files()["checkpoint"].clone()).unwrap();
    let signed = open(note.as_bytes(), &[key(scene.world().log_key()), key(&before)]).unwrap();
    assert_eq!(signed.by, [key(scene.world().log_key()), key(&before)], "in the order of the note");
    let said = changes(&scene);
    assert_eq!(said.len(), 1, "once");
    assert_eq!((said[0]["from"].as_str(), said[0]["to"].as_str()), (Some(&*before), Some(scene.world().log_key())));
    scene.complete();
    // Then the new one alone; that is no change of key.
    scene.world().change_log_key(false);
    scene.site.pending(Kind::Role, HALF_AN_HOUR);
    scene.settle();
    assert_eq!(signers(&scene), (false, true));
    assert_eq!(changes(&scene).len(), 1);
    scene.complete();
}

/// Nothing of the log waits longer for it.
#[test]
fn a_second_signature_is_no_round_trip_more() {
    let scene = Scene::with_work();
    scene.world().change_log_key(true);
    scene.told().unwrap().unwrap();
    assert_eq!(scene.world().rounds(), 11, "as with one key");
    assert_eq!((scene.world().count(Verb::Sign), scene.world().count(Verb::SignAsFormer)), (1, 1));
}

/// The former key is disabled, or gone: who knows it alone waits, nobody else.
#[test]
fn a_former_key_that_does_not_sign_stops_nothing() {
    let scene = Scene::with_work();
    scene.world().change_log_key(true);
    scene.world().trouble(|call| (call.verb == Verb::SignAsFormer).then_some(Trouble::FaultBefore));
    scene.told().unwrap().unwrap();
    assert_eq!(signers(&scene), (false, true));
    scene.world().heal();
    scene.site.pending(Kind::Role, HALF_AN_HOUR);
    scene.settle();
    assert_eq!(signers(&scene), (true, true));
    scene.complete();
}

/// What was signed by a key that is not known any more can't be gone on from: anybody could have signed it.
#[test]
fn a_key_that_is_changed_without_naming_the_former_one_stops_the_log() {
    let scene = Scene::with_work();
    scene.told().unwrap().unwrap();
    scene.world().change_log_key(false);
    scene.site.pending(Kind::Role, HALF_AN_HOUR);
    assert_eq!(scene.told().unwrap().unwrap_err().code, "unsound_log_head");
    scene.world().change_log_key(true);
    scene.settle();
    scene.complete();
}

#[test]
fn anchors_and_the_witness_go_on() {
    let scene = Scene::with_work();
    scene.world().set_witness(true);
    scene.settle();
    scene.world().change_log_key(true);
    scene.site.pending(Kind::Role, HALF_AN_HOUR);
    scene.settle();
    let kept = scene.world().anchored_up_to().unwrap();
    assert!(kept.cosigned && kept.size > 0, "{kept:?}");
    scene.world().change_log_key(false);
    scene.site.pending(Kind::Role, HALF_AN_HOUR);
    scene.settle();
    assert!(scene.world().anchored_up_to().unwrap().size > kept.size);
    assert!(scene.world().anchor_files().keys().all(|path| !path.starts_with("refused/")));
    scene.complete();
}
