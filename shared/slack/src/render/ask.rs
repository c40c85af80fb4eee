//! The modal in which access is asked for.

use std::fmt;

use model::catalog::Entitlement;
use model::names::PersonId;
use model::request::{Request, Status};
use model::submission::{FieldError, Preview};

use super::requester::who_may;
use super::{place, risk, wanted};
use crate::ask::{AskForm, Selection, choice, duration_choice, durations, has_choice, option_value, usual_duration};
use crate::blocks::{Block, Choice, Field, Input, Markup, Names, View, Words, id};
use crate::ids;
use crate::limits::{
    DESCRIPTION_SHOWN, ENVIRONMENT_SHOWN, FIELD_SHOWN, FIELDS_SHOWN, INPUT_HINT, INPUT_TEXT, OPTIONS, PERSONS_SHOWN,
    REASONS_SHOWN, TICKET_TYPED,
};

const TITLE: &str = "Ask for access";

/// What the modal is made of once something was chosen.
#[derive(Clone, Copy)]
pub struct AskView<'a> {
    /// What was chosen.
    pub entitlement: &'a Entitlement,
    /// What was chosen and typed so far.
    pub form: &'a AskForm,
    /// What would become of it.
    pub preview: &'a Result<Preview, Vec<FieldError>>,
    /// How persons are shown.
    pub names: Names<'a>,
}

/// Without what was typed: those are a person's words.
impl fmt::Debug for AskView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AskView").field("entitlement", &self.entitlement.name).finish_non_exhaustive()
    }
}

/// Opened at once, since a trigger lives for three seconds only.
pub fn loading() -> View {
    let text = Markup::ours("Loading what you may ask for. This takes a moment.");
    View::modal(ids::view::NOTICE, TITLE, None, "Cancel", "", [Block::markup(text)])
}

/// Nothing is chosen yet, or only `prefilled`.
pub fn choose(prefilled: Option<&Entitlement>) -> View {
    let next = Markup::ours("Choose what you need. The rest of the form follows from it.");
    View::modal(ids::view::ASK, TITLE, Some("Ask"), "Cancel", "", [entitlement(prefilled), Block::context(next)])
}

/// The whole form, with what would become of it.
pub fn form(view: &AskView<'_>) -> View {
    let AskView { entitlement: chosen, form, preview, names } = *view;
    let mut blocks = vec![entitlement(Some(chosen)), Block::markup(about(chosen)), duration(chosen, form)];
    let of = |field: &Narrowing| ids::block(field.name, chosen.name.as_str());
    blocks.extend(narrowed(of(&NARROW_ACTIONS), true, &NARROW_ACTIONS, &chosen.permissions, &form.permissions));
    blocks.extend(narrowed(of(&NARROW_RESOURCES), true, &NARROW_RESOURCES, &chosen.resources, &form.resources));
    blocks.push(ticket(chosen, form));
    blocks.push(justification(chosen, form));
    blocks.push(Block::divider());
    blocks.extend(match preview {
        Ok(preview) => foreseen(preview, names),
        Err(errors) => wrong(errors),
    });
    View::modal(ids::view::ASK, TITLE, Some("Ask"), "Cancel", "", blocks)
}

fn entitlement(chosen: Option<&Entitlement>) -> Block {
    Block::input(Input {
        name: ids::field::ENTITLEMENT,
        block: ids::field::ENTITLEMENT.to_owned(),
        label: "What do you need?",
        placeholder: "Type a part of its name, account or environment",
        hint: None,
        optional: false,
        live: true,
        field: Field::Lookup { chosen: chosen.map(choice) },
    })
}

fn about(entitlement: &Entitlement) -> Markup {
    let text = Markup::default()
        .operators(&entitlement.description, DESCRIPTION_SHOWN)
        .and("\nAccount ")
        .code(entitlement.account.as_str())
        .and(" (")
        .operators(&entitlement.environment, ENVIRONMENT_SHOWN)
        .and("), up to ")
        .duration(entitlement.max_duration_seconds);
    let text = if entitlement.mfa { text.and(", with a second factor") } else { text };
    match (lone(&entitlement.permissions), lone(&entitlement.resources)) {
        (None, None) => text,
        (Some(action), None) => text.and("\nOnly ").code(action),
        (None, Some(resource)) => text.and("\nOnly on ").code(resource),
        (Some(action), Some(resource)) => text.and("\nOnly ").code(action).and(" on ").code(resource),
    }
}

