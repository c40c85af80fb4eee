//! How Slack says no: `ok: false` with an error, and sometimes what exactly was wrong.

use serde_json::{Value, json};

/// A refused Web API call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) error: &'static str,
    findings: Vec<String>,
}

impl Refusal {
    /// A refusal by name.
    pub(crate) fn new(error: &'static str) -> Self {
        Self { error, findings: Vec::new() }
    }

    /// A refusal with what exactly was wrong.
    pub(crate) fn with(error: &'static str, findings: Vec<String>) -> Self {
        Self { error, findings }
    }

    /// An argument that must be there and is not.
    pub(crate) fn missing(argument: &str) -> Self {
        Self::with("invalid_arguments", vec![format!("missing required field: {argument}")])
    }

    /// What exactly was wrong; the name of the refusal if it says no more.
    pub(crate) fn findings(&self) -> Vec<String> {
        if self.findings.is_empty() { vec![self.error.to_owned()] } else { self.findings.clone() }
    }

    /// The answer's body.
    pub(crate) fn body(&self) -> Value {
        if self.findings.is_empty() {
            return json!({"ok": false, "error": self.error});
        }
        let messages: Vec<String> = self.findings.iter().map(|finding| format!("[ERROR] {finding}")).collect();
        json!({"ok": false, "error": self.error, "errors": self.findings, "response_metadata": {"messages": messages}})
    }
}
