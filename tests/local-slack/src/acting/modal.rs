//! Modals sent off and closed, and what an app may answer to that
//! (<https://docs.slack.dev/surfaces/modals>).

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::press::{fill_in, in_front};
use super::{ActError, FORM, INTERACTIONS_PATH, Letter, Outcome, Tamper, payload, person, shown};
use crate::clock::now;
use crate::server::Shared;
use crate::state::Slack;
use crate::views::View;
use crate::views::values::refused;

/// A person sends the modal in front off.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Submit {
    /// Who: user id, handle or e-mail address.
    pub user: String,
    /// The modal.
    pub view_id: String,
    /// What the person has put in, in the shape of Slack's `state.values`; what is not named stays as it is.
    #[serde(default)]
    pub values: Map<String, Value>,
    /// What is wrong with the request.
    #[serde(default)]
    pub tamper: Tamper,
}

/// A person closes the modal in front.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Close {
    /// Who: user id, handle or e-mail address.
    pub user: String,
    /// The modal.
    pub view_id: String,
    /// Whether all modals below it are closed too, as by the cross in the corner.
    #[serde(default)]
    pub all: bool,
    /// What is wrong with the request.
    #[serde(default)]
    pub tamper: Tamper,
}

impl Shared {
    /// Sends a modal off, and does what the app answers.
    pub(crate) async fn submit(&self, act: &Submit) -> Result<Outcome, ActError> {
        let person = person(&act.user)?;
        let body = {
            let at = now();
            let mut slack = self.slack();
            let mut view = in_front(&slack, person, &act.view_id)?;
            if !view.is_modal() || view.shape.get("submit").is_none_or(Value::is_null) {
                return Err(ActError::NoSubmit(act.view_id.clone()));
            }
            fill_in(&slack, &mut view, &act.values)?;
            let values = view.values();
            let errors = refused(view.blocks(), &values);
            if let Some(kept) = slack.view_mut(&act.view_id) {
                kept.set_values(&values);
                kept.errors.clone_from(&errors);
            }
            if !errors.is_empty() {
                let error = Some("required_field".to_owned());
                return Ok(Outcome { error, errors, ..Outcome::default() });
            }
            let trigger_id = slack.issue_trigger(person.user_id, Some(&act.view_id), at);
            payload::view_submission(person, &act.tamper, &view.shape, &trigger_id)
        };
        let tamper = &act.tamper;
        let letter = Letter { path: INTERACTIONS_PATH, who: person.user_id, body, content_type: FORM, tamper };
        let mut outcome = self.post(letter).await?;
        if let (true, Some(body)) = (outcome.ok, outcome.body.clone()) {
            match self.slack().answer_submission(&act.view_id, &body) {
                Ok(Became::Nothing) => {}
                Ok(Became::Errors(errors)) => outcome.errors = errors,
                Ok(Became::View(view)) => outcome.view = Some(view),
                Err(findings) => outcome.fail("invalid_response", findings),
            }
        }
        outcome.shown = outcome.error.is_some().then(|| shown::MODAL.to_owned());
        Ok(outcome)
    }

    /// Closes a modal, and tells the app if the modal asks for it. The person sees nothing of how that goes.
    pub(crate) async fn close(&self, act: &Close) -> Result<Outcome, ActError> {
        let person = person(&act.user)?;
        let (told, is_cleared) = {
            let mut slack = self.slack();
            let view = in_front(&slack, person, &act.view_id)?;
            if !view.is_modal() {
                return Err(ActError::UnknownView { user: act.user.clone(), view: act.view_id.clone() });
            }
            let is_cleared = act.all || view.flag("clear_on_close");
            let mut closed = vec![view];
            if is_cleared {
                closed = slack.modals(person.user_id).into_iter().rev().cloned().collect();
                slack.close_all(person.user_id);
            } else {
                slack.close_view(&act.view_id);
            }
            let told: Vec<View> = closed.into_iter().filter(|view| view.flag("notify_on_close")).collect();
            (told, is_cleared)
        };
        let mut outcome = Outcome::without_request();
        for view in told {
            let body = payload::view_closed(person, &act.tamper, &view.shape, is_cleared);
            let tamper = &act.tamper;
            let letter = Letter { path: INTERACTIONS_PATH, who: person.user_id, body, content_type: FORM, tamper };
            outcome = self.post(letter).await?;
        }
        Ok(outcome)
    }
}

/// What an answer to a submission came to.
enum Became {
    Nothing,
    Errors(Map<String, Value>),
    View(Value),
}

impl Slack {
    /// Does what an app answers to a submission. `Err` says why Slack can't.
    fn answer_submission(&mut self, view_id: &str, body: &str) -> Result<Became, Vec<String>> {
        // The person may have closed it meanwhile.
        let Some(view) = self.view_mut(view_id) else { return Ok(Became::Nothing) };
        let user = view.user.clone();
        let answer: Value = match body.trim() {
            "" => json!({}),
            body => serde_json::from_str(body).map_err(|error| vec![error.to_string()])?,
        };
        let Value::Object(answer) = answer else { return Err(vec!["must provide an object".to_owned()]) };
        let asked = || answer.get("view").ok_or_else(|| vec!["missing required field: view".to_owned()]);
        match answer.get("response_action").map(|action| action.as_str().unwrap_or_default()) {
            None => {
                self.close_view(view_id);
                Ok(Became::Nothing)
            }
            Some("clear") => {
                self.close_all(&user);
                Ok(Became::Nothing)
            }
            Some("errors") => {
                let errors = errors(view, answer.get("errors"))?;
                view.errors.clone_from(&errors);
                Ok(Became::Errors(errors))
            }
            Some("update") => {
                let updated = self.update_view(view_id, None, asked()?, now());
                updated.map(Became::View).map_err(|refusal| refusal.findings())
            }
            Some("push") => {
                let pushed = self.push_answer(&user, asked()?, now());
                pushed.map(Became::View).map_err(|refusal| refusal.findings())
            }
            Some(other) => Err(vec![format!("unknown response_action: {other}")]),
        }
    }
}

/// The errors an app answers, if each is a text about an input block of the view.
fn errors(view: &View, errors: Option<&Value>) -> Result<Map<String, Value>, Vec<String>> {
    let errors = errors.and_then(Value::as_object).filter(|errors| !errors.is_empty());
    let errors = errors.ok_or_else(|| vec!["missing required field: errors".to_owned()])?;
    let asks = |id: &str| {
        view.blocks().iter().any(|block| {
            block.get("block_id").and_then(Value::as_str) == Some(id)
                && block.get("type").and_then(Value::as_str) == Some("input")
        })
    };
    let findings: Vec<String> = errors
        .iter()
        .filter_map(|(id, text)| match text.as_str() {
            _ if !asks(id) => Some(format!("no input block is named {id} [json-pointer:/errors/{id}]")),
            None | Some("") => Some(format!("must provide a string [json-pointer:/errors/{id}]")),
            Some(_) => None,
        })
        .collect();
    if findings.is_empty() { Ok(errors.clone()) } else { Err(findings) }
}
