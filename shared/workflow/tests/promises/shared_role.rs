//! Grants on a role that others share: its quotas, its owners' own, and several grants at once.

use crate::support::{HALF_AN_HOUR, Kind, Site, actor};
use model::lifecycle::{EndReason, Phase};
use model::names::{PrincipalArn, RequestId};
use model::request::Status;
use std::collections::{BTreeMap, BTreeSet};
use workflow::credentials::credentials;
use workflow::double::{Managed, Verb};
use workflow::ending::Ending;

const ORDERS: &str = "arn:aws:dynamodb:us-east-1:111111111111:table/orders";

fn role(site: &Site) -> PrincipalArn {
    site.world.targets().into_keys().next().unwrap()
}

/// What the policies on the role give, and what a session can do.
fn open(site: &Site, id: &RequestId) -> (bool, bool) {
    let now = site.world.aws_now();
    (site.world.given(id, "dynamodb:GetItem", ORDERS, now), site.world.may(id, "dynamodb:GetItem", ORDERS, now))
}

fn fetch(site: &Site, id: &RequestId) {
    site.must(credentials(&*site.world, &actor("alice"), id)).unwrap();
}

/// Ended as failed, with nothing left of it and the role as its owners have it.
#[track_caller]
fn failed_cleanly(site: &Site, id: &RequestId, code: &str) {
    site.pass_until(site.world.aws_now().plus(900));
    let Phase::Ended { reason, .. } = site.stored(id).state.phase else { panic!("{:?}", site.status(id)) };
    assert_eq!(reason, EndReason::Failed { code: code.to_owned() });
}

#[test]
fn two_grants_on_one_role_do_not_meet() {
    let site = Site::new();
    let [first, second] = [(); 2].map(|()| site.active(Kind::Policy, HALF_AN_HOUR));
    for id in [&first, &second] {
        fetch(&site, id);
        assert_eq!(open(&site, id), (true, true));
    }
    assert_eq!(site.world.targets()[&role(&site)].attached.len(), 3);
    site.revoke(&first);
    assert_eq!(site.must(site.end(&first)), Ok(Ending::Ended));
    assert_eq!((open(&site, &first), open(&site, &second)), ((false, false), (true, true)));
    site.pass_until(site.window(&first).expires_at());
    site.at_rest();
}

#[test]
fn a_full_role_and_a_full_account_fail_the_grant_cleanly() {
    // The role is full with what its owners attached; or the account takes no more policies at all.
    for (policies, attached) in [(1_500, 1), (0, 20)] {
        let site = Site::new();
        site.world.set_policy_quotas(policies, attached);
        let id = site.provisioning(Kind::Policy, HALF_AN_HOUR);
        site.deliver();
        failed_cleanly(&site, &id, "LimitExceeded");
        assert!(site.world.policies().is_empty(), "nothing is left long before the window is over");
        site.at_rest();
    }
}

#[test]
fn a_role_that_takes_two_takes_the_next_when_one_is_gone() {
    let site = Site::new();
    site.world.set_policy_quotas(1_500, 3);
    let [first, second] = [(); 2].map(|()| site.active(Kind::Policy, HALF_AN_HOUR));
    let third = site.provisioning(Kind::Policy, HALF_AN_HOUR);
    site.deliver();
    failed_cleanly(&site, &third, "LimitExceeded");
    // Never used: it goes after the quarantine, not at the end of its window.
    site.revoke(&second);
    site.deliver();
    site.pass_until(site.world.aws_now().plus(180));
    assert_eq!(site.status(&second), Status::Ended);
    let fourth = site.active(Kind::Policy, HALF_AN_HOUR);
    fetch(&site, &fourth);
    assert_eq!(open(&site, &fourth), (true, true));
    assert_eq!(site.status(&first), Status::Active);
    site.at_rest();
}

#[test]
fn a_role_whose_sessions_others_may_tag_is_not_used() {
    let site = Site::new();
    let role = role(&site);
    let open = r#"{"Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111111111111:user/dave"},"Action":"sts:*"}}"#;
    site.world.change_target(&role, |target| open.clone_into(&mut target.trust));
    let id = site.provisioning(Kind::Policy, HALF_AN_HOUR);
    site.deliver();
    failed_cleanly(&site, &id, "target_role_open");
    assert_eq!(site.world.count(Verb::AttachPolicy), 0);
    site.at_rest();
}

