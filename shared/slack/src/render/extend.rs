//! The modal in which more time is asked for.

use model::catalog::Entitlement;
use model::request::Request;

use super::{place, wanted};
use crate::ask::{duration_choice, durations, usual_duration};
use crate::blocks::{Block, Field, Input, Markup, View, Words};
use crate::ids;
use crate::limits::{INPUT_TEXT, TICKET_TYPED};
use crate::payload::button_value;

/// Asks for how much longer, and why, the access of `request` is needed. What it is for stays as it is. It carries which
/// request that is.
pub fn view(request: &Request, entitlement: &Entitlement) -> View {
    let text = Markup::ours("You hold ").then(&wanted(request)).and(" in ").then(&place(request));
    let text = text.and(". More time is a new request for the same: it is judged anew, and follows on without a gap if it is approved in time.");
    let blocks = [
        Block::markup(text),
        Block::input(Input {
            name: ids::field::DURATION,
            block: ids::field::DURATION.to_owned(),
            label: "For how long?",
            placeholder: "How long",
            hint: Some(Words::ours("From when it is approved.")),
            optional: false,
            live: false,
            field: Field::One {
                choices: durations(entitlement).into_iter().map(duration_choice).collect(),
                chosen: Some(duration_choice(usual_duration(entitlement))),
            },
        }),
        Block::input(Input {
            name: ids::field::TICKET,
            block: ids::field::TICKET.to_owned(),
            label: "Ticket",
            placeholder: "OPS-7",
            hint: None,
            optional: !entitlement.ticket_required,
            live: false,
            field: Field::Text {
                typed: request.ticket.as_ref().map(ToString::to_string),
                lines: false,
                least: 0,
                most: TICKET_TYPED,
            },
        }),
        Block::input(Input {
            name: ids::field::JUSTIFICATION,
            block: ids::field::JUSTIFICATION.to_owned(),
            label: "Why do you need longer?",
            placeholder: "Two more orders are stuck in the same way",
            hint: Some(Words::ours("Whoever countersigns reads this, and it is kept in the record.")),
            optional: false,
            live: false,
            field: Field::Text { typed: None, lines: true, least: 1, most: INPUT_TEXT },
        }),
    ];
    let metadata = button_value(&request.id, request.digest());
    View::modal(ids::view::EXTEND, "Extend access", Some("Ask"), "Back", &metadata, blocks)
}
