use super::answer::{accepted, done, entitlements, field_errors, help, not_done, refusal, status};
use super::{approval_card, requester, thread};
use crate::blocks::Message;
use crate::limits;
use crate::sample::{approval, facts, names, person, request, role_request, time, window};
use model::catalog::{EntitledMechanism, Entitlement};
use model::lifecycle::{EndReason, Evidence, Phase, Plan, State};
use model::refusal::Refusal;
use model::request::{Request, RequestFacts, Status};
use model::submission::FieldError;
use model::text::FreeText;
use proptest::prelude::*;
use serde_json::Value;
use std::fmt::Write as _;

/// Stands in every word of a person, so that they can be found wherever they are shown.
const MARK: &str = "QZX";

const UGLY: [&str; 16] = [
    "<!channel>",
    "<!here|x>",
    "<@U0BOB00001>",
    "<https://evil.example|Approve>",
    "https://evil.example",
    "&lt;!channel&gt;",
    "\u{202E}evorppa\u{2066}",
    "🔑:rotating_light:",
    "```rm -rf```",
    "*bold* _it_ ~no~ `x`",
    "\n\n> quote\n",
    "\u{200B}\u{0007}\0",
    "<!date^1^{date}|x>",
    "\\u003c!channel\\u003e",
    "e\u{0301}\u{0300}",
    "&&&&&&&&",
];

fn entitlement(text: &str) -> Entitlement {
    let facts = facts();
    Entitlement {
        name: facts.entitlement,
        description: text.to_owned(),
        account: facts.account,
        environment: text.to_owned(),
        mechanism: EntitledMechanism::Role,
        permissions: facts.permissions,
        resources: facts.resources,
        max_duration_seconds: 14_400,
        approval_window_seconds: 3_600,
        approvals_needed: 2,
        approvers: facts.quorum.groups,
        ticket_required: true,
        mfa: true,
        source_ips: vec![],
        may_outlive: vec![],
        leeway: model::scope::Leeway::default(),
        channel: None,
    }
}

fn evidence() -> Evidence {
    Evidence {
        checked_at: time("2026-11-20T21:10:30Z"),
        findings: vec!["role absent".to_owned(), "schedule absent".to_owned()],
    }
}

fn reasons(words: &str) -> [EndReason; 5] {
    [
        EndReason::Expired,
        EndReason::Revoked { by: person("bob"), reason: words.to_owned() },
        EndReason::Offboarded,
        EndReason::Panic,
        EndReason::Failed { code: words.to_owned() },
    ]
}

fn phases(words: &str) -> Vec<Phase> {
    let (approvals, plan, at) =
        (vec![approval("bob"), approval("dave")], Plan { window: window() }, time("2026-11-20T19:10:00Z"));
    let mut phases = vec![
        Phase::Pending { approvals: approvals.clone(), lapses_at: at },
        Phase::Approved { approvals: approvals.clone(), at },
        Phase::Provisioning { approvals: approvals.clone(), plan: plan.clone(), failures: 0, next_attempt_at: at },
        Phase::Active { approvals: approvals.clone(), plan: plan.clone(), at, issued: 0 },
        Phase::Denied { by: Some(person("carol")), reason: words.to_owned(), at },
        Phase::Denied { by: None, reason: words.to_owned(), at },
        Phase::Cancelled { at },
        Phase::Lapsed { at },
    ];
    for reason in reasons(words) {
        let (approvals, plan, again) = (approvals.clone(), plan.clone(), reason.clone());
        phases.push(Phase::Revoking {
            approvals: approvals.clone(),
            plan: plan.clone(),
            reason,
            since: at,
            issued: 0,
            quarantine_until: None,
            failures: 0,
            next_attempt_at: at,
        });
        phases.push(Phase::Ended { approvals, plan, reason: again, at, evidence: evidence(), residue: None });
    }
    phases
}

