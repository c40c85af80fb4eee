//! Deny documents, addresses, sizes.

use super::*;
use crate::samples::{GRANTABLE, by_slack, judged, policy, request_id, wish};
use crate::submission::{Wish, judge};
use crate::terms::Terms;

const ORDERS: &str = "arn:aws:dynamodb:us-east-1:111111111111:table/orders";

/// A call that the sample's database entitlement allows.
fn read_an_order() -> Ask<'static> {
    Ask::new("dynamodb:GetItem", ORDERS, window().starts_at().as_second())
}

#[test]
fn a_tombstone_beats_everything() {
    for entitlement in GRANTABLE {
        let request = request(entitlement, |facts| {
            facts.permissions = vec!["*".to_owned()];
            facts.resources = vec!["*".to_owned()];
        });
        let grant = grant_document(&request, window()).unwrap();
        assert!(allows(&[&grant], &read_an_order()));
        assert!(!allows(&[&grant, &tombstone_policy()], &read_an_order()));
    }
}

#[test]
fn a_kill_policy_ends_one_grants_sessions_and_no_others() {
    let request = request("orders-db-debug", |_| {});
    let (grant, kill) = (grant_document(&request, window()).unwrap(), kill_policy(&request));
    let id = request.id.as_str();
    let session = |source: &str, name: &str| {
        read_an_order().with("aws:SourceIdentity", source).with("aws:userid", &format!("AROAEXAMPLE:{name}"))
    };
    let other = "req_0198c0ffee007000800000000000beef";
    assert!(allows(&[&grant], &session(id, id)));
    assert!(!allows(&[&grant, &kill], &session(id, id)));
    assert!(!allows(&[&grant, &kill], &session(id, "something-else")), "by source identity alone");
    assert!(!allows(&[&grant, &kill], &session("something-else", id)), "by session name alone");
    assert!(allows(&[&grant, &kill], &session(other, other)));
    assert!(allows(&[&grant, &kill], &read_an_order()), "the base role itself");

    // It says nothing of a person's but the id.
    let words = Wish { justification: "zq7".to_owned(), ticket: Some("zq7".to_owned()), ..wish("orders-db-debug") };
    assert_eq!(kill_policy(&judged(&words).0), kill);
    let value: Value = serde_json::from_str(&kill).unwrap();
    assert!(value["Statement"].as_array().unwrap().iter().all(|statement| statement["Effect"] == "Deny"));
    assert!(kill_policy_name(&request).len() <= 128 && kill_policy_name(&request).ends_with(id));
}

#[test]
fn a_grant_bound_to_addresses_works_only_from_them() {
    let ranges = ["203.0.113.0/24", "198.51.100.7/32"];
    let request = request("orders-db-debug", |facts| facts.source_ips = ranges.map(str::to_owned).to_vec());
    let document = grant_document(&request, window()).unwrap();
    let from = |address: &str| read_an_order().with("aws:SourceIp", address);
    assert!(allows(&[&document], &from("203.0.113.9")));
    assert!(allows(&[&document], &from("198.51.100.7")));
    assert!(!allows(&[&document], &from("198.51.100.8")));
    assert!(!allows(&[&document], &read_an_order()), "from an unknown address");
    assert!(allows(&[&document], &from("192.0.2.1").with("aws:ViaAWSService", "true")), "a service on their behalf");
    // Anybody can put an endpoint into a network of their own: it proves no address.
    let endpoint = read_an_order().with("aws:SourceVpce", "vpce-0anybodys");
    assert!(!allows(&[&document], &endpoint), "through a VPC endpoint");
}

#[test]
fn what_aws_would_not_take_is_refused_with_its_length() {
    let long = |count: usize| (0..count).map(|n| format!("arn:aws:s3:::orders/{n:0>80}")).collect::<Vec<_>>();
    let session = request("orders-db-debug", |facts| facts.resources = long(20));
    let error = session_policy(Terms::as_asked(&session), window()).unwrap_err();
    assert_eq!((error.document, error.limit), ("session policy", 2_048));
    assert!(error.length > error.limit);
    let role = request("prod-admin", |facts| facts.resources = long(100));
    assert_eq!(role_policy(Terms::as_asked(&role), window()).unwrap_err().document, "role policy");
    let crowd = request("prod-admin", |facts| {
        let arn = |n| format!("arn:aws:iam::111111111111:user/somebody-with-a-long-name-{n}").parse().unwrap();
        facts.mechanism = Mechanism::Role { principals: (0..40).map(arn).collect(), mfa: true };
    });
    assert_eq!(trust_policy(&crowd, window()).unwrap_err().document, "trust policy");

    // A person hears of it when they ask, not when access is made.
    let wish = Wish { resources: Some(long(100)), ..wish("prod-admin") };
    let errors = judge(policy(), request_id(), &by_slack("alice"), &wish, crate::samples::SALT, noon()).unwrap_err();
    assert_eq!(errors.iter().map(|error| (error.field, error.code)).collect::<Vec<_>>(), [("resources", "too_large")]);
}

