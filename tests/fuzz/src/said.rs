//! Whose words are where: in what Slack is shown, in pages and in tables.

use serde_json::Value;

/// Stands at both ends of a person's words, so that they can be found wherever they are shown.
pub(crate) const MARK: &str = "QZX";

/// What is wrong with a message or a view, by whose words are where.
pub(crate) fn faults(shape: &Value, found: &mut Vec<String>) {
    if let Some(text) = shape.get("text").and_then(Value::as_str) {
        match shape.get("type").and_then(Value::as_str) {
            // The text beside blocks is read as markup too.
            Some("mrkdwn") | None => markup(text, found),
            Some("plain_text") if text.contains(turns) => {
                found.push("a text that turns its neighbours around".to_owned());
            }
            Some(_) => {}
        }
    }
    for name in ["value", "action_id", "block_id", "callback_id", "private_metadata", "url"] {
        let kind = shape.get("type").and_then(Value::as_str).unwrap_or_default();
        // What is chosen from a menu is the words themselves.
        let text = shape.get(name).and_then(Value::as_str).unwrap_or_default();
        if (kind == "button" || name != "value") && text.contains(MARK) {
            found.push(format!("a person's words in {name}"));
        }
    }
    match shape {
        Value::Object(fields) => fields.values().for_each(|inner| faults(inner, found)),
        Value::Array(items) => items.iter().for_each(|inner| faults(inner, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn turns(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Of all that `<` can begin, only mentions of those that we name, and times; and no person's words.
fn markup(text: &str, found: &mut Vec<String>) {
    if text.contains(MARK) {
        found.push(format!("a person's words in markup: {text}"));
    }
    for rest in text.split('<').skip(1) {
        let inside = rest.split('>').next().unwrap_or_default();
        let named = ["@U0ALICE01", "@U0BOB00001", "@U0CAROL001", "#C0APPROVALS"].contains(&inside);
        let date = inside.starts_with("!date^1") && inside.ends_with('Z') && rest.contains('>');
        if !named && !date {
            found.push(format!("markup that is not ours: <{inside}>"));
        }
    }
}

/// The tags of a page in order, with all that stands in them.
pub(crate) fn tags(page: &str) -> Vec<String> {
    page.split('<').skip(1).map(|rest| rest.split('>').next().unwrap_or_default().to_owned()).collect()
}

/// Reads a table: RFC 4180, by the letter. `None` if it is not one.
pub(crate) fn rows(table: &str) -> Option<Vec<Vec<String>>> {
    let mut rows = Vec::new();
    let (mut row, mut field, mut quoted) = (Vec::new(), String::new(), false);
    let mut chars = table.chars().peekable();
    while let Some(c) = chars.next() {
        match (quoted, c) {
            (true, '"') if chars.next_if_eq(&'"').is_some() => field.push('"'),
            (true, '"') => {
                quoted = false;
                // Nothing stands between a quote that closes and what parts fields.
                if !matches!(chars.peek(), Some(',' | '\r')) {
                    return None;
                }
            }
            (false, '"') if field.is_empty() => quoted = true,
            (false, ',') => row.push(std::mem::take(&mut field)),
            (false, '\r') => {
                chars.next_if_eq(&'\n')?;
                row.push(std::mem::take(&mut field));
                rows.push(std::mem::take(&mut row));
            }
            (true, other) => field.push(other),
            (false, _) => return None,
        }
    }
    (!quoted && field.is_empty() && row.is_empty()).then_some(rows)
}
