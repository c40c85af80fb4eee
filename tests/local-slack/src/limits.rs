//! What Slack allows, each number with the page it comes from.
//!
//! Pages are under <https://docs.slack.dev>. Lengths are in characters.

use std::time::Duration;

/// Blocks in one message: `/reference/block-kit/blocks`.
pub const MESSAGE_BLOCKS: usize = 50;
/// Blocks in one modal or home tab: `/reference/block-kit/blocks`.
pub const VIEW_BLOCKS: usize = 100;
/// All text in one message's blocks. Slack publishes no number for `msg_blocks_too_long`; this is the largest total
/// reported as accepted (the next one, 11,341, was refused): <https://github.com/slackapi/bolt-js/issues/2867>.
pub const MESSAGE_BLOCKS_TEXT: usize = 9_597;
/// Text of `chat.postMessage` is cut after this many characters: `/reference/methods/chat.postMessage`.
pub const POSTED_TEXT: usize = 40_000;
/// Text of `chat.update` is refused above this: `/reference/methods/chat.update`, error `msg_too_long`.
pub const UPDATED_TEXT: usize = 4_000;

/// Block identifier: `/reference/block-kit/blocks`.
pub const BLOCK_ID: usize = 255;
/// Action identifier: `/reference/block-kit/block-elements`.
pub const ACTION_ID: usize = 255;
/// Text of a section: `/reference/block-kit/blocks/section-block`.
pub const SECTION_TEXT: usize = 3_000;
/// Fields of a section: `/reference/block-kit/blocks/section-block`.
pub const SECTION_FIELDS: usize = 10;
/// Text of one field of a section: `/reference/block-kit/blocks/section-block`.
pub const SECTION_FIELD_TEXT: usize = 2_000;
/// Text of a header: `/reference/block-kit/blocks/header-block`.
pub const HEADER_TEXT: usize = 150;
/// Elements of a context block: `/reference/block-kit/blocks/context-block`.
pub const CONTEXT_ELEMENTS: usize = 10;
/// Text of any text object: `/reference/block-kit/composition-objects/text-object`.
pub const TEXT_OBJECT: usize = 3_000;
/// Elements of an actions block: `/reference/block-kit/blocks/actions-block`.
pub const ACTIONS_ELEMENTS: usize = 25;
/// Label and hint of an input block: `/reference/block-kit/blocks/input-block`.
pub const INPUT_LABEL: usize = 2_000;
/// Text of a markdown block: `/reference/block-kit/blocks/markdown-block`.
pub const MARKDOWN_TEXT: usize = 12_000;
/// Alternative text and title of an image: `/reference/block-kit/blocks/image-block`.
pub const IMAGE_TEXT: usize = 2_000;
/// A URL in a block: `/reference/block-kit/block-elements/button-element`.
pub const URL: usize = 3_000;

/// Text of a button: `/reference/block-kit/block-elements/button-element`.
pub const BUTTON_TEXT: usize = 75;
/// Value of a button: `/reference/block-kit/block-elements/button-element`.
pub const BUTTON_VALUE: usize = 2_000;
/// Accessibility label of a button: `/reference/block-kit/block-elements/button-element`.
pub const BUTTON_LABEL: usize = 75;
/// Text of an option: `/reference/block-kit/composition-objects/option-object`.
pub const OPTION_TEXT: usize = 75;
/// Value of an option: `/reference/block-kit/composition-objects/option-object`.
pub const OPTION_VALUE: usize = 150;
/// Options of a select menu: `/reference/block-kit/block-elements/select-menu-element`.
pub const SELECT_OPTIONS: usize = 100;
/// Option groups of a select menu: `/reference/block-kit/block-elements/select-menu-element`.
pub const SELECT_GROUPS: usize = 100;
/// Options of checkboxes and radio buttons: `/reference/block-kit/block-elements/checkboxes-element`.
pub const CHOICE_OPTIONS: usize = 10;
/// Options of an overflow menu: `/reference/block-kit/block-elements/overflow-menu-element`.
pub const OVERFLOW_OPTIONS: usize = 5;
/// Placeholder of any element: `/reference/block-kit/block-elements`.
pub const PLACEHOLDER: usize = 150;
/// Title of a confirmation: `/reference/block-kit/composition-objects/confirmation-dialog-object`.
pub const CONFIRM_TITLE: usize = 100;
/// Text of a confirmation: `/reference/block-kit/composition-objects/confirmation-dialog-object`.
pub const CONFIRM_TEXT: usize = 300;
/// Buttons of a confirmation: `/reference/block-kit/composition-objects/confirmation-dialog-object`.
pub const CONFIRM_BUTTON: usize = 30;
/// What a person may type into a text input: `/reference/block-kit/block-elements/plain-text-input-element`.
pub const TEXT_INPUT: usize = 3_000;