/// A request that says `words` wherever a requester can, and `text` wherever the operators can.
fn request_saying(words: &str, text: &str, copies: usize) -> Request {
    let mut facts = facts();
    for reason in &mut facts.risk.reasons {
        reason.sentence = words.to_owned();
    }
    Request::new(RequestFacts {
        justification: FreeText::new(&words.chars().take(4_000).collect::<String>()).unwrap(),
        permissions: vec![words.to_owned(); copies],
        resources: vec![words.to_owned(); copies],
        source_ips: vec![words.to_owned(); copies],
        may_outlive: vec![words.to_owned(); copies],
        environment: text.to_owned(),
        ..facts
    })
}

/// Every message there is.
pub(crate) fn everything(words: &str, text: &str, copies: usize) -> Vec<Message> {
    let request = request_saying(words, text, copies);
    let (bob, many) = (person("bob"), vec![person("dave"); copies.max(1)]);
    let approvals = [approval("bob"), approval("dave")];
    let field = FieldError { field: "durationSeconds", code: "invalid_duration", message: words.to_owned() };
    let evidence = Evidence { findings: vec![words.to_owned(); copies], ..evidence() };
    let mut messages = vec![
        approval_card(&request, &[], &names),
        approval_card(&request, &approvals, &names),
        requester::pending(&request, &[], &names),
        requester::pending(&request, &many, &names),
        requester::approved(&request, &[], &names),
        requester::approved(&request, &approvals, &names),
        requester::active(&request, window()),
        requester::active(&role_request(), window()),
        requester::denied(&request, Some(&bob), words, &names),
        requester::denied(&request, None, words, &names),
        requester::cancelled(&request),
        requester::lapsed(&request),
        requester::delayed(&request, time("2026-11-20T19:10:00Z")),
        thread::countersigned(&request, &approvals, &names),
        thread::approved(&[], &names),
        thread::approved(&approvals, &names),
        thread::denied(Some(&bob), words, &names),
        thread::denied(None, words, &names),
        thread::cancelled(),
        thread::lapsed(),
        entitlements([]),
        entitlements(&vec![entitlement(text); copies]),
        refusal(&Refusal::SelfApproval),
        refusal(&Refusal::OwnIdentity { role: text.to_owned() }),
        not_done("unknown_person", "the catalog does not know you"),
        field_errors(&vec![field; copies]),
        help(),
    ];
    for reason in reasons(words) {
        messages.push(requester::revocation_started(&request, &reason, &names));
        messages.push(requester::ended(&request, &reason, &evidence, &names));
        messages.push(thread::ended(&reason, &evidence, &names));
    }
    for phase in phases(words) {
        messages.push(status(&State { request: request.clone(), phase, refusals: 0 }, &names));
    }
    for status in Status::ALL {
        messages.push(accepted(&request, status));
        messages.push(done(&request, status));
    }
    messages
}

/// What is wrong with a message, by Slack's limits and by ours.
fn faults(message: &Message) -> Vec<String> {
    let mut found = vec![];
    if message.text().is_empty() || message.text().chars().count() > limits::FALLBACK_TEXT {
        found.push("fallback text: length".to_owned());
    }
    if !(1..=limits::MESSAGE_BLOCKS).contains(&message.blocks().len()) {
        found.push("number of blocks".to_owned());
    }
    check_markup(message.text(), &mut found);
    let mut total = 0;
    for block in message.blocks() {
        walk(block, &mut total, &mut found);
    }
    if total > limits::MESSAGE_TEXT {
        found.push(format!("{total} characters"));
    }
    found
}

