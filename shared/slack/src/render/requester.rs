//! What the requester is told. Those made of a state are shown again as it moves; the others are said once.

use model::documents::grant_role_arn;
use model::lifecycle::{Approval, EndReason, Evidence, Phase, State, Verification};
use model::names::PersonId;
use model::request::{Mechanism, Request};
use model::time::Time;

use super::standing::{Standing, could_not_be_made, ended_at, standing};
use super::{approvers, end_reason, notes, place, wanted};
use crate::blocks::{Block, Button, Markup, Message, Names, Words, id};
use crate::limits::{EVIDENCE_SHOWN, PERSONS_SHOWN, WORDS_SHOWN};
use crate::payload::Action;

/// They asked: who may countersign, and until when; later, what became of it.
pub fn asked(state: &State, countersigners: &[PersonId], names: Names<'_>) -> Message {
    let request = &state.request;
    let text = Markup::ours("You asked for ").then(&wanted(request)).and(" in ").then(&place(request)).and(".");
    let Standing { text: now, words } = standing(state, names);
    let mut blocks = vec![Block::markup(text), Block::markup(now)];
    blocks.extend(words.map(Block::words));
    let waits = matches!(state.phase, Phase::Pending { .. });
    if waits {
        let still: Vec<PersonId> = countersigners
            .iter()
            .filter(|person| state.approvals().iter().all(|approval| approval.person != **person))
            .cloned()
            .collect();
        blocks.push(Block::markup(who_may(&still, names)));
    }
    blocks.push(footer(request));
    if waits {
        blocks.push(Block::buttons([
            Button::about(state, Action::Details, "Details"),
            Button::about(state, Action::Cancel, "Cancel request"),
        ]));
    }
    Message::new(blocks)
}

/// Who may countersign, and what comes of it.
pub(super) fn who_may(countersigners: &[PersonId], names: Names<'_>) -> Markup {
    if countersigners.is_empty() {
        return Markup::ours("Nobody is known who may countersign it: please tell the operators of the catalog.");
    }
    Markup::ours("It may be countersigned by ")
        .persons(countersigners.iter(), PERSONS_SHOWN, names)
        .and(". They are asked now; you get a message as soon as it is decided.")
}

/// Access exists: until when, and how to get in; later, how it ended.
pub fn access(state: &State, names: Names<'_>) -> Message {
    let request = &state.request;
    let Phase::Active { plan, .. } = &state.phase else { return over(state, names) };
    let text = Markup::ours("You have access to ")
        .code(request.entitlement.as_str())
        .and(" in ")
        .then(&place(request))
        .and(" until ")
        .time(plan.window.expires_at())
        .and(". It then ends by itself.");
    let mut blocks = vec![Block::markup(text)];
    blocks.extend(super::narrowed(state, names).map(Block::markup));
    blocks.push(Block::markup(way_in(request)));
    blocks.extend(notes(state.approvals()).map(Block::words));
    blocks.push(footer(request));
    blocks.push(Block::buttons([
        Button::about(state, Action::Revoke, "End access now"),
        Button::about(state, Action::Extend, "Extend"),
        Button::about(state, Action::Details, "Details"),
    ]));
    Message::new(blocks)
}

/// An approver narrowed what they asked for: what is left, and what they can do about it.
pub fn narrowed(state: &State, names: Names<'_>) -> Option<Message> {
    let (request, terms) = (&state.request, state.terms());
    let text = Markup::ours("About your request for ").then(&wanted(request)).and(": it was ");
    let text = text.and("changed before it was countersigned. ").then(&super::narrowed(state, names)?);
    let next = Markup::ours(
        "You accept that by using it. If it is not enough, cancel the request or end the access, and ask again.",
    );
    let left = [("Actions:\n", terms.permissions()), ("Resources:\n", terms.resources())];
    let mut blocks = vec![Block::markup(text)];
    blocks.extend(
        left.map(|(label, list)| Block::words(Words::listed(list, WORDS_SHOWN, "see Details").labelled(label))),
    );
    blocks.push(Block::markup(next));
    blocks.push(footer(request));
    blocks.push(Block::buttons([Button::about(state, Action::Details, "Details")]));
    Some(Message::new(blocks))
}

