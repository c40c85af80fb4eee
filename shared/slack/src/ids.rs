//! The ids by which Slack says what was used: they are sent with a view or a message and come back with every act on it.
//!
//! None of them is a secret, and none decides anything.

/// The global shortcut that opens the request modal, as the app's manifest names it.
pub const SHORTCUT_ASK: &str = "ask_for_access";

/// Kinds of views, as `callback_id`.
pub mod view {
    /// The modal in which access is asked for.
    pub const ASK: &str = "ask";
    /// The modal that asks why a request is denied.
    pub const DENY: &str = "deny";
    /// The modal in which a request is countersigned with a note, or for less.
    pub const APPROVE: &str = "approve";
    /// The modal in which more time is asked for.
    pub const EXTEND: &str = "extend";
    /// The modal with everything about one request.
    pub const DETAILS: &str = "details";
    /// The app's Home tab.
    pub const HOME: &str = "home";
    /// A modal that only says something.
    pub const NOTICE: &str = "notice";
}

/// Fields of modals, as `action_id`, and what their `block_id` begins with.
pub mod field {
    /// What is asked for.
    pub const ENTITLEMENT: &str = "entitlement";
    /// For how long, in seconds.
    pub const DURATION: &str = "duration";
    /// Which of its actions.
    pub const PERMISSIONS: &str = "permissions";
    /// Which of its resources.
    pub const RESOURCES: &str = "resources";
    /// The ticket.
    pub const TICKET: &str = "ticket";
    /// Why.
    pub const JUSTIFICATION: &str = "justification";
    /// Why a request is denied.
    pub const REASON: &str = "reason";
    /// What an approver says with a countersignature.
    pub const NOTE: &str = "note";
}

/// The `block_id` of `field`, for a field that follows from the choice of `entitlement`: Slack keeps what was typed into
/// a block only while its id stays, so another choice empties it.
pub fn block(field: &str, entitlement: &str) -> String {
    format!("{field}.{entitlement}")
}

/// The field that `block_id` is of.
pub fn field_of(block_id: &str) -> &str {
    block_id.split_once('.').map_or(block_id, |(field, _)| field)
}
