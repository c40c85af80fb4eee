//! What is offered while somebody types.

use super::*;
use model::policy::{Bundle, Policy};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Instant;
use workflow::double::World;

#[tokio::test]
async fn only_what_policy_allows_is_offered() {
    let site = Site::new();
    let form = site.form(ALICE).await;
    assert_eq!(site.offered(ALICE, &form, "").await, ["legacy-debug", "logs-read", "orders-db-debug", "prod-admin"]);
    for person in [BOB, DAVE, MALLORY, STRANGER] {
        assert_eq!(site.offered(person, &form, "").await, [""; 0], "{person}");
        assert_eq!(site.offered(person, &form, "orders-db-debug").await, [""; 0], "{person}");
    }
}

#[tokio::test]
async fn the_best_match_comes_first() {
    let site = Site::new();
    let form = site.form(ALICE).await;
    // The name begins so; has it; the description does.
    assert_eq!(site.offered(ALICE, &form, "Orders").await, ["orders-db-debug", "logs-read"]);
    assert_eq!(site.offered(ALICE, &form, "debug").await, ["legacy-debug", "orders-db-debug"]);
    assert_eq!(site.offered(ALICE, &form, "  prod   111111 ").await.first().map(String::as_str), Some("prod-admin"));
    assert_eq!(site.offered(ALICE, &form, "nothing of that name").await, [""; 0]);
    assert_eq!(site.offered(ALICE, &form, "*").await, [""; 0], "it is no pattern");
}

#[tokio::test]
async fn nothing_is_offered_for_another_field_or_without_a_policy() {
    let site = Site::new();
    let form = site.form_for(ALICE, "orders-db-debug").await;
    let other = site.suggestion(ALICE, &form, "").replace("entitlement", "duration");
    assert_eq!(site.send(acts::OPTIONS, other).await.status_code, 400);
    site.world.set_policy(None);
    let answer = site.send(acts::OPTIONS, site.suggestion(ALICE, &form, "")).await;
    assert_eq!(answer.status_code, 503, "Slack says that there are none just now, and not that there are none");
}

/// How many entitlements the large catalog has besides the sample's.
const MANY: usize = 5_000;

/// The sample bundle with many entitlements more; every fifth is in an environment that nobody may ask for.
fn large() -> Arc<Policy> {
    let sample = World::sample_bundle();
    let mut catalog = sample.catalog;
    for number in 0..MANY {
        let environment = if number % 5 == 0 { "sealed" } else { "staging" };
        write!(
            catalog,
            "
  service-{number:04}-read:
    description: Read what service {number} of team {} stores
    account: \"111111111111\"
    environment: {environment}
    mechanism: session
    baseRole: arn:aws:iam::111111111111:role/countersign-base/countersign-sample
    permissions: [dynamodb:GetItem]
    resources: [\"arn:aws:dynamodb:us-east-1:111111111111:table/service-{number:04}\"]
    maxDuration: 1h
    approvals: 1
    approvers: [approvers]
    channel: C0APPROVALS
",
            number % 40,
        )
        .unwrap();
    }
    let sealed = r#"
        @id("sealed")
        forbid (principal, action == Countersign::Action::"request", resource)
        when { resource.environment == "sealed" };
    "#;
    let policies = format!("{}{sealed}", sample.policies);
    Arc::new(Policy::load(&Bundle { catalog, policies, ..sample }).unwrap())
}

#[tokio::test]
async fn thousands_of_entitlements_are_searched() {
    let site = Site::new();
    let began = Instant::now();
    site.world.set_policy(Some(large()));
    println!("{} entitlements loaded in {:?}", MANY + 4, began.elapsed());
    let form = site.form(ALICE).await;
    for (who, person, typed, first, count) in [
        ("alice", ALICE, "", "legacy-debug", 100),
        ("alice", ALICE, "service", "service-0001-read", 100),
        ("alice", ALICE, "service-4999", "service-4999-read", 1),
        // Ten of them are sealed.
        ("alice", ALICE, "service-12", "service-1201-read", 80),
        ("alice", ALICE, "4321", "service-4321-read", 1),
        ("alice", ALICE, "team 39 staging", "service-0039-read", 100),
        ("alice", ALICE, "prod-admin", "prod-admin", 1),
        ("alice", ALICE, "sealed", "", 0),
        ("alice", ALICE, "service-4995", "", 0),
        ("mallory", MALLORY, "", "", 0),
        ("mallory", MALLORY, "service", "", 0),
    ] {
        let began = Instant::now();
        let offered = site.offered(person, &form, typed).await;
        println!("{who} types {typed:?}: {} offered in {:?}", offered.len(), began.elapsed());
        assert_eq!((offered.first().map_or("", String::as_str), offered.len()), (first, count), "{who} {typed:?}");
        for name in &offered {
            let sealed = name.get(8..12).and_then(|number| number.parse::<usize>().ok()).is_some_and(|n| n % 5 == 0);
            assert!(!sealed, "{name}");
        }
    }
    let began = Instant::now();
    let home = site.home(ALICE).await;
    println!("alice's Home tab in {:?}", began.elapsed());
    assert!(site.view_says(&home, "more: press *Ask for access*"));
    let began = Instant::now();
    let home = site.home(MALLORY).await;
    println!("mallory's Home tab in {:?}", began.elapsed());
    assert!(site.view_says(&home, "There is nothing you may ask for"));
    let began = Instant::now();
    let listed = site.commands(ALICE, "list").await;
    println!("alice's list in {:?}", began.elapsed());
    assert!(listed.contains("more: `/access` opens a form"), "{listed}");
}
