//! Block Kit as Slack checks it: shape, lengths and identifiers, never the meaning of a text.
//!
//! Every refusal reads as Slack's does, `must be less than 3001 characters [json-pointer:/blocks/0/text/text]`. Block
//! and element types that Slack has and `shapes` does not list are refused too: a type nobody described cannot be
//! checked.

mod posted;
mod rules;
mod shapes;

use std::collections::HashSet;

use serde_json::{Map, Value};

use crate::limits;
pub(crate) use posted::{as_offered, as_posted};
pub(crate) use rules::options;
use shapes::{Field, Object, Shape};

/// What is wrong with a message, given as `chat.postMessage` and `chat.update` take it; nothing if Slack takes it.
///
/// `text`, `blocks` and `metadata` are looked at. The text may be as long as `chat.update` lets it be, so that what was
/// posted can be changed.
pub fn check_message(message: &Value) -> Vec<String> {
    let blocks = match message.get("blocks") {
        Some(Value::Array(blocks)) => blocks.as_slice(),
        Some(_) => return vec!["invalid_blocks_format [json-pointer:/blocks]".to_owned()],
        None => &[],
    };
    let text = message.get("text").map(|text| text.as_str().unwrap_or_default());
    let mut findings = check_blocks(blocks);
    if text_length(blocks) > limits::MESSAGE_BLOCKS_TEXT {
        findings.push("msg_blocks_too_long [json-pointer:/blocks]".to_owned());
    }
    if text.is_none_or(str::is_empty) && blocks.is_empty() {
        findings.push("no_text [json-pointer:/text]".to_owned());
    }
    if text.is_some_and(|text| text.chars().count() > limits::UPDATED_TEXT) {
        findings.push("msg_too_long [json-pointer:/text]".to_owned());
    }
    if message.get("metadata").is_some_and(|metadata| !is_metadata(metadata)) {
        findings.push("invalid_metadata_format [json-pointer:/metadata]".to_owned());
    }
    findings
}

/// What is wrong with a modal or a home tab, given as `views.open` and `views.publish` take it; nothing if Slack
/// takes it.
pub fn check_view_shape(view: &Value) -> Vec<String> {
    let Value::Object(fields) = view else {
        return vec!["must provide an object [json-pointer:/view]".to_owned()];
    };
    let mut findings = check_view(fields);
    if view.to_string().len() > limits::VIEW_BYTES {
        findings.push("view_too_large [json-pointer:/view]".to_owned());
    }
    findings
}

/// What is wrong with the options an app offers a menu; nothing if Slack takes them.
pub(crate) fn check_offer(offer: &Value) -> Vec<String> {
    let mut check = Check::default();
    check.record(offer, shapes::OFFER, "");
    match (offer.get("options"), offer.get("option_groups")) {
        (None, None) => check.note("missing required field: options or option_groups", ""),
        (Some(_), Some(_)) => check.note("must provide either `options` or `option_groups`, not both", ""),
        (Some(_), None) | (None, Some(_)) => {}
    }
    check.findings
}

/// Whether it has the shape of an app's metadata.
pub(crate) fn is_metadata(metadata: &Value) -> bool {
    metadata.get("event_type").is_some_and(Value::is_string)
        && metadata.get("event_payload").is_some_and(Value::is_object)
}

/// What is wrong with the blocks of a message; nothing if Slack takes them.
pub(crate) fn check_blocks(blocks: &[Value]) -> Vec<String> {
    let mut check = Check::default();
    check.blocks(blocks, "/blocks", shapes::MESSAGE, limits::MESSAGE_BLOCKS);
    check.findings
}

/// What is wrong with a view; nothing if Slack takes it.
pub(crate) fn check_view(view: &Map<String, Value>) -> Vec<String> {
    let mut check = Check::default();
    let home = view.get("type").and_then(Value::as_str) == Some("home");
    let fields = if home { shapes::HOME_FIELDS } else { shapes::MODAL_FIELDS };
    check.fields(view, fields, "/view", &["blocks"]);
    match view.get("blocks") {
        Some(Value::Array(blocks)) => {
            check.blocks(blocks, "/view/blocks", shapes::VIEW, limits::VIEW_BLOCKS);
            let asks = blocks.iter().any(|block| kind_of(block) == Some("input"));
            if asks && !home && !view.contains_key("submit") {
                check.note("must define `submit` to use an `input` block in modals", "/view");
            }
        }
        Some(_) => check.note("must provide an array", "/view/blocks"),
        None => check.note("missing required field: blocks", "/view"),
    }
    check.findings
}

