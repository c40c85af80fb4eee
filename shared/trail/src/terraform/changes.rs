//! What differs between two sides of a change, leaf by leaf.

use super::secrets::{Secrets, may_hold_secrets};
use super::{Change, Changed, MOST_ATTRIBUTES, SENSITIVE, UNKNOWN};
use serde_json::Value;
use std::collections::BTreeSet;

/// Both sides of a value, what of them is sensitive, and what is not known yet.
#[derive(Clone, Copy)]
struct Sides<'a> {
    before: &'a Value,
    after: &'a Value,
    before_sensitive: &'a Value,
    after_sensitive: &'a Value,
    unknown: &'a Value,
}

/// Collects leaves that differ.
pub(super) struct Walk<'a> {
    secrets: &'a Secrets,
    /// The first [`MOST_ATTRIBUTES`].
    pub(super) changed: Vec<Changed>,
    /// All, those that are not kept included.
    pub(super) seen: u64,
}

impl<'a> Walk<'a> {
    pub(super) fn new(secrets: &'a Secrets) -> Self {
        Self { secrets, changed: Vec::new(), seen: 0 }
    }

    /// Goes through a change whose values are under `path`.
    pub(super) fn change(&mut self, path: &str, change: &Change) {
        let sides = Sides {
            before: &change.before,
            after: &change.after,
            before_sensitive: &change.before_sensitive,
            after_sensitive: &change.after_sensitive,
            unknown: &change.after_unknown,
        };
        self.go(path, may_hold_secrets(path, sides.is_block()), sides);
    }

    fn go(&mut self, path: &str, secret: bool, sides: Sides<'_>) {
        let unknown = says_yes(sides.unknown);
        if sides.before == sides.after && !unknown && !holds_yes(sides.unknown) {
            return;
        }
        // By its name alone: whether something is on or off is no secret.
        let secret = secret && !sides.is_switch();
        if secret || marks_all(sides.before_sensitive) || marks_all(sides.after_sensitive) {
            let hidden = |value: &Value| (!value.is_null()).then(|| SENSITIVE.to_owned());
            let after = if unknown { Some(SENSITIVE.to_owned()) } else { hidden(sides.after) };
            return self.push(path, hidden(sides.before), after);
        }
        if unknown {
            let before = self.secrets.value(sides.before);
            return self.push(path, before, Some(UNKNOWN.to_owned()));
        }
        let values = [sides.before, sides.after, sides.unknown];
        let keys: BTreeSet<&String> =
            values.iter().filter_map(|value| value.as_object()).flat_map(|map| map.keys()).collect();
        let longest = values.iter().filter_map(|value| value.as_array()).map(Vec::len).max();
        let is_leaf = |value: &Value| !value.is_null() && !value.is_object() && !value.is_array();
        let is_other_kind = is_leaf(sides.before) || is_leaf(sides.after);
        if is_other_kind || (keys.is_empty() && longest.unwrap_or(0) == 0) {
            let (before, after) = (self.secrets.value(sides.before), self.secrets.value(sides.after));
            return self.push(path, before, after);
        }
        for key in keys {
            let name = self.secrets.name(key, 64);
            let path = if path.is_empty() { name } else { format!("{path}.{name}") };
            let sides = sides.at_key(key);
            self.go(&path, may_hold_secrets(key, sides.is_block()), sides);
        }
        for index in 0..longest.unwrap_or(0) {
            self.go(&format!("{path}[{index}]"), false, sides.at_index(index));
        }
    }

    fn push(&mut self, path: &str, before: Option<String>, after: Option<String>) {
        if before.is_none() && after.is_none() {
            return;
        }
        self.seen = self.seen.saturating_add(1);
        if self.changed.len() < MOST_ATTRIBUTES {
            self.changed.push(Changed { path: self.secrets.name(path, 300), before, after });
        }
    }
}

impl<'a> Sides<'a> {
    fn at_key(&self, key: &str) -> Sides<'a> {
        self.each(|value| value.get(key))
    }

    fn at_index(&self, index: usize) -> Sides<'a> {
        self.each(|value| value.get(index))
    }

    fn is_block(&self) -> bool {
        [self.before, self.after].into_iter().any(|value| value.is_object() || value.is_array())
    }

    fn is_switch(&self) -> bool {
        [self.before, self.after].into_iter().all(|value| value.is_boolean() || value.is_null())
            && !holds_yes(self.unknown)
    }

    fn each(&self, part: impl Fn(&'a Value) -> Option<&'a Value>) -> Sides<'a> {
        Sides {
            before: part(self.before).unwrap_or(&Value::Null),
            after: part(self.after).unwrap_or(&Value::Null),
            before_sensitive: part(self.before_sensitive).unwrap_or(&Value::Null),
            after_sensitive: part(self.after_sensitive).unwrap_or(&Value::Null),
            unknown: part(self.unknown).unwrap_or(&Value::Null),
        }
    }
}

/// Whether a mark of sensitivity is of the whole value: `true`, or something that no version of the format has.
pub(super) fn marks_all(mark: &Value) -> bool {
    match mark {
        Value::Bool(marked) => *marked,
        Value::Null | Value::Object(_) | Value::Array(_) => false,
        Value::Number(_) | Value::String(_) => true,
    }
}

fn says_yes(value: &Value) -> bool {
    value == &Value::Bool(true)
}

fn holds_yes(value: &Value) -> bool {
    match value {
        Value::Bool(yes) => *yes,
        Value::Array(values) => values.iter().any(holds_yes),
        Value::Object(values) => values.values().any(holds_yes),
        Value::Null | Value::Number(_) | Value::String(_) => false,
    }
}
