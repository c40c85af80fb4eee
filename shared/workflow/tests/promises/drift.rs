//! What somebody else changed in AWS is found within a minute, and nothing else is taken for it.

use crate::invariants;
use crate::support::TROUBLES;
use crate::support::{HALF_AN_HOUR, Kind, Site, Worker, actor, unwatched};
use model::documents::{KILL_ALL_POLICY, kill_policy_name};
use model::lifecycle::{EndReason, Phase};
use model::names::{PrincipalArn, RequestId};
use model::request::{Mechanism, Status};
use workflow::credentials::credentials;
use workflow::double::{Trouble, Verb, World, home};
use workflow::drift::{LOOKED_AT, SETTLES};
use workflow::reconcile::{Report, reconcile};

const ALL: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
const EVERYBODY: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}"#;
const OPEN: &str =
    r#"{"Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111111111111:user/dave"},"Action":"sts:*"}}"#;

fn used(site: &Site, kind: Kind) -> RequestId {
    let id = site.active(kind, HALF_AN_HOUR);
    if kind.has_sessions() {
        site.must(credentials(&*site.world, &actor("alice"), &id)).unwrap();
    }
    id
}

/// Why it was ended, as the record says it.
fn differences(site: &Site, id: &RequestId) -> Vec<String> {
    match site.stored(id).state.phase {
        Phase::Revoking { reason: EndReason::Drifted { differences }, .. }
        | Phase::Ended { reason: EndReason::Drifted { differences }, .. } => differences,
        other => panic!("{other:?}"),
    }
}

fn events(site: &Site, id: &RequestId) -> Vec<String> {
    invariants::invariant_chain(&site.world, id).iter().map(|entry| entry.event_name().to_owned()).collect()
}

fn target(site: &Site) -> PrincipalArn {
    site.world.targets().into_keys().next().unwrap()
}

type Tamper = fn(&World, &RequestId);

/// Each way to change a grant, and the code that it is recorded by.
fn ways() -> Vec<(Kind, Tamper, &'static str)> {
    vec![
        (Kind::Role, |world, id| world.change_role(id, |role| EVERYBODY.clone_into(&mut role.trust)), "trust_changed"),
        (Kind::Role, |world, id| world.change_role(id, |role| role.bounded = false), "boundary_changed"),
        (
            Kind::Role,
            |world, id| world.change_role(id, |role| drop(role.policies.insert("grant".to_owned(), ALL.to_owned()))),
            "policy_changed",
        ),
        (
            Kind::Role,
            |world, id| world.change_role(id, |role| drop(role.policies.insert("more".to_owned(), ALL.to_owned()))),
            "policy_added",
        ),
        (Kind::Role, |world, id| world.change_role(id, |role| role.digest = None), "role_untagged"),
        (Kind::Role, World::take_out, "role_missing"),
        (
            Kind::Policy,
            |world, id| world.change_policy(id, |policy| drop(policy.versions.insert(1, ALL.to_owned()))),
            "policy_changed",
        ),
        (Kind::Policy, |world, id| world.change_policy(id, |policy| policy.digest = None), "policy_untagged"),
        (Kind::Policy, World::take_out, "policy_missing"),
        (
            Kind::Policy,
            |world, id| {
                let role = world.targets().into_keys().next().unwrap();
                world.change_target(&role, |target| assert!(target.attached.remove(id.as_str())));
            },
            "policy_detached",
        ),
        (
            Kind::Policy,
            |world, _| {
                let role = world.targets().into_keys().next().unwrap();
                world.change_target(&role, |target| OPEN.clone_into(&mut target.trust));
            },
            "target_role_open",
        ),
        (
            Kind::Session,
            |world, id| {
                let request = world.stored(id).unwrap().state.request;
                if let Mechanism::Session { base_role } = &request.mechanism {
                    world.unbind(base_role);
                }
            },
            "base_role_unbounded",
        ),
    ]
}

#[test]
fn a_grant_that_was_changed_is_ended_within_a_minute_and_says_what_differed() {
    for (kind, tamper, code) in ways() {
        let site = Site::new();
        let (id, other) = (used(&site, kind), used(&site, if kind == Kind::Role { Kind::Session } else { Kind::Role }));
        site.world.pass(SETTLES);
        tamper(&site.world, &id);
        // What the change lets through until it is found is not ours to promise.
        site.world.pass(60);
        let report = unwatched(reconcile(&*site.world, &[home()])).unwrap().unwrap();
        assert_eq!((report.drifted, report.failures), (1, 0), "{kind:?} {code}");
        assert!(differences(&site, &id).contains(&code.to_owned()), "{code}: {:?}", differences(&site, &id));
        assert_eq!(site.status(&other), Status::Active);
        for _ in 0..40 {
            site.world.pass(60);
            unwatched(reconcile(&*site.world, &[home()])).unwrap().unwrap();
        }
        assert_eq!(site.status(&id), Status::Ended, "{kind:?} {code}");
    }
}

