//! Slack, as a person uses it: through the local Slack, which signs and sends what Slack would.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::outputs::Outputs;
use crate::signing::{http, receive};
use crate::waiting::until;

/// The channel approvals are posted to.
pub const APPROVALS: &str = "C0APPROVALS";

/// How long a message may take, Slack's rate limits and our retries included.
const PATIENCE: Duration = Duration::from_mins(2);

/// The local Slack.
#[derive(Debug, Clone)]
pub struct Chat {
    http: reqwest::Client,
    url: String,
}

/// A message.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// The conversation.
    pub channel: String,
    /// Its identifier there.
    pub ts: String,
    /// The message it replies to.
    pub thread_ts: Option<String>,
    /// What notifications show.
    pub text: String,
    /// The blocks.
    pub blocks: Vec<Value>,
    /// The only one who sees it, by user id.
    pub ephemeral_for: Option<String>,
    /// When it was last posted or edited, as a `ts`.
    pub changed: String,
}

impl Message {
    /// Whether it names `words` anywhere: text, blocks, values of buttons.
    pub fn names(&self, words: &str) -> bool {
        self.text.contains(words) || self.blocks.iter().any(|block| block.to_string().contains(words))
    }

    /// The requests that it names anywhere.
    pub fn requests(&self) -> BTreeSet<String> {
        let blocks = self.blocks.iter().map(Value::to_string);
        blocks.chain([self.text.clone()]).flat_map(|text| requests_in(&text)).collect()
    }

    /// Whether it has this button.
    pub fn has_button(&self, action: &str) -> bool {
        let elements = self.blocks.iter().filter_map(|block| block.get("elements")?.as_array()).flatten();
        elements.filter_map(|element| element.get("action_id")?.as_str()).any(|id| id == action)
    }

    /// All texts of its blocks, one after the other; what buttons say, in brackets.
    pub fn words(&self) -> Vec<String> {
        let mut words = Vec::new();
        for block in &self.blocks {
            collect(block, &mut words);
        }
        words
    }
}

fn collect(value: &Value, words: &mut Vec<String>) {
    match value {
        Value::Object(fields) if fields.get("type").and_then(Value::as_str) == Some("button") => {
            let says = value.pointer("/text/text").and_then(Value::as_str).unwrap_or_default();
            words.push(format!("[{says}]"));
        }
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(text) if name == "text" => words.push(text.clone()),
                    Value::Array(_) | Value::Object(_) => collect(value, words),
                    Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, words)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// What came of a slash command or a press.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// Whether Slack counts it as answered: in time, with 2xx, with a body it can use.
    pub ok: bool,
    /// What Slack would tell the person instead.
    pub error: Option<String>,
    /// HTTP status.
    pub status: Option<u16>,
    /// Body of the answer.
    pub body: Option<String>,
    /// How long it took.
    pub duration_ms: u64,
    /// The message the answer became.
    pub message: Option<Message>,
    /// What was sent, to send it again.
    pub request: Value,
}

impl Outcome {
    /// What the person reads: the answer's text, or Slack's own error.
    pub fn said(&self) -> String {
        match (&self.message, &self.error) {
            (Some(message), _) => message.text.clone(),
            (None, Some(error)) => format!("{error} (HTTP {})", self.status.unwrap_or_default()),
            (None, None) => String::new(),
        }
    }

    /// The request id that the answer names.
    ///
    /// # Errors
    /// It names none.
    pub fn request_id(&self) -> Result<String, Failure> {
        let found = requests_in(self.body.as_deref().unwrap_or_default()).into_iter().next();
        found.ok_or_else(|| Failure::new(format!("the answer names no request: {}", self.said())))
    }
}

/// The request ids in a text, in order.
fn requests_in(text: &str) -> Vec<String> {
    let id = |at: usize| {
        let id = text.get(at..at.checked_add(36)?)?;
        id.chars().skip(4).all(|c| c.is_ascii_hexdigit()).then(|| id.to_owned())
    };
    text.match_indices("req_").filter_map(|(at, _)| id(at)).collect()
}

/// A press, and the private message that answered it.
#[derive(Debug, Clone)]
pub struct Pressed {
    /// What came of it.
    pub outcome: Outcome,
    /// The private answer.
    pub answer: Message,
}

impl Chat {
    /// The local Slack of these outputs.
    ///
    /// # Errors
    /// There is no HTTP client to be had.
    pub fn of(outputs: &Outputs) -> Result<Self, Failure> {
        Ok(Self { http: http()?, url: outputs.slack_url.clone() })
    }

    /// Any control call with a body.
    ///
    /// # Errors
    /// The local Slack refuses it or does not answer.
    pub async fn control(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.read(self.http.post(format!("{}/_local/{path}", self.url)).json(body)).await
    }

    /// Any control call without a body.
    ///
    /// # Errors
    /// As [`Chat::control`].
    pub async fn get(&self, path: &str) -> Result<Value, Failure> {
        self.read(self.http.get(format!("{}/_local/{path}", self.url))).await
    }

