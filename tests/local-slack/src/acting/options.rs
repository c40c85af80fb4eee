//! Menus that ask the app for their options as a person types.

use serde::Deserialize;
use serde_json::Value;

use super::payload::{self, Place};
use super::press::{id_of, in_front, seen};
use super::{ActError, FORM, Letter, OPTIONS_PATH, Outcome, Tamper, person, shown};
use crate::blocks::{as_offered, check_offer, find_element, options};
use crate::limits;
use crate::server::Shared;

/// A person opens a menu with external options, or types in it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AskOptions {
    /// Who: user id, handle or e-mail address.
    pub user: String,
    /// The view, if it is in one.
    #[serde(default)]
    pub view_id: Option<String>,
    /// The channel of the message, if it is in one.
    #[serde(default)]
    pub channel: String,
    /// The message, if it is in one.
    #[serde(default)]
    pub ts: String,
    /// The menu.
    pub action_id: String,
    /// The menu's block, if several have an element of that name.
    #[serde(default)]
    pub block_id: Option<String>,
    /// What was typed.
    #[serde(default)]
    pub value: String,
    /// What is wrong with the request.
    #[serde(default)]
    pub tamper: Tamper,
}

impl Shared {
    /// Asks for the options of a menu. What comes is offered to the person, and may be chosen from then on.
    pub(crate) async fn options(&self, act: &AskOptions) -> Result<Outcome, ActError> {
        let person = person(&act.user)?;
        let (body, container, block_id) = {
            let slack = self.slack();
            let place = match &act.view_id {
                Some(view_id) => Ok(in_front(&slack, person, view_id)?),
                None => Err(seen(&slack, person, &act.channel, &act.ts)?),
            };
            let (blocks, place, container) = match &place {
                Ok(view) => (view.blocks(), Place::View(&view.shape), view.id.clone()),
                Err((channel, message)) => {
                    let container = format!("{}/{}", channel.id, message.ts);
                    (message.blocks.as_slice(), Place::Message { channel, message }, container)
                }
            };
            let found = find_element(blocks, act.block_id.as_deref(), &act.action_id);
            let found = found.filter(|(_, element)| element.get("type").is_some_and(|kind| kind == "external_select"));
            let (block, element) = found.ok_or_else(|| ActError::UnknownAction(act.action_id.clone()))?;
            let least = element.get("min_query_length").and_then(Value::as_u64).unwrap_or(limits::QUERY_LENGTH);
            if u64::try_from(act.value.chars().count()).is_ok_and(|typed| typed < least) {
                // Slack's client waits for more to be typed.
                return Ok(Outcome::without_request());
            }
            let body = payload::block_suggestion(person, &act.tamper, &place, block, &act.action_id, &act.value);
            (body, container, id_of(block).to_owned())
        };
        let tamper = &act.tamper;
        let letter = Letter { path: OPTIONS_PATH, who: person.user_id, body, content_type: FORM, tamper };
        let mut outcome = self.post(letter).await?;
        if outcome.ok {
            match offer(outcome.body.as_deref().unwrap_or_default()) {
                Ok(offer) => {
                    let known = offer.as_object().map(options).unwrap_or_default();
                    self.slack().note_offer(&container, &block_id, &act.action_id, as_offered(&known));
                    outcome.options = Some(offer);
                }
                Err(findings) => outcome.fail("invalid_response", findings),
            }
        }
        outcome.shown = outcome.error.is_some().then(|| shown::OPTIONS.to_owned());
        Ok(outcome)
    }
}

fn offer(body: &str) -> Result<Value, Vec<String>> {
    let offer: Value = serde_json::from_str(body).map_err(|error| vec![error.to_string()])?;
    let findings = check_offer(&offer);
    if findings.is_empty() { Ok(offer) } else { Err(findings) }
}
