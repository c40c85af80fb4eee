//! Presses of buttons and choices in menus, in messages, modals and home tabs.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::payload::{self, Place};
use super::{ActError, FORM, INTERACTIONS_PATH, Letter, Outcome, Tamper, person, shown, visible};
use crate::blocks::find_element;
use crate::clock::{Micros, now};
use crate::message::Message;
use crate::server::Shared;
use crate::state::Slack;
use crate::views::View;
use crate::views::values::{Wanted, carried_over, put, put_all};
use crate::workspace::{Channel, Person};

/// A press of a button, or a choice in a menu, of a message as it was posted or of a view as it is in front.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Press {
    /// Who presses: user id, handle or e-mail address.
    pub user: String,
    /// The message's channel: id or name. Not for a view.
    #[serde(default)]
    pub channel: String,
    /// The message. Not for a view.
    #[serde(default)]
    pub ts: String,
    /// The view, instead of a message: the modal in front or the home tab.
    #[serde(default)]
    pub view_id: Option<String>,
    /// The element.
    pub action_id: String,
    /// The element's block, if several have an element of that name.
    #[serde(default)]
    pub block_id: Option<String>,
    /// The value of the option chosen, for a menu.
    #[serde(default)]
    pub option_value: Option<String>,
    /// The values of the options chosen, for a menu of several.
    #[serde(default)]
    pub option_values: Option<Vec<String>>,
    /// The text typed, for an input that dispatches.
    #[serde(default)]
    pub text: Option<String>,
    /// What the person has put into the other fields so far, in the shape of Slack's `state.values`.
    #[serde(default)]
    pub values: Map<String, Value>,
    /// What is wrong with the request.
    #[serde(default)]
    pub tamper: Tamper,
}

impl Press {
    fn wanted(&self) -> Wanted<'_> {
        let options = self.option_values.as_deref();
        Wanted { option: self.option_value.as_deref(), options, text: self.text.as_deref() }
    }
}

impl Shared {
    /// Presses a button. Slack looks at the status of the answer only.
    pub(crate) async fn press(&self, act: &Press) -> Result<Outcome, ActError> {
        let person = person(&act.user)?;
        let body = {
            let mut slack = self.slack();
            match &act.view_id {
                Some(view_id) => press_in_view(&mut slack, act, person, view_id, now())?,
                None => self.press_in_message(&mut slack, act, person, now())?,
            }
        };
        let tamper = &act.tamper;
        let letter = Letter { path: INTERACTIONS_PATH, who: person.user_id, body, content_type: FORM, tamper };
        let mut outcome = self.post(letter).await?;
        outcome.shown = outcome.error.is_some().then(|| shown::BUTTON.to_owned());
        Ok(outcome)
    }

    fn press_in_message(
        &self,
        slack: &mut Slack,
        act: &Press,
        person: &Person,
        at: Micros,
    ) -> Result<String, ActError> {
        let (channel, message) = seen(slack, person, &act.channel, &act.ts)?;
        let container = format!("{}/{}", channel.id, message.ts);
        let unknown = || ActError::UnknownAction(act.action_id.clone());
        let found = find_element(&message.blocks, act.block_id.as_deref(), &act.action_id);
        let (block, element) = found.ok_or_else(unknown)?;
        dispatches(block, &act.action_id)?;
        let mut values = carried_over(&message.blocks, &Map::new());
        put_all(&mut values, &message.blocks, &act.values, |block, action| slack.offered(&container, block, action))
            .map_err(ActError::Unfillable)?;
        let offered = slack.offered(&container, id_of(block), &act.action_id);
        let choice = act.wanted().of(element, &offered).map_err(|_| unknown())?;
        if let Some((field, value)) = &choice {
            put(&mut values, block, element, field, value.clone());
        }
        let action = payload::action(block, element, choice, &act.tamper, &slack.next_ts(at));
        let path = slack.issue_response_url("actions", person.user_id, &channel.id, Some(&message.ts), at);
        let response_url = format!("{}{path}", self.base_url);
        let trigger_id = slack.issue_trigger(person.user_id, None, at);
        let place = Place::Message { channel: &channel, message: &message };
        Ok(payload::block_actions(person, &act.tamper, &place, &action, &trigger_id, Some((&response_url, values))))
    }
}

fn press_in_view(
    slack: &mut Slack,
    act: &Press,
    person: &Person,
    view_id: &str,
    at: Micros,
) -> Result<String, ActError> {
    let mut view = in_front(slack, person, view_id)?;
    fill_in(slack, &mut view, &act.values)?;
    let unknown = || ActError::UnknownAction(act.action_id.clone());
    let found = find_element(view.blocks(), act.block_id.as_deref(), &act.action_id);
    let (block, element) = found.ok_or_else(unknown)?;
    dispatches(block, &act.action_id)?;
    let offered = slack.offered(view_id, id_of(block), &act.action_id);
    let choice = act.wanted().of(element, &offered).map_err(|_| unknown())?;
    let mut values = view.values();
    if let Some((field, value)) = &choice {
        put(&mut values, block, element, field, value.clone());
    }
    let action = payload::action(block, element, choice, &act.tamper, &slack.next_ts(at));
    view.set_values(&values);
    if let Some(kept) = slack.view_mut(view_id) {
        kept.set_values(&values);
    }
    let trigger_id = slack.issue_trigger(person.user_id, view.is_modal().then_some(view_id), at);
    Ok(payload::block_actions(person, &act.tamper, &Place::View(&view.shape), &action, &trigger_id, None))
}

/// A message the person sees.
pub(super) fn seen(slack: &Slack, person: &Person, channel: &str, ts: &str) -> Result<(Channel, Message), ActError> {
    if channel.is_empty() || ts.is_empty() {
        return Err(ActError::NoPlace);
    }
    let found = visible(slack.channel(channel), person, channel)?;
    let message = slack
        .message(&found.id, ts)
        .filter(|message| message.ephemeral_for.as_deref().is_none_or(|user| user == person.user_id));
    let unknown =
        || ActError::UnknownMessage { user: person.name.to_owned(), channel: channel.to_owned(), ts: ts.to_owned() };
    let message = message.cloned().ok_or_else(unknown)?;
    Ok((found, message))
}

/// A view the person has in front.
pub(super) fn in_front(slack: &Slack, person: &Person, view_id: &str) -> Result<View, ActError> {
    let found = slack.view_in_front(person.user_id, view_id);
    found.cloned().ok_or_else(|| ActError::UnknownView { user: person.name.to_owned(), view: view_id.to_owned() })
}

/// Puts what the person has typed and chosen into a view.
pub(super) fn fill_in(slack: &Slack, view: &mut View, given: &Map<String, Value>) -> Result<(), ActError> {
    let mut values = view.values();
    let put = put_all(&mut values, view.blocks(), given, |block, action| slack.offered(&view.id, block, action));
    put.map_err(ActError::Unfillable)?;
    view.set_values(&values);
    Ok(())
}

/// The identifier of a block.
pub(super) fn id_of(block: &Value) -> &str {
    block.get("block_id").and_then(Value::as_str).unwrap_or_default()
}

/// An input block tells the app about its element only if it says so.
fn dispatches(block: &Value, action_id: &str) -> Result<(), ActError> {
    let asks = block.get("type").and_then(Value::as_str) == Some("input");
    if asks && block.get("dispatch_action") != Some(&Value::Bool(true)) {
        return Err(ActError::NotDispatched(action_id.to_owned()));
    }
    Ok(())
}
