//! Policy, checked and explained without any cloud.

use crate::stand_in::StandIn;
use std::fs;

/// The sample bundle of this repository.
const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../infra/policy");

#[tokio::test]
async fn the_sample_bundle_is_valid_and_keeps_its_own_table() {
    let api = StandIn::start().await;
    let checked = api.run(&["policy", "check", SAMPLE]).await;
    assert!(checked.out.starts_with("valid: 4 entitlements, 8 persons"), "{checked:?}");
    let tested = api.run(&["policy", "test", SAMPLE, "--output", "json"]).await;
    assert_eq!(tested.code, 0, "{}", tested.out);
    assert_eq!(tested.json()["failed"], 0);
    assert!(tested.json()["passed"].as_u64() > Some(5));
    assert!(api.came().is_empty());
}

#[tokio::test]
async fn gaps_in_who_is_on_call_are_warned_of() {
    let api = StandIn::start().await;
    let folder = api.home.path().join("bundle");
    fs::create_dir(&folder).unwrap();
    for file in ["policies.cedar", "schema.cedarschema"] {
        fs::copy(format!("{SAMPLE}/{file}"), folder.join(file)).unwrap();
    }
    let sample = fs::read_to_string(format!("{SAMPLE}/catalog.yaml")).unwrap();
    let nights = "\nschedules:\n  nights:\n    weekly:\n      - {from: mon 20:00, to: fri 08:00, persons: [bob]}\nentitlements:\n";
    fs::write(folder.join("catalog.yaml"), sample.replacen("\nentitlements:\n", nights, 1)).unwrap();
    let checked = api.run(&["policy", "check", folder.to_str().unwrap()]).await;
    assert_eq!(checked.code, 0, "{checked:?}");
    assert!(
        checked.out.starts_with("warning: schedule `nights`: nobody is on call from fri 08:00 to mon 20:00\nvalid: ")
    );
    let checked = api.run(&["policy", "check", folder.to_str().unwrap(), "--output", "json"]).await;
    assert_eq!(checked.json()["warnings"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_table_that_does_not_hold_fails_and_says_what_came_out() {
    let api = StandIn::start().await;
    let file = api.home.path().join("table.yaml");
    let table = file.to_str().unwrap();
    let run = ["policy", "test", SAMPLE, "--table", table];
    let case = "  - {name: n, as: alice, entitlement: prod-admin, for: 30m, expect: {decision: auto-approve, approvals: 1, \
                risk: low, rules: [x], mayApprove: [alice]}}\n";
    fs::write(&file, format!("cases:\n{case}")).unwrap();
    let failed = api.run(&run).await;
    assert_eq!(failed.code, 1);
    for told in [
        "FAILED",
        "decision: expected auto-approve, got needs-approvals",
        "approvals: expected 1, got 2",
        "risk: expected low, got critical",
        "rules: expected [x], got [engineers-may-ask]",
        "mayApprove: expected [alice], got [bob, carol]",
        "0 passed, 1 failed",
    ] {
        assert!(failed.out.contains(told), "{told}: {}", failed.out);
    }
    for wrong in
        ["cases: []\n", "cases:\n  - {name: n, expcet: {}}\n", &format!("cases:\n{}", case.replace("alice", "zoe"))]
    {
        fs::write(&file, wrong).unwrap();
        let refused = api.run(&run).await;
        assert_eq!(refused.code, 1, "{wrong}");
        assert!(refused.err.contains("invalid_table"), "{}", refused.err);
    }
}

#[tokio::test]
async fn a_decision_is_explained_with_its_rules() {
    let api = StandIn::start().await;
    let ask = |person, entitlement| {
        ["policy", "explain", SAMPLE, "--as", person, "--entitlement", entitlement, "--for", "30m"]
    };
    let waits = api.run(&ask("alice", "orders-db-debug")).await;
    for told in ["needs-approvals", "engineers-may-ask", "risk: medium", "bob: may (approvers-countersign)"] {
        assert!(waits.out.contains(told), "{told}: {}", waits.out);
    }
    let denied = api.run(&ask("mallory", "logs-read")).await;
    assert!(denied.out.contains("what no policy permits is denied"), "{}", denied.out);
    let unknown = api.run(&ask("zoe", "logs-read")).await;
    assert_eq!(unknown.code, 4, "{}", unknown.err);
    let mut json = ask("alice", "logs-read").to_vec();
    json.extend(["--output", "json"]);
    assert_eq!(api.run(&json).await.json()["decision"], "auto-approve");
}

#[tokio::test]
async fn a_bundle_with_mistakes_is_refused_with_every_one_of_them() {
    let api = StandIn::start().await;
    let folder = api.home.path().join("bundle");
    fs::create_dir(&folder).unwrap();
    for file in ["catalog.yaml", "policies.cedar", "schema.cedarschema"] {
        let text = fs::read_to_string(format!("{SAMPLE}/{file}")).unwrap();
        fs::write(folder.join(file), text.replace("maxDuration: 4h", "maxDuration: soon")).unwrap();
    }
    let policies = fs::read_to_string(folder.join("policies.cedar")).unwrap();
    fs::write(folder.join("policies.cedar"), policies.replace("riskRank", "riskBank")).unwrap();
    let refused = api.run(&["policy", "check", folder.to_str().unwrap()]).await;
    assert_eq!(refused.code, 1);
    for told in ["catalog.yaml:", "policies.cedar:", "nothing was changed"] {
        assert!(refused.err.contains(told), "{told}: {}", refused.err);
    }
    assert_eq!(api.run(&["policy", "check", "/no/such/folder"]).await.code, 1);
}
