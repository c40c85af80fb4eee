//! What Slack's client tells a person when an app did not answer as it should.

/// About a slash command, from Slackbot.
pub(super) fn command(command: &str, error: &str) -> String {
    format!("{command} failed with the error \"{error}\"")
}

/// In a modal, above its buttons; for a shortcut too, whose modal did not come.
pub(super) const MODAL: &str = "We had some trouble connecting. Try again?";

/// Beside a button, on its warning triangle. Slack publishes no sentence for it; this one is ours.
pub(super) const BUTTON: &str = "The app did not take this action.";

/// In a menu that asked for its options. Slack publishes no sentence for it; this one is ours.
pub(super) const OPTIONS: &str = "The options could not be loaded.";
