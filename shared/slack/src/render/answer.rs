//! What answers a slash command or a press: only who gave it sees it.

use model::amount::display_duration;
use model::catalog::Entitlement;
use model::lifecycle::{Phase, State};
use model::refusal::Refusal;
use model::request::{Request, Status};
use model::submission::FieldError;

use super::{approvers, end_reason, wanted};
use crate::blocks::{Block, Markup, Message, Names, Words, id};
use crate::limits::{DESCRIPTION_SHOWN, ENTITLEMENTS_SHOWN, ENVIRONMENT_SHOWN, FIELD_SHOWN, FIELDS_SHOWN, WORDS_SHOWN};

/// A request was taken; where it is now.
pub fn accepted(request: &Request, status: Status) -> Message {
    let next = match status {
        Status::Pending => " waits to be countersigned. You get a message when something happens.",
        Status::Approved | Status::Provisioning => " is approved by policy. You get a message once access exists.",
        Status::Denied => " is denied. You get a message with the reason.",
        Status::Active => " is active.",
        Status::Revoking | Status::Ended => " is over.",
        Status::Cancelled => " is cancelled.",
        Status::Lapsed => " has lapsed.",
    };
    let text = Markup::ours("Your request for ").then(&wanted(request)).and(next);
    Message::new(text.clone(), [Block::markup(text), Block::context(id(&request.id))])
}

/// What took effect: a press or a command that changed `request`.
pub fn done(request: &Request, status: Status) -> Message {
    let text = Markup::ours("Done. The request for ")
        .then(&wanted(request))
        .and(" is now *")
        .operators(status.as_str(), ENVIRONMENT_SHOWN)
        .and("*.");
    Message::new(text.clone(), [Block::markup(text), Block::context(id(&request.id))])
}

/// What they may ask for.
pub fn entitlements<'a>(allowed: impl IntoIterator<Item = &'a Entitlement>) -> Message {
    let allowed: Vec<&Entitlement> = allowed.into_iter().collect();
    if allowed.is_empty() {
        let text = Markup::ours("There is nothing you may ask for. The operators of the catalog decide that.");
        return Message::new(text.clone(), [Block::markup(text)]);
    }
    let mut text = Markup::ours("You may ask for:");
    let mut blocks = vec![Block::markup(Markup::ours("*You may ask for:*"))];
    for (index, entitlement) in allowed.iter().take(ENTITLEMENTS_SHOWN).enumerate() {
        text = text.and(if index == 0 { " " } else { ", " }).code(entitlement.name.as_str());
        blocks.push(Block::markup(entitlement_line(entitlement)));
    }
    let more = allowed.len().saturating_sub(ENTITLEMENTS_SHOWN);
    if more > 0 {
        text = text.and(" and ").number(more).and(" more");
        let rest = Markup::ours("and ").number(more).and(" more: `GET /v1/entitlements` lists them all.");
        blocks.push(Block::context(rest));
    }
    blocks.push(Block::context(Markup::ours("Ask with `/access &lt;entitlement&gt; &lt;duration&gt; &lt;reason&gt;`")));
    Message::new(text, blocks)
}

fn entitlement_line(entitlement: &Entitlement) -> Markup {
    let needed = usize::from(entitlement.approvals_needed);
    let text = Markup::default()
        .code(entitlement.name.as_str())
        .and(": ")
        .operators(&entitlement.description, DESCRIPTION_SHOWN)
        .and("\nAccount ")
        .code(entitlement.account.as_str())
        .and(" (")
        .operators(&entitlement.environment, ENVIRONMENT_SHOWN)
        .and("), up to ")
        .code(&display_duration(entitlement.max_duration_seconds));
    let text = match needed {
        0 => text.and(", policy may approve by itself"),
        1 => text.and(", one countersignature"),
        _ => text.and(", ").number(needed).and(" countersignatures"),
    };
    if entitlement.ticket_required { text.and(", with a ticket") } else { text }
}

