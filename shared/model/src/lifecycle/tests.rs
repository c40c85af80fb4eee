//! The state machine as a table, step by step at its limits, and over random histories.

#![expect(clippy::arithmetic_side_effects, reason = "a sum that overflows fails the test")]

mod activity;
mod erasing;
mod forged;
mod limits;
mod sequences;
mod sound;
mod table;
mod verification;
mod votes;

use super::*;
use crate::event::Event;
use crate::identity::Actor;
use crate::policy::Decision;
use crate::request::{Judged, Mechanism, Request, RequestFacts};
use crate::samples::{by_slack, facts, words};
use crate::terms::Narrower;
use crate::time::Time;

/// Alice's request for the sample's database entitlement, changed as told.
fn request(change: impl FnOnce(&mut RequestFacts)) -> Request {
    let mut facts = facts("orders-db-debug");
    change(&mut facts);
    Request::new(facts)
}

/// The mechanism of the sample's `role` entitlement.
fn role_mechanism() -> Mechanism {
    facts("prod-admin").mechanism
}

fn needs_approvals() -> Decision {
    Decision::NeedsApprovals { rules: Vec::new() }
}

fn granted(granted: bool) -> Permission {
    Permission { granted, rules: Vec::new() }
}

fn evidence(now: Time) -> Evidence {
    Evidence { checked_at: now, findings: vec!["as it should be".to_owned()] }
}

/// A vote for exactly this request, by somebody who may.
fn approve(request: &Request, by: &str) -> Command {
    Command::Approve {
        by: by_slack(by),
        digest: request.digest(),
        permission: granted(true),
        judged: Some(request.judged),
        vote: Box::default(),
    }
}

/// A vote for what the request was narrowed to.
fn approve_terms(state: &State, by: &str) -> Command {
    Command::Approve {
        by: by_slack(by),
        digest: state.terms().digest(),
        permission: granted(true),
        judged: Some(state.request.judged),
        vote: Box::default(),
    }
}

fn revoke(by: &str) -> Command {
    Command::Revoke { by: by_slack(by), reason: words("enough"), permission: granted(true) }
}

/// So many seconds before `time`.
fn before(time: Time, seconds: i64) -> Time {
    Time::from_second(time.as_second() - seconds).unwrap()
}

/// What `command` puts on record.
#[track_caller]
fn names(state: &State, command: &Command, now: Time) -> Vec<&'static str> {
    decide(state, command, now).unwrap().events.iter().map(Event::name).collect()
}

/// Decides, and lets a refusal fail the test.
#[track_caller]
fn step(state: &State, command: &Command, now: Time) -> State {
    decide(state, command, now).unwrap_or_else(|refusal| panic!("{}: {}", command.verb(), refusal.code())).next
}

/// Alice's request with access, countersigned by Bob, 20 s after it was made.
fn active(change: impl FnOnce(&mut RequestFacts)) -> State {
    let request = request(change);
    let at = |seconds| request.submitted_at.plus(seconds);
    let pending = submit(request.clone(), &needs_approvals(), at(0)).next;
    let approved = step(&pending, &approve(&request, "bob"), at(10));
    let provisioning = step(&approved, &Command::StartProvisioning, at(20));
    step(&provisioning, &Command::Activate { evidence: evidence(at(20)) }, at(20))
}
