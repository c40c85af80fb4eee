//! The proof of an end: what is probed, what makes it fail, who is told, and that it is tried until it
//! holds.

use crate::crashes::sweep;
use crate::invariants;
use crate::support::{HALF_AN_HOUR, Kind, Site, actor};
use model::documents::{kill_policy_name, trust_policy};
use model::lifecycle::{EndReason, Evidence, Phase, VERIFICATION_ATTEMPTS, Verification};
use model::names::{PrincipalArn, RequestId};
use std::collections::BTreeMap;
use workflow::credentials::credentials;
use workflow::double::{Role, Trouble, Verb, home};
use workflow::reconcile::reconcile;

fn verification(site: &Site, id: &RequestId) -> Verification {
    let Phase::Ended { verification, .. } = site.stored(id).state.phase else { panic!("{}", site.status(id)) };
    verification
}

fn findings(site: &Site, id: &RequestId) -> Vec<String> {
    match verification(site, id) {
        Verification::Verified { evidence: Evidence { findings, .. } } => findings,
        due @ Verification::Due { .. } => panic!("{due:?}"),
    }
}

/// The events of a request that are about its proof, and the codes of what failed.
fn proof(site: &Site, id: &RequestId) -> Vec<String> {
    invariants::invariant_chain(&site.world, id)
        .iter()
        .filter(|entry| ["verif", "endedU", "drift"].iter().any(|of| entry.event_name().starts_with(of)))
        .map(|entry| match entry.event["data"]["code"].as_str() {
            Some(code) => format!("{} {code}", entry.event_name()),
            None => entry.event_name().to_owned(),
        })
        .collect()
}

fn used(site: &Site, kind: Kind) -> RequestId {
    let id = site.active(kind, HALF_AN_HOUR);
    if kind.has_sessions() {
        site.must(credentials(&*site.world, &actor("alice"), &id)).unwrap();
    }
    id
}

fn base_role(site: &Site) -> PrincipalArn {
    site.world.kills()[0].0.clone()
}

#[test]
fn an_end_on_time_is_proven_by_the_seal_or_by_what_is_gone() {
    for kind in Kind::ALL {
        let site = Site::new();
        let id = used(&site, kind);
        site.world.set_now(site.window(&id).expires_at());
        site.must(site.end(&id)).unwrap();
        let said = findings(&site, &id).join("\n");
        match kind {
            Kind::Session | Kind::Policy => {
                assert!(said.contains("session policy") && said.contains("dynamodb:GetItem"), "{said}");
                assert!(said.contains("IAM answers explicitDeny"), "{said}");
            }
            Kind::Role => assert!(said.contains("is absent"), "{said}"),
        }
        assert_eq!(said.contains("is absent"), kind != Kind::Session, "{said}");
        assert_eq!(site.world.count(Verb::ProbeDocument), usize::from(kind.has_sessions()));
        assert_eq!(site.world.count(Verb::ProbeRole), 0, "no deny is on the role: the seal is in the session");
        site.at_rest();
    }
}

#[test]
fn an_early_end_is_proven_by_the_deny_on_the_role() {
    for kind in [Kind::Session, Kind::Policy] {
        let site = Site::new();
        let id = used(&site, kind);
        site.revoke(&id);
        site.must(site.end(&id)).unwrap();
        let said = findings(&site, &id);
        assert!(said[0].contains("denies everything to sessions of"), "{said:?}");
        assert!(said[1].contains("a session of") && said[1].contains("IAM answers explicitDeny"), "{said:?}");
        assert_eq!(site.world.count(Verb::ProbeRole), 1);
        site.at_rest();
    }
}

#[test]
fn without_sessions_there_is_nobody_to_ask_about() {
    let site = Site::new();
    let id = site.active(Kind::Session, HALF_AN_HOUR);
    site.revoke(&id);
    site.must(site.end(&id)).unwrap();
    assert!(findings(&site, &id)[0].contains("no credentials were ever asked for"));
    assert_eq!(site.world.count(Verb::ProbeRole) + site.world.count(Verb::ProbeDocument), 0);
    site.at_rest();
}

