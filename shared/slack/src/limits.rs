//! What Slack allows, each number with the page it comes from, and our own bounds below those.
//!
//! Pages are under <https://docs.slack.dev>. Lengths are in characters unless they say bytes.

/// How far a request's time stamp may be from ours, in seconds:
/// `/authentication/verifying-requests-from-slack`.
pub const CLOCK_SKEW_SECONDS: i64 = 300;

/// Largest body we read, in bytes. The largest is a modal's: Slack sends the view along, of up to [`VIEW_BYTES`], and
/// its state, which repeats the options chosen in it and holds what was typed. As Slack writes JSON, a byte of a view can
/// take six percent-encoded (`/` is sent as `%5C%2F`), so a view and its options once more take 3 MB, and four texts of
/// [`INPUT_TEXT`] characters, at twenty bytes for one, 0.3 MB. Much more would not reach a function anyway: Lambda takes
/// 6 MB, and a body may come to it in base64.
pub const BODY_BYTES: usize = 4 * 1024 * 1024;
/// Most fields of a form. Slack sends fifteen with a slash command.
pub const FORM_FIELDS: usize = 64;
/// Deepest nesting of a payload. The texts of grouped options reach eleven, in a message and in a view alike, and rich
/// text about as many.
pub const JSON_DEPTH: usize = 32;
/// Longest id, time stamp or trigger we take, in bytes.
pub const TOKEN_BYTES: usize = 255;

/// Blocks in one message: `/reference/block-kit/blocks`.
pub const MESSAGE_BLOCKS: usize = 50;
/// All text in one message's blocks. Slack publishes no number for `msg_blocks_too_long`; 9,597 is the largest total
/// reported as accepted: <https://github.com/slackapi/bolt-js/issues/2867>.
pub const MESSAGE_TEXT: usize = 9_500;
/// The text beside the blocks; `chat.update` refuses more: `/reference/methods/chat.update`.
pub const FALLBACK_TEXT: usize = 4_000;
/// Text of a section: `/reference/block-kit/blocks/section-block`.
pub const SECTION_TEXT: usize = 3_000;
/// Text of a header: `/reference/block-kit/blocks/header-block`.
pub const HEADER_TEXT: usize = 150;
/// Elements of an actions block: `/reference/block-kit/blocks/actions-block`.
pub const ACTIONS_ELEMENTS: usize = 25;
/// Text of a button: `/reference/block-kit/block-elements/button-element`.
pub const BUTTON_TEXT: usize = 75;
/// Value of a button: `/reference/block-kit/block-elements/button-element`.
pub const BUTTON_VALUE: usize = 2_000;
/// Action identifier: `/reference/block-kit/block-elements`.
pub const ACTION_ID: usize = 255;
/// Block identifier: `/reference/block-kit/blocks`.
pub const BLOCK_ID: usize = 255;
/// Fields of a section: `/reference/block-kit/blocks/section-block`.
pub const SECTION_FIELDS: usize = 10;
/// Text of one field of a section: `/reference/block-kit/blocks/section-block`.
pub const FIELD_TEXT: usize = 2_000;
/// Title of a confirmation: `/reference/block-kit/composition-objects/confirmation-dialog-object`.
pub const CONFIRM_TITLE: usize = 100;
/// Text of a confirmation: `/reference/block-kit/composition-objects/confirmation-dialog-object`.
pub const CONFIRM_TEXT: usize = 300;
/// Each button of a confirmation: `/reference/block-kit/composition-objects/confirmation-dialog-object`.
pub const CONFIRM_BUTTON: usize = 30;
/// Label of an input: `/reference/block-kit/blocks/input-block`.
pub const INPUT_LABEL: usize = 2_000;
/// Hint below an input: `/reference/block-kit/blocks/input-block`.
pub const INPUT_HINT: usize = 2_000;
/// Most that a text input takes: `/reference/block-kit/block-elements/plain-text-input-element`.
pub const INPUT_TEXT: usize = 3_000;
/// Placeholder of an element: `/reference/block-kit/block-elements/plain-text-input-element`.
pub const PLACEHOLDER: usize = 150;
/// Options of a menu: `/reference/block-kit/block-elements/select-menu-element`.
pub const OPTIONS: usize = 100;
/// Text and description of an option: `/reference/block-kit/composition-objects/option-object`.
pub const OPTION_TEXT: usize = 75;
/// Value of an option: `/reference/block-kit/composition-objects/option-object`.
pub const OPTION_VALUE: usize = 150;

/// Blocks in a modal or a Home tab: `/reference/block-kit/blocks`.
pub const VIEW_BLOCKS: usize = 100;
/// Title, submit and close of a modal: `/reference/views/modal-views`.
pub const VIEW_TITLE: usize = 24;
/// What a view carries along: `/reference/views/modal-views`.
pub const PRIVATE_METADATA: usize = 3_000;
/// Kind of a view: `/reference/views/modal-views`.
pub const CALLBACK_ID: usize = 255;
/// A whole view, in bytes: `/reference/methods/views.open`, error `view_too_large`.
pub const VIEW_BYTES: usize = 250_000;

/// How much of a justification or a reason is shown; the record holds all of it.
pub const WORDS_SHOWN: usize = 1_000;
/// The same where a request is one of several.
pub const WORDS_BRIEFLY: usize = 140;
/// The same where all of a request is shown.
pub const WORDS_AT_LENGTH: usize = 2_900;
/// How much of a request's actions, and of its resources, a card shows.
pub const SCOPE_SHOWN: usize = 300;
/// How much of each list is shown where all of a request is shown.
pub const LIST_SHOWN: usize = 2_900;
/// How many reasons for a risk a card shows.
pub const REASONS_COUNTED: usize = 4;
/// How much of the reasons for a risk is shown.
pub const REASONS_SHOWN: usize = 1_600;
/// How many observations of something unusual a card shows.
pub const UNUSUAL_COUNTED: usize = 4;
/// How much of one observation is shown.
pub const UNUSUAL_SHOWN: usize = 200;
/// How much of what was read back from AWS is shown.
pub const EVIDENCE_SHOWN: usize = 1_000;
/// How much of an environment's name is shown.
pub const ENVIRONMENT_SHOWN: usize = 64;
/// How much of an entitlement's description is shown in a list.
pub const DESCRIPTION_SHOWN: usize = 200;
/// How many entitlements a list shows.
pub const ENTITLEMENTS_SHOWN: usize = 15;
/// How many entitlements the Home tab shows.
pub const HOME_ENTITLEMENTS: usize = 20;
/// How many of one's own requests, and of those that wait for one, the Home tab shows.
pub const HOME_REQUESTS: usize = 10;
/// How many persons a list names.
pub const PERSONS_SHOWN: usize = 10;
/// How many groups a list names.
pub const GROUPS_SHOWN: usize = 10;
/// How many policies, and how many rounds of reminders, a list names.
pub const RULES_SHOWN: usize = 20;
/// How many wrong fields are told about at once.
pub const FIELDS_SHOWN: usize = 10;
/// How much is said about one wrong field.
pub const FIELD_SHOWN: usize = 600;
/// Longest ticket: what the model takes.
pub const TICKET_TYPED: usize = 64;