/// The elements of a block: those of an actions block, the one beside a section, the one of an input block.
pub(crate) fn elements(block: &Value) -> impl Iterator<Item = &Map<String, Value>> {
    let several = block.get("elements").and_then(Value::as_array).into_iter().flatten();
    let alone = block.get("accessory").into_iter().chain(block.get("element"));
    several.chain(alone).filter_map(Value::as_object)
}

/// Finds an element by its action id, and by its block's if there may be several. Gives the block too.
pub(crate) fn find_element<'a>(
    blocks: &'a [Value],
    block_id: Option<&str>,
    action_id: &str,
) -> Option<(&'a Value, &'a Map<String, Value>)> {
    let named = |value: Option<&Value>, id: &str| value.and_then(Value::as_str) == Some(id);
    blocks.iter().filter(|block| block_id.is_none_or(|id| named(block.get("block_id"), id))).find_map(|block| {
        elements(block).find(|element| named(element.get("action_id"), action_id)).map(|element| (block, element))
    })
}

/// The characters of all text in `blocks`, as the limit on a whole message counts them.
pub(crate) fn text_length(blocks: &[Value]) -> usize {
    blocks.iter().map(text_in).fold(0, usize::saturating_add)
}

fn text_in(value: &Value) -> usize {
    match value {
        Value::Object(object) => object
            .iter()
            .map(|(name, inner)| match inner {
                Value::String(text) if name == "text" => text.chars().count(),
                Value::Array(_) | Value::Object(_) => text_in(inner),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
            })
            .fold(0, usize::saturating_add),
        Value::Array(items) => items.iter().map(text_in).fold(0, usize::saturating_add),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

fn kind_of(value: &Value) -> Option<&str> {
    value.get("type").and_then(Value::as_str)
}

/// One pass over blocks, collecting what is wrong.
#[derive(Default)]
struct Check {
    findings: Vec<String>,
    block_ids: HashSet<String>,
    /// Identifiers within the block at hand: Slack wants them unique there, not in the whole message.
    action_ids: HashSet<String>,
    /// Whether an element has the focus already: Slack lets one have it.
    focused: bool,
}

impl Check {
    fn note(&mut self, finding: impl std::fmt::Display, pointer: &str) {
        self.findings.push(format!("{finding} [json-pointer:{pointer}]"));
    }

    fn blocks(&mut self, blocks: &[Value], pointer: &str, allowed: &[&Object], most: usize) {
        if blocks.len() > most {
            self.note(format_args!("no more than {most} items allowed"), pointer);
        }
        for (index, block) in blocks.iter().enumerate() {
            self.action_ids.clear();
            let pointer = format!("{pointer}/{index}");
            self.typed(block, allowed, &pointer);
            if let Some(id) = block.get("block_id").and_then(Value::as_str)
                && !self.block_ids.insert(id.to_owned())
            {
                self.note(format_args!("`block_id` \"{id}\" already exists"), &format!("{pointer}/block_id"));
            }
        }
    }

    /// A block or an element: an object whose `type` says which fields it has.
    fn typed(&mut self, value: &Value, allowed: &[&Object], pointer: &str) {
        let Value::Object(fields) = value else {
            return self.note("must provide an object", pointer);
        };
        let Some(kind) = fields.get("type") else {
            return self.note("missing required field: type", pointer);
        };
        let found = allowed.iter().find(|object| kind.as_str() == Some(object.kind));
        let Some(object) = found else {
            let kind = kind.as_str().map_or_else(|| kind.to_string(), str::to_owned);
            return self.note(format_args!("unsupported type: {kind}"), &format!("{pointer}/type"));
        };
        self.fields(fields, object.fields, pointer, &["type"]);
        if !object.any_of.is_empty() && !object.any_of.iter().any(|name| fields.contains_key(*name)) {
            self.note(format_args!("missing required field: {}", object.any_of.join(" or ")), pointer);
        }
        for (finding, field) in rules::broken(object.kind, fields) {
            self.note(finding, &format!("{pointer}{field}"));
        }
        if fields.get("focus_on_load") == Some(&Value::Bool(true)) {
            if self.focused {
                self.note("only one element may be set to `focus_on_load`", &format!("{pointer}/focus_on_load"));
            }
            self.focused = true;
        }
        if let Some(id) = fields.get("action_id").and_then(Value::as_str)
            && !self.action_ids.insert(id.to_owned())
        {
            self.note(format_args!("`action_id` \"{id}\" already exists"), &format!("{pointer}/action_id"));
        }
    }

    fn fields(&mut self, fields: &Map<String, Value>, known: &[Field], pointer: &str, besides: &[&str]) {
        for field in known.iter().filter(|field| field.required && !fields.contains_key(field.name)) {
            self.note(format_args!("missing required field: {}", field.name), pointer);
        }
        for (name, value) in fields {
            match known.iter().find(|field| field.name == name) {
                Some(field) => self.shape(value, &field.shape, &format!("{pointer}/{name}")),
                None if besides.contains(&name.as_str()) => {}
                None => self.note(format_args!("invalid additional property: {name}"), pointer),
            }
        }
    }

    fn shape(&mut self, value: &Value, shape: &Shape, pointer: &str) {
        match shape {
            Shape::String { least, most } => self.string(value, *least, *most, pointer),
            Shape::Flag if !value.is_boolean() => self.note("must provide a boolean", pointer),
            Shape::Integer { least, most } => match value.as_u64() {
                Some(number) if number < *least => {
                    self.note(format_args!("must be greater than or equal to {least}"), pointer);
                }
                Some(number) if number > *most => {
                    self.note(format_args!("must be less than or equal to {most}"), pointer);
                }
                Some(_) => {}
                None => self.note("must provide a non-negative integer", pointer),
            },
            Shape::SomeOf(choices, most) => {
                self.each(value, 1, *most, pointer, |check, item, pointer| {
                    check.shape(item, &Shape::OneOf(choices), pointer);
                });
            }
            Shape::OneOf(choices) => match value.as_str() {
                Some(choice) if choices.contains(&choice) => {}
                Some(_) => self.note("must be a valid enum value", pointer),
                None => self.note("must provide a string", pointer),
            },
            Shape::PlainText(most) => self.text(value, &["plain_text"], *most, pointer),
            Shape::Text(most) => self.text(value, &["plain_text", "mrkdwn"], *most, pointer),
            Shape::Element(allowed) => self.typed(value, allowed, pointer),
            Shape::Elements { allowed, least, most } => {
                self.each(value, *least, *most, pointer, |check, item, pointer| {
                    check.typed(item, allowed, pointer);
                });
            }
            Shape::Texts { each, most } => {
                self.each(value, 1, *most, pointer, |check, item, pointer| {
                    check.text(item, &["plain_text", "mrkdwn"], *each, pointer);
                });
            }
            Shape::Record(fields) => self.record(value, fields, pointer),
            Shape::Records { fields, most } => {
                self.each(value, 1, *most, pointer, |check, item, pointer| {
                    check.record(item, fields, pointer);
                });
            }
            Shape::Offered { fields, most } => {
                self.each(value, 0, *most, pointer, |check, item, pointer| {
                    check.record(item, fields, pointer);
                });
            }
            Shape::List if !value.is_array() => self.note("must provide an array", pointer),
            Shape::Flag | Shape::List => {}
        }
    }

    fn string(&mut self, value: &Value, least: usize, most: usize, pointer: &str) {
        let Some(text) = value.as_str() else {
            return self.note("must provide a string", pointer);
        };
        let length = text.chars().count();
        if length < least {
            self.note(format_args!("must be more than {} characters", least.saturating_sub(1)), pointer);
        }
        if length > most {
            self.note(format_args!("must be less than {} characters", most.saturating_add(1)), pointer);
        }
    }

    /// A text object. Slack reports its faults twice: that no kind of text fits, and why.
    fn text(&mut self, value: &Value, kinds: &[&str], most: usize, pointer: &str) {
        let before = self.findings.len();
        match value {
            Value::Object(fields) => match kind_of(value) {
                Some("plain_text") if kinds.contains(&"plain_text") => {
                    self.fields(fields, &shapes::plain_text(most), pointer, &["type"]);
                }
                Some("mrkdwn") if kinds.contains(&"mrkdwn") => {
                    self.fields(fields, &shapes::mrkdwn(most), pointer, &["type"]);
                }
                Some(kind) => self.note(format_args!("unsupported type: {kind}"), &format!("{pointer}/type")),
                None => self.note("missing required field: type", pointer),
            },
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                self.note("must provide an object", pointer);
            }
        }
        if self.findings.len() > before {
            self.findings.insert(before, format!("failed to match all allowed schemas [json-pointer:{pointer}]"));
        }
    }

    fn record(&mut self, value: &Value, known: &[Field], pointer: &str) {
        match value {
            Value::Object(fields) => self.fields(fields, known, pointer, &[]),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                self.note("must provide an object", pointer);
            }
        }
    }

    fn each(
        &mut self,
        value: &Value,
        least: usize,
        most: usize,
        pointer: &str,
        mut one: impl FnMut(&mut Self, &Value, &str),
    ) {
        let Value::Array(items) = value else {
            return self.note("must provide an array", pointer);
        };
        if items.len() < least {
            self.note(format_args!("no less than {least} items allowed"), pointer);
        }
        if items.len() > most {
            self.note(format_args!("no more than {most} items allowed"), pointer);
        }
        for (index, item) in items.iter().enumerate() {
            one(self, item, &format!("{pointer}/{index}"));
        }
    }
}

#[cfg(test)]
mod tests;
