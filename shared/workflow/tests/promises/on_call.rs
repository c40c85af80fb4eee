//! Who is on call countersigns, while they are.

use crate::support::{HALF_AN_HOUR, Kind, Site};
use model::policy::{Bundle, Policy};
use model::refusal::Refusal;
use model::request::Status;
use std::sync::Arc;
use workflow::command::CommandError;
use workflow::double::World;

/// The sample catalog, in which who is on call countersigns what takes two: bob or dave and carol, in turns of an hour,
/// from noon on.
fn in_turns() -> Site {
    let sample = World::sample_bundle();
    let turns = "schedules:\n  first:\n    rotation: {from: 2026-11-20T12:00:00Z, every: 1h, persons: [bob, dave]}\n  second:\n    rotation: {from: 2026-11-20T12:00:00Z, every: 1h, persons: [dave, carol]}\n";
    let (before, after) = sample.catalog.split_once("\nentitlements:\n").unwrap();
    let after = after.replace("approvers: [approvers]", "approvers: [first, second]");
    let after = after.replace("approvalWindow: 30m", "approvalWindow: 5h");
    let catalog = format!("{before}\n{turns}entitlements:\n{after}");
    let policies = sample.policies.replace(
        "principal in Countersign::Group::\"approvers\",\n  action == Countersign::Action::\"approve\"",
        "principal,\n  action == Countersign::Action::\"approve\"",
    );
    assert_ne!(policies, sample.policies);
    let site = Site::new();
    site.world.set_policy(Some(Arc::new(Policy::load(&Bundle { catalog, policies, ..sample }).unwrap())));
    site
}

#[test]
fn a_countersignature_outlives_the_shift_it_was_given_in() {
    let site = in_turns();
    let id = site.pending(Kind::Role, HALF_AN_HOUR);
    let vote = |who: &str| site.act(who, &id, &site.approval(&id)).map(|done| done.stored.state.status());
    // Until one o'clock: bob, and dave.
    let refused = vote("carol");
    assert!(matches!(refused, Err(CommandError::Refused { refusal: Refusal::NotAnApprover, .. })), "{refused:?}");
    assert_eq!(vote("bob"), Ok(Status::Pending));
    site.world.pass(3_600);
    // Then: dave, and carol. Bob is not on call any more, and was when he countersigned.
    assert_eq!(vote("carol"), Ok(Status::Provisioning));
}

#[test]
fn who_is_not_on_call_any_more_countersigns_no_more() {
    let site = in_turns();
    let id = site.pending(Kind::Role, HALF_AN_HOUR);
    site.world.pass(3_600);
    let refused = site.act("bob", &id, &site.approval(&id));
    assert!(matches!(refused, Err(CommandError::Refused { refusal: Refusal::NotAnApprover, .. })), "{refused:?}");
    assert_eq!(site.status(&id), Status::Pending);
}
