//! Nothing is granted that may never be on record; what ends access never waits.

use super::scene::Scene;
use crate::support::{HALF_AN_HOUR, Kind, actor, wish};
use model::refusal::Refusal;
use model::request::Status;
use workflow::command::{ANCHORED_WITHIN, CommandError};
use workflow::decisions::act;
use workflow::double::{Trouble, Verb};
use workflow::submission::SubmitError;

fn refused<T: std::fmt::Debug>(outcome: Result<T, CommandError>) -> Refusal {
    match outcome {
        Err(CommandError::Refused { refusal, .. }) => refusal,
        other => panic!("{other:?}"),
    }
}

#[test]
fn nothing_is_granted_before_the_log_began() {
    let scene = Scene::new();
    scene.world().gate_by_anchor();
    let (pending, both) =
        (scene.site.pending(Kind::Session, HALF_AN_HOUR), scene.site.pending(Kind::Role, HALF_AN_HOUR));
    let outcome = scene.site.act("bob", &pending, &scene.site.approval(&pending));
    assert_eq!(refused(outcome), Refusal::RecordNotAnchored);
    assert_eq!(scene.site.status(&pending), Status::Pending);
    let attempt = scene.world().chain(&pending).pop().unwrap();
    assert!(String::from_utf8(attempt).unwrap().contains("record_not_anchored"), "the attempt is on record");
    let alone = scene.site.submit("alice", &wish("logs-read", HALF_AN_HOUR));
    assert!(matches!(alone, Err(SubmitError::NotAnchored(Refusal::RecordNotAnchored))), "{alone:?}");
    // A vote that gives nothing yet is taken.
    scene.site.act("bob", &both, &scene.site.approval(&both)).unwrap();
    scene.minute().unwrap().unwrap();
    scene.site.act("bob", &pending, &scene.site.approval(&pending)).unwrap();
    scene.site.act("carol", &both, &scene.site.approval(&both)).unwrap();
    scene.site.submit("alice", &wish("logs-read", HALF_AN_HOUR)).unwrap();
    scene.settle();
    scene.complete();
}

#[test]
fn after_a_quarter_of_an_hour_nothing_begins_and_everything_ends() {
    for verb in [Verb::Sign, Verb::PutAnchor, Verb::MoveHead, Verb::KeepAnchor] {
        let scene = Scene::new();
        scene.world().gate_by_anchor();
        scene.minute().unwrap().unwrap();
        let active = scene.site.active(Kind::Session, HALF_AN_HOUR);
        let pending = scene.site.pending(Kind::Session, HALF_AN_HOUR);
        scene.world().break_down(verb, Trouble::FaultBefore);
        scene.world().pass(ANCHORED_WITHIN);
        let _ = scene.minute();
        scene.site.act("carol", &scene.site.pending(Kind::Policy, HALF_AN_HOUR), &scene.site.approval(&pending)).ok();
        let at_once = scene.fork();
        at_once.site.act("bob", &pending, &at_once.site.approval(&pending)).unwrap();
        scene.world().pass(1);
        let late = scene.site.act("bob", &pending, &scene.site.approval(&pending));
        assert_eq!(refused(late), Refusal::RecordNotAnchored, "{verb:?}");
        scene.site.revoke(&active);
        scene.site.must(scene.site.end(&active)).unwrap();
        scene.settle();
        scene.site.act("bob", &pending, &scene.site.approval(&pending)).unwrap();
        assert_eq!(scene.site.status(&pending), Status::Provisioning);
        scene.settle();
        scene.complete();
    }
}

#[test]
fn a_log_without_work_stays_anchored() {
    let scene = Scene::new();
    scene.world().gate_by_anchor();
    for _ in 0..60 {
        scene.minute().unwrap().unwrap();
        scene.world().pass(60);
    }
    scene.site.provisioning(Kind::Session, HALF_AN_HOUR);
    let beats = scene.said().iter().filter(|(name, _)| name == "heartbeat").count();
    assert!((8..=12).contains(&beats), "{beats} in an hour");
    scene.settle();
    scene.complete();
}

#[test]
fn the_condition_costs_no_round_trip() {
    let scene = Scene::new();
    scene.world().gate_by_anchor();
    scene.minute().unwrap().unwrap();
    scene.world().forget_calls();
    let id = scene.site.pending(Kind::Session, HALF_AN_HOUR);
    assert_eq!(scene.world().rounds(), 1);
    scene.world().forget_calls();
    scene.site.must(act(scene.world(), &actor("bob"), &id, &scene.site.approval(&id), None)).unwrap();
    assert_eq!(scene.world().rounds(), 2);
}
