//! Whether IAM holds the document that was written.
//!
//! IAM gives documents back in its own form: a list of one as its one entry, and lists in another
//! order. What is made equal here is that and nothing else; IAM does not tell the two forms apart.

use serde_json::{Map, Value};

/// Whether two documents say the same, however they are spaced, ordered or listed.
pub fn same_document(a: &str, b: &str) -> bool {
    match (serde_json::from_str::<Value>(a), serde_json::from_str::<Value>(b)) {
        (Ok(a), Ok(b)) => normal(a) == normal(b),
        _ => false,
    }
}

/// The document with its statements in normal form.
pub(super) fn normal(document: Value) -> Value {
    members(document, |name, value| match (name, value) {
        ("Statement", Value::Array(statements)) => Value::Array(statements.into_iter().map(statement).collect()),
        ("Statement", one @ Value::Object(_)) => Value::Array(vec![statement(one)]),
        (_, other) => other,
    })
}

fn statement(value: Value) -> Value {
    members(value, |name, value| match name {
        "Action" | "NotAction" | "Resource" | "NotResource" => set(value),
        "Principal" | "NotPrincipal" => members(value, |_, principals| set(principals)),
        "Condition" => members(value, |_, keys| members(keys, |_, values| set(values))),
        _ => value,
    })
}

/// An object with each member changed; anything else as it is.
fn members(value: Value, change: impl Fn(&str, Value) -> Value) -> Value {
    let Value::Object(found) = value else { return value };
    let changed: Map<String, Value> = found
        .into_iter()
        .map(|(name, value)| {
            let value = change(&name, value);
            (name, value)
        })
        .collect();
    Value::Object(changed)
}

/// A list of texts as a set: in order, each once, and a single one by itself. Any other value is
/// left as it is, so that it equals only itself.
fn set(value: Value) -> Value {
    let Value::Array(items) = value else { return value };
    if !items.iter().all(Value::is_string) {
        return Value::Array(items);
    }
    let mut texts: Vec<String> = items.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    texts.sort();
    texts.dedup();
    match texts.as_slice() {
        [one] => Value::String(one.clone()),
        _ => Value::Array(texts.into_iter().map(Value::String).collect()),
    }
}
