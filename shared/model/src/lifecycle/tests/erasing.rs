//! What persons said is erased once it is over, and only that.

use super::*;
use crate::request::Status;

fn erase() -> Command {
    Command::EraseWords { by: "arn:aws:iam::111111111111:user/ops".to_owned() }
}

/// A request with a note, that ended in each way in which it can.
fn ends() -> Vec<State> {
    let request = request(|facts| facts.quorum.needed = 2);
    let at = |seconds| request.submitted_at.plus(seconds);
    let pending = submit(request.clone(), &needs_approvals(), at(0)).next;
    let by_policy = Decision::Deny { reason: "too risky".to_owned(), rules: Vec::new() };
    let noted = |by: &str| Command::Approve {
        by: by_slack(by),
        digest: request.digest(),
        permission: granted(true),
        judged: Some(request.judged),
        vote: Box::new(Vote { note: Some(words("be quick")), ..Vote::default() }),
    };
    let voted = step(&pending, &noted("bob"), at(10));
    let deny = Command::Deny { by: by_slack("carol"), reason: words("not today"), permission: granted(true) };
    let approved = step(&voted, &noted("carol"), at(15));
    let active = step(
        &step(&approved, &Command::StartProvisioning, at(20)),
        &Command::Activate { evidence: evidence(at(20)) },
        at(20),
    );
    let revoking = step(&active, &revoke("bob"), at(40));
    let closed = step(&revoking, &Command::PlaceTombstone, at(50));
    vec![
        submit(request.clone(), &by_policy, at(0)).next,
        step(&voted, &deny, at(20)),
        step(&voted, &Command::Cancel { by: by_slack("alice") }, at(20)),
        step(&voted, &Command::Stop { reason: EndReason::Panic }, at(20)),
        step(&voted, &Command::Lapse, at(3_600)),
        step(&closed, &Command::End { evidence: evidence(at(200)) }, at(200)),
    ]
}

#[test]
fn nothing_of_what_was_said_is_left_and_all_else_is() {
    for state in ends() {
        let hashes = |state: &State| state.words().iter().map(|words| words.hash()).collect::<Vec<_>>();
        let now = state.request.submitted_at.plus(4_000);
        let transition = decide(&state, &erase(), now).unwrap();
        assert_eq!(transition.events.iter().map(Event::name).collect::<Vec<_>>(), ["wordsErased"]);
        let (next, stored) = (&transition.next, serde_json::to_string(&transition.next).unwrap());
        for said in ["salt", "be quick", "not today", "enough", "orders are stuck"] {
            assert!(!stored.contains(said), "{said} in {stored}");
        }
        assert_eq!(hashes(next), hashes(&state));
        assert_eq!((next.status(), next.terms().digest()), (state.status(), state.terms().digest()));
        assert_eq!(serde_json::from_str::<State>(&stored).unwrap(), *next, "it loads");
        assert_eq!(stored.contains("too risky"), state.denied_by_policy(), "the policy's sentence is nobody's");
        assert!(decide(next, &erase(), now).unwrap().events.is_empty(), "forgotten is forgotten");
    }
    assert!(ends().iter().any(|state| state.words().len() == 4), "justification, two notes, and a reason");
}

#[test]
fn what_was_said_stays_while_it_matters() {
    let request = request(|_| {});
    let at = |seconds| request.submitted_at.plus(seconds);
    let mut state = submit(request.clone(), &needs_approvals(), at(0)).next;
    for command in [
        approve(&request, "bob"),
        Command::StartProvisioning,
        Command::Activate { evidence: evidence(at(20)) },
        revoke("bob"),
    ] {
        assert_eq!(decide(&state, &erase(), at(20)).unwrap_err().code(), "still_open", "{}", state.status());
        let forged = Event::WordsErased { by: String::new() };
        assert!(evolve(Some(state.clone()), &forged, at(20)).is_err(), "{}", state.status());
        state = step(&state, &command, at(20));
    }
    assert_eq!(state.status(), Status::Revoking);
    assert_eq!(decide(&state, &erase(), at(20)).unwrap_err().code(), "still_open");
}