/// The one entry of a list, if it stands for itself alone.
fn lone(all: &[String]) -> Option<&str> {
    if has_choice(all) { None } else { all.first().map(String::as_str) }
}

fn duration(entitlement: &Entitlement, form: &AskForm) -> Block {
    let mut offered = durations(entitlement);
    let longest = entitlement.max_duration_seconds;
    let wanted = form.duration_seconds.filter(|wanted| (1..=longest).contains(wanted));
    if let Some(wanted) = wanted
        && !offered.contains(&wanted)
    {
        offered.push(wanted);
        offered.sort_unstable();
    }
    Block::input(Input {
        name: ids::field::DURATION,
        block: ids::block(ids::field::DURATION, entitlement.name.as_str()),
        label: "For how long?",
        placeholder: "How long",
        hint: Some(Words::ours("It begins when access exists, and ends by itself.")),
        optional: false,
        live: true,
        field: Field::One {
            choices: offered.into_iter().map(duration_choice).collect(),
            chosen: Some(duration_choice(wanted.unwrap_or(usual_duration(entitlement)))),
        },
    })
}

/// A field that narrows a list of patterns.
pub(super) struct Narrowing {
    pub(super) name: &'static str,
    label: &'static str,
    choose: &'static str,
    write: &'static str,
}

pub(super) const NARROW_ACTIONS: Narrowing = Narrowing {
    name: ids::field::PERMISSIONS,
    label: "Which actions?",
    choose: "All of them",
    write: "One per line; empty means all",
};

pub(super) const NARROW_RESOURCES: Narrowing = Narrowing {
    name: ids::field::RESOURCES,
    label: "Which resources?",
    choose: "All of them",
    write: "One per line; empty means all",
};

/// A menu if each entry stands for itself; else a text, since what a wildcard stands for has no end.
pub(super) fn narrowed(
    block: String,
    live: bool,
    field: &Narrowing,
    all: &[String],
    selection: &Selection,
) -> Option<Block> {
    // One that stands for itself leaves no choice: it is said above.
    if !has_choice(all) {
        return None;
    }
    let written = all.len() > OPTIONS || all.iter().any(|pattern| pattern.contains(['*', '?']));
    let (placeholder, hint, input) = if written {
        let typed = match selection {
            Selection::Written(text) => Some(text.clone()),
            Selection::All | Selection::Chosen(_) => None,
        };
        let allowed = Words::lines([format!("One per line; empty means all. Allowed: {}", some_of(all))], INPUT_HINT);
        (field.write, allowed, Field::Text { typed, lines: true, least: 0, most: INPUT_TEXT })
    } else {
        let choices = distinct(all);
        let chosen = match selection {
            Selection::Chosen(values) => {
                choices.iter().filter(|choice| values.contains(&choice.value)).cloned().collect()
            }
            Selection::All | Selection::Written(_) => vec![],
        };
        let hint = Words::ours("Leave it empty for all. Take less if less will do.");
        (field.choose, hint, Field::Some { choices, chosen })
    };
    Some(Block::input(Input {
        name: field.name,
        block,
        label: field.label,
        placeholder,
        hint: Some(hint),
        optional: true,
        live,
        field: input,
    }))
}

/// As many entries as fit below a field.
fn some_of(all: &[String]) -> String {
    let mut shown = String::new();
    for (index, pattern) in all.iter().enumerate() {
        let room = INPUT_HINT.saturating_sub(120).saturating_sub(shown.chars().count());
        if pattern.chars().count() > room {
            let more = all.len().saturating_sub(index);
            return format!("{shown} and {more} more");
        }
        if index > 0 {
            shown.push_str(", ");
        }
        shown.push_str(pattern);
    }
    shown
}

/// Slack wants the values of a menu's options to differ.
fn distinct(all: &[String]) -> Vec<Choice> {
    let mut choices: Vec<Choice> = Vec::new();
    for pattern in all {
        let value = option_value(pattern);
        if choices.iter().all(|known| known.value != value) {
            choices.push(Choice { text: pattern.clone(), value, description: None });
        }
    }
    choices
}

