//! Approvers are asked again while it is of use, and requesters are told of the end to come; each is in the record once.

use crate::invariants::invariant_chain;
use crate::support::{HALF_AN_HOUR, Kind, Site};
use model::names::RequestId;
use model::request::Status;
use workflow::double::{Trouble, Verb, home};
use workflow::reconcile::reconcile;

/// How many seconds after the submission the events of that name happened, by the record.
fn told(site: &Site, id: &RequestId, name: &str) -> Vec<u64> {
    let submitted = site.stored(id).state.request.submitted_at;
    invariant_chain(&site.world, id)
        .into_iter()
        .filter(|entry| entry.event["type"] == name)
        .map(|entry| submitted.seconds_until(entry.at.parse().unwrap()))
        .collect()
}

#[test]
fn approvers_are_reminded_within_a_minute_and_once() {
    let site = Site::new();
    let id = site.pending(Kind::Session, HALF_AN_HOUR);
    let submitted = site.stored(&id).state.request.submitted_at;
    // An hour to countersign: reminded at half of it.
    site.pass_until(submitted.plus(1_799));
    assert_eq!(told(&site, &id, "approversReminded"), [0; 0]);
    site.pass_until(submitted.plus(3_000));
    let reminded = told(&site, &id, "approversReminded");
    assert_eq!(reminded.len(), 1);
    assert!((1_800..=1_860).contains(&reminded[0]), "{reminded:?}");
    // It lapses at its time, reminded or not.
    site.pass_until(submitted.plus(3_660));
    assert_eq!(site.status(&id), Status::Lapsed);
    site.at_rest();
}

#[test]
fn nobody_is_reminded_of_what_is_decided() {
    let site = Site::new();
    let id = site.active(Kind::Session, HALF_AN_HOUR);
    site.pass_until_quiet();
    assert_eq!(told(&site, &id, "approversReminded"), [0; 0]);
    site.at_rest();
}

#[test]
fn a_requester_is_told_of_the_end_within_a_minute_and_once() {
    let site = Site::new();
    let id = site.active(Kind::Session, HALF_AN_HOUR);
    let window = site.window(&id);
    site.pass_until(window.expires_at());
    let told_at = told(&site, &id, "expiryAnnounced");
    assert_eq!(told_at.len(), 1);
    assert!((1_500..=1_560).contains(&told_at[0]), "five minutes before the end: {told_at:?}");
    site.pass_until_quiet();
    assert_eq!(site.status(&id), Status::Ended);
    site.at_rest();
}

#[test]
fn several_runs_and_failures_remind_once() {
    for trouble in [Trouble::FaultBefore, Trouble::FaultAfter] {
        let site = Site::new();
        let id = site.pending(Kind::Session, HALF_AN_HOUR);
        let submitted = site.stored(&id).state.request.submitted_at;
        site.world.set_now(submitted.plus(1_800));
        site.world.break_down(Verb::Commit, trouble);
        let _ = site.run(reconcile(&*site.world, &[home()]));
        site.world.heal();
        for _ in 0..3 {
            let _ = site.run(reconcile(&*site.world, &[home()]));
        }
        assert_eq!(told(&site, &id, "approversReminded").len(), 1, "{trouble:?}");
    }
}
