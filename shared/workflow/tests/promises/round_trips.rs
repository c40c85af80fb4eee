//! Round trips in sequence, as the quality bars have them.

use crate::support::{HALF_AN_HOUR, Kind, Site, actor, wish};
use workflow::credentials::credentials;
use workflow::decisions::act;
use workflow::double::{Verb, home};
use workflow::ports::Guard;
use workflow::provision::Provisioned;
use workflow::submission::submit;

fn replay(site: &Site, of: &str) -> Guard {
    Guard::Replay { key: model::digest::Digest::of(of.as_bytes()), forget_at: site.world.aws_now().plus(900) }
}

#[test]
fn submitting_is_one() {
    let site = Site::new();
    let (key, guard) = ("key-1".parse().unwrap(), replay(&site, "a signature"));
    let wish = wish("orders-db-debug", HALF_AN_HOUR);
    site.must(submit(&*site.world, &actor("alice"), &wish, Some(key), Some(guard))).unwrap();
    assert_eq!(site.world.rounds(), 1);
    assert_eq!(site.world.count(Verb::Commit), 1);
    assert_eq!(site.world.policy_reads(), 1);
}

#[test]
fn approving_is_two_and_starts_provisioning() {
    let site = Site::new();
    let id = site.pending(Kind::Session, HALF_AN_HOUR);
    site.world.forget_calls();
    let guard = replay(&site, "another signature");
    let done = site.must(act(&*site.world, &actor("bob"), &id, &site.approval(&id), Some(guard))).unwrap();
    assert_eq!(site.world.rounds(), 2);
    assert_eq!(done.effects.len(), 2);
}

#[test]
fn from_approved_to_active() {
    for (kind, most) in [(Kind::Session, 2), (Kind::Role, 6), (Kind::Policy, 6)] {
        let site = Site::new();
        let id = site.provisioning(kind, HALF_AN_HOUR);
        site.world.forget_calls();
        assert_eq!(site.must(site.provision(&id)), Ok(Provisioned::Active));
        assert!(site.world.rounds() <= most, "{kind:?}: {}", site.world.rounds());
    }
}

#[test]
fn fetching_credentials_is_four() {
    let site = Site::new();
    let id = site.active(Kind::Session, HALF_AN_HOUR);
    site.world.forget_calls();
    site.must(credentials(&*site.world, &actor("alice"), &id)).unwrap();
    assert_eq!(site.world.rounds(), 4, "read, intent, STS, outcome");
}

#[test]
fn a_minute_without_work_is_four_calls() {
    let site = Site::new();
    site.pending(Kind::Session, HALF_AN_HOUR);
    site.world.forget_calls();
    site.must(workflow::reconcile::reconcile(&*site.world, &[home()])).unwrap();
    assert_eq!(site.world.calls().len(), 4, "due, sweeps, roles, policies");
    assert_eq!(site.world.rounds(), 2, "what is due or swept, and then what there is under our path");
}