    async fn read(&self, request: reqwest::RequestBuilder) -> Result<Value, Failure> {
        let answered = receive(request).await?;
        if !(200..300).contains(&answered.status) {
            return Err(Failure::new(format!("the local Slack says {}: {}", answered.status, answered.body)));
        }
        if answered.body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_str(&answered.body).map_err(|error| Failure::of("reading the local Slack", &error))
    }

    /// `/access …`, with anything that is to be wrong with it (`tamper`, see the local Slack).
    ///
    /// # Errors
    /// Nothing was sent. What Countersign answers is in the outcome.
    pub async fn command_with(&self, user: &str, text: &str, tamper: &Value) -> Result<Outcome, Failure> {
        let act = json!({"user": user, "command": "/access", "text": text, "tamper": tamper});
        outcome(self.control("command", &act).await?)
    }

    /// `/access …`.
    ///
    /// # Errors
    /// As [`Chat::command_with`].
    pub async fn command(&self, user: &str, text: &str) -> Result<Outcome, Failure> {
        self.command_with(user, text, &json!({})).await
    }

    /// Presses a button, with anything that is to be wrong with it.
    ///
    /// # Errors
    /// There is no such button to press.
    pub async fn press_with(&self, user: &str, on: &Message, button: &str, tamper: &Value) -> Result<Outcome, Failure> {
        let act = json!({"user": user, "channel": on.channel, "ts": on.ts, "actionId": button, "tamper": tamper});
        outcome(self.control("press", &act).await?)
    }

    /// Presses a button and reads the private answer. Answers about other requests than that of the message are not it: the
    /// same person may be told of those at the same time.
    ///
    /// # Errors
    /// There is no such button, or no answer.
    pub async fn press(&self, user: &str, on: &Message, button: &str) -> Result<Pressed, Failure> {
        let about = on.requests();
        // Who may not see the request is not told of it.
        let answers = |message: &Message| {
            let told = message.requests();
            if told.is_empty() { message.text.starts_with("Not done") } else { !told.is_disjoint(&about) }
        };
        let before = self.messages(&on.channel, Some(user)).await?;
        let latest = before.iter().map(|message| message.changed.clone()).max().unwrap_or_default();
        let outcome = self.press_with(user, on, button, &json!({})).await?;
        let what = format!("{user}'s press of {button} is answered (it was: {})", outcome.said());
        let answer = until(&what, PATIENCE, || async {
            let messages = self.messages(&on.channel, Some(user)).await?;
            let new = |message: &Message| message.ephemeral_for.is_some() && message.changed > latest;
            Ok(messages.into_iter().find(|message| new(message) && answers(message)))
        })
        .await?;
        Ok(Pressed { outcome, answer })
    }

    /// The messages in a conversation, oldest first; only those that `user` sees, if one is named.
    ///
    /// # Errors
    /// The local Slack does not answer.
    pub async fn messages(&self, channel: &str, user: Option<&str>) -> Result<Vec<Message>, Failure> {
        let user = user.map(|user| format!("&user={user}")).unwrap_or_default();
        let url = format!("{}/_local/messages?channel={channel}{user}", self.url);
        let mut found = self.read(self.http.get(url)).await?;
        let messages = found.get_mut("messages").map(Value::take).unwrap_or_default();
        serde_json::from_value(messages).map_err(|error| Failure::of("reading messages", &error))
    }

    /// Waits for a message in a conversation that `wanted` accepts.
    ///
    /// # Errors
    /// There is none.
    pub async fn message(
        &self,
        what: &str,
        channel: &str,
        wanted: impl Fn(&Message) -> bool,
    ) -> Result<Message, Failure> {
        until(what, PATIENCE, || async {
            let messages = self.messages(channel, None).await?;
            Ok(messages.into_iter().find(|message| wanted(message)))
        })
        .await
    }

    /// Waits for a message that says `words` below the card of a request, whatever became of that.
    ///
    /// # Errors
    /// There is none.
    pub async fn below_card(&self, request: &str, words: &str) -> Result<Message, Failure> {
        until(&format!("“{words}” below the card of {request}"), PATIENCE.saturating_mul(3), || async {
            let messages = self.messages(APPROVALS, None).await?;
            // What is said while the card waits for its turn is in the channel itself, and names the request too.
            let roots: Vec<&str> = messages
                .iter()
                .filter(|message| message.thread_ts.is_none() && message.names(request))
                .map(|message| message.ts.as_str())
                .collect();
            let below = |message: &&Message| message.thread_ts.as_deref().is_some_and(|root| roots.contains(&root));
            Ok(messages.iter().filter(below).find(|message| message.names(words)).cloned())
        })
        .await
    }

    /// Waits for the card that asks to countersign a request.
    ///
    /// # Errors
    /// There is none.
    pub async fn card(&self, request: &str) -> Result<Message, Failure> {
        let wanted = |message: &Message| message.has_button("approve") && message.names(request);
        self.message(&format!("the card of {request} is posted"), APPROVALS, wanted).await
    }
}

pub(crate) fn outcome(value: Value) -> Result<Outcome, Failure> {
    serde_json::from_value(value).map_err(|error| Failure::of("reading an outcome", &error))
}
