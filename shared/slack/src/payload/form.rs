//! What people chose and typed in a modal: `view.state.values`, by `block_id` and then `action_id`.
//! Source: <https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload>.

use serde_json::Value;

use super::PayloadError;
use crate::ask::{ApprovalForm, AskForm, Selection};
use crate::ids::{field, field_of};
use crate::limits::{INPUT_TEXT, OPTION_VALUE, OPTIONS, VIEW_BLOCKS};

/// The fields of our modals and the elements they are asked for with.
const FIELDS: [(&str, &[&str]); 8] = [
    (field::ENTITLEMENT, &["external_select"]),
    (field::DURATION, &["static_select"]),
    (field::PERMISSIONS, &["multi_static_select", "plain_text_input"]),
    (field::RESOURCES, &["multi_static_select", "plain_text_input"]),
    (field::TICKET, &["plain_text_input"]),
    (field::JUSTIFICATION, &["plain_text_input"]),
    (field::REASON, &["plain_text_input"]),
    (field::NOTE, &["plain_text_input"]),
];

/// Whether a field is asked for with elements of that type.
pub(super) fn is_asked_with(field: &str, kind: &str) -> bool {
    FIELDS.iter().any(|(known, kinds)| *known == field && kinds.contains(&kind))
}

/// A field of the request modal; reason and note are other modals'.
pub(super) fn is_of_request(name: &str) -> bool {
    ![field::REASON, field::NOTE].contains(&name) && FIELDS.iter().any(|(known, _)| *known == name)
}

/// One block's state.
#[derive(Clone, Copy)]
struct Entry<'a> {
    /// Which field it is of.
    field: &'static str,
    block: &'a str,
    held: Held<'a>,
}

/// What an element holds.
#[derive(Clone, Copy)]
enum Held<'a> {
    /// The value of the option chosen in a menu.
    Option(Option<&'a str>),
    /// The options chosen in a menu for several.
    Options(&'a [Value]),
    /// What was typed; nothing at all is `None`.
    Text(Option<&'a str>),
}

impl<'a> Entry<'a> {
    /// Reads the state of the element `action` in `block`.
    fn read(block: &'a str, action: &str, element: &'a Value) -> Result<Self, PayloadError> {
        let of_block = field_of(block);
        let (name, kinds) = FIELDS
            .into_iter()
            .find(|(name, _)| *name == of_block && *name == action)
            .ok_or(PayloadError::UnknownField)?;
        let kind = element.get("type").and_then(Value::as_str).unwrap_or_default();
        if !kinds.contains(&kind) {
            return Err(PayloadError::Malformed(name));
        }
        let part = |key: &str| element.get(key).filter(|part| !part.is_null());
        let held = match kind {
            "plain_text_input" => Held::Text(part("value").map(|typed| text(typed, INPUT_TEXT, name)).transpose()?),
            "multi_static_select" => {
                let chosen = part("selected_options").map_or(Some(&[][..]), |list| list.as_array().map(Vec::as_slice));
                let chosen = chosen.filter(|chosen| chosen.len() <= OPTIONS);
                Held::Options(chosen.ok_or(PayloadError::Malformed(name))?)
            }
            _ => Held::Option(part("selected_option").map(|option| option_value(option, name)).transpose()?),
        };
        Ok(Self { field: name, block, held })
    }

    /// The entitlement that the block follows from, if it follows from one.
    fn follows_from(&self) -> Option<&'a str> {
        self.block.split_once('.').map(|(_, entitlement)| entitlement)
    }
}

/// The state of a modal, each field once.
#[derive(Clone, Default)]
pub(super) struct State<'a>(Vec<Entry<'a>>);

impl<'a> State<'a> {
    /// Reads the state of a payload's view.
    pub(super) fn read(payload: &'a Value) -> Result<Self, PayloadError> {
        let values = match payload.pointer("/view/state/values") {
            None | Some(Value::Null) => return Ok(Self::default()),
            Some(values) => values.as_object().ok_or(PayloadError::Malformed("state"))?,
        };
        if values.len() > VIEW_BLOCKS {
            return Err(PayloadError::Malformed("state"));
        }
        let mut state = Self::default();
        for (block, elements) in values {
            let elements = elements.as_object().ok_or(PayloadError::Malformed("state"))?;
            // Our blocks have one element each.
            let mut elements = elements.iter();
            let (Some((action, element)), None) = (elements.next(), elements.next()) else {
                return Err(PayloadError::Malformed("state"));
            };
            state.add(Entry::read(block, action, element)?)?;
        }
        Ok(state)
    }

    /// The state with what was just done in it: Slack may send along how that block was before.
    pub(super) fn with(mut self, block: &'a str, action: &str, element: &'a Value) -> Result<Self, PayloadError> {
        let entry = Entry::read(block, action, element)?;
        self.0.retain(|known| known.block != block);
        self.add(entry)?;
        Ok(self)
    }

    fn add(&mut self, entry: Entry<'a>) -> Result<(), PayloadError> {
        if self.0.iter().any(|known| known.field == entry.field) {
            return Err(PayloadError::Malformed("state"));
        }
        self.0.push(entry);
        Ok(())
    }

