//! Where a request is and what happens next, in a sentence or two: every message that is shown again says it so.

use model::lifecycle::{Approval, EndReason, Phase, State, Verification};
use model::time::Time;

use super::{approvers, counted, end_reason, narrowed, notes, reason_given, state_word};
use crate::blocks::{Markup, Names, Words};

/// Where a request is.
pub(super) struct Standing {
    /// What we say.
    pub(super) text: Markup,
    /// What a person said about it.
    pub(super) words: Option<Words>,
}

/// Where `state` is, and what happens next.
pub(super) fn standing(state: &State, names: Names<'_>) -> Standing {
    let word = Markup::ours(state_word(state.status()));
    let ours = |text: Markup| Standing { text, words: notes(state.approvals()) };
    let mut standing = match &state.phase {
        Phase::Pending { approvals, lapses_at, .. } => {
            let text = word.and(": ").then(&counted(&state.request, approvals, names));
            ours(text.and(". Open until ").time(*lapses_at).and("."))
        }
        Phase::Approved { approvals, .. } => ours(by_whom(word, approvals, names).and(". Access is being made next.")),
        Phase::Provisioning { approvals, plan, failures, next_attempt_at } => {
            let text = by_whom(word, approvals, names).and(". Access until ").time(plan.window.expires_at());
            ours(tried_again(text.and(" is being made."), *failures, *next_attempt_at))
        }
        Phase::Active { approvals, plan, .. } => {
            let text = word.and(" until ").time(plan.window.expires_at()).and(". It then ends by itself. ");
            ours(if approvals.is_empty() {
                text.and("Approved by policy alone.")
            } else {
                approvers(text.and("Countersigned by "), approvals, names).and(".")
            })
        }
        Phase::Revoking { reason, since, failures, next_attempt_at, .. } => {
            let (why, words) = end_reason(reason, names);
            let text = word.and(" since ").time(*since).and(": ").then(&why);
            let text = text.and(". Next, AWS is read back to see that nothing of it is left.");
            Standing { text: tried_again(text, *failures, *next_attempt_at), words }
        }
        Phase::Denied { by, reason, at } => {
            let text = match by {
                Some(person) => word.and(" by ").person(person, names),
                None => word.and(" by policy"),
            };
            let text = text.and(", ").time(*at).and(". Nothing was made, and nothing more happens.");
            Standing { text, words: reason_given(reason.shown()) }
        }
        Phase::Cancelled { at, reason } => {
            let text = match reason {
                None => word.and(" by the requester, ").time(*at),
                Some(reason) => word.and(" ").time(*at).and(": ").then(&end_reason(reason, names).0),
            };
            ours(text.and(". Nothing was made, and nothing more happens."))
        }
        Phase::Lapsed { at } => {
            let text = word.and(" ").time(*at).and(": not enough people countersigned in time.");
            ours(text.and(" Nothing was made. It can be asked for again."))
        }
        Phase::Ended { reason, at, verification, .. } => {
            let (why, words) = end_reason(reason, names);
            let text = word.and(" ").time(*at).and(proof(verification)).and(": ").then(&why).and(".");
            let text = if could_not_be_made(reason) { text.and(" Nothing of it is left in AWS.") } else { text };
            Standing { text, words }
        }
    };
    if let Some(narrowed) = narrowed(state, names) {
        standing.text = standing.text.and(" ").then(&narrowed);
    }
    standing
}

/// When it ended, and whether IAM itself says so.
pub(super) fn ended_at(at: Time, verification: &Verification) -> Markup {
    Markup::ours("*Ended:* ").time(at).and(proof(verification))
}

/// Whether IAM itself says that it has ended, after the time of it.
fn proof(verification: &Verification) -> &'static str {
    match verification {
        Verification::Verified { .. } => ", verified",
        Verification::Due { unverified: false, .. } => ", being verified",
        Verification::Due { unverified: true, .. } => ", *not verified yet* (the operators are paged)",
    }
}

/// Approved by whom: the word for it is there already.
fn by_whom(text: Markup, approvals: &[Approval], names: Names<'_>) -> Markup {
    if approvals.is_empty() {
        text.and(" by policy alone")
    } else {
        approvers(text.and(": countersigned by "), approvals, names)
    }
}

fn tried_again(text: Markup, failures: u32, at: Time) -> Markup {
    match usize::try_from(failures) {
        Ok(0) => text,
        Ok(1) => text.and(" One attempt failed; it is tried again ").time(at).and("."),
        Ok(several) => text.and(" ").number(several).and(" attempts failed; it is tried again ").time(at).and("."),
        Err(_) => text.and(" It is tried again ").time(at).and("."),
    }
}

/// Whether access never came to be.
pub(super) fn could_not_be_made(reason: &EndReason) -> bool {
    matches!(reason, EndReason::Failed { .. })
}
