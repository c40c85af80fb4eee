//! Messages.

use serde::Serialize;
use serde_json::{Value, json};

use super::{Block, Markup};
use crate::limits::{FALLBACK_TEXT, MESSAGE_BLOCKS};

/// A message, as Slack takes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Message {
    text: String,
    blocks: Vec<Value>,
}

impl Message {
    /// What notifications show, and clients that know no blocks. Says what the blocks say, without a person's words.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The blocks.
    pub fn blocks(&self) -> &[Value] {
        &self.blocks
    }

    /// The body that answers a slash command: only who gave it sees it.
    pub fn as_answer(&self) -> Value {
        json!({"response_type": "ephemeral", "text": self.text, "blocks": self.blocks})
    }

    /// A message of `blocks`. Its fallback text is made of all that we say in them, in their order.
    pub(crate) fn new(blocks: impl IntoIterator<Item = Block>) -> Self {
        let blocks: Vec<Block> = blocks.into_iter().take(MESSAGE_BLOCKS).collect();
        let said = blocks.iter().map(Block::said).filter(|said| !said.is_empty());
        let text =
            said.fold(
                Markup::default(),
                |text, said| {
                    if text.is_empty() { text.then(said) } else { text.and("\n").then(said) }
                },
            );
        Self { text: text.within(FALLBACK_TEXT), blocks: blocks.into_iter().map(Block::shape).collect() }
    }
}
