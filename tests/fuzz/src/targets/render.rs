//! What people typed, wherever it is shown: in Slack, on a page, in a table, in a document.

use super::text;
use crate::made::MADE;
use crate::said::{MARK, faults, rows, tags};
use evidence::control::control;
use evidence::csv::record;
use evidence::pack::{Parameters, make};
use evidence::source::Given;
use model::documents::session_policy;
use model::lifecycle::{EndReason, Evidence, Phase, Plan, State, Verification};
use model::names::{PersonId, SlackUser};
use model::request::{Request, RequestFacts};
use model::submission::FieldError;
use model::text::FreeText;
use model::time::Window;
use model::words::{Reason, Salt, Words};
use record::chain::{Head, append};
use serde_json::{Value, json};
use slack::render::details::{Details, view};
use slack::render::{Card, answer, approve, card, deny, requester, thread};
use std::collections::BTreeMap;
use std::sync::LazyLock;

fn names(person: &PersonId) -> Option<SlackUser> {
    let user = match person.as_str() {
        "alice" => "U0ALICE01",
        "bob" => "U0BOB00001",
        "carol" => "U0CAROL001",
        _ => return None,
    };
    format!("T0COUNTER1/{user}").parse().ok()
}

static PENDING: LazyLock<State> = LazyLock::new(|| MADE.state(&MADE.pending));

/// The words, marked at both ends, as they would be stored; `None`: they are not taken.
fn said(data: &[u8]) -> Option<Words> {
    let text = FreeText::new(&format!("{MARK}{}{MARK}", text(data)?)).ok()?;
    Some(Words::new(text, Salt::new([7; 16])))
}

/// The request, justified with these words, and every phase in which somebody's words are.
fn states(words: &Words) -> Vec<State> {
    let request = Request::new(RequestFacts { justification: words.clone(), ..(*PENDING.request).clone() });
    let now = PENDING.request.submitted_at;
    let window = Window::starting(now, 1_800).expect("a window");
    let (plan, bob): (Plan, PersonId) = (Plan { window }, "bob".parse().expect("a person"));
    let reason = EndReason::Revoked { by: bob.clone(), reason: words.clone() };
    let evidence = Evidence { checked_at: now, findings: vec!["role absent".to_owned()] };
    let phases = [
        PENDING.phase.clone(),
        Phase::Active { approvals: vec![], plan: plan.clone(), at: now, issued: 0, warned: false },
        Phase::Denied { by: Some(bob), reason: Reason::Said(words.clone()), at: now },
        Phase::Cancelled { at: now, reason: Some(reason.clone()) },
        Phase::Revoking {
            approvals: vec![],
            plan: plan.clone(),
            reason: reason.clone(),
            since: now,
            issued: 0,
            quarantine_until: None,
            failures: 0,
            next_attempt_at: now,
        },
        Phase::Ended {
            approvals: vec![],
            plan,
            reason,
            at: now,
            evidence: evidence.clone(),
            residue: None,
            issued: 0,
            since: Some(now),
            verification: Verification::Verified { evidence },
        },
    ];
    phases.into_iter().map(|phase| State { request: request.clone(), phase, ..PENDING.clone() }).collect()
}

/// A justification in everything that Slack is shown, and in the documents for IAM: never in markup, a button or a
/// document.
pub(crate) fn justification_render(data: &[u8]) {
    let Some(words) = said(data) else { return };
    let shown = words.inert(4_000);
    let mut found = Vec::new();
    for state in states(&words) {
        let request = &state.request;
        let error = FieldError { field: "justification", code: "invalid_justification", message: shown.clone() };
        let messages = [
            card(&Card { state: &state, unusual: &[], names: &names }),
            answer::status(&state, &names),
            answer::field_errors(&[error]),
            requester::asked(&state, &[], &names),
            requester::access(&state, &names),
            requester::warning(&state, &names),
            requester::ended(&state, &names),
            requester::denied(request, None, words.shown(), &names),
            thread::denied(None, words.shown(), &names),
        ];
        for message in messages {
            faults(&serde_json::to_value(&message).expect("a message is JSON"), &mut found);
            faults(&json!({"text": message.text()}), &mut found);
        }
        let all = view(&Details { state: &state, rules: &[], names: &names });
        faults(all.shape(), &mut found);
        faults(deny::view(&state, &names).shape(), &mut found);
        faults(approve::view(&state, &names).shape(), &mut found);
        if let Some(plan) = state.plan() {
            let document = session_policy(state.terms(), plan.window).expect("it fits");
            assert!(!document.contains(MARK), "a person's words in a document for IAM");
            assert!(serde_json::from_str::<Value>(&document).is_ok());
        }
    }
    assert!(found.is_empty(), "{found:?}");
    // Debug output is what ends up in logs.
    assert!(!format!("{words:?}").contains(MARK), "a person's words where logs are written");
}