/// The most a text input may ask for as its least: `/reference/block-kit/block-elements/plain-text-input-element`.
pub const TEXT_INPUT_LEAST: usize = 3_000;
/// What a dispatch action configuration can name:
/// `/reference/block-kit/composition-objects/dispatch-action-configuration-object`.
pub const DISPATCH_TRIGGERS: usize = 2;
/// Characters typed before an external select asks for options, unless it says otherwise:
/// `/reference/block-kit/block-elements/select-menu-element`, field `min_query_length`.
pub const QUERY_LENGTH: u64 = 3;

/// Title, submit and close of a modal: `/reference/views/modal-views`.
pub const VIEW_TITLE: usize = 24;
/// Private metadata of a view: `/reference/views/modal-views`.
pub const VIEW_PRIVATE_METADATA: usize = 3_000;
/// Callback id and external id of a view: `/reference/views/modal-views`.
pub const VIEW_CALLBACK_ID: usize = 255;
/// Bytes of a whole view: `/reference/methods/views.open`, error `view_too_large`.
pub const VIEW_BYTES: usize = 250_000;

/// Modals on top of each other, the first included: `/surfaces/modals`, and `/reference/methods/views.push`, error
/// `push_limit_reached`.
pub const MODALS_STACKED: usize = 3;

/// Messages per minute into one channel (one a second): `/apis/web-api/rate-limits`.
pub const CHANNEL_MESSAGES_PER_MINUTE: u32 = 60;
/// Messages into one channel at once. Slack says only that it "allows short bursts".
pub const CHANNEL_MESSAGE_BURST: u32 = 3;
/// Calls per minute of a tier 3 method: `/apis/web-api/rate-limits`.
pub const TIER_3_PER_MINUTE: u32 = 50;
/// Calls per minute of a tier 4 method: `/apis/web-api/rate-limits`.
pub const TIER_4_PER_MINUTE: u32 = 100;

/// How long an app may take to answer a command or an interaction: `/interactivity/handling-user-interaction`.
pub const ANSWER_WITHIN: Duration = Duration::from_secs(3);
/// When an event that was not taken is sent again, after the attempt before: `/apis/events-api`, "Retries".
pub const EVENT_RETRIES: [Duration; 3] = [Duration::ZERO, Duration::from_mins(1), Duration::from_mins(5)];
/// How long a trigger id lives: `/interactivity/handling-user-interaction`.
pub const TRIGGER_LIFETIME: Duration = Duration::from_secs(3);
/// How often a response URL may be used: `/interactivity/handling-user-interaction`.
pub const RESPONSE_URL_USES: u32 = 5;
/// How long a response URL lives: `/interactivity/handling-user-interaction`.
pub const RESPONSE_URL_LIFETIME: Duration = Duration::from_mins(30);
/// People in one group message besides the app: `/reference/methods/conversations.open`, error `too_many_users`.
pub const GROUP_MESSAGE_USERS: usize = 8;

/// Web API calls kept for the reading side (our own bound, so that a long run does not grow without end).
pub const CALLS_KEPT: usize = 10_000;
