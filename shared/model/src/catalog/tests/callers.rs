//! Who a caller is. Rules compare persons, so whoever is taken for somebody else is somebody else.

use super::*;
use crate::samples::person;

/// The sample, with a role of Bob's own, and session names of another role trusted in one account.
fn catalog() -> Catalog {
    let text = CATALOG
        .replace(
            "principals: [arn:aws:iam::111111111111:user/bob]",
            "principals: [arn:aws:iam::111111111111:user/bob, arn:aws:iam::111111111111:role/people/bobs-role]",
        )
        .replace("sessionNames:", "sessionNames:\n  - role: Federated\n    account: \"222222222222\"");
    Catalog::read("catalog.yaml", &text).unwrap()
}

/// The person and whether a second factor is certain.
fn who(arn: &str) -> Option<(String, bool)> {
    catalog().by_caller(arn).map(|actor| (actor.person.to_string(), actor.mfa))
}

const SSO: &str = "arn:aws:sts::111111111111:assumed-role/AWSReservedSSO_Admin_0123456789abcdef";

#[test]
fn an_iam_user_is_its_person() {
    assert_eq!(who("arn:aws:iam::111111111111:user/alice"), Some(("alice".to_owned(), false)));
}

#[test]
fn a_session_of_a_persons_own_role_is_that_person_whatever_it_is_called() {
    for session in ["anything", "carol@example.com"] {
        assert_eq!(
            who(&format!("arn:aws:sts::111111111111:assumed-role/bobs-role/{session}")),
            Some(("bob".to_owned(), false))
        );
    }
}

#[test]
fn a_session_of_identity_center_is_known_by_its_name() {
    assert_eq!(who(&format!("{SSO}/alice@example.com")), Some(("alice".to_owned(), true)));
    assert_eq!(who(&format!("{SSO}/Alice@Example.com")), Some(("alice".to_owned(), true)));
    assert_eq!(who(&format!("{SSO}/nobody@example.com")), None);
}

#[test]
fn a_session_name_of_any_other_role_is_no_identity() {
    for role in ["Admin", "AWSReservedSSO", "awsreservedsso_Admin", "XAWSReservedSSO_Admin", "Federated", "FederatedX"]
    {
        assert_eq!(who(&format!("arn:aws:sts::111111111111:assumed-role/{role}/alice@example.com")), None, "{role}");
    }
    let trusted = |account: &str| who(&format!("arn:aws:sts::{account}:assumed-role/Federated/alice@example.com"));
    assert_eq!(trusted("222222222222"), Some(("alice".to_owned(), false)));
    assert_eq!(trusted("333333333333"), None);
}

#[test]
fn lookalikes_are_nobody() {
    for arn in [
        "",
        "alice",
        "alice@example.com",
        "arn:aws:iam::111111111111:user/Alice",
        "arn:aws:iam::111111111111:user/alice ",
        " arn:aws:iam::111111111111:user/alice",
        "arn:aws:iam::111111111111:user/team/alice",
        "arn:aws:iam::111111111111:user/alice/",
        "arn:aws:iam::111111111111:user/\u{430}lice",
        "arn:aws:iam::111111111112:user/alice",
        "arn:aws-cn:iam::111111111111:user/alice",
        "arn:aws:iam::111111111111:root",
        "arn:aws:iam::111111111111:role/alice",
        "arn:aws:iam::111111111111:role/people/bobs-role",
        "arn:aws:sts::111111111111:federated-user/alice",
        "arn:aws:sts::111111111111:assumed-role/alice",
        "arn:aws:sts::111111111111:assumed-role/bobs-role/",
        "arn:aws:sts::111111111111:assumed-role/bobs-role/a/b",
        "arn:aws:sts::111111111111:assumed-role/people/bobs-role/a",
        "arn:aws:sts::111111111112:assumed-role/bobs-role/a",
        "arn:aws:sts:us-east-1:111111111111:assumed-role/bobs-role/a",
        "arn:aws-cn:sts::111111111111:assumed-role/bobs-role/a",
        "arn:evil:sts::111111111111:assumed-role/bobs-role/a",
        "arn:evil:sts::111111111111:assumed-role/AWSReservedSSO_Admin_0123456789abcdef/alice@example.com",
        "arn:aws:iam::111111111111:assumed-role/AWSReservedSSO_Admin_0123456789abcdef/alice@example.com",
        "arn:aws:sts::11111111111a:assumed-role/AWSReservedSSO_Admin_0123456789abcdef/alice@example.com",
        "arn:aws:sts::111111111111:assumed-role//AWSReservedSSO_Admin_0123456789abcdef/alice@example.com",
        "arn:aws:sts::111111111111:assumed-role/AWSReservedSSO_Admin_0123456789abcdef/alice@example.com\n",
        "arn:aws:sts::111111111111:assumed-role/AWSReservedSSO_Admin_0123456789abcdef/alice@ex\u{430}mple.com",
        // No role is called so: the prefix alone would not do.
        "arn:aws:sts::111111111111:assumed-role/AWSReservedSSO_Admin:x/alice@example.com",
        "arn:aws:sts::111111111111:assumed-role/AWSReservedSSO_*/alice@example.com",
        "arn:aws:sts::111111111111:assumed-role/AWSReservedSSO_ Admin/alice@example.com",
        // Lower-cased, the Kelvin sign would be a `k`.
        "arn:aws:sts::111111111111:assumed-role/AWSReservedSSO_Admin_0123456789abcdef/\u{212a}@example.com",
    ] {
        assert_eq!(who(arn), None, "{arn:?}");
    }
}

#[test]
fn a_kelvin_sign_is_not_a_k() {
    let text = CATALOG.replace("dave@example.com", "k@example.com");
    let catalog = Catalog::read("catalog.yaml", &text).unwrap();
    assert!(catalog.by_caller(&format!("{SSO}/K@example.com")).is_some());
    assert!(catalog.by_caller(&format!("{SSO}/\u{212a}@example.com")).is_none());
}

#[test]
fn one_person_at_both_doors() {
    let catalog = catalog();
    let slack = catalog.by_slack(&"T0COUNTER1/U0ALICE01".parse().unwrap()).unwrap();
    let api = catalog.by_caller("arn:aws:iam::111111111111:user/alice").unwrap();
    assert_eq!(slack.person, api.person);
    assert_eq!(slack.person, person("alice"));
    assert_ne!(slack.identity, api.identity);
    assert!(!slack.mfa, "a click proves no second factor");
    assert!(catalog.by_slack(&"T0OTHER001/U0ALICE01".parse().unwrap()).is_none(), "the same id in another workspace");
}
