//! How much of each of Slack's limits a message or a view uses.

use serde_json::Value;

use crate::blocks::{Message, View};
use crate::limits;

/// One limit, and how much of it is used.
pub(super) struct Margin {
    pub(super) what: &'static str,
    pub(super) used: usize,
    pub(super) most: usize,
}

impl Margin {
    pub(super) fn fault(&self) -> Option<String> {
        (self.used > self.most).then(|| format!("{}: {} of {}", self.what, self.used, self.most))
    }
}

pub(super) fn margins_of_message(message: &Message) -> Vec<Margin> {
    let mut found = Margins::default();
    found.note("fallback", message.text().chars().count(), limits::FALLBACK_TEXT);
    found.note("blocks", message.blocks().len(), limits::MESSAGE_BLOCKS);
    message.blocks().iter().for_each(|block| found.walk(block));
    let total = found.total;
    found.note("text of all blocks", total, limits::MESSAGE_TEXT);
    found.all
}

pub(super) fn margins_of_view(view: &View) -> Vec<Margin> {
    let shape = view.shape();
    let mut found = Margins::default();
    found.note("blocks", shape["blocks"].as_array().unwrap().len(), limits::VIEW_BLOCKS);
    found.note("bytes", shape.to_string().len(), limits::VIEW_BYTES);
    for name in ["title", "submit", "close"] {
        found.text("title and buttons", &shape[name], limits::VIEW_TITLE);
    }
    found.string("private_metadata", &shape["private_metadata"], limits::PRIVATE_METADATA);
    found.string("callback_id", &shape["callback_id"], limits::CALLBACK_ID);
    shape["blocks"].as_array().unwrap().iter().for_each(|block| found.walk(block));
    found.all
}

/// The three limits of which most is used, the tightest first.
pub(super) fn tightest(mut margins: Vec<Margin>) -> String {
    margins.sort_by_key(|margin| std::cmp::Reverse(margin.used.saturating_mul(10_000).div_euclid(margin.most)));
    let mut told: Vec<&'static str> = vec![];
    let mut lines = vec![];
    for margin in &margins {
        if told.len() < 3 && !told.contains(&margin.what) {
            told.push(margin.what);
            lines.push(format!("{} {} of {}", margin.what, margin.used, margin.most));
        }
    }
    lines.join(", ")
}

#[derive(Default)]
struct Margins {
    all: Vec<Margin>,
    total: usize,
}

impl Margins {
    fn note(&mut self, what: &'static str, used: usize, most: usize) {
        self.all.push(Margin { what, used, most });
    }

    fn string(&mut self, what: &'static str, value: &Value, most: usize) {
        if let Some(text) = value.as_str() {
            self.note(what, text.chars().count(), most);
        }
    }

    fn text(&mut self, what: &'static str, value: &Value, most: usize) {
        self.string(what, &value["text"], most);
    }

    fn walk(&mut self, value: &Value) {
        match value["type"].as_str() {
            Some("section") => self.text("section", &value["text"], limits::SECTION_TEXT),
            Some("header") => self.text("header", &value["text"], limits::HEADER_TEXT),
            Some("context") => self.text("context", &value["elements"][0], limits::SECTION_TEXT),
            Some("actions") => {
                self.note("buttons", value["elements"].as_array().unwrap().len(), limits::ACTIONS_ELEMENTS);
            }
            Some("button") => {
                self.text("button", &value["text"], limits::BUTTON_TEXT);
                self.string("button's value", &value["value"], limits::BUTTON_VALUE);
                self.text("confirmation's title", &value["confirm"]["title"], limits::CONFIRM_TITLE);
                self.text("confirmation", &value["confirm"]["text"], limits::CONFIRM_TEXT);
                self.text("confirmation's buttons", &value["confirm"]["confirm"], limits::CONFIRM_BUTTON);
                self.text("confirmation's buttons", &value["confirm"]["deny"], limits::CONFIRM_BUTTON);
            }
            Some("input") => {
                self.text("label", &value["label"], limits::INPUT_LABEL);
                self.text("hint", &value["hint"], limits::INPUT_HINT);
                self.string("block_id", &value["block_id"], limits::BLOCK_ID);
            }
            _ => {}
        }
        self.string("action_id", &value["action_id"], limits::ACTION_ID);
        self.text("placeholder", &value["placeholder"], limits::PLACEHOLDER);
        self.string("text typed", &value["initial_value"], limits::INPUT_TEXT);
        if let Some(options) = value["options"].as_array() {
            self.note("options", options.len(), limits::OPTIONS);
        }
        if let Some(fields) = value["fields"].as_array() {
            self.note("fields", fields.len(), limits::SECTION_FIELDS);
            for field in fields {
                self.text("field", field, limits::FIELD_TEXT);
            }
        }
        if value["text"].is_object() && value["type"].is_null() {
            self.text("option", &value["text"], limits::OPTION_TEXT);
            self.text("option's description", &value["description"], limits::OPTION_TEXT);
            self.string("option's value", &value["value"], limits::OPTION_VALUE);
        }
        if matches!(value["type"].as_str(), Some("mrkdwn" | "plain_text")) {
            self.total = self.total.saturating_add(value["text"].as_str().unwrap().chars().count());
        }
        match value {
            // What is asked before a press was told with the button; it has no type either.
            Value::Object(fields) => {
                fields.iter().filter(|(name, _)| *name != "confirm").for_each(|(_, inner)| self.walk(inner));
            }
            Value::Array(items) => items.iter().for_each(|inner| self.walk(inner)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}
