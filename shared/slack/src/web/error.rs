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
/// Source: <https://docs.slack.dev/reference/methods/chat.postMessage>, `chat.update`, `chat.postEphemeral`,
/// `conversations.open`, `views.open`, `views.update`, `views.publish`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.code())]
pub enum SlackError {
    /// There is no such conversation, or the app can't see it.
    ChannelNotFound,
    /// The app is not in that channel.
    NotInChannel,
    /// The channel is archived.
    IsArchived,
    /// Somebody keeps the app from posting there.
    RestrictedAction,
    /// The app's conversations with people are switched off in its settings.
    MessagesTabDisabled,
    /// There is no such user, or the app can't see them.
    UserNotFound,
    /// That person's account is deactivated.
    UserDisabled,
    /// That is an app and no person.
    CannotDmBot,
    /// That person is not in that channel.
    UserNotInChannel,
    /// There is no such message, or not any more.
    MessageNotFound,
    /// The message is somebody else's.
    CantUpdateMessage,
    /// The workspace lets nobody change messages that old.
    EditWindowClosed,
    /// The trigger is older than 3 s.
    ExpiredTriggerId,
    /// The trigger has opened a view already.
    ExchangedTriggerId,
    /// There is no such trigger, or it is another app's.
    InvalidTriggerId,
    /// The view has changed since.
    HashConflict,
    /// There is no such view: it was closed.
    NotFound,
    /// The view is too large: our mistake.
    ViewTooLarge,
    /// The view or another argument is wrong: our mistake.
    InvalidArguments,
    /// The message is too long or its blocks are wrong: our mistake.
    InvalidMessage,
    /// The token is not valid, or not any more.
    InvalidAuth,
    /// The app was not given a scope that the call takes.
    MissingScope,
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
            name if name == "restricted_action" || name.starts_with("restricted_action_") => Self::RestrictedAction,
            "messages_tab_disabled" => Self::MessagesTabDisabled,
            "user_not_found" | "users_not_found" | "user_not_visible" => Self::UserNotFound,
            "user_disabled" => Self::UserDisabled,
            "cannot_dm_bot" => Self::CannotDmBot,
            "user_not_in_channel" => Self::UserNotInChannel,
            "message_not_found" => Self::MessageNotFound,
            "cant_update_message" => Self::CantUpdateMessage,
            "edit_window_closed" => Self::EditWindowClosed,
            // The second of each pair is what Slack's guide to modals calls it.
            "expired_trigger_id" | "trigger_expired" => Self::ExpiredTriggerId,
            "exchanged_trigger_id" | "trigger_exchanged" => Self::ExchangedTriggerId,
            "invalid_trigger_id" | "invalid_trigger" => Self::InvalidTriggerId,
            "hash_conflict" => Self::HashConflict,
            "not_found" => Self::NotFound,
            "view_too_large" => Self::ViewTooLarge,
            "invalid_arguments" => Self::InvalidArguments,
            "invalid_blocks" | "invalid_blocks_format" | "msg_too_long" | "msg_blocks_too_long" | "no_text" => {
                Self::InvalidMessage
            }
            "invalid_auth" | "not_authed" | "account_inactive" | "token_revoked" | "token_expired" => Self::InvalidAuth,
            "missing_scope" | "no_permission" => Self::MissingScope,
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
            Self::RestrictedAction => "restricted_action",
            Self::MessagesTabDisabled => "messages_tab_disabled",
            Self::UserNotFound => "user_not_found",
            Self::UserDisabled => "user_disabled",
            Self::CannotDmBot => "cannot_dm_bot",
            Self::UserNotInChannel => "user_not_in_channel",
            Self::MessageNotFound => "message_not_found",
            Self::CantUpdateMessage => "cant_update_message",
            Self::EditWindowClosed => "edit_window_closed",
            Self::ExpiredTriggerId => "expired_trigger_id",
            Self::ExchangedTriggerId => "exchanged_trigger_id",
            Self::InvalidTriggerId => "invalid_trigger_id",
            Self::HashConflict => "hash_conflict",
            Self::NotFound => "not_found",
            Self::ViewTooLarge => "view_too_large",
            Self::InvalidArguments => "invalid_arguments",
            Self::InvalidMessage => "invalid_message",
            Self::InvalidAuth => "invalid_auth",
            Self::MissingScope => "missing_scope",
            Self::RateLimited => "ratelimited",
            Self::Internal => "internal_error",
            Self::Other(name) => name,
        }
    }

    /// Whether a message that was posted can't be changed any more: somebody took it away, or may not.
    pub fn message_is_gone(&self) -> bool {
        matches!(self, Self::MessageNotFound | Self::CantUpdateMessage | Self::EditWindowClosed)
    }

    /// Whether it passes by itself.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::RateLimited | Self::Internal)
    }

    /// Whether nothing can be posted to that conversation until a person does something about it.
    pub fn conversation_is_dead(&self) -> bool {
        matches!(
            self,
            Self::ChannelNotFound
                | Self::NotInChannel
                | Self::IsArchived
                | Self::RestrictedAction
                | Self::MessagesTabDisabled
        )
    }

    /// Whether that person can't be written to directly until a person does something about it.
    pub fn person_is_unreachable(&self) -> bool {
        matches!(self, Self::UserNotFound | Self::UserDisabled | Self::CannotDmBot | Self::MessagesTabDisabled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 24] = [
        "channel_not_found",
        "not_in_channel",
        "is_archived",
        "restricted_action",
        "messages_tab_disabled",
        "user_not_found",
        "user_disabled",
        "cannot_dm_bot",
        "user_not_in_channel",
        "message_not_found",
        "cant_update_message",
        "edit_window_closed",
        "expired_trigger_id",
        "exchanged_trigger_id",
        "invalid_trigger_id",
        "hash_conflict",
        "not_found",
        "view_too_large",
        "invalid_arguments",
        "invalid_auth",
        "missing_scope",
        "ratelimited",
        "internal_error",
        "team_access_not_granted",
    ];

    #[test]
    fn slacks_names_are_kept() {
        for name in NAMES {
            assert_eq!(SlackError::named(name).code(), name);
        }
        let others = NAMES.iter().filter(|name| matches!(SlackError::named(name), SlackError::Other(_)));
        assert_eq!(others.copied().collect::<Vec<_>>(), ["team_access_not_granted"]);
        for (name, code) in [
            ("restricted_action_read_only_channel", "restricted_action"),
            ("trigger_expired", "expired_trigger_id"),
            ("trigger_exchanged", "exchanged_trigger_id"),
            ("invalid_blocks", "invalid_message"),
            ("Some <text>", "unknown"),
            ("", "unknown"),
        ] {
            assert_eq!(SlackError::named(name).code(), code, "{name}");
        }
    }

    #[test]
    fn what_only_a_person_can_mend_is_told_from_what_passes() {
        let those = |holds: fn(&SlackError) -> bool| -> Vec<&str> {
            NAMES.into_iter().filter(|name| holds(&SlackError::named(name))).collect()
        };
        let dead = ["channel_not_found", "not_in_channel", "is_archived", "restricted_action", "messages_tab_disabled"];
        assert_eq!(those(SlackError::conversation_is_dead), dead);
        let gone = ["messages_tab_disabled", "user_not_found", "user_disabled", "cannot_dm_bot"];
        assert_eq!(those(SlackError::person_is_unreachable), gone);
        assert_eq!(those(SlackError::is_retryable), ["ratelimited", "internal_error"]);
    }
}
