//! The policy on a shared role: for the grant's own sessions what a grant is, for all others nothing.

use super::evaluator::{allowed, denied_outright};
use super::*;
use crate::samples::request_id;
use crate::submission::{Wish, judge};
use crate::terms::Terms;

const ORDERS: &str = "arn:aws:dynamodb:us-east-1:111111111111:table/orders";
const TAG: &str = "aws:PrincipalTag/countersign:request";
const SOURCE: &str = "aws:SourceIdentity";

fn legacy() -> Request {
    request("legacy-debug", |facts| facts.source_ips = vec!["203.0.113.0/24".to_owned()])
}

fn parsed(document: &str) -> [Value; 1] {
    [serde_json::from_str(document).unwrap()]
}

fn ask(action: &'static str, second: i64) -> Ask<'static> {
    Ask::new(action, ORDERS, second).with("aws:SourceIp", "203.0.113.7")
}

fn ours(action: &'static str, second: i64) -> Ask<'static> {
    let id = request_id();
    let userid = format!("AROAEXAMPLE:{id}");
    ask(action, second).with(TAG, id.as_str()).with(SOURCE, id.as_str()).with("aws:userid", &userid)
}

/// Sessions of the same role that are not the grant's.
fn others(action: &'static str, second: i64) -> [Ask<'static>; 3] {
    let other = "req_0198c0ffee007000800000000000beef";
    let plain = || ask(action, second).with("aws:userid", "AROAEXAMPLE:dave");
    [plain(), plain().with(TAG, other).with(SOURCE, other), plain().with(TAG, other)]
}

#[test]
fn its_own_sessions_hold_what_was_approved_for_its_time() {
    let document = attached_policy(Terms::as_asked(&legacy()), window()).unwrap();
    let document = parsed(&document);
    for (second, inside) in probes(window()) {
        assert_eq!(allowed(&document, &ours("dynamodb:GetItem", second)), inside, "{second}");
        assert!(!allowed(&document, &ours("dynamodb:DeleteItem", second)));
        assert!(denied_outright(&document, &ours("sts:AssumeRole", second)), "no way on");
        let elsewhere = ours("dynamodb:GetItem", second).with("aws:SourceIp", "198.51.100.1");
        assert!(!allowed(&document, &elsewhere));
    }
}

#[test]
fn other_sessions_of_the_role_are_neither_given_nor_denied_anything() {
    let request = legacy();
    for document in [attached_policy(Terms::as_asked(&request), window()).unwrap(), attached_tombstone(&request.id)] {
        let document = parsed(&document);
        for (second, _) in probes(window()) {
            for action in ["dynamodb:GetItem", "iam:CreateUser", "sts:AssumeRole"] {
                for other in others(action, second) {
                    assert!(!allowed(&document, &other) && !denied_outright(&document, &other), "{other:?}");
                    let elsewhere = other.with("aws:SourceIp", "198.51.100.1");
                    assert!(!denied_outright(&document, &elsewhere), "{elsewhere:?}");
                }
            }
        }
    }
}

/// A role may carry the tag itself, and then all its sessions do; and a tag may be had without a source.
#[test]
fn the_tag_or_the_source_identity_alone_gives_nothing() {
    let document = attached_policy(Terms::as_asked(&legacy()), window()).unwrap();
    let (document, id, begin) = (parsed(&document), request_id(), window().starts_at().as_second());
    for key in [TAG, SOURCE] {
        assert!(!allowed(&document, &ask("dynamodb:GetItem", begin).with(key, id.as_str())), "{key}");
    }
}

#[test]
fn its_tombstone_denies_by_each_mark_alone() {
    let (tombstone, id) = (attached_tombstone(&request_id()), request_id());
    let tombstone = parsed(&tombstone);
    let begin = window().starts_at().as_second();
    let by_name = format!("AROAEXAMPLE:{id}");
    for (key, value) in [(TAG, id.as_str()), (SOURCE, id.as_str()), ("aws:userid", by_name.as_str())] {
        assert!(denied_outright(&tombstone, &ask("dynamodb:GetItem", begin).with(key, value)), "{key}");
    }
}

/// What is asked for has to fit both documents: the session's is the shorter one.
#[test]
fn what_would_not_fit_is_refused_when_it_is_asked_for() {
    let long = |count: usize| (0..count).map(|n| format!("arn:aws:s3:::orders/{n:0>80}")).collect::<Vec<_>>();
    let request = request("legacy-debug", |facts| facts.resources = long(60));
    let error = attached_policy(Terms::as_asked(&request), window()).unwrap_err();
    assert_eq!((error.document, error.limit), ("managed policy", 6_144));
    let actor = crate::samples::by_slack("alice");
    let wish = Wish { resources: Some(long(30)), ..crate::samples::wish("legacy-debug") };
    assert!(judge(crate::samples::policy(), request_id(), &actor, &wish, crate::samples::SALT, noon()).is_err());
}

/// The documents themselves, for a reader.
#[test]
fn the_documents_of_the_sample() {
    let pretty = |text: String| serde_json::to_string_pretty(&serde_json::from_str::<Value>(&text).unwrap()).unwrap();
    insta::assert_snapshot!("attached_policy", pretty(attached_policy(Terms::as_asked(&legacy()), window()).unwrap()));
    insta::assert_snapshot!("attached_tombstone", pretty(attached_tombstone(&request_id())));
}
