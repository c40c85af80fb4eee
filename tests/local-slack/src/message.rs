//! A message as it was posted, and what may be done to it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::blocks::{as_posted, check_blocks, is_metadata, text_length};
use crate::clock::Micros;
use crate::limits;
use crate::refusal::Refusal;
use crate::state::Slack;
use crate::workspace::{APP_ID, BOT_ID, BOT_USER_ID, TEAM_ID};

/// A message in a conversation.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// The conversation.
    pub channel: String,
    /// Slack's identifier of a message within its conversation.
    pub ts: String,
    /// The message it replies to.
    pub thread_ts: Option<String>,
    /// Who wrote it.
    pub user: String,
    /// The text; what notifications show when there are blocks.
    pub text: String,
    /// The blocks, as Slack gives them back.
    pub blocks: Vec<Value>,
    /// The app's metadata.
    pub metadata: Option<Value>,
    /// The only person who sees it, if it is ephemeral.
    pub ephemeral_for: Option<String>,
    /// The last edit.
    pub edited: Option<Edited>,
    /// Whether it was taken away, by `chat.delete` or through a response URL.
    pub deleted: bool,
    /// When it was last posted, edited or deleted, as a `ts`.
    pub changed: String,
}

/// The last edit of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Edited {
    /// Who edited it.
    pub user: String,
    /// When, as a `ts`.
    pub ts: String,
    /// How many edits there were.
    pub count: u32,
}

/// Which messages to read.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MessageFilter {
    /// Only of this conversation (id or name).
    pub channel: Option<String>,
    /// Only what this person sees.
    pub user: Option<String>,
    /// Only what changed after this `ts`.
    pub since: Option<String>,
}

impl Message {
    /// Whether it is this message, and still there.
    pub(crate) fn is_at(&self, channel: &str, ts: &str) -> bool {
        self.channel == channel && self.ts == ts && !self.deleted
    }

    /// The message in Slack's own shape.
    pub(crate) fn in_slacks_shape(&self) -> Value {
        let mut shape = Map::new();
        let mut put = |name: &str, value: Value| {
            shape.insert(name.to_owned(), value);
        };
        put("type", json!("message"));
        put("user", json!(self.user));
        put("text", json!(self.text));
        put("ts", json!(self.ts));
        put("team", json!(TEAM_ID));
        if self.user == BOT_USER_ID {
            put("bot_id", json!(BOT_ID));
            put("app_id", json!(APP_ID));
        }
        if !self.blocks.is_empty() {
            put("blocks", json!(self.blocks));
        }
        if let Some(thread_ts) = &self.thread_ts {
            put("thread_ts", json!(thread_ts));
        }
        if let Some(metadata) = &self.metadata {
            put("metadata", metadata.clone());
        }
        if let Some(edited) = &self.edited {
            put("edited", json!({"user": edited.user, "ts": edited.ts}));
        }
        Value::Object(shape)
    }
}

/// What a message says, before it is posted. `None` means that the caller said nothing about it.
#[derive(Debug, Default)]
pub(crate) struct Content {
    pub(crate) text: Option<String>,
    pub(crate) blocks: Option<Vec<Value>>,
    pub(crate) metadata: Option<Value>,
}

impl Content {
    /// Refuses what Slack refuses in any message.
    pub(crate) fn check(&self) -> Result<(), Refusal> {
        let blocks = self.blocks.as_deref().unwrap_or_default();
        let findings = check_blocks(blocks);
        if !findings.is_empty() {
            return Err(Refusal::with("invalid_blocks", findings));
        }
        if text_length(blocks) > limits::MESSAGE_BLOCKS_TEXT {
            return Err(Refusal::new("msg_blocks_too_long"));
        }
        if self.text.as_deref().is_none_or(str::is_empty) && blocks.is_empty() {
            return Err(Refusal::new("no_text"));
        }
        if self.metadata.as_ref().is_some_and(|metadata| !is_metadata(metadata)) {
            return Err(Refusal::new("invalid_metadata_format"));
        }
        Ok(())
    }
}

/// Where a message goes.
#[derive(Debug)]
pub(crate) struct Destination<'a> {
    pub(crate) channel: &'a str,
    pub(crate) user: &'a str,
    pub(crate) thread_ts: Option<String>,
    pub(crate) ephemeral_for: Option<&'a str>,
}

impl Slack {
    /// Puts a checked message into a conversation.
    pub(crate) fn put(&mut self, content: Content, to: Destination<'_>, now: Micros) -> Message {
        let ts = self.next_ts(now);
        let blocks = as_posted(&content.blocks.unwrap_or_default(), &ts);
        let text = match content.text {
            Some(text) if !text.is_empty() => text.chars().take(limits::POSTED_TEXT).collect(),
            // What Slack puts where an app gave blocks and no text.
            _ => "This content can't be displayed.".to_owned(),
        };
        let message = Message {
            channel: to.channel.to_owned(),
            thread_ts: to.thread_ts,
            user: to.user.to_owned(),
            text,
            blocks,
            metadata: content.metadata,
            ephemeral_for: to.ephemeral_for.map(str::to_owned),
            edited: None,
            deleted: false,
            changed: ts.clone(),
            ts,
        };
        self.messages.push(message.clone());
        message
    }

    /// Edits a message. Blocks stay only if the caller gives neither text nor blocks, as `chat.update` documents.
    pub(crate) fn edit(&mut self, channel: &str, ts: &str, content: Content, now: Micros) -> Option<Message> {
        let changed = self.next_ts(now);
        let message = self.message_mut(channel, ts)?;
        match (content.blocks, &content.text) {
            (Some(blocks), _) => message.blocks = as_posted(&blocks, &changed),
            (None, Some(_)) => message.blocks = Vec::new(),
            (None, None) => {}
        }
        if let Some(text) = content.text {
            message.text = text;
        }
        if content.metadata.is_some() {
            message.metadata = content.metadata;
        }
        let count = message.edited.as_ref().map_or(0, |edited| edited.count).saturating_add(1);
        message.edited = Some(Edited { user: BOT_USER_ID.to_owned(), ts: changed.clone(), count });
        message.changed = changed;
        Some(message.clone())
    }

    /// Takes a message away.
    pub(crate) fn delete(&mut self, channel: &str, ts: &str, now: Micros) -> Option<()> {
        let changed = self.next_ts(now);
        let message = self.message_mut(channel, ts)?;
        message.deleted = true;
        message.changed = changed;
        Some(())
    }
}
