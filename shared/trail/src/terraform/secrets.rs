//! What must not be kept: the values themselves, wherever else their text turns up.

use super::changes::marks_all;
use super::{Change, LONGEST_VALUE, Plan, SENSITIVE};
use memchr::memmem;
use model::text::inert;
use serde_json::Value;
use std::collections::BTreeSet;

/// A part of a path that holds one of these, case and `-_` aside, is named like a secret. Start-up scripts and definitions
/// of containers are where secrets lie that nobody marked.
const NAMES: [&str; 17] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "privatekey",
    "apikey",
    "accesskey",
    "sharedkey",
    "accountkey",
    "credential",
    "connectionstring",
    "kubeconfig",
    "userdata",
    "containerdefinitions",
    "authorization",
    "cookie",
];

/// What a name ends with whose value is a secret itself, so that it is looked for elsewhere too: `secret_id` is none.
const SECRETS: [&str; 8] =
    ["password", "passwd", "passphrase", "secret", "token", "privatekey", "apikey", "secretaccesskey"];

/// A sensitive text shorter than this is not looked for inside of others: `yes` is everywhere.
const SHORTEST: usize = 4;

/// Most sensitive texts that are looked for. Beyond that, no value is kept at all.
const MOST: usize = 5_000;

/// The sensitive texts of a plan. No `Debug`: nothing prints them.
pub(super) struct Secrets {
    texts: BTreeSet<String>,
    /// Those that are looked for inside of others.
    long: Vec<String>,
    too_many: bool,
}

/// Whether a name is one of a secret.
pub(super) fn is_secret_name(name: &str) -> bool {
    let plain = plain(name);
    NAMES.iter().any(|known| plain.contains(known))
}

/// Whether what has this name may hold secrets that nobody marked: a block of environment variables, but not a tag
/// `environment`.
pub(super) fn may_hold_secrets(name: &str, is_block: bool) -> bool {
    is_secret_name(name) || (is_block && plain(name).contains("environment"))
}

fn is_secret_itself(name: &str) -> bool {
    let plain = plain(name);
    SECRETS.iter().any(|known| plain.ends_with(known))
}

fn plain(name: &str) -> String {
    name.chars().filter(|c| !"-_ .".contains(*c)).flat_map(char::to_lowercase).collect()
}

impl Secrets {
    /// Gathers them from everything that changes, and from variables that are declared sensitive.
    pub(super) fn of(plan: &Plan) -> Self {
        let mut secrets = Self { texts: BTreeSet::new(), long: Vec::new(), too_many: false };
        for resource in &plan.resource_changes {
            secrets.change("", &resource.change);
        }
        for (name, change) in &plan.output_changes {
            secrets.change(name, change);
        }
        let declared = plan.configuration.pointer("/root_module/variables");
        for (name, variable) in &plan.variables {
            let declaration = declared.and_then(|declared| declared.get(name));
            let marked = declaration.and_then(|declaration| declaration.get("sensitive")).is_some_and(marks_all);
            secrets.gather(&variable.value, &Value::Null, marked || is_secret_itself(name));
        }
        secrets.long = secrets.texts.iter().filter(|text| text.chars().count() >= SHORTEST).cloned().collect();
        secrets
    }

    fn change(&mut self, name: &str, change: &Change) {
        self.gather(&change.before, &change.before_sensitive, is_secret_itself(name));
        self.gather(&change.after, &change.after_sensitive, is_secret_itself(name));
    }

    fn gather(&mut self, value: &Value, mark: &Value, secret: bool) {
        let secret = secret || marks_all(mark);
        match value {
            Value::Object(values) => {
                for (key, value) in values {
                    let mark = mark.get(key).unwrap_or(&Value::Null);
                    self.gather(value, mark, secret || is_secret_itself(key));
                }
            }
            Value::Array(values) => {
                for (index, value) in values.iter().enumerate() {
                    self.gather(value, mark.get(index).unwrap_or(&Value::Null), secret);
                }
            }
            Value::String(text) if secret => self.add(text),
            Value::Number(number) if secret => self.add(&number.to_string()),
            Value::String(_) | Value::Number(_) | Value::Bool(_) | Value::Null => {}
        }
    }

    fn add(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        if self.texts.len() >= MOST {
            self.too_many = true;
            return;
        }
        self.texts.insert(text.to_owned());
        // As it stands in a document that was made into a text.
        let quoted = Value::from(text).to_string();
        if let Some(inner) = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
            self.texts.insert(inner.to_owned());
        }
    }

    /// A leaf as it is kept; `None` for null. Of what is not a leaf nothing is kept.
    pub(super) fn value(&self, value: &Value) -> Option<String> {
        match value {
            Value::Null => None,
            Value::Bool(truth) => Some(truth.to_string()),
            Value::Number(number) => Some(self.shown(&number.to_string(), LONGEST_VALUE)),
            Value::String(text) => Some(self.shown(text, LONGEST_VALUE)),
            Value::Array(values) if values.is_empty() => Some("[]".to_owned()),
            Value::Object(values) if values.is_empty() => Some("{}".to_owned()),
            Value::Array(_) | Value::Object(_) => Some("…".to_owned()),
        }
    }

    /// A name, of a resource or of an attribute.
    pub(super) fn name(&self, name: &str, longest: usize) -> String {
        if self.holds_one(name) { SENSITIVE.to_owned() } else { inert(name, longest) }
    }

    fn shown(&self, text: &str, longest: usize) -> String {
        // Looked for in all of it, before it is cut: half a secret is one too.
        if self.too_many || self.texts.contains(text) || self.holds_one(text) {
            return SENSITIVE.to_owned();
        }
        let shown = inert(text, longest);
        if self.holds_one(&shown) { SENSITIVE.to_owned() } else { shown }
    }

    fn holds_one(&self, text: &str) -> bool {
        self.long.iter().any(|secret| memmem::find(text.as_bytes(), secret.as_bytes()).is_some())
    }
}
