//! Response URLs: five answers within thirty minutes, ephemeral unless they say otherwise
//! (<https://docs.slack.dev/interactivity/handling-user-interaction>).

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use serde_json::{Value, json};

use crate::clock::{Micros, now};
use crate::limits;
use crate::message::{Content, Destination, Message};
use crate::refusal::Refusal;
use crate::server::Shared;
use crate::state::Slack;
use crate::workspace::BOT_USER_ID;

/// Takes an answer sent to a response URL.
pub(crate) async fn answer(State(shared): State<Arc<Shared>>, uri: Uri, body: Bytes) -> (StatusCode, Json<Value>) {
    match shared.slack().take_answer(uri.path(), &body, now()) {
        Ok(()) => (StatusCode::OK, Json(json!({"ok": true}))),
        Err(refusal) if matches!(refusal.error, "used_url" | "expired_url") => {
            (StatusCode::NOT_FOUND, Json(refusal.body()))
        }
        Err(refusal) => (StatusCode::OK, Json(refusal.body())),
    }
}

impl Slack {
    fn take_answer(&mut self, path: &str, body: &[u8], now: Micros) -> Result<(), Refusal> {
        let url = self.response_urls.get_mut(path).ok_or(Refusal::new("expired_url"))?;
        if now > url.expires {
            return Err(Refusal::new("expired_url"));
        }
        if url.uses >= limits::RESPONSE_URL_USES {
            return Err(Refusal::new("used_url"));
        }
        url.uses = url.uses.saturating_add(1);
        let url = url.clone();
        let answer: Value = serde_json::from_slice(body).map_err(|_| Refusal::new("invalid_payload"))?;
        let wants = |name: &str| answer.get(name).is_some_and(|value| value == true || value == "true");
        if let Some(ts) = url.message.as_deref().filter(|_| wants("delete_original")) {
            return self.delete(&url.channel, ts, now).ok_or(Refusal::new("message_not_found"));
        }
        let content = content_of(&answer)?;
        content.check()?;
        if let Some(ts) = url.message.as_deref().filter(|_| wants("replace_original")) {
            return self.edit(&url.channel, ts, content, now).map(|_| ()).ok_or(Refusal::new("message_not_found"));
        }
        self.put_answer(content, &answer, &url.user, &url.channel, now);
        Ok(())
    }

    /// Posts what an app answered: to one person, unless it says `in_channel`.
    pub(crate) fn put_answer(
        &mut self,
        content: Content,
        answer: &Value,
        user: &str,
        channel: &str,
        now: Micros,
    ) -> Message {
        let to_all = answer.get("response_type").and_then(Value::as_str) == Some("in_channel");
        let thread_ts = answer.get("thread_ts").and_then(Value::as_str).map(str::to_owned);
        let to = Destination { channel, user: BOT_USER_ID, thread_ts, ephemeral_for: (!to_all).then_some(user) };
        self.put(content, to, now)
    }
}

/// The content of an answer in JSON.
pub(crate) fn content_of(answer: &Value) -> Result<Content, Refusal> {
    let blocks = match answer.get("blocks") {
        None | Some(Value::Null) => None,
        Some(Value::Array(blocks)) => Some(blocks.clone()),
        Some(_) => return Err(Refusal::new("invalid_blocks_format")),
    };
    Ok(Content { text: answer.get("text").and_then(Value::as_str).map(str::to_owned), blocks, metadata: None })
}

#[cfg(test)]
mod tests {
    use crate::clock::micros;
    use crate::limits;
    use crate::state::{Settings, Slack};
    use crate::workspace::APPROVALS;

    const START: u64 = 1_700_000_000_000_000;

    #[test]
    fn five_uses_and_thirty_minutes() {
        let mut slack = Slack::new(Settings::default(), START);
        let url = slack.issue_response_url("commands", "U0ALICE01", APPROVALS, None, START);
        for _ in 0..5 {
            slack.take_answer(&url, br#"{"text":"done"}"#, START + 1).unwrap();
        }
        assert_eq!(slack.take_answer(&url, br#"{"text":"done"}"#, START + 1).unwrap_err().error, "used_url");
        assert_eq!(slack.messages.len(), 5);
        assert!(slack.messages.iter().all(|message| message.ephemeral_for.as_deref() == Some("U0ALICE01")));

        let url = slack.issue_response_url("commands", "U0ALICE01", APPROVALS, None, START);
        let late = START + micros(limits::RESPONSE_URL_LIFETIME) + 1;
        assert_eq!(slack.take_answer(&url, br#"{"text":"done"}"#, late).unwrap_err().error, "expired_url");
    }
}
