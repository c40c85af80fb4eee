//! Anchors and the witness.

use super::scene::Scene;
use crate::support::{HALF_AN_HOUR, Kind};
use record::checkpoint;
use workflow::double::WITNESS;
use workflow::log::{Anchored, anchor};

#[test]
fn without_a_witness_what_was_put_is_anchored() {
    let scene = Scene::with_work();
    scene.told().unwrap().unwrap();
    assert!(scene.world().anchored_up_to().unwrap().size < scene.size());
    assert_eq!(scene.site.must(anchor(scene.world())), Ok(Anchored::Yes));
    let kept = scene.world().anchored_up_to().unwrap();
    assert_eq!((kept.size, kept.at, kept.cosigned), (scene.size(), scene.now(), false));
    let files = scene.world().anchor_files();
    assert_eq!(files[&format!("anchors/{:020}", scene.size())], scene.world().log_files()["checkpoint"]);
    // Again: nothing new.
    scene.world().forget_calls();
    scene.site.must(anchor(scene.world())).unwrap();
    assert_eq!(scene.world().calls().len(), 2);
}

#[test]
fn with_a_witness_only_what_it_cosigned_is_anchored() {
    let scene = Scene::with_work();
    scene.world().set_witness(true);
    scene.told().unwrap().unwrap();
    assert_eq!(scene.site.must(anchor(scene.world())), Ok(Anchored::Waits));
    let first = scene.size();
    assert!(scene.world().anchored_up_to().unwrap().size < first);
    scene.world().witness_answers();
    assert_eq!(scene.site.must(anchor(scene.world())), Ok(Anchored::Yes));
    assert_eq!(scene.world().anchored_up_to().unwrap().size, first);
    scene.site.pending(Kind::Role, HALF_AN_HOUR);
    scene.told().unwrap().unwrap();
    scene.site.must(anchor(scene.world())).unwrap();
    scene.world().witness_answers();
    assert_eq!(
        scene.site.must(anchor(scene.world())),
        Ok(Anchored::Yes),
        "with a proof that it goes on from the first"
    );
    let files = scene.world().anchor_files();
    let keys = [
        workflow::ports::LogSettings::log_key(scene.world()),
        workflow::ports::LogSettings::witness_key(scene.world()).unwrap(),
    ]
    .map(|key| key.parse().unwrap());
    let signed = checkpoint::open(&files[&format!("cosigned/{:020}", scene.size())], &keys).unwrap();
    assert_eq!(signed.cosigned[0].key.name(), WITNESS);
    assert!(files.keys().all(|key| !key.starts_with("refused/")));
}

#[test]
fn a_witness_that_knows_more_is_gone_on_from_there() {
    let scene = Scene::with_work();
    scene.world().set_witness(true);
    scene.told().unwrap().unwrap();
    scene.site.must(anchor(scene.world())).unwrap();
    scene.world().witness_answers();
    // We never saw that answer: the next is submitted from what was known before.
    scene.site.pending(Kind::Role, HALF_AN_HOUR);
    scene.told().unwrap().unwrap();
    scene.world().trouble(|call| {
        let lost = call.verb == workflow::double::Verb::Anchored && call.on.starts_with("cosigned/");
        lost.then_some(workflow::double::Trouble::FaultBefore)
    });
    assert!(scene.site.must(anchor(scene.world())).is_err());
    scene.world().heal();
    for _ in 0..4 {
        scene.world().pass(60);
        scene.world().witness_answers();
        scene.minute().unwrap().unwrap();
    }
    scene.world().witness_answers();
    scene.minute().unwrap().unwrap();
    assert!(scene.world().anchored_up_to().unwrap().cosigned);
    scene.settle();
    scene.complete();
}

#[test]
fn what_is_refused_is_submitted_anew_from_what_the_witness_knows() {
    let scene = Scene::with_work();
    scene.world().set_witness(true);
    scene.told().unwrap().unwrap();
    scene.site.must(anchor(scene.world())).unwrap();
    scene.world().witness_answers();
    scene.site.must(anchor(scene.world())).unwrap();
    let known = scene.world().anchored_up_to().unwrap();
    // The table is set back to before the witness answered.
    let older = workflow::ports::Anchor { size: 0, cosigned: false, ..known.clone() };
    let world = scene.world();
    assert_eq!(scene.site.must(workflow::ports::KeepAnchor::keep_anchor(world, &older, Some(&known))), Ok(true));
    scene.site.pending(Kind::Role, HALF_AN_HOUR);
    for _ in 0..6 {
        scene.world().pass(60);
        scene.minute().unwrap().unwrap();
        scene.world().witness_answers();
    }
    scene.minute().unwrap().unwrap();
    let kept = scene.world().anchored_up_to().unwrap();
    assert!(kept.cosigned && kept.size > known.size, "{kept:?}");
    scene.settle();
    scene.complete();
}

/// A run submits twice: what is there when it begins, and what it logs. A witness that takes longer than a run refuses the
/// second, which goes on from what it knew before it had answered the first.
#[test]
fn a_log_that_is_busier_than_its_witness_is_fast_is_anchored_all_the_same() {
    let scene = Scene::with_work();
    scene.world().set_witness(true);
    scene.told().unwrap().unwrap();
    let mut seen = Vec::new();
    for _ in 0..6 {
        scene.site.pending(Kind::Role, HALF_AN_HOUR);
        scene.told().unwrap().unwrap();
        scene.site.pending(Kind::Role, HALF_AN_HOUR);
        seen.push(scene.size());
        scene.world().pass(60);
        scene.minute().unwrap().unwrap();
        scene.world().witness_answers();
    }
    let files = scene.world().anchor_files();
    assert!(files.keys().any(|key| key.starts_with("refused/")), "the witness was fast enough");
    let kept = scene.world().anchored_up_to().unwrap();
    assert!(kept.cosigned && kept.size >= seen[seen.len() - 3], "{kept:?} of {seen:?}");
    assert!(kept.at.plus(60) >= scene.now(), "access waits for it");
    scene.settle();
    scene.complete();
}

#[test]
fn an_anchor_that_is_another_is_no_anchor() {
    let scene = Scene::with_work();
    scene.told().unwrap().unwrap();
    let key = format!("anchors/{:020}", scene.size());
    let world = scene.world();
    scene.site.must(workflow::ports::Anchors::put_anchor(world, &key, b"another")).unwrap();
    assert_eq!(scene.site.must(anchor(world)).unwrap_err().code, "anchor_differs");
    world.set_witness(true);
    let key = format!("cosigned/{:020}", scene.size());
    let scene = Scene::with_work();
    scene.world().set_witness(true);
    scene.told().unwrap().unwrap();
    let note = scene.world().log_files()["checkpoint"].clone();
    scene.site.must(workflow::ports::Anchors::put_anchor(scene.world(), &key, &note)).unwrap();
    assert_eq!(scene.site.must(anchor(scene.world())).unwrap_err().code, "unsound_cosignature", "nobody cosigned it");
}
