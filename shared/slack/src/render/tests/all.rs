//! Every message and view, with given words wherever a person can say something, and a given text wherever the
//! operators can.

use model::activity::{Activity, Completeness, Finding, Known, Often, Severity};
use model::catalog::Entitlement;
use model::lifecycle::{Approval, EndReason, Evidence, Phase, Plan, State, Verification};
use model::names::SlackChannel;
use model::notices::{Notices, Reminder};
use model::refusal::Refusal;
use model::request::{Mechanism, Quorum, Request, RequestFacts, Status};
use model::risk::{RiskInput, assess};
use model::submission::{FieldError, Preview};
use model::terms::{Narrowed, NotNarrower};
use model::words::{Reason, Words};

use crate::ask::{AskForm, Selection};
use crate::blocks::{Message, View};
use crate::payload::Action;
use crate::render::details::Details;
use crate::render::home::Home;
use crate::render::thread::Target;
use crate::render::{
    Card, activity, answer, approve, approver, ask, card, deny, details, extend, home, notice, requester, thread,
};
use crate::sample::{approval, entitlement, evidence, facts, names, person, role_request, time, unproven, window};

/// The longest of them that may be stored.
fn said(words: &str, longest: usize) -> Words {
    crate::sample::words(&words.chars().take(longest).collect::<String>())
}

pub(super) fn reasons(words: &str) -> [EndReason; 7] {
    [
        EndReason::Expired,
        EndReason::Revoked { by: person("bob"), reason: said(words, 4_000) },
        EndReason::Offboarded,
        EndReason::Panic,
        EndReason::Failed { code: words.to_owned() },
        EndReason::Drifted { differences: vec![words.to_owned()] },
        EndReason::Finding { rule: words.to_owned() },
    ]
}

/// What was done, as the record says it.
pub(super) fn summarised(text: &str, copies: usize) -> Activity {
    let times = u64::try_from(copies).unwrap();
    Activity {
        completeness: Completeness::Provisional,
        calls: times,
        reads: times / 2,
        denied: times / 3,
        after_end: times / 4,
        findings: times / 5,
        top: vec![Often { name: text.to_owned(), times }; copies.min(5)],
        data_events: copies % 2 == 1,
        gaps: vec![text.to_owned(); copies.min(10)],
        digest: request_saying(text, text, 1).digest(),
    }
}

/// Something odd, about `subject`.
pub(super) fn finding(subject: &str) -> Finding {
    Finding {
        rule: "outside_actions".to_owned(),
        severity: Severity::High,
        subject: subject.to_owned(),
        reason: subject.to_owned(),
        at: time("2026-11-20T19:10:00Z"),
        evidence: vec![subject.to_owned()],
    }
}

pub(super) fn phases(words: &str) -> Vec<Phase> {
    let note = Some(said(words, 500));
    let with_note = |id| Approval { note: note.clone(), after_seconds: Some(2), ..approval(id) };
    let (approvals, plan, at) =
        (vec![with_note("bob"), with_note("dave")], Plan { window: window() }, time("2026-11-20T19:10:00Z"));
    let provisioning = |failures| Phase::Provisioning {
        approvals: approvals.clone(),
        plan: plan.clone(),
        failures,
        next_attempt_at: at,
    };
    let active = |warned| Phase::Active { approvals: approvals.clone(), plan: plan.clone(), at, issued: 0, warned };
    let mut phases = vec![
        Phase::Pending { approvals: vec![], lapses_at: at, reminded: 0, reminded_at: None },
        Phase::Pending { approvals: approvals.clone(), lapses_at: at, reminded: 1, reminded_at: None },
        Phase::Approved { approvals: approvals.clone(), at },
        Phase::Approved { approvals: vec![], at },
        provisioning(0),
        provisioning(1),
        provisioning(3),
        active(false),
        active(true),
        Phase::Denied { by: Some(person("carol")), reason: Reason::Said(said(words, 4_000)), at },
        Phase::Denied { by: None, reason: Reason::Policy(words.to_owned()), at },
        Phase::Cancelled { at, reason: None },
        Phase::Cancelled { at, reason: Some(EndReason::Offboarded) },
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
            failures: 2,
            next_attempt_at: at,
        });
        let evidence = Evidence { findings: vec![words.to_owned()], ..evidence() };
        for verification in [unproven(false), unproven(true), Verification::Verified { evidence: evidence.clone() }] {
            phases.push(Phase::Ended {
                approvals: approvals.clone(),
                plan: plan.clone(),
                reason: again.clone(),
                at,
                evidence: evidence.clone(),
                residue: None,
                issued: 0,
                since: Some(at),
                verification,
            });
        }
    }
    phases
}

