//! Several workers at the same time, in every order that a seed gives.

use crate::invariants;
use crate::support::{Dice, HALF_AN_HOUR, Kind, Site, Worker, actor, wish};
use model::request::Status;
use std::collections::BTreeSet;
use std::future::Future;
use workflow::decisions::{Wanted, act};
use workflow::double::Verb;
use workflow::submission::submit;

/// Steps the workers, each time one that the dice choose, until all are done.
pub(crate) fn race<T>(site: &Site, dice: &mut Dice, works: Vec<impl Future<Output = T>>) -> Vec<T> {
    let mut running: Vec<Worker<'_, T>> = works.into_iter().map(Worker::new).collect();
    let mut done = Vec::new();
    while !running.is_empty() {
        let chosen = dice.below(running.len());
        if let Some(outcome) = running[chosen].step(site) {
            done.push(outcome);
            drop(running.swap_remove(chosen));
        }
    }
    done
}

fn count(site: &Site, id: &model::names::RequestId, name: &str) -> usize {
    invariants::invariant_chain(&site.world, id).iter().filter(|entry| entry.event_name() == name).count()
}

#[test]
fn a_hundred_clicks_by_one_approver() {
    for kind in Kind::ALL {
        let site = Site::new();
        let id = site.pending(kind, HALF_AN_HOUR);
        let approval = site.approval(&id);
        let bob = actor("bob");
        let clicks: Vec<_> = (0..100).map(|_| act(&*site.world, &bob, &id, &approval, None)).collect();
        let outcomes = race(&site, &mut Dice::new(1), clicks);
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
        assert_eq!(count(&site, &id, "approvalGiven"), 1);
        assert_eq!(count(&site, &id, "provisioningStarted"), usize::from(kind.has_sessions()));
        site.deliver();
        assert_eq!(site.world.schedules().len(), usize::from(kind.has_sessions()));
        site.at_rest();
    }
}

#[test]
fn two_approvers_at_the_same_time() {
    let prepared = Site::new();
    let id = prepared.pending(Kind::Role, HALF_AN_HOUR);
    let approval = prepared.approval(&id);
    for seed in 0..40 {
        let site = prepared.fork();
        let both = ["bob", "carol"].map(actor);
        let clicks = both.iter().map(|actor| act(&*site.world, actor, &id, &approval, None)).collect();
        let outcomes = race(&site, &mut Dice::new(seed), clicks);
        assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
        assert_eq!(count(&site, &id, "approvalGiven"), 2);
        assert_eq!(count(&site, &id, "provisioningStarted"), 1);
        site.deliver();
        assert_eq!((site.world.schedules().len(), site.world.roles().len()), (1, 1));
        assert_eq!(site.world.count(Verb::Arm), 1);
        site.at_rest();
    }
}

#[test]
fn a_vote_for_and_a_vote_against() {
    let prepared = Site::new();
    let id = prepared.pending(Kind::Session, HALF_AN_HOUR);
    let votes = [
        ("bob", prepared.approval(&id)),
        ("carol", Wanted::Deny { reason: crate::support::text("no") }),
        ("alice", Wanted::Cancel),
    ];
    for seed in 0..60 {
        let site = prepared.fork();
        let votes: Vec<_> = votes.iter().map(|(person, wanted)| (actor(person), wanted)).collect();
        let works = votes.iter().map(|(actor, wanted)| act(&*site.world, actor, &id, wanted, None)).collect();
        let outcomes = race(&site, &mut Dice::new(seed), works);
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "one of them was first");
        let ends = ["provisioningStarted", "requestDenied", "requestCancelled"].map(|name| count(&site, &id, name));
        assert_eq!(ends.iter().sum::<usize>(), 1);
        site.at_rest();
    }
}

