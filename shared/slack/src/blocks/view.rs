//! Modals and the Home tab.

use serde::Serialize;
use serde_json::{Value, json};

use super::{Block, Message, Words};
use crate::ids;
use crate::limits::{CALLBACK_ID, PRIVATE_METADATA, VIEW_BLOCKS, VIEW_TITLE};

/// A modal or a Home tab, as Slack takes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct View(Value);

impl View {
    /// The view in Slack's own shape.
    pub fn shape(&self) -> &Value {
        &self.0
    }

    /// A modal of one of our kinds. `submit` is there if it has inputs; `metadata` comes back with what is done in it.
    pub(crate) fn modal(
        kind: &'static str,
        title: &'static str,
        submit: Option<&'static str>,
        close: &'static str,
        metadata: &str,
        blocks: impl IntoIterator<Item = Block>,
    ) -> Self {
        Self::of_shapes(kind, title, submit, close, metadata, &shapes(blocks))
    }

    /// A modal that says what a message says.
    pub(crate) fn repeating(title: &'static str, message: &Message) -> Self {
        Self::of_shapes(ids::view::NOTICE, title, None, "Close", "", message.blocks())
    }

    fn of_shapes(
        kind: &'static str,
        title: &'static str,
        submit: Option<&'static str>,
        close: &'static str,
        metadata: &str,
        blocks: &[Value],
    ) -> Self {
        let label = |text: &'static str| Words::ours(text).object(VIEW_TITLE);
        let kind: String = kind.chars().take(CALLBACK_ID).collect();
        let metadata: String = metadata.chars().take(PRIVATE_METADATA).collect();
        let mut view = json!({
            "type": "modal",
            "callback_id": kind,
            "title": label(title),
            "close": label(close),
            "private_metadata": metadata,
            "blocks": blocks,
        });
        if let (Some(submit), Some(view)) = (submit, view.as_object_mut()) {
            view.insert("submit".to_owned(), label(submit));
        }
        Self(view)
    }

    /// The Home tab.
    pub(crate) fn home(blocks: impl IntoIterator<Item = Block>) -> Self {
        Self(json!({"type": "home", "callback_id": ids::view::HOME, "blocks": shapes(blocks)}))
    }
}

fn shapes(blocks: impl IntoIterator<Item = Block>) -> Vec<Value> {
    blocks.into_iter().take(VIEW_BLOCKS).map(Block::shape).collect()
}