/// Whose deny was taken off the role is denied again: until then it is not ended.
#[test]
fn a_deny_that_is_detached_is_put_back() {
    let site = Site::new();
    let id = site.active(Kind::Policy, HALF_AN_HOUR);
    fetch(&site, &id);
    let role = role(&site);
    site.world.change_target(&role, |target| assert!(target.attached.remove(id.as_str())));
    site.revoke(&id);
    assert_eq!(site.must(site.end(&id)), Ok(Ending::Ended));
    assert!(site.world.targets()[&role].attached.contains(id.as_str()));
    assert_eq!(open(&site, &id), (false, false));
    site.at_rest();
}

#[test]
fn there_is_always_room_for_the_version_that_denies() {
    let site = Site::new();
    let id = site.active(Kind::Policy, HALF_AN_HOUR);
    fetch(&site, &id);
    let mut policy = site.world.policies()[id.as_str()].clone();
    policy.versions.extend((2..=5).map(|version| (version, policy.document().to_owned())).collect::<Vec<_>>());
    site.world.plant_policy(id.as_str(), policy);
    site.revoke(&id);
    assert_eq!(site.must(site.end(&id)), Ok(Ending::Ended));
    assert_eq!(open(&site, &id), (false, false));
    site.at_rest();
}

/// A policy that is not of our making.
fn theirs(site: &Site, request: Option<&str>, managed: bool, elsewhere: bool) -> Managed {
    let all = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
    Managed {
        request: request.map(str::to_owned),
        digest: None,
        managed,
        elsewhere,
        versions: BTreeMap::from([(1, all.to_owned())]),
        default: 1,
        created_at: site.world.aws_now(),
    }
}

#[test]
fn a_taken_policy_name_refuses_the_grant_and_stays_as_it_is() {
    for (managed, elsewhere) in [(false, false), (true, false), (false, true)] {
        let site = Site::new();
        let id = site.provisioning(Kind::Policy, HALF_AN_HOUR);
        let planted = theirs(&site, None, managed, elsewhere);
        site.world.plant_policy(id.as_str(), planted.clone());
        site.planted.borrow_mut().insert(id.to_string());
        site.deliver();
        failed_cleanly(&site, &id, "policy_squatted");
        assert_eq!(site.world.policies(), BTreeMap::from([(id.to_string(), planted)]));
        assert_eq!(site.world.count(Verb::AttachPolicy), 0);
        site.at_rest();
    }
}

#[test]
fn a_policy_that_says_it_is_ours_and_says_more_is_not_adopted() {
    let site = Site::new();
    let id = site.provisioning(Kind::Policy, HALF_AN_HOUR);
    site.world.plant_policy(id.as_str(), theirs(&site, Some(id.as_str()), true, false));
    site.deliver();
    failed_cleanly(&site, &id, "policy_squatted");
    assert_eq!(site.world.count(Verb::AttachPolicy), 0);
    site.at_rest();
}

#[test]
fn orphaned_policies_go_and_others_stay() {
    const NOBODY: &str = "req_0198c0ffee00700080000000deadbeef";
    const OTHERS: &str = "req_0198c0ffee00700080000000deadbee0";
    let site = Site::new();
    let id = site.active(Kind::Policy, HALF_AN_HOUR);
    site.world.plant_policy(NOBODY, theirs(&site, Some(NOBODY), true, false));
    for (name, request, managed) in [(OTHERS, Some(NOBODY), true), ("someone-elses", Some("someone-elses"), true)] {
        site.world.plant_policy(name, theirs(&site, request, managed, false));
        site.planted.borrow_mut().insert(name.to_owned());
    }
    site.pass_until(site.world.aws_now().plus(300));
    let left: BTreeSet<String> = site.world.policies().into_keys().collect();
    assert_eq!(left, BTreeSet::from([id.to_string(), OTHERS.to_owned(), "someone-elses".to_owned()]));
    site.at_rest();
}

/// The owners' own attachments come and go as they like; ours do not touch them.
#[test]
fn what_was_attached_before_stays_attached() {
    let site = Site::new();
    let role = role(&site);
    site.world.change_target(&role, |target| assert!(target.attached.insert("another".to_owned())));
    for used in [true, false] {
        let id = site.active(Kind::Policy, 900);
        if used {
            fetch(&site, &id);
        }
        site.revoke(&id);
        site.deliver();
    }
    site.pass_until_quiet();
    assert_eq!(site.world.targets()[&role].attached, BTreeSet::from(["another".to_owned(), "standing".to_owned()]));
}
