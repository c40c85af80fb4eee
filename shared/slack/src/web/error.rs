//! What can go wrong with a call. No error says what was sent, or with which token.

use std::time::Duration;

/// Why a call did not work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WebError {
    /// The client can't be set up so.
    #[error("slack client: {0}")]
    Settings(&'static str),
    /// Too many calls, and waiting for our turn would take too long.
    #[error("slack takes no more calls for {} s", retry_after.as_secs())]
    RateLimited {
        /// How long Slack wants us to wait.
        retry_after: Duration,
    },
    /// Slack was not reached, or did not answer in time.
    #[error("slack could not be reached: {why}")]
    Unreachable {
        /// At which step.
        why: &'static str,
    },
    /// An HTTP status that is no success.
    #[error("slack answered with HTTP status {status}")]
    Status {
        /// The status.
        status: u16,
    },
    /// Slack refused the call.
    #[error("slack refused: {0}")]
    Refused(SlackError),
    /// The answer can't be understood.
    #[error("slack's answer can't be understood: {why}")]
    Unreadable {
        /// What is wrong with it.
        why: &'static str,
    },
}

impl WebError {
    /// The stable code.
    pub fn code(&self) -> &str {
        match self {
            Self::Settings(_) => "slack_settings",
            Self::RateLimited { .. } => "slack_rate_limited",
            Self::Unreachable { .. } => "slack_unreachable",
            Self::Status { .. } => "slack_status",
            Self::Refused(error) => error.code(),
            Self::Unreadable { .. } => "slack_unreadable",
        }
    }

    /// Whether the same call may work later, without anybody changing anything.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::RateLimited { .. } | Self::Unreachable { .. } | Self::Unreadable { .. } => true,
            Self::Status { status } => *status >= 500,
            Self::Refused(error) => error.is_retryable(),
            Self::Settings(_) => false,
        }
    }
}

/// Slack's own errors, as far as we tell them apart.
/// Source: <https://docs.slack.dev/reference/methods/chat.postMessage>, `conversations.open`, `chat.postEphemeral`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.code())]
pub enum SlackError {
    /// There is no such conversation, or the app can't see it.
    ChannelNotFound,
    /// The app is not in that channel.
    NotInChannel,
    /// The channel is archived.
    IsArchived,
    /// There is no such user.
    UserNotFound,
    /// That person is not in that channel.
    UserNotInChannel,
    /// The token is not valid, or not any more.
    InvalidAuth,
    /// The app was not given a scope that the call takes.
    MissingScope,
    /// The message is too long or its blocks are wrong: our mistake.
    InvalidMessage,
    /// Too many calls.
    RateLimited,
    /// Slack is in trouble.
    Internal,
    /// Another one, by its name.
    Other(String),
}

impl SlackError {
    pub(super) fn named(name: &str) -> Self {
        match name {
            "channel_not_found" => Self::ChannelNotFound,
            "not_in_channel" => Self::NotInChannel,
            "is_archived" => Self::IsArchived,
            "user_not_found" | "users_not_found" | "user_disabled" => Self::UserNotFound,
            "user_not_in_channel" => Self::UserNotInChannel,
            "invalid_auth" | "not_authed" | "account_inactive" | "token_revoked" | "token_expired" => Self::InvalidAuth,
            "missing_scope" | "no_permission" => Self::MissingScope,
            "invalid_blocks" | "invalid_blocks_format" | "msg_too_long" | "msg_blocks_too_long" | "no_text" => {
                Self::InvalidMessage
            }
            "ratelimited" | "rate_limited" => Self::RateLimited,
            "internal_error" | "fatal_error" | "service_unavailable" | "request_timeout" => Self::Internal,
            other => {
                let word = other.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
                Self::Other(if word && (1..=64).contains(&other.len()) {
                    other.to_owned()
                } else {
                    "unknown".to_owned()
                })
            }
        }
    }

    /// The stable code: Slack's own name for it, where there is one.
    pub fn code(&self) -> &str {
        match self {
            Self::ChannelNotFound => "channel_not_found",
            Self::NotInChannel => "not_in_channel",
            Self::IsArchived => "is_archived",
            Self::UserNotFound => "user_not_found",
            Self::UserNotInChannel => "user_not_in_channel",
            Self::InvalidAuth => "invalid_auth",
            Self::MissingScope => "missing_scope",
            Self::InvalidMessage => "invalid_message",
            Self::RateLimited => "ratelimited",
            Self::Internal => "internal_error",
            Self::Other(name) => name,
        }
    }

    /// Whether it passes by itself.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::RateLimited | Self::Internal)
    }
}
