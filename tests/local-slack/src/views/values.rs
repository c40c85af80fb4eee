//! What a person has put into a view so far: Slack's `state.values`, by block and action.
//!
//! Slack keeps it with the view: through `views.update` too, for each element whose block and action ids stay. What an
//! app gives as initial value counts as put in.

use serde_json::{Map, Value, json};

use crate::blocks::{elements, find_element, options};
use crate::limits;

/// Slack's `state.values`: block id, action id, value.
pub(crate) type Values = Map<String, Value>;

/// The field an element's value is in, and the one its initial value comes from; nothing if the element has no value.
fn slot(element: &Map<String, Value>) -> Option<(&'static str, &'static str)> {
    match element.get("type").and_then(Value::as_str)? {
        "plain_text_input" | "number_input" => Some(("value", "initial_value")),
        "static_select" | "external_select" | "radio_buttons" => Some(("selected_option", "initial_option")),
        "multi_static_select" | "checkboxes" => Some(("selected_options", "initial_options")),
        "users_select" => Some(("selected_user", "initial_user")),
        "datepicker" => Some(("selected_date", "initial_date")),
        _ => None,
    }
}

fn id<'a>(object: &'a Map<String, Value>, name: &str) -> &'a str {
    object.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn block_id(block: &Value) -> &str {
    block.get("block_id").and_then(Value::as_str).unwrap_or_default()
}

fn value_of<'a>(values: &'a Values, block: &str, action: &str) -> Option<&'a Value> {
    values.get(block)?.get(action)
}

fn set(values: &mut Values, block: &str, action: &str, value: Value) {
    let actions = values.entry(block).or_insert_with(|| json!({}));
    if let Value::Object(actions) = actions {
        actions.insert(action.to_owned(), value);
    }
}

/// The values of these blocks, keeping what was put in before where the identifiers stay.
pub(crate) fn carried_over(blocks: &[Value], before: &Values) -> Values {
    let mut values = Values::new();
    for block in blocks {
        for element in elements(block) {
            let Some((field, initial)) = slot(element) else { continue };
            let (block, action) = (block_id(block), id(element, "action_id"));
            let kept = value_of(before, block, action).filter(|kept| {
                let same_kind = kept.get("type") == element.get("type");
                same_kind && kept.get(field).is_some_and(|kept| can_stay(element, kept))
            });
            let value = kept.cloned().unwrap_or_else(|| {
                let nothing = if field == "selected_options" { json!([]) } else { Value::Null };
                let initial = element.get(initial).cloned().unwrap_or(nothing);
                as_value(element, field, initial)
            });
            set(&mut values, block, action, value);
        }
    }
    values
}

fn as_value(element: &Map<String, Value>, field: &str, value: Value) -> Value {
    let mut shape = Map::new();
    shape.insert("type".to_owned(), element.get("type").cloned().unwrap_or_default());
    shape.insert(field.to_owned(), value);
    Value::Object(shape)
}

/// Whether what was chosen before is still on offer; a menu with options of its own shows nothing else.
fn can_stay(element: &Map<String, Value>, kept: &Value) -> bool {
    let on_offer = options(element);
    let offered = |chosen: &Value| on_offer.iter().any(|option| option.get("value") == chosen.get("value"));
    match kept {
        Value::Object(_) => on_offer.is_empty() || offered(kept),
        Value::Array(several) => several.iter().all(offered),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
    }
}

/// What a person wants of an element, as far as the person says.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub(crate) option: Option<&'a str>,
    pub(crate) options: Option<&'a [String]>,
    pub(crate) text: Option<&'a str>,
}

impl Wanted<'_> {
    /// The field and value an element takes from it. `Ok(None)` for an element without any, such as a button; `Err` if
    /// a person could not choose or type that.
    pub(crate) fn of(
        self,
        element: &Map<String, Value>,
        offered: &[Value],
    ) -> Result<Option<(&'static str, Value)>, String> {
        let field = match (slot(element), element.get("type").and_then(Value::as_str)) {
            (Some((field, _)), _) => field,
            (None, Some("overflow")) => "selected_option",
            (None, _) => return Ok(None),
        };
        let one = self.option.map(|value| json!({"value": value}));
        let value = match field {
            "selected_options" => {
                let several = self.options.map(<[String]>::to_vec).or_else(|| Some(vec![self.option?.to_owned()]));
                several.map(|several| several.iter().map(|value| json!({"value": value})).collect::<Value>())
            }
            "selected_option" => one,
            _ => self.text.or(self.option).map(|text| json!(text)),
        };
        let value = value.ok_or_else(|| format!("nothing was chosen for {}", id(element, "action_id")))?;
        Ok(Some((field, checked(element, field, &value, offered)?)))
    }
}

