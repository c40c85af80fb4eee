//! Fields to fill in.

use serde_json::{Value, json};

use super::Words;
use super::words::middle;
use crate::limits::{
    ACTION_ID, BLOCK_ID, INPUT_HINT, INPUT_LABEL, INPUT_TEXT, OPTION_TEXT, OPTION_VALUE, OPTIONS, PLACEHOLDER,
};

/// One entry of a menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Choice {
    /// What it is called. Shown as it is, shortened in its middle.
    pub(crate) text: String,
    /// What comes back if it is chosen.
    pub(crate) value: String,
    /// What is said about it.
    pub(crate) description: Option<String>,
}

impl Choice {
    /// In Slack's own shape.
    pub(crate) fn shape(&self) -> Value {
        let text = Words::of(&middle(&self.text, OPTION_TEXT), OPTION_TEXT).object(OPTION_TEXT);
        let value: String = self.value.chars().take(OPTION_VALUE).collect();
        let mut shape = json!({"text": text, "value": value});
        let description = self.description.as_ref().map(|text| Words::of(text, OPTION_TEXT).object(OPTION_TEXT));
        if let (Some(description), Some(shape)) = (description, shape.as_object_mut()) {
            shape.insert("description".to_owned(), description);
        }
        shape
    }
}

/// What a field is filled in with.
#[derive(Debug, Clone)]
pub(crate) enum Field {
    /// One entry of a list that we are asked for as somebody types.
    Lookup {
        /// What is chosen at first.
        chosen: Option<Choice>,
    },
    /// One entry of a list.
    One {
        /// The list.
        choices: Vec<Choice>,
        /// What is chosen at first: one of the list.
        chosen: Option<Choice>,
    },
    /// Some entries of a list.
    Some {
        /// The list.
        choices: Vec<Choice>,
        /// What is chosen at first: part of the list.
        chosen: Vec<Choice>,
    },
    /// Text.
    Text {
        /// What is there at first.
        typed: Option<String>,
        /// Whether it may have several lines.
        lines: bool,
        /// Fewest characters.
        least: usize,
        /// Most characters.
        most: usize,
    },
}

/// A field to fill in.
#[derive(Debug, Clone)]
pub(crate) struct Input {
    /// Its `action_id`.
    pub(crate) name: &'static str,
    /// Its `block_id`, which is also where its errors are shown.
    pub(crate) block: String,
    /// What it is called.
    pub(crate) label: &'static str,
    /// What it shows while it is empty.
    pub(crate) placeholder: &'static str,
    /// What is said below it.
    pub(crate) hint: Option<Words>,
    /// Whether it may stay empty.
    pub(crate) optional: bool,
    /// Whether we are told as soon as it changes.
    pub(crate) live: bool,
    /// What it is filled in with.
    pub(crate) field: Field,
}

impl Input {
    /// In Slack's own shape.
    pub(super) fn shape(self) -> Value {
        let mut element = self.field.shape(self.live);
        if let Some(element) = element.as_object_mut() {
            let name: String = self.name.chars().take(ACTION_ID).collect();
            element.insert("action_id".to_owned(), json!(name));
            element.insert("placeholder".to_owned(), Words::ours(self.placeholder).object(PLACEHOLDER));
        }
        let block: String = self.block.chars().take(BLOCK_ID).collect();
        let mut shape = json!({
            "type": "input",
            "block_id": block,
            "label": Words::ours(self.label).object(INPUT_LABEL),
            "element": element,
            "optional": self.optional,
            "dispatch_action": self.live,
        });
        if let (Some(hint), Some(shape)) = (self.hint, shape.as_object_mut()) {
            shape.insert("hint".to_owned(), hint.object(INPUT_HINT));
        }
        shape
    }
}

impl Field {
    fn shape(self, live: bool) -> Value {
        let shapes = |choices: &[Choice]| choices.iter().take(OPTIONS).map(Choice::shape).collect::<Vec<_>>();
        let (mut shape, initial) = match self {
            Self::Lookup { chosen } => (
                json!({"type": "external_select", "min_query_length": 0}),
                chosen.map(|chosen| ("initial_option", chosen.shape())),
            ),
            Self::One { choices, chosen } => (
                json!({"type": "static_select", "options": shapes(&choices)}),
                chosen.map(|chosen| ("initial_option", chosen.shape())),
            ),
            Self::Some { choices, chosen } => (
                json!({"type": "multi_static_select", "options": shapes(&choices)}),
                (!chosen.is_empty()).then(|| ("initial_options", json!(shapes(&chosen)))),
            ),
            Self::Text { typed, lines, least, most } => {
                let most = most.min(INPUT_TEXT);
                let mut shape =
                    json!({"type": "plain_text_input", "multiline": lines, "min_length": least, "max_length": most});
                if let (true, Some(shape)) = (live, shape.as_object_mut()) {
                    // Not on every character: each would be an answer of its own, and overtake the one before.
                    let config = json!({"trigger_actions_on": ["on_enter_pressed"]});
                    shape.insert("dispatch_action_config".to_owned(), config);
                }
                let typed = typed.map(|typed| typed.chars().take(most).collect::<String>());
                (shape, typed.filter(|typed| !typed.is_empty()).map(|typed| ("initial_value", json!(typed))))
            }
        };
        if let (Some((name, initial)), Some(shape)) = (initial, shape.as_object_mut()) {
            shape.insert(name.to_owned(), initial);
        }
        shape
    }
}
