//! Our side of Slack: what it sends, checked and read; what we say, rendered; and its Web API.
//!
//! What this crate must never do: decide anything about a request, take a request's facts from a message (only its id
//! and digest come back with a button), or put a person's words where Slack would read markup in them.
//!
//! Start reading at [`signature`], then [`payload`] (what came in) and [`render`] (what goes out). Only [`web`] talks to
//! the network.

pub mod ask;
pub mod blocks;
pub mod bot;
pub mod command;
pub mod form;
pub mod ids;
pub mod json;
pub mod limits;
pub mod payload;
pub mod render;
pub mod signature;
pub mod web;
pub mod workspace;

#[cfg(test)]
mod sample;
