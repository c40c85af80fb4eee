//! A state that was written past the state machine shows it.

use super::*;
use crate::activity::Known;
use crate::samples::noon;
use crate::time::Window;

/// Bob's and carol's countersignatures of a request that takes two.
fn votes(request: &Request) -> Vec<Approval> {
    let of = |person: &str| Approval {
        person: person.parse().unwrap(),
        digest: request.digest(),
        at: noon(),
        after_seconds: None,
        note: None,
    };
    vec![of("bob"), of("carol")]
}

/// The request in every phase that rests on countersignatures.
fn beyond(request: &Request, approvals: &[Approval], seconds: u64) -> Vec<State> {
    let (approvals, at) = (|| approvals.to_vec(), noon());
    let plan = || Plan { window: Window::starting(noon(), seconds).unwrap() };
    let reason = || EndReason::Expired;
    [
        Phase::Approved { approvals: approvals(), at },
        Phase::Provisioning { approvals: approvals(), plan: plan(), failures: 0, next_attempt_at: at },
        Phase::Active { approvals: approvals(), plan: plan(), at, issued: 0, warned: false },
        Phase::Revoking {
            approvals: approvals(),
            plan: plan(),
            issued: 0,
            reason: reason(),
            since: at,
            quarantine_until: None,
            failures: 0,
            next_attempt_at: at,
        },
        Phase::Ended {
            approvals: approvals(),
            plan: plan(),
            reason: reason(),
            at,
            evidence: evidence(at),
            residue: None,
            issued: 0,
            since: Some(at),
            verification: Verification::default(),
        },
    ]
    .into_iter()
    .map(|phase| State { request: request.clone(), phase, refusals: 0, narrowed: None, known: Known::default() })
    .collect()
}

#[track_caller]
fn all(states: &[State], expected: Result<(), Unsound>) {
    for state in states {
        assert_eq!(state.check(), expected, "{}", state.status());
    }
}

#[test]
fn each_rule_is_kept_in_every_phase() {
    let request = request(|facts| facts.quorum.needed = 2);
    let seconds = request.duration_seconds;
    let good = votes(&request);
    all(&beyond(&request, &good, seconds), Ok(()));

    all(&beyond(&request, &[], seconds), Err(Unsound::TooFewApprovals));
    all(&beyond(&request, &good[..1], seconds), Err(Unsound::TooFewApprovals));
    let twice = [good[0].clone(), good[0].clone()];
    all(&beyond(&request, &twice, seconds), Err(Unsound::TooFewApprovals));

    let mut own = good.clone();
    own[1].person = request.requester.clone();
    all(&beyond(&request, &own, seconds), Err(Unsound::OwnApproval));

    let mut other = good.clone();
    other[1].digest = request.judged.policy;
    all(&beyond(&request, &other, seconds), Err(Unsound::OtherDigest));

    for wrong in [seconds - 1, seconds + 1] {
        let states = beyond(&request, &good, wrong);
        all(&states[..1], Ok(()));
        all(&states[1..], Err(Unsound::OtherWindow));
    }
}

#[test]
fn policy_approves_by_itself_where_nobody_is_needed() {
    let request = request(|facts| facts.quorum.needed = 0);
    let seconds = request.duration_seconds;
    all(&beyond(&request, &[], seconds), Ok(()));
    let mut own = votes(&request);
    own[0].person = request.requester.clone();
    all(&beyond(&request, &own, seconds), Err(Unsound::OwnApproval));
}

#[test]
fn what_never_became_access_rests_on_nothing() {
    let request = request(|facts| facts.quorum.needed = 2);
    let pending =
        Phase::Pending { approvals: votes(&request)[..1].to_vec(), reminded: 0, reminded_at: None, lapses_at: noon() };
    for phase in [pending, Phase::Cancelled { at: noon(), reason: None }, Phase::Lapsed { at: noon() }] {
        assert_eq!(
            State { request: request.clone(), phase, refusals: 0, narrowed: None, known: Known::default() }.check(),
            Ok(())
        );
    }
}