/// The deny of an early end comes back, and the end is verified anew.
#[test]
fn a_deny_that_was_taken_away_is_put_back() {
    for kind in [Kind::Session, Kind::Policy] {
        let site = Site::new();
        let id = used(&site, kind);
        site.revoke(&id);
        site.must(site.end(&id)).unwrap();
        site.world.pass(SETTLES);
        let request = site.stored(&id).state.request;
        if let Mechanism::Session { base_role } = &request.mechanism {
            site.world.take_kill(base_role, &kill_policy_name(&request));
        } else {
            let role = target(&site);
            site.world.change_target(&role, |target| assert!(target.attached.remove(id.as_str())));
        }
        let report = unwatched(reconcile(&*site.world, &[home()])).unwrap().unwrap();
        assert_eq!((report.drifted, report.failures), (1, 0));
        let told = events(&site, &id);
        assert_eq!(told.last_chunk().unwrap(), &["verifiedEnded", "driftFound", "verifiedEnded"].map(str::to_owned));
        invariants::at_every_moment(&site.world, &id);
        // Nothing is found twice.
        site.world.pass(60);
        assert_eq!(site.must(reconcile(&*site.world, &[home()])).unwrap().drifted, 0);
        site.at_rest();
    }
}

/// Not more is put back than has to be there: after the window the sessions' own policies deny.
#[test]
fn after_the_window_nobody_minds() {
    let site = Site::new();
    let id = used(&site, Kind::Session);
    site.revoke(&id);
    site.must(site.end(&id)).unwrap();
    site.world.set_now(site.window(&id).expires_at());
    let role = site.world.kills()[0].0.clone();
    site.world.take_kill(&role, &kill_policy_name(&site.stored(&id).state.request));
    assert_eq!(site.must(reconcile(&*site.world, &[home()])).unwrap().drifted, 0);
    assert!(site.world.kill_all(&role).is_some(), "{KILL_ALL_POLICY} is nobody's");
    site.at_rest();
}

/// IAM shows what was written with a delay: what is new is not looked at, and what looks changed is
/// looked at twice.
#[test]
fn what_iam_does_not_show_yet_is_no_drift() {
    let site = Site::new();
    let id = used(&site, Kind::Role);
    let role = site.world.roles()[id.as_str()].clone();
    site.world.take_out(&id);
    site.world.forget_calls();
    site.world.pass(SETTLES - 1);
    assert_eq!(unwatched(reconcile(&*site.world, &[home()])).unwrap().unwrap().drifted, 0);
    site.world.pass(1);
    // It is there for the second look.
    let accounts = [home()];
    let mut worker = Worker::new(reconcile(&*site.world, &accounts));
    let looked = |site: &Site| site.world.calls().iter().any(|call| call.verb == Verb::OnRole && call.took_effect);
    let mut planted = false;
    let report = loop {
        if let Some(done) = worker.step(&site) {
            break done.unwrap();
        }
        if !planted && looked(&site) {
            site.world.plant_role(id.as_str(), role.clone());
            planted = true;
        }
    };
    assert!(planted);
    assert_eq!(report.drifted, 0);
    assert_eq!(site.status(&id), Status::Active);
    site.at_rest();
}

/// What can't be looked at is tried again, and nothing is ended for it.
#[test]
fn an_answer_that_does_not_come_is_no_drift() {
    for verb in [Verb::Role, Verb::RolePolicy, Verb::OnRole, Verb::Policy, Verb::Attached, Verb::Target, Verb::Bounded]
    {
        for trouble in [Trouble::FaultBefore, Trouble::FaultAfter, Trouble::Throttle] {
            let site = Site::new();
            let ids = Kind::ALL.map(|kind| used(&site, kind));
            site.world.pass(60);
            site.world.break_down(verb, trouble);
            let report = site.must(reconcile(&*site.world, &[home()])).unwrap();
            assert_eq!(report.drifted, 0, "{verb:?}");
            assert!(report.failures > 0, "{verb:?}");
            assert!(ids.iter().all(|id| site.status(id) == Status::Active));
        }
    }
}

