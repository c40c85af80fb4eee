//! The modal in which a request is countersigned with a note, or for less than was asked for.

use model::lifecycle::State;
use model::text::LONGEST_NOTE;

use super::ask::{NARROW_ACTIONS, NARROW_RESOURCES, narrowed as part_of};
use super::{asks, narrowed, risk};
use crate::ask::{Selection, duration_choice, up_to};
use crate::blocks::{Block, Field, Input, Names, View, Words};
use crate::ids;
use crate::limits::WORDS_BRIEFLY;
use crate::payload::button_value;

/// Asks with what note, for how long and for what of it `state` is countersigned. It carries which request that is, and
/// what its presser saw.
pub fn view(state: &State, names: Names<'_>) -> View {
    let (request, terms) = (&state.request, state.terms());
    let text = asks(request, names).and(". Risk: ").and(risk(request.risk.level)).and(".");
    let mut blocks = vec![Block::markup(text)];
    blocks.extend(narrowed(state, names).map(Block::markup));
    blocks.push(Block::small_words(Words::of(request.justification.shown(), WORDS_BRIEFLY).labelled("Their words: ")));
    blocks.push(Block::input(Input {
        name: ids::field::NOTE,
        block: ids::field::NOTE.to_owned(),
        label: "Note",
        placeholder: "Only the stuck orders, please",
        hint: Some(Words::ours("The requester and the other approvers see it, and it is kept in the record.")),
        optional: true,
        live: false,
        field: Field::Text { typed: None, lines: true, least: 0, most: LONGEST_NOTE },
    }));
    blocks.push(Block::input(Input {
        name: ids::field::DURATION,
        block: ids::field::DURATION.to_owned(),
        label: "For how long?",
        placeholder: "How long",
        hint: Some(Words::ours("As long as asked for, or shorter.")),
        optional: false,
        live: false,
        field: Field::One {
            choices: up_to(terms.duration_seconds()).into_iter().map(duration_choice).collect(),
            chosen: Some(duration_choice(terms.duration_seconds())),
        },
    }));
    let all = Selection::All;
    for (field, patterns) in [(&NARROW_ACTIONS, terms.permissions()), (&NARROW_RESOURCES, terms.resources())] {
        blocks.extend(part_of(field.name.to_owned(), false, field, patterns, &all));
    }
    let metadata = button_value(&request.id, terms.digest());
    View::modal(ids::view::APPROVE, "Countersign", Some("Approve"), "Back", &metadata, blocks)
}