fn walk(value: &Value, total: &mut usize, found: &mut Vec<String>) {
    let length = |name: &str| value.get(name).and_then(Value::as_str).map_or(0, |text| text.chars().count());
    let mut bound = |name: &str, most: usize| {
        if !(1..=most).contains(&length(name)) {
            found.push(format!("{name}: {}", length(name)));
        }
    };
    match value.get("type").and_then(Value::as_str) {
        Some("mrkdwn") => {
            bound("text", limits::SECTION_TEXT);
            *total = total.saturating_add(length("text"));
            assert_eq!(value["verbatim"], true);
            check_markup(value["text"].as_str().unwrap(), found);
        }
        Some("plain_text") => {
            bound("text", limits::SECTION_TEXT);
            *total = total.saturating_add(length("text"));
            assert_eq!(value["emoji"], false);
        }
        Some("header") => assert!(value["text"]["text"].as_str().unwrap().chars().count() <= limits::HEADER_TEXT),
        Some("button") => {
            bound("value", limits::BUTTON_VALUE);
            bound("action_id", limits::ACTION_ID);
            assert!(value["text"]["text"].as_str().unwrap().chars().count() <= limits::BUTTON_TEXT);
        }
        Some("actions") => assert!(value["elements"].as_array().unwrap().len() <= limits::ACTIONS_ELEMENTS),
        _ => {}
    }
    match value {
        Value::Object(fields) => fields.values().for_each(|inner| walk(inner, total, found)),
        Value::Array(items) => items.iter().for_each(|inner| walk(inner, total, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Of all that `<` can begin, only mentions of known users and times; and no person's words.
fn check_markup(text: &str, found: &mut Vec<String>) {
    if text.contains(MARK) {
        found.push(format!("a person's words in markup: {text}"));
    }
    for rest in text.split('<').skip(1) {
        let inside = rest.split('>').next().unwrap_or_default();
        let mention = ["@U0ALICE01", "@U0BOB00001", "@U0CAROL001"].contains(&inside);
        let date = inside.starts_with("!date^1") && inside.ends_with('Z') && rest.contains('>');
        if !mention && !date {
            found.push(format!("markup that is not ours: <{inside}>"));
        }
    }
}

fn ugly() -> impl Strategy<Value = String> {
    let piece = prop_oneof![prop::sample::select(UGLY.to_vec()).prop_map(str::to_owned), "(?s).{0,40}"];
    prop::collection::vec(piece, 1..20).prop_map(|pieces| format!("{MARK}{}", pieces.join(MARK)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn no_words_become_markup_and_no_message_is_too_long(words in ugly(), text in "(?s).{0,80}", copies in 0usize..60) {
        let text = format!("{text}<!channel>&<https://x|y>");
        for message in everything(&words, &text, copies) {
            let found = faults(&message);
            prop_assert!(found.is_empty(), "{:?} in {}", found, serde_json::to_string_pretty(&message).unwrap());
        }
    }
}

#[test]
fn the_longest_texts_fit() {
    for filler in ["x", "&", "<", "🔑", "`", "\n", "ﷺ"] {
        let words = format!("{MARK}{}{MARK}", filler.repeat(3_001));
        for message in everything(&words, &filler.repeat(3_001), 100) {
            assert_eq!(faults(&message), Vec::<String>::new(), "{filler}");
        }
    }
}

#[test]
fn a_long_justification_is_visibly_cut() {
    let request = request_saying(&"x".repeat(3_001), "prod", 1);
    let card = approval_card(&request, &[], &names);
    let shown = card.blocks()[6]["text"]["text"].as_str().unwrap();
    assert!(shown.ends_with("x…") && shown.chars().count() == limits::WORDS_SHOWN);
}

#[test]
fn facts_come_before_words_and_both_buttons_carry_the_digest() {
    let request = request();
    let card = approval_card(&request, &[], &names);
    let text = serde_json::to_string(card.blocks()).unwrap();
    let places: Vec<usize> =
        ["*Who:*", "*What:*", "Actions:", "*Where:*", "*How long:*", "*Risk:*", "stuck since 18:40", "Ticket: OPS-7"]
            .iter()
            .map(|part| text.find(part).unwrap_or_else(|| panic!("{part}")))
            .collect();
    assert!(places.is_sorted(), "{places:?}");
    let buttons = card.blocks().last().unwrap()["elements"].as_array().unwrap();
    let value = format!("{}:{}", request.id, request.digest());
    assert_eq!(buttons.iter().map(|b| b["action_id"].as_str().unwrap()).collect::<Vec<_>>(), ["approve", "deny"]);
    assert!(buttons.iter().all(|button| button["value"] == value));
}

/// A message as people read it: one line per text, `>` before inert ones.
fn outline(message: &Message) -> String {
    fn lines(value: &Value, out: &mut String) {
        match value.get("type").and_then(Value::as_str) {
            Some("button") => {
                let (id, label) = (value["action_id"].as_str().unwrap(), value["text"]["text"].as_str().unwrap());
                writeln!(out, "[{id}: {label}]").unwrap();
            }
            Some("plain_text") => writeln!(out, "> {}", value["text"].as_str().unwrap().replace('\n', "\n> ")).unwrap(),
            Some("mrkdwn") => writeln!(out, "{}", value["text"].as_str().unwrap()).unwrap(),
            _ => match value {
                Value::Object(fields) => fields.values().for_each(|inner| lines(inner, out)),
                Value::Array(items) => items.iter().for_each(|inner| lines(inner, out)),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
            },
        }
    }
    let mut out = format!("({})\n", message.text());
    message.blocks().iter().for_each(|block| lines(block, &mut out));
    out
}

#[test]
fn the_card_as_slack_gets_it() {
    let card = approval_card(&request(), &[approval("bob")], &names);
    let json = serde_json::to_string_pretty(&card).unwrap();
    // What the digest covers is the model's business.
    insta::assert_snapshot!(json.replace(&request().digest().to_string(), "DIGEST"));
}

#[test]
fn the_messages_as_people_read_them() {
    let request = request();
    let state = |phase| State { request: request.clone(), phase, refusals: 0 };
    let approvals = [approval("bob"), approval("carol")];
    let revoked = EndReason::Revoked { by: person("carol"), reason: "the fix is out".to_owned() };
    let wrong = crate::command::parse("logs-read 90").unwrap_err();
    let mut all = String::new();
    for (name, message) in [
        ("pending", requester::pending(&request, &[person("bob"), person("carol"), person("dave")], &names)),
        ("approved", requester::approved(&request, &approvals, &names)),
        ("approved by policy", requester::approved(&request, &[], &names)),
        ("active session", requester::active(&request, window())),
        ("active role", requester::active(&role_request(), window())),
        ("denied", requester::denied(&request, Some(&person("bob")), "use the read-only one", &names)),
        ("lapsed", requester::lapsed(&request)),
        ("revocation started", requester::revocation_started(&request, &revoked, &names)),
        (
            "failed",
            requester::revocation_started(&request, &EndReason::Failed { code: "access_denied".to_owned() }, &names),
        ),
        ("ended", requester::ended(&request, &EndReason::Expired, &evidence(), &names)),
        ("thread: one of two", thread::countersigned(&request, &[approval("bob")], &names)),
        ("thread: approved", thread::approved(&approvals, &names)),
        ("thread: denied", thread::denied(Some(&person("bob")), "use the read-only one", &names)),
        ("thread: ended", thread::ended(&revoked, &evidence(), &names)),
        ("answer: accepted", accepted(&request, Status::Pending)),
        ("answer: entitlements", entitlements([&entitlement("the orders table")])),
        ("answer: status", status(&state(phases("x").remove(3)), &names)),
        ("answer: refusal", refusal(&Refusal::SelfApproval)),
        ("answer: field errors", field_errors(&wrong)),
        ("answer: help", help()),
    ] {
        writeln!(all, "# {name}\n{}", outline(&message)).unwrap();
    }
    insta::assert_snapshot!(all);
}
