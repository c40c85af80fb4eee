//! What is wrong with a wish, and what a request's digest covers.

#![expect(clippy::arithmetic_side_effects, reason = "a sum that overflows fails the test")]

mod digest;
mod opened;

use super::*;
use crate::samples::{CATALOG, bundle, by_slack, noon, policy, request_id, wish};

/// The fields and codes of everything wrong with Alice's wish.
#[track_caller]
fn wrongs(policy: &Policy, wish: &Wish) -> Vec<(&'static str, &'static str)> {
    let errors = judge(policy, request_id(), &by_slack("alice"), wish, crate::samples::SALT, noon()).unwrap_err();
    assert!(errors.iter().all(|error| !error.message.is_empty()));
    errors.iter().map(|error| (error.field, error.code)).collect()
}

#[track_caller]
fn check(wish: &Wish, expected: &[(&str, &str)]) {
    assert_eq!(wrongs(policy(), wish), expected);
}

fn list(patterns: &[&str]) -> Vec<String> {
    patterns.iter().map(|pattern| (*pattern).to_owned()).collect()
}

/// The sample with `right` replaced by `wrong` in its catalog.
fn with_catalog(right: &str, wrong: &str) -> Policy {
    let mut bundle = bundle();
    assert!(bundle.catalog.contains(right));
    bundle.catalog = bundle.catalog.replacen(right, wrong, 1);
    Policy::load(&bundle).unwrap()
}

#[test]
fn the_entitlement() {
    for name in ["", "root", "Logs-Read", "logs-read ", "../logs-read", "logs\u{2010}read"] {
        check(&wish(name), &[("entitlement", "unknown_entitlement")]);
    }
    // What Mallory may not ask for is not told her.
    let errors =
        judge(policy(), request_id(), &by_slack("mallory"), &wish("root"), crate::samples::SALT, noon()).unwrap_err();
    assert_eq!(errors.first().unwrap().message, "there is no entitlement `root`; you may not ask for any");
}

#[test]
fn the_duration() {
    for seconds in [0, 1, 64, 14_401, u64::MAX] {
        check(&Wish { duration_seconds: seconds, ..wish("logs-read") }, &[("durationSeconds", "invalid_duration")]);
    }
    for seconds in [65, 14_400] {
        assert!(
            judge(
                policy(),
                request_id(),
                &by_slack("alice"),
                &Wish { duration_seconds: seconds, ..wish("logs-read") },
                crate::samples::SALT,
                noon()
            )
            .is_ok()
        );
    }
}

#[test]
fn the_justification() {
    for words in [String::new(), " \n\t ".to_owned(), "\u{200b}\u{202e}".to_owned(), "\0".to_owned(), "x".repeat(4_001)]
    {
        check(&Wish { justification: words, ..wish("logs-read") }, &[("justification", "invalid_justification")]);
    }
}

#[test]
fn the_ticket() {
    for ticket in ["two words", "T-1\n", "<!channel>", "T-\u{430}", &"x".repeat(65)] {
        let wish = Wish { ticket: Some(ticket.to_owned()), ..wish("logs-read") };
        if ticket.trim() == ticket {
            check(&wish, &[("ticketId", "invalid_ticket")]);
        } else {
            assert!(
                judge(policy(), request_id(), &by_slack("alice"), &wish, crate::samples::SALT, noon()).is_ok(),
                "white space around it is no harm"
            );
        }
    }
    let asks = with_catalog("    maxDuration: 4h", "    ticketRequired: true\n    maxDuration: 4h");
    for ticket in [None, Some(String::new()), Some("  ".to_owned())] {
        assert_eq!(wrongs(&asks, &Wish { ticket, ..wish("logs-read") }), [("ticketId", "ticket_required")]);
    }
    let named = Wish { ticket: Some("INC-7".to_owned()), ..wish("logs-read") };
    assert_eq!(
        judge(&asks, request_id(), &by_slack("alice"), &named, crate::samples::SALT, noon())
            .unwrap()
            .0
            .ticket
            .as_ref()
            .unwrap()
            .as_str(),
        "INC-7"
    );
}

