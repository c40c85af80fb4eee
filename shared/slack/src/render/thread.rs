//! What follows under an approval card, for the approvers.

use model::lifecycle::{Approval, EndReason, Evidence};
use model::names::PersonId;
use model::request::Request;

use super::{approvers, end_reason};
use crate::blocks::{Block, Markup, Message, Names, Words};
use crate::limits::WORDS_SHOWN;

/// Some countersigned, more have to.
pub fn countersigned(request: &Request, approvals: &[Approval], names: Names<'_>) -> Message {
    let needed = usize::from(request.quorum.needed);
    let missing = needed.saturating_sub(approvals.len());
    let text = approvers(Markup::ours("Countersigned by "), approvals, names)
        .and(": ")
        .number(approvals.len())
        .and(" of ")
        .number(needed)
        .and(", ")
        .number(missing)
        .and(" more to go.");
    said(text, None)
}

/// Enough countersigned, or policy alone approved.
pub fn approved(approvals: &[Approval], names: Names<'_>) -> Message {
    let text = if approvals.is_empty() {
        Markup::ours("Approved by policy.")
    } else {
        approvers(Markup::ours("Approved. Countersigned by "), approvals, names).and(".")
    };
    said(text, None)
}

/// Refused, by a person or (`None`) by policy.
pub fn denied(by: Option<&PersonId>, reason: &str, names: Names<'_>) -> Message {
    let text = match by {
        Some(person) => Markup::ours("Denied by ").person(person, names).and("."),
        None => Markup::ours("Denied by policy."),
    };
    said(text, Some(Words::of(reason, WORDS_SHOWN).labelled("Reason: ")))
}

/// The requester withdrew it.
pub fn cancelled() -> Message {
    said(Markup::ours("Cancelled by the requester; nothing to countersign any more."), None)
}

/// Nobody countersigned in time.
pub fn lapsed() -> Message {
    said(Markup::ours("Lapsed: nobody countersigned in time."), None)
}

/// Access is over, and AWS was read back.
pub fn ended(reason: &EndReason, evidence: &Evidence, names: Names<'_>) -> Message {
    let (why, words) = end_reason(reason, names);
    let text = Markup::ours("Access has ended: ").then(&why).and(". Verified at ").time(evidence.checked_at).and(".");
    said(text, words)
}

fn said(text: Markup, words: Option<Words>) -> Message {
    let mut blocks = vec![Block::markup(text.clone())];
    blocks.extend(words.map(Block::words));
    Message::new(text, blocks)
}
