//! What Slack allows, each number with the page it comes from, and our own bounds below those.
//!
//! Pages are under <https://docs.slack.dev>. Lengths are in characters unless they say bytes.

/// How far a request's time stamp may be from ours, in seconds:
/// `/authentication/verifying-requests-from-slack`.
pub const CLOCK_SKEW_SECONDS: i64 = 300;

/// Largest body we read, in bytes. A `block_actions` payload repeats the message it came from, percent-encoded; the
/// largest that our own messages can become stays far below.
pub const BODY_BYTES: usize = 256 * 1024;
/// Most fields of a form. Slack sends fifteen with a slash command.
pub const FORM_FIELDS: usize = 64;
/// Deepest nesting of a payload. A message's blocks reach about twelve.
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

/// How much of a justification or a reason is shown; the record holds all of it.
pub const WORDS_SHOWN: usize = 1_000;
/// How much of a request's actions, and of its resources, is shown.
pub const SCOPE_SHOWN: usize = 1_200;
/// How much of the reasons for a risk is shown.
pub const REASONS_SHOWN: usize = 1_600;
/// How much of what was read back from AWS is shown.
pub const EVIDENCE_SHOWN: usize = 1_000;
/// How much of an environment's name is shown.
pub const ENVIRONMENT_SHOWN: usize = 64;
/// How much of an entitlement's description is shown in a list.
pub const DESCRIPTION_SHOWN: usize = 200;
/// How many entitlements a list shows.
pub const ENTITLEMENTS_SHOWN: usize = 15;
/// How many persons a list names.
pub const PERSONS_SHOWN: usize = 10;
/// How many groups a list names.
pub const GROUPS_SHOWN: usize = 10;
/// How many wrong fields are told about at once.
pub const FIELDS_SHOWN: usize = 10;
/// How much is said about one wrong field.
pub const FIELD_SHOWN: usize = 600;
