//! A modal that only says something.

use crate::blocks::{Message, View};

/// A modal that says what `message` says.
pub fn view(title: &'static str, message: &Message) -> View {
    View::repeating(title, message)
}
