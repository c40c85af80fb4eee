//! Block Kit, built so that a person's words cannot become markup.
//!
//! INVARIANT (inert words): Slack reads markup in two places, `mrkdwn` texts and a message's fallback text. Both are
//! [`Markup`], and a [`Markup`] is made of our own sentences, escaped texts of the operators, checked names and numbers.
//! What people wrote, and what quotes it, is [`Words`], and becomes `plain_text`.

mod block;
mod button;
mod input;
mod markup;
mod message;
mod view;
mod words;

pub(crate) use block::Block;
pub(crate) use button::Button;
pub(crate) use input::{Choice, Field, Input};
pub use markup::Names;
pub(crate) use markup::{Markup, id};
pub use message::Message;
pub use view::View;
pub(crate) use words::{Words, middle};
