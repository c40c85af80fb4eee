//! Documents of random requests: any part of an entitlement, any words, any length.

use super::evaluator::{allowed, texts};
use super::*;
use crate::samples::{GRANTABLE, by_slack, judged, policy, request_id, wish};
use crate::submission::{Wish, judge};
use proptest::prelude::*;

/// Resources that lie within a sample entitlement without being its own patterns.
fn narrower(entitlement: &str) -> Vec<&'static str> {
    match entitlement {
        "logs-read" => vec![
            "arn:aws:logs:us-east-1:111111111111:log-group:/app/orders:log-stream:web 1/[$LATEST]'abc",
            "arn:aws:logs:us-east-1:111111111111:log-group:/app/orders:x",
        ],
        "prod-admin" => {
            vec!["arn:aws:s3:::orders/2026", "arn:aws:sqs:us-east-1:111111111111:orders", "arn:aws:s3:::a{b}$c"]
        }
        _ => vec![],
    }
}

/// Actions, likewise.
fn fewer(entitlement: &str) -> Vec<&'static str> {
    if entitlement == "prod-admin" { vec!["s3:GetObject", "dynamodb:Scan", "LOGS:deletelogstream"] } else { vec![] }
}

/// Words that would show if they got anywhere they don't belong: they begin with `zq7`.
fn ugly() -> impl Strategy<Value = String> {
    let pieces = vec![
        "\"}]},",
        "\",\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"",
        "${aws:username}",
        "*",
        "\\",
        "\u{202e}",
        "\n",
        "\u{0}",
        "arn:aws:s3:::*",
        "'",
        "<!channel>",
        "ß",
        "𝕏",
    ];
    ("[ -~]{0,20}", prop::collection::vec(prop::sample::select(pieces), 0..4))
        .prop_map(|(words, pieces)| format!("zq7{words}{}", pieces.concat()))
}

fn some_of(all: Vec<String>) -> impl Strategy<Value = Option<Vec<String>>> {
    let most = all.len();
    prop_oneof![1 => Just(None), 3 => prop::sample::subsequence(all, 1..=most).prop_map(Some)]
}

fn wishes() -> impl Strategy<Value = Wish> {
    prop::sample::select(GRANTABLE.to_vec()).prop_flat_map(|name| {
        let entitlement = policy().catalog().entitlement(name).unwrap();
        let with =
            |own: &[String], more: Vec<&str>| own.iter().cloned().chain(more.into_iter().map(str::to_owned)).collect();
        (
            some_of(with(&entitlement.permissions, fewer(name))),
            some_of(with(&entitlement.resources, narrower(name))),
            65..=entitlement.max_duration_seconds,
            ugly(),
            prop::option::of("zq7[A-Za-z0-9./#_-]{1,20}"),
        )
            .prop_map(move |(permissions, resources, duration_seconds, justification, ticket)| Wish {
                entitlement: name.to_owned(),
                permissions,
                resources,
                duration_seconds,
                justification,
                ticket,
                extends: None,
            })
    })
}

fn statements(document: &Value) -> &[Value] {
    document["Statement"].as_array().unwrap()
}

/// One Allow, with a beginning and an end, and everything denied from the end on.
fn is_sealed(document: &Value, window: Window) {
    let (from, until) = (window.starts_at().to_string(), window.expires_at().to_string());
    let allows: Vec<&Value> = statements(document).iter().filter(|statement| statement["Effect"] == "Allow").collect();
    assert_eq!(allows.len(), 1);
    assert_eq!(allows[0]["Condition"]["DateGreaterThanEquals"], json!({"aws:CurrentTime": from}));
    assert_eq!(allows[0]["Condition"]["DateLessThan"], json!({"aws:CurrentTime": until}));
    let seals = statements(document).iter().filter(|statement| {
        let all = statement["Action"] == "*" && statement["Resource"] == "*";
        // In a trust policy: all that its Allow has.
        let trust = statement["Principal"] == json!({"AWS": "*"}) && statement["Action"] == allows[0]["Action"];
        statement["Effect"] == "Deny"
            && statement["Condition"] == json!({"DateGreaterThanEquals": {"aws:CurrentTime": until}})
            && (all || trust)
    });
    assert_eq!(seals.count(), 1);
}

