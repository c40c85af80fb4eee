//! What the requester is told, one message per change.

use model::documents::grant_role_arn;
use model::lifecycle::{Approval, EndReason, Evidence};
use model::names::PersonId;
use model::request::{Mechanism, Request};
use model::time::{Time, Window};

use super::{approvers, end_reason, wanted};
use crate::blocks::{Block, Markup, Message, Names, Words, id};
use crate::limits::{EVIDENCE_SHOWN, PERSONS_SHOWN, WORDS_SHOWN};
use crate::payload::{Action, button_value};

/// It waits: who may countersign, and until when.
pub fn pending(request: &Request, may_countersign: &[PersonId], names: Names<'_>) -> Message {
    let lapses_at = request.submitted_at.plus(request.approval_window_seconds);
    let needed = usize::from(request.quorum.needed);
    let text = Markup::ours("Your request for ")
        .then(&wanted(request))
        .and(" waits for ")
        .number(needed)
        .and(if needed == 1 { " countersignature" } else { " countersignatures" })
        .and(", until ")
        .time(lapses_at)
        .and(".");
    let who = if may_countersign.is_empty() {
        Markup::ours("Nobody who may countersign it is known.")
    } else {
        Markup::ours("It may be countersigned by ").persons(may_countersign.iter(), PERSONS_SHOWN, names).and(".")
    };
    let fallback = text.clone().and(" ").then(&who);
    let blocks =
        [Block::markup(text), Block::markup(who), footer(request), button(request, Action::Cancel, "Cancel request")];
    Message::new(fallback, blocks)
}

/// It is approved; access is being made.
pub fn approved(request: &Request, approvals: &[Approval], names: Names<'_>) -> Message {
    let text = Markup::ours("Your request for ").then(&wanted(request));
    let text = if approvals.is_empty() {
        text.and(" is approved by policy.")
    } else {
        approvers(text.and(" is countersigned by "), approvals, names).and(".")
    };
    said(text.and(" Access is being made."), None, request)
}

/// Access exists: how to get in, and until when.
pub fn active(request: &Request, window: Window) -> Message {
    let text = Markup::ours("Your access to ")
        .code(request.entitlement.as_str())
        .and(" in account ")
        .code(request.account.as_str())
        .and(" exists until ")
        .time(window.expires_at())
        .and(".");
    let way_in =
        match &request.mechanism {
            Mechanism::Session { .. } | Mechanism::Policy { .. } => Markup::ours("Get credentials with ")
                .code(&format!("POST /v1/requests/{}/credentials", request.id))
                .and(", signed as yourself."),
            Mechanism::Role { mfa, .. } => Markup::ours("Assume the role ")
                .code(&grant_role_arn(request))
                .and(if *mfa { " with your own identity and a second factor." } else { " with your own identity." }),
        };
    let fallback = text.clone().and(" ").then(&way_in);
    let blocks = [
        Block::markup(text),
        Block::markup(way_in),
        footer(request),
        button(request, Action::Revoke, "End access now"),
    ];
    Message::new(fallback, blocks)
}

/// It is refused, by a person or (`None`) by policy.
pub fn denied(request: &Request, by: Option<&PersonId>, reason: &str, names: Names<'_>) -> Message {
    let text = Markup::ours("Your request for ").then(&wanted(request));
    let text = match by {
        Some(person) => text.and(" is denied by ").person(person, names).and("."),
        None => text.and(" is denied by policy."),
    };
    said(text, Some(Words::of(reason, WORDS_SHOWN).labelled("Reason: ")), request)
}

/// They withdrew it.
pub fn cancelled(request: &Request) -> Message {
    said(Markup::ours("Your request for ").then(&wanted(request)).and(" is cancelled."), None, request)
}

/// Nobody countersigned in time.
pub fn lapsed(request: &Request) -> Message {
    let text = Markup::ours("Your request for ")
        .then(&wanted(request))
        .and(" has lapsed: nobody countersigned in time. Ask again if you still need it.");
    said(text, None, request)
}

/// Access is being ended, or could not be made.
pub fn revocation_started(request: &Request, reason: &EndReason, names: Names<'_>) -> Message {
    let (why, words) = end_reason(reason, names);
    let text = Markup::ours("Your access to ").code(request.entitlement.as_str());
    let text = if could_not_be_made(reason) {
        text.and(" could not be made. What was made of it is being taken away.")
    } else {
        text.and(" is being ended: ").then(&why).and(".")
    };
    said(text, words, request)
}

/// Access is over, and AWS was read back.
pub fn ended(request: &Request, reason: &EndReason, evidence: &Evidence, names: Names<'_>) -> Message {
    let (why, words) = end_reason(reason, names);
    let text = Markup::ours("Your access to ").code(request.entitlement.as_str());
    let text = if could_not_be_made(reason) {
        text.and(" could not be made; nothing of it is left")
    } else {
        text.and(" has ended: ").then(&why)
    };
    let text = text.and(". Verified at ").time(evidence.checked_at).and(".");
    let mut blocks = vec![Block::markup(text.clone())];
    blocks.extend(words.map(Block::words));
    if !evidence.findings.is_empty() {
        blocks.push(Block::words(Words::lines(&evidence.findings, EVIDENCE_SHOWN)));
    }
    blocks.push(footer(request));
    Message::new(text, blocks)
}

/// Attempts at ending access failed, and are repeated from `next_attempt_at` on.
pub fn delayed(request: &Request, next_attempt_at: Time) -> Message {
    let text = Markup::ours("Ending your access to ")
        .code(request.entitlement.as_str())
        .and(" takes longer than it should; its operators are paged, and it is tried again at ")
        .time(next_attempt_at)
        .and(". IAM ends it at its time in any case.");
    said(text, None, request)
}

fn could_not_be_made(reason: &EndReason) -> bool {
    matches!(reason, EndReason::Failed { .. })
}

fn said(text: Markup, words: Option<Words>, request: &Request) -> Message {
    let mut blocks = vec![Block::markup(text.clone())];
    blocks.extend(words.map(Block::words));
    blocks.push(footer(request));
    Message::new(text, blocks)
}

fn footer(request: &Request) -> Block {
    Block::context(id(&request.id))
}

fn button(request: &Request, action: Action, label: &'static str) -> Block {
    Block::buttons(&button_value(&request.id, request.digest()), &[(action, label)])
}
