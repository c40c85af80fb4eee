//! The request modal's answers, before anything is checked; and back: what is wrong with them, and what can be chosen.

use model::amount::display_duration;
use model::catalog::Entitlement;
use model::digest::Digest;
use model::lifecycle::SHORTEST_GRANT;
use model::submission::{FieldError, Wish};
use model::terms::{Narrower, Terms};
use model::text::inert;
use serde_json::{Map, Value, json};

use crate::blocks::Choice;
use crate::ids;
use crate::limits::{FIELD_SHOWN, OPTIONS};

pub use crate::render::ask::{AskView, choose, form, loading, sent};

/// What somebody chose and typed in the request modal so far. Nothing of it is checked: it is a wish, not a fact.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AskForm {
    /// The entitlement chosen.
    pub entitlement: Option<String>,
    /// The duration chosen, in seconds.
    pub duration_seconds: Option<u64>,
    /// Which actions.
    pub permissions: Selection,
    /// Which resources.
    pub resources: Selection,
    /// The ticket typed.
    pub ticket: Option<String>,
    /// The justification typed.
    pub justification: Option<String>,
}

/// What somebody typed and chose in the modal to countersign in. Nothing of it is checked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ApprovalForm {
    /// The note typed.
    pub note: Option<String>,
    /// The duration chosen, in seconds.
    pub duration_seconds: Option<u64>,
    /// Which actions.
    pub permissions: Selection,
    /// Which resources.
    pub resources: Selection,
}

/// What is left of `terms`, as it was chosen and typed. Only the model says whether it is less.
///
/// # Errors
/// If something was chosen that is not part of the terms any more.
pub fn narrower(form: &ApprovalForm, terms: Terms<'_>) -> Result<Narrower, Vec<FieldError>> {
    let permissions = patterns(&form.permissions, terms.permissions(), "permissions");
    let resources = patterns(&form.resources, terms.resources(), "resources");
    match (permissions, resources) {
        (Ok(permissions), Ok(resources)) => {
            Ok(Narrower { permissions, resources, duration_seconds: form.duration_seconds })
        }
        (permissions, resources) => Err([permissions.err(), resources.err()].into_iter().flatten().collect()),
    }
}

/// The durations that something can be shortened to: the offered ones below `longest`, and that.
pub(crate) fn up_to(longest: u64) -> Vec<u64> {
    let mut offered: Vec<u64> =
        DURATIONS.into_iter().filter(|offered| *offered < longest && *offered >= SHORTEST_GRANT).collect();
    offered.push(longest);
    offered
}

/// A part of what an entitlement allows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Selection {
    /// All of it: nothing was chosen or typed.
    #[default]
    All,
    /// Some of the entries offered, by the values of their options.
    Chosen(Vec<String>),
    /// Typed, one to a line.
    Written(String),
}

/// Durations that are offered, in seconds.
const DURATIONS: [u64; 7] = [900, 1_800, 3_600, 7_200, 14_400, 28_800, 43_200];

/// What is chosen at first, in seconds.
const USUAL_DURATION: u64 = 3_600;

/// The durations that can be chosen for `entitlement`: the offered ones below its longest, and that.
pub(crate) fn durations(entitlement: &Entitlement) -> Vec<u64> {
    up_to(entitlement.max_duration_seconds)
}

/// The duration that is chosen if nobody chose one.
pub fn usual_duration(entitlement: &Entitlement) -> u64 {
    USUAL_DURATION.min(entitlement.max_duration_seconds)
}

/// The value of the option that stands for a pattern: short enough for Slack, whatever the pattern.
pub(crate) fn option_value(pattern: &str) -> String {
    Digest::of(pattern.as_bytes()).to_string().chars().take(32).collect()
}

/// What was chosen and typed, as a wish for `entitlement`. Only the model says whether it is a good one.
///
/// # Errors
/// If something was chosen that cannot be chosen any more.
pub fn wish(form: &AskForm, entitlement: &Entitlement) -> Result<Wish, Vec<FieldError>> {
    let permissions = patterns(&form.permissions, &entitlement.permissions, "permissions");
    let resources = patterns(&form.resources, &entitlement.resources, "resources");
    match (permissions, resources) {
        (Ok(permissions), Ok(resources)) => Ok(Wish {
            entitlement: entitlement.name.to_string(),
            permissions,
            resources,
            duration_seconds: form.duration_seconds.unwrap_or(usual_duration(entitlement)),
            justification: form.justification.clone().unwrap_or_default(),
            ticket: form.ticket.clone().filter(|ticket| !ticket.trim().is_empty()),
            extends: None,
        }),
        (permissions, resources) => Err([permissions.err(), resources.err()].into_iter().flatten().collect()),
    }
}

