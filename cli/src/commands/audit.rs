//! `audit`: what the record is worth, to whoever trusts neither it nor Countersign. Nothing here calls the API.

mod folder;
pub(crate) mod verify;
