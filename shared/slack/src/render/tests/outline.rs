//! A message or a view as people read it: one line per text, `>` before inert ones, and its margin to Slack's limits.

use std::fmt::Write as _;

use serde_json::Value;

use super::margins::{margins_of_message, margins_of_view, tightest};
use crate::blocks::{Message, View};

pub(super) fn outline(message: &Message) -> String {
    let mut out = format!("({})\n", message.text());
    message.blocks().iter().for_each(|block| lines(block, &mut out));
    writeln!(out, "= {}", tightest(margins_of_message(message))).unwrap();
    out
}

pub(super) fn view_outline(view: &View) -> String {
    let shape = view.shape();
    let text = |name: &str| shape[name]["text"].as_str().unwrap_or("-").to_owned();
    let mut out = match shape["type"].as_str() {
        Some("home") => "(Home tab)\n".to_owned(),
        _ => format!("({}: {} | {} | {})\n", shape["callback_id"], text("title"), text("submit"), text("close")),
    };
    shape["blocks"].as_array().unwrap().iter().for_each(|block| lines(block, &mut out));
    writeln!(out, "= {}", tightest(margins_of_view(view))).unwrap();
    out
}

fn lines(value: &Value, out: &mut String) {
    let plain = |value: &Value| value["text"].as_str().unwrap_or_default().to_owned();
    match value["type"].as_str() {
        Some("button") => {
            write!(out, "[{}: {}]", value["action_id"].as_str().unwrap(), plain(&value["text"])).unwrap();
            if let Some(confirm) = value.get("confirm") {
                write!(out, " asks back: {}", plain(&confirm["title"])).unwrap();
            }
            out.push('\n');
        }
        Some("header") => writeln!(out, "# {}", plain(&value["text"])).unwrap(),
        Some("divider") => out.push_str("---\n"),
        Some("plain_text") => writeln!(out, "> {}", plain(value).replace('\n', "\n> ")).unwrap(),
        Some("mrkdwn") => writeln!(out, "{}", plain(value)).unwrap(),
        Some("input") => input(value, out),
        Some("section") => {
            // As it is seen: the text, then what is beside it.
            for name in ["text", "fields", "accessory"] {
                lines(&value[name], out);
            }
        }
        _ => match value {
            Value::Object(fields) => fields.values().for_each(|inner| lines(inner, out)),
            Value::Array(items) => items.iter().for_each(|inner| lines(inner, out)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        },
    }
}

fn input(value: &Value, out: &mut String) {
    let element = &value["element"];
    let text = |value: &Value| value["text"].as_str().unwrap_or_default().to_owned();
    let optional = if value["optional"] == true { " (optional)" } else { "" };
    let live = if value["dispatch_action"] == true { ", told at once" } else { "" };
    let (id, kind) = (value["block_id"].as_str().unwrap(), element["type"].as_str().unwrap());
    writeln!(out, "? {}{optional} {{{id}, {kind}{live}}}", text(&value["label"])).unwrap();
    for (sign, list) in [("options", "options"), ("chosen", "initial_options")] {
        if let Some(options) = element[list].as_array() {
            let shown: Vec<String> = options.iter().map(|option| text(&option["text"])).collect();
            writeln!(out, "  {sign}: {}", shown.join(" | ")).unwrap();
        }
    }
    let initial = &element["initial_option"];
    if !initial.is_null() {
        writeln!(out, "  chosen: {} {}", text(&initial["text"]), text(&initial["description"])).unwrap();
    }
    if let Some(typed) = element["initial_value"].as_str() {
        writeln!(out, "  typed: {typed}").unwrap();
    }
    writeln!(out, "  shows: {}", text(&element["placeholder"])).unwrap();
    if value.get("hint").is_some() {
        writeln!(out, "  hint: {}", text(&value["hint"])).unwrap();
    }
}
