//! The Home tab: what somebody has, what waits for them, what they may ask for.

use std::fmt;

use model::catalog::Entitlement;
use model::lifecycle::{Phase, State};
use model::names::PersonId;
use model::time::Time;

use super::standing::standing;
use super::{answer, asks, counted, place, risk, wanted};
use crate::blocks::{Block, Button, Markup, Names, View, Words};
use crate::limits::{HOME_ENTITLEMENTS, HOME_REQUESTS, WORDS_BRIEFLY};
use crate::payload::Action;

/// What the Home tab is made of.
#[derive(Clone, Copy)]
pub struct Home<'a> {
    /// Whose it is.
    pub person: &'a PersonId,
    /// Their requests that are not over, the newest first.
    pub mine: &'a [&'a State],
    /// Whether there are more of those than were read.
    pub more_mine: bool,
    /// Requests that wait for their countersignature, the oldest first.
    pub waiting: &'a [&'a State],
    /// Whether there may be more of those than were read.
    pub more_waiting: bool,
    /// What they may ask for.
    pub allowed: &'a [&'a Entitlement],
    /// The time at which all that was read.
    pub now: Time,
    /// How persons are shown.
    pub names: Names<'a>,
}

impl fmt::Debug for Home<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Home").field("person", &self.person).finish_non_exhaustive()
    }
}

/// The Home tab of somebody to whom it cannot be shown, for a reason of our own.
pub fn unavailable(sentence: &'static str) -> View {
    View::home([
        Block::header("Countersign"),
        Block::markup(Markup::ours("This cannot be shown now: ").and(sentence).and(".")),
        Block::buttons([Button::refresh("Refresh")]),
    ])
}

/// The Home tab.
pub fn view(home: &Home<'_>) -> View {
    let mut first = vec![Button::refresh("Refresh")];
    // Whoever may ask for nothing is not led to an empty form.
    if !home.allowed.is_empty() {
        first.insert(0, Button::ask("Ask for access", None).primary());
    }
    let mut blocks = vec![
        Block::buttons(first),
        Block::context(Markup::ours("For ").person(home.person, home.names).and(", as of ").second(home.now)),
    ];
    blocks.push(Block::header("Your access"));
    if home.mine.is_empty() {
        blocks.push(nothing(
            "You have no access and no request that waits. That is how it should be, until you need some.",
        ));
    }
    for state in home.mine.iter().take(HOME_REQUESTS) {
        blocks.extend(mine(state, home.names));
    }
    blocks.extend(rest(home.mine.len(), HOME_REQUESTS, home.more_mine, " of yours: `countersign list`"));
    blocks.push(Block::header("Waiting for you"));
    if home.waiting.is_empty() {
        blocks.push(nothing("Nobody waits for your countersignature."));
    }
    for state in home.waiting.iter().take(HOME_REQUESTS) {
        blocks.extend(waiting(state, home.names));
    }
    blocks.extend(rest(
        home.waiting.len(),
        HOME_REQUESTS,
        home.more_waiting,
        " that wait: they show up as these are decided",
    ));
    blocks.push(Block::header("What you may ask for"));
    if home.allowed.is_empty() {
        blocks.push(nothing("There is nothing you may ask for. The operators of the catalog decide that; please tell them what you need."));
    }
    for entitlement in home.allowed.iter().take(HOME_ENTITLEMENTS) {
        blocks.push(allowed(entitlement));
    }
    blocks.extend(rest(home.allowed.len(), HOME_ENTITLEMENTS, false, ": press *Ask for access* and type to find them"));
    View::home(blocks)
}

fn nothing(sentence: &'static str) -> Block {
    Block::markup(Markup::ours(sentence))
}

/// How many are not shown, if any.
fn rest(known: usize, shown: usize, beyond: bool, which: &'static str) -> Option<Block> {
    let more = known.saturating_sub(shown);
    let text = match (more, beyond) {
        (0, false) => return None,
        (0, true) => Markup::ours("and more"),
        (more, false) => Markup::ours("and ").number(more).and(" more"),
        (more, true) => Markup::ours("and at least ").number(more).and(" more"),
    };
    Some(Block::context(text.and(which)))
}

fn mine(state: &State, names: Names<'_>) -> Vec<Block> {
    let request = &state.request;
    let text = wanted(request).and(" in ").then(&place(request)).and("\n").then(&standing(state, names).text);
    let details = Button::about(state, Action::Details, "Details");
    let ending = match state.phase {
        Phase::Active { .. } => Some(Button::about(state, Action::Revoke, "End access now")),
        Phase::Pending { .. } | Phase::Approved { .. } => Some(Button::about(state, Action::Cancel, "Cancel request")),
        Phase::Provisioning { .. }
        | Phase::Revoking { .. }
        | Phase::Denied { .. }
        | Phase::Cancelled { .. }
        | Phase::Lapsed { .. }
        | Phase::Ended { .. } => None,
    };
    match ending {
        Some(ending) => vec![Block::markup(text), Block::buttons([ending, details])],
        None => vec![Block::markup(text).beside(details)],
    }
}

fn waiting(state: &State, names: Names<'_>) -> Vec<Block> {
    let request = &state.request;
    let text = asks(request, names).and("\nRisk: ").and(risk(request.risk.level)).and(" · ");
    let text = text.then(&counted(request, state.approvals(), names));
    let text = match &state.phase {
        Phase::Pending { lapses_at, .. } => text.and(" · open until ").time(*lapses_at),
        Phase::Approved { .. }
        | Phase::Provisioning { .. }
        | Phase::Active { .. }
        | Phase::Revoking { .. }
        | Phase::Denied { .. }
        | Phase::Cancelled { .. }
        | Phase::Lapsed { .. }
        | Phase::Ended { .. } => text,
    };
    let why = Words::of(request.justification.shown(), WORDS_BRIEFLY).labelled("Their words: ");
    vec![
        Block::markup(text),
        Block::small_words(why),
        Block::buttons([
            Button::about(state, Action::Approve, "Approve"),
            Button::about(state, Action::Deny, "Deny"),
            Button::about(state, Action::Details, "Details"),
        ]),
    ]
}

fn allowed(entitlement: &Entitlement) -> Block {
    let text = answer::entitlement(entitlement);
    Block::markup(text).beside(Button::ask("Ask", Some(entitlement.name.as_str())))
}
