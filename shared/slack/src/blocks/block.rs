//! Blocks that show.

use serde_json::{Value, json};

use super::{Button, Input, Markup, Words};
use crate::limits::{ACTIONS_ELEMENTS, FIELD_TEXT, HEADER_TEXT, SECTION_FIELDS, SECTION_TEXT};

/// One block, and what we say in it.
#[derive(Debug, Clone)]
pub(crate) struct Block {
    shape: Value,
    said: Markup,
}

impl Block {
    fn silent(shape: Value) -> Self {
        Self { shape, said: Markup::default() }
    }

    /// A heading.
    pub(crate) fn header(heading: &'static str) -> Self {
        let shape = json!({"type": "header", "text": Words::ours(heading).object(HEADER_TEXT)});
        Self { shape, said: Markup::default().and(heading).and(".") }
    }

    /// What we say.
    pub(crate) fn markup(text: Markup) -> Self {
        Self { shape: json!({"type": "section", "text": text.clone().object()}), said: text }
    }

    /// What stands above words that the fallback leaves out, and says nothing without them.
    pub(crate) fn label(text: &'static str) -> Self {
        Self::silent(json!({"type": "section", "text": Markup::ours(text).object()}))
    }

    /// What a person said, or what quotes it.
    pub(crate) fn words(words: Words) -> Self {
        Self::silent(json!({"type": "section", "text": words.object(SECTION_TEXT)}))
    }

    /// What a person said, in small print.
    pub(crate) fn small_words(words: Words) -> Self {
        Self::silent(json!({"type": "context", "elements": [words.object(SECTION_TEXT)]}))
    }

    /// What we say, in small print.
    pub(crate) fn context(text: Markup) -> Self {
        Self { shape: json!({"type": "context", "elements": [text.clone().object()]}), said: text }
    }

    /// What we say, in short pieces: two to a line where there is room, one below the other on a phone.
    pub(crate) fn fields(fields: impl IntoIterator<Item = Markup>) -> Self {
        let fields: Vec<Markup> = fields.into_iter().take(SECTION_FIELDS).collect();
        let shapes: Vec<Value> = fields
            .iter()
            .map(|field| json!({"type": "mrkdwn", "text": field.clone().within(FIELD_TEXT), "verbatim": true}))
            .collect();
        let said = fields.iter().fold(Markup::default(), |said, field| {
            if said.is_empty() { said.then(field) } else { said.and("\n").then(field) }
        });
        Self { shape: json!({"type": "section", "fields": shapes}), said }
    }

    /// A line between what is above and what is below.
    pub(crate) fn divider() -> Self {
        Self::silent(json!({"type": "divider"}))
    }

    /// The same with a button beside it: for sections.
    #[must_use]
    pub(crate) fn beside(mut self, button: Button) -> Self {
        if let Some(shape) = self.shape.as_object_mut() {
            shape.insert("accessory".to_owned(), button.shape());
        }
        self
    }

    /// Buttons in a row.
    pub(crate) fn buttons(buttons: impl IntoIterator<Item = Button>) -> Self {
        let elements: Vec<Value> = buttons.into_iter().take(ACTIONS_ELEMENTS).map(Button::shape).collect();
        Self::silent(json!({"type": "actions", "elements": elements}))
    }

    /// A field to fill in.
    pub(crate) fn input(input: Input) -> Self {
        Self::silent(input.shape())
    }

    /// What we say in it.
    pub(super) fn said(&self) -> &Markup {
        &self.said
    }

    /// In Slack's own shape.
    pub(super) fn shape(self) -> Value {
        self.shape
    }
}
