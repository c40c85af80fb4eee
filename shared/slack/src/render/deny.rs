//! The modal that asks why a request is denied.

use model::lifecycle::State;

use super::{asks, risk};
use crate::blocks::{Block, Field, Input, Names, View, Words};
use crate::ids;
use crate::limits::{INPUT_TEXT, WORDS_BRIEFLY};
use crate::payload::button_value;

/// Asks why `state` is denied. It carries which request that is, and what its presser saw.
pub fn view(state: &State, names: Names<'_>) -> View {
    let request = &state.request;
    let text = asks(request, names).and(". Risk: ").and(risk(request.risk.level)).and(".");
    let blocks = [
        Block::markup(text),
        Block::small_words(Words::of(request.justification.shown(), WORDS_BRIEFLY).labelled("Their words: ")),
        Block::input(Input {
            name: ids::field::REASON,
            block: ids::field::REASON.to_owned(),
            label: "Why do you deny it?",
            placeholder: "Use orders-db-read instead",
            hint: Some(Words::ours("The requester and the other approvers are told, and it is kept in the record.")),
            optional: false,
            live: false,
            field: Field::Text { typed: None, lines: true, least: 1, most: INPUT_TEXT },
        }),
    ];
    let metadata = button_value(&request.id, state.terms().digest());
    View::modal(ids::view::DENY, "Deny a request", Some("Deny"), "Back", &metadata, blocks)
}
