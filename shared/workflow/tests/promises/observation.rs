//! A new account is observed before anything is taken out of it.

use crate::support::TROUBLES;
use crate::support::{HALF_AN_HOUR, Kind, Site};
use model::names::AccountId;
use model::request::Status;
use record::chain;
use std::collections::BTreeMap;
use workflow::double::{Role, home};
use workflow::reconcile::reconcile;

const NOBODY: &str = "req_0198c0ffee00700080000000deadbeef";
const DAY: u64 = 86_400;

fn account() -> AccountId {
    "111111111111".parse().unwrap()
}

/// What is left of a table that was lost.
fn left_over(site: &Site) {
    let role = Role {
        request: Some(NOBODY.to_owned()),
        digest: None,
        trust: r#"{"Version":"2012-10-17","Statement":[]}"#.to_owned(),
        bounded: true,
        created_at: site.world.aws_now(),
        policies: BTreeMap::new(),
    };
    site.world.plant_role(NOBODY, role);
    site.world.pass(600);
}

/// The record of the account, checked.
fn story(site: &Site) -> Vec<String> {
    let Some(stored) = site.world.stored_account(&account()) else { return Vec::new() };
    let entries = chain::verify("acc_111111111111", &site.world.account_chain(&account()), Some(stored.head)).unwrap();
    entries.iter().map(|entry| entry.event_name().to_owned()).collect()
}

#[test]
fn what_is_found_in_a_new_account_is_said_and_left_until_it_is_known() {
    let site = Site::new();
    site.world.set_observation(DAY);
    left_over(&site);
    let known = site.world.aws_now();
    for _ in 0..3 {
        assert_eq!(site.must(reconcile(&*site.world, &[home()])).unwrap().orphans, 0);
        site.world.pass(60);
    }
    assert_eq!(story(&site), ["accountFirstSeen", "orphanObserved"], "said once");
    site.world.set_now(known.plus(DAY - 1));
    assert_eq!(site.must(reconcile(&*site.world, &[home()])).unwrap().orphans, 0);
    assert_eq!(site.world.roles().len(), 1);
    site.world.pass(1);
    assert_eq!(site.must(reconcile(&*site.world, &[home()])).unwrap().orphans, 1);
    assert!(site.world.roles().is_empty());
    assert_eq!(story(&site), ["accountFirstSeen", "orphanObserved", "orphanRemoved"]);
}

/// What is ours by a request of this table is ended whether the account is new or not.
#[test]
fn our_own_requests_are_taken_up_from_the_first_run_on() {
    for kind in Kind::ALL {
        let site = Site::new();
        site.world.set_observation(DAY);
        let id = site.active(kind, HALF_AN_HOUR);
        site.world.set_now(site.window(&id).expires_at().plus(60));
        site.must(reconcile(&*site.world, &[home()])).unwrap();
        assert_eq!(site.status(&id), Status::Ended);
        assert!(site.world.roles().is_empty() && site.world.policies().is_empty());
        assert_eq!(story(&site), ["accountFirstSeen"]);
    }
}

/// With the store away nothing is taken out.
#[test]
fn observing_and_taking_out_with_trouble_at_every_call() {
    for age in [0, DAY] {
        let prepared = Site::new();
        prepared.world.set_observation(DAY);
        left_over(&prepared);
        if age > 0 {
            prepared.must(reconcile(&*prepared.world, &[home()])).unwrap();
            prepared.world.pass(age);
        }
        for trouble in TROUBLES {
            for nth in 1.. {
                let site = prepared.fork();
                let before = site.world.hits();
                site.world.trouble_at(nth, trouble);
                let _ = site.run(reconcile(&*site.world, &[home()]));
                site.world.heal();
                assert!(age > 0 || site.world.roles().len() == 1);
                if site.world.roles().is_empty() {
                    assert_eq!(story(&site).last().unwrap(), "orphanRemoved", "the intent comes first");
                }
                site.must(reconcile(&*site.world, &[home()])).unwrap();
                assert_eq!(site.world.roles().is_empty(), age > 0);
                let expected: &[&str] = if age > 0 {
                    &["accountFirstSeen", "orphanObserved", "orphanRemoved"]
                } else {
                    &["accountFirstSeen", "orphanObserved"]
                };
                assert_eq!(story(&site), expected);
                if site.world.hits() == before {
                    break;
                }
            }
        }
    }
}