    fn held(&self, field: &str) -> Option<Held<'a>> {
        self.0.iter().find(|entry| entry.field == field).map(|entry| entry.held)
    }

    fn option(&self, field: &str) -> Option<&'a str> {
        match self.held(field)? {
            Held::Option(value) => value,
            Held::Options(_) | Held::Text(_) => None,
        }
    }

    fn typed(&self, field: &str) -> Option<&'a str> {
        match self.held(field)? {
            Held::Text(text) => text.filter(|text| !text.is_empty()),
            Held::Option(_) | Held::Options(_) => None,
        }
    }

    fn selection(&self, field: &'static str) -> Result<Selection, PayloadError> {
        Ok(match self.held(field) {
            Some(Held::Options(chosen)) if !chosen.is_empty() => {
                let values = chosen.iter().map(|option| option_value(option, field).map(str::to_owned));
                Selection::Chosen(values.collect::<Result<_, _>>()?)
            }
            Some(Held::Text(Some(text))) if !text.is_empty() => Selection::Written(text.to_owned()),
            Some(Held::Options(_) | Held::Text(_) | Held::Option(_)) | None => Selection::All,
        })
    }

    /// Whether a block follows from another entitlement than the one chosen. With none chosen, none is another.
    fn is_stale(&self, entry: &Entry<'_>) -> bool {
        let chosen = self.option(field::ENTITLEMENT);
        chosen.is_some_and(|chosen| entry.follows_from().is_some_and(|other| other != chosen))
    }

    /// The request modal as it stands, without what was narrowed of another entitlement than the one chosen now: it has
    /// other actions and resources. What was typed is kept, so that nobody has to type it again.
    pub(super) fn ask_form_so_far(mut self) -> Result<AskForm, PayloadError> {
        let before = self.clone();
        let narrows = |entry: &Entry<'_>| [field::PERMISSIONS, field::RESOURCES].contains(&entry.field);
        self.0.retain(|entry| !(narrows(entry) && before.is_stale(entry)));
        self.ask_form()
    }

    /// The request modal as it was sent.
    pub(super) fn ask_form_sent(self) -> Result<AskForm, PayloadError> {
        // Leaving such fields out would widen the request: nothing chosen is all there is.
        if self.0.iter().any(|entry| self.is_stale(entry)) {
            return Err(PayloadError::StaleForm);
        }
        self.ask_form()
    }

    fn ask_form(&self) -> Result<AskForm, PayloadError> {
        if self.0.iter().any(|entry| !is_of_request(entry.field)) {
            return Err(PayloadError::UnknownField);
        }
        Ok(AskForm {
            entitlement: self.option(field::ENTITLEMENT).map(str::to_owned),
            duration_seconds: self.option(field::DURATION).map(seconds).transpose()?,
            permissions: self.selection(field::PERMISSIONS)?,
            resources: self.selection(field::RESOURCES)?,
            ticket: self.typed(field::TICKET).map(str::to_owned),
            justification: self.typed(field::JUSTIFICATION).map(str::to_owned),
        })
    }

    /// For how much longer, and why. What it is for is not asked again.
    pub(super) fn extension_sent(&self) -> Result<AskForm, PayloadError> {
        let asked = [field::DURATION, field::TICKET, field::JUSTIFICATION];
        if self.0.iter().any(|entry| !asked.contains(&entry.field)) {
            return Err(PayloadError::UnknownField);
        }
        self.ask_form()
    }

    /// With what note a request is countersigned, and for how much of it.
    pub(super) fn approval_sent(&self) -> Result<ApprovalForm, PayloadError> {
        let asked = [field::NOTE, field::DURATION, field::PERMISSIONS, field::RESOURCES];
        if self.0.iter().any(|entry| !asked.contains(&entry.field)) {
            return Err(PayloadError::UnknownField);
        }
        Ok(ApprovalForm {
            note: self.typed(field::NOTE).map(str::to_owned),
            duration_seconds: self.option(field::DURATION).map(seconds).transpose()?,
            permissions: self.selection(field::PERMISSIONS)?,
            resources: self.selection(field::RESOURCES)?,
        })
    }

    /// The reason typed, empty if there is none.
    pub(super) fn reason(&self) -> Result<String, PayloadError> {
        if self.0.iter().any(|entry| entry.field != field::REASON) {
            return Err(PayloadError::UnknownField);
        }
        Ok(self.typed(field::REASON).unwrap_or_default().to_owned())
    }
}

fn text<'a>(value: &'a Value, longest: usize, name: &'static str) -> Result<&'a str, PayloadError> {
    value.as_str().filter(|text| text.chars().count() <= longest).ok_or(PayloadError::Malformed(name))
}

fn option_value<'a>(option: &'a Value, name: &'static str) -> Result<&'a str, PayloadError> {
    let value = text(option.get("value").unwrap_or(&Value::Null), OPTION_VALUE, name)?;
    if value.is_empty() { Err(PayloadError::Malformed(name)) } else { Ok(value) }
}

/// Digits and nothing else: `u64::from_str` would take a sign.
fn seconds(value: &str) -> Result<u64, PayloadError> {
    let digits = value.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| value.parse().ok()).flatten().ok_or(PayloadError::Malformed(field::DURATION))
}
