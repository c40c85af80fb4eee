//! One component that never works again: access ends all the same, and everything is tidied up
//! once it works.

use crate::invariants;
use crate::support::{HALF_AN_HOUR, Kind, Site, TROUBLES, actor, unwatched};
use model::lifecycle::{ATTEMPTS_BEFORE_ALARM, LONGEST_BACKOFF, Phase, backoff};
use model::names::RequestId;
use model::request::Status;
use model::time::Time;
use workflow::credentials::credentials;
use workflow::double::{Trouble, Verb, home};
use workflow::reconcile::reconcile;

const COMPONENTS: [Verb; 30] = [
    Verb::Load,
    Verb::LoadMany,
    Verb::Commit,
    Verb::Due,
    Verb::Arm,
    Verb::Disarm,
    Verb::CreateRole,
    Verb::PutRolePolicy,
    Verb::Role,
    Verb::RolePolicy,
    Verb::RemoveRole,
    Verb::RoleNames,
    Verb::PutKill,
    Verb::Kill,
    Verb::RemoveKill,
    Verb::CreatePolicy,
    Verb::AttachPolicy,
    Verb::ReplacePolicy,
    Verb::Policy,
    Verb::Attached,
    Verb::Target,
    Verb::RemovePolicy,
    Verb::PolicyNames,
    Verb::ProbeRole,
    Verb::ProbeDocument,
    Verb::OnRole,
    Verb::LoadAccount,
    Verb::CommitAccount,
    Verb::Bounded,
    Verb::Assume,
];

/// With every component broken for good in every way: from well before until well after the window
/// everything is watched; then it is healed and comes to rest.
fn with_each_broken(prepared: &Site, then: impl Fn(&Site)) {
    for verb in COMPONENTS {
        for trouble in TROUBLES {
            let site = prepared.fork();
            site.world.break_down(verb, trouble);
            then(&site);
            site.pass_until(site.world.aws_now().plus(HALF_AN_HOUR + 3_600));
            for id in site.world.ids() {
                invariants::at_every_moment(&site.world, &id);
            }
            site.world.heal();
            site.at_rest();
        }
    }
}

#[test]
fn from_the_approval_on() {
    for kind in Kind::ALL {
        let prepared = Site::new();
        prepared.provisioning(kind, HALF_AN_HOUR);
        with_each_broken(&prepared, Site::deliver);
    }
}

#[test]
fn from_the_activation_on() {
    for kind in Kind::ALL {
        let prepared = Site::new();
        let id = prepared.active(kind, HALF_AN_HOUR);
        with_each_broken(&prepared, |site| drop(site.run(credentials(&*site.world, &actor("alice"), &id))));
    }
}

#[test]
fn from_an_early_end_on() {
    for kind in Kind::ALL {
        let prepared = Site::new();
        let id = prepared.active(kind, HALF_AN_HOUR);
        if kind.has_sessions() {
            prepared.must(credentials(&*prepared.world, &actor("alice"), &id)).unwrap();
        }
        prepared.revoke(&id);
        with_each_broken(&prepared, Site::deliver);
    }
}

#[test]
fn the_scheduler_never_fires() {
    for kind in Kind::ALL {
        let site = Site::new();
        let id = site.active(kind, HALF_AN_HOUR);
        let end = site.window(&id).expires_at();
        site.world.set_now(end);
        assert_eq!(site.world.fire_schedules(), std::slice::from_ref(&id), "lost");
        site.pass_until(end.plus(60));
        assert_eq!(site.status(&id), Status::Ended, "reconciliation is a minute behind at the most");
        site.at_rest();
    }
}

#[test]
fn reconciliation_never_runs() {
    for kind in Kind::ALL {
        let site = Site::new();
        let id = site.active(kind, HALF_AN_HOUR);
        let end = site.window(&id).expires_at();
        site.world.set_now(end);
        for id in site.world.fire_schedules() {
            site.must(site.end(&id)).unwrap();
        }
        assert_eq!(site.status(&id), Status::Ended);
        site.at_rest();
    }
}