#[test]
fn the_permissions() {
    for pattern in [
        "*",
        "logs:*",
        "logs:Get*",
        "logs:GetLogEvent?",
        "logs:DeleteLogGroup",
        "iam:PassRole",
        "logs",
        "logs:",
        ":x",
        "",
        "logs:${a}",
        "logs:Get LogEvents",
    ] {
        check(
            &Wish { permissions: Some(list(&[pattern])), ..wish("logs-read") },
            &[("permissions", "invalid_permissions")],
        );
        check(
            &Wish { permissions: Some(list(&["logs:GetLogEvents", pattern])), ..wish("logs-read") },
            &[("permissions", "invalid_permissions")],
        );
    }
    check(&Wish { permissions: Some(list(&[])), ..wish("logs-read") }, &[("permissions", "invalid_permissions")]);
    check(
        &Wish { permissions: Some(vec!["logs:GetLogEvents".to_owned(); 101]), ..wish("logs-read") },
        &[("permissions", "invalid_permissions")],
    );
}

#[test]
fn the_resources() {
    let group = "arn:aws:logs:us-east-1:111111111111:log-group:/app";
    for resource in [
        "*".to_owned(),
        format!("{group}/*"),
        format!("{group}/orders:web*"),
        format!("{group}/orders:${{aws:username}}"),
        format!("{group}/billing"),
        format!("{group}/orders\""),
        "/app/orders".to_owned(),
        String::new(),
    ] {
        check(
            &Wish { resources: Some(list(&[&resource])), ..wish("logs-read") },
            &[("resources", "invalid_resources")],
        );
    }
    let narrowed = Wish { resources: Some(list(&[&format!("{group}/orders:log-stream:web")])), ..wish("logs-read") };
    assert_eq!(crate::samples::judged(&narrowed).0.resources, [format!("{group}/orders:log-stream:web")]);
}

/// Where an entitlement lets requests have wildcards and variables, they still stay within it.
#[test]
fn leeway_is_not_a_way_out() {
    let policy =
        with_catalog("    maxDuration: 4h", "    allowWildcards: true\n    allowVariables: true\n    maxDuration: 4h");
    let group = "arn:aws:logs:us-east-1:111111111111:log-group:/app";
    let ask = |resource: &str| {
        judge(
            &policy,
            request_id(),
            &by_slack("alice"),
            &Wish { resources: Some(list(&[resource])), ..wish("logs-read") },
            crate::samples::SALT,
            noon(),
        )
    };
    assert!(ask(&format!("{group}/orders:web*")).is_ok());
    assert!(ask(&format!("{group}/orders:${{aws:username}}")).is_ok());
    for out in [format!("{group}/ord*"), format!("{group}/*:web"), format!("{group}/${{aws:username}}"), "*".to_owned()]
    {
        assert!(ask(&out).is_err(), "{out}");
    }
}

#[test]
fn whoever_has_no_principal_cannot_enter_a_role() {
    let policy = with_catalog("    principals: [arn:aws:iam::111111111111:user/alice]\n", "");
    assert_eq!(wrongs(&policy, &wish("prod-admin")), [("entitlement", "no_principal")]);
}

#[test]
fn everything_wrong_is_said_at_once() {
    let policy = with_catalog("    maxDuration: 4h", "    ticketRequired: true\n    maxDuration: 4h");
    let wish = Wish {
        entitlement: "logs-read".to_owned(),
        permissions: Some(list(&["s3:*"])),
        resources: Some(list(&["*"])),
        duration_seconds: 0,
        justification: String::new(),
        ticket: None,
        extends: None,
    };
    assert_eq!(
        wrongs(&policy, &wish),
        [
            ("durationSeconds", "invalid_duration"),
            ("justification", "invalid_justification"),
            ("ticketId", "ticket_required"),
            ("permissions", "invalid_permissions"),
            ("resources", "invalid_resources"),
        ]
    );
}