/// A concrete text that a pattern stands for.
fn filled(pattern: &str) -> String {
    pattern.replace('*', "Any").replace('?', "x")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_grant_is_what_was_asked_for_and_nothing_else(wish in wishes()) {
        let (request, _) = judged(&wish);
        let entitlement = policy().catalog().entitlement(&wish.entitlement).unwrap();
        let window = Window::starting(noon().plus(7), request.duration_seconds).unwrap();
        let text = grant_document(&request, window).unwrap();
        let document: Value = serde_json::from_str(&text).unwrap();

        is_sealed(&document, window);
        prop_assert!(text.is_ascii());
        prop_assert!(!text.contains("zq7"), "words of a person");
        let session = matches!(request.mechanism, Mechanism::Session { .. });
        let limit = if session { 2_048 } else { 10_240 - tombstone_policy().len() };
        prop_assert!(text.len() <= limit);

        // Wildcards and variables only where the entitlement itself has them.
        for (element, own) in [("Action", &entitlement.permissions), ("Resource", &entitlement.resources)] {
            for pattern in texts(&statements(&document)[0][element]) {
                let plain = !pattern.contains(['*', '?']) && !pattern.contains("${");
                prop_assert!(plain || own.iter().any(|own| own == pattern), "{}", pattern);
            }
        }
        let escapes = statements(&document).iter().find(|one| one["Effect"] == "Deny" && one.get("Condition").is_none()).unwrap();
        prop_assert_eq!(texts(&escapes["Action"]), NO_ESCAPE.to_vec());
        prop_assert_eq!(&escapes["Resource"], "*");

        let documents = [document.clone()];
        for (second, inside) in probes(window) {
            for action in &request.permissions {
                for resource in &request.resources {
                    let (action, resource) = (filled(action), filled(resource));
                    let ask = Ask::new(&action, &resource, second);
                    prop_assert_eq!(allowed(&documents, &ask), inside, "{:?}", ask);
                }
            }
            let admin = inside && wish.entitlement == "prod-admin";
            let elsewhere = "arn:aws:dynamodb:us-east-1:111111111111:table/other";
            for (action, mine) in [("iam:CreateUser", false), ("ec2:RunInstances", false), ("dynamodb:GetItem", admin)] {
                prop_assert!(mine || !allowed(&documents, &Ask::new(action, elsewhere, second)));
            }
        }

        // The words make no difference, nor does the ticket.
        let other = Wish { justification: "other".to_owned(), ticket: None, ..wish.clone() };
        prop_assert_eq!(grant_document(&judged(&other).0, window).unwrap(), text);
    }

    #[test]
    fn no_wildcard_or_variable_of_a_person_gets_in(
        action in "(s3|dynamodb):[A-Za-z]{0,3}[*?]{1,2}[A-Za-z]{0,3}",
        resource in "arn:aws:s3:::[a-z]{0,3}([*?]|\\$\\{aws:username\\}){1,2}[a-z]{0,3}",
    ) {
        prop_assume!(!["s3:*", "dynamodb:*"].contains(&action.as_str()));
        let refused = |wish: &Wish| judge(policy(), request_id(), &by_slack("alice"), wish, crate::samples::SALT, noon()).is_err();
        let by_action = Wish { permissions: Some(vec![action]), ..wish("prod-admin") };
        let by_resource = Wish { resources: Some(vec![resource]), ..wish("prod-admin") };
        prop_assert!(refused(&by_action));
        prop_assert!(refused(&by_resource));
    }
}

#[test]
fn only_the_requester_enters_a_role_within_the_window_and_with_a_second_factor() {
    let request = request("prod-admin", |_| {});
    let document = trust_policy(&request, window()).unwrap();
    let value: Value = serde_json::from_str(&document).unwrap();
    is_sealed(&value, window());
    assert!(document.len() <= 2_048);
    let allow = &statements(&value)[0];
    assert_eq!(texts(&allow["Principal"]["AWS"]), ["arn:aws:iam::111111111111:user/alice"]);
    // With the two that a caller needs who carries a source identity or tags on.
    let entering = ["sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession"];
    assert_eq!(texts(&allow["Action"]), entering);
    let role = grant_role_arn(&request);
    assert_eq!(role, format!("arn:aws:iam::111111111111:role/countersign/{}", request.id));
    for (second, inside) in probes(window()) {
        for action in entering {
            let ask = Ask::new(action, &role, second);
            let factor = |present: &str| ask.clone().with("aws:MultiFactorAuthPresent", present);
            assert_eq!(allows(&[&document], &factor("true")), inside, "{second}");
            assert!(!allows(&[&document], &factor("false")), "{second}");
            assert!(!allows(&[&document], &ask), "long-lived keys carry no such key");
        }
    }
}

#[test]
fn a_second_factor_is_asked_for_only_where_the_entitlement_does() {
    let without = request("prod-admin", |facts| {
        if let Mechanism::Role { mfa, .. } = &mut facts.mechanism {
            *mfa = false;
        }
    });
    let document = trust_policy(&without, window()).unwrap();
    assert!(allows(&[&document], &Ask::new("sts:AssumeRole", "", window().starts_at().as_second())));
    is_sealed(&serde_json::from_str(&document).unwrap(), window());
}

#[test]
fn a_trust_policy_of_another_mechanism_lets_nobody_in() {
    let document = trust_policy(&request("logs-read", |_| {}), window()).unwrap();
    let value: Value = serde_json::from_str(&document).unwrap();
    assert!(texts(&statements(&value)[0]["Principal"]["AWS"]).is_empty());
}