fn ticket(entitlement: &Entitlement, form: &AskForm) -> Block {
    Block::input(Input {
        name: ids::field::TICKET,
        block: ids::block(ids::field::TICKET, entitlement.name.as_str()),
        label: "Ticket",
        placeholder: "OPS-7",
        hint: None,
        optional: !entitlement.ticket_required,
        live: false,
        field: Field::Text { typed: form.ticket.clone(), lines: false, least: 0, most: TICKET_TYPED },
    })
}

fn justification(entitlement: &Entitlement, form: &AskForm) -> Block {
    Block::input(Input {
        name: ids::field::JUSTIFICATION,
        block: ids::block(ids::field::JUSTIFICATION, entitlement.name.as_str()),
        label: "Why do you need it?",
        placeholder: "Orders are stuck since 18:40; I want to look at three of them",
        hint: Some(Words::ours("Whoever countersigns reads this, and it is kept in the record.")),
        optional: false,
        live: false,
        field: Field::Text { typed: form.justification.clone(), lines: true, least: 1, most: INPUT_TEXT },
    })
}

/// What would become of it.
fn foreseen(preview: &Preview, names: Names<'_>) -> Vec<Block> {
    let text = Markup::ours("*What will happen*\nRisk: ").and(risk(preview.risk.level));
    let reasons = preview.risk.reasons.iter().map(|reason| format!("• {}", reason.sentence));
    let needed = usize::from(preview.quorum.needed);
    let next = if preview.refused {
        Markup::ours("⛔ Policy *refuses* this. Asking for less, for a shorter time or with a ticket may help.")
    } else if needed == 0 {
        Markup::ours("✅ Policy approves this *by itself*: you get in as soon as access is made.")
    } else {
        let persons = preview.countersigners.iter();
        if preview.countersigners.is_empty() {
            Markup::ours(
                "✍️ It has to be countersigned, and nobody is known who may: please tell the operators of the catalog.",
            )
        } else if needed == 1 {
            Markup::ours("✍️ One of ").persons(persons, PERSONS_SHOWN, names).and(" has to countersign.")
        } else {
            let text = Markup::ours("✍️ ").number(needed).and(" of ").persons(persons, PERSONS_SHOWN, names);
            text.and(" have to countersign.")
        }
    };
    vec![Block::markup(text), Block::words(Words::lines(reasons, REASONS_SHOWN)), Block::markup(next)]
}

/// What keeps it from being judged.
fn wrong(errors: &[FieldError]) -> Vec<Block> {
    let lines = errors.iter().take(FIELDS_SHOWN).map(|error| format!("• {}", error.message));
    vec![
        Block::markup(Markup::ours("⚠️ *Not yet:* this needs a change before it can be asked for.")),
        Block::words(Words::lines(lines, FIELD_SHOWN)),
    ]
}

/// It was taken: where it is, and who is asked.
pub fn sent(request: &Request, status: Status, countersigners: &[PersonId], names: Names<'_>) -> View {
    let text = Markup::ours("You asked for ").then(&wanted(request)).and(" in ").then(&place(request)).and(".");
    let next = match status {
        Status::Pending => who_may(countersigners, names),
        Status::Approved | Status::Provisioning => {
            Markup::ours("✅ Policy approved it by itself. You get a message as soon as you can get in.")
        }
        Status::Active => Markup::ours("▶️ It is active. A message says how to get in."),
        Status::Denied => Markup::ours("⛔ Policy denied it. A message says why."),
        Status::Revoking | Status::Ended => Markup::ours("🏁 It is over already. A message says why."),
        Status::Cancelled => Markup::ours("↩️ It is cancelled."),
        Status::Lapsed => Markup::ours("⌛ It has lapsed. Ask again if you still need it."),
    };
    let risk = Markup::ours("Risk: ").and(risk(request.risk.level)).and(" · ").then(&id(&request.id));
    View::modal(
        ids::view::NOTICE,
        "Asked",
        None,
        "Close",
        "",
        [Block::markup(text), Block::markup(next), Block::context(risk)],
    )
}
