//! A record that was cut, reordered or edited does not rebuild to a state.

use super::*;
use crate::samples::person;
use crate::terms::Terms;
use crate::time::Window;

fn vote(request: &Request, by: &str) -> Event {
    Event::ApprovalGiven {
        person: person(by),
        digest: request.digest(),
        rules: Vec::new(),
        after_seconds: None,
        note: None,
    }
}

fn approved(by: &[&str]) -> Event {
    Event::RequestApproved { approvers: by.iter().map(|by| person(by)).collect(), rules: Vec::new() }
}

fn fold(request: &Request, events: &[Event]) -> Result<State, Inconsistent> {
    let submitted = Event::RequestSubmitted { request: Box::new(request.clone()), rules: Vec::new() };
    let start = evolve(None, &submitted, request.submitted_at)?;
    events.iter().try_fold(start, |state, event| evolve(Some(state), event, request.submitted_at))
}

#[test]
fn a_record_begins_with_the_request_and_holds_it_once() {
    let request = request(|_| {});
    let submitted = Event::RequestSubmitted { request: Box::new(request.clone()), rules: Vec::new() };
    assert!(evolve(None, &vote(&request, "bob"), request.submitted_at).is_err());
    assert!(fold(&request, &[submitted]).is_err());
}

#[test]
fn votes_that_do_not_count_are_not_in_a_record() {
    let request = request(|facts| facts.quorum.needed = 2);
    let stale = Event::ApprovalGiven {
        person: person("bob"),
        digest: request.judged.policy,
        rules: Vec::new(),
        after_seconds: None,
        note: None,
    };
    assert!(fold(&request, &[vote(&request, "bob"), vote(&request, "carol")]).is_ok());
    assert!(fold(&request, &[vote(&request, "alice")]).is_err(), "the requester's");
    assert!(fold(&request, &[vote(&request, "bob"), vote(&request, "bob")]).is_err(), "one person's second");
    assert!(fold(&request, &[stale]).is_err(), "of another digest");
}

#[test]
fn an_approval_rests_on_its_votes() {
    let request = request(|facts| facts.quorum.needed = 2);
    let (bob, carol) = (vote(&request, "bob"), vote(&request, "carol"));
    assert!(fold(&request, &[bob.clone(), carol.clone(), approved(&["bob", "carol"])]).is_ok());
    assert!(fold(&request, &[approved(&[])]).is_err(), "none");
    assert!(fold(&request, &[bob.clone(), approved(&["bob"])]).is_err(), "too few");
    assert!(fold(&request, &[bob.clone(), approved(&["bob", "carol"])]).is_err(), "one that nobody gave");
    assert!(fold(&request, &[bob, carol, approved(&["bob", "dave"])]).is_err(), "somebody else's");
}

#[test]
fn policy_alone_approves_only_what_takes_no_votes() {
    assert!(fold(&request(|facts| facts.quorum.needed = 0), &[approved(&[])]).is_ok());
    assert!(fold(&request(|facts| facts.quorum.needed = 1), &[approved(&[])]).is_err());
}

/// Each thing that is wrong with it is enough.
#[test]
fn a_narrowing_is_what_it_says_by_somebody_else_and_asks_all_again() {
    let request = request(|facts| facts.quorum.needed = 3);
    let fold = |narrowing: &Event| fold(&request, &[vote(&request, "bob"), narrowing.clone()]);
    let shorter = |seconds: u64, by: &str, asked_again: &[&str]| {
        let wanted = Narrower { duration_seconds: Some(seconds), ..Narrower::default() };
        let narrowed = Terms::as_asked(&request).narrow(&wanted, &person(by), request.submitted_at).unwrap().unwrap();
        let digest = Terms { request: &request, narrowed: Some(&narrowed) }.digest();
        Event::TermsNarrowed {
            by: person(by),
            permissions: narrowed.permissions,
            resources: narrowed.resources,
            duration_seconds: narrowed.duration_seconds,
            digest,
            superseded: asked_again.iter().map(|name| person(name)).collect(),
        }
    };
    let sound = shorter(600, "carol", &["bob"]);
    assert_eq!(fold(&sound).unwrap().terms().duration_seconds(), 600);
    let mut of_another = sound;
    if let (Event::TermsNarrowed { digest, .. }, Event::TermsNarrowed { digest: other, .. }) =
        (&mut of_another, shorter(601, "carol", &["bob"]))
    {
        *digest = other;
    }
    assert!(fold(&of_another).is_err(), "of another digest");
    assert!(fold(&shorter(600, "alice", &["bob"])).is_err(), "the requester's");
    assert!(fold(&shorter(600, "carol", &[])).is_err(), "a vote for more goes on counting");
    assert!(fold(&shorter(600, "carol", &["bob", "dave"])).is_err(), "one that nobody gave");
}

#[test]
fn a_window_is_as_long_as_was_asked_for() {
    let request = request(|facts| facts.quorum.needed = 0);
    let start = |seconds| Event::ProvisioningStarted {
        plan: Plan { window: Window::starting(request.submitted_at, seconds).unwrap() },
    };
    assert!(fold(&request, &[approved(&[]), start(request.duration_seconds)]).is_ok());
    assert!(fold(&request, &[approved(&[]), start(request.duration_seconds + 1)]).is_err());
}

/// Cutting any event but a refused attempt out of a life, or swapping two, is noticed.
#[test]
fn a_life_holds_together() {
    let request = request(|_| {});
    let now = request.submitted_at;
    let window = Window::starting(now, request.duration_seconds).unwrap();
    let life = [
        vote(&request, "bob"),
        approved(&["bob"]),
        Event::ProvisioningStarted { plan: Plan { window } },
        Event::GrantActivated { evidence: evidence(now) },
        Event::RevocationStarted { reason: EndReason::Panic },
        Event::TombstonePlaced { quarantine_until: now.plus(45) },
        Event::GrantEnded {
            reason: EndReason::Panic,
            evidence: evidence(now),
            tombstone_until: Some(window.expires_at()),
        },
        Event::TombstoneRemoved {},
    ];
    assert!(fold(&request, &life).is_ok());
    for at in 0..life.len() - 1 {
        let mut swapped = life.to_vec();
        swapped.swap(at, at + 1);
        assert!(fold(&request, &swapped).is_err(), "{} swapped with the next", life[at].name());
        // An ending from `provisioning`, and one without a deny, exist; all else is needed.
        if !["grantActivated", "tombstonePlaced"].contains(&life[at].name()) {
            let mut cut = life.to_vec();
            cut.remove(at);
            assert!(fold(&request, &cut).is_err(), "{} cut out", life[at].name());
        }
    }
}
