//! A request opens no known way to more permissions that its entitlement is not meant to open, whatever the catalog let by.

use super::*;
use crate::catalog::OPENS_ESCALATION_PATH;
use crate::risk::escalation_paths;
use crate::samples::spelled::{LOOKALIKES, SAME};

/// An entitlement of everything, as a catalog may have it that was taken before ways were asked about.
fn everything() -> Entitlement {
    let marked = with_catalog(
        "    permissions:\n      - \"dynamodb:*\"\n      - \"logs:*\"\n      - \"s3:*\"\n      - \"sqs:*\"\n",
        "    permissions: [\"*\"]\n    mayOpen: [all]\n    allowWildcards: true\n",
    );
    let entitlement = marked.catalog().entitlement("prod-admin").unwrap();
    Entitlement { may_open: Vec::new(), ..entitlement.clone() }
}

fn asked(actions: Vec<String>) -> Wish {
    Wish { permissions: Some(actions), ..wish("prod-admin") }
}

#[test]
fn every_known_way_up_is_refused_in_every_spelling() {
    let entitlement = everything();
    let meant = Entitlement { may_open: list(&["all"]), ..entitlement.clone() };
    let (mut named, mut malformed) = (0, 0);
    for path in escalation_paths() {
        let actions: Vec<&str> = path.required().collect();
        for spelling in &SAME {
            let wish = asked(actions.iter().map(|action| (spelling.write)(action)).collect());
            let error = permissions(&entitlement, &wish).unwrap_err();
            assert_eq!(
                (error.field, error.code),
                ("permissions", OPENS_ESCALATION_PATH),
                "{} {}",
                path.id,
                spelling.how
            );
            assert!(error.message.contains(path.id), "{} {}: {}", path.id, spelling.how, error.message);
            assert!(permissions(&meant, &wish).is_ok(), "{} {}", path.id, spelling.how);
            named += 1;
        }
        for spelling in &LOOKALIKES {
            let error = permissions(&meant, &asked(actions.iter().map(|action| (spelling.write)(action)).collect()));
            assert_eq!(error.unwrap_err().code, "invalid_permissions", "{} {}", path.id, spelling.how);
            malformed += 1;
        }
    }
    println!(
        "requests: {} variants, {named} refused by name, {malformed} as no actions; none was taken",
        named + malformed
    );
    assert!(named + malformed >= 2_000, "{named} {malformed}");
    // Left out, it is all that the entitlement has.
    assert_eq!(permissions(&entitlement, &wish("prod-admin")).unwrap_err().code, OPENS_ESCALATION_PATH);
    assert!(permissions(&entitlement, &asked(list(&["dynamodb:GetItem", "logs:Get*"]))).is_ok());
}
