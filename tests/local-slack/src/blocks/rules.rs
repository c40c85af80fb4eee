//! What Slack wants of an element or block beyond the shape of each field: fields that must agree with each other.

use serde_json::{Map, Value};

/// The findings about one object, each with the field it is about (as the end of a JSON pointer, or empty).
pub(super) fn broken(kind: &str, fields: &Map<String, Value>) -> Vec<(&'static str, &'static str)> {
    match kind {
        "static_select" | "multi_static_select" | "checkboxes" | "radio_buttons" => menu(fields),
        "plain_text_input" => text_input(fields),
        _ => Vec::new(),
    }
}

fn menu(fields: &Map<String, Value>) -> Vec<(&'static str, &'static str)> {
    let mut findings = Vec::new();
    if fields.contains_key("options") && fields.contains_key("option_groups") {
        findings.push(("must provide either `options` or `option_groups`, not both", ""));
    }
    let options = options(fields);
    if fields.get("initial_option").is_some_and(|initial| !options.iter().any(|option| same(option, initial))) {
        findings.push(("`initial_option` must match one of the options", "/initial_option"));
    }
    let initial = fields.get("initial_options").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if initial.iter().any(|initial| !options.iter().any(|option| same(option, initial))) {
        findings.push(("each of `initial_options` must match one of the options", "/initial_options"));
    }
    if let Some(most) = fields.get("max_selected_items").and_then(Value::as_u64)
        && u64::try_from(initial.len()).is_ok_and(|initial| initial > most)
    {
        findings.push(("no more than `max_selected_items` may be chosen", "/initial_options"));
    }
    findings
}

fn text_input(fields: &Map<String, Value>) -> Vec<(&'static str, &'static str)> {
    let mut findings = Vec::new();
    let number = |name: &str| fields.get(name).and_then(Value::as_u64);
    if let (Some(least), Some(most)) = (number("min_length"), number("max_length"))
        && least > most
    {
        findings.push(("`min_length` must not be greater than `max_length`", "/min_length"));
    }
    let length = fields.get("initial_value").and_then(Value::as_str).map(|text| text.chars().count());
    if let (Some(length), Some(most)) = (length, number("max_length"))
        && u64::try_from(length).is_ok_and(|length| length > most)
    {
        findings.push(("must not be longer than `max_length`", "/initial_value"));
    }
    findings
}

/// The options of a menu, those in groups included.
pub(crate) fn options(menu: &Map<String, Value>) -> Vec<&Value> {
    let alone = menu.get("options").and_then(Value::as_array).into_iter().flatten();
    let groups = menu.get("option_groups").and_then(Value::as_array).into_iter().flatten();
    let grouped = groups.filter_map(|group| group.get("options").and_then(Value::as_array)).flatten();
    alone.chain(grouped).collect()
}

/// Whether two options are one: same value and same text, whatever defaults Slack has put in.
fn same(option: &Value, other: &Value) -> bool {
    let text = |option: &Value| option.pointer("/text/text").cloned();
    option.get("value") == other.get("value") && text(option) == text(other)
}
