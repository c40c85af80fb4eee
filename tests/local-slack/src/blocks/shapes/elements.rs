//! The elements of blocks, and the composition objects they are made of.

use super::{Field, Object, Shape, may, must, object, string};
use crate::limits::{
    ACTION_ID, BUTTON_LABEL, BUTTON_TEXT, BUTTON_VALUE, CHOICE_OPTIONS, CONFIRM_BUTTON, CONFIRM_TEXT, CONFIRM_TITLE,
    DISPATCH_TRIGGERS, IMAGE_TEXT, OPTION_TEXT, OPTION_VALUE, OVERFLOW_OPTIONS, PLACEHOLDER, SELECT_GROUPS,
    SELECT_OPTIONS, TEXT_INPUT, TEXT_INPUT_LEAST, TEXT_OBJECT, URL,
};

const ACTION: Field = may("action_id", string(ACTION_ID));
const HINTED: Field = may("placeholder", Shape::PlainText(PLACEHOLDER));
const FOCUS: Field = may("focus_on_load", Shape::Flag);
const CONFIRMED: Field = may("confirm", Shape::Record(CONFIRM));

const CONFIRM: &[Field] = &[
    must("title", Shape::PlainText(CONFIRM_TITLE)),
    must("text", Shape::PlainText(CONFIRM_TEXT)),
    must("confirm", Shape::PlainText(CONFIRM_BUTTON)),
    must("deny", Shape::PlainText(CONFIRM_BUTTON)),
    may("style", Shape::OneOf(&["primary", "danger"])),
];

/// An option of a menu: its text is plain. Source: `/reference/block-kit/composition-objects/option-object`.
const OPTION: &[Field] = &[
    must("text", Shape::PlainText(OPTION_TEXT)),
    must("value", string(OPTION_VALUE)),
    may("description", Shape::PlainText(OPTION_TEXT)),
];
/// An option of an overflow menu, which alone may lead to a page.
const OVERFLOW_OPTION: &[Field] = &[
    must("text", Shape::PlainText(OPTION_TEXT)),
    must("value", string(OPTION_VALUE)),
    may("description", Shape::PlainText(OPTION_TEXT)),
    may("url", string(URL)),
];
/// An option of checkboxes or radio buttons, which alone may be marked up.
const CHOICE: &[Field] = &[
    must("text", Shape::Text(OPTION_TEXT)),
    must("value", string(OPTION_VALUE)),
    may("description", Shape::Text(OPTION_TEXT)),
];

const GROUP: &[Field] = &[
    must("label", Shape::PlainText(OPTION_TEXT)),
    must("options", Shape::Records { fields: OPTION, most: SELECT_OPTIONS }),
];

const DISPATCH: &[Field] =
    &[may("trigger_actions_on", Shape::SomeOf(&["on_enter_pressed", "on_character_entered"], DISPATCH_TRIGGERS))];

/// What an app answers when a menu asks for its options: one of these.
pub(in crate::blocks) const OFFER: &[Field] = &[
    may("options", Shape::Offered { fields: OPTION, most: SELECT_OPTIONS }),
    may("option_groups", Shape::Offered { fields: GROUP, most: SELECT_GROUPS }),
];

const BUTTON: Object = object(
    "button",
    &[
        must("text", Shape::PlainText(BUTTON_TEXT)),
        ACTION,
        may("url", string(URL)),
        may("value", Shape::String { least: 0, most: BUTTON_VALUE }),
        may("style", Shape::OneOf(&["primary", "danger"])),
        CONFIRMED,
        may("accessibility_label", string(BUTTON_LABEL)),
    ],
);

const STATIC_SELECT: Object = Object {
    kind: "static_select",
    fields: &[
        ACTION,
        HINTED,
        may("options", Shape::Records { fields: OPTION, most: SELECT_OPTIONS }),
        may("option_groups", Shape::Records { fields: GROUP, most: SELECT_GROUPS }),
        may("initial_option", Shape::Record(OPTION)),
        CONFIRMED,
        FOCUS,
    ],
    any_of: &["options", "option_groups"],
};

const MULTI_STATIC_SELECT: Object = Object {
    kind: "multi_static_select",
    fields: &[
        ACTION,
        HINTED,
        may("options", Shape::Records { fields: OPTION, most: SELECT_OPTIONS }),
        may("option_groups", Shape::Records { fields: GROUP, most: SELECT_GROUPS }),
        may("initial_options", Shape::Records { fields: OPTION, most: SELECT_OPTIONS }),
        may("max_selected_items", Shape::Integer { least: 1, most: u64::MAX }),
        CONFIRMED,
        FOCUS,
    ],
    any_of: &["options", "option_groups"],
};

