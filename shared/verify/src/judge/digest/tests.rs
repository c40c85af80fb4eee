//! Held against what production code computes, and part by part.

use super::*;
use crate::entry::Entry;
use model::identity::{Actor, Identity};
use model::submission::Wish;
use serde_json::json;
use workflow::double::World;
use workflow::submission::submit;

/// A request as production code makes it.
fn request(entitlement: &str) -> Value {
    let world = World::new("2026-11-20T12:00:00Z".parse().unwrap());
    let identity = Identity::Api { principal: "arn:aws:iam::111111111111:user/alice".to_owned() };
    let by = Actor { person: "alice".parse().unwrap(), identity, mfa: true };
    let wish = Wish {
        entitlement: entitlement.to_owned(),
        duration_seconds: 900,
        justification: "orders".to_owned(),
        ticket: Some("OPS-1".to_owned()),
        ..Wish::default()
    };
    let mut work = std::pin::pin!(submit(&world, &by, &wish, None, None));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    while work.as_mut().poll(&mut context).is_pending() {}
    let id = world.ids().remove(0);
    let chain = world.chain(&id);
    Entry::read(&chain[0]).unwrap().data["request"].clone()
}

/// Pointers to everything in it that holds nothing else, or nothing.
fn parts(value: &Value, at: &str, out: &mut Vec<String>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, field)| parts(field, &format!("{at}/{name}"), out)),
        Value::Array(items) if !items.is_empty() => {
            items.iter().enumerate().for_each(|(nth, item)| parts(item, &format!("{at}/{nth}"), out));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            out.push(at.to_owned());
        }
    }
}

#[test]
fn every_part_of_a_request_is_covered() {
    for entitlement in ["orders-db-debug", "prod-admin", "legacy-debug"] {
        let request = request(entitlement);
        assert_eq!(of_request(&request).as_ref(), Ok(&request["digest"].as_str().unwrap().to_owned()));
        covered(&request);
    }
}

#[track_caller]
fn covered(request: &Value) {
    let digest = of_request(request).unwrap();
    let mut all = Vec::new();
    parts(request, "", &mut all);
    assert!(all.len() > 25, "{all:?}");
    for part in all.iter().filter(|part| *part != "/digest") {
        let mut other = request.clone();
        let place = other.pointer_mut(part).unwrap();
        *place = match place.take() {
            Value::String(text) if part.ends_with("/hash") => json!(text.replace(|c: char| c.is_ascii_digit(), "a")),
            Value::String(text) => json!(format!("{text}x")),
            Value::Number(number) => json!(number.as_u64().unwrap().saturating_add(1)),
            Value::Bool(flag) => json!(!flag),
            Value::Null => json!("x"),
            Value::Array(_) | Value::Object(_) => json!(["x"]),
        };
        // What is not a thing that it can be has no digest at all.
        assert_ne!(of_request(&other).ok().as_ref(), Some(&digest), "{part}");
    }
}

/// The encoding of `docs/record.md`, part by part, by the writer's own encoder.
#[test]
fn the_encoding_is_that_of_the_page() {
    use model::digest::Encoding as Parts;
    let mut request = request("orders-db-debug");
    let hash = request["justification"]["hash"].as_str().unwrap().to_owned();
    request["extends"] = json!("req_x");
    let text = |pointer: &str| request.pointer(pointer).unwrap().as_str().unwrap();
    let number = |pointer: &str| request.pointer(pointer).unwrap().as_u64().unwrap();
    let list = |pointer: &str| crate::entry::texts(request.pointer(pointer).unwrap()).unwrap();
    let reasons = request["risk"]["reasons"].as_array().unwrap();
    let sentences: Vec<&str> = reasons.iter().map(|reason| reason["sentence"].as_str().unwrap()).collect();
    let rules: Vec<String> = reasons.iter().map(|one| json!([one["code"], one["level"]]).to_string()).collect();
    let mut parts = Parts::of("countersign.request.v4");
    for pointer in [
        "/id",
        "/requester",
        "/identity/door",
        "/identity/principal",
        "/entitlement",
        "/account",
        "/environment",
        "/mechanism/kind",
        "/mechanism/baseRole",
    ] {
        parts = parts.text(text(pointer));
    }
    for pointer in ["/permissions", "/resources", "/mayOutlive", "/sourceIps"] {
        parts = parts.list(list(pointer).iter().map(String::as_str));
    }
    parts = parts.number(0).number(number("/durationSeconds")).text(&hash).maybe(Some(text("/ticket")));
    parts = parts.maybe(Some(text("/channel"))).text(text("/submittedAt")).number(number("/approvalWindowSeconds"));
    parts = parts.text(text("/risk/level")).list(sentences.into_iter()).list(rules.iter().map(String::as_str));
    parts = parts.text(text("/judged/entitlement")).text(text("/judged/policy")).number(number("/quorum/needed"));
    parts = parts.list(list("/quorum/groups").iter().map(String::as_str));
    parts = parts.number(0).number(number("/notices/warnBeforeSeconds")).number(1);
    parts = parts.number(number("/notices/reminders/0/afterSeconds")).number(0).maybe(None).maybe(Some("req_x"));
    assert_eq!(of_request(&request), Ok(parts.digest().to_string()));
}

#[test]
fn lists_do_not_run_into_each_other() {
    let request = request("orders-db-debug");
    let (mut one, mut other) = (request.clone(), request);
    (one["permissions"], one["resources"]) = (json!(["a", "b"]), json!([]));
    (other["permissions"], other["resources"]) = (json!(["a"]), json!(["b"]));
    assert_ne!(of_request(&one), of_request(&other));
    assert_ne!(
        of_terms("d", &["a".to_owned(), "b".to_owned()], &[], 1),
        of_terms("d", &["a".to_owned()], &["b".to_owned()], 1)
    );
}
