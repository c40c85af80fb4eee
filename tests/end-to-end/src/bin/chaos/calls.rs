//! How a call is sent, and what came back.

use end_to_end::chat::{Chat, Message};
use end_to_end::door::Api;
use end_to_end::outputs::Outputs;
use end_to_end::signing::{http, receive};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;

use end_to_end::failure::Failure;
use end_to_end::signing::Keys;

/// Who calls the API with keys of their own.
const PEOPLE: [&str; 7] = ["alice", "frank", "grace", "bob", "carol", "dave", "mallory"];

/// By which door, as whom, with what.
#[derive(Debug, Clone)]
pub(crate) enum Way {
    /// The API, signed by this person.
    Api {
        /// `forged`: alice's key with another secret. `nobody`: not signed.
        person: &'static str,
        path: String,
        /// Nothing: it is read.
        body: Option<String>,
        /// The idempotency key.
        key: Option<String>,
    },
    /// `/access …`, by this Slack user.
    Command { user: String, text: String, tamper: Value },
    /// A button of a card.
    Press { user: String, card: Box<Message>, button: &'static str, tamper: Value },
}

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// In a word: its status, and the code if it has one.
    pub(crate) fn word(&self) -> String {
        match self.body.get("code").and_then(Value::as_str) {
            Some(code) => format!("{} {code}", self.status),
            None => self.status.to_string(),
        }
    }
}

/// All doors.
#[derive(Debug)]
pub(crate) struct Doors {
    people: BTreeMap<&'static str, Api>,
    pub(crate) chat: Chat,
    plain: reqwest::Client,
    api_url: String,
}

impl Doors {
    /// # Errors
    /// There is no HTTP client to be had, or no such people.
    pub(crate) fn of(outputs: &Outputs) -> Result<Self, Failure> {
        let mut people = BTreeMap::new();
        for person in PEOPLE {
            people.insert(person, Api::of(outputs, person)?);
        }
        let mut keys = Keys::of(outputs.person("alice")?);
        keys.secret_access_key = keys.secret_access_key.chars().rev().collect();
        people.insert("forged", Api::with(outputs, keys)?);
        Ok(Self { people, chat: Chat::of(outputs)?, plain: http()?, api_url: outputs.api_url.clone() })
    }

    /// Sends it, once; nothing if nothing was answered.
    pub(crate) async fn send(&self, way: &Way) -> Option<Answer> {
        match way {
            Way::Api { person, path, body, key } => self.api(person, path, body.as_deref(), key.as_deref()).await,
            Way::Command { user, text, tamper } => {
                let outcome = self.chat.command_with(user, text, tamper).await.ok()?;
                let body = outcome.body.map(Value::String).unwrap_or_default();
                outcome.status.map(|status| Answer { status, body })
            }
            Way::Press { user, card, button, tamper } => {
                let outcome = self.chat.press_with(user, card, button, tamper).await.ok()?;
                outcome.status.map(|status| Answer { status, body: Value::Null })
            }
        }
    }

    async fn api(&self, person: &str, path: &str, body: Option<&str>, key: Option<&str>) -> Option<Answer> {
        let method = if body.is_some() { Method::POST } else { Method::GET };
        let Some(api) = self.people.get(person) else {
            let call = self.plain.request(method, format!("{}{path}", self.api_url));
            let call = body.iter().fold(call, |call, body| call.body((*body).to_owned()));
            let answered = receive(call.header("content-type", "application/json")).await.ok()?;
            return Some(Answer { status: answered.status, body: Value::Null });
        };
        let headers: Vec<(&str, &str)> = key.iter().map(|key| ("idempotency-key", *key)).collect();
        let reply = api.send(method, path, &headers, body.unwrap_or_default()).await.ok()?;
        Some(Answer { status: reply.status, body: reply.body })
    }

    /// The request as this person is shown it.
    pub(crate) async fn shown(&self, person: &str, id: &str) -> Option<Value> {
        let answer = self.api(person, &format!("/v1/requests/{id}"), None, None).await?;
        (answer.status == 200).then_some(answer.body)
    }
}

/// To read something.
pub(crate) fn get(person: &'static str, path: String) -> Way {
    Way::Api { person, path, body: None, key: None }
}

/// To do something.
pub(crate) fn post(person: &'static str, path: String, body: &Value) -> Way {
    Way::Api { person, path, body: Some(body.to_string()), key: None }
}

/// To ask for access.
pub(crate) fn ask(person: &'static str, entitlement: &str, seconds: u64, tag: &str) -> Way {
    let body = json!({"entitlement": entitlement, "durationSeconds": seconds, "justification": tag});
    let key = Some(tag.replace(' ', "-"));
    Way::Api { person, path: "/v1/requests".to_owned(), body: Some(body.to_string()), key }
}
