//! Base roles whose inline policies are full: early ends work all the same.

use crate::invariants;
use crate::support::{HALF_AN_HOUR, Kind, Site, actor, text, wish};
use model::lifecycle::Phase;
use model::names::{PrincipalArn, RequestId};
use model::request::{Mechanism, Status};
use model::time::Time;
use workflow::credentials::credentials;
use workflow::decisions::Wanted;
use workflow::double::Verb;
use workflow::ending::Ending;

const ORDERS: &str = "arn:aws:dynamodb:us-east-1:111111111111:table/orders";

/// A grant that policy alone approves, taken by Alice.
fn taken(site: &Site) -> RequestId {
    let id = site.submit("alice", &wish("logs-read", HALF_AN_HOUR)).unwrap().state.request.id.clone();
    site.deliver();
    assert_eq!(site.status(&id), Status::Active);
    id
}

fn fetch(site: &Site, id: &RequestId) {
    site.must(credentials(&*site.world, &actor("alice"), id)).unwrap();
}

fn ended_by_alice(site: &Site, id: &RequestId) {
    site.act("alice", id, &Wanted::Revoke { reason: text("done") }).unwrap();
    site.deliver();
    assert_eq!(site.status(id), Status::Ended);
}

fn base_role(site: &Site, id: &RequestId) -> PrincipalArn {
    match &site.stored(id).state.request.mechanism {
        Mechanism::Session { base_role } => base_role.clone(),
        other => panic!("{other:?}"),
    }
}

fn findings(site: &Site, id: &RequestId) -> String {
    match site.stored(id).state.phase {
        Phase::Ended { evidence, .. } => evidence.findings.join("; "),
        phase => panic!("{phase:?}"),
    }
}

fn open(site: &Site, id: &RequestId) -> bool {
    site.world.may(id, "dynamodb:GetItem", ORDERS, site.world.aws_now())
}

/// Takes the rest of the room on a grant's base role.
fn fill(site: &Site, id: &RequestId) {
    let role = base_role(site, id);
    site.world.plant_kill(&role, "somebody-elses", &"x".repeat(10_000));
}

#[test]
fn grants_taken_and_given_back_unused_leave_nothing_on_their_base_role() {
    let site = Site::new();
    let victim = site.active(Kind::Session, HALF_AN_HOUR);
    fetch(&site, &victim);
    for _ in 0..40 {
        let id = taken(&site);
        ended_by_alice(&site, &id);
        assert!(matches!(site.stored(&id).state.phase, Phase::Ended { residue: None, .. }));
        assert_eq!(findings(&site, &id), "no credentials were ever asked for: there are no sessions");
    }
    assert_eq!(site.world.kills(), Vec::new());
    assert_eq!(site.world.count(Verb::PutKill), 0);
    assert!(open(&site, &victim));
    site.revoke(&victim);
    assert_eq!(site.must(site.end(&victim)), Ok(Ending::Ended));
    assert!(!open(&site, &victim));
    assert_eq!(site.world.kills().len(), 1, "a deny of its own");
    site.at_rest();
}

#[test]
fn the_forty_first_grant_ends_as_well() {
    let site = Site::new();
    for _ in 0..40 {
        let id = taken(&site);
        fetch(&site, &id);
        ended_by_alice(&site, &id);
        site.watch();
    }
    let denies = site.world.kills().len();
    assert!((25..40).contains(&denies), "the role is full: {denies}");
    site.world.pass(60);
    let last = site.active(Kind::Session, HALF_AN_HOUR);
    fetch(&site, &last);
    assert!(open(&site, &last), "begun after all were ended");
    site.revoke(&last);
    assert_eq!(site.must(site.end(&last)), Ok(Ending::Ended));
    assert!(!open(&site, &last));
    let said = findings(&site, &last);
    assert!(said.contains("all sessions begun before 2026-11-20T12:01:30Z, those of other grants too"), "{said}");
    site.at_rest();
}

#[test]
fn all_sessions_of_a_full_role_are_ended_and_others_fetch_new_ones() {
    let site = Site::new();
    let [ending, other] = [(); 2].map(|()| site.active(Kind::Session, HALF_AN_HOUR));
    for id in [&ending, &other] {
        fetch(&site, id);
    }
    fill(&site, &ending);
    assert!(open(&site, &ending) && open(&site, &other));
    site.revoke(&ending);
    assert_eq!(site.must(site.end(&ending)), Ok(Ending::Ended));
    assert!(!open(&site, &ending) && !open(&site, &other));
    site.world.pass(30);
    fetch(&site, &other);
    assert!(open(&site, &other) && !open(&site, &ending));
    let role = base_role(&site, &ending);
    let written = site.world.kill_all(&role);
    site.at_rest();
    assert_eq!(site.world.kill_all(&role), written, "it is never taken out");
}

/// What says less than it should is not taken for an end: it is tried again.
#[test]
fn what_is_read_back_has_to_reach_far_enough() {
    let deny = |before: Time| model::documents::kill_all_policy(before);
    let far = |_: Time| deny("2026-11-20T12:00:29Z".parse().unwrap());
    let narrower = |at: Time| deny(at.plus(600)).replace("\"Action\":\"*\"", "\"Action\":\"s3:*\"");
    let all: [&dyn Fn(Time) -> String; 2] = [&far, &narrower];
    for planted in all {
        let site = Site::new();
        let id = site.active(Kind::Session, HALF_AN_HOUR);
        fetch(&site, &id);
        fill(&site, &id);
        site.revoke(&id);
        let role = base_role(&site, &id);
        // Between its write and its reading back, somebody else's write lands.
        let (world, document) = (std::sync::Arc::downgrade(&site.world), planted(site.world.aws_now()));
        let mut end = crate::support::Worker::new(site.end(&id));
        while site.world.count(Verb::PutKill) < 2 || !last_put_landed(&site) {
            assert!(end.step(&site).is_none());
        }
        world.upgrade().unwrap().plant_kill(&role, "countersign-kill-all", &document);
        let outcome = loop {
            if let Some(outcome) = end.step(&site) {
                break outcome;
            }
        };
        assert_eq!(outcome, Ok(Ending::Failed { attempt: 1 }));
        assert_eq!(site.status(&id), Status::Revoking);
        site.world.pass(20);
        assert_eq!(site.must(site.end(&id)), Ok(Ending::Ended));
        assert!(!open(&site, &id));
        invariants::at_every_moment(&site.world, &id);
    }
}

fn last_put_landed(site: &Site) -> bool {
    site.world.calls().iter().rfind(|call| call.verb == Verb::PutKill).is_some_and(|call| call.took_effect)
}
