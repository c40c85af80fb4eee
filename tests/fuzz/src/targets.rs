//! The targets that need no function: what reads bytes, text and JSON of others.

pub(crate) mod log;
pub(crate) mod names;
pub(crate) mod policy;
pub(crate) mod record;
pub(crate) mod render;
pub(crate) mod slack;
pub(crate) mod trail;
pub(crate) mod verify;

/// The input as text; nothing if it is not UTF-8.
pub(crate) fn text(data: &[u8]) -> Option<&str> {
    std::str::from_utf8(data).ok()
}

/// The first line of the input as text, and the rest. Without an end of line, all of it is the line.
pub(crate) fn first_line(data: &[u8]) -> Option<(&str, &[u8])> {
    let mut parts = data.splitn(2, |byte| *byte == b'\n');
    Some((text(parts.next()?)?, parts.next().unwrap_or_default()))
}
