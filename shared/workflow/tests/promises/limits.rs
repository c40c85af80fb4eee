//! How much one person may ask for.

use crate::support::{HALF_AN_HOUR, Kind, Site, actor, wish};
use model::limits::TooMany;
use model::policy::{Bundle, Policy};
use model::refusal::Refusal;
use model::request::Status;
use std::sync::Arc;
use workflow::command::CommandError;
use workflow::decisions::Wanted;
use workflow::double::{Verb, World};
use workflow::submission::{SubmitError, submit};

/// The sample catalog with these limits.
fn site(per_hour: u32, open: u32) -> Site {
    let sample = World::sample_bundle();
    let catalog = sample.catalog.replace("requestsPerHour: 10000", &format!("requestsPerHour: {per_hour}"));
    let catalog = catalog.replace("openRequests: 1000", &format!("openRequests: {open}"));
    assert_ne!(catalog, sample.catalog);
    let site = Site::new();
    site.world.set_policy(Some(Arc::new(Policy::load(&Bundle { catalog, ..sample }).unwrap())));
    site
}

fn ask(site: &Site, person: &str, entitlement: &str) -> Result<Status, TooMany> {
    match site.submit(person, &wish(entitlement, HALF_AN_HOUR)) {
        Ok(stored) => Ok(stored.state.status()),
        Err(SubmitError::TooMany(why)) => Err(why),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn so_many_in_any_hour_and_then_again() {
    let site = site(4, 10);
    let start = site.world.aws_now();
    // Whatever becomes of them.
    for (entitlement, status) in [
        ("logs-read", Status::Provisioning),
        ("orders-db-debug", Status::Pending),
        ("logs-read", Status::Provisioning),
        ("prod-admin", Status::Pending),
    ] {
        assert_eq!(ask(&site, "alice", entitlement), Ok(status));
        site.world.pass(600);
    }
    let again_at = start.plus(3_600);
    assert_eq!(ask(&site, "alice", "logs-read"), Err(TooMany::PerHour { limit: 4, again_at }));
    assert_eq!(ask(&site, "frank", "logs-read"), Ok(Status::Provisioning), "somebody else");
    site.world.set_now(again_at.plus(0));
    assert_eq!(ask(&site, "alice", "logs-read"), Ok(Status::Provisioning), "to the second");
    let again_at = start.plus(4_200);
    assert_eq!(ask(&site, "alice", "logs-read"), Err(TooMany::PerHour { limit: 4, again_at }));
}

#[test]
fn who_may_not_ask_asks_no_more_often() {
    let site = site(2, 10);
    assert_eq!(ask(&site, "mallory", "prod-admin"), Ok(Status::Denied));
    assert_eq!(ask(&site, "mallory", "prod-admin"), Ok(Status::Denied));
    assert!(matches!(ask(&site, "mallory", "prod-admin"), Err(TooMany::PerHour { .. })));
}

#[test]
fn so_many_wait_and_what_is_decided_makes_room() {
    let site = site(100, 3);
    let ids: Vec<_> = (0..3).map(|_| site.pending(Kind::Session, HALF_AN_HOUR)).collect();
    assert_eq!(ask(&site, "alice", "orders-db-debug"), Err(TooMany::Open { limit: 3 }));
    assert_eq!(ask(&site, "alice", "logs-read"), Ok(Status::Provisioning), "what waits for nobody");
    let ends = [Wanted::Cancel, Wanted::Deny { reason: crate::support::text("no") }, site.approval(&ids[2])];
    for ((id, wanted), who) in ids.iter().zip(ends).zip(["alice", "bob", "bob"]) {
        site.act(who, id, &wanted).unwrap();
        assert_eq!(ask(&site, "alice", "orders-db-debug"), Ok(Status::Pending), "{wanted:?}");
        assert_eq!(ask(&site, "alice", "orders-db-debug"), Err(TooMany::Open { limit: 3 }));
    }
    // What lapsed waits no more, whether anybody wrote that down or not.
    site.world.pass(3_600);
    assert_eq!(ask(&site, "alice", "orders-db-debug"), Ok(Status::Pending));
}

/// Never more than the limit, in whichever order requests come and go; and a refusal only at the limit.
#[test]
fn exactly_as_many_as_there_is_room_for() {
    for seed in 0..40u64 {
        let site = site(10_000, 4);
        let mut dice = crate::support::Dice::new(seed);
        let mut waiting: Vec<_> = Vec::new();
        for _ in 0..40 {
            if dice.percent(60) {
                match site.submit("alice", &wish("orders-db-debug", HALF_AN_HOUR)) {
                    Ok(stored) => waiting.push(stored.state.request.id.clone()),
                    Err(error) => {
                        assert_eq!(error, SubmitError::TooMany(TooMany::Open { limit: 4 }));
                        assert_eq!(waiting.len(), 4, "history {seed}");
                    }
                }
            } else if !waiting.is_empty() {
                let id = waiting.remove(dice.below(waiting.len()));
                site.act("alice", &id, &Wanted::Cancel).unwrap();
            }
            assert!(waiting.len() <= 4, "history {seed}");
        }
    }
}

#[test]
fn a_repeated_submission_is_answered_as_before_at_the_limit() {
    let site = site(1, 1);
    let asks = || {
        let key = Some("once".parse().unwrap());
        let wish = wish("orders-db-debug", HALF_AN_HOUR);
        site.must(submit(&*site.world, &actor("alice"), &wish, key, None)).map(|stored| stored.state.request.id.clone())
    };
    let first = asks().unwrap();
    assert_eq!(asks(), Ok(first));
    assert!(matches!(ask(&site, "alice", "logs-read"), Err(TooMany::PerHour { .. })));
}

#[test]
fn what_is_taken_costs_three_round_trips_more() {
    let site = site(100, 3);
    let mut most = 0;
    for _ in 0..3 {
        let id = site.pending(Kind::Session, HALF_AN_HOUR);
        site.act("alice", &id, &Wanted::Cancel).unwrap();
    }
    for _ in 0..3 {
        site.world.forget_calls();
        assert_eq!(ask(&site, "alice", "orders-db-debug"), Ok(Status::Pending));
        most = most.max(site.world.rounds());
    }
    assert!(site.world.count(Verb::Slots) <= 1 && most <= 4, "commit, slots, what holds them, commit: {most}");
}

/// Nobody can be made to countersign without reading: so many within an hour, whichever requests they are of.
#[test]
fn so_many_countersignatures_in_any_hour_and_then_again() {
    let sample = World::sample_bundle();
    let catalog = sample.catalog.replace("approvalsPerHour: 10000", "approvalsPerHour: 3");
    assert_ne!(catalog, sample.catalog);
    let site = Site::new();
    site.world.set_policy(Some(Arc::new(Policy::load(&Bundle { catalog, ..sample }).unwrap())));
    let ids: Vec<_> = (0..5).map(|_| site.pending(Kind::Session, HALF_AN_HOUR)).collect();
    let start = site.world.aws_now();
    for id in &ids[..3] {
        site.act("bob", id, &site.approval(id)).unwrap();
        site.world.pass(60);
    }
    let before = site.stored(&ids[3]).head.seq;
    let again_at = start.plus(3_600);
    for _ in 0..2 {
        match site.act("bob", &ids[3], &site.approval(&ids[3])) {
            Err(CommandError::Refused { refusal, .. }) => {
                assert_eq!(refusal, Refusal::TooManyApprovals(TooMany::Votes { limit: 3, again_at }));
                assert_eq!(refusal.code(), "too_many_approvals");
            }
            other => panic!("{other:?}"),
        }
    }
    // The attempts are in the record; nothing was countersigned by them.
    assert_eq!((site.status(&ids[3]), site.stored(&ids[3]).head.seq), (Status::Pending, before + 2));
    // To deny takes no reading that could be tired; and somebody else may countersign.
    site.act("bob", &ids[4], &Wanted::Deny { reason: crate::support::text("no") }).unwrap();
    site.act("carol", &ids[3], &site.approval(&ids[3])).unwrap();
    assert_eq!(site.status(&ids[3]), Status::Provisioning);
    let next = site.pending(Kind::Session, HALF_AN_HOUR);
    site.world.set_now(again_at);
    site.act("bob", &next, &site.approval(&next)).unwrap();
}

/// A place that is taken costs round trips; a free one none.
#[test]
fn a_countersignature_stays_two_round_trips_while_its_place_is_free() {
    let site = Site::new();
    let id = site.pending(Kind::Session, HALF_AN_HOUR);
    let approval = site.approval(&id);
    site.world.forget_calls();
    site.act("bob", &id, &approval).unwrap();
    assert_eq!((site.world.rounds(), site.world.count(Verb::Slots)), (2, 0));
}
