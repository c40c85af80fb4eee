//! What is bounded, and where exactly.

use super::*;
use crate::refusal::Refusal;
use crate::request::Status;

#[test]
fn refused_attempts_are_recorded_up_to_a_bound_and_change_nothing_else() {
    let start = active(|_| {});
    let mut state = start.clone();
    let note = Command::NoteRefusal { command: "approve".to_owned(), code: "self_approval".to_owned() };
    let mut recorded = 0;
    for _ in 0..REFUSALS_RECORDED + 100 {
        let transition = decide(&state, &note, start.request.submitted_at).unwrap();
        recorded += transition.events.len();
        assert_eq!(transition.next.phase, start.phase);
        state = transition.next;
    }
    assert_eq!(recorded, usize::try_from(REFUSALS_RECORDED).unwrap());
}

#[test]
fn credentials_of_one_grant_are_counted() {
    let mut state = active(|_| {});
    let now = state.request.submitted_at.plus(30);
    let ask = Command::RequestCredentials { by: by_slack("alice") };
    for _ in 0..CREDENTIALS_PER_GRANT {
        state = step(&state, &ask, now);
    }
    assert_eq!(decide(&state, &ask, now).unwrap_err().code(), "not_permitted");
}

#[test]
fn credentials_take_a_second_factor_where_the_entitlement_asks_for_it() {
    let state = active(|facts| facts.mfa_at_door = true);
    let now = state.request.submitted_at.plus(30);
    let without = by_slack("alice");
    let with = Actor { mfa: true, ..without.clone() };
    assert_eq!(decide(&state, &Command::RequestCredentials { by: without }, now), Err(Refusal::MfaRequired));
    let transition = decide(&state, &Command::RequestCredentials { by: with }, now).unwrap();
    assert_eq!(transition.effects, [Effect::AssumeBaseRole]);
}

#[test]
fn access_starts_and_stops_to_the_second() {
    let state = active(|_| {});
    let window = state.plan().unwrap().window;
    let ask = Command::RequestCredentials { by: by_slack("alice") };
    let last = before(window.expires_at(), 1);
    assert!(decide(&state, &ask, window.starts_at()).is_ok());
    assert!(decide(&state, &ask, last).is_ok());
    assert!(decide(&state, &ask, window.expires_at()).is_err());
    let expired = Command::StartRevocation { reason: EndReason::Expired };
    assert_eq!(decide(&state, &expired, last), Err(Refusal::TooEarly { at: window.expires_at() }));
    assert!(decide(&state, &expired, window.expires_at()).is_ok());
}

#[test]
fn an_end_is_announced_from_the_second_that_was_set() {
    let state = active(|_| {});
    let window = state.plan().unwrap().window;
    let at = state.request.notices.warning_at(window).unwrap();
    assert_eq!(decide(&state, &Command::Warn, before(at, 1)), Err(Refusal::TooEarly { at }));
    assert_eq!(names(&state, &Command::Warn, at), ["expiryAnnounced"]);
}

#[test]
fn votes_count_until_the_second_before_it_lapses() {
    let request = request(|_| {});
    let pending = submit(request.clone(), &needs_approvals(), request.submitted_at).next;
    let lapses = request.submitted_at.plus(request.approval_window_seconds);
    let before = request.submitted_at.plus(request.approval_window_seconds - 1);
    assert!(decide(&pending, &approve(&request, "bob"), before).is_ok());
    assert_eq!(decide(&pending, &approve(&request, "bob"), lapses), Err(Refusal::Lapsed { at: lapses }));
    assert_eq!(decide(&pending, &Command::Lapse, before), Err(Refusal::TooEarly { at: lapses }));
    assert!(decide(&pending, &Command::Lapse, lapses).is_ok());
}

#[test]
fn making_access_is_given_up_after_its_attempts_and_unmade() {
    let request = request(|_| {});
    let now = request.submitted_at;
    let approved = step(&submit(request.clone(), &needs_approvals(), now).next, &approve(&request, "bob"), now);
    let mut state = step(&approved, &Command::StartProvisioning, now);
    let fail = Command::ProvisioningFailed { code: "throttled".to_owned() };
    for _ in 1..PROVISIONING_ATTEMPTS {
        state = step(&state, &fail, now);
        assert_eq!(state.status().as_str(), "provisioning");
    }
    let given_up = decide(&state, &fail, now).unwrap();
    assert_eq!(given_up.next.status().as_str(), "revoking");
    assert_eq!(given_up.effects, [Effect::PlaceTombstone, Effect::DisarmRevocation, Effect::RemoveAccess]);
}

