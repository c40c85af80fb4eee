//! What nobody owns is taken out; what is not ours is left alone.

use crate::support::{HALF_AN_HOUR, Kind, Site, unwatched};
use model::lifecycle::{EndReason, Phase, QUARANTINE};
use model::names::RequestId;
use model::request::{Request, Status};
use std::collections::BTreeMap;
use workflow::double::{Role, home};
use workflow::provision::Provisioned;
use workflow::reconcile::reconcile;

const NOBODY: &str = "req_0198c0ffee00700080000000deadbeef";

/// A role that lets everybody do everything.
fn role(site: &Site, request: Option<&str>, digest: Option<&str>, bounded: bool) -> Role {
    let open = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}"#;
    let all = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
    Role {
        request: request.map(str::to_owned),
        digest: digest.map(str::to_owned),
        trust: open.to_owned(),
        bounded,
        created_at: site.world.aws_now(),
        policies: BTreeMap::from([("all".to_owned(), all.to_owned())]),
    }
}

#[test]
fn a_role_without_a_request_is_taken_out_once_it_is_old() {
    let site = Site::new();
    site.world.plant_role(NOBODY, role(&site, Some(NOBODY), None, true));
    site.world.pass(2 * QUARANTINE - 1);
    assert_eq!(site.must(reconcile(&*site.world, &[home()])).unwrap().orphans, 0, "somebody may just be making it");
    site.world.pass(1);
    assert_eq!(site.must(reconcile(&*site.world, &[home()])).unwrap().orphans, 1);
    assert!(site.world.roles().is_empty());
}

#[test]
fn a_role_of_an_ended_request_is_taken_out() {
    for decided in ["ended", "denied"] {
        let site = Site::new();
        let id = match decided {
            "ended" => site.active(Kind::Session, 900),
            _ => site.pending(Kind::Session, 900),
        };
        site.pass_until_quiet();
        site.world.plant_role(id.as_str(), role(&site, Some(id.as_str()), None, true));
        site.pass_until(site.world.aws_now().plus(2 * QUARANTINE + 60));
        assert!(site.world.roles().is_empty(), "{decided}");
    }
}

#[test]
fn what_is_not_ours_is_never_touched() {
    let site = Site::new();
    let active = site.active(Kind::Role, HALF_AN_HOUR);
    let planted = [
        (NOBODY.to_owned(), role(&site, None, None, false)),
        ("req_0198c0ffee00700080000000deadbee0".to_owned(), role(&site, Some(active.as_str()), None, true)),
        ("req_0198c0ffee00700080000000deadbee1".to_owned(), role(&site, Some(""), Some(""), true)),
        // It says it is ours; our boundary is what it can't give itself.
        ("req_0198c0ffee00700080000000deadbee2".to_owned(), {
            role(&site, Some("req_0198c0ffee00700080000000deadbee2"), None, false)
        }),
        ("someone-elses".to_owned(), role(&site, Some("someone-elses"), None, true)),
        ("REQ_0198C0FFEE00700080000000DEADBEEF".to_owned(), role(&site, Some(NOBODY), None, true)),
    ];
    for (name, role) in &planted {
        site.world.plant_role(name, role.clone());
        site.planted.borrow_mut().insert(name.clone());
    }
    site.pass_until(site.world.aws_now().plus(HALF_AN_HOUR + 3_600));
    assert_eq!(site.world.roles(), BTreeMap::from(planted));
    site.at_rest();
}

/// A grant whose role's name is taken when it is to be made.
fn squatted(tags: impl Fn(&Request) -> (Option<String>, Option<String>), bounded: bool) -> (Site, RequestId, Role) {
    let site = Site::new();
    let id = site.provisioning(Kind::Role, HALF_AN_HOUR);
    let (request, digest) = tags(&site.stored(&id).state.request);
    let role = role(&site, request.as_deref(), digest.as_deref(), bounded);
    site.world.plant_role(id.as_str(), role.clone());
    (site, id, role)
}

fn failed_because_squatted(site: &Site, id: &RequestId) {
    let Phase::Ended { reason, .. } = site.stored(id).state.phase else { panic!("{:?}", site.stored(id).state.phase) };
    assert_eq!(reason, EndReason::Failed { code: "role_squatted".to_owned() });
}

#[test]
fn a_taken_name_ends_the_grant_and_stays_as_it_is() {
    for (request, right_digest) in [(None, false), (Some(NOBODY.to_owned()), false), (Some(NOBODY.to_owned()), true)] {
        let digest = |of: &Request| right_digest.then(|| of.digest().to_string());
        let (site, id, role) = squatted(|of| (request.clone(), digest(of)), true);
        site.planted.borrow_mut().insert(id.to_string());
        site.pass_until(site.world.aws_now().plus(900));
        failed_because_squatted(&site, &id);
        assert_eq!(site.world.roles(), BTreeMap::from([(id.to_string(), role)]));
        site.at_rest();
    }
}

#[test]
fn a_taken_name_does_not_keep_a_revocation_from_ending() {
    for when in [0, HALF_AN_HOUR] {
        let (site, id, role) = squatted(|_| (None, None), true);
        site.planted.borrow_mut().insert(id.to_string());
        site.revoke(&id);
        site.world.pass(when);
        site.pass_until(site.world.aws_now().plus(180));
        assert_eq!(site.status(&id), Status::Ended);
        assert_eq!(site.world.roles(), BTreeMap::from([(id.to_string(), role)]));
        site.at_rest();
    }
}

#[test]
fn a_forged_role_is_not_adopted_and_is_taken_out() {
    // It says it is ours: not believed when access is made, and taken at its word at the end.
    type Digest = fn(&Request) -> Option<String>;
    let right: Digest = |request| Some(request.digest().to_string());
    let cases: [(Digest, bool); 3] = [(|_| None, true), (|_| Some("another".to_owned()), true), (right, false)];
    for (digest, bounded) in cases {
        let (site, id, _) = squatted(|request| (Some(request.id.to_string()), digest(request)), bounded);
        // Its own policies are what a real one never has, so it is not watched like one.
        assert_eq!(unwatched(site.provision(&id)), Some(Ok(Provisioned::Failed)));
        assert!(!site.world.roles()[id.as_str()].policies.contains_key("grant"));
        site.world.set_now(site.window(&id).expires_at());
        for _ in 0..10 {
            unwatched(reconcile(&*site.world, &[home()])).unwrap().unwrap();
            site.world.pass(60);
        }
        assert_eq!(site.status(&id), Status::Ended);
        site.at_rest();
    }
}
