//! What follows under an approval card: the story of a request, for the approvers.

use model::lifecycle::{Approval, EndReason, Evidence, State};
use model::names::{GroupName, PersonId, SlackChannel};
use model::request::Request;
use model::time::{Time, Window};

use super::standing::could_not_be_made;
use super::{approvers, counted, end_reason, notes};
use crate::blocks::{Block, Markup, Message, Names, Words};
use crate::limits::{GROUPS_SHOWN, PERSONS_SHOWN, WORDS_SHOWN};

/// Some countersigned, more have to.
pub fn countersigned(request: &Request, approvals: &[Approval], names: Names<'_>) -> Message {
    let missing = usize::from(request.quorum.needed).saturating_sub(approvals.len());
    said(counted(request, approvals, names).and("; ").number(missing).and(" more to go."), notes(approvals))
}

/// An approver narrowed it: whoever countersigned more is asked again.
pub fn narrowed(state: &State, superseded: &[PersonId], names: Names<'_>) -> Option<Message> {
    let text = super::narrowed(state, names)?;
    let text = if superseded.is_empty() {
        text
    } else {
        let text = text.and(" Countersignatures for more do not count for it, so these are asked again: ");
        text.persons(superseded.iter(), PERSONS_SHOWN, names).and(".")
    };
    Some(said(text, None))
}

/// Enough countersigned, or policy alone approved.
pub fn approved(approvals: &[Approval], names: Names<'_>) -> Message {
    let text = if approvals.is_empty() {
        Markup::ours("Approved by policy alone.")
    } else {
        approvers(Markup::ours("Approved: countersigned by "), approvals, names).and(".")
    };
    said(text.and(" Access is being made."), notes(approvals))
}

/// Refused, by a person or (`None`) by policy.
pub fn denied(by: Option<&PersonId>, reason: &str, names: Names<'_>) -> Message {
    let text = match by {
        Some(person) => Markup::ours("Denied by ").person(person, names),
        None => Markup::ours("Denied by policy"),
    };
    let text = text.and(". The requester is told; nothing more happens.");
    said(text, Some(Words::of(reason, WORDS_SHOWN).labelled("Reason: ")))
}

/// The requester withdrew it, or it was ended before anything came of it.
pub fn cancelled(reason: Option<&EndReason>, names: Names<'_>) -> Message {
    let how = match reason {
        None => Markup::ours("Cancelled by the requester"),
        Some(reason) => Markup::ours("Cancelled: ").then(&end_reason(reason, names).0),
    };
    said(how.and(". There is nothing to countersign any more."), None)
}

/// Nobody countersigned in time.
pub fn lapsed() -> Message {
    said(
        Markup::ours("Lapsed: not enough people countersigned in time. The requester is told, and may ask again."),
        None,
    )
}

/// The same people are asked again: round `round`, from 1.
pub fn reminder(round: u32, approvers: &[PersonId], open_until: Time, names: Names<'_>) -> Message {
    let text = match usize::try_from(round) {
        Ok(round) if round > 1 => Markup::ours("Reminder ").number(round),
        Ok(_) | Err(_) => Markup::ours("Reminder"),
    };
    let text = text.and(": this still waits to be countersigned");
    let text = mentioned(text, approvers, names).and(". Open until ").time(open_until);
    said(text.and("; after that it lapses."), None)
}

/// More people are asked from now on.
pub fn escalated(groups: &[GroupName], approvers: &[PersonId], names: Names<'_>) -> Message {
    let text = Markup::ours("Nobody answered yet, so ")
        .codes(groups.iter().map(GroupName::as_str), GROUPS_SHOWN)
        .and(if groups.len() == 1 { " is" } else { " are" })
        .and(" asked as well");
    said(mentioned(text, approvers, names).and(". Whoever was asked before may still countersign."), None)
}

fn mentioned(text: Markup, persons: &[PersonId], names: Names<'_>) -> Markup {
    if persons.is_empty() { text } else { text.and(": ").persons(persons.iter(), PERSONS_SHOWN, names) }
}

/// Access exists.
pub fn active(window: Window) -> Message {
    let text = Markup::ours("Access is active until ").time(window.expires_at());
    said(text.and(". It then ends by itself; the button above ends it sooner."), None)
}

/// Access is being ended.
pub fn ending(reason: &EndReason, names: Names<'_>) -> Message {
    let (why, words) = end_reason(reason, names);
    let text = Markup::ours("Access is being ended: ").then(&why);
    said(text.and(". Next, AWS is read back to see that nothing of it is left."), words)
}

/// Access is over, and AWS was read back.
pub fn ended(reason: &EndReason, evidence: &Evidence, names: Names<'_>) -> Message {
    let (why, words) = end_reason(reason, names);
    let text = Markup::ours("Access has ended: ").then(&why).and(". AWS was read back ").time(evidence.checked_at);
    let text = text.and("; next, IAM itself is asked.");
    let text = if could_not_be_made(reason) { text.and(" Nothing of it is left in AWS.") } else { text };
    said(text, words)
}

/// It has ended, and IAM could not be brought to say so.
pub fn unverified(code: &str) -> Message {
    let text = Markup::ours("That access has ended could not be verified. ");
    let text = text.and("The operators are paged, and it is tried again until it can.");
    said(text, Some(Words::of(code, WORDS_SHOWN).labelled("Code: ")))
}

/// The deny that ended it was changed by somebody else.
pub fn deny_drifted(differences: &[String]) -> Message {
    let text = Markup::ours("The deny that ended this access early was changed in AWS by somebody else. ");
    let text = text.and("It is put back, and the end verified anew. The operators are paged.");
    said(text, Some(Words::lines([differences.join(", ")], WORDS_SHOWN).labelled("What differed: ")))
}

/// Who could not be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target<'a> {
    /// A channel.
    Channel(&'a SlackChannel),
    /// A person, in a direct message.
    Person(&'a PersonId),
}

/// Somebody could not be told, with Slack's own word for why (`is_archived`).
pub fn unreachable(target: Target<'_>, why: &str, names: Names<'_>) -> Message {
    let text = match target {
        Target::Channel(channel) => Markup::ours("The channel ").channel(channel).and(" could not be posted to ("),
        Target::Person(person) => Markup::ours("").person(person, names).and(" could not be sent a direct message ("),
    };
    let text = text.code(why);
    let text = match target {
        Target::Channel(_) => text.and("). The approvers were asked directly instead."),
        Target::Person(_) => text.and("). If you can reach them, please pass this on."),
    };
    said(text, None)
}

fn said(text: Markup, words: Option<Words>) -> Message {
    let mut blocks = vec![Block::markup(text)];
    blocks.extend(words.map(Block::words));
    Message::new(blocks)
}
