//! A modal that only says something.

use crate::blocks::{Block, Markup, Message, View};
use crate::ids;

/// A modal that says what `message` says.
pub fn view(title: &'static str, message: &Message) -> View {
    View::repeating(title, message)
}

/// A modal that says one sentence of our own.
pub fn sentence(title: &'static str, sentence: &'static str) -> View {
    View::modal(ids::view::NOTICE, title, None, "Close", "", [Block::markup(Markup::ours(sentence))])
}