/// A request that says `words` wherever a requester can, and `text` wherever the operators can.
pub(super) fn request_saying(words: &str, text: &str, copies: usize) -> Request {
    let mut facts = facts();
    for reason in &mut facts.risk.reasons {
        reason.sentence = words.to_owned();
    }
    let one = facts.risk.reasons.first().cloned().unwrap();
    facts.risk.reasons.extend(vec![one; copies.min(20)]);
    let groups = vec!["orders-oncall".parse().unwrap(); copies.max(1)];
    let reminder =
        Reminder { after_seconds: 600, groups: groups.clone(), channel: Some("C0ESCALATE".parse().unwrap()) };
    Request::new(RequestFacts {
        justification: said(words, 4_000),
        permissions: vec![words.to_owned(); copies],
        resources: vec![words.to_owned(); copies],
        source_ips: vec![words.to_owned(); copies],
        may_outlive: vec![words.to_owned(); copies],
        environment: text.to_owned(),
        quorum: Quorum { needed: 2, groups },
        notices: Notices { directly: true, reminders: vec![reminder; copies.min(8)], warn_before_seconds: 300 },
        ..facts
    })
}

fn states(words: &str, text: &str, copies: usize) -> Vec<State> {
    let request = request_saying(words, text, copies);
    let narrowed = Narrowed {
        by: person("carol"),
        at: time("2026-11-20T19:04:00Z"),
        times: 1,
        permissions: vec![words.to_owned(); copies.saturating_sub(1).max(1)],
        resources: vec![words.to_owned(); copies],
        duration_seconds: 900,
    };
    let of = |narrowed: Option<Box<Narrowed>>| {
        let request = request.clone();
        phases(words).into_iter().map(move |phase| State {
            request: request.clone(),
            phase,
            refusals: 0,
            narrowed: narrowed.clone(),
            known: Known { last: Some(Box::new(summarised(text, copies))), ..Known::default() },
        })
    };
    of(None).chain(of(Some(Box::new(narrowed)))).collect()
}

fn refusals(text: &str) -> Vec<Refusal> {
    let (status, at) = (Status::Active, time("2026-11-20T19:10:00Z"));
    vec![
        Refusal::SelfApproval,
        Refusal::NotPermitted { action: "revoke" },
        Refusal::AlreadyApproved,
        Refusal::AlreadyDecided { status },
        Refusal::Lapsed { at },
        Refusal::NotCancellable { status },
        Refusal::NotRevocable { status },
        Refusal::PolicyChanged,
        Refusal::StaleDigest,
        Refusal::RecordNotAnchored,
        Refusal::NotNarrower(NotNarrower::Outside(text.to_owned())),
        Refusal::OwnIdentity { role: text.to_owned() },
    ]
}

pub(super) fn messages(words: &str, text: &str, copies: usize) -> Vec<Message> {
    let request = request_saying(words, text, copies);
    let (bob, many) = (person("bob"), vec![person("dave"); copies.max(1)]);
    let channel: SlackChannel = "C0APPROVALS".parse().unwrap();
    let groups = vec!["orders-oncall".parse().unwrap(); copies.max(1)];
    let approvals = [approval("bob"), approval("dave")];
    let field = FieldError { field: "durationSeconds", code: "invalid_duration", message: words.to_owned() };
    let evidence = Evidence { findings: vec![words.to_owned(); copies], ..evidence() };
    let at = time("2026-11-20T19:10:00Z");
    let mut messages = vec![
        requester::approved(&request, &[], &names),
        requester::approved(&request, &approvals, &names),
        requester::denied(&request, Some(&bob), words, &names),
        requester::denied(&request, None, words, &names),
        requester::cancelled(&request),
        requester::lapsed(&request),
        requester::delayed(&request, at),
        requester::unverified(&request, text),
        thread::unverified(text),
        thread::deny_drifted(&vec![text.to_owned(); copies]),
        thread::countersigned(&request, &approvals, &names),
        thread::approved(&[], &names),
        thread::approved(&approvals, &names),
        thread::denied(Some(&bob), words, &names),
        thread::denied(None, words, &names),
        thread::cancelled(None, &names),
        thread::lapsed(),
        thread::reminder(1, &[], at, &names),
        thread::reminder(7, &many, at, &names),
        thread::escalated(&groups, &many, &names),
        thread::active(window()),
        thread::unreachable(Target::Channel(&channel), text, &names),
        thread::unreachable(Target::Person(&bob), text, &names),
        activity::summary(&summarised(text, copies)),
        activity::found(&request, &finding(words), &names),
        activity::found(&request, &finding("s3:GetObject"), &names),
        answer::entitlements([]),
        answer::entitlements(&vec![entitlement(text); copies]),
        answer::not_done("unknown_person", "the catalog does not know you"),
        answer::field_errors(&vec![field; copies]),
        answer::help(),
    ];
    for reason in reasons(words) {
        messages.push(requester::revocation_started(&request, &reason, &names));
        messages.push(requester::stopped(&request, &reason, &names));
        messages.push(thread::ending(&reason, &names));
        messages.push(thread::ended(&reason, &evidence, &names));
    }
    let unusual = vec![text.to_owned(); copies];
    for (index, state) in states(words, text, copies).into_iter().enumerate() {
        let of = Card { state: &state, unusual: &unusual, names: &names };
        messages.extend([card(&of), card(&Card { unusual: &[], ..of })]);
        messages.push(approver::reminder(&state, &names));
        messages.push(requester::asked(&state, &many, &names));
        messages.push(requester::asked(&state, &[], &names));
        messages.push(requester::access(&state, &names));
        messages.push(requester::warning(&state, &names));
        messages.push(requester::ended(&state, &names));
        messages.extend(requester::narrowed(&state, &names));
        messages.extend(thread::narrowed(&state, &many, &names));
        messages.push(answer::status(&state, &names));
        messages.extend(Action::ALL.map(|action| answer::done(action, &state, &names)));
        let refusals = refusals(text);
        let refusal = refusals.iter().cycle().nth(index).unwrap();
        messages.push(answer::too_late(refusal, &state, &names));
        let own = State { request: role_request(), ..state };
        messages.push(requester::access(&own, &names));
    }
    messages.extend(refusals(text).iter().map(|refusal| answer::refusal(refusal, &request.id)));
    messages.extend(Status::ALL.map(|status| answer::accepted(&request, status)));
    messages
}

