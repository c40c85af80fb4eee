//! Whose votes count, in which order, how often.

use super::*;
use crate::names::PersonId;
use crate::samples::{by_api, person};
use proptest::prelude::*;
use std::collections::BTreeSet;

const VOTERS: [&str; 5] = ["alice", "bob", "carol", "dave", "mallory"];

/// A vote by one of [`VOTERS`], through either door.
#[derive(Debug, Clone, Copy)]
struct Vote {
    who: usize,
    through_api: bool,
    deny: bool,
}

/// Where a request that takes `needed` votes is after these; a refused vote changes nothing.
fn after(needed: u8, votes: &[Vote]) -> State {
    let request = request(|facts| facts.quorum.needed = needed);
    let now = request.submitted_at;
    let mut state = submit(request.clone(), &needs_approvals(), now).next;
    for vote in votes {
        let name = VOTERS[vote.who];
        let by = if vote.through_api { by_api(name) } else { by_slack(name) };
        let permission = granted(true);
        let command = if vote.deny {
            Command::Deny { by, reason: words("no"), permission }
        } else {
            Command::Approve {
                by,
                digest: request.digest(),
                permission,
                judged: Some(request.judged),
                vote: Box::default(),
            }
        };
        if let Ok(transition) = decide(&state, &command, now) {
            state = transition.next;
        }
    }
    state
}

fn votes() -> impl Strategy<Value = Vec<Vote>> {
    let vote = (0..VOTERS.len(), any::<bool>()).prop_map(|(who, through_api)| Vote { who, through_api, deny: false });
    prop::collection::vec(vote, 0..9)
}

fn others(votes: &[Vote]) -> BTreeSet<PersonId> {
    votes.iter().map(|vote| person(VOTERS[vote.who])).filter(|person| person.as_str() != "alice").collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// What counts is how many distinct persons voted, the requester aside: not the order, not how
    /// often, not through which door.
    #[test]
    fn order_repetition_and_door_make_no_difference(
        needed in 0u8..5,
        (votes, shuffled) in votes().prop_flat_map(|votes| (Just(votes.clone()), Just(votes).prop_shuffle())),
        again in any::<bool>(),
    ) {
        let shuffled = if again { [shuffled.clone(), shuffled].concat() } else { shuffled };
        let enough = others(&votes).len() >= usize::from(needed.max(1));
        for order in [&votes, &shuffled] {
            let state = after(needed, order);
            prop_assert_eq!(state.status().as_str(), if enough { "approved" } else { "pending" });
            let counted: BTreeSet<PersonId> = state.approvals().iter().map(|approval| approval.person.clone()).collect();
            prop_assert_eq!(counted.len(), state.approvals().len());
            prop_assert!(counted.is_subset(&others(&votes)));
        }
    }

    /// One more refusal never makes approved what would not have been.
    #[test]
    fn a_deny_never_approves(needed in 1u8..4, votes in votes(), who in 0..VOTERS.len(), place in any::<prop::sample::Index>()) {
        let mut with_deny = votes.clone();
        with_deny.insert(place.index(votes.len() + 1), Vote { who, through_api: false, deny: true });
        let (without, with) = (after(needed, &votes), after(needed, &with_deny));
        prop_assert!(with.status() == without.status() || with.status().as_str() == "denied");
    }

    /// A larger quorum never approves what a smaller one would not.
    #[test]
    fn a_larger_quorum_is_never_easier(needed in 1u8..4, votes in votes()) {
        let approved = |needed| after(needed, &votes).status().as_str() == "approved";
        prop_assert!(approved(needed) || !approved(needed + 1));
    }
}

#[test]
fn whoever_voted_is_told_so_and_whoever_is_too_late_that_it_is_decided() {
    let request = request(|_| {});
    let now = request.submitted_at;
    let approved = step(&submit(request.clone(), &needs_approvals(), now).next, &approve(&request, "bob"), now);
    let told = |who: &str| decide(&approved, &approve(&request, who), now).unwrap_err().code();
    assert_eq!((told("bob"), told("carol")), ("already_approved", "already_decided"));
}