/// Where a request is.
pub fn status(state: &State, names: Names<'_>) -> Message {
    let request = &state.request;
    let head = Markup::default()
        .person(&request.requester, names)
        .and(" asked for ")
        .then(&wanted(request))
        .and(" in account ")
        .code(request.account.as_str())
        .and(". It is *")
        .operators(state.status().as_str(), ENVIRONMENT_SHOWN)
        .and("*");
    let (text, words) = match &state.phase {
        Phase::Pending { approvals, lapses_at } => {
            let counted = head
                .and(": ")
                .number(approvals.len())
                .and(" of ")
                .number(usize::from(request.quorum.needed))
                .and(" countersigned");
            (counted.and(", open until ").time(*lapses_at).and("."), None)
        }
        Phase::Provisioning { plan, .. } => {
            (head.and("; access until ").time(plan.window.expires_at()).and(" is being made."), None)
        }
        Phase::Active { plan, .. } => (head.and(" until ").time(plan.window.expires_at()).and("."), None),
        Phase::Revoking { reason, since, .. } => {
            let (why, words) = end_reason(reason, names);
            (head.and(" since ").time(*since).and(": ").then(&why).and("."), words)
        }
        Phase::Denied { by, reason, at } => {
            let head = head.and(" since ").time(*at);
            let text = match by {
                Some(person) => head.and(", by ").person(person, names).and("."),
                None => head.and(", by policy."),
            };
            (text, Some(Words::of(reason, WORDS_SHOWN).labelled("Reason: ")))
        }
        Phase::Approved { at, .. } | Phase::Cancelled { at } | Phase::Lapsed { at } => {
            (head.and(" since ").time(*at).and("."), None)
        }
        Phase::Ended { reason, at, .. } => {
            let (why, words) = end_reason(reason, names);
            (head.and(" since ").time(*at).and(": ").then(&why).and("."), words)
        }
    };
    let mut blocks = vec![Block::markup(text.clone())];
    blocks.extend(words.map(Block::words));
    if !state.approvals().is_empty() {
        blocks.push(Block::markup(approvers(Markup::ours("Countersigned by "), state.approvals(), names).and(".")));
    }
    blocks.push(Block::context(id(&request.id)));
    Message::new(text, blocks)
}

/// A command was refused: why, and the stable code.
pub fn refusal(refusal: &Refusal) -> Message {
    let code = refusal.code();
    let text = Markup::ours("Not done: ").operators(&refusal.to_string(), WORDS_SHOWN).and(" (").code(code).and(")");
    said_plainly(text, &refusal.to_string(), code)
}

/// Something was not done for a reason of our own, with its stable code.
pub fn not_done(code: &'static str, sentence: &'static str) -> Message {
    let text = Markup::ours("Not done: ").and(sentence).and(" (").code(code).and(")");
    said_plainly(text, sentence, code)
}

fn said_plainly(fallback: Markup, sentence: &str, code: &str) -> Message {
    let blocks = [
        Block::words(Words::of(sentence, WORDS_SHOWN).labelled("Not done: ")),
        Block::context(Markup::default().code(code)),
    ];
    Message::new(fallback, blocks)
}

/// Fields are wrong: each, and what is allowed.
pub fn field_errors(errors: &[FieldError]) -> Message {
    let mut text = Markup::ours("This was not taken.");
    let mut blocks = vec![Block::markup(Markup::ours("*This was not taken:*"))];
    for error in errors.iter().take(FIELDS_SHOWN) {
        text = text.and(" ").code(error.field).and(" ").code(error.code);
        blocks.push(Block::words(Words::lines([format!("{}: {}", error.field, error.message)], FIELD_SHOWN)));
        blocks.push(Block::context(Markup::default().code(error.code)));
    }
    Message::new(text, blocks)
}

/// How it works.
pub fn help() -> Message {
    let text = Markup::ours(HELP);
    Message::new(text.clone(), [Block::markup(text)])
}

/// Slack reads `<` as the beginning of markup, also within code.
const HELP: &str = "*Countersign*: access to AWS, countersigned, for a limited time.\n\
    `/access list`: what you may ask for\n\
    `/access &lt;entitlement&gt; &lt;duration&gt; &lt;reason&gt;`: ask, as in `/access logs-read 30m looking into the checkout errors ticket=OPS-7`\n\
    `/access status &lt;id&gt;`: where a request is\n\
    `/access revoke &lt;id&gt; &lt;reason&gt;`: end access early\n\
    `/access cancel &lt;id&gt;`: withdraw a request that waits\n\
    Durations are hours, minutes or seconds with their unit: `30m`, `2h`, `1h30m`.";