#[test]
fn ending_is_tried_for_ever_with_growing_pauses() {
    let site = Site::new();
    let id = site.active(Kind::Role, HALF_AN_HOUR);
    site.world.break_down(Verb::RemoveRole, Trouble::FaultBefore);
    site.pass_until(site.window(&id).expires_at().plus(36_000));
    let Phase::Revoking { failures, .. } = site.stored(&id).state.phase else { panic!("given up") };
    assert!(failures > ATTEMPTS_BEFORE_ALARM, "{failures}");
    let attempts: Vec<Time> = invariants::invariant_chain(&site.world, &id)
        .iter()
        .filter(|entry| entry.event_name() == "revocationAttemptFailed")
        .map(|entry| entry.at.parse().unwrap())
        .collect();
    assert_eq!(attempts.len(), usize::try_from(failures).unwrap());
    for (attempt, pair) in (1..).zip(attempts.windows(2)) {
        let pause = pair[0].seconds_until(pair[1]);
        // The schedule, the event and reconciliation may each begin within the first minute.
        let first_minute = attempts[0].seconds_until(pair[1]) < 60;
        assert!(
            first_minute || (backoff(attempt)..=backoff(attempt) + 60).contains(&pause),
            "{pause} s after attempt {attempt}"
        );
    }
    site.world.heal();
    site.pass_until(site.world.aws_now().plus(LONGEST_BACKOFF + 60));
    assert_eq!(site.status(&id), Status::Ended);
    site.at_rest();
}

#[test]
fn a_grant_that_cannot_be_made_ends() {
    for (verb, kind) in [
        (Verb::Arm, Kind::Session),
        (Verb::Arm, Kind::Role),
        (Verb::CreateRole, Kind::Role),
        (Verb::RolePolicy, Kind::Role),
        (Verb::CreatePolicy, Kind::Policy),
        (Verb::AttachPolicy, Kind::Policy),
        (Verb::Target, Kind::Policy),
        (Verb::Attached, Kind::Policy),
    ] {
        let site = Site::new();
        let id = site.provisioning(kind, HALF_AN_HOUR);
        site.world
            .trouble(move |call| (call.verb == verb && call.detail != "tombstone").then_some(Trouble::FaultBefore));
        site.pass_until(site.world.aws_now().plus(900));
        if ![Verb::CreateRole, Verb::CreatePolicy].contains(&verb) {
            assert_eq!(site.status(&id), Status::Ended, "{verb:?}");
        }
        site.world.heal();
        site.at_rest();
        let Phase::Ended { reason, .. } = site.stored(&id).state.phase else { panic!("{verb:?}") };
        assert_eq!(reason.as_str(), "failed");
    }
}

#[test]
fn wrong_clocks_of_workers_open_nothing() {
    for kind in Kind::ALL {
        for (first, then) in [(600, 600), (-600, -600), (600, -600), (-600, 600), (0, 86_400), (0, -86_400)] {
            let site = Site::new();
            site.world.set_skew(first);
            let id = site.provisioning(kind, HALF_AN_HOUR);
            let check = || invariants::invariant_window(&site.world, &site.stored(&id));
            let work = |skew: i64| {
                site.world.set_skew(skew);
                for _ in 0..50 {
                    let _ = everything_once(&site, &id);
                    check();
                    site.world.pass(60);
                }
            };
            work(first);
            work(then);
            site.world.set_skew(0);
            work(0);
            invariants::invariant_chain(&site.world, &id);
        }
    }
}

/// What a worker whose clock is ahead puts on record makes the record's time jump. An early end denies all the same.
#[test]
fn a_clock_that_is_ahead_makes_no_early_end_one_on_time() {
    for kind in Kind::ALL {
        let site = Site::new();
        let id = site.active(kind, HALF_AN_HOUR);
        if kind.has_sessions() {
            site.must(credentials(&*site.world, &actor("alice"), &id)).unwrap();
        }
        site.revoke(&id);
        site.world.set_skew(86_400);
        assert!(unwatched(credentials(&*site.world, &actor("alice"), &id)).unwrap().is_err());
        assert!(site.stored(&id).at > site.window(&id).expires_at());
        site.world.set_skew(0);
        unwatched(site.end(&id)).unwrap().unwrap();
        assert!(site.world.aws_now() < site.window(&id).expires_at());
        invariants::invariant_final(&site.world, &site.stored(&id));
    }
}

/// Everything that can be run, once; nothing is watched but what the caller looks at.
fn everything_once(site: &Site, id: &RequestId) -> Option<()> {
    unwatched(site.provision(id))?.ok()?;
    let _ = unwatched(credentials(&*site.world, &actor("alice"), id))?;
    unwatched(reconcile(&*site.world, &[home()]))?.ok().map(drop)
}
