//! Who there is: more persons than in the sample, since one may ask and countersign only so often.

use model::policy::{Bundle, Policy};
use std::fmt::Write as _;
use std::sync::Arc;
use workflow::double::World;

/// How many ask; the first of them countersign too, and try it with what they asked for themselves.
pub(super) const ENGINEERS: usize = 64;
/// How many of those who ask countersign too.
pub(super) const BOTH: usize = 8;
/// How many countersign only.
pub(super) const APPROVERS: usize = 16;

/// What may be asked for, and how many others have to countersign it. Not from the catalog: it is what is judged by.
pub(super) const NEEDED: [(&str, usize); 3] = [("logs-read", 0), ("orders-db-debug", 1), ("orders-two-keys", 2)];

/// The id of somebody who asks.
pub(super) fn engineer(nth: usize) -> String {
    format!("engineer{nth:03}")
}

/// The id of somebody who only countersigns.
pub(super) fn approver(nth: usize) -> String {
    format!("approver{nth:03}")
}

/// Whether this person may countersign.
pub(super) fn countersigns(person: &str) -> bool {
    (0..BOTH).map(engineer).chain((0..APPROVERS).map(approver)).any(|one| one == person)
}

/// Their Slack user.
pub(super) fn slack_user(person: &str) -> String {
    match person {
        "mallory" => "U0MALLORY1".to_owned(),
        _ => format!("U0{}", person.to_ascii_uppercase()),
    }
}

/// Their ARN, without what is the account's.
pub(super) fn arn(person: &str) -> String {
    format!("user/{person}")
}

/// The sample's policy with these persons, and an entitlement that takes two.
pub(super) fn policy() -> Arc<Policy> {
    let mut persons = String::from("persons:\n");
    let all: Vec<String> = (0..ENGINEERS).map(engineer).chain((0..APPROVERS).map(approver)).collect();
    for person in &all {
        let user = slack_user(person);
        let _ = write!(
            persons,
            "  {person}:\n    email: {person}@example.com\n    slack: [T0COUNTER1/{user}]\n    \
             principals: [arn:aws:iam::111111111111:user/{person}]\n"
        );
    }
    let list = |people: Vec<String>| people.join(", ");
    let engineers = list((0..ENGINEERS).map(engineer).collect());
    let approvers = list((0..APPROVERS).map(approver).chain((0..BOTH).map(engineer)).collect());
    let two_keys = "entitlements:\n  orders-two-keys:\n    description: Repair orders when two agree\n    \
        account: \"111111111111\"\n    environment: prod\n    mechanism: session\n    \
        baseRole: arn:aws:iam::111111111111:role/countersign-base/countersign-sample\n    \
        permissions:\n      - dynamodb:GetItem\n    resources:\n      - arn:aws:dynamodb:us-east-1:111111111111:table/orders\n    \
        maxDuration: 1h\n    approvals: 2\n    approvers: [approvers]\n    channel: C0APPROVALS\n\n";
    let mut bundle = World::sample_bundle();
    for (from, to) in [
        ("persons:\n", persons),
        ("engineers: [alice, frank, grace]", format!("engineers: [alice, frank, grace, {engineers}]")),
        ("approvers: [bob, carol]\n  auditors", format!("approvers: [bob, carol, {approvers}]\n  auditors")),
        ("entitlements:\n", two_keys.to_owned()),
    ] {
        let catalog = bundle.catalog.replacen(from, &to, 1);
        assert_ne!(catalog, bundle.catalog, "the sample catalog has no `{from}` any more");
        bundle = Bundle { catalog, ..bundle };
    }
    Arc::new(Policy::load(&bundle).unwrap())
}