/// The sentences as people see them, and that nothing a person typed comes back active.
#[test]
fn what_is_said() {
    let wrong = Wish {
        entitlement: "orders-db-debug".to_owned(),
        permissions: Some(list(&["dynamodb:\u{202e}\nDelete`Table"])),
        resources: Some(list(&["arn:aws:dynamodb:us-east-1:111111111111:table/billing"])),
        duration_seconds: 90_000,
        justification: " ".to_owned(),
        ticket: Some("<!channel>\u{202e}\nreally".to_owned()),
        extends: None,
    };
    let errors = judge(policy(), request_id(), &by_slack("alice"), &wrong, crate::samples::SALT, noon()).unwrap_err();
    assert!(errors.iter().all(|error| error.message.chars().all(|c| c == ' ' || c.is_ascii_graphic() || c == '…')));
    let lines: Vec<String> =
        errors.iter().map(|error| format!("{} {}: {}", error.field, error.code, error.message)).collect();
    insta::assert_snapshot!(lines.join("\n"));
    let unknown =
        judge(policy(), request_id(), &by_slack("alice"), &wish("root\u{202e}\n@here"), crate::samples::SALT, noon())
            .unwrap_err();
    assert_eq!(
        unknown.first().unwrap().message,
        "there is no entitlement `root @here`; you may ask for: legacy-debug, logs-read, orders-db-debug, prod-admin"
    );
}

#[test]
fn a_request_says_what_was_asked_for() {
    let typed = Wish {
        ticket: Some(" INC-7 ".to_owned()),
        permissions: Some(list(&["dynamodb:Query", "dynamodb:Query"])),
        ..wish("orders-db-debug")
    };
    let (request, _) = crate::samples::judged(&typed);
    assert_eq!(request.permissions, ["dynamodb:Query"]);
    assert_eq!(request.ticket.as_ref().map(TicketId::as_str), Some("INC-7"));
    assert_eq!((request.duration_seconds, request.approval_window_seconds), (1_800, 3_600));
    assert_eq!(request.submitted_at, noon());
    assert_eq!(request.judged, policy().judged(policy().catalog().entitlement("orders-db-debug").unwrap()));
    assert!(CATALOG.contains(&request.resources[0]));
}

/// A second factor is asked for where it can be: in a role's trust, else at our door.
#[test]
fn where_a_second_factor_is_asked_for() {
    let policy = with_catalog("    maxDuration: 4h", "    mfa: true\n    maxDuration: 4h");
    let ask = |entitlement| {
        judge(&policy, request_id(), &by_slack("alice"), &wish(entitlement), crate::samples::SALT, noon()).unwrap().0
    };
    assert!(ask("logs-read").mfa_at_door);
    assert!(!ask("orders-db-debug").mfa_at_door);
    let admin = ask("prod-admin");
    assert!(!admin.mfa_at_door && matches!(admin.mechanism, Mechanism::Role { mfa: true, .. }));
}

/// Credentials of a role never carry a second factor into another role.
#[test]
fn a_role_with_a_second_factor_is_entered_by_users_alone() {
    let principals = |user: &str| format!("    principals: [arn:aws:iam::111111111111:role/dev{user}]\n");
    let own = "    principals: [arn:aws:iam::111111111111:user/alice]\n";
    let judged = |policy: &Policy| {
        judge(policy, request_id(), &by_slack("alice"), &wish("prod-admin"), crate::samples::SALT, noon())
    };
    let entering = |policy: &Policy| match &judged(policy).unwrap().0.mechanism {
        Mechanism::Role { principals, .. } => principals.iter().map(ToString::to_string).collect::<Vec<_>>(),
        other @ (Mechanism::Session { .. } | Mechanism::Policy { .. }) => panic!("{other:?}"),
    };

    let both = with_catalog(own, &principals(", arn:aws:iam::111111111111:user/alice"));
    assert_eq!(entering(&both), ["arn:aws:iam::111111111111:user/alice"]);

    let role_only = with_catalog(own, &principals(""));
    let errors = judged(&role_only).unwrap_err();
    assert_eq!(wrongs(&role_only, &wish("prod-admin")), [("entitlement", "no_principal")]);
    assert!(
        errors.iter().all(|error| error.message.contains("an IAM user of your own and a second factor")),
        "{errors:?}"
    );

    let mut bundle = bundle();
    bundle.catalog = bundle.catalog.replacen(own, &principals(""), 1).replacen(
        "    mfa: true\n    permissions",
        "    permissions",
        1,
    );
    let without = Policy::load(&bundle).unwrap();
    assert_eq!(entering(&without), ["arn:aws:iam::111111111111:role/dev"]);
}