/// A document that just fits is taken; one character more is not.
#[test]
fn the_limit_is_exact() {
    let padded = |length: usize| {
        request("orders-db-debug", |facts| facts.resources = vec![format!("arn:aws:s3:::{}", "x".repeat(length))])
    };
    let room = LONGEST_SESSION_POLICY - session_policy(Terms::as_asked(&padded(0)), window()).unwrap().len();
    assert_eq!(session_policy(Terms::as_asked(&padded(room)), window()).unwrap().len(), 2_048);
    assert_eq!(session_policy(Terms::as_asked(&padded(room + 1)), window()).unwrap_err().length, 2_049);
    // What the denies leave to an entitlement; the samples need about 200.
    assert!(room >= 800, "{room}");
}

#[test]
fn sessions_of_a_role_are_within_what_iam_takes() {
    for (asked, longest) in [(65, 3_600), (3_600, 3_600), (7_200, 7_200), (43_200, 43_200), (100_000, 43_200)] {
        assert_eq!(
            longest_session(Terms::as_asked(&request("prod-admin", |facts| facts.duration_seconds = asked))),
            longest
        );
    }
}

#[test]
fn a_kill_of_all_ends_every_session_begun_before_it_and_is_read_back() {
    let kill = kill_all_policy(noon().plus(30));
    let begun =
        |seconds: u64| read_an_order().with("aws:TokenIssueTime", &noon().plus(seconds).as_second().to_string());
    let grant = grant_document(&request("orders-db-debug", |_| {}), window()).unwrap();
    assert!(!allows(&[&grant, &kill], &begun(29)));
    assert!(allows(&[&grant, &kill], &begun(30)));
    let idle: Time = "2000-01-01T00:00:00Z".parse().unwrap();
    assert!(allows(&[&grant, &kill_all_policy(idle)], &begun(0)), "without effect from the start");
    assert_eq!(kill_all_policy(idle).len(), kill.len(), "there is always room for it");

    assert_eq!(kill_all_before(&kill), Some(noon().plus(30)));
    let listed = kill.replace("\"Action\":\"*\"", "\"Action\":[\"*\"]");
    assert_ne!(listed, kill);
    assert_eq!(kill_all_before(&listed), Some(noon().plus(30)));
    for other in [
        kill.replace("Deny", "Allow"),
        kill.replace("\"Action\":\"*\"", "\"Action\":\"s3:*\""),
        kill.replace("DateLessThan", "DateLessThanEquals"),
        kill.replace("aws:TokenIssueTime", "aws:CurrentTime"),
        kill.replace("\"Resource\":\"*\"", "\"Resource\":\"arn:aws:s3:::b\""),
        tombstone_policy(),
        String::new(),
    ] {
        assert_ne!(other, kill);
        assert_eq!(kill_all_before(&other), None, "{other}");
    }
}

/// The documents themselves, for a reader.
#[test]
fn the_documents_of_the_samples() {
    let pretty = |text: String| serde_json::to_string_pretty(&serde_json::from_str::<Value>(&text).unwrap()).unwrap();
    let session = request("orders-db-debug", |facts| facts.source_ips = vec!["203.0.113.0/24".to_owned()]);
    let role = request("prod-admin", |_| {});
    insta::assert_snapshot!("session_policy", pretty(session_policy(Terms::as_asked(&session), window()).unwrap()));
    insta::assert_snapshot!("role_policy", pretty(role_policy(Terms::as_asked(&role), window()).unwrap()));
    insta::assert_snapshot!("trust_policy", pretty(trust_policy(&role, window()).unwrap()));
    insta::assert_snapshot!("kill_policy", pretty(kill_policy(&session)));
    insta::assert_snapshot!("tombstone_policy", pretty(tombstone_policy()));
}
