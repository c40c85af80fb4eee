//! What was noticed of the activity of a grant: into the record once, ending it if that is asked for.

use super::*;
use crate::activity::{
    Activity, Completeness, FINDINGS_RECORDED, Finding, Often, REPORTED_FOR, RUNS_RECORDED, Run, RunPhase,
    SUMMARIES_RECORDED, Severity,
};
use crate::request::Status;

pub(super) fn finding(at: Time) -> Finding {
    Finding {
        rule: "outside_actions".to_owned(),
        severity: Severity::High,
        subject: "s3:DeleteBucket".to_owned(),
        reason: "it was not granted".to_owned(),
        at,
        evidence: vec!["11111111-2222-3333-4444-555555555555".to_owned()],
    }
}

pub(super) fn activity(completeness: Completeness, calls: u64) -> Activity {
    Activity {
        completeness,
        calls,
        reads: calls,
        denied: 0,
        after_end: 0,
        findings: 0,
        top: vec![Often { name: "s3:ListBuckets".to_owned(), times: calls }],
        data_events: false,
        gaps: Vec::new(),
        digest: facts_digest(),
    }
}

pub(super) fn run() -> Run {
    Run {
        tool: "terraform".to_owned(),
        phase: RunPhase::Plan,
        exit_code: 0,
        created: 1,
        changed: 0,
        destroyed: 0,
        digest: facts_digest(),
    }
}

fn facts_digest() -> crate::digest::Digest {
    request(|_| {}).digest()
}

fn note(finding: Finding, end: bool) -> Command {
    Command::NoteFinding { finding: Box::new(finding), end }
}

fn said(state: &State, command: &Command) -> Vec<&'static str> {
    let now = state.request.submitted_at.plus(60);
    names(state, command, now)
}

#[test]
fn a_finding_is_recorded_once_and_again_if_it_matters_more() {
    let state = active(|_| {});
    let at = state.request.submitted_at.plus(60);
    let once = step(&state, &note(finding(at), false), at);
    assert_eq!(once.status(), Status::Active);
    assert!(said(&once, &note(finding(at), false)).is_empty());
    let worse = Finding { severity: Severity::Critical, ..finding(at) };
    assert_eq!(said(&once, &note(worse, false)), ["activityFinding"]);
}

/// Whoever noted it may have died before it was ended.
#[test]
fn a_finding_that_ends_a_grant_ends_it_also_when_it_is_known() {
    let state = active(|_| {});
    let at = state.request.submitted_at.plus(60);
    let known = step(&state, &note(finding(at), false), at);
    let ended = decide(&known, &note(finding(at), true), at).unwrap();
    assert_eq!(ended.events.iter().map(Event::name).collect::<Vec<_>>(), ["revocationStarted"]);
    let Phase::Revoking { reason, .. } = &ended.next.phase else { panic!("it goes on") };
    assert_eq!(*reason, EndReason::Finding { rule: "outside_actions".to_owned() });
    let again = decide(&ended.next, &note(finding(at), true), at).unwrap();
    assert!(again.events.is_empty() && again.effects == ended.effects, "resumed");
    let beside = decide(&ended.next, &note(finding(at), false), at).unwrap();
    assert!(beside.events.is_empty() && beside.effects.is_empty(), "what asks for no end resumes none");
}

/// What the API says is the word of the record.
#[test]
fn the_reason_of_an_end_is_the_same_word_everywhere() {
    let word = |reason: &EndReason| serde_json::to_value(reason).unwrap()["kind"].clone();
    for reason in [
        EndReason::Expired,
        EndReason::Revoked { by: crate::samples::person("bob"), reason: words("x") },
        EndReason::Offboarded,
        EndReason::Panic,
        EndReason::Failed { code: "x".to_owned() },
        EndReason::Drifted { differences: Vec::new() },
        EndReason::Finding { rule: "x".to_owned() },
    ] {
        assert_eq!(word(&reason), reason.as_str());
    }
}

#[test]
fn a_record_takes_only_so_many() {
    let mut state = active(|_| {});
    let at = state.request.submitted_at.plus(60);
    for number in 0..FINDINGS_RECORDED + 5 {
        let other = Finding { subject: format!("s3:Call{number}"), ..finding(at) };
        state = step(&state, &note(other, false), at);
    }
    assert_eq!(state.known.findings.len(), FINDINGS_RECORDED);
    for calls in 0..u64::from(SUMMARIES_RECORDED) + 5 {
        state =
            step(&state, &Command::NoteActivity { activity: Box::new(activity(Completeness::Provisional, calls)) }, at);
    }
    assert_eq!(state.known.summaries, SUMMARIES_RECORDED - 1, "the last place is for what is final");
    let last = Command::NoteActivity { activity: Box::new(activity(Completeness::Final, 99)) };
    assert_eq!(said(&state, &last), ["activitySummarised"]);
}

#[test]
fn a_summary_says_something_new_and_never_less() {
    let state = active(|_| {});
    let at = state.request.submitted_at.plus(60);
    let of = |completeness, calls| Command::NoteActivity { activity: Box::new(activity(completeness, calls)) };
    let state = step(&state, &of(Completeness::Provisional, 7), at);
    assert!(said(&state, &of(Completeness::Provisional, 7)).is_empty(), "the same");
    assert!(said(&state, &of(Completeness::Provisional, 6)).is_empty(), "an older one, late");
    assert!(said(&state, &of(Completeness::Collecting, 8)).is_empty(), "less complete");
    assert_eq!(said(&state, &of(Completeness::Provisional, 8)), ["activitySummarised"]);
    assert_eq!(said(&state, &of(Completeness::Final, 7)), ["activitySummarised"]);
}

#[test]
fn a_run_is_the_requesters_word_once_and_not_for_ever() {
    let report =
        |by: &str, exit_code| Command::ReportRun { by: by_slack(by), run: Box::new(Run { exit_code, ..run() }) };
    let state = active(|_| {});
    let at = state.request.submitted_at.plus(60);
    assert_eq!(decide(&state, &report("bob", 0), at).unwrap_err().code(), "not_the_requester");
    let mut state = step(&state, &report("alice", 0), at);
    assert!(said(&state, &report("alice", 0)).is_empty(), "once");
    assert_eq!(said(&state, &report("alice", 1)), ["runReported"]);
    for code in 0..100 {
        state = step(&state, &report("alice", code), at);
    }
    assert_eq!(state.known.runs.len(), RUNS_RECORDED);
    let over = step(&step(&state, &revoke("bob"), at), &Command::PlaceTombstone, at);
    let ended = step(&over, &Command::End { evidence: evidence(at) }, at.plus(QUARANTINE));
    let late = at.plus(QUARANTINE + REPORTED_FOR + 1);
    assert_eq!(decide(&ended, &report("alice", 200), late).unwrap_err().code(), "not_active");
}

#[test]
fn what_never_was_access_has_no_activity() {
    let request = request(|_| {});
    let now = request.submitted_at;
    let pending = submit(request, &needs_approvals(), now).next;
    let activity = activity(Completeness::Final, 1);
    let run = Event::RunReported { run: run() };
    for event in [Event::ActivityFinding { finding: finding(now) }, Event::ActivitySummarised { activity }, run] {
        assert!(evolve(Some(pending.clone()), &event, now).is_err(), "{}", event.name());
    }
}
