//! A bundle that was checked before is not checked again, and decides the same.

use super::*;
use crate::identity::Actor;
use crate::sweep::Scope;

fn sealed(bundle: &Bundle) -> Result<Policy, Problems> {
    Policy::load_sealed(bundle, Some(&bundle.seal().to_string()))
}

/// A policy with a wrong type in it, which reading alone does not find.
fn mistaken() -> Bundle {
    let mut bundle = bundle();
    bundle.policies.push_str(
        "\nforbid (principal, action == Countersign::Action::\"request\", resource) when { context.ticket < 5 };",
    );
    bundle
}

#[test]
fn what_was_checked_decides_as_what_is_checked() {
    let quick = sealed(&bundle()).unwrap();
    assert!(quick.schema.is_none() && policy().schema.is_some());
    assert_eq!(quick.bundle_digest(), policy().bundle_digest());
    assert_eq!(quick.changes(Some(policy())), Vec::new());
    for who in ["alice", "bob", "carol", "dave", "mallory"] {
        for actor in [by_slack(who), by_api(who)] {
            let all = |policy: &Policy| everything(policy, &actor);
            assert_eq!(all(&quick), all(policy()), "{who}");
        }
    }
}

/// The answers to every question there is about `actor`.
fn everything(policy: &Policy, actor: &Actor) -> Vec<Permission> {
    let mut answers = vec![
        policy.may_audit(actor),
        policy.may_panic(actor, &Scope::All, true),
        policy.may_panic_alone(actor, &Scope::All),
        policy.may_offboard(actor, &Scope::All),
        policy.may_reinstate(actor, &Scope::All),
    ];
    for entitlement in policy.catalog().entitlements() {
        let request = request(entitlement.name.as_str());
        for risk in [RiskLevel::Low, RiskLevel::Critical] {
            let circumstances = Circumstances { risk, ..circumstances(&request, noon()) };
            answers.push(policy.may_ask(actor, entitlement, &circumstances));
            answers
                .push(Permission { granted: policy.quorum(actor, entitlement, &circumstances) > 0, rules: Vec::new() });
        }
        answers.push(policy.may_approve(actor, &request, noon()));
        answers.push(policy.may_revoke(actor, &request, noon()));
    }
    answers
}

#[test]
fn a_seal_is_for_these_files_alone() {
    let (good, other) = (bundle(), mistaken());
    assert_ne!(good.seal(), other.seal());
    assert_ne!(good.seal(), good.digest());
    for seal in [None, Some(good.seal().to_string()), Some(other.digest().to_string()), Some(String::new())] {
        let said = Policy::load_sealed(&other, seal.as_deref()).map(drop).unwrap_err().to_string();
        assert!(said.contains("expected Long but saw Bool"), "{said}");
    }
}

/// Whoever can write a bundle can write a seal. What can't be evaluated denies, as ever.
#[test]
fn a_wrong_policy_under_a_right_seal_opens_nothing() {
    let wrong = sealed(&mistaken()).unwrap();
    for entitlement in wrong.catalog().entitlements() {
        assert!(!wrong.may_request(&by_slack("alice"), entitlement, noon()), "{}", entitlement.name);
    }
    let unreadable = Bundle { policies: "permit(".to_owned(), ..bundle() };
    assert!(sealed(&unreadable).is_err());
    let deep =
        Bundle { policies: format!("permit (principal, action, resource) when {{ {} }};", "(".repeat(60)), ..bundle() };
    assert!(sealed(&deep).unwrap_err().to_string().contains("nested deeper"));
    assert!(sealed(&Bundle { catalog: "people: 1".to_owned(), ..bundle() }).is_err());
}

/// A schema that does not know an action lets nobody do it, so whoever brings a schema has questions held to it.
#[test]
fn another_schema_is_read_whatever_the_seal_says() {
    let own = Bundle { schema: format!("{SCHEMA}\n// ours\n"), ..bundle() };
    assert!(sealed(&own).unwrap().schema.is_some());
}
