//! What people read, as snapshots; and that notifications say the same.

use std::fmt::Write as _;

use model::catalog::Entitlement;
use model::lifecycle::{EndReason, Phase, State};
use model::names::{PersonId, SlackChannel};
use model::refusal::Refusal;
use model::request::{Quorum, Status};
use model::risk::{RiskInput, assess};
use model::submission::{FieldError, Preview};
use serde_json::Value;

use super::all::{finding, summarised};
use super::outline::{outline, view_outline};
use super::{all, card};
use crate::ask::{AskForm, Selection, option_value};
use crate::blocks::{Message, View};
use crate::payload::Action;
use crate::render::details::{self, Details};
use crate::render::home::{self, Home};
use crate::render::thread::{self, Target};
use crate::render::{Card, activity, answer, approver, ask, card as render_card, deny, extend, notice, requester};
use crate::sample::{
    active, approval, ended, entitlement, evidence, names, pending, person, request, role_request, state, time,
    unproven, window, words,
};
use model::words::Reason;

fn revoked() -> EndReason {
    EndReason::Revoked { by: person("carol"), reason: words("the fix is out") }
}

fn failed() -> EndReason {
    EndReason::Failed { code: "access_denied".to_owned() }
}

fn drifted() -> EndReason {
    EndReason::Drifted { differences: vec!["trust_changed".to_owned(), "boundary_missing".to_owned()] }
}

/// Ended at its time, and IAM has not said so yet.
fn not_verified(paged: bool) -> Phase {
    let mut phase = ended(EndReason::Expired);
    if let Phase::Ended { verification, .. } = &mut phase {
        *verification = unproven(paged);
    }
    phase
}

fn denied() -> Phase {
    Phase::Denied {
        by: Some(person("bob")),
        reason: Reason::Said(words("use the read-only one")),
        at: time("2026-11-20T19:07:00Z"),
    }
}

fn told(messages: &[(&str, Message)]) -> String {
    messages.iter().fold(String::new(), |mut all, (name, message)| {
        writeln!(all, "## {name}\n{}", outline(message)).unwrap();
        all
    })
}

fn shown(views: &[(&str, View)]) -> String {
    let text = views.iter().fold(String::new(), |mut all, (name, view)| {
        writeln!(all, "## {name}\n{}", view_outline(view)).unwrap();
        all
    });
    // What the digests cover is the model's business.
    let digests = [request().digest(), role_request().digest()];
    digests.iter().fold(text, |text, digest| text.replace(&digest.to_string(), "DIGEST"))
}

#[test]
fn the_card_as_slack_gets_it() {
    let json = serde_json::to_string_pretty(&card()).unwrap();
    insta::assert_snapshot!(json.replace(&request().digest().to_string(), "DIGEST"));
}

#[test]
fn cards_and_reminders() {
    let at = |phase: Phase| state(phase);
    let card = |phase: Phase| render_card(&Card { state: &at(phase), unusual: &[], names: &names });
    let many: Vec<Phase> = all::phases("the database is fine again");
    let mut messages = vec![("waiting, unusual", super::card())];
    let titled = [
        "waiting, countersigned by nobody",
        "waiting, by two",
        "approved",
        "approved by policy",
        "provisioning",
        "provisioning, tried again",
        "provisioning, tried often",
        "active",
        "active, warned",
        "denied",
        "denied by policy",
        "cancelled",
        "cancelled, offboarded",
        "lapsed",
        "revoking, expired",
        "ended, expired",
        "ended, expired, could not be verified",
        "ended, expired, verified",
        "revoking, revoked",
        "ended, revoked",
        "ended, revoked, could not be verified",
        "ended, revoked, verified",
        "revoking, offboarded",
        "ended, offboarded",
        "ended, offboarded, could not be verified",
        "ended, offboarded, verified",
        "revoking, panic",
        "ended, panic",
        "ended, panic, could not be verified",
        "ended, panic, verified",
        "revoking, failed",
        "ended, failed",
        "ended, failed, could not be verified",
        "ended, failed, verified",
        "revoking, drifted",
        "ended, drifted",
        "ended, drifted, could not be verified",
        "ended, drifted, verified",
        "revoking, for a finding",
        "ended, for a finding",
        "ended, for a finding, could not be verified",
        "ended, for a finding, verified",
    ];
    assert_eq!(titled.len(), many.len());
    messages.extend(titled.into_iter().zip(many.into_iter().map(card)));
    messages.push(("an approver's reminder", approver::reminder(&at(pending(&["bob"])), &names)));
    messages.push(("an approver's reminder, later", approver::reminder(&at(active()), &names)));
    insta::assert_snapshot!(told(&messages));
}

