//! What was there before is recognised, recorded, and as it was after a grant and its end.

use crate::support::{HALF_AN_HOUR, Kind, Site, actor, unwatched};
use model::documents::kill_policy_name;
use model::event::Event;
use model::lifecycle::{EndReason, Phase};
use model::names::{PrincipalArn, RequestId};
use model::request::{Mechanism, Status};
use record::entry::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future as _;
use std::task::{Context, Waker};
use workflow::credentials::credentials;
use workflow::double::{Managed, Role, Target, Trouble, Verb};

const ALL: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;

/// Everything in AWS, ours or not.
#[derive(Debug, PartialEq)]
struct Snapshot {
    roles: BTreeMap<String, Role>,
    policies: BTreeMap<String, Managed>,
    targets: BTreeMap<PrincipalArn, Target>,
    denies: Vec<(PrincipalArn, String)>,
    schedules: BTreeSet<RequestId>,
}

fn snapshot(site: &Site) -> Snapshot {
    assert_eq!(site.world.schedules(), BTreeMap::new(), "ours");
    Snapshot {
        roles: site.world.roles(),
        policies: site.world.policies(),
        targets: site.world.targets(),
        denies: site.world.kills(),
        schedules: site.world.others_schedules(),
    }
}

/// The events of a request.
fn events(site: &Site, id: &RequestId) -> Vec<Event> {
    let entries = site.world.chain(id);
    let event =
        |bytes: &Vec<u8>| serde_json::from_value(serde_json::from_slice::<Entry>(bytes).unwrap().event).unwrap();
    entries.iter().map(event).collect()
}

/// It was refused at its first attempt, the record says what was found, and nothing was changed.
#[track_caller]
fn refused_at_once(site: &Site, id: &RequestId, code: &str, finding: &str) {
    site.deliver();
    let events = events(site, id);
    let found = events.iter().position(|event| matches!(event, Event::NameTaken { .. })).unwrap();
    let Event::NameTaken { code: recorded, finding: said } = &events[found] else { panic!("{events:?}") };
    assert_eq!(recorded, code);
    assert!(said.contains(finding) && said.ends_with("it is left alone"), "{said}");
    let reason = EndReason::Failed { code: code.to_owned() };
    assert_eq!(events[found + 1], Event::RevocationStarted { reason: reason.clone() });
    assert!(!events.iter().any(|event| matches!(event, Event::ProvisioningAttemptFailed { .. })), "it was tried again");
    site.pass_until(site.world.aws_now().plus(180));
    let Phase::Ended { reason: ended, .. } = site.stored(id).state.phase else { panic!("{:?}", site.status(id)) };
    assert_eq!(ended, reason);
}

fn their_role(site: &Site, request: Option<&str>) -> Role {
    Role {
        request: request.map(str::to_owned),
        digest: None,
        trust: ALL.to_owned(),
        bounded: false,
        created_at: site.world.aws_now(),
        policies: BTreeMap::from([("theirs".to_owned(), ALL.to_owned())]),
    }
}

fn their_policy(site: &Site) -> Managed {
    Managed {
        request: None,
        digest: None,
        managed: false,
        elsewhere: false,
        versions: BTreeMap::from([(1, ALL.to_owned())]),
        default: 1,
        created_at: site.world.aws_now(),
    }
}

#[test]
fn a_role_of_that_name_refuses_the_grant() {
    let site = Site::new();
    let id = site.provisioning(Kind::Role, HALF_AN_HOUR);
    site.world.plant_role(id.as_str(), their_role(&site, None));
    site.planted.borrow_mut().insert(id.to_string());
    let before = snapshot(&site);
    refused_at_once(&site, &id, "role_squatted", "a role named");
    assert_eq!(snapshot(&site), before);
    assert_eq!(site.world.count(Verb::PutRolePolicy), 0);
    site.at_rest();
}

/// Somebody puts their own document over ours as soon as it is written: it is read back, and nothing is called granted on it.
#[test]
fn what_says_something_else_when_it_is_read_back_is_not_granted() {
    for (kind, read) in [(Kind::Role, Verb::RolePolicy), (Kind::Policy, Verb::Policy)] {
        let site = Site::new();
        let id = site.provisioning(kind, HALF_AN_HOUR);
        // Not watched step by step: what somebody else wrote does let somebody in.
        let (mut work, mut context) = (Box::pin(site.provision(&id)), Context::from_waker(Waker::noop()));
        site.world.break_down(read, Trouble::Hold);
        while site.world.held() == 0 {
            assert!(work.as_mut().poll(&mut context).is_pending(), "{kind:?}: it is not read back");
        }
        site.world.heal();
        site.world.change_role(&id, |role| role.policies.values_mut().for_each(|policy| *policy = ALL.to_owned()));
        site.world.change_policy(&id, |policy| policy.versions.values_mut().for_each(|text| *text = ALL.to_owned()));
        site.world.release();
        drop(unwatched(work).unwrap());
        assert_eq!(site.status(&id), Status::Provisioning, "{kind:?}");
        let events = events(&site, &id);
        let failed = |event: &Event| matches!(event, Event::ProvisioningAttemptFailed { code: said, .. } if said == "policy_differs");
        assert!(events.iter().any(failed), "{kind:?}: {events:?}");
    }
}