/// Where making access turns from going on to giving up.
#[test]
fn access_is_made_while_what_was_countersigned_is_fresh_and_there_is_time_for_it() {
    let request = request(|_| {});
    let at = |seconds| request.submitted_at.plus(seconds);
    let start = Command::StartProvisioning;
    let approved = step(&submit(request.clone(), &needs_approvals(), at(0)).next, &approve(&request, "bob"), at(10));
    assert_eq!(names(&approved, &start, at(10 + APPROVAL_LIFETIME)), ["provisioningStarted"]);
    assert_eq!(names(&approved, &start, at(11 + APPROVAL_LIFETIME)), ["requestLapsed"]);

    let making = step(&approved, &start, at(20));
    let over = making.plan().unwrap().window.expires_at();
    let margin = i64::try_from(SCHEDULE_MARGIN).unwrap();
    assert!(names(&making, &start, before(over, margin)).is_empty(), "resumed");
    assert_eq!(names(&making, &start, before(over, margin - 1)), ["revocationStarted"]);
    let failed = Command::ProvisioningFailed { code: "throttled".to_owned() };
    let again = margin + i64::try_from(backoff(1)).unwrap();
    assert_eq!(names(&making, &failed, before(over, again)), ["provisioningAttemptFailed"]);
    assert_eq!(names(&making, &failed, before(over, again - 1)), ["revocationStarted"]);
    let made = Command::Activate { evidence: evidence(at(30)) };
    assert_eq!(names(&making, &made, before(over, 1)), ["grantActivated"]);
    assert_eq!(decide(&making, &made, over).unwrap_err().code(), "overtaken");
}

#[test]
fn ending_access_is_never_given_up() {
    let mut state = step(&active(|_| {}), &revoke("bob"), crate::samples::noon().plus(40));
    let mut now = state.request.submitted_at.plus(40);
    for attempt in 1..200 {
        now = state.due_at().unwrap();
        state = step(&state, &Command::RevocationFailed { code: "throttled".to_owned() }, now);
        assert_eq!(state.status().as_str(), "revoking");
        let pause = now.seconds_until(state.due_at().unwrap());
        assert_eq!(pause, backoff(attempt));
        assert!((1..=LONGEST_BACKOFF).contains(&pause));
    }
    assert!(now > state.plan().unwrap().window.expires_at());
}

/// Nobody can make denies pile up on a shared base role by ending grants that were never used.
#[test]
fn a_grant_without_sessions_ends_without_a_deny() {
    let unused = active(|_| {});
    let now = unused.request.submitted_at.plus(40);
    let used = step(&unused, &Command::RequestCredentials { by: by_slack("alice") }, now);
    let end = Command::End { evidence: evidence(now) };

    let revoking = step(&unused, &revoke("alice"), now);
    let ended = step(&revoking, &end, now);
    assert!(matches!(ended.phase, Phase::Ended { residue: None, .. }), "nothing is left of it");
    let verified = step(&ended, &Command::Verify { evidence: evidence(now) }, now);
    assert_eq!(verified.due_at(), None);
    // None come later: the one thing that would make a session is refused from here on.
    for state in [&revoking, &ended] {
        let late = decide(state, &Command::RequestCredentials { by: by_slack("alice") }, now);
        assert_eq!(late.unwrap_err().code(), "not_active");
    }

    // With a session the deny has to be there, through failures as well.
    let revoking = step(&used, &revoke("alice"), now);
    let failed = step(&revoking, &Command::RevocationFailed { code: "throttled".to_owned() }, now);
    for state in [&revoking, &failed] {
        assert_eq!(decide(state, &end, now).unwrap_err().code(), "overtaken");
    }
    let denied = step(&failed, &Command::PlaceTombstone, now);
    let ended = step(&denied, &end, now);
    assert!(matches!(ended.phase, Phase::Ended { residue: Some(_), .. }));

    // A role is closed even if it was not made: a slow worker may be about to.
    let role = active(|facts| facts.mechanism = role_mechanism());
    assert_eq!(decide(&step(&role, &revoke("alice"), now), &end, now).unwrap_err().code(), "overtaken");
}

/// Before the end of the window an end takes a deny in place; from there on the seal is one. Only who ended early leaves it.
#[test]
fn what_an_end_waits_for_turns_with_the_window_to_the_second() {
    let policy = facts("legacy-debug").mechanism;
    let end = |at: Time| Command::End { evidence: evidence(at) };
    for mechanism in [facts("orders-db-debug").mechanism, policy.clone()] {
        let active = active(|facts| facts.mechanism = mechanism);
        let now = active.request.submitted_at.plus(40);
        let over = active.plan().unwrap().window.expires_at();
        let last = before(over, 1);
        let used = step(&active, &Command::RequestCredentials { by: by_slack("alice") }, now);
        let early = step(&used, &revoke("bob"), now);
        assert_eq!(decide(&early, &end(last), last).unwrap_err().code(), "overtaken");
        assert!(matches!(step(&early, &end(over), over).phase, Phase::Ended { residue: Some(_), .. }));
        let on_time = step(&used, &Command::StartRevocation { reason: EndReason::Expired }, over);
        assert!(matches!(step(&on_time, &end(over), over).phase, Phase::Ended { residue: None, .. }));
    }
    // Nobody has used it, so that nothing of it is left once the policy is taken out.
    let unused = active(|facts| facts.mechanism = policy);
    let over = unused.plan().unwrap().window.expires_at();
    let last = before(over, 1);
    let early = step(&unused, &revoke("bob"), unused.request.submitted_at.plus(40));
    assert_eq!(decide(&early, &end(last), last).unwrap_err().code(), "overtaken");
    assert!(matches!(step(&early, &end(over), over).phase, Phase::Ended { residue: None, .. }));
}