/// Somebody's words in a chain, as they are given to who makes evidence.
fn given(text: &FreeText) -> Vec<Given> {
    let mut head = Head::START;
    let mut all = Vec::new();
    for mut entry in MADE.spoken(&MADE.denied) {
        for pointer in ["/event/data/request/justification", "/event/data/reason"] {
            if let Some(said) = entry.pointer_mut(pointer).filter(|said| said.get("text").is_some()) {
                said["text"] = json!(text);
            }
        }
        let (request, at) = (entry["request"].as_str().unwrap_or_default(), entry["at"].as_str().unwrap_or_default());
        let (cause, event) = (entry["cause"].clone(), entry["event"].clone());
        let Ok((link, next)) = append(head, request, at, cause, event) else { return Vec::new() };
        head = next;
        all.push(Given {
            index: None,
            stream: request.to_owned(),
            seq: link.seq,
            bytes: link.bytes,
            words: link.words,
        });
    }
    all
}

type Files = BTreeMap<String, Vec<u8>>;

fn pack(text: &FreeText) -> Option<Files> {
    let parameters = Parameters {
        control: control("soc2-cc6.1")?,
        from: "2026-11-20".parse().ok()?,
        to: "2026-11-21".parse().ok()?,
        as_of: "2026-11-20T18:00:00Z".parse().ok()?,
        checkpoint: None,
        tool: "fuzz".to_owned(),
    };
    make(&given(text), &parameters, &Files::new()).ok()
}

static PLAIN: LazyLock<Files> = LazyLock::new(|| pack(&FreeText::new("plain").expect("words")).expect("a pack"));

fn page<'a>(files: &'a Files, ending: &str) -> Vec<(&'a String, &'a str)> {
    let of = files.iter().filter(|(path, _)| path.ends_with(ending));
    of.filter_map(|(path, bytes)| Some((path, std::str::from_utf8(bytes).ok()?))).collect()
}

/// The same in an evidence pack: its page has the tags that it has for plain words, its tables the same rows and columns,
/// and none a field that a spreadsheet runs.
pub(crate) fn evidence_report(data: &[u8]) {
    let Some(Ok(text)) = text(data).map(FreeText::new) else { return };
    let Some(files) = pack(&text) else { return };
    assert_eq!(files.keys().collect::<Vec<_>>(), PLAIN.keys().collect::<Vec<_>>(), "words make files");
    for ((path, page), (_, plain)) in page(&files, ".html").into_iter().zip(page(&PLAIN, ".html")) {
        let shape = |page: &str| tags(page).into_iter().map(|tag| kind(&tag)).collect::<Vec<_>>();
        assert_eq!(shape(page), shape(plain), "words become tags in {path}");
    }
    for ((path, table), (_, plain)) in page(&files, ".csv").into_iter().zip(page(&PLAIN, ".csv")) {
        let (read, other) = (rows(table), rows(plain));
        let columns =
            |rows: &Option<Vec<Vec<String>>>| rows.as_ref().map(|rows| rows.iter().map(Vec::len).collect::<Vec<_>>());
        assert!(read.is_some(), "{path} is no table");
        assert_eq!(columns(&read), columns(&other), "words make rows or fields in {path}");
        read.into_iter().flatten().flatten().for_each(|field| harmless(&field));
    }
    for (path, lines) in page(&files, ".jsonl") {
        assert!(lines.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "{path}");
    }
}

/// A tag by its name and its attributes' names: digests and numbers in it may differ.
fn kind(tag: &str) -> String {
    let names = tag.split(' ').map(|part| part.split('=').next().unwrap_or_default());
    names.collect::<Vec<_>>().join(" ")
}

fn harmless(field: &str) {
    let seen = field.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    let runs = |text: &str| text.starts_with(['=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}']);
    assert!(!runs(field) && !runs(seen), "a spreadsheet runs {field:?}");
    assert!(!field.starts_with(['\t', '\r', '\n']));
}

/// Fields of a row, parted by the unit separator: read back, they are what they were.
pub(crate) fn csv_row(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let fields: Vec<String> = text.split('\u{1f}').map(str::to_owned).collect();
    let line = record(fields.iter().cloned());
    let read = rows(&line).expect("a row of a table");
    assert_eq!(read.len(), 1, "one row becomes several");
    read[0].iter().for_each(|field| harmless(field));
    let back: Vec<String> = read[0].iter().map(|field| field.strip_prefix('\'').unwrap_or(field).to_owned()).collect();
    let told: Vec<String> = fields.iter().map(|field| field.replace('\0', "\u{fffd}")).collect();
    assert_eq!(back, told, "a field is read back as another");
}