#[test]
fn what_requesters_are_told() {
    let (request, may) = (request(), [person("bob"), person("carol"), person("dave")]);
    let own = State { request: role_request(), ..state(active()) };
    let approvals = [approval("bob"), approval("carol")];
    let messages = [
        ("asked", requester::asked(&state(pending(&[])), &may, &names)),
        ("asked, one countersigned", requester::asked(&state(pending(&["bob"])), &may, &names)),
        ("asked, nobody may", requester::asked(&state(pending(&[])), &[], &names)),
        ("asked, later denied", requester::asked(&state(denied()), &may, &names)),
        ("asked, later active", requester::asked(&state(active()), &may, &names)),
        ("access, session", requester::access(&state(active()), &names)),
        ("access, role", requester::access(&own, &names)),
        ("access, later ended", requester::access(&state(ended(EndReason::Expired)), &names)),
        ("warning", requester::warning(&state(active()), &names)),
        ("warning, later ended", requester::warning(&state(ended(revoked())), &names)),
        ("ended", requester::ended(&state(ended(EndReason::Expired)), &names)),
        ("ended, revoked", requester::ended(&state(ended(revoked())), &names)),
        ("ended, failed", requester::ended(&state(ended(failed())), &names)),
        ("ended, being verified", requester::ended(&state(not_verified(false)), &names)),
        ("ended, unverified", requester::ended(&state(not_verified(true)), &names)),
        ("unverified", requester::unverified(&request, "not_denied")),
        ("drifted", requester::revocation_started(&request, &drifted(), &names)),
        ("stopped by a panic", requester::stopped(&request, &EndReason::Panic, &names)),
        ("approved", requester::approved(&request, &approvals, &names)),
        ("approved by policy", requester::approved(&request, &[], &names)),
        ("denied", requester::denied(&request, Some(&person("bob")), "use the read-only one", &names)),
        ("cancelled", requester::cancelled(&request)),
        ("lapsed", requester::lapsed(&request)),
        ("revocation started", requester::revocation_started(&request, &revoked(), &names)),
        ("failed", requester::revocation_started(&request, &failed(), &names)),
        ("delayed", requester::delayed(&request, time("2026-11-20T21:12:00Z"))),
    ];
    insta::assert_snapshot!(told(&messages));
}

#[test]
fn what_follows_under_a_card() {
    let (request, approvals) = (request(), [approval("bob"), approval("carol")]);
    let channel: SlackChannel = "C0APPROVALS".parse().unwrap();
    let (may, until) = ([person("bob"), person("carol")], time("2026-11-20T20:00:00Z"));
    let messages = [
        ("one of two", thread::countersigned(&request, &[approval("bob")], &names)),
        ("approved", thread::approved(&approvals, &names)),
        ("approved by policy", thread::approved(&[], &names)),
        ("denied", thread::denied(Some(&person("bob")), "use the read-only one", &names)),
        ("cancelled", thread::cancelled(None, &names)),
        ("cancelled by a panic", thread::cancelled(Some(&EndReason::Panic), &names)),
        ("lapsed", thread::lapsed()),
        ("reminder", thread::reminder(1, &may, until, &names)),
        ("second reminder", thread::reminder(2, &may, until, &names)),
        ("escalated", thread::escalated(&["orders-leads".parse().unwrap()], &may, &names)),
        ("active", thread::active(window())),
        ("ending", thread::ending(&revoked(), &names)),
        ("ended", thread::ended(&EndReason::Expired, &evidence(), &names)),
        ("unverified", thread::unverified("not_denied")),
        ("its deny drifted", thread::deny_drifted(&["deny_missing".to_owned()])),
        ("something odd", activity::found(&request, &finding("iam:CreateAccessKey"), &names)),
        ("something odd about an address", activity::found(&request, &finding("203.0.113.7"), &names)),
        ("nothing was done", activity::summary(&summarised("s3:GetObject", 0))),
        ("what was done", activity::summary(&summarised("s3:GetObject", 7))),
        ("no channel", thread::unreachable(Target::Channel(&channel), "is_archived", &names)),
        ("no direct message", thread::unreachable(Target::Person(&person("dave")), "cannot_dm_bot", &names)),
    ];
    insta::assert_snapshot!(told(&messages));
}

#[test]
fn answers_to_commands_and_presses() {
    let wrong = crate::command::parse("logs-read 90").unwrap_err();
    let (late, decided) = (state(active()), Refusal::AlreadyDecided { status: Status::Active });
    let messages = [
        ("accepted", answer::accepted(&request(), Status::Pending)),
        ("done: approve", answer::done(Action::Approve, &state(pending(&["bob"])), &names)),
        ("done: deny", answer::done(Action::Deny, &state(denied()), &names)),
        (
            "done: cancel",
            answer::done(Action::Cancel, &state(Phase::Cancelled { at: window().starts_at(), reason: None }), &names),
        ),
        ("done: revoke", answer::done(Action::Revoke, &state(ended(revoked())), &names)),
        ("too late", answer::too_late(&decided, &late, &names)),
        ("too late: denied", answer::too_late(&decided, &state(denied()), &names)),
        ("too late: twice", answer::too_late(&Refusal::AlreadyApproved, &state(pending(&["bob"])), &names)),
        ("entitlements", answer::entitlements([&entitlement("the orders table")])),
        ("no entitlements", answer::entitlements([])),
        ("status", answer::status(&late, &names)),
        ("refusal", answer::refusal(&Refusal::SelfApproval, &request().id)),
        ("not done", answer::not_done("unknown_person", "the catalog does not know you")),
        ("field errors", answer::field_errors(&wrong)),
        ("help", answer::help()),
    ];
    insta::assert_snapshot!(told(&messages));
}

