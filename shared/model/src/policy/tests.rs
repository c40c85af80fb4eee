//! What the sample policies decide, and what is said of policies with a mistake in them.

mod mistakes;
mod sealed;

use super::*;
use crate::samples::{SCHEMA, bundle, by_api, by_slack, noon, person, policy, request_id, wish};
use crate::submission::{Wish, judge};

/// The sample with more policies after its own.
fn with_policies(more: &str) -> Policy {
    let mut bundle = bundle();
    bundle.policies.push_str(more);
    Policy::load(&bundle).unwrap_or_else(|problems| panic!("{problems}"))
}

/// How many countersignatures somebody's request takes, and what is decided of it.
#[track_caller]
fn asked(policy: &Policy, who: &str, wish: &Wish) -> (u8, Decision) {
    let (request, decision) = judge(policy, request_id(), &by_slack(who), wish, crate::samples::SALT, noon()).unwrap();
    (request.quorum.needed, decision)
}

fn rules(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn request(entitlement: &str) -> Request {
    crate::samples::judged(&wish(entitlement)).0
}

const EVERYTHING: &str = "\npermit (principal, action == Countersign::Action::\"autoApprove\", resource);";

#[test]
fn low_risk_needs_nobody() {
    let expected = Decision::AutoApprove { rules: rules(&["engineers-may-ask", "low-risk-needs-nobody"]) };
    assert_eq!(asked(policy(), "alice", &wish("logs-read")), (0, expected));
}

#[test]
fn medium_risk_needs_one_and_production_two() {
    let expected = Decision::NeedsApprovals { rules: rules(&["engineers-may-ask"]) };
    assert_eq!(asked(policy(), "alice", &wish("orders-db-debug")), (1, expected.clone()));
    assert_eq!(asked(policy(), "alice", &wish("prod-admin")), (2, expected));
}

#[test]
fn who_is_in_no_group_gets_nothing() {
    for name in ["mallory", "bob", "dave"] {
        for entitlement in ["logs-read", "orders-db-debug", "prod-admin"] {
            let (_, decision) = asked(policy(), name, &wish(entitlement));
            assert_eq!(
                decision,
                Decision::Deny { reason: format!("policy does not let you ask for {entitlement}"), rules: vec![] }
            );
        }
        assert_eq!(policy().requestable(&by_slack(name), noon()).count(), 0, "{name}");
    }
    let alice = by_slack("alice");
    let names: Vec<&str> = policy().requestable(&alice, noon()).map(|entitlement| entitlement.name.as_str()).collect();
    assert_eq!(names, ["legacy-debug", "logs-read", "orders-db-debug", "prod-admin"]);
}

/// The strictest rule wins: no permit gets round the votes that an entitlement or a risk asks for.
#[test]
fn a_permit_for_everything_approves_only_what_takes_no_votes() {
    let lax = with_policies(EVERYTHING);
    for (entitlement, needed) in [("orders-db-debug", 1), ("prod-admin", 2)] {
        let (quorum, decision) = asked(&lax, "alice", &wish(entitlement));
        assert_eq!(quorum, needed);
        assert!(matches!(decision, Decision::NeedsApprovals { .. }), "{decision:?}");
    }
}

#[test]
fn a_risks_floor_holds_though_the_entitlement_asks_for_less() {
    let lax = |text: &str| {
        let mut bundle = bundle();
        bundle.catalog = text.to_owned();
        bundle.policies.push_str(EVERYTHING);
        Policy::load(&bundle).unwrap()
    };
    let catalog = crate::samples::CATALOG;
    let no_votes =
        catalog.replace("    approvals: 1\n", "    approvals: 0\n").replace("    approvals: 2\n", "    approvals: 0\n");
    assert_eq!(asked(&lax(&no_votes), "alice", &wish("orders-db-debug")).0, 1, "medium");
    assert_eq!(asked(&lax(&no_votes), "alice", &wish("prod-admin")).0, 2, "critical");
    // Without floors too, the sample's own forbid keeps production from approving itself.
    let no_floors = no_votes.replace("    medium: 1\n    high: 1\n    critical: 2\n", "    low: 0\n");
    assert_eq!(asked(&lax(&no_floors), "alice", &wish("orders-db-debug")).0, 0);
    let (quorum, decision) = asked(&lax(&no_floors), "alice", &wish("prod-admin"));
    assert_eq!(quorum, 1);
    assert!(matches!(decision, Decision::NeedsApprovals { .. }), "{decision:?}");
}

#[test]
fn forbid_wins() {
    let strict = with_policies(
        "\n@id(\"not-on-fridays\") forbid (principal, action, resource is Countersign::Entitlement) when { context.weekday == 5 };",
    );
    let (_, decision) = asked(&strict, "alice", &wish("logs-read"));
    let reason = "policy does not let you ask for logs-read".to_owned();
    assert_eq!(decision, Decision::Deny { reason, rules: rules(&["not-on-fridays"]) });
    assert!(!strict.may_approve(&by_slack("bob"), &request("orders-db-debug"), noon()).granted);
}

/// A policy that can't be evaluated denies, whatever else permits: it might have been a forbid.
#[test]
fn an_evaluation_error_denies() {
    let overflow = "\nforbid (principal, action == Countersign::Action::\"request\", resource) when { context.durationSeconds * 9223372036854775807 > 0 && false };";
    let (_, decision) = asked(&with_policies(overflow), "alice", &wish("logs-read"));
    let Decision::Deny { rules, .. } = decision else { panic!("{decision:?}") };
    assert!(rules.first().unwrap().starts_with("error: "), "{rules:?}");

    let approve = overflow.replace("\"request\"", "\"approve\"");
    assert!(!with_policies(&approve).may_approve(&by_slack("bob"), &request("orders-db-debug"), noon()).granted);

    // Where it stands in the way of approval by policy alone, somebody is asked.
    let auto = overflow.replace("\"request\"", "\"autoApprove\"");
    let (quorum, decision) = asked(&with_policies(&auto), "alice", &wish("logs-read"));
    assert_eq!(quorum, 1);
    assert!(matches!(decision, Decision::NeedsApprovals { .. }), "{decision:?}");
}

#[test]
fn the_longest_duration_is_that_of_the_entitlement_asked_for() {
    for (entitlement, longest) in [("logs-read", 14_400), ("orders-db-debug", 7_200), ("prod-admin", 3_600)] {
        let ask = |duration_seconds| {
            judge(
                policy(),
                request_id(),
                &by_slack("alice"),
                &Wish { duration_seconds, ..wish(entitlement) },
                crate::samples::SALT,
                noon(),
            )
        };
        assert!(ask(longest).is_ok());
        let errors = ask(longest + 1).unwrap_err();
        assert_eq!(errors.iter().map(|error| error.code).collect::<Vec<_>>(), ["invalid_duration"]);
    }
}

#[test]
fn approvers_are_in_the_entitlements_groups_and_permitted() {
    let request = request("orders-db-debug");
    for (name, may) in [("alice", false), ("bob", true), ("carol", true), ("dave", false), ("mallory", false)] {
        for actor in [by_slack(name), by_api(name)] {
            assert_eq!(policy().may_approve(&actor, &request, noon()).granted, may, "{name}");
            assert_eq!(policy().may_revoke(&actor, &request, noon()).granted, may, "{name}");
            assert_eq!(policy().may_audit(&actor).granted, name == "dave", "{name}");
        }
    }
    // Cedar alone is not enough, nor is the group.
    let all = with_policies("\npermit (principal, action == Countersign::Action::\"approve\", resource);");
    assert!(!all.may_approve(&by_slack("mallory"), &request, noon()).granted);
    let none = with_policies("\nforbid (principal, action == Countersign::Action::\"approve\", resource);");
    assert!(!none.may_approve(&by_slack("bob"), &request, noon()).granted);
}

/// A rule about who asked has to see that person's groups, also when somebody else acts.
#[test]
fn rules_know_the_groups_of_who_asked() {
    let rule = "\nforbid (principal, action == Countersign::Action::\"approve\", resource) when { context.requester in Countersign::Group::\"engineers\" };";
    let strict = with_policies(rule);
    assert!(!strict.may_approve(&by_slack("bob"), &request("orders-db-debug"), noon()).granted);
    let other = with_policies(&rule.replace("engineers", "auditors"));
    assert!(other.may_approve(&by_slack("bob"), &request("orders-db-debug"), noon()).granted);
}

#[test]
fn circumstances_reach_the_rules() {
    let permit_if = |condition: &str| {
        let rule = format!(
            "\nforbid (principal, action == Countersign::Action::\"approve\", resource) unless {{ {condition} }};"
        );
        with_policies(&rule).may_approve(&by_slack("bob"), &request("orders-db-debug"), noon()).granted
    };
    for condition in [
        "context.requester == Countersign::Person::\"alice\"",
        "context.risk == \"medium\" && context.riskRank == 1",
        "context.durationSeconds == 1800",
        "context.hour == 12 && context.weekday == 5",
        "!context.ticket && !context.mfa && context.door == \"slack\"",
        "resource.account == \"111111111111\" && resource.environment == \"prod\" && resource.mechanism == \"session\"",
    ] {
        assert!(permit_if(condition), "{condition}");
        assert!(!permit_if(&format!("!({condition})")), "{condition}");
    }
}

#[test]
fn a_person_is_one_through_every_door() {
    let ask = |actor| judge(policy(), request_id(), &actor, &wish("logs-read"), crate::samples::SALT, noon()).unwrap();
    let (slack, api) = (ask(by_slack("alice")), ask(by_api("alice")));
    assert_eq!(slack.0.requester, api.0.requester);
    assert_eq!(slack.0.requester, person("alice"));
    assert_eq!(slack.1, api.1);
    assert_ne!(slack.0.digest(), api.0.digest(), "the record shows the door");
}

#[test]
fn what_a_request_is_judged_by_follows_the_files() {
    let judged = |policy: &Policy| policy.judged_now(&"logs-read".parse().unwrap());
    let sample = judged(policy()).unwrap();
    assert_eq!(judged(&Policy::load(&bundle()).unwrap()), Some(sample));
    let changed = judged(&with_policies("\n// a comment")).unwrap();
    assert_eq!(changed.entitlement, sample.entitlement);
    assert_ne!(changed.policy, sample.policy);
    let load = |from: &str, to: &str| {
        let mut bundle = bundle();
        bundle.catalog = bundle.catalog.replacen(from, to, 1);
        Policy::load(&bundle).unwrap()
    };
    let risk = judged(&load("    medium: 1", "    medium: 2")).unwrap();
    assert_eq!((risk.entitlement, risk.policy == sample.policy), (sample.entitlement, false));
    let entitlement = judged(&load("maxDuration: 4h", "maxDuration: 3h")).unwrap();
    assert_eq!((entitlement.policy, entitlement.entitlement == sample.entitlement), (sample.policy, false));
    let other = judged(&load("maxDuration: 2h", "maxDuration: 1h")).unwrap();
    assert_eq!(other, sample, "another entitlement's change is none of its business");
    assert_eq!(judged(&load("  logs-read:", "  logs:")), None, "gone");
    assert_ne!(load("maxDuration: 2h", "maxDuration: 1h").bundle_digest(), policy().bundle_digest());
}