fn patterns(selection: &Selection, all: &[String], field: &'static str) -> Result<Option<Vec<String>>, FieldError> {
    let chosen: Option<Vec<String>> = match selection {
        Selection::All => Some(vec![]),
        Selection::Chosen(values) => {
            values.iter().map(|value| all.iter().find(|pattern| option_value(pattern) == *value).cloned()).collect()
        }
        Selection::Written(text) => {
            Some(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect())
        }
    };
    match chosen {
        Some(chosen) if chosen.is_empty() => Ok(None),
        Some(chosen) => Ok(Some(chosen)),
        None => Err(FieldError {
            field,
            code: "changed_meanwhile",
            message: "what can be chosen here has changed meanwhile; look at the list again and choose anew".to_owned(),
        }),
    }
}

/// Whether the form has a field to choose among `all`: one entry that stands for itself leaves no choice.
pub(crate) fn has_choice(all: &[String]) -> bool {
    match all {
        [] => false,
        [only] => only.contains(['*', '?']),
        _ => true,
    }
}

/// The answer to a submission that shows each error at its field. What is wrong with no field in particular, or with one
/// that the form for `entitlement` does not have, is shown where the entitlement is chosen.
pub fn errors(errors: &[FieldError], entitlement: Option<&Entitlement>) -> Value {
    let mut by_block: Map<String, Value> = Map::new();
    for error in errors {
        let field = match (error.field, entitlement) {
            ("durationSeconds", _) => Some(ids::field::DURATION),
            ("ticketId", _) => Some(ids::field::TICKET),
            ("justification", _) => Some(ids::field::JUSTIFICATION),
            ("permissions", Some(of)) if has_choice(&of.permissions) => Some(ids::field::PERMISSIONS),
            ("resources", Some(of)) if has_choice(&of.resources) => Some(ids::field::RESOURCES),
            _ => None,
        };
        let block = match (field, entitlement) {
            (Some(field), Some(of)) => ids::block(field, of.name.as_str()),
            _ => ids::field::ENTITLEMENT.to_owned(),
        };
        let before =
            by_block.get(&block).and_then(Value::as_str).map(|before| format!("{before}; ")).unwrap_or_default();
        let text = inert(&format!("{before}{}", error.message), FIELD_SHOWN);
        by_block.insert(block, json!(text));
    }
    json!({"response_action": "errors", "errors": by_block})
}

/// An entitlement as it can be chosen.
pub(crate) fn choice(entitlement: &Entitlement) -> Choice {
    let name = entitlement.name.to_string();
    Choice { text: name.clone(), value: name, description: Some(entitlement.description.clone()) }
}

/// A duration as it can be chosen.
pub(crate) fn duration_choice(seconds: u64) -> Choice {
    Choice { text: display_duration(seconds), value: seconds.to_string(), description: None }
}

/// The answer to Slack asking what can be chosen: the first that there is room for, in the order given.
pub fn options(entitlements: &[&Entitlement]) -> Value {
    let options: Vec<Value> =
        entitlements.iter().take(OPTIONS).map(|entitlement| choice(entitlement).shape()).collect();
    json!({"options": options})
}

/// How well `entitlement` matches what somebody typed: 0 is best; `None`: not at all. Every word has to occur in its
/// name, description, account or environment, in any case.
pub fn matches(typed: &str, entitlement: &Entitlement) -> Option<u8> {
    let typed = typed.trim().to_lowercase();
    let name = entitlement.name.as_str();
    let about = [&entitlement.description, entitlement.account.as_str(), &entitlement.environment];
    let about: Vec<String> = about.iter().map(|text| text.to_lowercase()).collect();
    let words: Vec<&str> = typed.split_whitespace().collect();
    if !words.iter().all(|word| name.contains(word) || about.iter().any(|text| text.contains(word))) {
        return None;
    }
    let begins = words.first().is_none_or(|word| name.starts_with(word));
    Some(if begins {
        0
    } else if words.iter().all(|word| name.contains(word)) {
        1
    } else {
        2
    })
}

#[cfg(test)]
mod tests;
