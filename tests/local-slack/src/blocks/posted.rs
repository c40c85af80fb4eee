//! What Slack adds to blocks when it takes them: identifiers and the defaults of text objects.

use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

/// The blocks as Slack keeps and gives them back. `seed` makes the generated identifiers differ between messages.
pub(crate) fn as_posted(blocks: &[Value], seed: &str) -> Vec<Value> {
    let mut made: u32 = 0;
    let mut next_id = || {
        made = made.saturating_add(1);
        let digest = Sha256::digest(format!("{seed}/{made}"));
        hex::encode(digest).chars().take(5).collect::<String>()
    };
    let mut blocks = blocks.to_vec();
    for block in blocks.iter_mut().filter_map(Value::as_object_mut) {
        block.entry("block_id").or_insert_with(|| json!(next_id()));
        complete(block, &mut next_id);
    }
    blocks
}

/// Options as Slack keeps and gives them back.
pub(crate) fn as_offered(options: &[&Value]) -> Vec<Value> {
    let mut options: Vec<Value> = options.iter().map(|&option| option.clone()).collect();
    for option in options.iter_mut().filter_map(Value::as_object_mut) {
        // Nothing in an option has an identifier.
        complete(option, &mut String::new);
    }
    options
}

fn complete(object: &mut Map<String, Value>, next_id: &mut impl FnMut() -> String) {
    match object.get("type").and_then(Value::as_str) {
        Some("plain_text") => {
            object.entry("emoji").or_insert(json!(true));
        }
        Some("mrkdwn") => {
            object.entry("verbatim").or_insert(json!(false));
        }
        Some(
            "button"
            | "static_select"
            | "multi_static_select"
            | "external_select"
            | "users_select"
            | "overflow"
            | "checkboxes"
            | "radio_buttons"
            | "datepicker"
            | "plain_text_input"
            | "number_input",
        ) => {
            object.entry("action_id").or_insert_with(|| json!(next_id()));
        }
        _ => {}
    }
    for value in object.values_mut() {
        match value {
            Value::Object(inner) => complete(inner, next_id),
            Value::Array(items) => {
                for inner in items.iter_mut().filter_map(Value::as_object_mut) {
                    complete(inner, next_id);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}