fn previews(words: &str, copies: usize) -> Vec<Result<Preview, Vec<FieldError>>> {
    let mut risk = assess(&RiskInput {
        actions: &["dynamodb:*"],
        resources: &["*"],
        environment: "prod",
        duration_seconds: 7_200,
    });
    for reason in &mut risk.reasons {
        reason.sentence = words.to_owned();
    }
    let of = |needed, refused, countersigners| {
        Ok(Preview { risk: risk.clone(), quorum: Quorum { needed, groups: vec![] }, countersigners, refused })
    };
    let error = FieldError { field: "resources", code: "invalid_resources", message: words.to_owned() };
    vec![
        of(0, false, vec![]),
        of(2, false, vec![person("bob"); copies]),
        of(1, true, vec![]),
        Err(vec![error; copies.max(1)]),
    ]
}

/// The entitlement with patterns that cannot be chosen from a menu, or more than it holds.
fn entitlements(text: &str, copies: usize) -> Vec<Entitlement> {
    let plain = entitlement(text);
    let listed: Vec<String> = (0..copies).map(|n| format!("{n}{text}")).collect();
    let wide = Entitlement { permissions: vec!["s3:*".to_owned()], resources: listed.clone(), ..plain.clone() };
    let long = Entitlement { permissions: listed, max_duration_seconds: 65, ticket_required: false, ..plain.clone() };
    vec![plain, wide, long]
}

pub(super) fn views(words: &str, text: &str, copies: usize) -> Vec<View> {
    let request = request_saying(words, text, copies);
    let many = vec![person("dave"); copies];
    let mut views = vec![
        ask::loading(),
        ask::choose(None),
        ask::choose(Some(&entitlement(text))),
        extend::view(&request, &entitlement(text)),
        home::unavailable("the catalog does not know you"),
    ];
    views.extend(
        refusals(text).iter().map(|refusal| notice::view("Countersign", &answer::refusal(refusal, &request.id))),
    );
    views.extend(Status::ALL.map(|status| ask::sent(&request, status, &many, &names)));
    let selections =
        [Selection::All, Selection::Chosen(vec![words.to_owned(); copies]), Selection::Written(words.to_owned())];
    let mut selections = selections.into_iter().cycle();
    for preview in previews(words, copies) {
        for entitlement in entitlements(text, copies) {
            let form = AskForm {
                entitlement: Some(words.to_owned()),
                duration_seconds: Some(2_700),
                permissions: selections.next().unwrap(),
                resources: selections.next().unwrap(),
                ticket: Some(words.to_owned()),
                justification: Some(words.to_owned()),
            };
            let of = ask::AskView { entitlement: &entitlement, form: &form, preview: &preview, names: &names };
            views.push(ask::form(&of));
        }
    }
    let states = states(words, text, copies);
    let rules = vec![text.to_owned(); copies];
    let role = Request::new(RequestFacts {
        mechanism: Mechanism::Role {
            principals: vec!["arn:aws:iam::111111111111:user/alice".parse().unwrap(); copies],
            mfa: true,
        },
        ..(*request).clone()
    });
    for state in &states {
        views.extend([approve::view(state, &names), deny::view(state, &names)]);
        views.push(details::view(&Details { state, rules: &rules, names: &names }));
    }
    let own = State { request: role, ..states.first().unwrap().clone() };
    views.push(details::view(&Details { state: &own, rules: &[], names: &names }));
    let (own, offered) = (entitlement(text), entitlement(text));
    for (count, more) in [(0, false), (copies, false), (copies, true)] {
        let shown: Vec<&State> = states.iter().cycle().take(count.min(30)).collect();
        let allowed: Vec<&Entitlement> = [&own, &offered].into_iter().cycle().take(count).collect();
        views.push(home::view(&Home {
            person: &request.requester,
            mine: &shown,
            waiting: &shown,
            more_waiting: more,
            allowed: &allowed,
            more_mine: more,
            now: request.submitted_at,
            names: &names,
        }));
    }
    views
}
