//! What approvers see. They countersign the digest in its buttons: the whole request, not what is shown of it.

use std::fmt;

use model::lifecycle::{Approval, Phase, State};
use model::request::Request;
use model::terms::Terms;
use model::time::Time;

use super::standing::standing;
use super::{asked_for, counted, narrowed, notes, risk};
use crate::blocks::{Block, Button, Markup, Message, Names, Words, id, middle};
use crate::limits::{
    ENVIRONMENT_SHOWN, GROUPS_SHOWN, REASONS_COUNTED, REASONS_SHOWN, SCOPE_SHOWN, UNUSUAL_COUNTED, UNUSUAL_SHOWN,
    WORDS_SHOWN,
};
use crate::payload::Action;

/// What a card is made of.
#[derive(Clone, Copy)]
pub struct Card<'a> {
    /// The request, and where it is.
    pub state: &'a State,
    /// What is out of the ordinary about it: sentences of our own.
    pub unusual: &'a [String],
    /// How persons are shown.
    pub names: Names<'a>,
}

impl fmt::Debug for Card<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Card").field("state", &self.state).finish_non_exhaustive()
    }
}

/// The card that asks approvers to countersign, and later says what became of the request.
///
/// While it waits: who, what, where, how long, the risk with its reasons, what is unusual, then the requester's own
/// words, the ticket, and the buttons. Afterwards only where it is.
pub fn card(card: &Card<'_>) -> Message {
    match &card.state.phase {
        Phase::Pending { approvals, lapses_at, .. } => waiting(card, approvals, *lapses_at),
        Phase::Approved { .. }
        | Phase::Provisioning { .. }
        | Phase::Active { .. }
        | Phase::Revoking { .. }
        | Phase::Denied { .. }
        | Phase::Cancelled { .. }
        | Phase::Lapsed { .. }
        | Phase::Ended { .. } => decided(card.state, card.names),
    }
}

fn waiting(card: &Card<'_>, approvals: &[Approval], lapses_at: Time) -> Message {
    let Card { state, unusual, names } = *card;
    let request = &state.request;
    let who =
        Markup::ours("*Who:* ").person(&request.requester, names).and("\n*What:* ").code(request.entitlement.as_str());
    let place = Markup::ours("*Where:* account ")
        .code(request.account.as_str())
        .and(", ")
        .operators(&request.environment, ENVIRONMENT_SHOWN)
        .and("\n*How long:* ")
        .duration(state.terms().duration_seconds())
        .and("\n*Risk:* ")
        .and(risk(request.risk.level));
    let mut blocks = vec![
        Block::header("Access to countersign"),
        Block::markup(who),
        Block::words(scope(state.terms())),
        Block::markup(place),
        Block::words(reasons(request)),
    ];
    blocks.extend(narrowed(state, names).map(Block::markup));
    if !unusual.is_empty() {
        blocks.push(Block::markup(out_of_the_ordinary(unusual)));
    }
    blocks.push(Block::label("*Why*, in their own words:"));
    blocks.push(Block::words(Words::of(request.justification.shown(), WORDS_SHOWN)));
    if let Some(ticket) = &request.ticket {
        blocks.push(Block::words(Words::of(ticket.as_str(), WORDS_SHOWN).labelled("Ticket: ")));
    }
    blocks.extend(notes(approvals).map(Block::words));
    blocks.push(Block::context(footer(request, approvals, lapses_at, names)));
    blocks.push(Block::buttons([
        Button::about(state, Action::Approve, "Approve"),
        Button::about(state, Action::Deny, "Deny"),
        Button::about(state, Action::Details, "Details"),
    ]));
    Message::new(blocks)
}

fn decided(state: &State, names: Names<'_>) -> Message {
    let request = &state.request;
    let standing = standing(state, names);
    let mut blocks = vec![Block::markup(standing.text)];
    blocks.extend(standing.words.map(Block::words));
    let was = asked_for(request, names).and(". Risk: ").and(risk(request.risk.level)).and(". ").then(&id(&request.id));
    blocks.push(Block::context(was));
    let mut buttons = vec![Button::about(state, Action::Details, "Details")];
    if matches!(state.phase, Phase::Active { .. }) {
        buttons.insert(0, Button::about(state, Action::Revoke, "End access now"));
    }
    blocks.push(Block::buttons(buttons));
    Message::new(blocks)
}

/// Requesters may narrow actions and resources, so these are their words.
fn scope(terms: Terms<'_>) -> Words {
    let request = terms.request;
    let mut lines = vec![briefly(terms.permissions(), "action"), briefly(terms.resources(), "resource")];
    if !request.source_ips.is_empty() {
        lines.push(briefly(&request.source_ips, "source address").labelled("Only from "));
    }
    if !request.may_outlive.is_empty() {
        lines.push(briefly(&request.may_outlive, "right").labelled("May outlast its time with "));
    }
    Words::stacked(lines)
}

/// The first of a list, and how many more there are.
fn briefly(all: &[String], what: &str) -> Words {
    let plural = match (all.len(), what.ends_with('s')) {
        (1, _) => "",
        (_, true) => "es",
        (_, false) => "s",
    };
    let first: Vec<String> = all.iter().take(3).map(|entry| middle(entry, 80)).collect();
    let more = all.len().saturating_sub(first.len());
    let more = if more == 0 { String::new() } else { format!(" and {more} more (see Details)") };
    Words::lines([format!("{} {what}{plural}: {}{more}", all.len(), first.join(", "))], SCOPE_SHOWN)
}

/// They quote what is asked for, so these are the requester's words too.
fn reasons(request: &Request) -> Words {
    let all = &request.risk.reasons;
    let shown = all.iter().take(REASONS_COUNTED).map(|reason| format!("• {}", reason.sentence));
    let more = all.len().saturating_sub(REASONS_COUNTED);
    let more = (more > 0).then(|| format!("and {more} more (see Details)"));
    Words::lines(shown.chain(more), REASONS_SHOWN)
}

fn out_of_the_ordinary(unusual: &[String]) -> Markup {
    let text = unusual
        .iter()
        .take(UNUSUAL_COUNTED)
        .fold(Markup::ours("*Unusual:*"), |text, sentence| text.and("\n• ").operators(sentence, UNUSUAL_SHOWN));
    let more = unusual.len().saturating_sub(UNUSUAL_COUNTED);
    if more > 0 { text.and("\nand ").number(more).and(" more") } else { text }
}

fn footer(request: &Request, approvals: &[Approval], lapses_at: Time, names: Names<'_>) -> Markup {
    let groups = request.quorum.groups.iter().map(model::names::GroupName::as_str);
    counted(request, approvals, names)
        .and(". Members of ")
        .codes(groups, GROUPS_SHOWN)
        .and(" may countersign. Open until ")
        .time(lapses_at)
        .and(". ")
        .then(&id(&request.id))
}
