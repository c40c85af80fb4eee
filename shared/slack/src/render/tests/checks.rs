//! What is wrong with a message or a view: by Slack's rules as the local Slack knows them, by our own numbers, and by
//! whose words are where.

use serde_json::Value;

use super::margins::{margins_of_message, margins_of_view};
use crate::blocks::{Message, View};
use crate::limits;

/// Stands in every word of a person, so that they can be found wherever they are shown.
pub(super) const MARK: &str = "QZX";

pub(super) fn faults(message: &Message) -> Vec<String> {
    let shape = serde_json::to_value(message).unwrap();
    let mut found = local_slack::check_message(&shape);
    if message.text().is_empty() || message.blocks().is_empty() {
        found.push("says nothing".to_owned());
    }
    found.extend(margins_of_message(message).into_iter().filter_map(|margin| margin.fault()));
    check_markup(message.text(), &mut found);
    message.blocks().iter().for_each(|block| walk(block, &mut found));
    found
}

pub(super) fn view_faults(view: &View) -> Vec<String> {
    let mut found = local_slack::check_view_shape(view.shape());
    found.extend(margins_of_view(view).into_iter().filter_map(|margin| margin.fault()));
    for name in ["private_metadata", "callback_id"] {
        if view.shape()[name].as_str().unwrap_or_default().contains(MARK) {
            found.push(format!("a person's words in {name}"));
        }
    }
    walk(view.shape(), &mut found);
    found
}

fn walk(value: &Value, found: &mut Vec<String>) {
    match value["type"].as_str() {
        Some("mrkdwn") => {
            assert_eq!(value["verbatim"], true);
            check_markup(value["text"].as_str().unwrap(), found);
        }
        Some("plain_text") => {
            assert_eq!(value["emoji"], false);
            let hidden = |c: char| ('\u{202A}'..='\u{202E}').contains(&c) || ('\u{2066}'..='\u{2069}').contains(&c);
            if value["text"].as_str().unwrap().contains(hidden) {
                found.push("a text that turns its neighbours around".to_owned());
            }
        }
        Some("button") => {
            for name in ["value", "action_id"] {
                if value[name].as_str().unwrap_or_default().contains(MARK) {
                    found.push(format!("a person's words in a button's {name}"));
                }
            }
        }
        _ => {}
    }
    match value {
        Value::Object(fields) => fields.values().for_each(|inner| walk(inner, found)),
        Value::Array(items) => items.iter().for_each(|inner| walk(inner, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Of all that `<` can begin, only mentions of known users and channels, and times; and no person's words.
fn check_markup(text: &str, found: &mut Vec<String>) {
    if text.contains(MARK) {
        found.push(format!("a person's words in markup: {text}"));
    }
    for rest in text.split('<').skip(1) {
        let inside = rest.split('>').next().unwrap_or_default();
        let known = ["@U0ALICE01", "@U0BOB00001", "@U0CAROL001", "#C0APPROVALS", "#C0ESCALATE"].contains(&inside);
        let date = inside.starts_with("!date^1") && inside.ends_with('Z') && rest.contains('>');
        if !known && !date {
            found.push(format!("markup that is not ours: <{inside}>"));
        }
    }
    if text.chars().count() > limits::FALLBACK_TEXT {
        found.push("markup is too long".to_owned());
    }
}
