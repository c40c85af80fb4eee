//! For whom a message is, and the name under which it is remembered.

use model::names::{SlackChannel, SlackUser};
use slack::blocks::Message;

/// What a message is. The first word of the name under which it is remembered: append only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// What is countersigned on.
    Card,
    /// An approver is asked again.
    Reminder,
    /// The requester asked.
    Asked,
    /// The requester has access.
    Access,
    /// The requester's access ends soon.
    Warning,
    /// The requester's access has ended.
    Ended,
    /// Something happened. Said once, and not shown again.
    Told,
    /// Somebody else could not be told. Said once.
    Instead,
}

impl Kind {
    /// All of them.
    const ALL: [Self; 8] =
        [Self::Card, Self::Reminder, Self::Asked, Self::Access, Self::Warning, Self::Ended, Self::Told, Self::Instead];

    fn as_str(self) -> &'static str {
        match self {
            Self::Card => "card",
            Self::Reminder => "reminder",
            Self::Asked => "asked",
            Self::Access => "access",
            Self::Warning => "warning",
            Self::Ended => "ended",
            Self::Told => "told",
            Self::Instead => "instead",
        }
    }

    /// The kind of the message remembered as `name`.
    pub(crate) fn of(name: &str) -> Option<Self> {
        let word = name.split(['@', '-']).next()?;
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// Where a message goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum To {
    /// Into a channel.
    Channel(SlackChannel),
    /// Under the card in a channel.
    Thread(SlackChannel),
    /// To a person, directly.
    Person(SlackUser),
}

/// A message for somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Note {
    pub(crate) kind: Kind,
    pub(crate) to: To,
    pub(crate) message: Message,
}

impl Note {
    /// The name under which it is remembered, among the messages about one entry.
    pub(crate) fn name(&self) -> String {
        match &self.to {
            To::Channel(channel) | To::Thread(channel) => format!("{}-{channel}", self.kind.as_str()),
            To::Person(user) => {
                format!("{}@{}", self.kind.as_str(), user.as_str().rsplit('/').next().unwrap_or_default())
            }
        }
    }
}

/// The name of the card in `channel`.
pub(crate) fn card_in(channel: &SlackChannel) -> String {
    format!("{}-{channel}", Kind::Card.as_str())
}