#[test]
fn several_grant_workers_make_one_grant() {
    for kind in Kind::ALL {
        let prepared = Site::new();
        let id = prepared.provisioning(kind, HALF_AN_HOUR);
        for seed in 0..60 {
            let site = prepared.fork();
            let outcomes = race(&site, &mut Dice::new(seed), (0..3).map(|_| site.provision(&id)).collect());
            assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
            assert_eq!(site.status(&id), Status::Active);
            assert_eq!(count(&site, &id, "grantActivated"), 1);
            assert_eq!(site.world.schedules().len(), 1);
            assert_eq!(site.world.roles().len(), usize::from(kind == Kind::Role));
            assert_eq!(site.world.policies().len(), usize::from(kind == Kind::Policy));
            site.at_rest();
        }
    }
}

#[test]
fn granting_and_ending_at_the_same_time() {
    for kind in Kind::ALL {
        let prepared = Site::new();
        let id = prepared.provisioning(kind, HALF_AN_HOUR);
        for seed in 0..150 {
            let (site, mut dice) = (prepared.fork(), Dice::new(seed));
            let mut grant = Worker::new(site.provision(&id));
            for _ in 0..dice.below(12) {
                if grant.step(&site).is_some() {
                    grant = Worker::new(site.provision(&id));
                }
            }
            site.revoke(&id);
            let (mut granted, mut ends) = (false, 0);
            let mut end = Worker::new(site.end(&id));
            while !granted || ends < 2 {
                if dice.below(2) == 0 && !granted {
                    granted = grant.step(&site).is_some();
                } else if end.step(&site).is_some() {
                    ends += 1;
                    end = Worker::new(site.end(&id));
                }
            }
            site.at_rest();
        }
    }
}

#[test]
fn grants_of_the_same_second_do_not_meet() {
    let site = Site::new();
    let alice = actor("alice");
    let wishes = ["orders-db-debug", "prod-admin", "logs-read", "logs-read", "orders-db-debug", "prod-admin"]
        .map(|name| wish(name, 900));
    let works = wishes.iter().map(|wish| submit(&*site.world, &alice, wish, None, None)).collect();
    let made = race(&site, &mut Dice::new(3), works);
    let ids: BTreeSet<_> = made.into_iter().map(|stored| stored.unwrap().state.request.id.clone()).collect();
    assert_eq!(ids.len(), 6);
    for id in &ids {
        for person in ["bob", "carol"] {
            let _ = site.act(person, id, &site.approval(id));
        }
    }
    let made = race(&site, &mut Dice::new(4), ids.iter().map(|id| site.provision(id)).collect());
    assert!(made.iter().all(Result::is_ok), "{made:?}");
    assert!(ids.iter().all(|id| site.status(id) == Status::Active));
    assert_eq!((site.world.schedules().len(), site.world.roles().len()), (6, 2));
    site.at_rest();
}

#[test]
fn overlapping_grants_keep_their_own_time() {
    for kind in Kind::ALL {
        let site = Site::new();
        let first = site.active(kind, 900);
        site.world.pass(300);
        let second = site.active(kind, 900);
        let third = site.active(kind, 1_800);
        let sessions = [&first, &second, &third];
        if kind.has_sessions() {
            for id in sessions {
                site.must(workflow::credentials::credentials(&*site.world, &actor("alice"), id)).unwrap();
            }
        }
        let table = "arn:aws:dynamodb:us-east-1:111111111111:table/orders";
        let open = |site: &Site| sessions.map(|id| site.world.may(id, "dynamodb:GetItem", table, site.world.aws_now()));
        assert_eq!(open(&site), [true, true, true]);
        site.revoke(&second);
        site.must(site.end(&second)).unwrap();
        assert!(!site.world.schedules().contains_key(&second), "nothing is left to be done at its end");
        assert_eq!(open(&site), [true, false, true]);
        site.pass_until(site.window(&first).expires_at());
        assert_eq!(open(&site), [false, false, true]);
        site.pass_until(site.window(&second).expires_at().plus(120));
        assert_eq!(open(&site), [false, false, true]);
        site.pass_until(site.window(&third).expires_at());
        assert_eq!(open(&site), [false, false, false]);
        site.at_rest();
    }
}
