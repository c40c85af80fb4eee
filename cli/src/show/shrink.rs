//! A narrower entitlement, with its evidence.

use super::{items, number, table, text, texts};
use model::text::inert;
use serde_json::Value;

/// Longest line of a difference.
const LINE: usize = 600;

/// What is proposed, line by line, and as a difference to the catalog.
pub(crate) fn proposal(answer: &Value) -> String {
    let proposal = answer.get("proposal").unwrap_or(&Value::Null);
    let is = |field: &str| proposal.get(field).and_then(Value::as_bool).unwrap_or_default();
    let (name, grants) = (inert(text(answer, "entitlement"), 64), number(answer, "grants"));
    if grants == 0 {
        return format!("Nothing is on record of any grant of {name}: there is nothing to go by.");
    }
    let sure = if is("confident") { "enough to go by" } else { "too few to be more than chance" };
    let mut parts = vec![format!("{name}, by {}: {sure}", grants_of(grants))];
    if is("unused") {
        parts.push("None of them did anything: ask whether it is needed at all.".to_owned());
    }
    for (heading, field) in [("action", "permissions"), ("resource", "resources")] {
        let rows = items(proposal, field).iter().map(|line| evidence(line, grants));
        parts.push(table(&[heading, "outcome", "why", "used by", "times", "last"], rows.collect(), "none"));
    }
    for line in items(proposal, "permissions").iter().chain(items(proposal, "resources")) {
        let outcome = line.get("outcome").unwrap_or(&Value::Null);
        let unseen = texts(outcome, "unseen");
        if !unseen.is_empty() {
            parts.push(format!(
                "Of {} these stay unseen, since no record would show them: {unseen}",
                inert(text(line, "pattern"), LINE)
            ));
        }
    }
    parts.push(match text(answer, "diff") {
        "" => "Nothing can be taken out.".to_owned(),
        diff => diff.lines().map(line).collect::<Vec<_>>().join("\n"),
    });
    parts.join("\n\n")
}

fn grants_of(number: u64) -> String {
    if number == 1 { "1 grant".to_owned() } else { format!("{number} grants") }
}

fn evidence(line: &Value, grants: u64) -> Vec<String> {
    let outcome = line.get("outcome").unwrap_or(&Value::Null);
    let why = match (text(outcome, "kind"), text(outcome, "because")) {
        ("narrowed", _) => "the rest of it was never used".to_owned(),
        ("removed", _) => "never used".to_owned(),
        (_, "used") => "used".to_owned(),
        (_, "not_visible") => "no record would show its use".to_owned(),
        (_, "incomplete") => "the record of a grant has gaps".to_owned(),
        (_, "unknown_calls") => "its service was called in unknown ways".to_owned(),
        (_, "unknown_action") => "AWS has no such action that is known".to_owned(),
        (_, "too_many") => "what would stand for it is too long".to_owned(),
        (_, "variable") => "it holds a policy variable".to_owned(),
        (_, "nothing_left") => "nothing else would be left".to_owned(),
        (_, other) => other.to_owned(),
    };
    vec![
        text(line, "pattern").to_owned(),
        text(outcome, "kind").to_owned(),
        why,
        format!("{} of {grants}", number(line, "usedBy")),
        number(line, "times").to_string(),
        text(line, "last").to_owned(),
    ]
}

/// A line, inert, with the blanks that it begins with: they mean something in the catalog.
fn line(line: &str) -> String {
    let sign_and_blanks: String = line
        .chars()
        .enumerate()
        .take_while(|(at, c)| *c == ' ' || (*at == 0 && "+-".contains(*c)))
        .map(|(_, c)| c)
        .collect();
    let rest = line.get(sign_and_blanks.len()..).unwrap_or_default();
    format!("{sign_and_blanks}{}", inert(rest, LINE))
}