/// An entitlement whose quorum is 0 is not thereby approved: policy has to say so.
#[test]
fn no_quorum_is_not_an_approval() {
    let request = request(|facts| facts.quorum.needed = 0);
    let now = request.submitted_at;
    let waits = submit(request.clone(), &needs_approvals(), now).next;
    assert_eq!(waits.status().as_str(), "pending");
    assert_eq!(step(&waits, &approve(&request, "bob"), now).status().as_str(), "approved");
    let auto = Decision::AutoApprove { rules: Vec::new() };
    assert_eq!(submit(request, &auto, now).next.status().as_str(), "approved");
}

#[test]
fn policy_alone_never_approves_what_takes_votes() {
    let auto = Decision::AutoApprove { rules: vec!["everything".to_owned()] };
    for needed in 1..=3 {
        let request = request(|facts| facts.quorum.needed = needed);
        assert_eq!(submit(request.clone(), &auto, request.submitted_at).next.status().as_str(), "pending");
    }
}

/// Two approvers: what one narrows counts for them alone; whoever voted before is asked again.
#[test]
fn votes_for_more_do_not_count_for_less() {
    let request = request(|facts| facts.quorum.needed = 2);
    let at = |seconds| request.submitted_at.plus(seconds);
    let pending = submit(request.clone(), &needs_approvals(), at(0)).next;
    let voted = step(&pending, &approve(&request, "bob"), at(10));
    let Command::Approve { by, digest, permission, judged, .. } = approve(&request, "carol") else { panic!() };
    let less = Some(Narrower { duration_seconds: Some(600), ..Narrower::default() });
    let vote = Box::new(Vote { narrower: less, ..Vote::default() });
    let narrowing = Command::Approve { by, digest, permission, judged, vote };
    let transition = decide(&voted, &narrowing, at(20)).unwrap();
    assert!(matches!(&transition.events[0], Event::TermsNarrowed { superseded, .. } if superseded.len() == 1));
    let narrowed = transition.next;
    let given = |state: &State| state.approvals().iter().map(|one| one.person.to_string()).collect::<Vec<_>>();
    assert_eq!((narrowed.status(), given(&narrowed)), (Status::Pending, vec!["carol".to_owned()]));
    // What Bob saw, and what everybody else's card shows until it is brought up to date, is not what would be granted.
    for late in ["bob", "dave"] {
        assert_eq!(decide(&narrowed, &approve(&request, late), at(30)), Err(Refusal::StaleDigest), "{late}");
    }
    let approved = step(&narrowed, &approve_terms(&narrowed, "bob"), at(30));
    assert_eq!((approved.status(), given(&approved)), (Status::Approved, vec!["carol".to_owned(), "bob".to_owned()]));
    let provisioning = step(&approved, &Command::StartProvisioning, at(40));
    assert_eq!(provisioning.plan().unwrap().window.expires_at(), at(640));
    assert_eq!(provisioning.request, request, "the request itself stays as it was");
}

#[test]
fn how_soon_somebody_countersigned_counts_from_when_they_were_asked() {
    let request = request(|facts| facts.quorum.needed = 2);
    let at = |seconds| request.submitted_at.plus(seconds);
    let pending = submit(request.clone(), &needs_approvals(), at(0)).next;
    let soon = step(&pending, &approve(&request, "bob"), at(2));
    assert_eq!(soon.approvals()[0].hasty(), Some(2));
    let Command::Approve { by, digest, permission, judged, .. } = approve(&request, "carol") else { panic!() };
    let after = |asked_at, seconds| {
        let (by, permission) = (by.clone(), permission.clone());
        let vote = Box::new(Vote { asked_at, ..Vote::default() });
        let state = step(&soon, &Command::Approve { by, digest, permission, judged, vote }, at(seconds));
        state.approvals()[1].clone()
    };
    assert_eq!(after(None, 3).hasty(), None, "three seconds are no haste");
    assert_eq!(after(Some(at(900)), 901).hasty(), Some(1), "asked only later");
    assert_eq!(after(Some(at(900)), 960).after_seconds, Some(60));
}
