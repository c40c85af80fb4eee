//! What the documents let through, asked of an evaluator that shares no code with their writer.

#![expect(clippy::arithmetic_side_effects, reason = "a sum that overflows fails the test")]

mod attached;
mod escape;
mod evaluator;
mod generated;
mod limits;
mod probe;
mod same;
mod target;

use super::*;
use crate::request::RequestFacts;
use crate::samples::{facts, noon};
use evaluator::{Ask, allows};

/// A window of 30 minutes.
fn window() -> Window {
    Window::starting(noon(), 1_800).unwrap()
}

/// Alice's request for all of `entitlement`, changed as told.
fn request(entitlement: &str, change: impl FnOnce(&mut RequestFacts)) -> Request {
    let mut facts = facts(entitlement);
    change(&mut facts);
    Request::new(facts)
}

/// The document that holds what a request's grant may do.
fn grant_document(request: &Request, window: Window) -> Result<String, TooLarge> {
    let terms = Terms::as_asked(request);
    match request.mechanism {
        Mechanism::Session { .. } => session_policy(terms, window),
        Mechanism::Role { .. } => role_policy(terms, window),
        Mechanism::Policy { .. } => attached_policy(terms, window),
    }
}

/// Seconds around the window, and whether they are inside.
fn probes(window: Window) -> [(i64, bool); 8] {
    let (from, until) = (window.starts_at().as_second(), window.expires_at().as_second());
    let decade = 10 * 366 * 86_400;
    [
        (0, false),
        (from - 1, false),
        (from, true),
        (until - 1, true),
        (until, false),
        (until + 1, false),
        (until + 60, false),
        (until + decade, false),
    ]
}

#[test]
fn the_evaluator_can_tell() {
    let document = r#"{"Statement":[
        {"Effect":"Allow","Action":["s3:Get*","a:b?"],"Resource":"arn:aws:s3:::b/*","Condition":{"DateLessThan":{"aws:CurrentTime":"2026-11-20T12:00:10Z"}}},
        {"Effect":"Deny","Action":"s3:GetSecret","Resource":"*"}]}"#;
    let at = |seconds: u64| noon().plus(seconds).as_second();
    let ask = |action, resource, seconds| allows(&[document], &Ask::new(action, resource, at(seconds)));
    assert!(ask("s3:GetObject", "arn:aws:s3:::b/k", 9));
    assert!(ask("S3:getobject", "arn:aws:s3:::b/k", 9));
    assert!(!ask("s3:GetObject", "arn:aws:s3:::B/k", 9));
    assert!(!ask("s3:GetObject", "arn:aws:s3:::b/k", 10));
    assert!(!ask("s3:GetSecret", "arn:aws:s3:::b/k", 9));
    assert!(!ask("s3:PutObject", "arn:aws:s3:::b/k", 9));
    assert!(ask("a:bc", "arn:aws:s3:::b/k", 9) && !ask("a:bcd", "arn:aws:s3:::b/k", 9));
}
