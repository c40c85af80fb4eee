//! A finding for which the entitlement says so ends the grant.

use super::records::{outside, own};
use super::scene::Scene;
use crate::support::{HALF_AN_HOUR, Site};
use model::policy::Policy;
use model::request::Status;
use std::sync::Arc;
use workflow::activity::{ingest, settle};
use workflow::double::{Trouble, Verb, World};

/// A grant whose entitlement ends on findings of high severity.
fn strict() -> Scene {
    let mut bundle = World::sample_bundle();
    let entitlement = "  orders-db-debug:\n";
    assert!(bundle.catalog.contains(entitlement));
    bundle.catalog = bundle.catalog.replace(entitlement, &format!("{entitlement}    endOnFindings: [high]\n"));
    let site = Site::new();
    site.world.set_policy(Some(Arc::new(Policy::load(&bundle).unwrap())));
    Scene::of(site)
}

#[test]
fn at_once_and_its_effects_by_the_bus() {
    let scene = strict();
    scene.event(&own(&scene.id, "own-1", scene.at(20)));
    assert_eq!(scene.site.status(&scene.id), Status::Active, "what was approved ends nothing");
    scene.event(&outside(&scene.id, "outside-1", scene.at(40)));
    assert_eq!(scene.site.status(&scene.id), Status::Revoking);
    assert_eq!(scene.recorded("revocationStarted").len(), 1);
    scene.event(&outside(&scene.id, "outside-2", scene.at(50)));
    assert_eq!(scene.recorded("revocationStarted").len(), 1);
    scene.site.deliver();
    assert_eq!(scene.site.status(&scene.id), Status::Ended);
    scene.site.at_rest();
}

#[test]
fn nothing_is_ended_unless_the_entitlement_says_so() {
    let scene = Scene::new();
    scene.event(&outside(&scene.id, "outside-1", scene.at(40)));
    assert!(scene.rules().contains("outside_actions"));
    assert_eq!(scene.site.status(&scene.id), Status::Active);
}

#[test]
fn also_if_the_worker_died_between_keeping_and_noting() {
    for trouble in [Trouble::CrashBefore, Trouble::FaultBefore, Trouble::Throttle] {
        let scene = strict();
        let text = outside(&scene.id, "outside-1", scene.at(40)).to_string();
        let take = || scene.site.run(ingest::one(scene.world(), text.as_bytes()));
        scene.world().break_down(Verb::Commit, trouble);
        assert!(take().is_none_or(|outcome| outcome.is_err()));
        scene.world().heal();
        assert_eq!(scene.summary().findings.len(), 1, "it is kept");
        assert_eq!(scene.recorded("activityFinding").len(), 0);
        // The same event again, another one, or summing up: whichever comes first.
        let (again, other, later) = (scene.fork(), scene.fork(), scene);
        again.event(&outside(&again.id, "outside-1", again.at(40)));
        other.event(&own(&other.id, "own-1", other.at(60)));
        later.pass(HALF_AN_HOUR + 901);
        later.site.must(settle::settle(later.world(), &later.id)).unwrap();
        for scene in [&again, &other] {
            assert_eq!(scene.site.status(&scene.id), Status::Revoking);
        }
        for scene in [&again, &other, &later] {
            assert_eq!(scene.recorded("activityFinding").len(), 1);
        }
    }
}

#[test]
fn what_is_found_after_the_end_is_noted_and_ends_nothing() {
    let scene = strict();
    scene.pass(HALF_AN_HOUR + 120);
    assert_eq!(scene.site.status(&scene.id), Status::Ended);
    scene.event(&outside(&scene.id, "outside-1", scene.at(HALF_AN_HOUR + 30)));
    assert!(scene.rules().contains("after_end"));
    assert_eq!(scene.recorded("revocationStarted").len(), 1);
    assert_eq!(scene.summary().after_end, 1);
    scene.site.at_rest();
}
