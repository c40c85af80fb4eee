//! What reaches the app without a message or view: global shortcuts, events with Slack's retries, and the question
//! whether the app is at its address.

use std::sync::{Arc, Weak};
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{ActError, EVENTS_PATH, FORM, INTERACTIONS_PATH, JSON, Letter, Outcome, Tamper, payload, person, shown};
use crate::clock::{micros, now, seconds};
use crate::server::Shared;
use crate::state::Retry;

/// A person uses a global shortcut of the app.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Shortcut {
    /// Who: user id, handle or e-mail address.
    pub user: String,
    /// The shortcut.
    pub callback_id: String,
    /// What is wrong with the request.
    #[serde(default)]
    pub tamper: Tamper,
}

/// A person opens the app's home tab.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Home {
    /// Who: user id, handle or e-mail address.
    pub user: String,
    /// What is wrong with the request.
    #[serde(default)]
    pub tamper: Tamper,
}

/// Someone enters the address for events in the app's settings.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Verify {
    /// What is wrong with the request.
    pub tamper: Tamper,
}

/// An event until it is taken or given up.
struct Event {
    id: String,
    user: &'static str,
    body: String,
    tamper: Tamper,
}

impl Event {
    fn letter(&self) -> Letter<'_> {
        let body = self.body.clone();
        Letter { path: EVENTS_PATH, who: self.user, body, content_type: JSON, tamper: &self.tamper }
    }
}

impl Shared {
    /// Uses a global shortcut.
    pub(crate) async fn shortcut(&self, act: &Shortcut) -> Result<Outcome, ActError> {
        let person = person(&act.user)?;
        let body = {
            let at = now();
            let mut slack = self.slack();
            let trigger_id = slack.issue_trigger(person.user_id, None, at);
            payload::shortcut(person, &act.tamper, &act.callback_id, &trigger_id, &slack.next_ts(at))
        };
        let tamper = &act.tamper;
        let letter = Letter { path: INTERACTIONS_PATH, who: person.user_id, body, content_type: FORM, tamper };
        let mut outcome = self.post(letter).await?;
        outcome.shown = outcome.error.is_some().then(|| shown::MODAL.to_owned());
        Ok(outcome)
    }

    /// Opens a home tab. The outcome is that of the first attempt; further ones follow in the background.
    pub(crate) async fn home(self: &Arc<Self>, act: &Home) -> Result<Outcome, ActError> {
        let person = person(&act.user)?;
        let event = {
            let at = now();
            let mut slack = self.slack();
            let channel = slack.open(&[person.user_id]).0;
            let event_ts = slack.next_ts(at);
            let mut opened = json!({"type": "app_home_opened", "user": person.user_id, "channel": channel.id,
                "tab": "home", "event_ts": event_ts});
            if let (Some(view), Value::Object(fields)) = (slack.home(person.user_id), &mut opened) {
                fields.insert("view".to_owned(), view.shape.clone());
            }
            let id = format!("Ev{}", slack.next_secret().to_uppercase());
            let body = payload::event(&act.tamper, &opened, &id, seconds(at));
            Event { id, user: person.user_id, body, tamper: act.tamper.clone() }
        };
        let delivered = self.deliver(&event.letter(), &[]).await?;
        if let (Some(reason), false) = (delivered.reason, delivered.no_retry) {
            self.plan(event, 0, reason);
        }
        Ok(delivered.outcome)
    }

    /// Plans the next attempt at an event, if there is to be one. `after` attempts were retries already.
    fn plan(self: &Arc<Self>, event: Event, after: usize, reason: &'static str) {
        let mut slack = self.slack();
        let Some(&delay) = slack.settings.retry_delays_ms.get(after) else { return };
        let attempt = after.saturating_add(1);
        let delay = Duration::from_millis(delay);
        let due = now().saturating_add(micros(delay));
        slack.retries.push(Retry { event_id: event.id.clone(), user: event.user, attempt, due });
        drop(slack);
        tokio::spawn(retry(Arc::downgrade(self), event, attempt, delay, reason));
    }

    /// Asks whether the app is at its address: it must answer with the challenge.
    pub(crate) async fn verify(&self, act: &Verify) -> Result<Outcome, ActError> {
        let challenge = self.slack().next_secret();
        let body = payload::url_verification(&challenge);
        let letter = Letter { path: EVENTS_PATH, who: "", body, content_type: JSON, tamper: &act.tamper };
        let mut outcome = self.post(letter).await?;
        if outcome.ok && !answers(outcome.body.as_deref().unwrap_or_default(), &challenge) {
            outcome.fail("challenge_failed", Vec::new());
        }
        outcome.shown = outcome.error.is_some().then(|| {
            // Slack's words, on the page of the app's settings.
            "Your URL didn't respond with the value of the challenge parameter.".to_owned()
        });
        Ok(outcome)
    }
}

/// One more attempt, unless all was forgotten or the local Slack has stopped meanwhile.
async fn retry(shared: Weak<Shared>, event: Event, attempt: usize, delay: Duration, reason: &'static str) {
    tokio::time::sleep(delay).await;
    let Some(shared) = shared.upgrade() else { return };
    let still_planned = {
        let mut slack = shared.slack();
        let before = slack.retries.len();
        slack.retries.retain(|planned| planned.event_id != event.id);
        slack.retries.len() < before
    };
    if !still_planned {
        return;
    }
    let headers = [("x-slack-retry-num", attempt.to_string()), ("x-slack-retry-reason", reason.to_owned())];
    // The address may have been taken away; then there is no one to try.
    let Ok(delivered) = shared.deliver(&event.letter(), &headers).await else { return };
    if let (Some(reason), false) = (delivered.reason, delivered.no_retry) {
        shared.plan(event, attempt, reason);
    }
}

/// Whether a body is the challenge: as plain text, as a form or as JSON.
fn answers(body: &str, challenge: &str) -> bool {
    let in_json = serde_json::from_str::<Value>(body).ok();
    let in_json = in_json.as_ref().and_then(|answer| answer.get("challenge")).and_then(Value::as_str);
    let in_form =
        form_urlencoded::parse(body.trim().as_bytes()).any(|(name, value)| name == "challenge" && value == challenge);
    body.trim() == challenge || in_json == Some(challenge) || in_form
}
