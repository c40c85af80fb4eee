//! After the end: shown once, tried until it is, shown anew if its deny was touched.

use super::*;
use crate::time::{CLOCK_TOLERANCE, Window};

/// Ended early, with credentials handed out before: its deny stays until after the window.
fn ended() -> (State, Time) {
    let active = active(|_| {});
    let at = active.request.submitted_at.plus(40);
    let used = step(&active, &Command::RequestCredentials { by: by_slack("alice") }, at);
    let revoking = step(&used, &revoke("bob"), at);
    let denied = step(&revoking, &Command::PlaceTombstone, at.plus(1));
    (step(&denied, &Command::End { evidence: evidence(at) }, at.plus(2)), at.plus(2))
}

fn verify(now: Time) -> Command {
    Command::Verify { evidence: evidence(now) }
}

fn failed() -> Command {
    Command::VerificationFailed { code: "still_allowed".to_owned() }
}

#[test]
fn an_end_is_due_to_be_verified_at_once_and_then_its_deny_to_be_taken_out() {
    let (ended, now) = ended();
    assert_eq!(ended.due_at(), Some(now));
    let verified = step(&ended, &verify(now), now);
    let Phase::Ended { residue: Some(residue), .. } = verified.phase else { panic!("no deny") };
    assert_eq!(verified.due_at(), Some(residue.until));
    assert!(names(&verified, &verify(now), now).is_empty(), "once");
    assert_eq!(decide(&verified, &failed(), now).unwrap_err().code(), "overtaken");
}

#[test]
fn it_is_tried_with_growing_pauses_and_somebody_is_told_once() {
    let (mut state, mut now) = ended();
    for attempt in 1..=VERIFICATION_ATTEMPTS + 3 {
        let said = names(&state, &failed(), now);
        let expected: &[&str] = if attempt == VERIFICATION_ATTEMPTS {
            &["verificationAttemptFailed", "endedUnverified"]
        } else {
            &["verificationAttemptFailed"]
        };
        assert_eq!(said, expected, "{attempt}");
        state = step(&state, &failed(), now);
        let Phase::Ended { verification, at, .. } = &state.phase else { panic!("it was left") };
        assert_eq!(verification.due_at(*at), Some(now.plus(backoff(attempt))));
        now = now.plus(backoff(attempt));
    }
    assert_eq!(names(&state, &verify(now), now), ["verifiedEnded"], "late, and good");
}

#[test]
fn a_deny_that_was_touched_is_verified_anew() {
    let (ended, now) = ended();
    let verified = step(&ended, &verify(now), now);
    let drift = Command::NoteDrift { differences: vec!["deny_missing".to_owned()] };
    let touched = step(&verified, &drift, now.plus(60));
    assert_eq!(touched.due_at(), Some(now.plus(60)));
    assert_eq!(names(&touched, &verify(now.plus(61)), now.plus(61)), ["verifiedEnded"]);
    let over = verified.due_at().unwrap();
    assert_eq!(names(&verified, &drift, before(over, 1)), ["driftFound"]);
    assert_eq!(decide(&verified, &drift, over).unwrap_err().code(), "overtaken", "nothing has to be there any more");
}

#[test]
fn a_deny_that_is_taken_out_is_touched_by_nobody() {
    let (ended, now) = ended();
    let drift = Event::DriftFound { differences: vec!["deny_missing".to_owned()] };
    assert!(evolve(Some(ended.clone()), &drift, now).is_ok());
    let without = evolve(Some(ended), &Event::TombstoneRemoved {}, now).unwrap();
    assert!(evolve(Some(without), &drift, now).is_err());
}

/// Of an early end by a clock that may be ahead of AWS's.
#[test]
fn what_was_ordered_at_its_end_is_over_and_an_early_end_a_little_later() {
    let window = Window::starting(active(|_| {}).request.submitted_at, 600).unwrap();
    let end = window.expires_at();
    let early = before(end, 1);
    for now in [window.starts_at(), early, end] {
        assert!(is_over(end, now, window) && is_over(end.plus(5), now, window), "{now}");
        assert!(!is_over(early, now, window), "{now}");
    }
    let by_any_clock = end.plus(CLOCK_TOLERANCE);
    assert!(is_over(early, by_any_clock, window) && !is_over(early, before(by_any_clock, 1), window));
}

#[test]
fn nothing_is_verified_before_it_has_ended_nor_twice() {
    let (state, now) = ended();
    let proof = Event::VerifiedEnded { evidence: evidence(now) };
    let more = Event::VerificationAttemptFailed { attempt: 1, code: "x".to_owned(), next_attempt_at: now };
    assert!(evolve(Some(active(|_| {})), &proof, now).is_err());
    let verified = evolve(Some(state), &proof, now).unwrap();
    for event in [proof, more, Event::EndedUnverified { attempts: 5, code: "x".to_owned() }] {
        assert!(evolve(Some(verified.clone()), &event, now).is_err(), "{}", event.name());
    }
}

/// What was stored before there was verification loads, and is verified then.
#[test]
fn an_end_from_before_is_due() {
    let (ended, now) = ended();
    let mut stored = serde_json::to_value(&ended).unwrap();
    let phase = stored["phase"].as_object_mut().unwrap();
    assert!(phase.remove("verification").is_some() && phase.remove("since").is_some());
    let read: State = serde_json::from_value(stored).unwrap();
    assert_eq!(read.due_at(), Some(now));
}
