//! The blocks and views: which fields each has, of what shape.
//! Source: <https://docs.slack.dev/reference/block-kit>.

mod elements;

use crate::limits::{
    ACTIONS_ELEMENTS, BLOCK_ID, CONTEXT_ELEMENTS, HEADER_TEXT, IMAGE_TEXT, INPUT_LABEL, MARKDOWN_TEXT,
    SECTION_FIELD_TEXT, SECTION_FIELDS, SECTION_TEXT, URL, VIEW_CALLBACK_ID, VIEW_PRIVATE_METADATA, VIEW_TITLE,
};
pub(super) use elements::OFFER;
use elements::{ACTIVE, ASKING, BESIDE_SECTION, CONTEXT_PARTS};

/// An object told apart by its `type`.
pub(super) struct Object {
    /// Its `type`.
    pub(super) kind: &'static str,
    /// Its fields besides `type`.
    pub(super) fields: &'static [Field],
    /// Fields of which at least one must be there.
    pub(super) any_of: &'static [&'static str],
}

/// One field of an object.
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) required: bool,
    pub(super) shape: Shape,
}

/// What a field holds.
pub(super) enum Shape {
    String {
        least: usize,
        most: usize,
    },
    Flag,
    /// A whole number.
    Integer {
        least: u64,
        most: u64,
    },
    OneOf(&'static [&'static str]),
    /// Texts of which each is one of these, at most so many.
    SomeOf(&'static [&'static str], usize),
    /// A `plain_text` object of at most so many characters.
    PlainText(usize),
    /// A `plain_text` or `mrkdwn` object of at most so many characters.
    Text(usize),
    /// Text objects, with the most characters of each and the most objects.
    Texts {
        each: usize,
        most: usize,
    },
    Element(&'static [&'static Object]),
    Elements {
        allowed: &'static [&'static Object],
        least: usize,
        most: usize,
    },
    /// An object without `type`.
    Record(&'static [Field]),
    Records {
        fields: &'static [Field],
        most: usize,
    },
    /// As `Records`, but there may be none.
    Offered {
        fields: &'static [Field],
        most: usize,
    },
    /// An array whose items are not looked at.
    List,
}

const fn must(name: &'static str, shape: Shape) -> Field {
    Field { name, required: true, shape }
}

const fn may(name: &'static str, shape: Shape) -> Field {
    Field { name, required: false, shape }
}

const fn string(most: usize) -> Shape {
    Shape::String { least: 1, most }
}

const fn object(kind: &'static str, fields: &'static [Field]) -> Object {
    Object { kind, fields, any_of: &[] }
}

/// Fields of a `plain_text` object.
pub(super) fn plain_text(most: usize) -> [Field; 2] {
    [must("text", string(most)), may("emoji", Shape::Flag)]
}

/// Fields of a `mrkdwn` object.
pub(super) fn mrkdwn(most: usize) -> [Field; 2] {
    [must("text", string(most)), may("verbatim", Shape::Flag)]
}

const BLOCK: Field = may("block_id", string(BLOCK_ID));

const SECTION: Object = Object {
    kind: "section",
    fields: &[
        BLOCK,
        may("text", Shape::Text(SECTION_TEXT)),
        may("fields", Shape::Texts { each: SECTION_FIELD_TEXT, most: SECTION_FIELDS }),
        may("accessory", Shape::Element(BESIDE_SECTION)),
        may("expand", Shape::Flag),
    ],
    any_of: &["text", "fields"],
};
const HEADER: Object = object("header", &[BLOCK, must("text", Shape::PlainText(HEADER_TEXT))]);
const DIVIDER: Object = object("divider", &[BLOCK]);
const CONTEXT: Object = object(
    "context",
    &[BLOCK, must("elements", Shape::Elements { allowed: CONTEXT_PARTS, least: 1, most: CONTEXT_ELEMENTS })],
);
const ACTIONS: Object = object(
    "actions",
    &[BLOCK, must("elements", Shape::Elements { allowed: ACTIVE, least: 1, most: ACTIONS_ELEMENTS })],
);
const IMAGE: Object = object(
    "image",
    &[
        BLOCK,
        must("image_url", string(URL)),
        must("alt_text", string(IMAGE_TEXT)),
        may("title", Shape::PlainText(IMAGE_TEXT)),
    ],
);
const INPUT: Object = object(
    "input",
    &[
        BLOCK,
        must("label", Shape::PlainText(INPUT_LABEL)),
        must("element", Shape::Element(ASKING)),
        may("dispatch_action", Shape::Flag),
        may("hint", Shape::PlainText(INPUT_LABEL)),
        may("optional", Shape::Flag),
    ],
);
const RICH_TEXT: Object = object("rich_text", &[BLOCK, must("elements", Shape::List)]);
const MARKDOWN: Object = object("markdown", &[BLOCK, must("text", string(MARKDOWN_TEXT))]);

/// Blocks of a message.
pub(super) const MESSAGE: &[&Object] =
    &[&SECTION, &HEADER, &DIVIDER, &CONTEXT, &ACTIONS, &IMAGE, &INPUT, &RICH_TEXT, &MARKDOWN];
/// Blocks of a modal or home tab.
pub(super) const VIEW: &[&Object] = &[&SECTION, &HEADER, &DIVIDER, &CONTEXT, &ACTIONS, &IMAGE, &INPUT, &RICH_TEXT];

/// Fields of a home tab besides its blocks.
pub(super) const HOME_FIELDS: &[Field] = &[
    must("type", Shape::OneOf(&["home"])),
    may("private_metadata", Shape::String { least: 0, most: VIEW_PRIVATE_METADATA }),
    may("callback_id", Shape::String { least: 0, most: VIEW_CALLBACK_ID }),
    may("external_id", Shape::String { least: 0, most: VIEW_CALLBACK_ID }),
];
/// Fields of a modal besides its blocks.
pub(super) const MODAL_FIELDS: &[Field] = &[
    must("type", Shape::OneOf(&["modal"])),
    must("title", Shape::PlainText(VIEW_TITLE)),
    may("submit", Shape::PlainText(VIEW_TITLE)),
    may("close", Shape::PlainText(VIEW_TITLE)),
    may("private_metadata", Shape::String { least: 0, most: VIEW_PRIVATE_METADATA }),
    may("callback_id", Shape::String { least: 0, most: VIEW_CALLBACK_ID }),
    may("external_id", Shape::String { least: 0, most: VIEW_CALLBACK_ID }),
    may("clear_on_close", Shape::Flag),
    may("notify_on_close", Shape::Flag),
    may("submit_disabled", Shape::Flag),
];