fn preview(needed: u8, refused: bool, countersigners: Vec<PersonId>) -> Preview {
    let risk = assess(&RiskInput {
        actions: &["dynamodb:UpdateItem"],
        resources: &["arn:aws:dynamodb:us-east-1:111111111111:table/orders"],
        environment: "prod",
        duration_seconds: 3_600,
    });
    Preview { risk, quorum: Quorum { needed, groups: vec![] }, countersigners, refused }
}

#[test]
fn the_request_modal() {
    let orders = Entitlement { environment: "prod".to_owned(), ..entitlement("Look at and repair single orders") };
    let wide = Entitlement { permissions: vec!["dynamodb:*".to_owned(), "logs:*".to_owned()], ..orders.clone() };
    let chosen = AskForm {
        duration_seconds: Some(1_800),
        permissions: Selection::Chosen(vec![option_value("dynamodb:GetItem")]),
        ticket: Some("OPS-7".to_owned()),
        justification: Some("orders are stuck".to_owned()),
        ..AskForm::default()
    };
    let wrong = Err(vec![FieldError {
        field: "permissions",
        code: "invalid_permissions",
        message: "`s3:*` is not part of this entitlement".to_owned(),
    }]);
    let form = |entitlement: &Entitlement, form: &AskForm, preview: &Result<Preview, Vec<FieldError>>| {
        ask::form(&ask::AskView { entitlement, form, preview, names: &names })
    };
    let two = Ok(preview(2, false, vec![person("bob"), person("carol")]));
    let views = [
        ("loading", ask::loading()),
        ("nothing chosen", ask::choose(None)),
        ("just chosen", form(&orders, &AskForm::default(), &two)),
        ("filled in", form(&orders, &chosen, &Ok(preview(1, false, vec![person("bob")])))),
        ("by policy alone", form(&orders, &chosen, &Ok(preview(0, false, vec![])))),
        ("refused", form(&orders, &chosen, &Ok(preview(0, true, vec![])))),
        ("wildcards, wrong", form(&wide, &AskForm::default(), &wrong)),
        ("sent", ask::sent(&request(), Status::Pending, &[person("bob"), person("carol")], &names)),
        ("sent, approved by policy", ask::sent(&request(), Status::Approved, &[], &names)),
    ];
    insta::assert_snapshot!(shown(&views));
}

#[test]
fn the_other_modals_and_the_home_tab() {
    let (waiting, live) = (state(pending(&["bob"])), state(active()));
    let own = State { request: role_request(), ..state(active()) };
    let rules = vec!["quorum-by-risk".to_owned(), "engineers-may-ask".to_owned()];
    let orders = entitlement("Look at and repair single orders");
    let now = time("2026-11-20T19:30:00Z");
    let home = |mine: &[&State], waiting: &[&State], allowed: &[&Entitlement], more: bool| {
        home::view(&Home {
            person: &person("alice"),
            mine,
            waiting,
            more_waiting: more,
            allowed,
            more_mine: more,
            now,
            names: &names,
        })
    };
    let views = [
        ("deny", deny::view(&state(pending(&[])), &names)),
        ("extend", extend::view(&request(), &entitlement("prod"))),
        ("notice", notice::view("Not done", &answer::refusal(&Refusal::SelfApproval, &request().id))),
        ("home, unavailable", home::unavailable("the catalog does not know you")),
        ("details, waiting", details::view(&Details { state: &waiting, rules: &rules, names: &names })),
        ("details, active role", details::view(&Details { state: &own, rules: &[], names: &names })),
        ("home", home(&[&live, &waiting], &[&waiting], &[&orders], false)),
        ("home, empty", home(&[], &[], &[], false)),
        ("home, full", home(&[&live; 11], &[&waiting; 11], &[&orders; 21], true)),
    ];
    insta::assert_snapshot!(shown(&views));
}

/// What we say in a block: all of its text but a person's words, which are plain.
fn said(value: &Value, out: &mut Vec<String>) {
    match value["type"].as_str() {
        Some("mrkdwn") => out.push(value["text"].as_str().unwrap().to_owned()),
        Some("header") => out.push(value["text"]["text"].as_str().unwrap().to_owned()),
        _ => match value {
            Value::Object(fields) => fields.values().for_each(|inner| said(inner, out)),
            Value::Array(items) => items.iter().for_each(|inner| said(inner, out)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        },
    }
}

#[test]
fn notifications_say_each_fact_of_the_blocks() {
    for message in all::messages("QZX words", "prod", 2) {
        let mut texts = vec![];
        message.blocks().iter().for_each(|block| said(block, &mut texts));
        assert!(texts.iter().map(String::len).sum::<usize>() > 20, "{message:?}");
        // A label of words that the fallback leaves out says no fact.
        for text in texts.iter().filter(|text| !text.ends_with("words:")) {
            assert!(message.text().contains(text.as_str()), "{text} is missing in {}", message.text());
        }
        assert!(!message.text().ends_with('…'), "{}", message.text());
    }
}
