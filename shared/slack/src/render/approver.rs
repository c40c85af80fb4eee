//! What approvers are told, each by themselves.

use model::lifecycle::{Phase, State};

use super::standing::standing;
use super::{asked_for, asks, risk};
use crate::blocks::{Block, Button, Markup, Message, Names, id};
use crate::payload::Action;

/// It still waits for them; later, what became of it.
pub fn reminder(state: &State, names: Names<'_>) -> Message {
    let request = &state.request;
    let waits = matches!(state.phase, Phase::Pending { .. });
    let text = if waits {
        Markup::ours("A request still waits for a countersignature: ").then(&asks(request, names))
    } else {
        Markup::ours("This waited for a countersignature: ").then(&asked_for(request, names))
    };
    let text = text.and(". Risk: ").and(risk(request.risk.level)).and(".");
    let standing = standing(state, names);
    let mut blocks = vec![Block::markup(text), Block::markup(standing.text)];
    blocks.extend(standing.words.map(Block::words));
    blocks.push(Block::context(id(&request.id)));
    let mut buttons = vec![Button::about(state, Action::Details, "Details")];
    if waits {
        buttons.insert(0, Button::about(state, Action::Deny, "Deny"));
        buttons.insert(0, Button::about(state, Action::Approve, "Approve"));
    }
    blocks.push(Block::buttons(buttons));
    Message::new(blocks)
}
