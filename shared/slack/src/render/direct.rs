//! What approvers are sent in direct messages.

use super::Card;
use crate::blocks::Message;

/// An approver's own copy of the card: the same in every way, and kept up to date in the same way.
pub fn card(card: &Card<'_>) -> Message {
    super::card(card)
}
