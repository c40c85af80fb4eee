//! Buttons.

use model::lifecycle::State;
use serde_json::{Value, json};

use super::Words;
use crate::limits::{ACTION_ID, BUTTON_TEXT, BUTTON_VALUE, CONFIRM_BUTTON, CONFIRM_TEXT, CONFIRM_TITLE};
use crate::payload::{Action, button_value};

/// What Slack asks before it takes a press: all of it our own.
#[derive(Debug, Clone, Copy)]
struct Confirm {
    /// The question.
    title: &'static str,
    /// What happens then.
    text: &'static str,
    /// The button that does it.
    yes: &'static str,
    /// The button that does not.
    no: &'static str,
}

const END_ACCESS: Confirm = Confirm {
    title: "End access now?",
    text: "It stops working within seconds and does not come back. Whoever needs it again asks again.",
    yes: "End access",
    no: "Keep it",
};

const WITHDRAW: Confirm = Confirm {
    title: "Cancel this request?",
    text: "Nobody can countersign it any more. You can ask again at any time.",
    yes: "Cancel request",
    no: "Keep waiting",
};

/// A button.
#[derive(Debug, Clone)]
pub(crate) struct Button {
    action: Action,
    label: &'static str,
    value: String,
    confirm: Option<Confirm>,
    primary: bool,
}

impl Button {
    /// A button about a request. It says which, and what its presser saw of it.
    pub(crate) fn about(state: &State, action: Action, label: &'static str) -> Self {
        let confirm = match action {
            Action::Revoke => Some(END_ACCESS),
            Action::Cancel => Some(WITHDRAW),
            Action::Approve
            | Action::ApproveWith
            | Action::Deny
            | Action::Extend
            | Action::Details
            | Action::Ask
            | Action::Refresh => None,
        };
        let primary = action == Action::Approve;
        Self { action, label, value: button_value(&state.request.id, state.terms().digest()), confirm, primary }
    }

    /// A button that opens the request modal, for `entitlement` if one is named.
    pub(crate) fn ask(label: &'static str, entitlement: Option<&str>) -> Self {
        let value = entitlement.unwrap_or_default().to_owned();
        Self { action: Action::Ask, label, value, confirm: None, primary: false }
    }

    /// A button that shows the Home tab as it is now.
    pub(crate) fn refresh(label: &'static str) -> Self {
        Self { action: Action::Refresh, label, value: String::new(), confirm: None, primary: false }
    }

    /// The one that stands out.
    #[must_use]
    pub(crate) fn primary(mut self) -> Self {
        self.primary = true;
        self
    }

    /// In Slack's own shape.
    pub(super) fn shape(self) -> Value {
        let id: String = self.action.as_str().chars().take(ACTION_ID).collect();
        let mut shape = json!({"type": "button", "action_id": id, "text": Words::ours(self.label).object(BUTTON_TEXT)});
        let style = match self.action {
            Action::Deny | Action::Revoke => Some("danger"),
            Action::Approve
            | Action::ApproveWith
            | Action::Cancel
            | Action::Extend
            | Action::Details
            | Action::Ask
            | Action::Refresh => self.primary.then_some("primary"),
        };
        if let Some(shape) = shape.as_object_mut() {
            if !self.value.is_empty() {
                let value: String = self.value.chars().take(BUTTON_VALUE).collect();
                shape.insert("value".to_owned(), json!(value));
            }
            if let Some(style) = style {
                shape.insert("style".to_owned(), json!(style));
            }
            if let Some(confirm) = self.confirm {
                shape.insert("confirm".to_owned(), confirm.shape(style == Some("danger")));
            }
        }
        shape
    }
}

impl Confirm {
    fn shape(self, danger: bool) -> Value {
        let text = |text: &'static str, longest: usize| Words::ours(text).object(longest);
        let style = if danger { "danger" } else { "primary" };
        json!({
            "title": text(self.title, CONFIRM_TITLE),
            "text": text(self.text, CONFIRM_TEXT),
            "confirm": text(self.yes, CONFIRM_BUTTON),
            "deny": text(self.no, CONFIRM_BUTTON),
            "style": style,
        })
    }
}