/// A value as Slack would keep it, or why a person could not put that in.
fn checked(element: &Map<String, Value>, field: &str, value: &Value, offered: &[Value]) -> Result<Value, String> {
    let action = id(element, "action_id");
    let pick = |wanted: &Value| {
        let known = options(element).into_iter().chain(offered).chain(element.get("initial_option"));
        let mut known =
            known.filter(|option| option.get("value").is_some_and(|value| Some(value) == wanted.get("value")));
        known.next().cloned().ok_or_else(|| format!("{action} does not offer {wanted}"))
    };
    match (field, value) {
        ("selected_options", Value::Array(several)) => {
            let most = element.get("max_selected_items").and_then(Value::as_u64).unwrap_or(u64::MAX);
            if u64::try_from(several.len()).is_ok_and(|chosen| chosen > most) {
                return Err(format!("{action} lets no more than {most} be chosen"));
            }
            several.iter().map(pick).collect::<Result<Value, String>>()
        }
        ("selected_options", Value::Null) => Ok(json!([])),
        (_, Value::Null) => Ok(Value::Null),
        ("selected_option", Value::Object(_)) => pick(value),
        // An emptied text input has no value.
        ("value" | "selected_user" | "selected_date", Value::String(text)) => {
            Ok(if text.is_empty() { Value::Null } else { json!(text) })
        }
        _ => Err(format!("{action} does not take {value}")),
    }
}

/// Puts one value in.
pub(crate) fn put(values: &mut Values, block: &Value, element: &Map<String, Value>, field: &str, value: Value) {
    if slot(element).is_some() {
        set(values, block_id(block), id(element, "action_id"), as_value(element, field, value));
    }
}

/// Puts in what a person has in front, given in the shape of `state.values`. `offered` says what an external menu has
/// offered, by block and action.
pub(crate) fn put_all(
    values: &mut Values,
    blocks: &[Value],
    given: &Values,
    offered: impl Fn(&str, &str) -> Vec<Value>,
) -> Result<(), String> {
    for (block, actions) in given {
        let actions = actions.as_object().ok_or_else(|| format!("the values of block {block} are not an object"))?;
        for (action, value) in actions {
            let found = find_element(blocks, Some(block), action);
            let (block, element) = found.ok_or_else(|| format!("there is no {action} in a block {block}"))?;
            let (field, _) = slot(element).ok_or_else(|| format!("{action} has no value"))?;
            let value = value.get(field).unwrap_or(&Value::Null);
            // What stays as it is needs no offer: it was offered when it was chosen.
            let now = value_of(values, block_id(block), action).and_then(|now| now.get(field)).cloned();
            let mut known = offered(block_id(block), action);
            known.extend(now);
            let value = checked(element, field, value, &known)?;
            put(values, block, element, field, value);
        }
    }
    Ok(())
}

/// What Slack's client says, per block, of inputs it does not let through. Slack publishes none of these sentences.
pub(crate) fn refused(blocks: &[Value], values: &Values) -> Map<String, Value> {
    let mut refused = Map::new();
    for block in blocks.iter().filter(|block| block.get("type") == Some(&json!("input"))) {
        for element in elements(block) {
            let Some((field, _)) = slot(element) else { continue };
            let value = value_of(values, block_id(block), id(element, "action_id")).and_then(|value| value.get(field));
            if let Some(sentence) = complaint(block, element, value.unwrap_or(&Value::Null)) {
                refused.insert(block_id(block).to_owned(), json!(sentence));
            }
        }
    }
    refused
}

fn complaint(block: &Value, element: &Map<String, Value>, value: &Value) -> Option<String> {
    let empty = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
    if empty {
        let optional = block.get("optional") == Some(&Value::Bool(true));
        return (!optional).then(|| "Please complete this required field.".to_owned());
    }
    if element.get("type").and_then(Value::as_str) != Some("plain_text_input") {
        return None;
    }
    let length = value.as_str().map_or(0, |text| text.chars().count());
    let limit = |name: &str| element.get(name).and_then(Value::as_u64).and_then(|limit| usize::try_from(limit).ok());
    let (least, most) = (limit("min_length").unwrap_or(0), limit("max_length").unwrap_or(limits::TEXT_INPUT));
    if length < least {
        return Some(format!("Please use at least {least} characters."));
    }
    (length > most).then(|| format!("Please use at most {most} characters."))
}

#[cfg(test)]
mod tests;