/// Grants are read together, and one by one only if that fails.
#[test]
fn a_grant_that_can_not_be_read_keeps_no_other_from_being_looked_at() {
    let site = Site::new();
    let ids: Vec<RequestId> = (0..20).map(|_| site.active(Kind::Role, HALF_AN_HOUR)).collect();
    let [changed, unreadable] = [&ids[3], &ids[17]];
    site.world.pass(60);
    site.world.forget_calls();
    assert_eq!(site.must(reconcile(&*site.world, &[home()])).unwrap(), Report::default());
    // One by one only to ask who owns each role.
    assert_eq!((site.world.count(Verb::LoadMany), site.world.count(Verb::Load)), (1, ids.len()));
    site.world.change_role(changed, |role| EVERYBODY.clone_into(&mut role.trust));
    let on = unreadable.to_string();
    site.world.trouble(move |call| {
        let broken = call.verb == Verb::LoadMany || (call.verb == Verb::Load && call.on == on);
        broken.then_some(Trouble::FaultBefore)
    });
    let report = unwatched(reconcile(&*site.world, &[home()])).unwrap().unwrap();
    // It fails there and here.
    assert_eq!((report.drifted, report.failures), (1, 2));
    assert_eq!(differences(&site, changed), ["trust_changed"]);
    assert_eq!(site.status(unreadable), Status::Active);
}

/// With more grants than one run looks at, each has its turn.
#[test]
fn every_grant_has_its_turn() {
    let site = Site::new();
    let ids: Vec<RequestId> = (0..=2 * LOOKED_AT).map(|_| site.active(Kind::Role, 3_600)).collect();
    site.world.pass(60);
    let changed = [&ids[0], &ids[LOOKED_AT], &ids[2 * LOOKED_AT]];
    for id in changed {
        site.world.change_role(id, |role| EVERYBODY.clone_into(&mut role.trust));
    }
    // Three parts' worth, in the next power of two.
    for _ in 0..4 {
        site.world.forget_calls();
        unwatched(reconcile(&*site.world, &[home()])).unwrap().unwrap();
        let looks = site.world.count(Verb::OnRole);
        assert!((1..=LOOKED_AT + changed.len()).contains(&looks), "{looks} looks");
        site.world.pass(60);
    }
    for id in changed {
        assert_eq!(differences(&site, id), ["trust_changed"]);
    }
}

/// Changes what there is of a grant, by its kind and state; an active one is a role.
fn tampered(kind: Kind) -> (Site, RequestId) {
    let site = Site::new();
    let id = used(&site, kind);
    if kind == Kind::Role {
        site.world.pass(SETTLES);
        site.world.change_role(&id, |role| EVERYBODY.clone_into(&mut role.trust));
        site.world.take_news();
        return (site, id);
    }
    site.revoke(&id);
    site.must(site.end(&id)).unwrap();
    site.world.take_news();
    site.world.pass(SETTLES);
    let request = site.stored(&id).state.request;
    if let Mechanism::Session { base_role } = &request.mechanism {
        // Something of that name is there, and says less.
        let idle = site.world.kill_all(base_role).unwrap();
        site.world.plant_kill(base_role, &kill_policy_name(&request), &idle);
    } else {
        let role = target(&site);
        site.world.change_target(&role, |target| assert!(target.attached.remove(id.as_str())));
    }
    (site, id)
}

#[test]
fn ending_and_putting_right_with_trouble_at_every_call() {
    for kind in Kind::ALL {
        let (prepared, id) = tampered(kind);
        for trouble in TROUBLES {
            for nth in 1.. {
                let site = prepared.fork();
                let before = site.world.hits();
                site.world.trouble_at(nth, trouble);
                let _ = unwatched(reconcile(&*site.world, &[home()]));
                site.world.heal();
                // At the latest the runs after it do it, a minute apart.
                for _ in 0..3 {
                    site.world.pass(60);
                    unwatched(reconcile(&*site.world, &[home()])).unwrap().unwrap();
                }
                invariants::at_every_moment(&site.world, &id);
                if kind == Kind::Role {
                    assert_eq!(differences(&site, &id), ["trust_changed"]);
                } else {
                    let noted = events(&site, &id).iter().filter(|event| *event == "driftFound").count();
                    // Who dies between the note and the deny leaves it to be found again.
                    assert!((1..=2).contains(&noted), "{noted}");
                }
                site.at_rest();
                if site.world.hits() == before {
                    break;
                }
            }
        }
    }
}
