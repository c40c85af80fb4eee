//! What approvers see. They countersign the digest in its buttons: the whole request, not what is shown of it.

use model::amount::display_duration;
use model::lifecycle::Approval;
use model::request::{Mechanism, Request};

use super::{approvers, wanted};
use crate::blocks::{Block, Markup, Message, Names, Words, id};
use crate::limits::{ENVIRONMENT_SHOWN, GROUPS_SHOWN, REASONS_SHOWN, SCOPE_SHOWN, WORDS_SHOWN};
use crate::payload::{Action, button_value};

/// The card that asks approvers to countersign: who, what, where, how long, the risk with its reasons, then the
/// requester's own words, then the buttons.
pub fn approval_card(request: &Request, approvals: &[Approval], names: Names<'_>) -> Message {
    let who = Markup::ours("*Who:* ")
        .person(&request.requester, names)
        .and("\n*What:* ")
        .code(request.entitlement.as_str())
        .and(", ")
        .and(made_real(&request.mechanism));
    let place = Markup::ours("*Where:* account ")
        .code(request.account.as_str())
        .and(", environment ")
        .operators(&request.environment, ENVIRONMENT_SHOWN)
        .and("\n*How long:* ")
        .code(&display_duration(request.duration_seconds))
        .and(", from the moment access exists\n*Risk:* *")
        .operators(request.risk.level.as_str(), ENVIRONMENT_SHOWN)
        .and("*, because:");
    let reasons = request.risk.reasons.iter().map(|reason| format!("• {}", reason.sentence));
    let mut blocks = vec![
        Block::header("Access to countersign"),
        Block::markup(who),
        Block::words(scope(request)),
        Block::markup(place),
        Block::words(Words::lines(reasons, REASONS_SHOWN)),
        Block::markup(Markup::ours("*Why*, in the requester's words:")),
        Block::words(Words::of(request.justification.as_str(), WORDS_SHOWN)),
    ];
    if let Some(ticket) = &request.ticket {
        blocks.push(Block::words(Words::of(ticket.as_str(), WORDS_SHOWN).labelled("Ticket: ")));
    }
    blocks.push(Block::context(footer(request, approvals, names)));
    let value = button_value(&request.id, request.digest());
    blocks.push(Block::buttons(&value, &[(Action::Approve, "Approve"), (Action::Deny, "Deny")]));
    let text = Markup::default()
        .person(&request.requester, names)
        .and(" asks for ")
        .then(&wanted(request))
        .and(" in account ")
        .code(request.account.as_str())
        .and(" (")
        .operators(&request.environment, ENVIRONMENT_SHOWN)
        .and("), risk ")
        .operators(request.risk.level.as_str(), ENVIRONMENT_SHOWN)
        .and(". Countersign or deny: ")
        .then(&id(&request.id));
    Message::new(text, blocks)
}

fn made_real(mechanism: &Mechanism) -> &'static str {
    match mechanism {
        Mechanism::Session { .. } => "as sessions of a shared role, narrowed to what follows",
        Mechanism::Role { mfa: true, .. } => "as a role of its own, entered with a second factor",
        Mechanism::Role { mfa: false, .. } => "as a role of its own",
        Mechanism::Policy { .. } => "as a temporary policy on a shared role",
    }
}

/// Requesters may narrow actions and resources, so these are their words.
fn scope(request: &Request) -> Words {
    let mut lines = vec![
        Words::lines([format!("Actions: {}", request.permissions.join(", "))], SCOPE_SHOWN),
        Words::lines([format!("Resources: {}", request.resources.join(", "))], SCOPE_SHOWN),
    ];
    if !request.source_ips.is_empty() {
        lines.push(Words::lines([format!("Only from: {}", request.source_ips.join(", "))], SCOPE_SHOWN / 6));
    }
    if !request.may_outlive.is_empty() {
        let lifted = format!("Lifted, so that it may outlast its time: {}", request.may_outlive.join(", "));
        lines.push(Words::lines([lifted], SCOPE_SHOWN / 6));
    }
    Words::stacked(lines)
}

fn footer(request: &Request, approvals: &[Approval], names: Names<'_>) -> Markup {
    let needed = usize::from(request.quorum.needed);
    let mut text = Markup::default().number(approvals.len()).and(" of ").number(needed).and(" countersigned");
    if !approvals.is_empty() {
        text = approvers(text.and(" ("), approvals, names).and(")");
    }
    for (index, group) in request.quorum.groups.iter().take(GROUPS_SHOWN).enumerate() {
        text = text.and(if index == 0 { ", by members of " } else { ", " }).code(group.as_str());
    }
    text.and(". Open until ")
        .time(request.submitted_at.plus(request.approval_window_seconds))
        .and(". ")
        .then(&id(&request.id))
}