fn way_in(request: &Request) -> Markup {
    match &request.mechanism {
        Mechanism::Session { .. } | Mechanism::Policy { .. } => {
            let text = Markup::ours("*How to get in:*\n• run a command: ")
                .code(&format!("countersign exec {} -- aws sts get-caller-identity", request.id))
                .and("\n• open the console: ")
                .code(&format!("countersign console {}", request.id));
            if request.mfa_at_door { text.and("\nSign in with your second factor first.") } else { text }
        }
        Mechanism::Role { mfa, .. } => Markup::ours("*How to get in:* assume the role ")
            .code(&grant_role_arn(request))
            .and(if *mfa { " with your own identity and a second factor." } else { " with your own identity." }),
    }
}

/// Access ends soon; later, how it ended.
pub fn warning(state: &State, names: Names<'_>) -> Message {
    let request = &state.request;
    let Phase::Active { plan, .. } = &state.phase else { return over(state, names) };
    let text = Markup::ours("Your access to ")
        .code(request.entitlement.as_str())
        .and(" in ")
        .then(&place(request))
        .and(" ends ")
        .time(plan.window.expires_at())
        .and(", in about ")
        .duration(request.notices.warn_before_seconds)
        .and(".");
    let next = Markup::ours(
        "Finished? End it now. Need longer? Extend it before it ends: that is asked and countersigned anew.",
    );
    Message::new([
        Block::markup(text),
        Block::markup(next),
        footer(request),
        Block::buttons([
            Button::about(state, Action::Revoke, "End access now"),
            Button::about(state, Action::Extend, "Extend"),
        ]),
    ])
}

/// What became of access that is not there any more, or not yet.
fn over(state: &State, names: Names<'_>) -> Message {
    let request = &state.request;
    let Standing { text: now, words } = standing(state, names);
    let text = Markup::ours("Your access to ").then(&wanted(request)).and(" in ").then(&place(request));
    let mut blocks = vec![Block::markup(text.and(":\n").then(&now))];
    blocks.extend(words.map(Block::words));
    blocks.push(footer(request));
    Message::new(blocks)
}

/// How an end came about, told to the requester.
fn told_why(request: &Request, reason: &EndReason, names: Names<'_>) -> (Markup, Option<Words>) {
    match reason {
        EndReason::Revoked { by, .. } if *by == request.requester => (Markup::ours("you ended it early"), None),
        EndReason::Revoked { .. }
        | EndReason::Expired
        | EndReason::Offboarded
        | EndReason::Panic
        | EndReason::Failed { .. }
        | EndReason::Drifted { .. }
        | EndReason::Finding { .. } => end_reason(reason, names),
    }
}

/// Access is over: a summary.
pub fn ended(state: &State, names: Names<'_>) -> Message {
    let request = &state.request;
    let Phase::Ended { plan, reason, at, evidence, issued, verification, .. } = &state.phase else {
        return over(state, names);
    };
    let (why, words) = told_why(request, reason, names);
    let text = Markup::ours("Your access to ").code(request.entitlement.as_str()).and(" in ").then(&place(request));
    let text = if could_not_be_made(reason) {
        text.and(
            " could not be made; nothing of it is left in AWS. Ask again, or ask the operators of the catalog why.",
        )
    } else {
        text.and(" has ended: ").then(&why).and(".")
    };
    let mut blocks = vec![Block::markup(text)];
    blocks.extend(words.map(Block::words));
    let starts_at = plan.window.starts_at();
    let lasted = starts_at.seconds_until((*at).min(plan.window.expires_at()));
    let mut fields = vec![];
    if !could_not_be_made(reason) {
        fields.push(Markup::ours("*Lasted:* ").duration(lasted).and(", from ").time(starts_at));
        // A role is entered with the requester's own identity: we hand out nothing.
        if matches!(request.mechanism, Mechanism::Session { .. }) {
            let text = Markup::ours("*Credentials fetched:* ").number(usize::try_from(*issued).unwrap_or(usize::MAX));
            fields.push(text.and(if *issued == 1 { " time" } else { " times" }));
        }
    }
    fields.push(ended_at(*at, verification));
    blocks.push(Block::fields(fields));
    let Evidence { findings, .. } = match verification {
        Verification::Verified { evidence } => evidence,
        Verification::Due { .. } => evidence,
    };
    if !findings.is_empty() {
        let found = Words::lines([findings.join("; ")], EVIDENCE_SHOWN);
        blocks.push(Block::small_words(found.labelled("Read back from AWS: ")));
    }
    blocks.push(footer(request));
    blocks.push(Block::buttons([
        Button::ask("Ask again", Some(request.entitlement.as_str())),
        Button::about(state, Action::Details, "Details"),
    ]));
    Message::new(blocks)
}