#[test]
fn what_iam_does_not_deny_is_not_verified_and_pages_until_it_is() {
    let site = Site::new();
    let id = used(&site, Kind::Session);
    site.revoke(&id);
    // The end itself goes well; then IAM does not answer.
    site.world.break_down(Verb::ProbeRole, Trouble::FaultBefore);
    site.must(site.end(&id)).unwrap();
    // Somebody takes the deny away, while nothing else watches it.
    let role = base_role(&site);
    let document = model::documents::kill_policy(&site.stored(&id).state.request);
    let name = kill_policy_name(&site.stored(&id).state.request);
    site.world.heal();
    site.world.take_kill(&role, &name);
    for _ in 1..VERIFICATION_ATTEMPTS {
        let Verification::Due { next_attempt_at: Some(at), unverified: false, .. } = verification(&site, &id) else {
            panic!("{:?}", verification(&site, &id));
        };
        site.world.set_now(at);
        // Watched, it would be put back.
        let _ = crate::support::unwatched(site.end(&id));
    }
    assert!(matches!(verification(&site, &id), Verification::Due { unverified: true, .. }));
    let mut expected = vec!["verificationAttemptFailed ServiceUnavailable".to_owned()];
    expected.extend((1..VERIFICATION_ATTEMPTS).map(|_| "verificationAttemptFailed deny_differs".to_owned()));
    expected.push("endedUnverified deny_differs".to_owned());
    assert_eq!(proof(&site, &id), expected);
    // It is there again.
    site.world.plant_kill(&role, &name, &document);
    site.pass_until(site.world.aws_now().plus(300));
    assert_eq!(proof(&site, &id).last().unwrap(), "verifiedEnded");
    site.at_rest();
}

#[test]
fn a_role_that_comes_back_is_not_verified_until_it_is_gone() {
    let back = Site::new();
    let id = back.active(Kind::Role, HALF_AN_HOUR);
    let role = back.world.roles()[id.as_str()].clone();
    back.revoke(&id);
    back.must(back.end(&id)).unwrap();
    back.world.pass(model::lifecycle::QUARANTINE);
    let mut reads = 0;
    back.world.trouble(move |call| {
        reads += usize::from(call.verb == Verb::Role);
        // The third: that of the proof.
        (call.verb == Verb::Role && reads == 3).then_some(Trouble::FaultBefore)
    });
    back.must(back.end(&id)).unwrap();
    back.world.heal();
    back.world.plant_role(id.as_str(), Role { created_at: back.world.aws_now(), ..role });
    back.world.pass(10);
    let _ = crate::support::unwatched(back.end(&id));
    assert_eq!(proof(&back, &id).last().unwrap(), "verificationAttemptFailed role_still_there");
    for _ in 0..10 {
        back.world.pass(60);
        crate::support::unwatched(reconcile(&*back.world, &[home()])).unwrap().unwrap();
    }
    assert_eq!(proof(&back, &id).last().unwrap(), "verifiedEnded", "an orphan by then, and taken out");
    back.at_rest();
}

/// Who takes our tags off a role makes it look like somebody else's.
#[test]
fn a_role_of_ours_without_its_tags_is_not_taken_for_somebody_elses() {
    let site = Site::new();
    let id = site.active(Kind::Role, HALF_AN_HOUR);
    let mut role = site.world.roles()[id.as_str()].clone();
    let request = site.stored(&id).state.request;
    assert_eq!(role.trust, trust_policy(&request, site.window(&id)).unwrap());
    role.request = None;
    site.world.plant_role(id.as_str(), role.clone());
    site.world.set_now(site.window(&id).expires_at());
    let _ = crate::support::unwatched(site.end(&id));
    assert_eq!(proof(&site, &id), ["verificationAttemptFailed role_untagged"]);
    // Another role of that name is nobody's proof of anything.
    let everybody =
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}}"#;
    site.world.plant_role(id.as_str(), Role { trust: everybody.to_owned(), policies: BTreeMap::new(), ..role });
    site.world.pass(10);
    let _ = crate::support::unwatched(site.end(&id));
    assert!(findings(&site, &id)[0].contains("not of Countersign's making"));
}

/// The end of a panic is verified by reconciliation: the next end comes first.
#[test]
fn verifying_with_trouble_at_every_call() {
    for (kind, late) in Kind::ALL.into_iter().flat_map(|kind| [(kind, false), (kind, true)]) {
        sweep(
            |site| {
                let id = used(site, kind);
                let stop =
                    |_: &workflow::ports::Stored, _| model::lifecycle::Command::Stop { reason: EndReason::Panic };
                let cause = model::identity::Cause::system("test");
                site.must(workflow::command::carry_out(&*site.world, &id, &cause, stop, None, &[])).unwrap();
                site.must(site.end(&id)).unwrap();
                site.world.pass(model::lifecycle::QUARANTINE);
                site.must(site.end(&id)).unwrap();
                site.world.take_news();
                if late {
                    site.world.set_now(site.window(&id).expires_at());
                }
                id
            },
            |site, _| {
                let _ = site.run(reconcile(&*site.world, &[home()]));
            },
            |site, id, _| {
                site.pass_until_quiet();
                let proofs = proof(site, id).into_iter().filter(|event| event == "verifiedEnded").count();
                assert_eq!(proofs, 1, "{kind:?}");
            },
        );
    }
}