#[test]
fn a_policy_of_that_name_refuses_the_grant() {
    let site = Site::new();
    let id = site.provisioning(Kind::Policy, HALF_AN_HOUR);
    site.world.plant_policy(id.as_str(), their_policy(&site));
    site.planted.borrow_mut().insert(id.to_string());
    let before = snapshot(&site);
    refused_at_once(&site, &id, "policy_squatted", "a policy named");
    assert_eq!(snapshot(&site), before);
    assert_eq!(site.world.count(Verb::AttachPolicy), 0);
    site.at_rest();
}

#[test]
fn a_schedule_of_that_name_refuses_the_grant() {
    for kind in Kind::ALL {
        let site = Site::new();
        let id = site.provisioning(kind, HALF_AN_HOUR);
        site.world.plant_schedule(&id);
        let before = snapshot(&site);
        refused_at_once(&site, &id, "schedule_mismatch", "a schedule named");
        assert_eq!(snapshot(&site), before, "{kind:?}");
        assert_eq!(site.world.count(Verb::AttachPolicy), 0, "{kind:?}");
        site.at_rest();
    }
}

#[test]
fn a_target_role_that_is_tagged_as_a_session_refuses_the_grant() {
    let site = Site::new();
    let role = site.world.targets().into_keys().next().unwrap();
    let id = site.provisioning(Kind::Policy, HALF_AN_HOUR);
    site.world.change_target(&role, |target| target.tagged = Some(id.to_string()));
    let before = snapshot(&site);
    refused_at_once(&site, &id, "target_role_tagged", "is tagged as a session of");
    assert_eq!(snapshot(&site), before);
    assert_eq!(site.world.count(Verb::AttachPolicy), 0);
}

#[test]
fn what_the_target_role_had_before_is_recorded_and_stays() {
    let site = Site::new();
    let role = site.world.targets().into_keys().next().unwrap();
    site.world.change_target(&role, |target| assert!(target.attached.insert("another".to_owned())));
    let before = snapshot(&site);
    let id = site.active(Kind::Policy, 900);
    let activated = events(&site, &id).into_iter().find_map(|event| match event {
        Event::GrantActivated { evidence } => Some(evidence.findings),
        _ => None,
    });
    let findings = activated.unwrap();
    assert!(findings.contains(&"attached to it before: another, standing".to_owned()), "{findings:?}");
    site.must(credentials(&*site.world, &actor("alice"), &id)).unwrap();
    site.revoke(&id);
    site.pass_until_quiet();
    assert_eq!(snapshot(&site), before);
}

/// An early end still denies, by the deny of all sessions, which is ours; what has the name stays, then and later.
#[test]
fn a_deny_of_that_name_is_neither_overwritten_nor_taken_out() {
    let site = Site::new();
    let id = site.active(Kind::Session, HALF_AN_HOUR);
    site.must(credentials(&*site.world, &actor("alice"), &id)).unwrap();
    let request = site.stored(&id).state.request.clone();
    let Mechanism::Session { base_role } = &request.mechanism else { panic!("{:?}", request.mechanism) };
    let name = kill_policy_name(&request);
    site.world.plant_kill(base_role, &name, ALL);
    let before = site.world.kills();
    site.revoke(&id);
    site.deliver();
    assert_eq!(site.status(&id), Status::Ended);
    let session = site.world.sessions().pop().unwrap();
    assert!(!site.world.may(&session.request, "dynamodb:GetItem", "*", site.world.aws_now()));
    let Phase::Ended { evidence, .. } = site.stored(&id).state.phase else { panic!("{:?}", site.status(&id)) };
    assert!(evidence.findings.join(" ").contains("is not of Countersign's making and is left alone"), "{evidence:?}");
    site.pass_until(site.window(&id).expires_at().plus(600));
    assert_eq!(site.world.kills(), before);
    assert!(matches!(site.stored(&id).state.phase, Phase::Ended { residue: None, .. }));
}

/// After an ordinary grant and its end, early or in time, all is as it was.
#[test]
fn a_grant_and_its_end_leave_everything_as_it_was() {
    for kind in Kind::ALL {
        for early in [true, false] {
            let site = Site::new();
            site.world.plant_role("somebodys", their_role(&site, None));
            site.world.plant_policy("somebodys", their_policy(&site));
            site.planted.borrow_mut().insert("somebodys".to_owned());
            let before = snapshot(&site);
            let id = site.active(kind, 900);
            if kind.has_sessions() {
                site.must(credentials(&*site.world, &actor("alice"), &id)).unwrap();
            }
            if early {
                site.revoke(&id);
            }
            site.pass_until_quiet();
            assert_eq!(snapshot(&site), before, "{kind:?}, early: {early}");
            site.at_rest();
        }
    }
}