const EXTERNAL_SELECT: Object = object(
    "external_select",
    &[
        ACTION,
        HINTED,
        may("initial_option", Shape::Record(OPTION)),
        may("min_query_length", Shape::Integer { least: 0, most: u64::MAX }),
        CONFIRMED,
        FOCUS,
    ],
);

const USERS_SELECT: Object =
    object("users_select", &[ACTION, HINTED, may("initial_user", string(ACTION_ID)), CONFIRMED, FOCUS]);

const OVERFLOW: Object = object(
    "overflow",
    &[ACTION, must("options", Shape::Records { fields: OVERFLOW_OPTION, most: OVERFLOW_OPTIONS }), CONFIRMED],
);

const CHECKBOXES: Object = object(
    "checkboxes",
    &[
        ACTION,
        must("options", Shape::Records { fields: CHOICE, most: CHOICE_OPTIONS }),
        may("initial_options", Shape::Records { fields: CHOICE, most: CHOICE_OPTIONS }),
        CONFIRMED,
        FOCUS,
    ],
);

const RADIO_BUTTONS: Object = object(
    "radio_buttons",
    &[
        ACTION,
        must("options", Shape::Records { fields: CHOICE, most: CHOICE_OPTIONS }),
        may("initial_option", Shape::Record(CHOICE)),
        CONFIRMED,
        FOCUS,
    ],
);

const DATEPICKER: Object = object(
    "datepicker",
    &[ACTION, HINTED, may("initial_date", Shape::String { least: 10, most: 10 }), CONFIRMED, FOCUS],
);

const PLAIN_TEXT_INPUT: Object = object(
    "plain_text_input",
    &[
        ACTION,
        HINTED,
        may("initial_value", Shape::String { least: 0, most: TEXT_INPUT }),
        may("multiline", Shape::Flag),
        may("min_length", Shape::Integer { least: 0, most: TEXT_INPUT_LEAST as u64 }),
        may("max_length", Shape::Integer { least: 1, most: TEXT_INPUT as u64 }),
        may("dispatch_action_config", Shape::Record(DISPATCH)),
        FOCUS,
    ],
);

const NUMBER_INPUT: Object = object(
    "number_input",
    &[
        must("is_decimal_allowed", Shape::Flag),
        ACTION,
        HINTED,
        may("initial_value", string(ACTION_ID)),
        may("min_value", string(ACTION_ID)),
        may("max_value", string(ACTION_ID)),
        FOCUS,
    ],
);

const IMAGE_ELEMENT: Object = object("image", &[must("image_url", string(URL)), must("alt_text", string(IMAGE_TEXT))]);
const PLAIN: Object = object("plain_text", &[must("text", string(TEXT_OBJECT)), may("emoji", Shape::Flag)]);
const MARKUP: Object = object("mrkdwn", &[must("text", string(TEXT_OBJECT)), may("verbatim", Shape::Flag)]);

/// What a context block holds.
pub(super) const CONTEXT_PARTS: &[&Object] = &[&PLAIN, &MARKUP, &IMAGE_ELEMENT];
/// What an actions block holds.
pub(super) const ACTIVE: &[&Object] = &[
    &BUTTON,
    &STATIC_SELECT,
    &MULTI_STATIC_SELECT,
    &EXTERNAL_SELECT,
    &USERS_SELECT,
    &OVERFLOW,
    &CHECKBOXES,
    &RADIO_BUTTONS,
    &DATEPICKER,
];
/// What may stand beside a section.
pub(super) const BESIDE_SECTION: &[&Object] = &[
    &BUTTON,
    &STATIC_SELECT,
    &MULTI_STATIC_SELECT,
    &EXTERNAL_SELECT,
    &USERS_SELECT,
    &OVERFLOW,
    &CHECKBOXES,
    &RADIO_BUTTONS,
    &DATEPICKER,
    &IMAGE_ELEMENT,
];
/// What an input block asks with.
pub(super) const ASKING: &[&Object] = &[
    &PLAIN_TEXT_INPUT,
    &NUMBER_INPUT,
    &STATIC_SELECT,
    &MULTI_STATIC_SELECT,
    &EXTERNAL_SELECT,
    &USERS_SELECT,
    &CHECKBOXES,
    &RADIO_BUTTONS,
    &DATEPICKER,
];
