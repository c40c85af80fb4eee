//! A person before the local Slack, in a real browser: what the browser tests and the pictures act with.
//!
//! Headless Chromium is driven through the page of `tests/local-slack`, by the hooks that its first comment lists, and
//! waits for what is to be seen. Start reading at [`page::Page`].

mod chromium;
pub mod form;
pub mod message;
pub mod page;

pub use chromium::Screen;