/// It is approved; access is being made.
pub fn approved(request: &Request, approvals: &[Approval], names: Names<'_>) -> Message {
    let text = Markup::ours("Your request for ").then(&wanted(request));
    let text = if approvals.is_empty() {
        text.and(" is approved by policy.")
    } else {
        approvers(text.and(" is countersigned by "), approvals, names).and(".")
    };
    said(text.and(" Access is being made; you get a message when you can get in."), None, request)
}

/// It is refused, by a person or (`None`) by policy.
pub fn denied(request: &Request, by: Option<&PersonId>, reason: &str, names: Names<'_>) -> Message {
    let text = Markup::ours("Your request for ").then(&wanted(request));
    let text = match by {
        Some(person) => text.and(" is denied by ").person(person, names),
        None => text.and(" is denied by policy"),
    };
    let text = text.and(". Nothing was made. If the reason no longer holds, you can ask again.");
    said(text, Some(Words::of(reason, WORDS_SHOWN).labelled("Reason: ")), request)
}

/// That it has ended could not be shown yet.
pub fn unverified(request: &Request, code: &str) -> Message {
    let text = Markup::ours("That your access to ")
        .code(request.entitlement.as_str())
        .and(" has ended could not be verified yet. ")
        .and("The operators are paged, and it is tried again until it can. You need to do nothing.");
    said(text, Some(Words::of(code, WORDS_SHOWN).labelled("Code: ")), request)
}

/// It waited, and was stopped by something else than its requester.
pub fn stopped(request: &Request, reason: &EndReason, names: Names<'_>) -> Message {
    let (why, words) = told_why(request, reason, names);
    let text = Markup::ours("Your request for ").then(&wanted(request)).and(" is cancelled: ").then(&why);
    said(text.and(". Nothing was made. If you still need it afterwards, ask again."), words, request)
}

/// They withdrew it.
pub fn cancelled(request: &Request) -> Message {
    let text = Markup::ours("Your request for ").then(&wanted(request));
    said(text.and(" is cancelled, as you wanted. You can ask again at any time."), None, request)
}

/// Nobody countersigned in time.
pub fn lapsed(request: &Request) -> Message {
    let text = Markup::ours("Your request for ")
        .then(&wanted(request))
        .and(" has lapsed: not enough people countersigned in time. Ask again if you still need it.");
    Message::new([
        Block::markup(text),
        footer(request),
        Block::buttons([Button::ask("Ask again", Some(request.entitlement.as_str()))]),
    ])
}

/// Access is being ended, or could not be made.
pub fn revocation_started(request: &Request, reason: &EndReason, names: Names<'_>) -> Message {
    let (why, words) = told_why(request, reason, names);
    let text = Markup::ours("Your access to ").code(request.entitlement.as_str());
    let text = if could_not_be_made(reason) {
        text.and(
            " could not be made. What was made of it is being taken away; you get a message when that is verified.",
        )
    } else {
        text.and(" is being ended: ").then(&why).and(". You get a message when that is verified.")
    };
    said(text, words, request)
}

/// Attempts at ending access failed, and are repeated from `next_attempt_at` on.
pub fn delayed(request: &Request, next_attempt_at: Time) -> Message {
    let text = Markup::ours("Ending your access to ")
        .code(request.entitlement.as_str())
        .and(" takes longer than it should. The operators are paged, and it is tried again ")
        .time(next_attempt_at)
        .and(". You need to do nothing: IAM itself ends it at its time in any case.");
    said(text, None, request)
}

fn said(text: Markup, words: Option<Words>, request: &Request) -> Message {
    let mut blocks = vec![Block::markup(text)];
    blocks.extend(words.map(Block::words));
    blocks.push(footer(request));
    Message::new(blocks)
}

fn footer(request: &Request) -> Block {
    Block::context(id(&request.id))
}
